-- composites_walk_spec.lua: random walks over orders of composites, held after each step against
-- the naive model of single lines: what happens to a bundle is played there as the same happening
-- to each of its parts, and the bundle's own counters must follow from theirs. A failure names the
-- seed; QM_SEED=<seed> walks that one alone.

local kit = require "order_kit"
local model = require "order_model"

local STEPS, SEEDS, ONE = 300, 4, 10000

local PRODUCTS = {
  { "bike", {}, "simple" },
  { "bell", { backorders = "allow" }, "simple" },
  { "book", { backorders = "allow" }, "virtual" },
  { "sand", { manage_stock = false }, "simple" },
  { "tent", { reserve_stock = false }, "simple" },
}

-- What may be ordered: the product, whether it moves as a whole, and ways to choose from it, each
-- part with how many there are in one.
local function part(sku, each) return { sku = sku, qty = each } end
local CHOICES = {
  { "crate", true, { part("bike", 1), part("bell", 2), part("book", 1) } },
  { "crate", true, { part("bike", 1), part("bell", 0.5), part("sand", 3) } },
  { "crate", true, { part("bike", 1), part("bell", 0.0003) } },
  { "shirt", true, { part("bike", 1) } },
  { "shirt", true, { part("book", 1) } },
  { "shirt", true, { part("tent", 1) } },
  { "kit", false, { part("bike", 1), part("bell", 2) } },
  { "pans", false, { part("bell", 1.5), part("book", 2) } },
}
local COMPOSITES = {
  { sku = "crate", type = "bundle", ship_together = true, options = {
    { selections = { "bike" } },
    { selections = { { sku = "bell", own_qty = true } } },
    { required = false, selections = { "book", { sku = "sand", qty = 3 } } },
  } },
  { sku = "shirt", type = "configurable", children = { "bike", "book", "tent" } },
  { sku = "kit", type = "bundle",
    options = { { selections = { "bike" } }, { selections = { { sku = "bell", qty = 2 } } } } },
  { sku = "pans", type = "grouped", children = { "bell", "book" } },
}
local SOURCES = { "muc", "ham", "ber" }
local QUANTITIES = { 1, 1, 2, 3, 0.5, 0.0001 }
local COUNTERS = { "ordered", "cancelled", "invoiced", "delivered", "refunded", "released",
  "returned", "backordered" }

-- The same numbers on every host.
local function new_random(seed)
  local state = seed % 2147483646 + 1
  return function(n)
    state = state * 16807 % 2147483647
    return math.floor(state / 2147483647 * n) + 1
  end
end

