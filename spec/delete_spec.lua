-- Deleting products: what goes with them, what forbids it, and how orders of them go on.

local helpers = require "helpers"
local kit = require "order_kit"

local expect_error = helpers.expect_error

local function skus(inv)
  return helpers.column(assert(inv.products:list()), "sku")
end

-- Refused with these problems, and nothing has changed.
local function refused(inv, problems, ...)
  local before = kit.snapshot(inv)
  local detail, message = helpers.expect_problems(problems, inv.products:delete(...))
  assert.same(before, kit.snapshot(inv))
  return detail, message
end

-- A shop where 3 of "a" are still open, of an order of 6 with 1 cancelled and 2 shipped from muc.
local function with_open_order(fn)
  kit.with_shop(function(inv, stock)
    kit.product(inv, "a", { muc = 5, ham = 4 })
    kit.place(inv, "o", stock, { "a", 6 })
    assert(inv:cancel{ id = "c", order = "o", lines = { { sku = "a", qty = 1 } } })
    assert(inv:ship{ id = "s", order = "o", source = "muc", lines = { { sku = "a", qty = 2 } } })
    fn(inv, stock)
  end)
end

describe("products:delete", function()
  it("takes one SKU or a list and says how many it deleted", function()
    kit.with_shop(function(inv)
      for _, sku in ipairs{ "a", "b", "c", "d" } do kit.product(inv, sku) end
      assert.equal(1, inv.products:delete("b"))
      assert.equal(2, inv.products:delete{ "d", "a" })
      assert.same({ "c" }, skus(inv))
      expect_error("NOT_FOUND", inv.products:get("a"))
      assert.equal(1, inv:verify().products)
    end)
  end)

  it("counts a SKU that comes twice once", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a", { muc = 2 })
      assert.equal(1, inv.products:delete{ "a", "a" })
      assert.equal(1, #helpers.ledger(inv, "product_deleted"))
    end)
  end)

  it("removes the source items, each with a row in the ledger", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5, ham = -2, far = 0 })
      kit.product(inv, "b", { muc = 7 })
      local last = helpers.ledger_end(inv)
      assert(inv.products:delete("a"))
      assert.same({}, kit.quantities(inv, "a"))
      assert.same({ "b" }, helpers.column(inv.items:list{ source = "muc" }, "sku"))
      local rows = {}
      for i, row in ipairs(assert(inv:events{ after = last })) do
        rows[i] = ("%s %s %s %g"):format(row.event, row.sku, row.source or "-", row.moved)
      end
      table.sort(rows)
      assert.same({ "item_removed a far 0", "item_removed a ham 2", "item_removed a muc -5",
        "product_deleted a - 0" }, rows)
      expect_error("NOT_FOUND", inv:salable_qty("a", { stock = stock }))
      expect_error("NOT_FOUND", inv:place{ id = "o", stock = stock,
        lines = { { sku = "a", qty = 1 } } })
    end)
  end)

  it("deletes what is only known from source items, and whatever the type", function()
    kit.with_shop(function(inv)
      assert(inv.items:save{ sku = "ghost", source = "muc", qty = 3 })
      kit.product(inv, "file", { muc = 2 }, nil, "downloadable")
      kit.product(inv, "kit", nil, nil, "bundle")
      assert.equal(3, inv.products:delete{ "ghost", "file", "kit" })
      assert.same({}, inv.items:list())
    end)
  end)

  it("does not mind orders that are done", function()
    with_open_order(function(inv)
      assert(inv:cancel{ id = "c2", order = "o" })
      assert.equal(1, inv.products:delete("a"))
      local line = inv.orders:get("o").lines[1]
      assert.same({ "a", true, 6 }, { line.sku, line.deleted, line.ordered })
      assert.equal("a", inv:reservations()[1].sku)
    end)
  end)

  it("is not answered twice: what is gone is not found", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a")
      assert(inv.products:delete("a"))
      refused(inv, { "1.sku NOT_FOUND" }, "a")
      refused(inv, { "1.sku NOT_FOUND" }, "a", { force = true })
    end)
  end)
end)

