-- compare.lua: is what the engine says what the model says? Both are brought to the form of the
-- public API and compared as text, so that a difference can be read.

local differ_of = require "model.differ"
local holds = require "model.holds"
local ledger = require "model.ledger"
local model_of = require "model.model"
local parts = require "model.parts"
local request_of = require "model.request"
local rules = require "model.rules"
local shop_of = require "model.shop"
local text = require "model.text"

local _M = {}

local differ, disagree, public = differ_of.differ, differ_of.disagree, differ_of.public

local QUANTITIES = { "qty", "backordered", "qty_to_deduct", "qty_available", "ordered", "on_hand",
  "reserved", "claimed" }


-- A line of an answer, a pick, a shortage: numbers become names, units quantities.
local function public_line(shop, line)
  local new = {}
  for key, value in pairs(line) do new[key] = value end
  for _, key in ipairs(QUANTITIES) do new[key] = public(line[key]) end
  if line.product then new.sku, new.product = shop.products[line.product].sku, nil end
  if line.source then new.source = shop.sources[line.source].code end
  return new
end

local function public_lines(shop, lines)
  local new = {}
  for i, line in ipairs(lines) do new[i] = public_line(shop, line) end
  return new
end

local function public_plan(shop, plan)
  local new = {}
  for key, value in pairs(plan) do
    local lines = type(value) == "table" and key ~= "destination"
    new[key] = lines and public_lines(shop, value) or value
  end
  return new
end

-- The model's answer as the API gives it.
function _M.public_answer(shop, answer)
  if answer.value ~= nil then return answer.value end
  if answer.qty ~= nil then return public(answer.qty) end
  if answer.waiting then return { waiting = public(answer.waiting), tell = answer.tell } end
  if answer.plan then return public_plan(shop, answer.plan) end
  if answer.rows then return public_lines(shop, answer.rows) end
  local new = {}
  for key, value in pairs(answer) do
    new[key] = type(value) == "table" and public_lines(shop, value) or value
  end
  return new
end


-- ---- answers ----

-- The reasons of a plan are compared by their rules, not by their words.
local function without_words(value)
  if type(value) ~= "table" or not value.why then return value end
  for _, why in ipairs(value.why) do why.detail = nil end
  return value
end

