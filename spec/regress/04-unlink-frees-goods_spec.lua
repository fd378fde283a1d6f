-- A stock that loses a source no longer claims what lies there. Orders of other stocks that wait
-- for it went on waiting, although new ones would have been served.

local helpers = require "helpers"
local kit = require "order_kit"

describe("taking a source away from a stock", function()
  it("gives what its promises claimed there to those who wait", function()
    kit.with_shop(function(inv, eu)
      local us = assert(inv.stocks:save{ name = "US",
        sources = { { code = "muc", priority = 1 } } })
      kit.product(inv, "bike", { muc = 1 }, { backorders = "allow" })
      kit.place(inv, "o-1", eu, { "bike", 1 })
      local waiting = kit.place(inv, "o-2", us, { "bike", 1 })
      assert.equal(1, waiting.lines[1].backordered)
      local link = { stock = eu, source = "muc" }
      helpers.expect_error("PROMISED", inv.stocks:unlink(link))
      assert(inv.stocks:unlink(link, { force = true }))
      kit.expect_line(inv, "o-2", 1, { ordered = 1, open = 1 })
    end)
  end)
end)