describe("products:delete refuses", function()
  it("an empty list, and unknown SKUs, each of them, deleting nothing", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a", { muc = 1 })
      refused(inv, { "- INVALID" }, {})
      refused(inv, { "2.sku NOT_FOUND", "3.sku NOT_FOUND" }, { "a", "b", "" })
      refused(inv, { "1.sku NOT_FOUND" }, "A")
    end)
  end)

  it("open orders, with their units, and leaves the others of the list alone too", function()
    with_open_order(function(inv)
      kit.product(inv, "b", { muc = 1 })
      local detail, message = refused(inv, { "3.sku NOT_FOUND", "2.sku IN_USE" }, { "b", "a", "x" })
      assert.equal("there is no product x", message)
      assert.equal("a", detail.errors[2].sku)
      assert.equal("3 units of a are still open in orders or otherwise promised",
        detail.errors[2].message)
      assert.equal(3, detail.errors[2].available)
      refused(inv, { "1.sku IN_USE" }, "a", { force = false })
    end)
  end)

  -- What the order's product is like, and how many are on hand of the 4 that are ordered.
  local KINDS = {
    { "backordered units", { backorders = "allow" }, 1 },
    { "units that are not reserved", { reserve_stock = false }, 5 },
    { "units that are not counted", { manage_stock = false }, 1 },
  }
  for _, case in ipairs(KINDS) do
    it(case[1] .. " of open orders, until they are done", function()
      kit.with_shop(function(inv, stock)
        kit.product(inv, "a", { muc = case[3] }, case[2])
        kit.place(inv, "o", stock, { "a", 4 })
        kit.place(inv, "p", stock, { "a", 1 })
        assert(inv:cancel{ id = "c", order = "o", lines = { { sku = "a", qty = 1 } } })
        local detail = refused(inv, { "1.sku IN_USE" }, "a")
        assert.equal(4, detail.errors[1].available)
        assert(inv:cancel{ id = "c2", order = "o" })
        assert(inv:cancel{ id = "c3", order = "p" })
        assert.equal(1, inv.products:delete("a"))
      end)
    end)
  end

  it("what another system has promised", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 4 })
      assert(inv:adopt{ id = "1", reservations = { { sku = "a", stock = stock, qty = -2 } } })
      local detail = refused(inv, { "1.sku IN_USE" }, "a")
      assert.equal(2, detail.errors[1].available)
      assert(inv:adopt{ id = "2", reservations = { { sku = "a", stock = stock, qty = 2 } } })
      assert.equal(1, inv.products:delete("a"))
    end)
  end)
end)

describe("a composite's part", function()
  -- Stored as it will be: "kit" and "set" are made of "screw", and "kit" twice.
  local function with_parts(fn)
    kit.with_path(function(path)
      local options = { path = path }
      helpers.with_inventory(options, function(inv)
        kit.furnish(inv)
        kit.product(inv, "screw")
        kit.product(inv, "kit", nil, nil, "bundle")
        kit.product(inv, "set", nil, nil, "grouped")
      end)
      kit.tamper(path, "INSERT INTO component SELECT p.id, n.n, 1, c.id, 10000, 0" ..
        " FROM product AS p, product AS c, (SELECT 1 AS n UNION SELECT 2) AS n" ..
        " WHERE c.sku = CAST('screw' AS BLOB) AND p.type > 2 AND (p.type = 5 OR n.n = 1);" ..
        " INSERT INTO composite SELECT id, 0, 1 FROM product WHERE type > 2;" ..
        " INSERT INTO choice SELECT id, 1, NULL, 1 FROM product WHERE type > 2;" ..
        " INSERT INTO choice SELECT id, 2, NULL, 1 FROM product WHERE type = 5")
      helpers.with_inventory(options, function(inv)
        fn(inv)
        assert.same({}, inv:verify().problems)
      end)
    end)
  end

  it("is not deleted, forced or not, and the composites are named", function()
    with_parts(function(inv)
      for _, options in ipairs{ {}, { force = true } } do
        local detail = refused(inv, { "1.sku IN_USE", "1.sku IN_USE" }, "screw", options)
        assert.same({ "kit", "set" }, helpers.column(detail.errors, "subject"))
        assert.equal("the product is a part of kit", detail.errors[1].message)
      end
      local detail = refused(inv, { "1.sku IN_USE" }, { "screw", "set" })
      assert.same({ "kit" }, helpers.column(detail.errors, "subject"))
    end)
  end)

  it("goes with its composites, in whatever order they are named", function()
    with_parts(function(inv)
      assert.equal(3, inv.products:delete{ "kit", "screw", "set" })
      assert.same({}, skus(inv))
    end)
  end)

  it("may go when its composites are gone, or are composites no more", function()
    with_parts(function(inv)
      assert(inv.products:delete("kit"))
      assert(inv.products:save{ sku = "set", type = "simple", assign_default = false })
      assert.equal(1, inv.products:delete("screw"))
    end)
  end)

  it("does not become a composite itself", function()
    with_parts(function(inv)
      helpers.expect_problems({ "1.sku IN_USE", "1.sku IN_USE" },
        inv.products:save{ sku = "screw", type = "bundle" })
      assert.equal("simple", inv.products:get("screw").type)
    end)
  end)
end)

