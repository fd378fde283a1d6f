-- The type of a product changes: freely among those that have quantities, and among composites;
-- between the two only while there is nothing to lose.

local helpers = require "helpers"
local kit = require "order_kit"

local COMPOSITES = { "configurable", "grouped", "bundle" }

-- A change to another type, without the default assignment.
local function become(inv, sku, kind)
  return inv.products:save{ sku = sku, type = kind, assign_default = false }
end

-- No change to or from a composite is possible.
local function fixed(inv, sku, ...)
  local before = inv.products:get(sku)
  for _, kind in ipairs{ ... } do
    local detail, message = helpers.expect_problems({ "1.type UNSUPPORTED" },
      become(inv, sku, kind))
    assert.equal(sku, detail.errors[1].subject)
    assert.is_truthy(message:find(sku .. " cannot become a composite", 1, true), message)
    assert.same(before, inv.products:get(sku))
  end
end

describe("a type", function()
  it("changes among simple, virtual and downloadable whatever there is", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      kit.place(inv, "o", stock, { "a", 2 })
      for _, kind in ipairs{ "virtual", "downloadable", "simple", "downloadable" } do
        assert(become(inv, "a", kind))
        assert.equal(kind, inv.products:get("a").type)
        assert.equal(3, inv:salable_qty("a", { stock = stock }))
      end
    end)
  end)

  it("changes among composites", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a", nil, nil, "bundle")
      for _, kind in ipairs(COMPOSITES) do assert(become(inv, "a", kind)) end
      assert.equal("bundle", inv.products:get("a").type)
    end)
  end)

  it("changes to a composite and back while the product has nothing", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a")
      for _, kind in ipairs(COMPOSITES) do
        assert(become(inv, "a", kind))
        helpers.expect_error("UNSUPPORTED", inv.items:save{ sku = "a", source = "muc", qty = 1 })
        assert(become(inv, "a", "virtual"))
      end
      assert(inv.items:save{ sku = "a", source = "muc", qty = 1 })
    end)
  end)

  it("stays while the product has source items, even empty ones", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a", { far = 0 })
      fixed(inv, "a", "bundle", "grouped", "configurable")
      assert(inv.items:delete{ sku = "a", source = "far" })
      assert(become(inv, "a", "bundle"))
    end)
  end)

  -- What the order's product is like.
  local KINDS = {
    ["are promised"] = {}, ["are waited for"] = { backorders = "allow" },
    ["are ordered without being reserved"] = { reserve_stock = false },
    ["are ordered without being counted"] = { manage_stock = false },
  }
  for what, own in pairs(KINDS) do
    it("stays while units " .. what .. ", and not longer", function()
      kit.with_shop(function(inv, stock)
        kit.product(inv, "a", { muc = 5 }, own)
        kit.place(inv, "o", stock, { "a", own.backorders and 8 or 5 })
        assert(inv:ship{ id = "s", order = "o", source = "muc", lines = { { line = 1, qty = 3 } } })
        assert(inv.items:delete({ sku = "a", source = "muc" }, { force = true }))
        fixed(inv, "a", "bundle", "grouped", "configurable")
        assert(inv:cancel{ id = "c", order = "o" })
        assert(become(inv, "a", "grouped"))
      end)
    end)
  end

  it("stays while another system's promises are open", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a")
      assert(inv:adopt{ id = "1", reservations = { { sku = "a", stock = stock, qty = -2 } } })
      fixed(inv, "a", "bundle")
      assert(inv:adopt{ id = "2", reservations = { { sku = "a", stock = stock, qty = 2 } } })
      assert(become(inv, "a", "bundle"))
    end)
  end)
end)

describe("the lines of an order", function()
  it("of goods are shipped, though their product has become virtual", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      kit.place(inv, "o", stock, { "a", 3 })
      assert(become(inv, "a", "virtual"))
      assert(inv:invoice{ id = "i", order = "o" })
      assert.same({ muc = 5 }, kit.quantities(inv, "a"))
      assert.equal("goods", inv.orders:get("o").lines[1].kind)
      assert(inv:ship{ id = "s", order = "o", plan = inv:select{ order = "o" } })
      assert.same({ muc = 2 }, kit.quantities(inv, "a"))
      kit.place(inv, "p", stock, { "a", 2 })
      kit.refused(inv, "UNSUPPORTED", "ship", { id = "s2", order = "p", source = "muc",
        lines = { { sku = "a", qty = 2 } } })
      assert(inv:invoice{ id = "i2", order = "p" })
      assert.same({ muc = 0 }, kit.quantities(inv, "a"))
    end)
  end)

  it("of a virtual product are delivered by the invoice, though it has become goods", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 }, nil, "virtual")
      kit.place(inv, "o", stock, { "a", 3 })
      assert(become(inv, "a", "simple"))
      kit.refused(inv, "UNSUPPORTED", "ship", { id = "s", order = "o", source = "muc",
        lines = { { line = 1, qty = 1 } } })
      assert(inv:invoice{ id = "i", order = "o" })
      assert.same({ muc = 2 }, kit.quantities(inv, "a"))
      kit.expect_line(inv, "o", 1, { ordered = 3, invoiced = 3, delivered = 3 })
    end)
  end)

  it("that are done may come back, and make no item of what is a composite now", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      kit.place(inv, "o", stock, { "a", 3 })
      assert(inv:ship{ id = "s", order = "o", source = "muc" })
      assert(inv.items:delete{ sku = "a", source = "muc" })
      assert(become(inv, "a", "bundle"))
      assert(inv:return_goods{ id = "b", order = "o", lines = { { sku = "a", qty = 2 } } })
      assert(inv:refund{ id = "r", order = "o", lines = { { sku = "a", qty = 1,
        return_to = "ham" } } })
      kit.expect_line(inv, "o", 1, { ordered = 3, delivered = 3, refunded = 1, returned = 3 })
      assert.same({}, inv.items:list())
      assert(become(inv, "a", "simple"))
      assert(inv.items:save{ sku = "a", source = "muc", qty = 1 })
    end)
  end)
end)
