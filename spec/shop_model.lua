-- shop_model.lua: a shop in plain Lua that keeps nothing but what was said: items, links, sources,
-- settings, promises. Every answer is worked out anew by adding up, so it has no balance that
-- could be forgotten. Quantities are whole numbers of 1/10000. It knows both policies, and is as
-- simple as it can be: where it and the engine disagree, one of them is wrong.

local _M = {}

local UNIT = 10000

local Model = {}
Model.__index = Model

function _M.new()
  return setmetatable({ policy = "default", items = {}, enabled = {}, links = {}, own = {},
    shop = {}, reserved = {} }, Model)
end

local DEFAULTS = { manage_stock = true, backorders = "no", out_of_stock_threshold = 0,
  out_of_stock_share = 0, min_sale_qty = UNIT, max_sale_qty = 10000 * UNIT,
  enable_qty_increments = false, qty_increments = UNIT, decimal_qty = false }

-- Settings in the caller's quantities become units here.
local function set(settings, changes, inherit)
  for name, value in pairs(changes) do
    if value == inherit then
      value = nil
    elseif type(value) == "number" then
      value = math.floor(value * UNIT + 0.5)
    end
    settings[name] = value
  end
end

function Model:set_shop(changes, inherit) set(self.shop, changes, inherit) end

function Model:set_own(sku, changes, inherit)
  self.own[sku] = self.own[sku] or {}
  set(self.own[sku], changes, inherit)
end

function Model:setting(sku, name)
  local own = (self.own[sku] or {})[name]
  if own ~= nil then return own end
  local shop = self.shop[name]
  if shop ~= nil then return shop end
  return DEFAULTS[name]
end

local function key(a, b) return a .. "@" .. b end

function Model:item(sku, source) return self.items[key(sku, source)] end

function Model:put_item(sku, source, qty, in_stock)
  local item = self:item(sku, source) or { in_stock = true }
  if in_stock ~= nil then item.in_stock = in_stock end
  item.qty = qty
  self.items[key(sku, source)] = item
end

function Model:remove_item(sku, source) self.items[key(sku, source)] = nil end

function Model:reserve(sku, stock, qty)
  local where = key(sku, stock)
  self.reserved[where] = (self.reserved[where] or 0) + qty
end

-- Adds up what lies at the sources that are linked to the stock.
function Model:sum(sku, stock)
  local total = { on_hand = 0, assigned = false, active = false, in_stock = false }
  for source, linked in pairs(self.links) do
    local item = linked[stock] and self:item(sku, source)
    if item then
      total.assigned = true
      if self.enabled[source] then
        total.active = true
        if item.in_stock then
          total.in_stock = true
          total.on_hand = total.on_hand + math.max(0, item.qty)
        end
      end
    end
  end
  total.reserved = self.reserved[key(sku, stock)] or 0
  return total
end

-- What the policy keeps back: the floor, where the gate is, and whether there is a limit at all.
function Model:numbers(sku, on_hand)
  local threshold = self:setting(sku, "out_of_stock_threshold")
  local backorders = self:setting(sku, "backorders") ~= "no"
  if backorders then
    local gate = self.policy == "magento" and threshold or math.min(0, threshold)
    return math.min(0, threshold), gate, threshold >= 0
  end
  local floor = math.max(0, threshold)
  if self.policy == "magento" then return floor, threshold, false end
  floor = floor + math.max(0, self:setting(sku, "notify_below") or 0)
  floor = floor + math.ceil(on_hand * self:setting(sku, "out_of_stock_share") / UNIT)
  return floor, floor, false
end

function Model:is_salable(sku, stock)
  local total = self:sum(sku, stock)
  if not total.assigned then return false end
  if not self:setting(sku, "manage_stock") then return true end
  local floor, _, unlimited = self:numbers(sku, total.on_hand)
  return total.in_stock and (unlimited or total.on_hand - total.reserved - floor > 0)
end

function Model:salable_qty(sku, stock)
  local total = self:sum(sku, stock)
  if not total.active then return 0 end
  local floor, gate = self:numbers(sku, total.on_hand)
  local open = not self:setting(sku, "manage_stock")
  if self:setting(sku, "backorders") ~= "no" and gate >= 0 and total.in_stock then open = true end
  if total.on_hand - total.reserved - gate > 0 then open = true end
  if self.policy == "default" and not self:is_salable(sku, stock) then open = false end
  return open and total.on_hand - total.reserved - floor or 0
end

-- The first limit of one sale that the quantity breaks.
function Model:limit_broken(sku, qty)
  local least, most = self:setting(sku, "min_sale_qty"), self:setting(sku, "max_sale_qty")
  local step = self:setting(sku, "enable_qty_increments") and self:setting(sku, "qty_increments")
  if qty < least then return "MIN_SALE_QTY" end
  if most ~= 0 and qty > most then return "MAX_SALE_QTY" end
  if step and step > 0 and qty % step ~= 0 then return "QTY_INCREMENTS" end
  if not self:setting(sku, "decimal_qty") and qty % UNIT ~= 0 then return "DECIMAL_QTY" end
  return nil
end

-- "OK", or the code of the refusal.
function Model:can_sell(sku, stock, qty)
  local total = self:sum(sku, stock)
  if not total.assigned then return "NOT_ASSIGNED" end
  local managed = self:setting(sku, "manage_stock")
  local code = self:limit_broken(sku, qty) or managed and not total.in_stock and "OUT_OF_STOCK"
  if code then return code end
  local floor, _, unlimited = self:numbers(sku, total.on_hand)
  if not managed or unlimited or total.on_hand - total.reserved - floor >= qty then return "OK" end
  return "NOT_ENOUGH"
end

return _M
