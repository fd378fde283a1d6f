-- Renaming a product: the SKU is a name, everything else stays with the product.

local helpers = require "helpers"
local kit = require "order_kit"

local expect_problems = helpers.expect_problems

local function skus(inv)
  return helpers.column(assert(inv.products:list()), "sku")
end

-- Refused with these problems, and nothing has changed.
local function refused(inv, problems, from, to)
  local before = kit.snapshot(inv)
  local detail, message = expect_problems(problems, inv.products:rename(from, to))
  assert.same(before, kit.snapshot(inv))
  return message, detail
end

describe("products:rename", function()
  it("gives the product another SKU and frees the old one", function()
    kit.with_shop(function(inv)
      assert(inv.products:save{ sku = "a", type = "virtual", b2b = true,
        settings = { max_sale_qty = 5 }, assign_default = false })
      local before = inv.products:get("a")
      assert.is_true(inv.products:rename("a", "b"))
      helpers.expect_error("NOT_FOUND", inv.products:get("a"))
      local after = inv.products:get("b")
      before.sku = "b"
      assert.same(before, after)
      assert(inv.products:save{ sku = "a", assign_default = false })
      assert.equal("simple", inv.products:get("a").type)
      assert.same({ "b", "a" }, skus(inv))
    end)
  end)

  it("keeps items, promises and what can be sold", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5, ham = 2 })
      kit.place(inv, "o", stock, { "a", 3 })
      local before = kit.position(inv, "a", stock)
      assert(inv.products:rename("a", "b"))
      local after = kit.position(inv, "b", stock)
      before.sku = "b"
      assert.same(before, after)
      assert.same({ muc = 5, ham = 2 }, kit.quantities(inv, "b"))
      assert.equal(4, inv:salable_qty("b", { stock = stock }))
      helpers.expect_error("NOT_FOUND", inv:salable_qty("a", { stock = stock }))
      helpers.expect_error("NOT_ENOUGH", inv:can_sell("b", { stock = stock }, 5))
    end)
  end)

  it("lets open orders go on, under the new SKU and by line", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 9 })
      kit.place(inv, "o", stock, { "a", 9 })
      assert(inv.products:rename("a", "b"))
      assert.equal("b", inv.orders:get("o").lines[1].sku)
      assert(inv:ship{ id = "s1", order = "o", source = "muc", lines = { { sku = "b", qty = 2 } } })
      assert(inv:ship{ id = "s2", order = "o", source = "muc", lines = { { line = 1, qty = 2 } } })
      assert(inv:ship{ id = "s3", order = "o", plan = inv:select{ order = "o" } })
      assert(inv:invoice{ id = "i", order = "o", lines = { { sku = "b", qty = 9 } } })
      assert(inv:refund{ id = "r", order = "o",
        lines = { { sku = "b", qty = 3, return_to_stock = true } } })
      kit.expect_line(inv, "o", 1,
        { ordered = 9, invoiced = 9, delivered = 9, refunded = 3, returned = 3 })
      assert.same({ muc = 3 }, kit.quantities(inv, "b"))
      local detail = helpers.expect_error("NOT_FOUND", inv:return_goods{ id = "x", order = "o",
        lines = { { sku = "a", qty = 1 } } })
      assert.same({ "1.sku NOT_FOUND" }, helpers.problems(detail))
      assert.equal(0, kit.reserved(inv, "b", stock))
    end)
  end)

  it("leaves nothing of a cancelled order behind", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 2 }, { backorders = "allow" })
      kit.place(inv, "o", stock, { "a", 5 })
      assert(inv.products:rename("a", "b"))
      assert(inv:cancel{ id = "c", order = "o", lines = { { sku = "b", qty = 1 } } })
      assert(inv.items:save{ sku = "b", source = "muc", qty = 4 })
      kit.expect_line(inv, "o", 1, { ordered = 5, cancelled = 1, open = 4 })
      assert(inv:cancel{ id = "c2", order = "o" })
      assert.equal(0, kit.reserved(inv, "b", stock))
    end)
  end)

  it("writes the old SKU into the ledger, whose other rows show the new one", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      kit.place(inv, "o", stock, { "a", 3 })
      local last = helpers.ledger_end(inv)
      assert(inv.products:rename("a", "b"))
      local rows = assert(inv:events{ after = last })
      assert.same({ 1, "product_renamed", "b", "a" },
        { #rows, rows[1].event, rows[1].sku, rows[1].note })
      assert.equal("b", inv:reservations{ stock = stock }[1].sku)
      assert.equal("b", inv:reservations{ sku = "b" }[1].sku)
      assert.same({}, inv:reservations{ sku = "a" })
      for _, row in ipairs(kit.all(inv, "events")) do assert.not_equal("a", row.sku) end
    end)
  end)

  it("repeats what was answered before, in today's words", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      local order = { id = "o", stock = stock, lines = { { sku = "a", qty = 3 } } }
      assert(inv:place(order))
      local ship = { id = "s", order = "o", source = "muc", lines = { { sku = "a", qty = 1 } } }
      assert(inv:ship(ship))
      assert(inv.products:rename("a", "b"))
      for _, answer in ipairs{ assert(inv:place(order)), assert(inv:ship(ship)) } do
        assert.is_true(answer.replayed)
        assert.equal("b", answer.lines[1].sku)
      end
      order.lines[1].sku = "b"
      helpers.expect_error("CONFLICT", inv:place(order))
      assert.equal(2, kit.reserved(inv, "b", stock))
    end)
  end)

  it("to the SKU it has changes nothing", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a", { muc = 5 })
      local before = kit.snapshot(inv)
      assert.is_true(inv.products:rename("a", "a"))
      assert.same(before, kit.snapshot(inv))
    end)
  end)

  it("may go round in a circle", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 1 })
      kit.product(inv, "b", { muc = 2 })
      kit.place(inv, "o", stock, { "a", 1 }, { "b", 2 })
      assert(inv.products:rename("a", "c"))
      assert(inv.products:rename("b", "a"))
      assert(inv.products:rename("c", "b"))
      assert.same({ muc = 1 }, kit.quantities(inv, "b"))
      assert.same({ muc = 2 }, kit.quantities(inv, "a"))
      assert(inv:ship{ id = "s", order = "o", source = "muc", lines = { { sku = "a", qty = 2 } } })
      kit.expect_line(inv, "o", 1, { ordered = 1, open = 1 })
      kit.expect_line(inv, "o", 2, { ordered = 2, delivered = 2 })
    end)
  end)

  it("renames a SKU that is only known from source items", function()
    kit.with_shop(function(inv)
      assert(inv.items:save{ sku = "ghost", source = "muc", qty = 3 })
      assert(inv.products:rename("ghost", "real"))
      assert(inv.products:save{ sku = "real" })
      assert.same({ muc = 3 }, kit.quantities(inv, "real"))
    end)
  end)

  for _, sku in ipairs{ "1234", "01234", "a\0b", "\255\254", "a'b\"c", ("x"):rep(255), "naïve" } do
    it(("keeps the bytes of %q, as the new SKU and in the note of the next"):format(sku), function()
      kit.with_shop(function(inv)
        kit.product(inv, "a", { muc = 5 })
        assert(inv.products:rename("a", sku))
        assert.equal(sku, inv.products:get(sku).sku)
        assert(inv.products:rename(sku, "b"))
        local rows = helpers.ledger(inv, "product_renamed")
        assert.same({ "a", sku }, helpers.column(rows, "note"))
        assert.same({ muc = 5 }, kit.quantities(inv, "b"))
      end)
    end)
  end
