-- Checks of what callers pass: a program that calls the engine wrongly is told so at once, by an
-- error that names the call and the key. What a value means is checked elsewhere.

local _M = {}

local function is_whole(value)
  return type(value) == "number" and value % 1 == 0 and value > -2 ^ 53 and value < 2 ^ 53
end


local CHANNEL = { type = "string", code = "string" }

-- What a kind of value must be: a test and the words for it.
local KINDS = {
  whole = { is_whole, "a whole number" },
  quantity = {
    function(value) return type(value) == "number" or type(value) == "string" end,
    "a quantity (a number or a decimal string)",
  },
  list = { function(value) return type(value) == "table" end, "a list" },
  channel = {
    function(value) return type(value) == "string" or type(value) == "table" end,
    "a website code or a table { type, code }",
  },
}


-- The keys of a table, sorted.
function _M.names(known)
  local list = {}
  for name in pairs(known) do
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end


-- Raises unless value is of that kind: one of KINDS, or the name of a Lua type. The error points at
-- the caller of the public function, `level` calls up.
function _M.value(what, key, value, kind, level)
  local known = KINDS[kind]
  local fine, words = type(value) == kind, "a " .. kind
  if known then
    fine, words = known[1](value), known[2]
  end
  if not fine then
    local given = is_whole(value) and "a number" or type(value) == "number" and tostring(value)
      or "a " .. type(value)
    error(("%s: %s must be %s, not %s"):format(what, key, words, given), level + 1)
  end
  if kind == "channel" and type(value) == "table" then
    _M.keys(what .. ": channel", value, CHANNEL, level + 1)
  end
end


-- Raises unless `given` is a table of these keys: name -> kind.
function _M.keys(what, given, known, level)
  if type(given) ~= "table" then
    error(("%s takes a table, not a %s"):format(what, type(given)), level + 1)
  end
  for key, value in pairs(given) do
    if not known[key] then
      error(("%s has no key '%s' (known: %s)"):format(what, tostring(key),
        table.concat(_M.names(known), ", ")), level + 1)
    end
    _M.value(what, key, value, known[key], level + 1)
  end
end


-- The same for every entry of a list, also behind a hole in it: the core reads all of them.
function _M.entries(what, list, known, level)
  for i = 1, #list do
    local entry = list[i]
    if type(entry) ~= "table" then
      error(("%s: entry %d must be a table, not a %s"):format(what, i, type(entry)), level + 1)
    end
    _M.keys(what, entry, known, level + 1)
  end
end


-- Raises unless every entry of a list, which is called `key`, is of that kind.
function _M.values(what, key, list, kind, level)
  for i = 1, #list do
    if type(list[i]) ~= kind then
      _M.value(what, "an entry of " .. key, list[i], kind, level + 1)
    end
  end
end


-- The second argument of calls that take a list.
_M.LIST_OPTIONS = { force = "boolean" }

-- Is the option `force` given, in the second argument of a call that takes a list?
function _M.force(what, options)
  if options == nil then
    return false
  end
  _M.keys(what .. ": options", options, _M.LIST_OPTIONS, 3)
  return options.force or false
end


return _M
