-- Compacting deleted the newest rows before it wrote its own, which then went under one of their
-- numbers: who had read the ledger that far never saw it, nor what came next.

local kit = require "order_kit"

describe("the number of a ledger row that compact takes away", function()
  it("is not given again", function()
    kit.with_shop(function(inv, eu)
      kit.product(inv, "bike", { muc = 2 })
      kit.place(inv, "o-1", eu, { "bike", 2 })
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      local before = kit.all(inv, "events")
      local read = before[#before].seq
      assert.equal(1, assert(inv:compact()).orders)
      local fresh = assert(inv:events{ after = read })
      assert.equal(1, #fresh)
      assert.equal("ledger_compacted", fresh[1].event)
      assert.equal("1", fresh[1].note)
    end)
  end)
end)
