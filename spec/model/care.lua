-- care.lua: taking over what other systems have promised, and the care of what was taken over.
--
-- An adopted row is a promise that no line of this shop has made. Rows may name an order; those of
-- an order that this shop has as well, and that do not fit its lines, are its inconsistencies.

local guard = require "model.guard"
local promises = require "model.promises"
local request_of = require "model.request"
local rules = require "model.rules"
local shop_of = require "model.shop"

local _M = {}

local note, refuse = request_of.note, request_of.refuse

-- ---- reservations ----

-- The document of an order: its own, or one that stands for it while only its reservations are
-- known.
local function document_of(request, id)
  local shop = request.shop
  local order = shop_of.find_order(shop, id)
  if order then return order.document end
  shop.foreign[id] = shop.foreign[id] or request_of.new_document(request)
  return shop.foreign[id]
end

local function is_reserved(shop, product, stock)
  local rule = rules.rule(shop, product, stock)
  return rule.managed and rule.reserves and not request_of.is_composite(shop, product)
end

local function take_row(request, row)
  local before = #request.codes
  local stock = request_of.stock(request, row)
  local qty = request_of.qty(request, row.qty, true)
  request_of.legal_sku(request, row.sku)
  if row.order == "" then note(request, "INVALID") end
  if #request.codes > before then return end
  local product = request_of.product_or_shadow(request, row.sku)
  if not is_reserved(request.shop, product, stock) then
    request.answer.skipped = request.answer.skipped + 1
    return
  end
  guard.fact(request, product)
  local document = row.order and document_of(request, row.order)
  table.insert(request.shop.adopted,
    { product = product, stock = stock, qty = -qty, document = document })
  request.answer.taken = request.answer.taken + 1
end

-- ---- orders of another system ----

local COUNTERS = { "cancelled", "invoiced", "shipped", "refunded", "released", "returned" }

-- What a line says of itself, in units: nil when that is no quantity.
local function read_counters(request, row)
  local before, counters = #request.codes, { ordered = request_of.qty(request, row.qty) }
  for _, name in ipairs(COUNTERS) do
    counters[name] = row[name] and shop_of.units(row[name]) or 0
    if counters[name] < 0 then note(request, "INVALID") end
  end
  return #request.codes == before and counters or nil
end

-- The counters must agree with each other. What is virtual was delivered when it was invoiced, and
-- of refunded units those were released that were invoiced and never delivered.
local function agree(request, counters, virtual, released)
  local c = counters
  local function at_most(qty, most)
    if qty > most then note(request, "INVALID") end
    return qty <= most
  end
  local left = c.ordered - c.cancelled
  if not at_most(c.cancelled, c.ordered) or not at_most(c.invoiced, left) then return end
  if virtual and c.shipped > 0 then note(request, "UNSUPPORTED") end
  if virtual then c.shipped = c.invoiced end
  if not at_most(c.shipped, left) then return end
  if not released then c.released = math.min(c.refunded, math.max(0, c.invoiced - c.shipped)) end
  if not at_most(c.released, math.min(left - c.shipped, c.refunded)) then return end
  if not at_most(c.refunded, math.max(c.invoiced, c.shipped + c.released)) then return end
  at_most(c.returned, c.shipped)
end

-- Where delivered units came from: the source that the line names, else the stock's best.
local function source_of(request, row, stock, delivered)
  if row.source then return request_of.source(request, row.source) end
  local best = shop_of.links_of(request.shop, stock)[1]
  if delivered > 0 and not best then note(request, "INVALID") end
  return delivered > 0 and best and best.source or nil
end

local function read_line(request, row, number, stock)
  local shop = request.shop
  local named = request_of.legal_sku(request, row.sku)
  local counters = read_counters(request, row)
  if not named then return nil end
  local product = request_of.product_or_shadow(request, row.sku)
  if request_of.is_composite(shop, product) then note(request, "UNSUPPORTED") end
  local kind = shop.products[product].type == "simple" and "goods" or "virtual"
  if counters then agree(request, counters, kind == "virtual", row.released) end
  if not stock then return nil end
  local source = source_of(request, row, stock, counters and counters.shipped or 0)
  if not counters then return nil end
  local rule = rules.rule(shop, product, stock)
  local tracked = not rule.managed and "nothing" or rule.reserves and "all" or "sources"
  local line = shop_of.new_line(number, product, kind, tracked, counters.ordered)
  line.cancelled, line.invoiced, line.delivered = counters.cancelled, counters.invoiced,
    counters.shipped
  line.refunded, line.released, line.returned = counters.refunded, counters.released,
    counters.returned
  return line, source
