-- items.lua: what is counted, moved or removed at sources.

local guard = require "model.guard"
local request_of = require "model.request"
local shop_of = require "model.shop"

local _M = {}

local note, refuse, say = request_of.note, request_of.refuse, request_of.say

-- The product and the source that a row names; nil when there is something wrong with it.
local function place_of(request, row)
  local before = #request.codes
  local product = request_of.legal_sku(request, row.sku)
    and request_of.product_or_shadow(request, row.sku)
  if product and request_of.is_composite(request.shop, product) then
    note(request, "UNSUPPORTED")
  end
  local source = shop_of.DEFAULT_SOURCE
  if row.source then source = request_of.source(request, row.source) end
  local qty = request_of.qty(request, row.qty or row.delta, true)
  if #request.codes > before then return nil end
  request_of.check_b2b(request, product, source)
  return product, source, qty
end

-- A status is the merchant's wish: goods that are promised cannot be taken out of stock.
local function put_status(request, product, item, status, force)
  local out = item.status == "in_stock" and status == "out_of_stock"
  guard.voluntary(request, out and { product } or {}, force, function() item.status = status end)
end

-- A quantity is a fact. Goods that come in while the source is taken out of stock were never for
-- sale.
local function save_row(request, row, force)
  local product, source, qty = place_of(request, row)
  if not product then return end
  local item = shop_of.item(request.shop, product, source)
  if row.expected and shop_of.units(row.expected) ~= (item and item.qty or 0) then
    refuse("CONFLICT")
  end
  if item and item.qty ~= qty then guard.fact(request, product) end
  item = shop_of.touch_item(request.shop, product, source)
  item.qty = row.status == "out_of_stock" and math.min(qty, item.qty) or qty
  if type(row.notify_below) == "userdata" then
    item.notify_below = nil
  elseif row.notify_below then
    item.notify_below = shop_of.units(row.notify_below)
  end
  if row.status then put_status(request, product, item, row.status, force) end
  item.qty = qty
end

_M["items:save"] = function(request, rows, options)
  local force = options and options.force
  request_of.rows(request, rows, function(row) save_row(request, row, force) end)
  request.answer.value = #rows
end

_M["items:delete"] = function(request, rows, options)
  local removed, force = 0, options and options.force
  request_of.rows(request, rows, function(row)
    local shop = request.shop
    if not request_of.legal_sku(request, row.sku) then return end
    local product = shop_of.find_product(shop, row.sku)
    local source = shop_of.find_source(shop, row.source or "default")
    if not product then return end
    if request_of.is_composite(shop, product) then refuse("UNSUPPORTED") end
    if not source or not shop_of.item(shop, product, source) then return end
    if shop_of.allocated_at(shop, product, source) > 0 then refuse("IN_USE") end
    guard.voluntary(request, { product }, force, function()
      shop_of.put_item(shop, product, source, nil)
    end)
    removed = removed + 1
  end)
  request.answer.value = removed
end

-- A row may say below which quantity nothing is to be taken.
local function check_least(request, row, product, source, delta)
  local item = shop_of.item(request.shop, product, source)
  local left = (item and item.qty or 0) + delta
  if row.least and delta < 0 and left < shop_of.units(row.least) then refuse("NOT_ENOUGH") end
end

_M["items:adjust"] = function(request, given)
  request.answer.lines = {}
  request_of.rows(request, given.lines, function(row, i)
    local product, source, delta = place_of(request, row)
    if not product then return end
    check_least(request, row, product, source, delta)
    guard.fact(request, product)
    local item = shop_of.touch_item(request.shop, product, source)
    item.qty = item.qty + delta
    say(request, { line = i, product = product, source = source, qty = delta })
  end)
end

return _M
