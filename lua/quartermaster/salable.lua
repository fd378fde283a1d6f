-- What may be sold: salable quantities, checks, and where a product stands.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local items = require "quartermaster.items"
local outcome = require "quartermaster.outcome"

local _M = {}

local WHERE = { stock = "whole", channel = "channel" }
local WHERE_GROUP = { stock = "whole", channel = "channel", customer_group = "string" }
local PAGE = { stock = "whole", channel = "channel", skus = "list" }
local POSITION = { stock = "whole", channel = "channel", sku = "string" }

local BACKORDERS = { [0] = "no", "allow", "notify" }

-- The keys of the calls that are checked here, for quartermaster.options.
_M.KEYS = { salable = PAGE, position = POSITION }

-- The stock that a place to sell names.
function _M.stock_of(inv, where)
  local stands, message, code, detail = core.stand(inv.store, where, { "" }, "whole")
  if not stands then
    return nil, message, code, detail
  end
  return stands[1].stock
end


local function first_stand(inv, sku, where, mode, qty)
  local stands, message, code, detail = core.stand(inv.store, where, { sku }, mode, qty)
  if not stands then
    return nil, message, code, detail
  end
  return stands[1]
end


local function refuse(stand, sku, magento)
  return nil, stand.message, stand.code, { errors = { {
    field = "sku", code = stand.code, message = stand.message, sku = sku, magento = magento,
  } } }
end

local UNKNOWN = { NOT_FOUND = "no_such_entity" }


-- One figure of one product.
local function figure(inv, what, sku, where, key)
  check.value(what, "sku", sku, "string", 3)
  check.keys(what, where, WHERE, 3)
  local stand, message, code, detail = first_stand(inv, sku, where, "page")
  if not stand then
    return nil, message, code, detail
  end
  if stand.code then
    return refuse(stand, sku, UNKNOWN[stand.code] or "input-type_without_source_items")
  end
  return stand[key]
end


function _M:salable_qty(sku, where)
  return figure(self, "salable_qty", sku, where, "qty")
end


function _M:is_salable(sku, where)
  return figure(self, "is_salable", sku, where, "salable")
end


-- Where a product stands as to a quantity. `keys` are those that `where` may have.
function _M.stand_of(inv, what, mode, keys, sku, where, qty)
  check.value(what, "sku", sku, "string", 3)
  check.keys(what, where, keys, 3)
  check.value(what, "qty", qty, "quantity", 3)
  local stand, message, code, detail = first_stand(inv, sku, where, mode, qty)
  if not stand then
    return nil, message, code, detail
  end
  if stand.code then
    return refuse(stand, sku, UNKNOWN[stand.code] or "localized-type_without_source_items")
  end
  return stand
end


function _M:can_sell(sku, where, qty)
  local stand, message, code, detail =
    _M.stand_of(self, "can_sell", "check", WHERE_GROUP, sku, where, qty)
  if not stand then
    return nil, message, code, detail
  end
  if #stand.errors == 0 then
    return true
  end
  return outcome.refuse(stand.errors)
end


function _M:salable(request)
  check.keys("salable", request, PAGE, 2)
  check.value("salable", "skus", request.skus, "list", 2)
  for _, sku in ipairs(request.skus) do
    check.value("salable", "an entry of skus", sku, "string", 2)
  end
  local where = { stock = request.stock, channel = request.channel }
  local stands, message, code, detail = core.stand(self.store, where, request.skus, "page")
  if not stands then
    return nil, message, code, detail
  end
  local page = {}
  for i, stand in ipairs(stands) do
    page[request.skus[i]] = stand
  end
  return page
end


function _M:position(request)
  check.keys("position", request, POSITION, 2)
  check.value("position", "sku", request.sku, "string", 2)
  local where = { stock = request.stock, channel = request.channel }
  local stand, message, code, detail = first_stand(self, request.sku, where, "whole")
  if not stand then
    return nil, message, code, detail
  end
  if stand.code then
    return refuse(stand, request.sku, UNKNOWN[stand.code])
  end
  local places
  places, message, code, detail = core.read(self.store, "POSITION", stand.stock, stand.product)
  if not places then
    return nil, message, code, detail
  end
  for _, place in ipairs(places) do
    place.status = items.STATUS[place.status]
  end
  stand.sku, stand.sources, stand.product = request.sku, places, nil
  stand.is_salable, stand.salable, stand.qty = stand.salable, stand.qty, nil
  stand.backorders = BACKORDERS[stand.backorders]
  return stand
end


return _M
