-- shrink.lua: a list of commands that fails, made as short as it can be and printed as a program.

local runner = require "model.runner"
local text = require "model.text"

local _M = {}

local MOST_RUNS = 3000

local function without(list, from, count)
  local new = {}
  for i, entry in ipairs(list) do
    if i < from or i >= from + count then new[#new + 1] = entry end
  end
  return new
end

-- Leaves out stretches of the list, long ones first, as long as what remains still fails.
local function shorten(list, fails)
  local size = math.ceil(#list / 2)
  while size >= 1 do
    local from = 1
    while from <= #list do
      local shorter = without(list, from, size)
      if #shorter < #list and fails(shorter) then list = shorter else from = from + size end
    end
    size = size > 1 and math.ceil(size / 2) or 0
  end
  return list
end

-- ---- simpler commands ----

-- Every table in a value that has entries to leave out, with the way to it.
local function places(value, path, found)
  if type(value) ~= "table" then return found end
  for key, inner in pairs(value) do
    local way = { (table.unpack or unpack)(path) }
    way[#way + 1] = key
    found[#found + 1] = way
    places(inner, way, found)
  end
  return found
end

local function holder_of(value, path)
  for i = 1, #path - 1 do value = value[path[i]] end
  return value, path[#path]
end

local function remove_at(value, path)
  local new = text.copy(value)
  local holder, key = holder_of(new, path)
  if type(key) == "number" then table.remove(holder, key) else holder[key] = nil end
  return new
end

local function set_at(value, path, entry)
  local new = text.copy(value)
  local holder, key = holder_of(new, path)
  holder[key] = entry
  return new
end

-- Keys without which a call would not be one.
local NEEDED = { id = true, sku = true, qty = true, delta = true, code = true, priority = true,
  stock = true, source = true, order = true, line = true, op = true, qty_to_deduct = true }

local QUANTITY = { qty = true, delta = true, qty_to_deduct = true }

local function simplify(list, fails)
  for i = 1, #list do
    local ways = places(list[i], {}, {})
    table.sort(ways, function(a, b) return text.of(a) > text.of(b) end)
    for _, way in ipairs(ways) do
      local key = way[#way]
      local ok, holder = pcall(holder_of, list[i], way)
      local entry = ok and type(holder) == "table" and holder[key]
      local new
      if entry and #way > 1 and not NEEDED[key] then
        new = remove_at(list[i], way)
      elseif entry and QUANTITY[key] and entry ~= 1 then
        new = set_at(list[i], way, 1)
      end
      if new then
        local shorter = text.copy(list)
        shorter[i] = new
        if fails(shorter) then list = shorter end
      end
    end
  end
  return list
end

-- ---- the whole ----

-- The shortest list found, and what differs at its end.
function _M.list(options, commands, run)
  run = run or runner.run
  local runs, problem, kind, first = 0, nil, nil, nil
  local function fails(list)
    runs = runs + 1
    if runs > MOST_RUNS then return false end
    local found, of_kind = run(options, list)
    kind, first = kind or of_kind, first or found
    -- What breaks the model itself must break it at the same place.
    local same = found and of_kind == kind and (kind == "differs" or found == first)
    if not same then return false end
    problem = found
    return true
  end
  if not fails(commands) then return commands, nil end
  local size
  repeat
    size = #text.of(commands)
    commands = simplify(shorten(commands, fails), fails)
  until #text.of(commands) == size or runs > MOST_RUNS
  fails(commands)
  return commands, problem
end

-- ---- printing ----

local SPECIAL = {
  clock = function(seconds) return "now = now + " .. seconds end,
  reopen = function() return "inv:close(); inv = open()" end,
  other = function() return "inv, spare = spare or open(), inv" end,
}

local function call_text(command)
  local special = SPECIAL[command[1]]
  if special then return special(command[2]) end
  local part, method = command[1]:match("^(%w+):(%w+)$")
  local arguments = text.arguments({ (table.unpack or unpack)(command, 2) })
  return ("print(inv%s:%s(%s))"):format(part and "." .. part or "", method or command[1], arguments)
end

-- A program that does the same with the engine, and as a comment what the model says.
function _M.program(options, commands, seed, problem)
  local lines = {
    "-- seed " .. seed,
    'local quartermaster = require "quartermaster"',
    "local now = 1763900000",
    ("local function open() return assert(quartermaster.open{ path = %s, clock = function() " ..
      "return now end%s }) end"):format(options.file and "os.tmpname()" or '":memory:"',
      options.independent and ', shared_sources = "independent"' or ""),
    "local inv = open()",
  }
  for _, command in ipairs(commands) do lines[#lines + 1] = call_text(command) end
  for line in tostring(problem):gmatch("[^\n]+") do lines[#lines + 1] = "-- " .. line end
  return table.concat(lines, "\n")
end

return _M
