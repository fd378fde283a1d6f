-- composite_kit.lua: products that are made of others, for the specs of composites, in the shop of
-- order_kit.

local assert = require "luassert"
local helpers = require "helpers"
local kit = require "order_kit"

local _M = {}

-- Runs fn(inv, stock) in a shop that sells
--   shirt, configurable: shirt-s, shirt-m
--   pans, grouped: pan, 1 proposed; lid, 2 proposed
--   kit, a bundle: a frame, f-1 or f-2; bells as many as wanted, 2 proposed; a guide, if wanted
--   crate, the same shipped together
-- with 10 of each at Munich and 5 at Hamburg; guide is virtual.
function _M.with_shop(fn, options)
  kit.with_shop(function(inv, stock)
    assert(inv.settings:set{ decimal_qty = true, min_sale_qty = 0 })
    for _, sku in ipairs{ "shirt-s", "shirt-m", "pan", "lid", "f-1", "f-2", "bell", "guide" } do
      kit.product(inv, sku, { muc = 10, ham = 5 }, nil, sku == "guide" and "virtual" or "simple")
    end
    _M.save(inv)
    fn(inv, stock)
  end, options)
end


local function bundle_options()
  return {
    { name = "frame", selections = { "f-1", "f-2" } },
    { name = "bells", selections = { { sku = "bell", qty = 2, own_qty = true } } },
    { name = "guide", required = false, selections = { "guide" } },
  }
end


function _M.save(inv)
  assert(inv.products:save{
    { sku = "shirt", type = "configurable", children = { "shirt-s", "shirt-m" } },
    { sku = "pans", type = "grouped", children = { "pan", { sku = "lid", qty = 2 } } },
    { sku = "kit", type = "bundle", options = bundle_options() },
    { sku = "crate", type = "bundle", options = bundle_options(), ship_together = true },
  })
end


-- Places an order of one line; it must be accepted. Each selection is a SKU or a table.
function _M.order(inv, id, stock, sku, qty, ...)
  return assert(inv:place{ id = id, stock = stock,
    lines = { { sku = sku, qty = qty, selections = { ... } } } })
end


-- Runs fn(inv, stock) with an order o-1 of 4 crates: line 2 a frame each, line 3 two bells each,
-- line 4 a guide each.
function _M.with_crates(fn)
  _M.with_shop(function(inv, stock)
    _M.order(inv, "o-1", stock, "crate", 4, "f-1", "bell", "guide")
    fn(inv, stock)
  end)
end


-- An answer's lines, each as "line sku qty", with " of N" for its parent and " from S" for its
-- source.
function _M.lines_of(answer)
  local list = {}
  for i, line in ipairs(answer.lines) do
    list[i] = ("%d %s %s%s%s"):format(line.line, line.sku, tostring(line.qty),
      line.parent and " of " .. line.parent or "", line.source and " from " .. line.source or "")
  end
  return list
end


-- The counters of an order's line that are not zero.
function _M.counters(inv, order, number)
  for _, line in ipairs(assert(inv.orders:get(order)).lines) do
    if line.line == number then
      local seen = {}
      for _, name in ipairs{ "ordered", "cancelled", "invoiced", "delivered", "refunded",
        "released", "returned", "open" } do
        if line[name] ~= 0 then seen[name] = line[name] end
      end
      return seen
    end
  end
  error("the order has no line " .. number)
end


-- The problems of a refusal; those of a part as "index.path.field CODE".
function _M.problems(detail)
  local list = helpers.problems(detail)
  for i, problem in ipairs(detail.errors) do
    if problem.path then
      list[i] = ("%d.%s.%s %s"):format(problem.index, problem.path, problem.field, problem.code)
    end
  end
  return list
end


-- Asserts a refusal with these problems that has changed nothing. Returns the detail.
function _M.refuses(inv, expected, call, request, order)
  local before = kit.snapshot(inv, order)
  local object, method = inv, call
  if call:find(":", 1, true) then
    local group
    group, method = call:match("^(%a+):([%a_]+)$")
    object = inv[group]
  end
  local value, message, code, detail = object[method](object, request)
  assert.is_nil(value)
  assert(detail and detail.errors, message)
  assert.same(expected, _M.problems(detail))
  helpers.expect_error(code, value, message, code, detail)
  assert.same(before, kit.snapshot(inv, order))
  return detail
end


-- The same for an event of an order.
function _M.refuses_event(inv, expected, call, request)
  request.id = "n"
  return _M.refuses(inv, expected, call, request, request.order)
end


return _M