describe("a product that was deleted by force", function()
  it("leaves its orders, whose units can be cancelled", function()
    with_open_order(function(inv, stock)
      assert.equal(1, inv.products:delete("a", { force = true }))
      assert.is_true(inv.orders:get("o").lines[1].deleted)
      assert(inv:cancel{ id = "c2", order = "o", lines = { { sku = "a", qty = 1 } } })
      assert(inv:cancel{ id = "c3", order = "o" })
      kit.expect_line(inv, "o", 1, { ordered = 6, cancelled = 4, delivered = 2 })
      assert.equal("a", kit.all(inv, "reservations")[1].sku)
      local reserved = 0
      for _, row in ipairs(kit.all(inv, "reservations", { stock = stock })) do
        reserved = reserved + row.reserved
      end
      assert.equal(0, reserved)
    end)
  end)

  it("is claimed at its source no longer", function()
    kit.with_path(function(path)
      helpers.with_inventory({ path = path }, function(inv)
        local stock = kit.furnish(inv)
        kit.product(inv, "a", { muc = 5 })
        kit.place(inv, "o", stock, { "a", 4 })
      end)
      -- Of the order's units, 3 are allocated at muc.
      kit.tamper(path, "UPDATE line SET allocated = 30000;" ..
        " UPDATE balance SET firm = 10000, allocated = 30000 WHERE firm > 0;" ..
        " UPDATE item SET allocated = 30000;" ..
        " INSERT INTO allocation SELECT line.id * 65536 + (item.id & 65535), item.id," ..
        " document.id, 30000 FROM line, item, document")
      helpers.with_inventory({ path = path }, function(inv)
        assert.equal(3, inv.orders:get("o").lines[1].allocated)
        assert.same({}, inv:verify().problems)
        refused(inv, { "1.sku IN_USE" }, "a")
        assert(inv.products:delete("a", { force = true }))
        kit.expect_line(inv, "o", 1, { ordered = 4, open = 4 })
        local rows = helpers.ledger(inv, "allocation_moved")
        assert.same({ 1, "muc", 3 }, { #rows, rows[1].source, rows[1].qty })
        assert.same({}, inv:verify().problems)
        assert(inv:cancel{ id = "c", order = "o" })
        assert.same({}, inv:verify().problems)
      end)
    end)
  end)

  it("is said to be oversold, which is what is promised of it and no longer there", function()
    with_open_order(function(inv, stock)
      local last = helpers.ledger_end(inv)
      assert(inv.products:delete("a", { force = true }))
      local rows = helpers.ledger(inv, "oversold", last)
      assert.same({ 1, "a", stock, "3" }, { #rows, rows[1].sku, rows[1].stock, rows[1].note })
    end)
  end)

  it("of a source that several stocks share leaves nobody waiting for its goods", function()
    kit.with_shop(function(inv, stock)
      local other = assert(inv.stocks:save{ name = "Shop", channels = { "shop" },
        sources = { { code = "muc", priority = 1 } } })
      kit.product(inv, "a", { muc = 5 })
      kit.place(inv, "o", stock, { "a", 2 })
      kit.place(inv, "p", other, { "a", 3 })
      local detail = refused(inv, { "1.sku IN_USE" }, "a")
      assert.equal(5, detail.errors[1].available)
      assert(inv.products:delete("a", { force = true }))
      assert(inv:cancel{ id = "c", order = "o" })
      assert(inv:cancel{ id = "d", order = "p" })
      kit.product(inv, "a", { muc = 4 })
      assert.equal(4, inv:salable_qty("a", { stock = other }))
    end)
  end)

  it("can be cancelled while it waits for goods", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 2 }, { backorders = "allow" })
      kit.place(inv, "o", stock, { "a", 5 })
      assert(inv.products:delete("a", { force = true }))
      assert(inv:cancel{ id = "c", order = "o" })
      kit.expect_line(inv, "o", 1, { ordered = 5, cancelled = 5 })
    end)
  end)

  it("cannot be shipped, and selection says that there is none", function()
    with_open_order(function(inv)
      kit.product(inv, "b", { ham = 1 })
      assert(inv.products:delete("a", { force = true }))
      kit.refused(inv, "NOT_FOUND", "ship", { id = "s2", order = "o", source = "muc",
        lines = { { sku = "a", qty = 1 } } })
      local plan = assert(inv:select{ order = "o" })
      assert.is_false(plan.shippable)
      assert.same({}, plan.picks)
      assert.same({ { line = 1, sku = "a", qty = 3 } }, plan.short)
    end)
  end)

  it("cannot be delivered by an invoice", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 }, nil, "virtual")
      kit.place(inv, "o", stock, { "a", 3 })
      assert(inv.products:delete("a", { force = true }))
      kit.refused(inv, "NOT_ENOUGH", "invoice", { id = "i", order = "o" })
      assert(inv:cancel{ id = "c", order = "o" })
    end)
  end)

  for _, policy in ipairs{ "default", "magento" } do
    it("can be refunded before delivery under the policy " .. policy, function()
      with_open_order(function(inv)
        assert(inv.policies:activate(policy))
        assert(inv:invoice{ id = "i", order = "o" })
        assert(inv.products:delete("a", { force = true }))
        kit.refused(inv, "NOT_ENOUGH", "refund", { id = "r", order = "o",
          lines = { { sku = "a", qty = 1, write_off = true } } })
        assert(inv:refund{ id = "r", order = "o", lines = { { sku = "a", qty = 5 } } })
        kit.expect_line(inv, "o", 1, { ordered = 6, cancelled = 1, invoiced = 5, delivered = 2,
          refunded = 5, released = 3 })
        assert.same({}, inv.items:list())
      end)
    end)

    it("may come back, counted in the order and at no source, under " .. policy, function()
      with_open_order(function(inv)
        assert(inv.policies:activate(policy))
        assert(inv.products:delete("a", { force = true }))
        local last = helpers.ledger_end(inv)
        local answer = assert(inv:return_goods{ id = "b", order = "o",
          lines = { { sku = "a", qty = 1 } } })
        assert.same({ "muc", 1 }, { answer.lines[1].source, answer.lines[1].qty })
        assert(inv:refund{ id = "r", order = "o",
          lines = { { line = 1, qty = 1, return_to = "ham" } } })
        kit.expect_line(inv, "o", 1, { ordered = 6, cancelled = 1, delivered = 2, refunded = 1,
          returned = 2, open = 3 })
        assert.same({}, inv.items:list())
        local rows = helpers.ledger(inv, "goods_returned", last)
        assert.same({ 0, 0 }, helpers.column(rows, "moved"))
        assert.same({ 1, 1 }, helpers.column(rows, "qty"))
      end)
    end)
  end

  it("whose stock is not counted ships as before", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 1 }, { manage_stock = false })
      kit.place(inv, "o", stock, { "a", 3 })
      assert(inv.products:delete("a", { force = true }))
      assert(inv:ship{ id = "s", order = "o", plan = inv:select{ order = "o" } })
      kit.expect_line(inv, "o", 1, { ordered = 3, delivered = 3 })
    end)
  end)

  it("gives its answers again", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      local order = { id = "o", stock = stock, lines = { { sku = "a", qty = 3 } } }
      local first = assert(inv:place(order))
      assert(inv.products:delete("a", { force = true }))
      local again = assert(inv:place(order))
      assert.is_true(again.replayed)
      assert.same(first.lines, again.lines)
    end)
  end)
