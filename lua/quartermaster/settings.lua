-- Settings: what they are called, what values they take, and how a product's own values and the
-- shop-wide ones become the numbers that rules are made of.
--
-- Inside, quantities are units of 1/10000, and min_sale_qty is always a map from customer group to
-- units with the key "all". A set of settings is kept as text, one "name=value" line each in sorted
-- order, so that equal sets are equal texts.

local check = require "quartermaster.check"
local core = require "quartermaster.core"

local _M = {}

local BACKORDERS = { no = true, allow = true, notify = true }

-- The one table of settings. least/most bound a quantity, in units; those with `shop` are the whole
-- shop's: no product has a value of its own.
_M.DEFINITIONS = {
  manage_stock = { kind = "boolean", default = true },
  reserve_stock = { kind = "boolean", default = true },
  backorders = { kind = "word", words = BACKORDERS, default = "no" },
  out_of_stock_threshold = { kind = "quantity", default = 0 },
  out_of_stock_share = { kind = "quantity", default = 0, least = 0, most = 10000 },
  notify_below = { kind = "quantity" },
  min_sale_qty = { kind = "groups", default = { all = 10000 } },
  max_sale_qty = { kind = "quantity", default = 10000 * 10000, least = 0 },
  enable_qty_increments = { kind = "boolean", default = false },
  qty_increments = { kind = "quantity", default = 10000, least = 0 },
  decimal_qty = { kind = "boolean", default = false },
  b2b_default_only = { kind = "boolean", default = true, shop = true },
  reservations = { kind = "boolean", default = true, shop = true },
  holds = { kind = "boolean", default = true, shop = true },
  source_selection = { kind = "boolean", default = true, shop = true },
  import_export = { kind = "boolean", default = true, shop = true },
}

-- Those that a product may have values of its own for.
_M.PRODUCT = {}
for name, definition in pairs(_M.DEFINITIONS) do
  _M.PRODUCT[name] = not definition.shop and definition or nil
end

local function problem(field, message, code)
  return {
    field = field, code = code or "INVALID", message = message, magento = "Validation Failed",
  }
end


local function parse_quantity(what, name, value, definition)
  check.value(what, name, value, "quantity", 5)
  local units, message, code = core.units(value)
  if not units then
    return nil, problem(name, name .. ": " .. message, code)
  end
  local too_small = definition.least and units < definition.least
  if too_small or definition.most and units > definition.most then
    return nil, problem(name, name .. " is out of range")
  end
  return units
end


local function parse_groups(what, name, value, definition)
  if type(value) ~= "table" then
    value = { all = value }
  end
  local groups = { all = 0 }
  for group, qty in pairs(value) do
    if type(group) ~= "string" then
      error(("%s: %s maps names of customer groups to quantities"):format(what, name), 5)
    end
    if group == "" or #group > 255 or group:find("[%c=%]]") then
      return nil, problem(name, name .. ": this is not a name of a customer group")
    end
    local units, wrong = parse_quantity(what, name, qty, definition)
    if not units then
      return nil, wrong
    end
    groups[group] = units
  end
  return groups
end


local PARSERS = {
  quantity = parse_quantity,
  groups = parse_groups,
  boolean = function(what, name, value)
    check.value(what, name, value, "boolean", 5)
    return value
  end,
  word = function(what, name, value, definition)
    check.value(what, name, value, "string", 5)
    if not definition.words[value] then
      return nil, problem(name, name .. " must be no, allow or notify")
    end
    return value
  end,
}