local function pick(walk, list)
  return list[walk.random(#list)]
end

local function units(qty)
  return math.floor(qty * ONE + 0.5)
end

-- ---- placing ----

-- An order of composites, their lines first, and perhaps a line of something else. `wholes` says of
-- each composite which lines of the model are its parts; these follow the composites' numbers.
local function new_order(walk)
  local request = { id = "o-" .. walk.step, stock = walk.stock, lines = {} }
  local plain, wholes = { id = request.id, lines = {} }, {}
  local function add(sku, qty) table.insert(plain.lines, { sku = sku, qty = qty }) end
  for i = 1, walk.random(2) do
    local choice, qty = pick(walk, CHOICES), pick(walk, QUANTITIES)
    request.lines[i] = { sku = choice[1], qty = qty, selections = choice[3] }
    wholes[i] = { sku = choice[1], together = choice[2], ordered = units(qty), parts = {},
      choice = choice[3] }
  end
  if walk.random(3) == 1 then
    local sku, qty = pick(walk, PRODUCTS)[1], pick(walk, QUANTITIES)
    table.insert(request.lines, { sku = sku, qty = qty })
    add(sku, units(qty))
  end
  local exact = true
  for _, whole in ipairs(wholes) do
    for i, one in ipairs(whole.choice) do
      local qty = whole.ordered * units(one.qty) / ONE
      exact = exact and qty % 1 == 0
      add(one.sku, qty)
      whole.parts[i] = #plain.lines
    end
  end
  return request, plain, wholes, exact
end

local function place(walk)
  local request, plain, wholes, exact = new_order(walk)
  local shop, code
  if exact then shop, code = model.apply(walk.shop, "place", plain) end
  if shop then walk.wholes[request.id] = wholes end
  return "place", request, shop, code or not exact and "INVALID" or nil
end

-- ---- events ----

local function is_goods(order, whole)
  for _, number in ipairs(whole.parts) do
    if not order.lines[number].virtual then return true end
  end
  return false
end

-- Parts that are no goods stay at home when the others are shipped, and come back as far as they
-- were delivered.
local function moves(kind, order, whole, number)
  local only_goods = (kind == "ship" or kind == "return_goods") and is_goods(order, whole)
  return not only_goods or not order.lines[number].virtual
end

local function limit_of(kind, order, whole)
  local limit = math.huge
  for _, number in ipairs(whole.parts) do
    local line = order.lines[number]
    if moves(kind, order, whole, number) then
      limit = math.min(limit, model.limit(kind, line) * whole.ordered / line.ordered)
    end
  end
  return limit
end

-- The rows for the parts of a bundle of which the row is about `qty` units, or nil and why not.
local function expand(kind, order, whole, row, qty)
  if kind == "ship" and not is_goods(order, whole) then return nil, "UNSUPPORTED" end
  if qty > limit_of(kind, order, whole) then return nil, "EXCEEDS" end
  local rows = {}
  for _, number in ipairs(whole.parts) do
    local line = order.lines[number]
    local share = qty * line.ordered / whole.ordered
    if share % 1 ~= 0 then return nil, "INVALID" end
    if not moves(kind, order, whole, number) then
      share = math.min(share, kind == "ship" and 0 or model.limit(kind, line))
    end
    if share > 0 then
      local twin = { line = number, qty = share }
      for _, key in ipairs{ "source", "return_to_stock", "return_to", "write_off", "to" } do
        twin[key] = row[key]
      end
      rows[#rows + 1] = twin
    end
  end
  return rows
end

local function whole_of(wholes, number)
  for i, whole in ipairs(wholes) do
    for _, part_number in ipairs(whole.parts) do
      if part_number == number - #wholes then return whole, i end
    end
  end
  return nil
end

-- What the model is to do for one row, or nil and why the engine must refuse it.
local function play(kind, order, wholes, row)
  local whole, qty = wholes[row.line], units(row.qty)
  if whole then
    if not whole.together then return nil, "UNSUPPORTED" end
    return expand(kind, order, whole, row, qty)
  end
  local parent = whole_of(wholes, row.line)
  if not order.lines[row.line - #wholes] then return nil, "NOT_FOUND" end
  if parent and parent.together then return nil, "UNSUPPORTED" end
  local twin = {}
  for key, value in pairs(row) do twin[key] = value end
  twin.line, twin.qty = row.line - #wholes, qty
  return { twin }
end

-- Everything the event allows, as the engine goes through it: bundles where their lines are.
local function play_all(kind, order, wholes, source)
  local rows = {}
  for _, whole in ipairs(wholes) do
    local limit = whole.together and limit_of(kind, order, whole) or 0
    if limit > 0 and (kind ~= "ship" or is_goods(order, whole)) then
      for _, row in ipairs(assert(expand(kind, order, whole, { source = source }, limit))) do
        rows[#rows + 1] = row
      end
    end
  end
  for number, line in ipairs(order.lines) do
    local parent, limit = whole_of(wholes, number + #wholes), model.limit(kind, line)
    if not (parent and parent.together) and limit > 0 then
      rows[#rows + 1] = { line = number, qty = limit, source = source }
    end
  end
  return rows
end

local function new_row(walk, kind, order, wholes)
  local count = #wholes + #order.lines
  local row = { line = walk.random(count), qty = pick(walk, QUANTITIES) }
  if walk.random(4) > 1 then row.line = walk.random(#wholes) end
  local whole = wholes[row.line]
  if whole and whole.together and walk.random(5) > 1 then
    local limit = limit_of(kind, order, whole)
    if limit > 0 then row.qty = math.min(row.qty, limit / ONE) end
  end
  if kind == "ship" or kind == "invoice" and walk.random(3) == 1 then
    row.source = pick(walk, SOURCES)
  elseif kind == "refund" then
    row.return_to_stock = walk.random(2) == 1 or nil
    if walk.random(4) == 1 then row.return_to = pick(walk, SOURCES) end
    if walk.random(3) == 1 then row.write_off = walk.random(2) == 1 end
  elseif kind == "return_goods" and walk.random(3) == 1 then
    row.to = pick(walk, SOURCES)
  end
  return row
end

-- The same shipment said as a plan, which names the goods of a bundle.
local function as_plan(request, order, wholes, rows)
  local plan = { order = request.order, picks = {} }
  for i, row in ipairs(rows) do
    local line = order.lines[row.line]
    plan.picks[i] = { line = row.line + #wholes, sku = line.sku, source = row.source,
      qty_to_deduct = row.qty / ONE, qty_available = 0 }
  end
  request.lines, request.plan = nil, plan
end

-- The model knows no promise but by its counters; what guards promises has specs of its own.
local FORCED = { invoice = true, ship = true, refund = true }

local KINDS = { "cancel", "invoice", "invoice", "ship", "ship", "ship", "refund", "refund",
  "return_goods", "return_goods" }

local function happen(walk)
  local orders, kind = walk.shop.orders, pick(walk, KINDS)
  local order = orders[math.max(1, #orders + 1 - walk.random(5))]
  local wholes = walk.wholes[order.id]
  local request = { id = "d-" .. walk.step, order = order.id, force = FORCED[kind] }
  local rows, code
  if walk.random(12) == 1 and kind ~= "refund" and kind ~= "return_goods" then
    if kind == "ship" then request.source = pick(walk, SOURCES) end
    rows = play_all(kind, order, wholes, request.source)
  else
    local row = new_row(walk, kind, order, wholes)
    request.lines = { row }
    rows, code = play(kind, order, wholes, row)
    local whole = wholes[row.line]
    if rows and whole and kind == "ship" and walk.random(3) == 1 then
      as_plan(request, order, wholes, rows)
    elseif rows and whole and walk.random(3) == 1 and #wholes == 1 then
      row.line, row.sku = nil, whole.sku
    end
  end
  local shop
  if rows then shop, code = model.apply(walk.shop, kind, { order = order.id, lines = rows }) end
  return kind, request, shop, code
end

local function adjust(walk)
  local sku = pick(walk, PRODUCTS)[1]
  local request = { id = "d-" .. walk.step,
    lines = { { sku = sku, source = pick(walk, SOURCES), delta = walk.random(6) } } }
  local row = request.lines[1]
  return "adjust", request, model.apply(walk.shop, "adjust",
    { lines = { { sku = sku, source = row.source, delta = units(row.delta) } } })
end

-- ---- comparing ----

local function compare(what, expected, found)
  if expected ~= found then
    error(("%s is %s, should be %s"):format(what, tostring(found), tostring(expected)), 0)
  end
end

-- A bundle's counters in proportion to those of a part that is goods, if it has any.
local function compare_whole(where, order, whole, found)
  local witness = order.lines[whole.parts[1]]
  for _, number in ipairs(whole.parts) do
    if not order.lines[number].virtual then witness = order.lines[number] end
  end
  compare(where .. "ordered", whole.ordered, units(found.ordered))
  for _, name in ipairs(COUNTERS) do
    local counter = whole.together and witness[name] * whole.ordered / witness.ordered or 0
    if name ~= "backordered" and name ~= "ordered" then
      compare(where .. name, counter, units(found[name]))
    end
  end
end

local function compare_order(walk, order)
  local found, wholes = assert(walk.inv.orders:get(order.id)).lines, walk.wholes[order.id]
  compare("lines of " .. order.id, #order.lines + #wholes, #found)
  for i, whole in ipairs(wholes) do
    compare_whole(order.id .. " line " .. i .. " (" .. whole.sku .. "): ", order, whole, found[i])
  end
  for i, line in ipairs(order.lines) do
    local number = i + #wholes
    local where = order.id .. " line " .. number .. " (" .. line.sku .. "): "
    compare(where .. "parent", select(2, whole_of(wholes, number)), found[number].parent)
    for _, name in ipairs(COUNTERS) do
      compare(where .. name, line[name], units(found[number][name]))
    end
  end
end

local function compare_product(walk, sku)
  local position = kit.position(walk.inv, sku, walk.stock)
  compare("reserved of " .. sku, model.reserved(walk.shop, sku), units(position.reserved))
  local found = kit.quantities(walk.inv, sku)
  for _, source in ipairs(SOURCES) do
    compare(sku .. " at " .. source, walk.shop.items[sku][source], units(found[source]))
  end
end

-- ---- walking ----

local function call(inv, kind, request)
  if kind == "adjust" then return inv.items:adjust(request) end
  return inv[kind](inv, request)
end

local function refused_for(detail, code)
  for _, problem in ipairs(detail.errors) do
    if problem.code == code then return true end
  end
  return false
end

local function take_step(walk)
  local what = #walk.shop.orders == 0 and 1 or walk.random(10)
  local act = what <= 2 and place or what == 10 and adjust or happen
  local kind, request, shop, code = act(walk)
  walk.doing = kind
  local answer, message, got, detail = call(walk.inv, kind, request)
  if shop and not answer then error("refused: " .. message, 0) end
  if not shop and answer then error("accepted instead of " .. tostring(code), 0) end
  if not shop and not refused_for(detail, code) then
    error(("refused with %s instead of %s: %s"):format(got, code, message), 0)
  end
  if shop then
    walk.shop, walk.done = shop, walk.done + 1
    compare("replayed", true, assert(call(walk.inv, kind, request)).replayed)
  end
  for i = math.max(1, #walk.shop.orders - 8), #walk.shop.orders do
    compare_order(walk, walk.shop.orders[i])
  end
  for _, product in ipairs(PRODUCTS) do compare_product(walk, product[1]) end
end

local function furnish(inv, policy)
  local products, items = {}, {}
  local stock = kit.furnish(inv)
  assert(inv.policies:activate(policy))
  assert(inv.settings:set{ decimal_qty = true, min_sale_qty = 0 })
  for _, product in ipairs(PRODUCTS) do
    local sku, settings, kind = product[1], product[2], product[3]
    kit.product(inv, sku, { muc = 12, ham = 9, ber = 6 }, settings, kind)
    products[sku] = { virtual = kind == "virtual", managed = settings.manage_stock ~= false,
      reserves = settings.reserve_stock ~= false, unlimited = settings.backorders ~= nil }
    items[sku] = { muc = 12 * ONE, ham = 9 * ONE, ber = 6 * ONE }
  end
  assert(inv.products:save(COMPOSITES))
  return stock, model.new(policy, products, items)
end

local function walk_along(inv, policy, seed)
  local walk = { inv = inv, random = new_random(seed), wholes = {}, done = 0 }
  walk.stock, walk.shop = furnish(inv, policy)
  for step = 1, STEPS do
    walk.step = step
    local ok, problem = pcall(take_step, walk)
    if not ok then
      error(("QM_SEED=%d, policy %s, step %d, %s: %s"):format(seed, policy, step,
        tostring(walk.doing), tostring(problem)), 0)
    end
  end
  for _, order in ipairs(walk.shop.orders) do compare_order(walk, order) end
  assert.same({}, assert(inv:verify()).problems)
  return walk.done
end

describe("a random walk over orders of composites", function()
  for _, policy in ipairs{ "default", "magento" } do
    it("does to the parts what the model does, under policy " .. policy, function()
      local only = tonumber(os.getenv("QM_SEED") or "")
      for seed = only or 1, only or SEEDS do
        require("helpers").with_inventory({}, function(inv)
          local done = walk_along(inv, policy, seed)
          assert.is_true(done > STEPS / 3, "too little was accepted to mean anything: " .. done)
        end)
      end
    end)
  end
end)
