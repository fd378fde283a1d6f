-- Reads the vectors. JSON null stays visible as `json.null`, because "explicitly nothing" and
-- "not given" differ in the vectors; whole numbers become Lua integers where the host has them,
-- because a stock id of 10.0 is not what a program would pass.

local cjson = require "cjson"

local M = { null = cjson.null, encode = cjson.encode }

local tointeger = rawget(math, "tointeger") or function() return nil end

local function with_integers(value)
  if type(value) == "number" then return tointeger(value) or value end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = with_integers(item) end
  return copy
end

--- The document in a file; raises what is wrong with it.
function M.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return with_integers(cjson.decode(text))
end

--- The table that a text encodes, or nil when it encodes none.
function M.decode_table(text)
  local ok, value = pcall(cjson.decode, text)
  return ok and type(value) == "table" and with_integers(value) or nil
end

--- Nil for null, the value itself otherwise.
function M.value(value)
  if value == M.null then return nil end
  return value
end

return M
