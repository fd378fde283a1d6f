-- composites_events_spec.lua: what happens to an order's composites. Bundles that are shipped
-- together, and configurable products, move as a whole; the parts of the others on their own.

local composites = require "composite_kit"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, order, lines_of = composites.with_shop, composites.order, composites.lines_of
local counters, with_crates = composites.counters, composites.with_crates

local refused = composites.refuses_event

describe("a bundle that is shipped together", function()
  it("is shipped by its line, all its goods from one source", function()
    with_crates(function(inv, stock)
      local answer = assert(inv:ship{ id = "s-1", order = "o-1", source = "ham",
        lines = { { line = 1, qty = 2 } } })
      assert.same({ "1 crate 2 from ham", "2 f-1 2 of 1 from ham", "3 bell 4 of 1 from ham" },
        lines_of(answer))
      assert.same({ ordered = 4, delivered = 2, open = 2 }, counters(inv, "o-1", 1))
      assert.same({ ordered = 8, delivered = 4, open = 4 }, counters(inv, "o-1", 3))
      assert.same({ ordered = 4, open = 4 }, counters(inv, "o-1", 4))
      assert.same({ muc = 10, ham = 1 }, kit.quantities(inv, "bell"))
      assert.same({ 2, 4 }, { kit.reserved(inv, "f-1", stock), kit.reserved(inv, "bell", stock) })
    end)
  end)

  it("is shipped by its SKU, over all its lines", function()
    with_shop(function(inv, stock)
      local line = { sku = "crate", qty = 2, selections = { "f-1" } }
      assert(inv:place{ id = "o-1", stock = stock, lines = { line, line } })
      local answer = assert(inv:ship{ id = "s-1", order = "o-1",
        lines = { { sku = "crate", qty = 3, source = "muc" } } })
      assert.same({ "1 crate 2 from muc", "3 f-1 2 of 1 from muc", "4 bell 4 of 1 from muc",
        "2 crate 1 from muc", "5 f-1 1 of 2 from muc", "6 bell 2 of 2 from muc" },
        lines_of(answer))
      refused(inv, { "1.qty EXCEEDS" }, "ship",
        { order = "o-1", lines = { { sku = "crate", qty = 2, source = "muc" } } })
    end)
  end)

  it("is not shipped at all when one part is short at the source", function()
    with_crates(function(inv)
      local detail = refused(inv, { "1.qty NOT_ENOUGH" }, "ship",
        { order = "o-1", lines = { { line = 1, qty = 3, source = "ham" } } })
      assert.same({ "bell", 6, 5 }, { detail.errors[1].sku, detail.errors[1].requested,
        detail.errors[1].available })
    end)
  end)

  it("needs a source while the stock has several, unless nothing is counted", function()
    with_crates(function(inv, stock)
      refused(inv, { "1.source INVALID" }, "ship",
        { order = "o-1", lines = { { line = 1, qty = 1 } } })
      assert(inv.products:save{ { sku = "f-1", settings = { manage_stock = false } },
        { sku = "bell", settings = { manage_stock = false } } })
      order(inv, "o-2", stock, "crate", 1, "f-1")
      assert(inv:ship{ id = "s-2", order = "o-2" })
      assert.same({ ordered = 2, delivered = 2 }, counters(inv, "o-2", 3))
    end)
  end)

  it("is invoiced as a whole, which delivers what is not goods", function()
    with_crates(function(inv, stock)
      local answer = assert(inv:invoice{ id = "i-1", order = "o-1",
        lines = { { sku = "crate", qty = 3 } } })
      assert.same({ "1 crate 3", "2 f-1 3 of 1", "3 bell 6 of 1", "4 guide 3 of 1 from muc" },
        lines_of(answer))
      assert.same({ ordered = 4, invoiced = 3, open = 4 }, counters(inv, "o-1", 2))
      assert.same({ ordered = 4, invoiced = 3, delivered = 3, open = 1 },
        counters(inv, "o-1", 4))
      assert.equal(1, kit.reserved(inv, "guide", stock))
      assert.same({ muc = 7, ham = 5 }, kit.quantities(inv, "guide"))
    end)
  end)

  it("is cancelled as a whole", function()
    with_crates(function(inv, stock)
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc",
        lines = { { line = 1, qty = 1 } } })
      assert.same({ "1 crate 2", "2 f-1 2 of 1", "3 bell 4 of 1", "4 guide 2 of 1" },
        lines_of(assert(inv:cancel{ id = "c-1", order = "o-1",
          lines = { { line = 1, qty = 2 } } })))
      assert.same({ 1, 2, 2 }, { kit.reserved(inv, "f-1", stock), kit.reserved(inv, "bell", stock),
        kit.reserved(inv, "guide", stock) })
      refused(inv, { "1.qty EXCEEDS" }, "cancel",
        { order = "o-1", lines = { { line = 1, qty = 2 } } })
    end)
  end)

  it("is refunded and returned as a whole", function()
    with_crates(function(inv)
      assert(inv:invoice{ id = "i-1", order = "o-1" })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "ham",
        lines = { { line = 1, qty = 1 } } })
      local answer = assert(inv:refund{ id = "r-1", order = "o-1",
        lines = { { line = 1, qty = 4, return_to_stock = true } } })
      assert.same({ "1 crate 3", "1 crate 1", "2 f-1 3 of 1", "2 f-1 1 of 1 from ham",
        "3 bell 6 of 1", "3 bell 2 of 1 from ham", "4 guide 4 of 1 from muc" }, lines_of(answer))
      assert.same({ ordered = 8, invoiced = 8, delivered = 2, refunded = 8, released = 6,
        returned = 2 }, counters(inv, "o-1", 3))
      assert.same({ ordered = 4, invoiced = 4, delivered = 1, refunded = 4, released = 3,
        returned = 1 }, counters(inv, "o-1", 1))
      assert.same({ muc = 10, ham = 5 }, kit.quantities(inv, "bell"))
    end)
  end)

  it("comes back without a refund, of what is not goods as much as was delivered", function()
    with_crates(function(inv)
      assert(inv:ship{ id = "s-1", order = "o-1", source = "ham",
        lines = { { line = 1, qty = 2 } } })
      assert(inv:invoice{ id = "i-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
      local answer = assert(inv:return_goods{ id = "b-1", order = "o-1",
        lines = { { sku = "crate", qty = 2, to = "muc" } } })
      assert.same({ "1 crate 2 from muc", "2 f-1 2 of 1 from muc", "3 bell 4 of 1 from muc",
        "4 guide 1 of 1 from muc" }, lines_of(answer))
      refused(inv, { "1.qty EXCEEDS" }, "return_goods",
        { order = "o-1", lines = { { line = 1, qty = 1 } } })
    end)
  end)

  it("claims no goods when none of its goods are counted", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ { sku = "f-1", settings = { manage_stock = false } },
        { sku = "bell", settings = { manage_stock = false } } })
      order(inv, "o-1", stock, "crate", 2, "f-1", "bell", "guide")
      refused(inv, { "1.sku UNSUPPORTED" }, "allocate",
        { order = "o-1", lines = { { line = 1, qty = 2, source = "muc" } } })
    end)
  end)

  it("without lines is done as far as it goes", function()
    with_crates(function(inv)
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      assert(inv:invoice{ id = "i-1", order = "o-1" })
      for number, ordered in ipairs{ 4, 4, 8, 4 } do
        assert.same({ ordered = ordered, invoiced = ordered, delivered = ordered },
          counters(inv, "o-1", number))
      end
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      assert.same({ ordered = 4, invoiced = 4, delivered = 4 }, counters(inv, "o-1", 1))
    end)
  end)

  it("moves in quantities that leave its parts whole to 1/10000", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ sku = "crate", options = { { selections = {
        { sku = "f-1", qty = "0.0003" } } } } })
      order(inv, "o-1", stock, "crate", 2)
      refused(inv, { "1.qty INVALID" }, "ship",
        { order = "o-1", lines = { { line = 1, qty = "0.5", source = "muc" } } })
      refused(inv, { "1.qty INVALID" }, "cancel",
        { order = "o-1", lines = { { sku = "crate", qty = "0.3333" } } })
      assert(inv:ship{ id = "s-1", order = "o-1",
        lines = { { line = 1, qty = 1, source = "muc" } } })
      assert.equal(3e-4, counters(inv, "o-1", 2).delivered)
    end)
  end)

  it("is not moved by the lines or SKUs of its parts", function()
    with_crates(function(inv)
      for _, call in ipairs{ "cancel", "invoice", "ship", "refund", "return_goods" } do
        local detail = refused(inv, { "2.sku UNSUPPORTED" }, call,
          { order = "o-1", lines = { { line = 2, qty = 1 } } })
        assert.equal("f-1 moves with the product it is a part of; name that one",
          detail.errors[1].message)
        refused(inv, { "1.sku UNSUPPORTED" }, call,
          { order = "o-1", lines = { { sku = "bell", qty = 1 } } })
      end
    end)
  end)

  it("leaves a SKU's other lines to be named by it", function()
    with_shop(function(inv, stock)
      assert(inv:place{ id = "o-1", stock = stock, lines = {
        { sku = "crate", qty = 1, selections = { "f-1" } }, { sku = "bell", qty = 2 },
        { sku = "kit", qty = 1, selections = { "f-1", { sku = "bell", qty = 3 } } } } })
      assert.same({ "2 bell 2 from ham", "7 bell 2 of 3 from ham" }, lines_of(assert(inv:ship{
        id = "s-1", order = "o-1", source = "ham", lines = { { sku = "bell", qty = 4 } } })))
      refused(inv, { "1.qty EXCEEDS" }, "ship",
        { order = "o-1", source = "muc", lines = { { sku = "bell", qty = 2 } } })
    end)
  end)

  it("is answered the same when its event is sent again", function()
    with_crates(function(inv)
      local request = { id = "s-1", order = "o-1", source = "ham",
        lines = { { line = 1, qty = 1 } } }
      local first = assert(inv:ship(request))
      local second = assert(inv:ship(request))
      assert.same(lines_of(first), lines_of(second))
      assert.is_true(second.replayed)
    end)
  end)

  it("under policy magento has its undelivered units written off", function()
    with_shop(function(inv, stock)
      assert(inv.policies:activate("magento"))
      order(inv, "o-1", stock, "crate", 2, "f-1")
      assert(inv:invoice{ id = "i-1", order = "o-1" })
      assert(inv:refund{ id = "r-1", order = "o-1", lines = { { sku = "crate", qty = 1 } } })
      assert.same({ muc = 8, ham = 5 }, kit.quantities(inv, "bell"))
      assert.equal(2, kit.reserved(inv, "bell", stock))
    end)
  end)
