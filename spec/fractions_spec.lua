-- fractions_spec.lua: orders of fractions end at nothing left, not at a remainder of rounding, and
-- fractions are sold only where they may be.

local kit = require "order_kit"

local product, with_shop = kit.product, kit.with_shop

local function with_rope(fn)
  with_shop(function(inv, stock)
    product(inv, "rope", { muc = 10 }, { decimal_qty = true, min_sale_qty = 0 })
    fn(inv, stock)
  end)
end

describe("an order of fractions", function()
  it("is done when ten tenths of one are shipped, though ten floats make less than one", function()
    with_rope(function(inv, stock)
      local sum = 0
      kit.place(inv, "o-1", stock, { "rope", 1 })
      for i = 1, 10 do
        sum = sum + 0.1
        assert(inv:ship{ id = "s-" .. i, order = "o-1", source = "muc",
          lines = { { line = 1, qty = 0.1 } } })
      end
      assert.is_true(sum < 1)
      kit.expect_line(inv, "o-1", 1, { ordered = 1, delivered = 1 })
      assert.same({}, inv:select{ order = "o-1" }.picks)
      assert.equal(0, kit.reserved(inv, "rope", stock))
      assert.same({ muc = 9 }, kit.quantities(inv, "rope"))
    end)
  end)

  it("is done when floats that add up with noise are shipped, cancelled and refunded", function()
    with_rope(function(inv, stock)
      kit.place(inv, "o-1", stock, { "rope", "1.1" })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc",
        lines = { { line = 1, qty = 0.1 + 0.2 } } })
      assert(inv:cancel{ id = "c-1", order = "o-1", lines = { { line = 1, qty = 1.1 - 1 } } })
      assert(inv:invoice{ id = "i-1", order = "o-1" })
      assert(inv:refund{ id = "r-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
      kit.expect_line(inv, "o-1", 1, { ordered = 1.1, cancelled = 0.1, delivered = 0.3,
        invoiced = 1, refunded = 1, released = 0.7 })
      assert.equal(0, kit.reserved(inv, "rope", stock))
    end)
  end)

  it("is refused what is finer than its four decimals, whatever step it is", function()
    with_rope(function(inv, stock)
      kit.place(inv, "o-1", stock, { "rope", 1 })
      local lines = { { line = 1, qty = 0.00004 } }
      for _, call in ipairs{ "cancel", "ship", "invoice", "refund", "return_goods" } do
        kit.refused(inv, "INVALID", call, { id = "e-1", order = "o-1", lines = lines,
          source = call == "ship" and "muc" or nil })
      end
    end)
  end)
end)

describe("a fraction of what is sold in whole pieces", function()
  it("is refused, by can_sell and by place", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 10 })
      local _, _, code = inv:can_sell("bike", { stock = stock }, "1.5")
      assert.equal("DECIMAL_QTY", code)
      kit.refused(inv, "DECIMAL_QTY", "place", { id = "o-1", stock = stock,
        lines = { { sku = "bike", qty = "1.5" } } })
    end)
  end)
end)
