-- rules.lua: what settings mean, under both policies: how much is kept back, and what of a quantity
-- may be sold.

local promises = require "model.promises"
local quartermaster = require "quartermaster"
local shop_of = require "model.shop"

local _M = {}

local UNIT = shop_of.UNIT

local DEFAULTS = {
  manage_stock = true, reserve_stock = true, backorders = "no", out_of_stock_threshold = 0,
  out_of_stock_share = 0, min_sale_qty = { all = UNIT }, max_sale_qty = 10000 * UNIT,
  enable_qty_increments = false, qty_increments = UNIT, decimal_qty = false,
}

-- Changed settings, in units, over the old ones.
function _M.merge(old, changes)
  local new = {}
  for name, value in pairs(old) do new[name] = value end
  for name, value in pairs(changes) do
    if value == quartermaster.inherit then
      value = nil
    elseif name == "min_sale_qty" then
      local groups = { all = 0 }
      if type(value) ~= "table" then value = { all = value } end
      for group, qty in pairs(value) do groups[group] = shop_of.units(qty) end
      value = groups
    elseif type(value) == "number" then
      value = shop_of.units(value)
    end
    new[name] = value
  end
  return new
end

function _M.setting(shop, product, name)
  local own, shops = shop.products[product].own[name], shop.settings[name]
  if own ~= nil then return own end
  if shops ~= nil then return shops end
  return DEFAULTS[name]
end

-- What the policy makes of a product's settings in a stock. `gate`: what must be left for a figure
-- other than zero to be shown, where that is not what makes the product salable.
function _M.rule(shop, product, stock)
  local function setting(name) return _M.setting(shop, product, name) end
  local magento, threshold = shop.policy == "magento", setting("out_of_stock_threshold")
  local rule = {
    managed = setting("manage_stock"),
    reserves = setting("reserve_stock") and shop.settings.reservations ~= false,
    backorders = setting("backorders") ~= "no", word = setting("backorders"),
    floor = 0, share = 0, unlimited = false,
    gate = magento and threshold or nil, write_off = magento,
    return_by_priority = magento, exempt = magento and stock == shop_of.DEFAULT_STOCK,
  }
  if rule.backorders then
    rule.floor, rule.unlimited = math.min(0, threshold), threshold >= 0
  elseif magento then
    rule.floor = math.max(0, threshold)
  else
    rule.floor = math.max(0, threshold) + math.max(0, setting("notify_below") or 0)
    rule.share = setting("out_of_stock_share")
  end
  return rule
end

-- Where a product stands in a stock: its rule and all sums. network: that of promises, if at hand.
function _M.stand(shop, product, stock, network)
  local hand = shop_of.hand(shop, product, stock)
  local stand = { rule = _M.rule(shop, product, stock), hand = hand, on_hand = hand.on_hand }
  for name, total in pairs(shop_of.promised(shop, product, stock)) do stand[name] = total end
  stand.share = math.ceil(hand.on_hand * stand.rule.share / UNIT)
  stand.floor = stand.rule.floor + stand.share
  stand.slack, stand.claimed = promises.cover(shop, product, stock,
    network or promises.network(shop, product))
  stand.live = stand.on_hand - stand.claimed - stand.reserved - stand.floor
  return stand
end

local function is_assigned(stand)
  return stand.hand.assigned > 0 or stand.rule.exempt
end

function _M.is_salable(stand)
  if not is_assigned(stand) then return false end
  if not stand.rule.managed then return true end
  return stand.hand.in_stock > 0 and (stand.rule.unlimited or stand.live > 0)
end

function _M.salable_qty(stand)
  local rule, shown = stand.rule, false
  if stand.hand.active > 0 and not rule.gate then
    shown = _M.is_salable(stand)
  elseif stand.hand.active > 0 then
    shown = not rule.managed or rule.backorders and rule.gate >= 0 and stand.hand.in_stock > 0
      or stand.live + stand.rule.floor - rule.gate > 0
  end
  return shown and stand.live or 0
end

-- The first limit of a single sale that a quantity breaks.
local function limit_broken(shop, product, group, qty)
  local function setting(name) return _M.setting(shop, product, name) end
  local groups, most = setting("min_sale_qty"), setting("max_sale_qty")
  local least = group and groups[group] or groups.all or 0
  local step = setting("enable_qty_increments") and setting("qty_increments") or 0
  if least ~= 0 and qty < least then return "MIN_SALE_QTY" end
  if most ~= 0 and qty > most then return "MAX_SALE_QTY" end
  if step > 0 and qty % step ~= 0 then return "QTY_INCREMENTS" end
  if not setting("decimal_qty") and qty % UNIT ~= 0 then return "DECIMAL_QTY" end
  return nil
end

-- Why a quantity of a product cannot be sold in a stock: a list of codes, empty when it can.
function _M.refusals(shop, product, stock, group, qty)
  local stand = _M.stand(shop, product, stock)
  local codes, rule = {}, stand.rule
  if not is_assigned(stand) then return { "NOT_ASSIGNED" } end
  codes[1] = limit_broken(shop, product, group, qty)
  if rule.managed and stand.hand.in_stock == 0 then codes[#codes + 1] = "OUT_OF_STOCK" end
  if #codes == 0 and rule.managed and not rule.unlimited and stand.live < qty then
    codes[1] = "NOT_ENOUGH"
  end
  return codes
end

return _M
