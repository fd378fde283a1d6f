-- engine.lua: the engine under test, driven by the same commands as the model.
--
-- A command is a list of a call's name and its arguments, as people write them. Three are not
-- calls: { "clock", seconds } lets time pass, { "reopen" } closes the file and opens it again, and
-- { "other" } goes on with another handle of the same file.

local quartermaster = require "quartermaster"

local _M = {}

local function open(engine)
  local options = { path = engine.path, durability = "normal",
    clock = function() return engine.now end }
  if engine.independent then options.shared_sources = "independent" end
  return assert(quartermaster.open(options))
end

-- path nil: in memory, where nothing can be opened twice.
function _M.open(options)
  local engine = { path = options.path or ":memory:", now = options.now,
    independent = options.independent }
  engine.inv = open(engine)
  return engine
end

function _M.close(engine)
  engine.inv:close()
  if engine.spare then engine.spare:close() end
end

local SPECIAL = {}

function SPECIAL.clock(engine, seconds)
  engine.now = engine.now + seconds
end

function SPECIAL.reopen(engine)
  if engine.path == ":memory:" then return end
  engine.inv:close()
  engine.inv = open(engine)
end

function SPECIAL.other(engine)
  if engine.path == ":memory:" then return end
  engine.inv, engine.spare = engine.spare or open(engine), engine.inv
end

_M.SPECIAL = SPECIAL

-- Does a command: the answer, or nil, message, code, detail.
function _M.call(engine, command)
  local name = command[1]
  local arguments = { (table.unpack or unpack)(command, 2) }
  if SPECIAL[name] then
    SPECIAL[name](engine, arguments[1])
    return true
  end
  local part, method = name:match("^(%w+):(%w+)$")
  local object = part and engine.inv[part] or engine.inv
  return object[method or name](object, (table.unpack or unpack)(arguments, 1, 3))
end

-- What the engine can do by now that the model may be asked for.
function _M.abilities()
  local inv = assert(quartermaster.open{ path = ":memory:" })
  local has = {}
  for _, name in ipairs{ "hold", "allocate", "backorder_qty", "compensate", "compact" } do
    has[name] = inv[name] ~= nil
  end
  has.rename = inv.products.rename ~= nil
  inv:close()
  return has
end

return _M