end)

describe("a configurable product", function()
  it("is shipped, invoiced and returned by its own SKU", function()
    with_shop(function(inv, stock)
      order(inv, "o-1", stock, "shirt", 3, "shirt-m")
      assert(inv:ship{ id = "s-1", order = "o-1", source = "ham",
        lines = { { sku = "shirt", qty = 2 } } })
      assert(inv:invoice{ id = "i-1", order = "o-1", lines = { { sku = "shirt", qty = 3 } } })
      assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
      for number = 1, 2 do
        assert.same({ ordered = 3, invoiced = 3, delivered = 2, returned = 1, open = 1 },
          counters(inv, "o-1", number))
      end
      assert.same({ muc = 10, ham = 4 }, kit.quantities(inv, "shirt-m"))
    end)
  end)

  it("of a virtual child is delivered by its invoice and not shipped", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ sku = "shirt", children = { "guide" } })
      order(inv, "o-1", stock, "shirt", 3)
      refused(inv, { "1.sku UNSUPPORTED" }, "ship",
        { order = "o-1", lines = { { line = 1, qty = 1, source = "muc" } } })
      refused(inv, { "1.sku UNSUPPORTED" }, "ship",
        { order = "o-1", lines = { { sku = "shirt", qty = 1, source = "muc" } } })
      assert.same({}, assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" }).lines)
      assert(inv:invoice{ id = "i-1", order = "o-1", lines = { { line = 1, qty = 2 } } })
      for number = 1, 2 do
        assert.same({ ordered = 3, invoiced = 2, delivered = 2, open = 1 },
          counters(inv, "o-1", number))
      end
      assert(inv:refund{ id = "r-1", order = "o-1",
        lines = { { line = 1, qty = 1, return_to = "ham" } } })
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      assert.same({ ordered = 3, invoiced = 2, delivered = 2, refunded = 1, returned = 1,
        cancelled = 1 }, counters(inv, "o-1", 1))
      assert.same({ muc = 8, ham = 6 }, kit.quantities(inv, "guide"))
    end)
  end)
