-- allocation_kit.lua: short ways to allocate, and to look at what is allocated. For the specs of
-- allocations.

local assert = require "luassert"
local kit = require "order_kit"

local _M = {}

local counter = 0

local function new_id()
  counter = counter + 1
  return "d-" .. counter
end

-- Each does something with qty of line 1 of an order, and must be accepted.
function _M.allocate(inv, order, source, qty)
  local lines = { { line = 1, qty = qty, source = source } }
  return assert(inv:allocate{ id = new_id(), order = order, lines = lines })
end


function _M.reassign(inv, order, qty, from, to)
  local lines = { { line = 1, qty = qty, from = from, to = to } }
  return assert(inv:reassign{ id = new_id(), order = order, lines = lines })
end


function _M.ship(inv, order, source, qty)
  local lines = { { line = 1, qty = qty, source = source } }
  return assert(inv:ship{ id = new_id(), order = order, lines = lines })
end


function _M.cancel(inv, order, qty)
  return assert(inv:cancel{ id = new_id(), order = order, lines = { { line = 1, qty = qty } } })
end


-- What line 1 has allocated, as text: "muc 2, ham 1", newest first.
function _M.allocated(inv, order)
  local list = {}
  for i, at in ipairs(assert(inv.orders:get(order)).lines[1].allocations) do
    list[i] = at.source .. " " .. at.qty
  end
  return table.concat(list, ", ")
end


-- What of a product is allocated at each source of the stock, zeros left out.
function _M.at_sources(inv, stock, sku)
  local by_source = {}
  for _, at in ipairs(kit.position(inv, sku or "bike", stock).sources) do
    by_source[at.source] = at.allocated ~= 0 and at.allocated or nil
  end
  return by_source
end


-- A stock's firm, waiting and allocated promises of a product.
function _M.promises(inv, stock, sku)
  local p = kit.position(inv, sku or "bike", stock)
  return { p.firm, p.backordered, p.allocated }
end


-- Runs fn(inv, stock) with order o-1 of 5 bikes, of which muc has 4, ham 4 and ber 2.
function _M.with_order(fn)
  kit.with_shop(function(inv, stock)
    kit.product(inv, "bike", { muc = 4, ham = 4, ber = 2 })
    kit.place(inv, "o-1", stock, { "bike", 5 })
    fn(inv, stock)
  end)
end


return _M
