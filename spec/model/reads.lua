-- reads.lua: what callers can ask. Each answer is worked out from everything that was said.

local guard = require "model.guard"
local parts = require "model.parts"
local promises = require "model.promises"
local request_of = require "model.request"
local rules = require "model.rules"
local shop_of = require "model.shop"

local _M = {}

local note, refuse = request_of.note, request_of.refuse

-- The product that a question is about; what is not sold has no figures.
local function product_of(request, sku)
  local number, product = shop_of.find_product(request.shop, sku)
  if not product then refuse("NOT_FOUND") end
  if request_of.is_composite(request.shop, number) then refuse("UNSUPPORTED") end
  if not product.declared then refuse("NOT_FOUND") end
  return number
end

local function stand_of(request, product, stock)
  local network = promises.network(request.shop, product)
  return rules.stand(request.shop, product, stock, network)
end

local function stock_of(request, where)
  local stock = request_of.stock(request, where)
  if not stock then refuse() end
  return stock
end

function _M.salable_qty(request, sku, where)
  local stock = stock_of(request, where)
  local stand = stand_of(request, product_of(request, sku), stock)
  request.answer.qty = rules.salable_qty(stand)
end

function _M.is_salable(request, sku, where)
  local shop, stock = request.shop, stock_of(request, where)
  local number = shop_of.find_product(shop, sku)
  if number and request_of.is_composite(shop, number) then
    request.answer.value = parts.is_salable(request.shop, number, stock)
  else
    request.answer.value = rules.is_salable(stand_of(request, product_of(request, sku), stock))
  end
end

function _M.can_sell(request, sku, where, qty)
  local stock = stock_of(request, where)
  local codes = rules.refusals(request.shop, product_of(request, sku), stock,
    where.customer_group, shop_of.units(qty))
  for _, code in ipairs(codes) do note(request, code) end
  request.answer.value = true
end

-- How much of a quantity would have to wait for goods, and are customers to be told?
function _M.backorder_qty(request, sku, where, qty)
  local stock, waiting = stock_of(request, where), 0
  local product = product_of(request, sku)
  local stand = stand_of(request, product, stock)
  if stand.rule.managed and stand.rule.backorders and stand.hand.active > 0 then
    local free = promises.uncovered(request.shop, product, stock)
    waiting = math.max(0, shop_of.units(qty) - free)
  end
  request.answer.waiting = waiting
  request.answer.tell = waiting > 0 and stand.rule.word == "notify"
end

-- The stock that a filter names, nil when it names none.
local function filter_stock(request, filter)
  return (filter.stock or filter.channel) and stock_of(request, filter)
end

-- A SKU means the product that has it now, not one that was deleted.
function _M.waiting(request, filter)
  local shop, stock, rows = request.shop, filter_stock(request, filter), {}
  local product = filter.sku and shop_of.find_product(shop, filter.sku)
  for _, order in ipairs(shop.orders) do
    for _, line in ipairs(order.lines) do
      if line.backordered > 0 and order.kind == "order" and (not stock or order.stock == stock)
        and (not filter.sku or line.product == product) then
        rows[#rows + 1] = { order = order.id, line = line.number, product = line.product,
          stock = order.stock, qty = line.backordered, ordered = line.ordered, time = order.time }
      end
    end
  end
  request.answer.rows = rows
end

function _M.oversold(request, filter)
  local shop, only, rows = request.shop, filter_stock(request, filter), {}
  for number, product in ipairs(shop.products) do
    for _, stock in ipairs(shop.stocks) do
      local stand = stand_of(request, number, stock.id)
      local qty = guard.over_promised(stand)
      if qty > 0 and not product.deleted and (not only or only == stock.id) then
        rows[#rows + 1] = { product = number, stock = stock.id, qty = qty,
          on_hand = stand.on_hand, reserved = stand.reserved, claimed = stand.claimed }
      end
    end
  end
  request.answer.rows = rows
end

-- What of a product is at the sources of a stock, by priority.
local function places(shop, product, stock)
  local list = {}
  for _, link in ipairs(shop_of.links_of(shop, stock)) do
    local item, source = shop_of.item(shop, product, link.source), shop.sources[link.source]
    if item then
      list[#list + 1] = { source = source.code, priority = link.priority, qty = item.qty,
        enabled = source.enabled, status = item.status, notify_below = item.notify_below,
        allocated = shop_of.allocated_at(shop, product, link.source) }
    end
  end
  return list
end

local PARTS = { "on_hand", "reserved", "firm", "held", "allocated", "backordered", "adopted",
  "floor", "claimed" }

function _M.position(request, given)
  local stock = stock_of(request, given)
  local product = product_of(request, given.sku)
  local stand = stand_of(request, product, stock)
  local position = { sku = given.sku, stock = stock, managed = stand.rule.managed,
    unlimited = stand.rule.managed and stand.rule.unlimited, backorders = stand.rule.word,
    assigned = stand.hand.assigned > 0, in_stock = stand.hand.in_stock > 0,
    salable = rules.salable_qty(stand), is_salable = rules.is_salable(stand),
    sources = places(request.shop, product, stock) }
  for _, part in ipairs(PARTS) do position[part] = stand[part] end
  position.over_promised = guard.over_promised(stand)
  request.answer.position = position
end

return _M
