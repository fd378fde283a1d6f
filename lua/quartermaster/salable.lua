-- What may be sold: salable quantities, checks, and where a product stands.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local items = require "quartermaster.items"
local outcome = require "quartermaster.outcome"
local page = require "quartermaster.page"

local _M = {}

local WHERE = { stock = "whole", channel = "channel" }
local WHERE_GROUP = { stock = "whole", channel = "channel", customer_group = "string" }
local PAGE = { stock = "whole", channel = "channel", skus = "list" }
local OVERSOLD = { stock = "whole", channel = "channel", after = "whole", limit = "whole" }
local POSITION = { stock = "whole", channel = "channel", sku = "string" }

local BACKORDERS = { [0] = "no", "allow", "notify" }

-- The keys of the calls that are checked here, for quartermaster.options.
_M.KEYS = { salable = PAGE, position = POSITION, oversold = OVERSOLD }

-- The stock that a place to sell names.
function _M.stock_of(inv, where)
  local stands, message, code, detail = core.stand(inv.store, where, { "" }, "whole", inv.clock())
  if not stands then
    return nil, message, code, detail
  end
  return stands[1].stock
end


-- The stock that a list is of, 0 for all.
function _M.stock_of_list(inv, filter)
  if not filter.stock and not filter.channel then
    return 0
  end
  return _M.stock_of(inv, { stock = filter.stock, channel = filter.channel })
end


local function first_stand(inv, sku, where, mode, qty)
  local stands, message, code, detail =
    core.stand(inv.store, where, { sku }, mode, inv.clock(), qty)
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
  local value = core.figure(inv.store, where, sku, inv.clock(), key)
  if value ~= nil then
    return value
  end
  local stand, message, code, detail = first_stand(inv, sku, where, "page")
  if not stand then
    return nil, message, code, detail
  end
  if stand.code and not (stand.composite and key == "salable") then
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
  check.values("salable", "skus", request.skus, "string", 2)
  local where = { stock = request.stock, channel = request.channel }
  return core.page(self.store, where, request.skus, self.clock())
end


local function read_position(inv, request)
  local where = { stock = request.stock, channel = request.channel }
  local stand, message, code, detail = first_stand(inv, request.sku, where, "whole")
  if not stand then
    return nil, message, code, detail
  end
  if stand.code then
    return refuse(stand, request.sku, UNKNOWN[stand.code])
  end
  local places
  places, message, code, detail = core.read(inv.store, "POSITION", stand.stock, stand.product)
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


function _M:position(request)
  check.keys("position", request, POSITION, 2)
  check.value("position", "sku", request.sku, "string", 2)
  return core.together(self.store, read_position, self, request)
end


-- What is promised beyond the goods, of the products that may be: rows from `after` on.
local function oversold_rows(inv, after, size, stock)
  local rows, message, code, detail = core.read(inv.store, "OVERSOLD", after, size, stock)
  if not rows then
    return nil, message, code, detail
  end
  for _, row in ipairs(rows) do
    local stand
    stand, message, code, detail = first_stand(inv, row.sku, { stock = row.stock }, "whole")
    if not stand then
      return nil, message, code, detail
    end
    row.qty, row.on_hand = stand.over_promised, stand.on_hand
    row.reserved, row.claimed = stand.reserved, stand.claimed
  end
  return rows
end


function _M:oversold(filter)
  filter = filter == nil and {} or filter
  check.keys("oversold", filter, OVERSOLD, 2)
  local size, after = page.size("oversold", filter), filter.after or 0
  local stock, message, code, detail = _M.stock_of_list(self, filter)
  if not stock then
    return nil, message, code, detail
  end
  local found = {}
  repeat
    local rows
    rows, message, code, detail = oversold_rows(self, after, size, stock)
    if not rows then
      return nil, message, code, detail
    end
    for _, row in ipairs(rows) do
      after = row.id
      if #found <= size and tonumber(row.qty) > 0 then
        found[#found + 1] = row
      end
    end
  until #found > size or #rows < size
  local last
  found, last = page.cut(found, size, "id")
  for _, row in ipairs(found) do
    row.id = nil
  end
  return found, last
end


return _M
