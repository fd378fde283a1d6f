-- When does an outcome agree with a vector? The only place that knows how the engine's failures and
-- MSI's errors correspond.
--
-- Values agree when their canonical texts are equal: numbers with four decimals, the keys of
-- objects sorted, lists in order. Errors agree by `detail.errors[].magento`, which holds MSI's
-- code or text.

local json = require "spec.conformance.json"

local M = {}

local canonical

local function number_text(value)
  local text = ("%.4f"):format(value)
  if text:find("^-0%.0*$") then text = text:sub(2) end
  return (text:gsub("%.?0+$", "", 1))
end

local function list_text(list)
  local parts = {}
  for i, item in ipairs(list) do parts[i] = canonical(item) end
  return "[" .. table.concat(parts, ", ") .. "]"
end

local function object_text(object)
  local keys, parts = {}, {}
  for key in pairs(object) do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  for i, key in ipairs(keys) do parts[i] = ("%q: %s"):format(key, canonical(object[key])) end
  return "{" .. table.concat(parts, ", ") .. "}"
end

function canonical(value)
  if value == nil or value == json.null then return "null" end
  if type(value) == "number" then return number_text(value) end
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) ~= "table" then return tostring(value) end
  if next(value) == nil or value[1] ~= nil then return list_text(value) end
  return object_text(value)
end
M.canonical = canonical

-- A vector may name only some fields of a reservation row; the others are not compared.
local function like(value, expected)
  if type(value) ~= "table" or type(expected) ~= "table" then return value end
  local same = {}
  if expected[1] ~= nil then
    for i, item in ipairs(value) do same[i] = like(item, expected[i] or expected[1]) end
  else
    for key in pairs(expected) do same[key] = like(value[key], expected[key]) end
  end
  return same
end

local PARTIAL = { reservation_list = true }

--- Does the value of operation `name` agree?
function M.value_agrees(name, value, expected)
  if PARTIAL[name] then
    local empty = type(expected) == "table" and next(expected) == nil
    if not empty then value = like(value, expected) end
  end
  return canonical(value) == canonical(expected)
end

-- MSI stops at the first product that fails and reports the last of its errors.
local function reported(errors)
  local first, last = errors[1], nil
  for _, problem in ipairs(errors) do
    if problem.sku == first.sku then last = problem end
  end
  return last and last.magento
end

-- For vectors that give no text the engine knows: the engine's own codes that mean the same.
local MEANS = {
  validation = { INVALID = true, PROTECTED = true },
  no_such_entity = { NOT_FOUND = true },
  ["input-cannot_update_reservation"] = { RAISED = true },
}

local function texts(errors)
  local list = {}
  for i, problem in ipairs(errors) do list[i] = tostring(problem.magento) end
  return list
end

local function messages_agree(failure, expected)
  local means = MEANS[expected.code]
  if means and not means[failure.code] then return false end
  return canonical(texts(failure.errors)) == canonical(expected.messages)
end

--- Does a failure agree with the vector's error?
function M.error_agrees(failure, expected)
  -- The shop's own failure has a name only there; that it failed is all the engine has to do with
  -- it.
  if failure.shop then return true end
  if type(expected.messages) == "table" then return messages_agree(failure, expected) end
  local magento = reported(failure.errors)
  if magento ~= nil then
    if magento == expected.code or magento == expected.message then return true end
  end
  local means = MEANS[expected.code]
  return means ~= nil and means[failure.code] == true
end

--- A failure, or a vector's error, for people.
function M.failure_text(failure)
  local text = ("error %s"):format(failure.code)
  if #failure.errors > 0 then text = text .. " " .. canonical(texts(failure.errors)) end
  return text .. " (" .. failure.message .. ")"
end

function M.error_text(expected)
  local text = ("error %s"):format(tostring(expected.code))
  local said = json.value(expected.messages) or json.value(expected.message)
  return said and text .. " " .. canonical(said) or text
end

return M
