-- before_fork.lua: runs inside nginx. Opens a file in the master, before there are workers, and
-- lets a worker try what can be done with that handle. Nobody should do this; the spec shows what
-- happens.

local cjson = require "cjson"
local quartermaster = require "quartermaster"

local _M = {}

local path, handle

-- For init_by_lua.
function _M.open(file)
  path = file
  handle = assert(quartermaster.open{ path = path })
  assert(handle.items:save{ sku = "lamp", qty = 5 })
end

local CALLS = {
  salable_qty = function() return handle:salable_qty("lamp", { stock = 1 }) end,
  save = function() return handle.items:save{ sku = "lamp", qty = 6 } end,
  place = function()
    return handle:place{ id = "o-1", stock = 1, lines = { { sku = "lamp", qty = 1 } } }
  end,
  orders = function() return handle.orders:get("o-1") end,
  events = function() return handle:events() end,
  verify = function() return handle:verify() end,
  -- While the master has the file open, SQLite in this process would take the master's locks for
  -- its own: a handle of the worker's own is not safe either.
  open = function()
    local own, message, code = quartermaster.open{ path = path }
    if not own then return nil, message, code end
    own:close()
    return true
  end,
}

-- For content_by_lua: what each call answers in this worker.
function _M.try()
  local codes = {}
  for name, call in pairs(CALLS) do
    local result, _, code = call()
    codes[name] = result and "it worked" or code
  end
  ngx.say(cjson.encode(codes)) -- luacheck: ignore 113
end

return _M
