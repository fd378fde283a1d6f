-- Adopted releases may balance a stock's promises to nothing. The goods behind the promises are
-- needed all the same, and could be taken away without force.

local helpers = require "helpers"
local kit = require "order_kit"

describe("goods whose promises are balanced by adopted releases", function()
  it("are not taken away without force", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "bike", { muc = 1 })
      assert(inv:adopt{ id = "a-1", reservations = { { sku = "bike", qty = 1, stock = stock } } })
      kit.place(inv, "o-1", stock, { "bike", 1 })
      assert.equal(0, kit.reserved(inv, "bike", stock))
      helpers.expect_error("PROMISED", inv.items:delete{ sku = "bike", source = "muc" })
      helpers.expect_error("PROMISED", inv.stocks:unlink{ stock = stock, source = "muc" })
    end)
  end)
end)