-- Reads what a caller gave to `what`. Returns the changes (core.inherit stands for "clear it"), or
-- nil and the list of problems. `known` are the definitions that may be given. Unknown names and
-- wrong Lua types raise.
function _M.parse(what, given, known)
  if type(given) ~= "table" then
    error(("%s: settings must be a table, not a %s"):format(what, type(given)), 3)
  end
  local changes, problems = {}, {}
  for name, value in pairs(given) do
    local definition = known[name]
    if not definition and _M.DEFINITIONS[name] then
      error(("%s: '%s' is a setting of the whole shop, for settings:set"):format(what, name), 3)
    elseif not definition then
      error(("%s has no setting '%s' (known: %s)"):format(what, tostring(name),
        table.concat(check.names(known), ", ")), 3)
    end
    if value == core.inherit then
      changes[name] = core.inherit
    else
      local parsed, wrong = PARSERS[definition.kind](what, name, value, definition)
      if parsed == nil then
        problems[#problems + 1] = wrong
      else
        changes[name] = parsed
      end
    end
  end
  if #problems > 0 then
    table.sort(problems, function(a, b) return a.field < b.field end)
    return nil, problems
  end
  return changes
end


-- A new set: `old` with the changes applied.
function _M.merge(old, changes)
  local merged = {}
  for name, value in pairs(old) do
    merged[name] = value
  end
  for name, value in pairs(changes) do
    merged[name] = value
    if value == core.inherit then
      merged[name] = nil
    end
  end
  return merged
end


-- ---- texts ----

local function to_text(value)
  if type(value) == "boolean" then
    return value and "1" or "0"
  elseif type(value) == "number" then
    return string.format("%.0f", value)
  end
  return value
end


-- The "name=value" pairs of a set, sorted; a map's entries are "name[group]=value".
function _M.rows(set)
  local rows = {}
  for name, value in pairs(set) do
    if type(value) == "table" then
      for group, units in pairs(value) do
        rows[#rows + 1] = { name = name .. "[" .. group .. "]", value = to_text(units) }
      end
    else
      rows[#rows + 1] = { name = name, value = to_text(value) }
    end
  end
  table.sort(rows, function(a, b) return a.name < b.name end)
  return rows
end


function _M.to_text(set)
  local lines = {}
  for i, row in ipairs(_M.rows(set)) do
    lines[i] = row.name .. "=" .. row.value
  end
  return table.concat(lines, "\n")
end


local function put(set, name, value)
  local base, group = name:match("^([%a_]+)%[(.*)%]$")
  local definition = _M.DEFINITIONS[base or name]
  if not definition then
    return -- of a newer version: it means nothing to this one
  end
  if group then
    set[base] = set[base] or {}
    set[base][group] = tonumber(value)
  elseif definition.kind == "boolean" then
    set[name] = value == "1"
  elseif definition.kind == "quantity" then
    set[name] = tonumber(value)
  else
    set[name] = value
  end
end


function _M.from_rows(rows)
  local set = {}
  for _, row in ipairs(rows) do
    put(set, row.name, row.value)
  end
  return set
end


-- A damaged file may have lost the text; verify then finds that the rules do not follow from it.
function _M.from_text(text)
  local set = {}
  text = text or ""
  for name, value in text:gmatch("([^\n=]+)=([^\n]*)") do
    put(set, name, value)
  end
  return set
end


-- ---- effective settings, and what callers see ----

-- A product's own values, else the shop's, else the built-in defaults.
function _M.effective(own, shop)
  local set = {}
  for name, definition in pairs(_M.DEFINITIONS) do
    set[name] = definition.default
    if shop[name] ~= nil then
      set[name] = shop[name]
    end
    if own[name] ~= nil then
      set[name] = own[name]
    end
  end
  return set
end


local function to_public(name, value)
  local kind = _M.DEFINITIONS[name].kind
  if kind == "quantity" then
    return core.quantity(value)
  elseif kind == "groups" then
    local groups, only_all = {}, true
    for group, units in pairs(value) do
      groups[group] = core.quantity(units)
      only_all = only_all and group == "all"
    end
    if only_all then
      return groups.all or 0
    end
    return groups
  end
  return value
end


-- The set as callers wrote it.
function _M.public(set)
  local out = {}
  for name, value in pairs(set) do
    out[name] = to_public(name, value)
  end
  return out
end


-- The same without the settings of the whole shop.
function _M.public_of_product(set)
  local out = {}
  for name in pairs(_M.PRODUCT) do
    if set[name] ~= nil then
      out[name] = to_public(name, set[name])
    end
  end
  return out
end


-- ---- rules ----

-- What a policy script is given: the product's settings but the map of smallest quantities.
local function flat(effective)
  local out = _M.public_of_product(effective)
  out.min_sale_qty = nil
  return out
end


local function group_lines(groups)
  local lines = {}
  for group, units in pairs(groups) do
    if group ~= "all" then
      lines[#lines + 1] = group .. "=" .. string.format("%.0f", units)
    end
  end
  table.sort(lines)
  return #lines > 0 and table.concat(lines, "\n") or nil
end


-- What the policy makes of one set of own settings in one stock: the row that the store keeps.
-- own and stock are ids, 0 for one that is being created. nil, message, code when the script fails.
function _M.rule(script, own, stock, effective)
  local rule, message, code, detail = core.evaluate(script, flat(effective), stock)
  if not rule then
    return nil, message, code, detail
  end
  rule.own = own
  rule.stock = stock.id or 0
  rule.managed = effective.manage_stock
  rule.reserves = effective.reserve_stock and effective.reservations
  rule.backorders = effective.backorders
  rule.decimal = effective.decimal_qty
  rule.min_sale = effective.min_sale_qty.all or 0
  rule.min_sale_groups = group_lines(effective.min_sale_qty)
  rule.max_sale = effective.max_sale_qty
  rule.increments = effective.enable_qty_increments and effective.qty_increments or 0
  return rule
end


return _M
