-- hold_kit.lua: a shop with a clock that the spec moves, and short ways to hold and to look.

local kit = require "order_kit"

local _M = {}

-- When the clock of a shop begins.
_M.START = 1763900000

-- Runs fn(inv, stock, clock) in a shop with 10 bikes; clock.now is the time.
function _M.with_shop(fn, settings, options)
  local clock = { now = _M.START }
  options = options or {}
  options.clock = function() return clock.now end
  return kit.with_shop(function(inv, stock)
    kit.product(inv, "bike", { muc = 6, ham = 4 }, settings)
    kit.product(inv, "bell", { muc = 3 })
    fn(inv, stock, clock)
  end, options)
end


function _M.hold(inv, id, stock, qty, ttl)
  local lines = { { sku = "bike", qty = qty } }
  return inv:hold{ id = id, stock = stock, ttl = ttl or 900, lines = lines }
end


function _M.salable(inv, stock)
  return inv:salable_qty("bike", { stock = stock })
end


-- How much of an order's first line waits.
function _M.waits(inv, order)
  return inv.orders:get(order).lines[1].backordered
end


return _M
