-- Manage Stock off, for a product or for the shop: always for sale where it is assigned, nothing is
-- reserved, nothing is deducted. Orders keep the way they were placed in.

local helpers = require "helpers"
local kit = require "order_kit"

local off = { manage_stock = false }

-- What switches it off: for the product "a", or for everything.
local WAYS = {
  ["for the product"] = {
    off = function(inv) assert(inv.products:save{ sku = "a", settings = off }) end,
    on = function(inv)
      assert(inv.products:save{ sku = "a", settings = { manage_stock = true },
        assign_default = false })
    end,
  },
  ["for the shop"] = {
    off = function(inv) assert(inv.settings:set(off)) end,
    on = function(inv) assert(inv.settings:set{ manage_stock = true }) end,
  },
}

-- Runs a spec for each way of switching off, under each policy: fn(inv, stock, way).
local function each(title, fn)
  for name, way in pairs(WAYS) do
    for _, policy in ipairs{ "default", "magento" } do
      it(("%s, %s, under %s"):format(title, name, policy), function()
        kit.with_shop(function(inv, stock)
          assert(inv.policies:activate(policy))
          fn(inv, stock, way)
        end)
      end)
    end
  end
end

-- A movement or a promise since `last` would be a row with a quantity.
local function nothing_moved(inv, last)
  for _, row in ipairs(assert(inv:events{ after = last, limit = 1000 })) do
    assert.same({ 0, 0 }, { row.moved, row.reserved }, row.event)
  end
end

describe("a product whose stock is not managed", function()
  each("can be sold in any quantity where it is assigned", function(inv, stock, way)
    kit.product(inv, "a", { muc = 0 })
    way.off(inv)
    local where = { stock = stock }
    for _, item in ipairs{ { qty = 0 }, { qty = -3 }, { qty = 5, status = "out_of_stock" } } do
      item.sku, item.source = "a", "muc"
      assert(inv.items:save(item))
      assert.is_true(inv:is_salable("a", where))
      assert.is_true(inv:can_sell("a", where, 10000))
    end
    assert(inv.sources:save{ code = "muc", enabled = false })
    assert.is_true(inv:can_sell("a", where, 1))
    assert.is_false(kit.position(inv, "a", stock).managed)
  end)

  each("cannot be sold where it is not assigned", function(inv, stock, way)
    kit.product(inv, "a", { far = 9 })
    way.off(inv)
    assert.is_false(inv:is_salable("a", { stock = stock }))
    helpers.expect_error("NOT_ASSIGNED", inv:can_sell("a", { stock = stock }, 1))
    kit.refused(inv, "NOT_ASSIGNED", "place", { id = "o", stock = stock,
      lines = { { sku = "a", qty = 1 } } })
  end)

  each("keeps the limits of a single order", function(inv, stock, way)
    kit.product(inv, "a", { muc = 0 }, { min_sale_qty = 2, max_sale_qty = 9,
      enable_qty_increments = true, qty_increments = 2 })
    way.off(inv)
    local where = { stock = stock }
    helpers.expect_error("MIN_SALE_QTY", inv:can_sell("a", where, 1))
    helpers.expect_error("MAX_SALE_QTY", inv:can_sell("a", where, 10))
    helpers.expect_error("QTY_INCREMENTS", inv:can_sell("a", where, 3))
    assert.is_true(inv:can_sell("a", where, 4))
    assert(inv.products:save{ sku = "a", settings = { enable_qty_increments = false } })
    helpers.expect_error("DECIMAL_QTY", inv:can_sell("a", where, "2.5"))
  end)

  each("has orders that count their units and nothing else", function(inv, stock, way)
    kit.product(inv, "a", { muc = 5, ham = -1 })
    way.off(inv)
    local last = helpers.ledger_end(inv)
    kit.place(inv, "o", stock, { "a", 20 })
    assert.is_false(inv.orders:get("o").lines[1].tracked)
    assert(inv:cancel{ id = "c", order = "o", lines = { { sku = "a", qty = 2 } } })
    assert(inv:invoice{ id = "i", order = "o", lines = { { sku = "a", qty = 15 } } })
    assert(inv:ship{ id = "s1", order = "o", lines = { { sku = "a", qty = 4 } } })
    assert(inv:ship{ id = "s2", order = "o", source = "far", lines = { { sku = "a", qty = 6 } } })
    assert(inv:refund{ id = "r1", order = "o", lines = { { sku = "a", qty = 5,
      write_off = true } } })
    assert(inv:refund{ id = "r2", order = "o", lines = { { sku = "a", qty = 3,
      return_to_stock = true } } })
    assert(inv:return_goods{ id = "b", order = "o",
      lines = { { sku = "a", qty = 2, to = "ham" } } })
    kit.expect_line(inv, "o", 1, { ordered = 20, cancelled = 2, invoiced = 15, delivered = 10,
      refunded = 8, released = 5, returned = 5, open = 3 })
    kit.refused(inv, "EXCEEDS", "ship", { id = "s3", order = "o",
      lines = { { sku = "a", qty = 4 } } })
    kit.refused(inv, "NOT_FOUND", "ship", { id = "s3", order = "o", source = "nowhere" })
    assert.same({ muc = 5, ham = -1 }, kit.quantities(inv, "a"))
    assert.equal(0, kit.reserved(inv, "a", stock))
    nothing_moved(inv, last)
  end)

  each("of the virtual sort is delivered by the invoice, from nowhere", function(inv, stock, way)
    kit.product(inv, "a", { muc = 1 }, nil, "virtual")
    way.off(inv)
    kit.place(inv, "o", stock, { "a", 4 })
    assert(inv:invoice{ id = "i", order = "o" })
    kit.expect_line(inv, "o", 1, { ordered = 4, invoiced = 4, delivered = 4 })
    assert.same({ muc = 1 }, kit.quantities(inv, "a"))
  end)

  each("ships with others by one plan, which deducts theirs only", function(inv, stock, way)
    kit.product(inv, "a", { muc = 1 })
    way.off(inv)
    kit.product(inv, "b", { ham = 5 }, { manage_stock = true })
    kit.place(inv, "o", stock, { "a", 4 }, { "b", 2 })
    assert.equal(2, kit.reserved(inv, "b", stock))
    local plan = assert(inv:select{ order = "o" })
    assert.is_true(plan.shippable)
    assert(inv:ship{ id = "s", order = "o", plan = plan })
    assert.same({ muc = 1 }, kit.quantities(inv, "a"))
    assert.same({ ham = 3 }, kit.quantities(inv, "b"))
  end)

  it("may be so although the shop manages stock, and the other way about", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 1 }, off)
      kit.product(inv, "b", { muc = 1 }, { manage_stock = true })
      kit.product(inv, "c", { muc = 1 })
      local function sellable()
        local can = {}
        for _, sku in ipairs{ "a", "b", "c" } do
          can[#can + 1] = inv:can_sell(sku, { stock = stock }, 2) or false
        end
        return can
      end
      assert.same({ true, false, false }, sellable())
      assert(inv.settings:set(off))
      assert.same({ true, false, true }, sellable())
    end)
  end)

  each("is not promised to other systems' customers either", function(inv, stock, way)
    kit.product(inv, "a", { muc = 5 })
    way.off(inv)
    local answer = assert(inv:adopt{ id = "1",
      reservations = { { sku = "a", stock = stock, qty = -2 } } })
    assert.same({ 0, 1 }, { answer.taken, answer.skipped })
  end)
