-- Two ways to ship goods that are promised to somebody else, although the stocks share nothing:
-- from a source of another stock, and for an order that reserves nothing. Both went unguarded.

local helpers = require "helpers"
local kit = require "order_kit"

describe("goods promised to another order", function()
  it("are not shipped from a source that is not the order's stock's own", function()
    kit.with_shop(function(inv, eu)
      local us = assert(inv.stocks:save{ name = "US",
        sources = { { code = "far", priority = 1 } } })
      kit.product(inv, "bike", { muc = 1, far = 1 })
      kit.place(inv, "o-1", eu, { "bike", 1 })
      kit.place(inv, "o-2", us, { "bike", 1 })
      kit.refused(inv, "PROMISED", "ship", { id = "s-1", order = "o-1", source = "far" })
      assert(inv:ship{ id = "s-2", order = "o-1", source = "muc" })
    end)
  end)

  it("are not shipped for an order that reserves nothing", function()
    kit.with_shop(function(inv, eu)
      kit.product(inv, "bike", { muc = 2 }, { reserve_stock = false })
      kit.place(inv, "o-1", eu, { "bike", 2 })
      assert(inv.products:save{ sku = "bike", settings = { reserve_stock = true } })
      kit.place(inv, "o-2", eu, { "bike", 1 })
      kit.refused(inv, "PROMISED", "ship", { id = "s-1", order = "o-1", source = "muc" })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc",
        lines = { { line = 1, qty = 1 } } })
      assert.same({}, helpers.ledger(inv, "oversold"))
    end)
  end)
end)
