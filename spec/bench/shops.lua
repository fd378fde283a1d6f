-- shops.lua: our own files: makes a shop with so many products and past orders, and checks one at
-- the end. The past orders are written by the bare loop, which is quicker; `verify` finds no
-- difference.

local quartermaster = require "quartermaster"
local sh = require "sh"

local _M = {}

local PIECE = 10000 -- records of one call

local function with(path, fn)
  local inv = assert(quartermaster.open{ path = path, durability = "normal", busy_timeout = 60 })
  local result = fn(inv)
  inv:close()
  return result
end

function _M.make(path, skus, qty)
  with(path, function(inv)
    for first = 1, skus, PIECE do
      local products, items = {}, {}
      for number = first, math.min(first + PIECE - 1, skus) do
        local sku = "sku-" .. number
        products[#products + 1] = { sku = sku }
        items[#items + 1] = { sku = sku, qty = qty }
      end
      assert(inv.products:save(products))
      assert(inv.items:save(items))
    end
  end)
end

function _M.copy(from, to) sh.output(("cp %s %s"):format(from, to)) end

-- Past orders of one line each, over the first so many products.
function _M.fill(path, orders, skus)
  sh.output(("build/bench/bare at=%s name=past sync=off batch=5000 count=%d skus=%d")
    :format(path, orders, skus))
end

-- Leaves so many units of sku-1 to promise.
function _M.leave(path, qty)
  with(path, function(inv)
    local position = assert(inv:position{ sku = "sku-1", stock = 1 })
    assert(inv.items:save{ sku = "sku-1", qty = position.reserved + qty })
  end)
end

local function pages(read)
  local list, cursor = {}, nil
  repeat
    local rows
    rows, cursor = read(cursor)
    for _, row in ipairs(assert(rows, cursor)) do list[#list + 1] = row end
  until not cursor
  return list
end

-- What is in the file, as the engine works it out anew from the ledger.
function _M.check(path)
  return with(path, function(inv)
    local report = assert(inv:verify())
    local oversold = 0
    local rows = pages(function(cursor) return inv:oversold{ stock = 1, after = cursor } end)
    for _, row in ipairs(rows) do oversold = oversold + row.qty end
    return { orders = report.orders, oversold = oversold, verified = report.ok }
  end)
end

function _M.info() return with(":memory:", function(inv) return inv:info() end) end

return _M
