-- worker.lua: the other side of crew.lua, inside a process of a crew: how it waits for the common
-- start, learns that it is time to stop, and tells the spec what it did.

local quartermaster = require "quartermaster"

local _M = {}

local LIFETIME = 100 -- seconds; a worker whose spec has died must not go on for ever

function _M.say(...)
  io.stdout:write(table.concat({ ... }, " "), "\n")
  io.stdout:flush()
end

-- Opens the crew's file. Nobody may be turned away because others are busy, so it waits long.
function _M.open(directory, options)
  local given = { path = directory .. "/shop.db", busy_timeout = 60, durability = "normal" }
  for key, value in pairs(options or {}) do given[key] = value end
  return assert(quartermaster.open(given))
end

-- Returns when the whole crew is ready. Opening a named pipe waits until the other end is opened
-- too, so that everybody wakes at once and nobody has to look again and again.
function _M.begin(directory)
  _M.say("ready")
  assert(io.open(directory .. "/gate", "r")):close()
end

-- Returns a function that says whether to go on.
function _M.going(directory)
  local stop, last = directory .. "/stop", os.time() + LIFETIME
  return function()
    local file = io.open(stop, "r")
    if file then file:close() end
    return not file and os.time() < last
  end
end

-- The list in random order.
function _M.shuffled(list, random)
  local copy = {}
  for i, value in ipairs(list) do copy[i] = value end
  for i = #copy, 2, -1 do
    local other = random(1, i)
    copy[i], copy[other] = copy[other], copy[i]
  end
  return copy
end

return _M