end

-- Promises a line's open units, whatever there is: what goods do not cover waits if there are
-- backorders, and is firm if not. listed: only the reservations promise something, so that this
-- promise is balanced by an adopted row.
local function promise(request, line, stock, listed, document)
  local shop, open = request.shop, shop_of.open(line)
  guard.fact(request, line.product)
  if listed then
    table.insert(shop.adopted,
      { product = line.product, stock = stock, qty = -open, document = document })
  end
  if rules.rule(shop, line.product, stock).backorders then
    local firm = math.min(open, promises.uncovered(shop, line.product, stock))
    line.backordered = open - firm
  end
end

local function add_line(request, order, line, source, listed)
  if line.tracked == "all" and shop_of.open(line) > 0 then
    promise(request, line, order.stock, listed, order.document)
  end
  if line.delivered > 0 and line.tracked ~= "nothing" then
    line.deliveries[1] = { document = order.document, source = source, qty = line.delivered,
      returned = line.returned }
  end
  table.insert(order.lines, line)
end

-- Lines are written as they are read: those that come later find the earlier ones' promises.
-- before: how many problems there were before the order.
local function adopt_lines(request, given, order, before, listed)
  local stock, used = order.stock, {}
  for i, row in ipairs(given.lines) do
    local number = row.line or i
    local line, source = read_line(request, row, number, stock)
    if used[number] then note(request, "INVALID") end
    used[number] = true
    if #request.codes == before then add_line(request, order, line, source, listed) end
  end
  table.sort(order.lines, function(a, b) return a.number < b.number end)
end

local function adopt_order(request, given, listed)
  local shop, before = request.shop, #request.codes
  local known = shop.documents["order " .. given.id]
  local content = "adopted " .. request_of.text_of(given)
  if known then
    if known.request ~= content then refuse("CONFLICT") end
    request.answer.known = request.answer.known + 1
    return
  end
  local stock = request_of.stock(request, given)
  if #given.lines == 0 then note(request, "INVALID") end
  local order = { id = given.id, kind = "order", stock = stock, channel = given.channel,
    time = shop.now, lines = {} }
  if #request.codes == before then
    order.document = shop.foreign[given.id] or request_of.new_document(request)
    shop.foreign[given.id] = nil
    shop.documents["order " .. given.id] = { request = content }
    table.insert(shop.orders, order)
    table.sort(shop.orders, function(a, b) return a.document < b.document end)
  end
  adopt_lines(request, given, order, before, listed)
  request.answer.orders = request.answer.orders + 1
end

-- This shop's own lines that were placed while nothing was reserved.
local function adopt_open(request)
  for _, order in ipairs(request.shop.orders) do
    for _, line in ipairs(order.kind == "order" and order.lines or {}) do
      local rule = rules.rule(request.shop, line.product, order.stock)
      local reserves = rule.managed and rule.reserves
      if line.tracked == "sources" and shop_of.open(line) > 0 and reserves then
        promise(request, line, order.stock, false)
        line.tracked = "all"
        request.answer.opened = request.answer.opened + 1
      end
    end
  end
end

-- ---- requests ----

-- What is promised too much belongs to the answer.
local function say_over_promised(request)
  guard.close_facts(request)
  request.answer.over_promised = {}
  for i, row in ipairs(request.oversold) do request.answer.over_promised[i] = row end
end

function _M.adopt(request, given)
  local orders, listed = given.orders or {}, given.reservations ~= nil
  request.answer = { taken = 0, skipped = 0, orders = 0, known = 0, opened = 0 }
  if #orders == 0 and #(given.reservations or {}) == 0 and not given.open then refuse("INVALID") end
  request_of.each(request, orders, function(order) adopt_order(request, order, listed) end)
  request_of.each(request, given.reservations or {}, function(row) take_row(request, row) end)
  if #request.codes > 0 then return end
  if given.open then adopt_open(request) end
  if not given.open and #orders == 0 then
    request.answer.orders, request.answer.known, request.answer.opened = nil, nil, nil
  end
  say_over_promised(request)