end)

describe("the parts of other composites", function()
  it("move on their own, by line and by SKU", function()
    with_shop(function(inv, stock)
      order(inv, "o-1", stock, "kit", 2, "f-1", "guide") -- 2 f-1, 3 guide, 4 bell
      order(inv, "o-2", stock, "pans", 2, "pan", "lid")
      assert.same({ "2 f-1 1 of 1 from ham", "4 bell 3 of 1 from muc" },
        lines_of(assert(inv:ship{ id = "s-1", order = "o-1", lines = {
          { line = 2, qty = 1, source = "ham" }, { sku = "bell", qty = 3, source = "muc" } } })))
      assert(inv:invoice{ id = "i-1", order = "o-1", lines = { { sku = "guide", qty = 1 } } })
      assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { line = 4, qty = 1 } } })
      assert(inv:cancel{ id = "c-2", order = "o-2", lines = { { sku = "lid", qty = 4 } } })
      assert.same({ ordered = 4, delivered = 3, returned = 1, open = 1 },
        counters(inv, "o-1", 4))
      assert.same({ ordered = 2 }, counters(inv, "o-1", 1))
      assert.same({ 0, 2 }, { kit.reserved(inv, "lid", stock), kit.reserved(inv, "pan", stock) })
    end)
  end)

  it("are named, not the whole", function()
    with_shop(function(inv, stock)
      order(inv, "o-1", stock, "kit", 2, "f-1")
      for _, call in ipairs{ "cancel", "invoice", "ship", "refund", "return_goods" } do
        local detail = refused(inv, { "1.sku UNSUPPORTED" }, call,
          { order = "o-1", lines = { { line = 1, qty = 1 } } })
        assert.equal("the parts of kit move on their own; name them", detail.errors[1].message)
        refused(inv, { "1.sku UNSUPPORTED" }, call,
          { order = "o-1", lines = { { sku = "kit", qty = 1 } } })
      end
    end)
  end)

  it("are all meant without lines, and the whole is not", function()
    with_shop(function(inv, stock)
      order(inv, "o-1", stock, "kit", 2, "f-1", "guide")
      assert.same({ "2 f-1 2 of 1", "3 guide 2 of 1 from muc", "4 bell 4 of 1" },
        lines_of(assert(inv:invoice{ id = "i-1", order = "o-1" })))
      assert.same({ "2 f-1 2 of 1 from muc", "4 bell 4 of 1 from muc" },
        lines_of(assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })))
      assert.same({}, assert(inv:cancel{ id = "c-1", order = "o-1" }).lines)
    end)
  end)