end)

describe("products:rename refuses", function()
  it("an unknown SKU", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a", { muc = 5 })
      for _, sku in ipairs{ "b", "", "A", "a ", ("x"):rep(300) } do
        local message = refused(inv, { "sku NOT_FOUND" }, sku, "c")
        assert.is_nil(message:find("new SKU", 1, true), message)
      end
    end)
  end)

  it("what was done already, and says that the new SKU is there", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a", { muc = 5 })
      assert(inv.products:rename("a", "b"))
      assert.equal("there is no product a, but there is one with the new SKU",
        (refused(inv, { "sku NOT_FOUND" }, "a", "b")))
    end)
  end)

  it("a SKU that another product has, declared or not", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a", { muc = 5 })
      kit.product(inv, "b")
      assert(inv.items:save{ sku = "ghost", source = "muc", qty = 3 })
      refused(inv, { "to CONFLICT" }, "a", "b")
      local _, detail = refused(inv, { "to CONFLICT" }, "a", "ghost")
      assert.equal("ghost", detail.errors[1].subject)
    end)
  end)

  it("what is no SKU, all problems at once", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a", { muc = 5 })
      refused(inv, { "to INVALID" }, "a", "")
      refused(inv, { "to INVALID" }, "a", " ")
      refused(inv, { "to INVALID" }, "a", " b")
      refused(inv, { "to INVALID" }, "a", "a ")
      refused(inv, { "to LIMIT" }, "a", ("x"):rep(256))
      refused(inv, { "to INVALID", "sku NOT_FOUND" }, "b", "c ")
    end)
  end)
end)

-- A SKU that today is refused, as an older program or another one may have stored it.
describe("a stored SKU that could not be saved", function()
  local function with_bad(sku, fn)
    kit.with_path(function(path)
      local function shop(run)
        helpers.with_inventory({ path = path }, run)
      end
      local stock
      shop(function(inv)
        stock = kit.furnish(inv)
        kit.product(inv, "bad", { muc = 5 })
        kit.product(inv, "good", { muc = 1 })
        kit.place(inv, "o", stock, { "bad", 2 })
      end)
      local hex = sku:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
      kit.tamper(path, ("UPDATE product SET sku = x'%s' WHERE sku = x'626164'"):format(hex))
      shop(function(inv)
        fn(inv, stock)
        assert.same({}, inv:verify().problems)
      end)
    end)
  end

  for _, sku in ipairs{ "good ", " good", " " } do
    it("may be renamed from, though not saved: " .. ("'%s'"):format(sku), function()
      with_bad(sku, function(inv, stock)
        helpers.expect_error("INVALID", inv.products:save{ sku = sku })
        helpers.expect_error("INVALID", inv.items:save{ sku = sku, source = "muc", qty = 1 })
        helpers.expect_error("INVALID", inv.products:rename(sku, sku))
        helpers.expect_error("CONFLICT", inv.products:rename(sku, "good"))
        assert.is_true(inv.products:rename(sku, "better"))
        assert.same({ muc = 5 }, kit.quantities(inv, "better"))
        assert.equal(3, inv:salable_qty("better", { stock = stock }))
        assert(inv:ship{ id = "s", order = "o", source = "muc",
          lines = { { sku = "better", qty = 2 } } })
        assert.equal(sku, helpers.ledger(inv, "product_renamed")[1].note)
      end)
    end)

    it(("may be deleted: '%s'"):format(sku), function()
      with_bad(sku, function(inv)
        helpers.expect_error("IN_USE", inv.products:delete(sku))
        assert(inv:cancel{ id = "c", order = "o" })
        assert.equal(1, inv.products:delete(sku))
        assert.same({ "good" }, skus(inv))
      end)
    end)
  end
end)
