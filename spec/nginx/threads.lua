-- threads.lua: runs inside nginx. Orders are placed in a thread of a pool, so that the worker's
-- event loop goes on meanwhile. Each Lua state of the pool has a handle of its own, opened when it
-- is first needed; nginx gives one state to different threads, but never to two at a time.

local cjson = require "cjson"
local quartermaster = require "quartermaster"

local _M = {}

local handle

-- In a thread: only text crosses.
function _M.place(path, body)
  handle = handle or assert(quartermaster.open{ path = path, busy_timeout = 0.25,
    quantities = "string" })
  local placed, message, code = handle:place(cjson.decode(body))
  local known = code and quartermaster.errors[code]
  local status = placed and (placed.replayed and 200 or 201) or known.transient and 503 or 409
  return status, cjson.encode(placed or { code = code, message = message })
end

-- For content_by_lua, in the event loop.
function _M.orders()
  local ngx = ngx -- luacheck: ignore 113
  ngx.req.read_body()
  local path = ngx.config.prefix() .. "build/gateway/shop.db"
  local ok, status, text = ngx.run_worker_thread("writers", "threads", "place", path,
    ngx.req.get_body_data())
  if not ok then status, text = 503, cjson.encode{ message = tostring(status) } end
  ngx.status = status
  ngx.say(text)
end

return _M