end)

describe("an order of composites", function()
  it("goes on when they are renamed or deleted", function()
    with_shop(function(inv, stock)
      order(inv, "o-1", stock, "crate", 2, "f-1")
      order(inv, "o-2", stock, "kit", 2, "f-1")
      helpers.expect_error("IN_USE", inv.products:delete("crate"))
      helpers.expect_error("IN_USE", inv.products:delete("bell"))
      assert(inv.products:delete("kit")) -- its parts are open, it is not
      assert(inv.products:rename("crate", "box"))
      assert(inv.products:rename("bell", "horn"))
      assert.same({ "1 box 1 from muc", "2 f-1 1 of 1 from muc", "3 horn 2 of 1 from muc" },
        lines_of(assert(inv:ship{ id = "s-1", order = "o-1",
          lines = { { sku = "box", qty = 1, source = "muc" } } })))
      assert(inv.products:delete("box", { force = true }))
      assert(inv:cancel{ id = "c-1", order = "o-1", lines = { { sku = "box", qty = 1 } } })
      assert(inv:cancel{ id = "c-2", order = "o-2" })
      assert.equal(0, kit.reserved(inv, "horn", stock))
      assert.same({ "kit", "f-1", "horn" },
        helpers.column(inv.orders:get("o-2").lines, "sku"))
    end)
  end)
end)

