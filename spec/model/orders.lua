-- orders.lua: placing orders, and the requests that report what happens to them.

local bundles = require "model.bundles"
local expand = require "model.expand"
local geography = require "model.geography"
local guard = require "model.guard"
local lines_of = require "model.lines"
local promises = require "model.promises"
local request_of = require "model.request"
local rules = require "model.rules"
local shop_of = require "model.shop"

local _M = {}

local note, refuse, say = request_of.note, request_of.refuse, request_of.say

-- ---- placing ----

-- The total of each product, and the products in order.
local function add_up(rows)
  local totals, products = {}, {}
  for _, row in ipairs(rows) do
    if not totals[row.product] then products[#products + 1] = row.product end
    totals[row.product] = (totals[row.product] or 0) + row.qty
  end
  return totals, products
end

local function check_numbers(request, rows)
  local seen = {}
  for i, row in ipairs(rows) do
    local number = row.line or i
    if seen[number] then note(request, "INVALID") end
    seen[number] = true
  end
end

local function tracking(rule)
  if not rule.managed then return "nothing" end
  return rule.reserves and "all" or "sources"
end

-- Writes the lines of an order or a hold: as far as goods cover them they are firm, the first
-- lines first. firm: how much of each product is. Of a composite only the parts are counted.
local function add_lines(request, order, rows, firm)
  local shop = request.shop
  for _, row in ipairs(rows) do
    local tracked = firm[row.product] and tracking(rules.rule(shop, row.product, order.stock))
      or "nothing"
    local line = shop_of.new_line(row.number, row.product, row.kind, tracked, row.qty)
    line.parent = row.parent
    if tracked == "all" then
      local covered = math.min(row.qty, firm[row.product])
      firm[row.product] = firm[row.product] - covered
      line.backordered = row.qty - covered
    end
    table.insert(order.lines, line)
    say(request, { line = row.number, parent = row.parent, product = row.product, qty = row.qty,
      backordered = line.backordered > 0 and line.backordered or nil })
  end
  table.sort(order.lines, function(a, b) return a.number < b.number end)
  local foreign = order.kind == "order" and shop.foreign[order.id]
  for _, row in ipairs(foreign and shop.adopted or {}) do
    if row.document == foreign then row.document = order.document end
  end
  if foreign then shop.foreign[order.id] = nil end
  table.insert(shop.orders, order)
end

-- Checks a product's total and returns how much of it is firm. of_hold: what a hold had of it,
-- which was promised when the hold was made.
local function check_product(request, order, product, total, of_hold)
  if of_hold.firm + of_hold.waiting < total then
    local codes = rules.refusals(request.shop, product, order.stock, order.group, total)
    for _, code in ipairs(codes) do note(request, code) end
  end
  local free = promises.uncovered(request.shop, product, order.stock)
  return math.max(of_hold.firm, math.min(total, free))
end

-- An order, or a hold: begin(order) adds what only one of them has. from: the hold that it is
-- placed from, its stock, the rows if not the request's, and what leaves the hold.
function _M.promise(request, given, kind, begin, from)
  if not from and #given.lines == 0 then refuse("INVALID") end
  local hold = from and from.hold or {}
  local order = { id = given.id, kind = kind, document = request.document,
    stock = from and from.stock, channel = given.channel or hold.channel,
    group = given.customer_group or hold.group, time = request.shop.now,
    destination = given.destination, lines = {} }
  if not from then order.stock = request_of.stock(request, given) end
  local rows = from and from.rows or expand.rows(request, given)
  check_numbers(request, given.lines or {})
  if given.destination then geography.check(request, given.destination) end
  if begin then begin(order) end
  if #request.codes > 0 then return end
  local totals, products = add_up(rows)
  local had = from and from.leave(request, given, totals)
  local firm = {}
  for _, product in ipairs(products) do
    if not request_of.is_composite(request.shop, product) then
      firm[product] = check_product(request, order, product, totals[product],
        had and had[product] or { firm = 0, waiting = 0 })
    end
  end
  if #request.codes > 0 then return end
  if kind == "order" then request.answer.order = given.id end
  add_lines(request, order, rows, firm)
end

-- ---- what happens to an order ----

-- Does the event move neither goods nor promises in a way that others could feel?
local function is_harmless(shop, kind, line, row)
  if kind == "cancel" or kind == "return_goods" then return true end
  if kind == "invoice" and line.kind ~= "virtual" or line.tracked == "nothing" then return true end
  return kind == "reassign" and row.source and not promises.is_shared(shop, line.product)
end

-- Whatever happens to a line may take goods from other promises.
local function change_line(request, kind, order, line, qty, row)
  local shop, act = request.shop, lines_of.events[kind]
  local harmless = shop.independent or is_harmless(shop, kind, line, row)
  guard.voluntary(request, harmless and {} or { line.product }, row.force, function()
    act(request, order, line, qty, row)
  end)
end

-- A bundle takes its parts along.
local function change_any(request, kind, order, line, qty, row)
  local function change(one, units) change_line(request, kind, order, one, units, row) end
  if line.kind ~= "bundle" then return change(line, qty) end
  bundles.change(request, kind, order, line, qty, row, change)
end

-- picks: where a plan's picks of parts of bundles are gathered.
local function do_line_row(request, kind, order, row, qty, picks)
  local line = shop_of.find_line(order, row.line)
  local sku = line and request.shop.products[line.product].sku
  if not line and row.planned then refuse("INVALID") end
  if not line or row.sku and row.sku ~= sku then refuse("NOT_FOUND") end
  local barred, limit = bundles.scope(kind, order, line, row)
  local picked = row.planned and bundles.is_of_bundle(order, line)
  if picked then barred = lines_of.barred(kind, line) end
  if barred and row.planned and kind == "allocate" then return end
  if barred then refuse(barred) end
  if picked then
    picks[#picks + 1] = { line = line, source = row.source, qty = qty }
  elseif qty > limit then
    refuse("EXCEEDS")
  else
    change_any(request, kind, order, line, qty, row)
  end
end

-- A SKU goes to its lines in order, each as far as it allows.
local function do_sku_row(request, kind, order, row, qty)
  local left, problem, fine = qty, "NOT_FOUND", true
  for _, line in ipairs(order.lines) do
    if request.shop.products[line.product].sku == row.sku and left > 0 then
      local barred, limit = bundles.scope(kind, order, line, row)
      local take = math.min(left, limit)
      if problem ~= "EXCEEDS" then problem = barred or "EXCEEDS" end
      if take > 0 then
        fine = request_of.try(request, change_any, request, kind, order, line, take, row) and fine
      end
      left = left - take
    end
  end
  if left > 0 and fine then refuse(problem) end
end

-- The source a row or the whole request names; for shipping else the stock's only one.
local function source_of(request, kind, order, named)
  if named then
    local source = request_of.source(request, named)
    if not source then refuse() end
    return source
  end
  if kind == "allocate" then refuse("INVALID") end
  local links = shop_of.links_of(request.shop, order.stock)
  return kind == "ship" and #links == 1 and links[1].source or nil
end

-- Where units are taken from and where they go: as numbers, nil where nothing is named.
local function reassign_sources(request, row)
  local from = row.from and request_of.source(request, row.from)
  local to = row.to and request_of.source(request, row.to)
  if row.from and not from or row.to and not to then refuse() end
  if from and from == to then refuse("INVALID") end
  return to, from
end

local SOURCE_KEY = { ship = "source", invoice = "source", refund = "return_to",
  return_goods = "to", allocate = "source" }

local function do_row(request, kind, given, order, row, picks)
  if given.plan and row.qty == 0 then return end
  local qty = request_of.qty(request, row.qty)
  if not qty then return end
  local known = { line = row.line, sku = row.sku, return_to_stock = row.return_to_stock,
    write_off = row.write_off, force = given.force, planned = given.plan ~= nil }
  if kind == "reassign" then
    known.source, known.from = reassign_sources(request, row)
  else
    known.source = source_of(request, kind, order, row[SOURCE_KEY[kind]] or given.source)
  end
  if not row.line and not request_of.legal_sku(request, row.sku) then return end
  local act = row.line and do_line_row or do_sku_row
  act(request, kind, order, known, qty, picks)
end

-- Everything the event still allows.
local function do_all(request, kind, given, order)
  local row = { source = source_of(request, kind, order, given.source), force = given.force }
  for _, line in ipairs(order.lines) do
    local limit = bundles.limit(kind, order, line)
    if limit > 0 then change_any(request, kind, order, line, limit, row) end
    if #request.codes > 0 then return end
  end
end

local function picks_of(plan)
  local rows = {}
  for i, pick in ipairs(plan.picks) do
    rows[i] = { line = pick.line, sku = pick.sku, source = pick.source, qty = pick.qty_to_deduct }
  end
  return rows
end

local BY_LINE = { refund = true, return_goods = true, allocate = true, reassign = true }

-- An event happens to the order that find() finds, in the shop as it is at that moment.
function _M.happen(request, kind, given, find)
  if not find() then refuse("NOT_FOUND") end
  if given.plan and given.plan.order and given.plan.order ~= given.order then refuse("INVALID") end
  local rows = given.plan and picks_of(given.plan) or given.lines
  request.answer.order, request.answer.lines = given.order, {}
  if not rows and BY_LINE[kind] then refuse("INVALID") end
  if not rows then return do_all(request, kind, given, find()) end
  local picks = {}
  request_of.rows(request, rows, function(row)
    do_row(request, kind, given, find(), row, picks)
  end)
  bundles.picked(request, kind, picks, given.force, find, function(...)
    change_line(request, kind, ...)
  end)
end

_M.events = {}

for _, kind in ipairs{ "cancel", "ship", "invoice", "refund", "return_goods", "allocate",
  "reassign" } do
  _M.events[kind] = function(request, given)
    _M.happen(request, kind, given, function()
      return shop_of.find_order(request.shop, given.order)
    end)
  end
end

return _M
