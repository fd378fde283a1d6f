-- Stocks, channels, links, items and settings change while orders are open: an order goes on as it
-- was placed, and nothing of it is left behind.

local helpers = require "helpers"
local kit = require "order_kit"

-- An order of 4 from a shop with 5 at muc and 5 at ham.
local function with_order(fn)
  kit.with_shop(function(inv, stock)
    kit.product(inv, "a", { muc = 5, ham = 5 })
    assert(inv:place{ id = "o", channel = "eu", lines = { { sku = "a", qty = 4 } } })
    fn(inv, stock)
  end)
end

-- Ships one unit from muc, takes it back, cancels the rest: nothing stays reserved.
local function finish(inv, stock)
  assert(inv:ship{ id = "s", order = "o", source = "muc", lines = { { sku = "a", qty = 1 } } })
  assert.equal(3, kit.reserved(inv, "a", stock))
  assert(inv:return_goods{ id = "b", order = "o", lines = { { sku = "a", qty = 1 } } })
  assert(inv:cancel{ id = "c", order = "o" })
  kit.expect_line(inv, "o", 1, { ordered = 4, cancelled = 3, delivered = 1, returned = 1 })
  assert.equal(0, kit.reserved(inv, "a", stock))
end

describe("an open order goes on in its stock when", function()
  it("its channel moves to another stock", function()
    with_order(function(inv, stock)
      local other = assert(inv.stocks:save{ name = "US", channels = { "eu", "us" },
        sources = { { code = "far", priority = 1 } } })
      assert.equal(other, inv.stocks:resolve("eu"))
      assert.same({ stock, "eu" }, { inv.orders:get("o").stock, inv.orders:get("o").channel.code })
      assert.equal("muc", inv:select{ order = "o" }.picks[1].source)
      finish(inv, stock)
      assert.same({}, kit.all(inv, "reservations", { stock = other }))
    end)
  end)

  it("its stock drops the channel", function()
    with_order(function(inv, stock)
      assert(inv.stocks:save{ id = stock, channels = {} })
      assert.equal(1, inv.stocks:resolve("eu"))
      finish(inv, stock)
    end)
  end)

  it("its stock is renamed", function()
    with_order(function(inv, stock)
      assert(inv.stocks:save{ id = stock, name = "Europe" })
      finish(inv, stock)
    end)
  end)

  it("the source it is shipped from leaves the stock", function()
    with_order(function(inv, stock)
      assert(inv.stocks:unlink{ { stock = stock, source = "muc" } })
      assert.equal("ham", inv:select{ order = "o" }.picks[1].source)
      finish(inv, stock)
      assert.same({ muc = 5, ham = 5 }, kit.quantities(inv, "a"))
    end)
  end)

  it("the source it is shipped from is disabled", function()
    with_order(function(inv, stock)
      assert(inv.sources:save{ code = "muc", enabled = false })
      assert.equal("ham", inv:select{ order = "o" }.picks[1].source)
      finish(inv, stock)
    end)
  end)

  it("other goods of its stock are taken out of the catalogue", function()
    with_order(function(inv, stock)
      kit.product(inv, "b", { muc = 5 })
      assert(inv.products:delete("b"))
      assert(inv.items:delete{ sku = "a", source = "ham" })
      finish(inv, stock)
    end)
  end)

  it("its product's orders are no longer reserved", function()
    with_order(function(inv, stock)
      assert(inv.products:save{ sku = "a", settings = { reserve_stock = false } })
      finish(inv, stock)
    end)
  end)

  it("the policy changes", function()
    with_order(function(inv, stock)
      assert(inv.policies:activate("magento"))
      finish(inv, stock)
    end)
  end)
end)

describe("an open order", function()
  it("that was not reserved stays so when its product's orders are", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 }, { reserve_stock = false })
      kit.place(inv, "o", stock, { "a", 4 })
      assert(inv.products:save{ sku = "a", settings = { reserve_stock = true } })
      assert(inv:ship{ id = "s", order = "o", source = "muc", lines = { { sku = "a", qty = 1 } } })
      assert(inv:cancel{ id = "c", order = "o" })
      assert.equal(0, kit.reserved(inv, "a", stock))
      assert.same({}, inv:reservations())
    end)
  end)

  it("can be cancelled when its product is no longer assigned", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 0 }, { backorders = "allow" })
      kit.place(inv, "o", stock, { "a", 4 })
      assert(inv.items:delete{ sku = "a", source = "muc" })
      helpers.expect_error("NOT_ASSIGNED", inv:can_sell("a", { stock = stock }, 1))
      assert(inv:cancel{ id = "c1", order = "o", lines = { { sku = "a", qty = 1 } } })
      assert(inv:invoice{ id = "i", order = "o", lines = { { sku = "a", qty = 1 } } })
      assert(inv:refund{ id = "r", order = "o", lines = { { sku = "a", qty = 1 } } })
      assert(inv:cancel{ id = "c2", order = "o" })
      kit.expect_line(inv, "o", 1, { ordered = 4, cancelled = 3, invoiced = 1, refunded = 1,
        released = 1 })
      assert.equal(0, kit.reserved(inv, "a", stock))
    end)
  end)
end)

describe("a stock with open orders", function()
  local KINDS = {
    ["are reserved"] = {}, ["are waited for"] = { backorders = "allow" },
    ["are not reserved"] = { reserve_stock = false },
    ["are not counted"] = { manage_stock = false },
  }
  for what, own in pairs(KINDS) do
    it("whose units " .. what .. " is not deleted until they are done", function()
      kit.with_shop(function(inv, stock)
        kit.product(inv, "a", { muc = own.backorders and 1 or 5 }, own)
        kit.place(inv, "o", stock, { "a", 4 })
        assert(inv.channels:delete("eu"))
        local detail = helpers.expect_problems({ "id IN_USE" }, inv.stocks:delete(stock))
        assert.equal(4, detail.errors[1].available)
        assert(inv:cancel{ id = "c", order = "o" })
        assert(inv.stocks:delete(stock))
        assert.equal(stock, inv.orders:get("o").stock)
      end)
    end)
  end

  it("leaves delivered goods a way back after it was deleted", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      kit.place(inv, "o", stock, { "a", 4 })
      assert(inv:ship{ id = "s", order = "o", source = "muc" })
      assert(inv.channels:delete("eu"))
      assert(inv.stocks:delete(stock))
      assert(inv:refund{ id = "r", order = "o",
        lines = { { sku = "a", qty = 3, return_to_stock = true } } })
      assert.same({ muc = 4 }, kit.quantities(inv, "a"))
    end)
  end)
end)
