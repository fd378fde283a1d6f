-- Promises of orders and adopted releases may add up to nothing. The stock is in use all the same:
-- deleting it took the balance away from under its orders, whose next event then found the file
-- damaged.

local helpers = require "helpers"
local kit = require "order_kit"

describe("deleting a stock whose promises add up to zero", function()
  it("is refused", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "bike", { muc = 2 })
      assert(inv.stocks:save{ id = stock, channels = {} })
      kit.place(inv, "o-1", stock, { "bike", 2 })
      assert(inv:adopt{ id = "a-1", reservations = { { sku = "bike", qty = 2, stock = stock } } })
      assert.equal(0, kit.reserved(inv, "bike", stock))
      helpers.expect_error("IN_USE", inv.stocks:delete(stock))
      assert(inv:cancel{ id = "c-1", order = "o-1" })
    end)
  end)
end)
