-- lookalike_spec.lua: SKUs that other systems take for one another, because they are the same
-- number or differ in case only, go their own ways through the whole life of an order.

local kit = require "order_kit"

local expect_line, product, with_shop = kit.expect_line, kit.product, kit.with_shop

-- The pairs that are equal as numbers, or without case.
local PAIRS = {
  { "1234", "01234" }, { "1000", "1e3" }, { "26", "0x1A" }, { "12345", "12345.0" },
  { "0", "-0" }, { "bike", "BIKE" },
}

for _, pair in ipairs(PAIRS) do
  local mine, other = pair[1], pair[2]

  describe(("an order of %s and %s"):format(mine, other), function()
    local function with_order(fn)
      with_shop(function(inv, stock)
        product(inv, mine, { muc = 10 })
        product(inv, other, { muc = 10 })
        kit.place(inv, "o-1", stock, { mine, 4 }, { other, 4 })
        fn(inv, stock)
      end)
    end

    local function untouched(inv, stock)
      expect_line(inv, "o-1", 2, { ordered = 4, open = 4 })
      assert.equal(6, inv:salable_qty(other, { stock = stock }))
      assert.same({ muc = 10 }, kit.quantities(inv, other))
    end

    it("cancels, ships, refunds and takes back only the one that is named", function()
      with_order(function(inv, stock)
        local function one() return { { sku = mine, qty = 1 } } end
        assert(inv:cancel{ id = "c-1", order = "o-1", lines = one() })
        assert(inv:ship{ id = "s-1", order = "o-1", source = "muc", lines = one() })
        assert(inv:invoice{ id = "i-1", order = "o-1", lines = one() })
        assert(inv:refund{ id = "r-1", order = "o-1",
          lines = { { sku = mine, qty = 1, return_to_stock = true } } })
        expect_line(inv, "o-1", 1, { ordered = 4, cancelled = 1, delivered = 1, invoiced = 1,
          refunded = 1, returned = 1, open = 2 })
        untouched(inv, stock)
      end)
    end)

    it("counts, promises and lists each for itself", function()
      with_order(function(inv, stock)
        assert(inv.items:save{ sku = mine, source = "muc", qty = 5 })
        assert.equal(1, inv:salable_qty(mine, { stock = stock }))
        untouched(inv, stock)
        local page = inv:salable{ stock = stock, skus = { mine, other } }
        assert.same({ 1, 6 }, { page[mine].qty, page[other].qty })
        assert.equal(1, #inv:reservations{ sku = mine })
        assert.equal(mine, inv.items:list{ sku = mine }[1].sku)
      end)
    end)

    it("refuses the one that is short, and says which", function()
      with_order(function(inv, stock)
        local errors = kit.refused(inv, "NOT_ENOUGH", "place", { id = "o-2", stock = stock,
          lines = { { sku = mine, qty = 6 }, { sku = other, qty = 7 } } })
        for _, problem in ipairs(errors) do assert.equal(other, problem.sku) end
      end)
    end)
  end)
end
