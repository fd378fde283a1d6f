-- gateway.lua: Quartermaster behind nginx or OpenResty, as small as it can be. nginx.conf beside
-- this file embeds it:
--
--   POST /orders                  places an order; the body is what inv:place takes, as JSON
--   GET  /salable/SKU?channel=eu  what may be promised of a product
--
-- Every worker has one handle of its own, opened in init_worker_by_lua: a handle opened before
-- nginx forks its workers is refused there with FORKED.
--
-- A write waits for the disk, and for the writer of another worker, and while it waits the worker's
-- event loop stands still. So the time to wait is short here, and a client that is told 503 sends
-- the same order again; its id makes that safe. Writing from a worker thread comes with a later
-- version.

-- luacheck: std +ngx_lua

local cjson = require "cjson"
local quartermaster = require "quartermaster"

local _M = {}

local BUSY_TIMEOUT = 0.25 -- seconds

-- What is neither here nor transient (then it is 503) is our own trouble: 500.
local STATUS = {
  INVALID = 400, LIMIT = 400, UNSUPPORTED = 400, NOT_FOUND = 404, CONFLICT = 409, IN_USE = 409,
  NOT_ASSIGNED = 409, MIN_SALE_QTY = 409, MAX_SALE_QTY = 409, QTY_INCREMENTS = 409,
  DECIMAL_QTY = 409, OUT_OF_STOCK = 409, NOT_ENOUGH = 409, EXCEEDS = 409,
}

local options, inventory

local function answer(status, body)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  if status == 503 then ngx.header["Retry-After"] = 1 end
  ngx.say(cjson.encode(body))
end

local function refuse(message, code, detail)
  local known = quartermaster.errors[code]
  local status = known and known.transient and 503 or STATUS[code] or 500
  if status == 500 then ngx.log(ngx.ERR, code, ": ", message) end
  answer(status, { code = code, message = message, errors = detail and detail.errors })
end

-- This worker's handle. A worker that could not open it at its start tries again here.
local function open()
  if inventory then return inventory end
  local message, code, detail
  inventory, message, code, detail = quartermaster.open(options)
  return inventory, message, code, detail
end

-- Calls a method of the inventory with what a client sent. The module raises when a request has
-- the wrong shape, since in a program that is a mistake; from a client it is a bad request. Where
-- in our files it was raised is not for the client.
local function call(method, ...)
  local inv, message, code, detail = open()
  if not inv then return nil, message, code, detail end
  local ok, result
  ok, result, message, code, detail = pcall(inv[method], inv, ...)
  if not ok then return nil, (tostring(result):gsub("^[^\n]-:%d+: ", "")), "INVALID" end
  return result, message, code, detail
end

-- For init_worker_by_lua. Quantities go out as text ("2.5"), which no reader of JSON rounds.
function _M.start(path)
  options = { path = path, busy_timeout = BUSY_TIMEOUT, quantities = "string" }
  local inv, message, code = open()
  if not inv then ngx.log(ngx.ERR, code, ": ", message) end
end

-- For exit_worker_by_lua.
function _M.stop()
  if inventory then inventory:close() end
  inventory = nil
end

-- POST /orders
function _M.orders()
  if ngx.req.get_method() ~= "POST" then
    ngx.header["Allow"] = "POST"
    return answer(405, { code = "INVALID", message = "orders are placed with POST" })
  end
  ngx.req.read_body()
  local ok, order = pcall(cjson.decode, ngx.req.get_body_data() or "")
  if not ok then return refuse("the body is not JSON", "INVALID") end

  local placed, message, code, detail = call("place", order)
  if not placed then return refuse(message, code, detail) end
  answer(placed.replayed and 200 or 201, placed)
end

-- The SKU as the client wrote it: nginx has already tidied up what it gives as the path.
local function requested_sku()
  local text = ngx.var.request_uri:match("^/salable/([^?]*)")
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- GET /salable/SKU?channel=CODE
function _M.salable()
  local sku, channel = requested_sku(), ngx.req.get_uri_args().channel
  if type(channel) ~= "string" then return refuse("name one channel", "INVALID") end
  local page, message, code, detail = call("salable", { channel = channel, skus = { sku } })
  if not page then return refuse(message, code, detail) end

  local found = page[sku]
  if found.code then return refuse(found.message, found.code) end
  answer(200, { sku = sku, channel = channel, qty = found.qty, salable = found.salable })
end

return _M