-- A refusal: the code that speaks for all, and every code that is among the problems.
local function refusal(code, all)
  local seen, list = {}, {}
  for _, one in ipairs(all) do
    if not seen[one] then list[#list + 1] = one end
    seen[one] = true
  end
  table.sort(list)
  return { refused = code, problems = list }
end

local function outcome_of(codes, answer, shop)
  local code = request_of.worst(codes)
  if code then return refusal(code, codes) end
  return { accepted = _M.public_answer(shop, answer) }
end

local function found_outcome(value, code, detail, name, second)
  if name == "backorder_qty" and value then value = { waiting = value, tell = second } end
  if value ~= nil then return { accepted = without_words(value) } end
  local all = {}
  for i, problem in ipairs(detail and detail.errors or {}) do all[i] = problem.code end
  return refusal(code, all)
end

-- What the ledger says since the last time of promises that have lost their goods.
function _M.oversold(run, rows)
  local expected, found = {}, {}
  for i, row in ipairs(rows) do
    expected[i] = text.of{ run.model.shop.products[row.product].sku, row.stock, public(row.qty) }
  end
  for _, row in ipairs(assert(run.engine.inv:events{ after = run.seen, limit = 1000 })) do
    run.seen = row.seq
    if row.event == "oversold" then
      found[#found + 1] = text.of{ row.sku, row.stock, tonumber(row.note) }
    end
  end
  table.sort(expected)
  table.sort(found)
  differ("what the ledger calls oversold", expected, found)
end

-- What the model answered against what the engine answered.
function _M.answers(model, name, expected, value, second, code, detail)
  if expected.answer and expected.answer.any and value then return end
  if expected.answer and expected.answer.outcomes then
    for i, outcome in ipairs(expected.answer.outcomes) do
      local got = value[i]
      differ("outcome " .. i, outcome_of(outcome.codes, outcome.answer, model.shop),
        found_outcome(got.result, got.code, got.detail))
    end
    return
  end
  differ("answer", outcome_of(expected.codes, expected.answer, model.shop),
    found_outcome(value, code, detail, name, second))
end

-- ---- balances ----

local PARTS = { "on_hand", "reserved", "firm", "held", "allocated", "backordered", "adopted",
  "floor", "salable", "claimed", "over_promised" }

local function public_position(position)
  local new = {}
  for key, value in pairs(position) do new[key] = value end
  for _, part in ipairs(PARTS) do new[part] = public(position[part]) end
  new.sources = {}
  for i, place in ipairs(position.sources) do
    local row = {}
    for key, value in pairs(place) do row[key] = value end
    row.qty, row.allocated = public(place.qty), public(place.allocated)
    row.notify_below = public(place.notify_below)
    new.sources[i] = row
  end
  return new
end

local function compare_position(model, inv, sku, stock)
  local expected = model_of.apply(model, { "position", { sku = sku, stock = stock } })
  local found, _, code = inv:position{ sku = sku, stock = stock }
  local position = expected.answer and public_position(expected.answer.position)
  differ(("position of %s in stock %d"):format(sku, stock),
    position or { refused = request_of.worst(expected.codes) }, found or { refused = code })
end

local function compare_items(model, inv, number)
  local shop, expected, found = model.shop, {}, {}
  local sku = shop.products[number].sku
  for source, place in ipairs(shop.sources) do
    local item = shop_of.item(shop, number, source)
    if item then
      expected[place.code] = { qty = public(item.qty), status = item.status,
        notify_below = public(item.notify_below),
        allocated = public(shop_of.allocated_at(shop, number, source)) }
    end
  end
  for _, item in ipairs((assert(inv.items:list{ sku = sku }))) do
    found[item.source] = { qty = item.qty, status = item.status, allocated = item.allocated,
      notify_below = item.notify_below }
  end
  differ("items of " .. sku, expected, found)
end

-- One product: at every source and in every stock.
function _M.product(model, inv, number)
  local shop = model.shop
  if shop.products[number].deleted then return end
  compare_items(model, inv, number)
  for _, stock in ipairs(shop.stocks) do
    compare_position(model, inv, shop.products[number].sku, stock.id)
  end
end

-- ---- orders ----

local COUNTERS = { "ordered", "cancelled", "invoiced", "delivered", "refunded", "released",
  "returned", "backordered" }

local function newest_first(allocations)
  local list = {}
  for i, allocation in ipairs(allocations) do list[i] = allocation end
  table.sort(list, function(a, b)
    if a.document ~= b.document then return a.document > b.document end
    return a.source < b.source
  end)
  return list
end

local function public_order_line(shop, line)
  local product = shop.products[line.product]
  local new = { line = line.number, parent = line.parent, sku = product.sku, kind = line.kind,
    tracked = line.tracked ~= "nothing", deleted = product.deleted,
    open = public(shop_of.open_to_see(line)), allocated = public(shop_of.allocated(line)),
    allocations = {} }
  for _, counter in ipairs(COUNTERS) do new[counter] = public(line[counter]) end
  for i, allocation in ipairs(newest_first(line.allocations)) do
    new.allocations[i] = { source = shop.sources[allocation.source].code,
      qty = public(allocation.qty) }
  end
  return new
end

local function public_channel(channel)
  if type(channel) == "string" then channel = { code = channel } end
  return channel and { type = channel.type or "website", code = channel.code }
end

-- Whether lines of an expired hold wait is nobody's business any more.
local function compare_hold(model, inv, hold)
  local expected, found = holds.get(model.shop, hold), assert(inv.holds:get(hold.id))
  for _, line in ipairs(expected.lines) do
    line.qty, line.backordered = public(line.qty), public(line.backordered)
  end
  for _, line in ipairs(found.lines) do
    line.backordered = expected.live and line.backordered or nil
  end
  expected.channel = public_channel(hold.channel)
  differ("hold " .. hold.id, expected, found)
end

function _M.order(model, inv, order)
  if order.kind == "hold" then return compare_hold(model, inv, order) end
  local expected = { id = order.id, stock = order.stock, customer_group = order.group,
    destination = order.destination, time = order.time, channel = public_channel(order.channel),
    lines = {} }
  local found = assert(inv.orders:get(order.id))
  for i, line in ipairs(order.lines) do
    expected.lines[i] = public_order_line(model.shop, line)
  end
  differ("order " .. order.id, expected, found)
end

-- ---- everything ----

-- The listing page of a stock.
local function compare_page(model, inv, stock)
  local skus, expected = {}, {}
  for _, product in ipairs(model.shop.products) do
    if product.declared and not product.deleted then
      skus[#skus + 1] = product.sku
      local qty = model_of.apply(model, { "salable_qty", product.sku, { stock = stock } })
      local salable = model_of.apply(model, { "is_salable", product.sku, { stock = stock } })
      expected[product.sku] = { qty = public(qty.answer and qty.answer.qty or 0),
        salable = salable.answer and salable.answer.value or false }
    end
  end
  local found = assert(inv:salable{ stock = stock, skus = skus })
  for sku, entry in pairs(found) do found[sku] = { qty = entry.qty, salable = entry.salable } end
  differ("page of stock " .. stock, expected, found)
end

-- A product's settings as callers see them.
local function public_setting(value)
  if type(value) == "number" then return public(value) end
  if type(value) ~= "table" then return value end
  local groups, only_all = {}, true
  for group, units in pairs(value) do
    groups[group] = public(units)
    only_all = only_all and group == "all"
  end
  return only_all and groups.all or groups
end

local function compare_product_record(model, inv, number)
  local product, own, effective = model.shop.products[number], {}, {}
  local found = assert(inv.products:get(product.sku))
  for name, value in pairs(product.own) do own[name] = public_setting(value) end
  for name in pairs(found.effective) do
    effective[name] = public_setting(rules.setting(model.shop, number, name))
  end
  local expected = parts.public(model.shop, number)
  expected.sku, expected.type, expected.declared = product.sku, product.type, product.declared
  expected.b2b, expected.settings, expected.effective = product.b2b or false, own, effective
  differ("product " .. product.sku, expected, found)
end

-- Lists that come in pages.
local function compare_pages(model, inv, name)
  local found, filter = {}, { limit = 4 }
  repeat
    local rows, cursor = assert(inv[name](inv, filter))
    for _, row in ipairs(rows) do found[#found + 1] = row end
    filter.after = cursor
  until not cursor
  local expected = model_of.apply(model, { name, {} })
  differ(name, _M.public_answer(model.shop, expected.answer), found)
end

function _M.all(model, inv)
  for _, name in ipairs{ "waiting", "oversold", "inconsistencies" } do
    compare_pages(model, inv, name)
  end
  for number, product in ipairs(model.shop.products) do
    _M.product(model, inv, number)
    if not product.deleted then compare_product_record(model, inv, number) end
  end
  for _, order in ipairs(model.shop.orders) do _M.order(model, inv, order) end
  for _, stock in ipairs(model.shop.stocks) do
    if not stock.deleted then compare_page(model, inv, stock.id) end
  end
  ledger.compare(model, inv)
  local problems = assert(inv:verify()).problems
  if #problems > 0 then disagree("verify: " .. text.of(problems)) end
end

-- ---- what a command has touched ----

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

-- Adds the products that a command speaks of, by SKU or by order.
local function add_mentioned(shop, value, touched)
  if type(value) ~= "table" then return end
  local product = type(value.sku) == "string" and shop_of.find_product(shop, value.sku)
  local order = type(value.order) == "string" and shop_of.find_order(shop, value.order)
    or type(value.hold) == "string" and shop_of.find_order(shop, value.hold, "hold")
  if product then touched[product] = true end
  for _, line in ipairs(order and order.lines or {}) do touched[line.product] = true end
  for _, inner in pairs(value) do add_mentioned(shop, inner, touched) end
end

local WIDE = { sources = true, stocks = true, settings = true, policies = true }

-- After a command: everything it speaks of and everything that has changed in the model. Returns
-- these products, all of them when the command was about the whole shop.
function _M.touched(model, inv, before, command)
  local shop, touched = model.shop, {}
  local named = type(command[2]) == "table" and command[2].hold
  add_mentioned(shop, command, touched)
  for i, order in ipairs(shop.orders) do
    if not same(order, before.orders[i]) or order.kind == "hold" and order.id == named then
      _M.order(model, inv, order)
      for _, line in ipairs(order.lines) do touched[line.product] = true end
    end
  end
  local wide = WIDE[command[1]:match("^%w+")]
  for number in ipairs(shop.products) do
    touched[number] = touched[number] or wide
    if touched[number] then _M.product(model, inv, number) end
  end
  return touched
end

return _M
