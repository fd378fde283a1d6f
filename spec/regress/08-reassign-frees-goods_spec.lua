-- Units that were moved to a source of one stock alone left goods behind that another stock was
-- waiting for, and nobody gave them to it.

local kit = require "order_kit"

describe("what a reassignment leaves behind", function()
  it("goes to those of another stock who wait", function()
    kit.with_shop(function(inv, eu)
      local us = assert(inv.stocks:save{ name = "US",
        sources = { { code = "muc", priority = 1 } } })
      kit.product(inv, "bike", { muc = 2, ham = 2 }, { backorders = "allow" })
      kit.place(inv, "o-1", eu, { "bike", 2 })
      assert(inv:allocate{ id = "a-1", order = "o-1", lines = {
        { line = 1, qty = 2, source = "muc" } } })
      kit.place(inv, "o-2", us, { "bike", 2 })
      kit.expect_line(inv, "o-2", 1, { ordered = 2, open = 2, backordered = 2 })
      assert(inv:reassign{ id = "r-1", order = "o-1", lines = {
        { line = 1, qty = 1, to = "ham" } } })
      kit.expect_line(inv, "o-2", 1, { ordered = 2, open = 2, backordered = 1 })
    end)
  end)
end)