end

-- ---- what does not fit ----

-- The adopted rows added up by order, product and stock, in that order.
local function sums(shop)
  local list, by_key = {}, {}
  for _, row in ipairs(shop.adopted) do
    local key = ("%s %s %s"):format(row.document, row.product, row.stock)
    if row.document and not by_key[key] then
      by_key[key] = { document = row.document, product = row.product, stock = row.stock, qty = 0 }
      list[#list + 1] = by_key[key]
    end
    if row.document then by_key[key].qty = by_key[key].qty - row.qty end
  end
  table.sort(list, function(a, b)
    if a.document ~= b.document then return a.document < b.document end
    if a.product ~= b.product then return a.product < b.product end
    return a.stock < b.stock
  end)
  return list
end

local function order_at(shop, document)
  for _, order in ipairs(shop.orders) do
    if order.document == document then return order.id, order end
  end
  for id, number in pairs(shop.foreign) do
    if number == document then return id end
  end
end

local function state_of(order)
  if not order then return "unknown" end
  for _, line in ipairs(order.lines) do
    if shop_of.open_to_see(line) > 0 then return "open" end
  end
  return "closed"
end

function _M.inconsistencies(request)
  local rows = {}
  for _, sum in ipairs(sums(request.shop)) do
    local id, order = order_at(request.shop, sum.document)
    if sum.qty ~= 0 then
      rows[#rows + 1] = { order = id, product = sum.product, stock = sum.stock, qty = sum.qty,
        state = state_of(order) }
    end
  end
  request.answer.rows = rows
end

-- The product that what is left of the order's reservations goes by that SKU, gone or not, else the
-- one of now.
local function compensated_product(shop, document, stock, sku)
  local best
  for _, sum in ipairs(sums(shop)) do
    local product = shop.products[sum.product]
    local matches = sum.document == document and sum.stock == stock and product.sku == sku
    matches = matches and sum.qty ~= 0
    if matches and (not best or not product.deleted) then best = sum.product end
  end
  return best or shop_of.find_product(shop, sku), best ~= nil
end

local function left_over(shop, document, product, stock)
  for _, sum in ipairs(sums(shop)) do
    if sum.document == document and sum.product == product and sum.stock == stock then
      return sum.qty
    end
  end
  return 0
end

local function compensate_row(request, row, force)
  local shop, before = request.shop, #request.codes
  local order = row.order and shop_of.find_order(shop, row.order)
  local document = order and order.document or shop.foreign[row.order]
  if not document then note(request, "NOT_FOUND") end
  local stock = request_of.stock(request, row)
  request_of.legal_sku(request, row.sku)
  local qty = request_of.qty(request, row.qty, true)
  if qty == 0 then note(request, "INVALID") end
  if #request.codes > before then return end
  local product, known = compensated_product(shop, document, stock, row.sku)
  if not product then refuse("NOT_FOUND") end
  if not known and request_of.is_composite(shop, product) then refuse("UNSUPPORTED") end
  local left = left_over(shop, document, product, stock)
  local within = left > 0 and qty < 0 and -qty <= left or left <= 0 and qty > 0 and qty <= -left
  if not within and not force then refuse("EXCEEDS") end
  guard.fact(request, product)
  table.insert(shop.adopted, { product = product, stock = stock, qty = -qty, document = document })
  request_of.say(request, { order = row.order, product = product, stock = stock, qty = qty })
end

function _M.compensate(request, given)
  request.answer.dry_run = given.dry_run or nil
  request_of.rows(request, given.lines, function(row) compensate_row(request, row, given.force) end)
  if #request.codes > 0 then return end
  say_over_promised(request)
  request.dry_run = given.dry_run
end

-- Finished orders become sums in the ledger; nothing that can be asked changes.
function _M.compact(request)
  request.answer.any = true
end

return _M
