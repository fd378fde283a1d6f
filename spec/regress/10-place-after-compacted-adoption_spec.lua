-- 10-place-after-compacted-adoption_spec.lua: reservations of an unknown order were settled and
-- compacted, then the order was placed here: the sum was left with a document that was gone.

local kit = require "order_kit"

describe("placing an order whose adopted reservations were compacted", function()
  it("leaves the sum with the order", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "bike", { muc = 5 })
      local function row(qty) return { order = "o-1", sku = "bike", qty = qty, stock = stock } end
      assert(inv:adopt{ id = "a-1", reservations = { row(-2) } })
      assert(inv:compensate{ id = "k-1", lines = { row(2) } })
      assert.equal(1, assert(inv:compact()).orders)
      assert(inv:adopt{ id = "a-2", reservations = { row(-1) } })
      kit.place(inv, "o-1", stock, { "bike", 1 })
      assert.same({}, assert(inv:verify()).problems)
      local orders = {}
      for _, event in ipairs(kit.all(inv, "events")) do
        if event.event == "ledger_compacted" or event.event == "reservation_adopted" then
          orders[#orders + 1] = event.order or "none"
        end
      end
      for _, order in ipairs(orders) do assert.is_true(order == "o-1" or order == "none") end
      assert.is_true(#orders >= 2)
    end)
  end)
end)
