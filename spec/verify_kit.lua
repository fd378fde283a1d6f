-- verify_kit.lua: a shop with one of each kind of fact, and differences planted in its file behind
-- the engine's back. For the specs of verify.

local assert = require "luassert"
local helpers = require "helpers"
local kit = require "order_kit"

local product, place = kit.product, kit.place

local _M = {}

-- o-1 has line 1 "bike" with 2 shipped from muc, 1 of them back; o-2 has 1 "lamp" allocated at the
-- default source. Returns the id of the stock EU, 2.
function _M.fill(inv)
  local stock = kit.furnish(inv)
  product(inv, "bike", { muc = 5, ham = 5 })
  product(inv, "bell", { ham = 1 }, { backorders = "allow" })
  product(inv, "book", { ber = 3 }, nil, "virtual")
  product(inv, "sand", { muc = 3 }, { manage_stock = false })
  product(inv, "tent", { muc = 3 }, { reserve_stock = false })
  product(inv, "lamp", { default = 3 })
  place(inv, "o-1", stock,
    { "bike", 6 }, { "bell", 3 }, { "book", 2 }, { "sand", 9 }, { "tent", 2 })
  place(inv, "o-2", 1, { "lamp", 2 })
  assert(inv:ship{ id = "s-1", order = "o-1", source = "muc", lines = {
    { line = 1, qty = 2 }, { line = 4, qty = 1 }, { line = 5, qty = 2 } } })
  assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
  assert(inv:invoice{ id = "i-1", order = "o-1" })
  assert(inv:refund{ id = "r-1", order = "o-1", lines = { { line = 1, qty = 2, write_off = true },
    { line = 2, qty = 1 }, { line = 4, qty = 1 }, { line = 5, qty = 1, return_to = "ber" } } })
  assert(inv:cancel{ id = "c-1", order = "o-2", lines = { { line = 1, qty = 1 } } })
  assert(inv:allocate{ id = "l-1", order = "o-2",
    lines = { { line = 1, qty = 1, source = "default" } } })
  assert(inv:adopt{ id = "a-1", reservations = { { sku = "bike", stock = stock, qty = -1 } } })
  assert(inv.items:adjust{ id = "j-1",
    lines = { { sku = "bike", source = "muc", delta = "1.5" } } })
  assert(inv.items:save{ sku = "gone", source = "ham", qty = 4 })
  assert(inv.items:delete{ sku = "gone", source = "ham" })
  return stock
end


local function is_found(problems, wanted)
  for _, problem in ipairs(problems) do
    if problem.what == wanted[1] and problem.sku == wanted[2] and problem.stock == wanted[3]
      and problem.source == wanted[4] and problem.order == wanted[5]
      and problem.expected == wanted[6] and problem.found == wanted[7] then
      return true
    end
  end
  return false
end

local function show(problems)
  local list = {}
  for i, p in ipairs(problems) do
    list[i] = ("%s sku=%s stock=%s source=%s order=%s expected=%s found=%s"):format(p.what,
      tostring(p.sku), tostring(p.stock), tostring(p.source), tostring(p.order),
      tostring(p.expected), tostring(p.found))
  end
  return table.concat(list, "\n")
end


-- Changes the file of such a shop with the SQL. Among the problems that verify then finds must be
-- those wanted, each { what, sku, stock, source, order, expected, found }. Returns all problems.
function _M.expect_found(sql, wanted)
  local problems
  kit.with_path(function(path)
    helpers.with_inventory({ path = path }, _M.fill)
    kit.tamper(path, sql)
    helpers.with_inventory({ path = path }, function(inv)
      local report = assert(inv:verify())
      assert.is_false(report.ok)
      problems = report.problems
      for _, one in ipairs(wanted) do
        assert.is_true(is_found(problems, one), one[1] .. " is not found among\n" .. show(problems))
      end
    end)
  end)
  return problems
end


return _M
