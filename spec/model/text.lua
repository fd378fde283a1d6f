-- text.lua: values as Lua source. Equal values give equal texts: keys are sorted.

local quartermaster = require "quartermaster"

local _M = {}

local to_text

-- Whole numbers without a fraction, whichever subtype a host gives them.
local function number_text(number)
  if number == math.floor(number) and math.abs(number) < 2 ^ 53 then
    return ("%.0f"):format(number)
  end
  return ("%.14g"):format(number)
end

local function key_text(key)
  if type(key) == "number" then return "[" .. number_text(key) .. "] = " end
  if key:find("^[%a_][%w_]*$") and key ~= "end" then return key .. " = " end
  return ("[%q] = "):format(key)
end

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do
    if not (type(key) == "number" and value[1] ~= nil and key >= 1 and key <= #value) then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys, function(a, b)
    if type(a) == type(b) then return a < b end
    return type(a) == "number"
  end)
  return keys
end

local function table_text(value)
  local parts = {}
  for i = 1, #value do parts[i] = to_text(value[i]) end
  for _, key in ipairs(sorted_keys(value)) do
    parts[#parts + 1] = key_text(key) .. to_text(value[key])
  end
  if #parts == 0 then return "{}" end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

function to_text(value)
  if type(value) == "number" then return number_text(value) end
  if type(value) == "string" then return ("%q"):format(value) end
  if value == quartermaster.inherit then return "quartermaster.inherit" end
  if type(value) == "table" then return table_text(value) end
  return tostring(value)
end

_M.of = to_text

function _M.arguments(list)
  local parts = {}
  for i = 1, #list do parts[i] = to_text(list[i]) end
  return table.concat(parts, ", ")
end

-- Where two values differ, one line each: "lines.1.qty: the model says 2, the engine 3".
function _M.differences(expected, found, path, list)
  path, list = path or "", list or {}
  if type(expected) == "table" and type(found) == "table" then
    local keys, seen = {}, {}
    for _, side in ipairs{ expected, found } do
      for key in pairs(side) do
        if not seen[key] then keys[#keys + 1] = key end
        seen[key] = true
      end
    end
    table.sort(keys, function(a, b) return key_text(a) < key_text(b) end)
    for _, key in ipairs(keys) do
      local inner = path == "" and tostring(key) or path .. "." .. tostring(key)
      _M.differences(expected[key], found[key], inner, list)
    end
  elseif to_text(expected) ~= to_text(found) then
    list[#list + 1] = ("%s: the model says %s, the engine %s"):format(path, to_text(expected),
      to_text(found))
  end
  return list
end

function _M.copy(value)
  if type(value) ~= "table" then return value end
  local new = {}
  for key, inner in pairs(value) do new[key] = _M.copy(inner) end
  return new
end

return _M
