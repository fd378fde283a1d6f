-- care_kit.lua: short ways to say orders and reservations of another system, and what does not fit
-- in them. Their stock is 2, which order_kit's shop sells from.

local kit = require "order_kit"

local _M = {}

function _M.order(id, ...)
  return { id = id, stock = 2, lines = { ... } }
end


function _M.row(order, sku, qty, note)
  return { order = order, sku = sku, stock = 2, qty = qty, note = note }
end


-- The inconsistencies, each as "order sku stock qty state".
function _M.found(inv, filter)
  local list = {}
  for i, one in ipairs(kit.all(inv, "inconsistencies", filter)) do
    list[i] = ("%s %s %d %s %s"):format(one.order, one.sku, one.stock, one.qty, one.state)
  end
  return list
end


-- The same numbers on every host: a function that gives one of 1 to n.
function _M.new_random(seed)
  local state = seed % 2147483646 + 1
  return function(n)
    state = state * 16807 % 2147483647
    return math.floor(state / 2147483647 * n) + 1
  end
end


return _M
