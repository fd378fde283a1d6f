-- An order of which nothing is open has no product to read sources for; the sources that the
-- request names were then taken for unknown.

local helpers = require "helpers"
local kit = require "order_kit"

describe("select for an order with nothing open", function()
  it("knows the sources of its stock", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "bike", { muc = 1 })
      kit.place(inv, "o-1", stock, { "bike", 1 })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      local plan = assert(inv:select{ order = "o-1", sources = { "ham" } })
      assert.same({ {}, {}, true }, { plan.picks, plan.short, plan.shippable })
      helpers.expect_error("NOT_FOUND", inv:select{ order = "o-1", sources = { "far" } })
    end)
  end)
end)
