-- How single values of the vectors are said in the public API.

local json = require "spec.conformance.json"

local M = {}

--- A text the API requires: what the vectors leave out or give as null is sent as "", so that the
--- engine judges it and no default of the API hides that it is missing.
function M.text(value)
  value = json.value(value)
  if value == nil then return "" end
  return type(value) == "string" and value or tostring(value)
end

--- A required quantity; a missing one is sent as "", which is no quantity.
function M.qty(value)
  value = json.value(value)
  if value == nil then return "" end
  return value
end

--- 0, 1 and their spellings as a boolean; nil stays nil.
function M.flag(value)
  value = json.value(value)
  if value == nil or type(value) == "boolean" then return value end
  return tonumber(value) ~= 0
end

--- 0 and 1 as the API's words. Anything else goes on as text, for the engine to refuse.
function M.status(value)
  value = json.value(value)
  local number = tonumber(value)
  if value == true or number == 1 then return "in_stock" end
  if value == false or number == 0 then return "out_of_stock" end
  return M.text(value)
end

--- The API's word as 0 or 1.
function M.status_number(word)
  return word == "in_stock" and 1 or 0
end

--- The first key of `row` that is given, not null.
function M.first(row, ...)
  for i = 1, select("#", ...) do
    local value = json.value(row[(select(i, ...))])
    if value ~= nil then return value end
  end
  return nil
end

return M
