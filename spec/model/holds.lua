-- holds.lua: goods held for carts. A hold is kept among the orders; what it has is promised until
-- the second it expires, and nothing has to happen for it to end.
--
-- What an expired hold frees goes to those who wait, before anybody else can buy it.

local bundles = require "model.bundles"
local expand = require "model.expand"
local orders = require "model.orders"
local parts = require "model.parts"
local request_of = require "model.request"
local shop_of = require "model.shop"

local _M = {}

local note, refuse = request_of.note, request_of.refuse

local DAY = 24 * 3600

local function expiry(request, ttl)
  if ttl < 1 or ttl > 366 * DAY then note(request, "INVALID") end
  return request.shop.now + ttl
end

local function find(request, id)
  local hold = id and shop_of.find_order(request.shop, id, "hold")
  if not hold then note(request, "NOT_FOUND") end
  return hold
end

function _M.hold(request, given)
  if not request_of.is_on(request.shop, "holds") then refuse("DISABLED") end
  orders.promise(request, given, "hold", function(order)
    order.expires = expiry(request, given.ttl)
    request.answer.hold, request.answer.expires = given.id, order.expires
  end)
end

function _M.extend(request, given)
  if not request_of.is_on(request.shop, "holds") then refuse("DISABLED") end
  local expires = expiry(request, given.ttl)
  local hold = find(request, given.hold)
  if hold and not shop_of.is_live(request.shop, hold) then note(request, "EXPIRED") end
  if #request.codes > 0 then return end
  hold.expires = expires
  request.answer = { hold = given.hold, expires = expires, lines = {} }
end

-- As cancelling an order.
function _M.release(request, given)
  local hold = find(request, given.hold)
  if not hold then return end
  if not shop_of.is_live(request.shop, hold) then refuse("EXPIRED") end
  orders.happen(request, "cancel", given, function()
    return shop_of.find_order(request.shop, given.hold, "hold")
  end)
  request.answer.order, request.answer.hold = nil, given.hold
end

-- ---- an order takes over what a hold has ----

-- Units of a product leave the hold, line by line, the firm ones of each first; partly: none that
-- belong to a composite. Returns how many of them were firm and how many waited.
local function take(hold, product, qty, partly)
  local firm, waiting = 0, 0
  for _, line in ipairs(hold.lines) do
    if line.product == product and not (partly and line.parent) then
      local units = math.min(qty, shop_of.open(line))
      local waits = math.max(0, units - (shop_of.open(line) - line.backordered))
      line.cancelled, line.backordered = line.cancelled + units, line.backordered - waits
      qty = qty - units
      if line.tracked == "all" then firm, waiting = firm + units - waits, waiting + waits end
    end
  end
  return firm, waiting
end

-- Notes what is wrong with the product of a line by now.
local function check_product(request, hold, line, single)
  local shop, product = request.shop, request.shop.products[line.product]
  if product.deleted or not product.declared then
    note(request, "NOT_FOUND")
  elseif single == request_of.is_composite(shop, line.product) then
    note(request, "CONFLICT")
  elseif not single and not parts.of(shop, line.product).in_stock
    and not shop_of.is_live(shop, hold) then
    note(request, "OUT_OF_STOCK")
  end
end

-- Without lines: everything that is left of it.
local function rows_of(request, hold)
  local rows = {}
  for _, line in ipairs(hold.lines) do
    if bundles.is_left(hold, line) then
      local single = shop_of.is_single(line)
      check_product(request, hold, line, single)
      rows[#rows + 1] = { number = line.number, parent = line.parent, product = line.product,
        kind = single and expand.kind_of(request.shop, line.product) or line.kind,
        qty = shop_of.open(line) }
    end
  end
  if #rows == 0 then note(request, "CONFLICT") end
  return rows
end

local function has_composites(request, rows)
  for _, row in ipairs(rows) do
    local number, product = shop_of.find_product(request.shop, row.sku)
    local sold = product and product.declared
    if sold and request_of.is_composite(request.shop, number) then return true end
  end
  return false
end

-- Composites leave a hold only with all that is left of it.
local function check_whole(request, hold)
  for _, line in ipairs(hold.lines) do
    if not shop_of.is_single(line) and bundles.is_left(hold, line) then
      note(request, "UNSUPPORTED")
      break
    end
  end
end

-- The hold, the stock that the order is for, and its lines if the request names none.
local function from_hold(request, given)
  local hold = find(request, given.hold)
  if not hold then return nil end
  local stock = hold.stock
  if given.stock or given.channel then
    local named = request_of.stock(request, given)
    if named and named ~= stock then note(request, "CONFLICT") end
  end
  if has_composites(request, given.lines or {}) then check_whole(request, hold) end
  return hold, stock, not given.lines and rows_of(request, hold) or nil
end

-- What is left of the hold of each product's total; what it had is promised to the order as it was.
-- What an expired one had is promised no more, but leaves it too: nothing is ordered twice.
local function leave(request, given, totals)
  local hold, had = shop_of.find_order(request.shop, given.hold, "hold"), {}
  for product, total in pairs(totals) do
    local firm, waiting = take(hold, product, total, given.lines ~= nil)
    if not shop_of.is_live(request.shop, hold) then firm, waiting = 0, 0 end
    had[product] = { firm = firm, waiting = waiting }
  end
  return had
end

function _M.place(request, given)
  if not given.hold then return orders.promise(request, given, "order") end
  if given.lines and #given.lines == 0 then refuse("INVALID") end
  local hold, stock, rows = from_hold(request, given)
  orders.promise(request, given, "order", nil,
    { hold = hold, stock = stock, rows = rows, leave = leave })
end

-- ---- reading ----

-- How a hold stands; of an expired one nothing is promised, so nothing of it waits.
function _M.get(shop, hold)
  local new = { id = hold.id, stock = hold.stock, time = hold.time, expires = hold.expires,
    live = shop_of.is_live(shop, hold), customer_group = hold.group, lines = {} }
  for _, line in ipairs(hold.lines) do
    if bundles.is_left(hold, line) then
      table.insert(new.lines, { line = line.number, sku = shop.products[line.product].sku,
        qty = shop_of.open(line), kind = line.kind, parent = line.parent,
        backordered = new.live and line.backordered or nil })
    end
  end
  return new
end

return { calls = { hold = _M.hold, extend = _M.extend, release = _M.release, place = _M.place },
  get = _M.get }
