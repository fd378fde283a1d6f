-- ledger.lua: does the engine's ledger add up to what the model says is promised and is there?

local differ = require("model.differ").differ
local shop_of = require "model.shop"

local _M = {}

local function add(sums, key, qty) sums[key] = (sums[key] or 0) + qty end

-- What the rows of the ledger add up to, by name: what is reserved in a stock, and of it by an
-- order, and what was moved at a source.
local function found_sums(inv)
  local sums, after = {}, 0
  while after do
    local rows, cursor = assert(inv:events{ after = after, limit = 500 })
    after = cursor
    for _, row in ipairs(rows) do
      local sku, reserved = row.sku or "", -shop_of.units(row.reserved)
      local place = ("%s in stock %s"):format(sku, tostring(row.stock))
      add(sums, "promises of " .. place, reserved)
      if row.order then
        add(sums, ("promises of %s, order %s"):format(place, row.order), reserved)
      end
      add(sums, ("movements of %s at %s"):format(sku, tostring(row.source)),
        shop_of.units(row.moved))
    end
  end
  return sums
end

local function order_name(shop, document)
  for _, order in ipairs(shop.orders) do
    if order.document == document then return order.id end
  end
  for id, number in pairs(shop.foreign) do
    if number == document then return id end
  end
end

-- The same by the model. A SKU that a deleted product left to another stands for both. `dead`: what
-- expired holds had; the ledger may not have said yet that it is gone.
local function expected_sums(shop)
  local sums, dead = {}, {}
  local function promise(product, stock, qty, order)
    local place = ("%s in stock %d"):format(shop.products[product].sku, stock)
    add(sums, "promises of " .. place, qty)
    if order then add(sums, ("promises of %s, order %s"):format(place, order), qty) end
    return "promises of " .. place
  end
  for _, order in ipairs(shop.orders) do
    for _, line in ipairs(order.lines) do
      local live = shop_of.is_live(shop, order)
      local qty = line.tracked == "all" and shop_of.open(line) or 0
      local key = promise(line.product, order.stock, live and qty or 0,
        order.kind == "order" and order.id)
      if not live then add(dead, key, qty) end
    end
  end
  for _, row in ipairs(shop.adopted) do
    promise(row.product, row.stock, row.qty, order_name(shop, row.document))
  end
  for number, product in ipairs(shop.products) do
    for source, place in ipairs(shop.sources) do
      local item = shop_of.item(shop, number, source)
      add(sums, ("movements of %s at %s"):format(product.sku, place.code), item and item.qty or 0)
    end
  end
  return sums, dead
end

function _M.compare(model, inv)
  local found = found_sums(inv)
  local expected, dead = expected_sums(model.shop)
  for key, qty in pairs(expected) do
    local more = (found[key] or 0) - qty
    if more < 0 or more > (dead[key] or 0) then
      differ("what the ledger says of " .. key, qty, found[key] or 0)
    end
    found[key] = nil
  end
  for key, qty in pairs(found) do differ("what the ledger says of " .. key, 0, qty) end
end

return _M
