-- MSI's stock options as Quartermaster's settings.
--
-- A product's option counts only where inheritance is off. Its flag use_config_X says so; a value
-- that comes without its flag turns inheritance off as well, except for manage_stock, which
-- without the flag keeps following the shop. A value stays stored while it is inherited, so every
-- product's raw options are kept here and its own settings worked out of all of them.

local convert = require "spec.conformance.convert"
local json = require "spec.conformance.json"

local M = {}

local BACKORDERS = { [0] = "no", [1] = "allow", [2] = "notify" }
local ALL_GROUPS = "32000"

local function backorders(value)
  return BACKORDERS[tonumber(value)] or tostring(value)
end

local function by_group(value)
  if type(value) ~= "table" then return value end
  local map = {}
  for group, qty in pairs(value) do
    group = tostring(group)
    map[group == ALL_GROUPS and "all" or group] = convert.qty(qty)
  end
  return map
end

local function same(value)
  return value
end

-- builtin: what a product owns when inheritance is switched off before any value was given.
local OPTIONS = {
  manage_stock = { name = "manage_stock", convert = convert.flag, builtin = 1 },
  backorders = { name = "backorders", convert = backorders, builtin = 0 },
  min_qty = { name = "out_of_stock_threshold", convert = same, builtin = 0 },
  notify_stock_qty = { name = "notify_below", convert = same, builtin = 1 },
  min_sale_qty = { name = "min_sale_qty", convert = by_group, builtin = 1 },
  max_sale_qty = { name = "max_sale_qty", convert = same, builtin = 10000 },
  enable_qty_increments = { name = "enable_qty_increments", convert = convert.flag, builtin = 0 },
  qty_increments = { name = "qty_increments", convert = same, builtin = 1 },
  can_subtract = { name = "reserve_stock", convert = convert.flag, builtin = 1 },
  is_qty_decimal = { name = "decimal_qty", convert = convert.flag, builtin = 0 },
}

-- Display, mail and index options, and the mirrored quantity: nothing in the engine depends on
-- them.
local WITHOUT_EFFECT = {
  can_back_in_stock = true, auto_return = true, show_out_of_stock = true,
  display_product_stock_status = true, stock_threshold_qty = true, not_available_message = true,
  synchronize_with_catalog = true, is_decimal_divided = true, is_in_stock = true, qty = true,
}

local function option_of(key)
  local option = key:match("^use_config_(.*)$") or key
  if OPTIONS[option] == nil and not WITHOUT_EFFECT[option] then
    error("unknown stock option: " .. key, 0)
  end
  return option
end

--- Shop-wide settings; null takes the built-in value again.
function M.global(values, inherit)
  local settings = {}
  for key, value in pairs(values) do
    local rule = OPTIONS[option_of(key)]
    if rule then
      if json.value(value) == nil then
        settings[rule.name] = inherit
      else
        settings[rule.name] = rule.convert(value)
      end
    end
  end
  return settings
end

local function merge(raw, values)
  for key, value in pairs(values) do
    local option = option_of(key)
    raw[key] = json.value(value)
    local flag = "use_config_" .. option
    if key == option and option ~= "manage_stock" and values[flag] == nil then
      raw[flag] = json.value(value) == nil and 1 or 0
    end
  end
end

--- A product's own settings after `values` were written over its raw options.
function M.product(raw, values, inherit)
  merge(raw, values)
  local settings = {}
  for option, rule in pairs(OPTIONS) do
    local inherits = convert.flag(raw["use_config_" .. option])
    if inherits == true then
      settings[rule.name] = inherit
    elseif inherits == false then
      local value = raw[option]
      if value == nil then value = rule.builtin end
      settings[rule.name] = rule.convert(value)
    end
  end
  return settings
end

return M
