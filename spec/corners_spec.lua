-- corners_spec.lua: small rules that a review found missing.

local helpers = require "helpers"

describe("a channel without a code", function()
  it("is no place to sell, alone or beside a stock", function()
    helpers.with_inventory({}, function(inv)
      assert(inv.products:save{ sku = "pen" })
      assert(inv.items:save{ sku = "pen", qty = 5 })
      local lines = { { sku = "pen", qty = 1 } }
      helpers.expect_error("INVALID", inv:place{ id = "x", channel = {}, lines = lines })
      helpers.expect_error("INVALID", inv:place{ id = "x", stock = 1, channel = {}, lines = lines })
      assert.equal(5, inv:salable_qty("pen", { stock = 1 }))
    end)
  end)
end)

describe("a plan for goods that are not counted", function()
  it("takes them from the first enabled source", function()
    helpers.with_inventory({}, function(inv)
      assert(inv.sources:save(helpers.source("muc")))
      assert(inv.sources:save(helpers.source("ham")))
      local stock = assert(inv.stocks:save{ name = "EU", sources = {
        { code = "muc", priority = 1 }, { code = "ham", priority = 2 } } })
      assert(inv.products:save{ sku = "pen", settings = { manage_stock = false } })
      assert(inv.items:save{ { sku = "pen", source = "muc", qty = 0 },
        { sku = "pen", source = "ham", qty = 0 } })
      assert(inv:place{ id = "o", stock = stock, lines = { { sku = "pen", qty = 2 } } })
      assert(inv.sources:save{ code = "muc", enabled = false })
      local plan = assert(inv:select{ order = "o" })
      assert.equal("ham", plan.picks[1].source)
      assert(inv:ship{ id = "s", order = "o", plan = plan })
    end)
  end)
end)