end)

describe("managing a product's stock again", function()
  each("starts from the quantities that were recorded", function(inv, stock, way)
    kit.product(inv, "a", { muc = 5 })
    way.off(inv)
    kit.place(inv, "o", stock, { "a", 3 })
    assert(inv:ship{ id = "s", order = "o" })
    assert(inv.items:save{ sku = "a", source = "ham", qty = 2 })
    assert(inv.items:adjust{ id = "1", lines = { { sku = "a", source = "muc", delta = -1 } } })
    way.on(inv)
    assert.equal(6, inv:salable_qty("a", { stock = stock }))
    helpers.expect_error("NOT_ENOUGH", inv:can_sell("a", { stock = stock }, 7))
    kit.place(inv, "p", stock, { "a", 6 })
    assert.equal(6, kit.reserved(inv, "a", stock))
  end)

  each("leaves orders of meanwhile uncounted to their end", function(inv, stock, way)
    kit.product(inv, "a", { muc = 5 })
    way.off(inv)
    kit.place(inv, "o", stock, { "a", 9 })
    way.on(inv)
    local last = helpers.ledger_end(inv)
    assert.same({ 5, 0 },
      { inv:salable_qty("a", { stock = stock }), kit.reserved(inv, "a", stock) })
    assert(inv:ship{ id = "s", order = "o", lines = { { sku = "a", qty = 4 } } })
    assert(inv:return_goods{ id = "b", order = "o", lines = { { sku = "a", qty = 1 } } })
    assert(inv:cancel{ id = "c", order = "o" })
    kit.expect_line(inv, "o", 1, { ordered = 9, cancelled = 5, delivered = 4, returned = 1 })
    assert.same({ muc = 5 }, kit.quantities(inv, "a"))
    nothing_moved(inv, last)
  end)
end)

describe("no longer managing a product's stock", function()
  each("leaves open orders reserved and deducted to their end", function(inv, stock, way)
    kit.product(inv, "a", { muc = 5, ham = 5 })
    kit.place(inv, "o", stock, { "a", 8 })
    way.off(inv)
    assert.equal(8, kit.reserved(inv, "a", stock))
    assert.is_true(inv:can_sell("a", { stock = stock }, 100))
    kit.refused(inv, "INVALID", "ship", { id = "s", order = "o",
      lines = { { sku = "a", qty = 3 } } })
    kit.refused(inv, "NOT_ENOUGH", "ship", { id = "s", order = "o", source = "muc",
      lines = { { sku = "a", qty = 6 } } })
    assert(inv:ship{ id = "s", order = "o", source = "muc", lines = { { sku = "a", qty = 3 } } })
    assert(inv:return_goods{ id = "b", order = "o", lines = { { sku = "a", qty = 1 } } })
    assert.same({ muc = 3, ham = 5 }, kit.quantities(inv, "a"))
    assert(inv:cancel{ id = "c", order = "o", lines = { { sku = "a", qty = 2 } } })
    assert.equal(3, kit.reserved(inv, "a", stock))
    way.on(inv)
    assert.equal(5, inv:salable_qty("a", { stock = stock }))
    assert(inv:ship{ id = "s2", order = "o", plan = inv:select{ order = "o" } })
    assert.equal(0, kit.reserved(inv, "a", stock))
  end)

  each("still lets waiting units have the goods that come", function(inv, stock, way)
    kit.product(inv, "a", { muc = 2 }, { backorders = "allow" })
    kit.place(inv, "o", stock, { "a", 5 })
    way.off(inv)
    assert(inv.items:save{ sku = "a", source = "muc", qty = 5 })
    assert.equal(0, kit.position(inv, "a", stock).backordered)
    assert(inv:ship{ id = "s", order = "o", source = "muc" })
    assert.same({ muc = 0 }, kit.quantities(inv, "a"))
  end)
end)
