-- What compensate said of a settled reservation, its product gone, hung on whether the ledger had
-- been compacted.

local kit = require "order_kit"

describe("a reservation of a deleted product that is settled", function()
  for _, compacts in ipairs{ false, true } do
    it("is not there to compensate" .. (compacts and ", compacted or not" or ""), function()
      kit.with_shop(function(inv, eu)
        kit.product(inv, "bike", { muc = 9 })
        assert(inv:adopt{ id = "a-1", reservations = {
          { order = "old", sku = "bike", stock = eu, qty = -2 } } })
        assert(inv:compensate{ id = "k-1", lines = {
          { order = "old", sku = "bike", stock = eu, qty = 2 } } })
        assert(inv.products:delete("bike", { force = true }))
        if compacts then assert.equal(1, assert(inv:compact()).orders) end
        kit.refused(inv, "NOT_FOUND", "compensate", { id = "k-2", lines = {
          { order = "old", sku = "bike", stock = eu, qty = 1 } } })
      end)
    end)
  end
end)