describe("a finished order of composites", function()
  it("is compacted, and nothing is missing afterwards", function()
    with_shop(function(inv, stock)
      order(inv, "o-1", stock, "kit", 1, "f-1")
      order(inv, "o-2", stock, "crate", 2, "f-2", "guide")
      assert(inv.products:save{ sku = "shirt", children = { "guide" } })
      order(inv, "o-3", stock, "shirt", 1)
      for _, id in ipairs{ "o-1", "o-2", "o-3" } do
        assert(inv:invoice{ id = "i" .. id, order = id })
        assert(inv:ship{ id = "s" .. id, order = id, source = "muc" })
      end
      order(inv, "o-4", stock, "kit", 1, "f-1")
      assert.equal(3, assert(inv:compact()).orders)
      assert.same({}, inv:verify().problems)
    end)
  end)
end)

describe("verify", function()
  local function expect(sql, expected)
    kit.with_path(function(path)
      helpers.with_inventory({ path = path }, function(inv)
        local stock = kit.furnish(inv)
        for _, sku in ipairs{ "f-1", "bell" } do kit.product(inv, sku, { muc = 10 }) end
        kit.product(inv, "guide", { muc = 10 }, nil, "virtual")
        assert(inv.products:save{ sku = "crate", type = "bundle", ship_together = true, options = {
          { selections = { { sku = "f-1", qty = 2 } } }, { selections = { "guide" } } } })
        assert(inv:place{ id = "o-1", stock = stock, lines = { { sku = "crate", qty = 2 } } })
        assert(inv:invoice{ id = "i-1", order = "o-1" })
        assert(inv:ship{ id = "s-1", order = "o-1", source = "muc",
          lines = { { line = 1, qty = 1 } } })
      end)
      kit.tamper(path, sql)
      helpers.with_inventory({ path = path }, function(inv)
        local seen = {}
        for _, problem in ipairs(assert(inv:verify()).problems) do
          seen[#seen + 1] = ("%s: %s %s %s"):format(problem.what, tostring(problem.sku),
            tostring(problem.expected), tostring(problem.found))
        end
        table.sort(seen)
        for _, line in ipairs(expected) do
          local found = false
          for _, other in ipairs(seen) do found = found or line == other end
          assert.is_true(found, line .. " is not among\n" .. table.concat(seen, "\n"))
        end
      end)
    end)
  end

  it("finds a part that did not move with its bundle", function()
    expect("UPDATE line SET refunded = 10000 WHERE parent = 1 AND kind = 0",
      { "refunded with the bundle: f-1 0 1" })
    expect("UPDATE line SET invoiced = 30000 WHERE parent = 1 AND kind = 0",
      { "invoiced with the bundle: f-1 4 3" })
    expect("UPDATE line SET invoiced = 10000, delivered = 10000 WHERE parent = 1 AND kind = 1",
      { "invoiced with the bundle: guide 2 1" })
    expect("UPDATE line SET delivered = 20000 WHERE kind = 3",
      { "delivered with the bundle: f-1 4 2", "delivered by the ledger: crate 1 2" })
    expect("UPDATE line SET cancelled = 1 WHERE kind = 3",
      { "cancelled with the bundle: f-1 0.0002 0" })
  end)

  it("finds parts, options and lines that refer to what is not there", function()
    expect("DELETE FROM component WHERE choice = 1; UPDATE component SET child = 99",
      { "product of a part: nil nil nil" })
    expect("DELETE FROM choice WHERE number = 1", { "option of a part: f-1 1 0" })
    expect("DELETE FROM composite", { "composite of an option: crate 1 0" })
    expect("UPDATE product SET type = 0 WHERE type = 5", { "product of a composite: crate 1 0" })
    expect("UPDATE product SET type = 3 WHERE sku = x'662d31'", { "product of a part: f-1 1 0" })
    expect("UPDATE line SET parent = 3 WHERE parent = 1 AND kind = 0",
      { "parent of a line: f-1 1 0" })
    expect("DELETE FROM line WHERE kind = 3", { "parent of a line: f-1 1 0" })
  end)
end)