end)

describe("the SKU of a deleted product", function()
  it("is free, and the new product has nothing of the old one", function()
    with_open_order(function(inv, stock)
      assert(inv.products:delete("a", { force = true }))
      kit.product(inv, "a", { muc = 10 })
      assert.same({ 10, 0 }, { inv:salable_qty("a", { stock = stock }),
        kit.reserved(inv, "a", stock) })
      assert.equal(1, inv.products:delete("a"))
      assert(inv.items:save{ sku = "a", source = "muc", qty = 1 })
      assert.is_false(inv.products:get("a").declared)
    end)
  end)

  it("still names the old product's lines in its orders", function()
    with_open_order(function(inv, stock)
      assert(inv.products:delete("a", { force = true }))
      kit.product(inv, "a", { muc = 10 })
      kit.place(inv, "p", stock, { "a", 4 })
      -- Nothing of the new product's goods is for the old one's order.
      assert.is_false(inv:select{ order = "o" }.shippable)
      kit.refused(inv, "NOT_FOUND", "ship", { id = "s2", order = "o", source = "muc",
        lines = { { sku = "a", qty = 1 } } })
      assert(inv:return_goods{ id = "b", order = "o", lines = { { sku = "a", qty = 2 } } })
      assert(inv:cancel{ id = "c2", order = "o", lines = { { sku = "a", qty = 3 } } })
      assert.same({ muc = 10 }, kit.quantities(inv, "a"))
      assert.equal(4, kit.reserved(inv, "a", stock))
      assert(inv:ship{ id = "s3", order = "p", source = "muc", lines = { { sku = "a", qty = 4 } } })
      assert.same({ muc = 6 }, kit.quantities(inv, "a"))
    end)
  end)

  it("names the lines of both products that have it in one order, one after the other", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      kit.product(inv, "b", { muc = 5 })
      kit.place(inv, "o", stock, { "a", 2 }, { "b", 3 })
      assert(inv.products:delete("a", { force = true }))
      assert(inv.products:rename("b", "a"))
      assert(inv:cancel{ id = "c", order = "o", lines = { { sku = "a", qty = 4 } } })
      kit.expect_line(inv, "o", 1, { ordered = 2, cancelled = 2 })
      kit.expect_line(inv, "o", 2, { ordered = 3, cancelled = 2, open = 1 })
    end)
  end)
end)
