-- parse.lua: reads what the clients are told and print: words of the form KEY=VALUE.

local _M = {}

-- "a=1 b=x" -> { a = 1, b = "x" }; nil and a reason for anything else.
function _M.words(text)
  local values = {}
  for word in text:gmatch("%S+") do
    local key, value = word:match("^([%l%d_]+)=(.*)$")
    if not key then return nil, ("'%s' is not KEY=VALUE"):format(word) end
    values[key] = tonumber(value) or value
  end
  return values
end

-- The one line of results of a client: nil and a reason when it printed something else.
function _M.result(text)
  local line = text:match("(done=[^\n]*)\n?$")
  local values = line and _M.words(line)
  if not values or not tonumber(values.done) or not tonumber(values.seconds) then
    local said = text:gsub("%s+$", "")
    return nil, said == "" and "it printed nothing" or said
  end
  return values
end

-- "1,3" -> { [1] = true, [3] = true }; nothing or an empty text names all.
function _M.rows(text, count)
  local wanted = {}
  if not text or text == "" then
    for row = 1, count do wanted[row] = true end
    return wanted
  end
  for word in text:gmatch("[^,%s]+") do
    local row = tonumber(word)
    if not row or row % 1 ~= 0 or row < 1 or row > count then
      return nil, ("there is no row %s, only 1 to %d"):format(word, count)
    end
    wanted[row] = true
  end
  return wanted
end

return _M
