-- counts_spec.lua: what another system counts meets what was sold in the meantime. A count is a
-- fact and is taken; what it leaves short is said where it matters, and nothing is lost.

local helpers = require "helpers"
local kit = require "order_kit"

local product, with_shop = kit.product, kit.with_shop

-- 10 bikes in Munich, 4 of them sold and not yet shipped.
local function with_sold(fn)
  with_shop(function(inv, stock)
    product(inv, "bike", { muc = 10 })
    kit.place(inv, "o-1", stock, { "bike", 4 })
    fn(inv, stock)
  end)
end

local function count(inv, qty, expected)
  return inv.items:save{ sku = "bike", source = "muc", qty = qty, expected = expected }
end

describe("a count", function()
  it("of what lies there keeps what was sold reserved", function()
    with_sold(function(inv, stock)
      assert(count(inv, 9))
      assert.equal(5, inv:salable_qty("bike", { stock = stock }))
      assert.equal(4, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("that leaves out what was sold makes nothing salable, and the shipment waits", function()
    with_sold(function(inv, stock)
      assert(count(inv, 0))
      assert.is_false(inv:is_salable("bike", { stock = stock }))
      local errors = kit.refused(inv, "NOT_ENOUGH", "ship",
        { id = "s-1", order = "o-1", source = "muc" })
      assert.same({ "bike", 4, 0 }, { errors[1].sku, errors[1].requested, errors[1].available })
      assert(count(inv, 4))
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      assert.equal(0, kit.position(inv, "bike", stock).on_hand)
    end)
  end)

  it("that was made before a shipment left is refused, when it says what it had seen", function()
    with_sold(function(inv)
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      helpers.expect_error("CONFLICT", count(inv, 12, 10))
      assert.same({ muc = 6 }, kit.quantities(inv, "bike"))
      assert(count(inv, 8, 6))
    end)
  end)

  it("may as well be a difference, which no sale in between makes wrong", function()
    with_sold(function(inv, stock)
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      assert(inv.items:adjust{ id = "found", reason = "count",
        lines = { { sku = "bike", source = "muc", delta = 2 } } })
      assert.same({ muc = 8 }, kit.quantities(inv, "bike"))
      assert.equal(8, inv:salable_qty("bike", { stock = stock }))
    end)
  end)
end)
