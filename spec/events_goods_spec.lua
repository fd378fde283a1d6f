-- events_goods_spec.lua: from where goods leave, by shipping and by the invoices of what is not
-- shipped, and what is not counted.

local kit = require "order_kit"

local with_shop, product, place, refused = kit.with_shop, kit.product, kit.place, kit.refused
local expect_line, reserved, quantities = kit.expect_line, kit.reserved, kit.quantities

describe("ship", function()
  it("draws on several sources in one document", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2, ham = 4, ber = 1 })
      place(inv, "o-1", stock, { "bike", 5 })
      local answer = assert(inv:ship{ id = "s-1", order = "o-1", lines = {
        { line = 1, qty = 2, source = "muc" }, { sku = "bike", qty = 3, source = "ham" } } })
      assert.same({ { line = 1, sku = "bike", qty = 2, source = "muc" },
        { line = 1, sku = "bike", qty = 3, source = "ham" } }, answer.lines)
      assert.same({ muc = 0, ham = 1, ber = 1 }, quantities(inv, "bike"))
      expect_line(inv, "o-1", 1, { ordered = 5, delivered = 5 })
      assert.equal(0, reserved(inv, "bike", stock))
    end)
  end)

  it("leaves the salable quantity as it is", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2, ham = 4 })
      place(inv, "o-1", stock, { "bike", 3 })
      local before = inv:salable_qty("bike", { stock = stock })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "ham" })
      assert.same({ 3, 3 }, { before, inv:salable_qty("bike", { stock = stock }) })
    end)
  end)

  it("takes a line's own source before the document's", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2, ham = 4 })
      place(inv, "o-1", stock, { "bike", 3 })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "ham",
        lines = { { line = 1, qty = 2 }, { line = 1, qty = 1, source = "muc" } } })
      assert.same({ muc = 1, ham = 2 }, quantities(inv, "bike"))
    end)
  end)

  it("takes the only source of a stock without being told", function()
    with_shop(function(inv)
      product(inv, "lamp", { default = 4 })
      place(inv, "o-1", 1, { "lamp", 3 })
      assert.equal("default", assert(inv:ship{ id = "s-1", order = "o-1" }).lines[1].source)
      assert.same({ default = 1 }, quantities(inv, "lamp"))
    end)
  end)

  it("needs to know the source otherwise", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2 })
      place(inv, "o-1", stock, { "bike", 1 })
      for _, lines in ipairs{ { { line = 1, qty = 1 } }, false } do
        local errors, message = refused(inv, "INVALID", "ship",
          { id = "s-1", order = "o-1", lines = lines or nil })
        assert.equal("name the source bike is shipped from, or ship by a plan", message)
        assert.equal("source", errors[1].field)
      end
    end)
  end)

  it("refuses what the source does not have, although another has it", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2, ham = 4 })
      place(inv, "o-1", stock, { "bike", 3 })
      local errors, message = refused(inv, "NOT_ENOUGH", "ship", { id = "s-1", order = "o-1",
        lines = { { line = 1, qty = 3, source = "muc" } } })
      assert.equal("that source has 2 of bike, 3 were asked for", message)
      assert.same({ 3, 2, "muc", "localized-not_all_available" }, { errors[1].requested,
        errors[1].available, errors[1].source, errors[1].magento })
    end)
  end)

  it("refuses what two of its lines would take together", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 4, ham = 4 })
      place(inv, "o-1", stock, { "bike", 3 }, { "bike", 3 })
      local errors = refused(inv, "NOT_ENOUGH", "ship", { id = "s-1", order = "o-1",
        source = "muc" })
      assert.equal(1, errors[1].available)
    end)
  end)

  it("never takes from less than nothing", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = -3, ham = 4 })
      place(inv, "o-1", stock, { "bike", 1 })
      local errors = refused(inv, "NOT_ENOUGH", "ship", { id = "s-1", order = "o-1",
        source = "muc" })
      assert.equal(0, errors[1].available)
    end)
  end)

  it("refuses a source that is unknown or does not keep the product", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2 })
      place(inv, "o-1", stock, { "bike", 1 })
      local _, message = refused(inv, "NOT_FOUND", "ship", { id = "s-1", order = "o-1",
        source = "nowhere" })
      assert.equal("there is no source nowhere", message)
      _, message = refused(inv, "NOT_FOUND", "ship", { id = "s-1", order = "o-1", source = "ham" })
      assert.equal("there is no source item of bike at that source", message)
    end)
  end)

  it("goes past what is not shipped, and refuses it by name", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2 })
      product(inv, "book", { muc = 2 }, nil, "virtual")
      place(inv, "o-1", stock, { "book", 1 }, { "bike", 1 })
      for _, line in ipairs{ { line = 1, qty = 1 }, { sku = "book", qty = 1 } } do
        local _, message = refused(inv, "UNSUPPORTED", "ship", { id = "s-1", order = "o-1",
          source = "muc", lines = { line } })
        assert.equal("book is not shipped; its invoice delivers it", message)
      end
      local answer = assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      assert.same({ { line = 2, sku = "bike", qty = 1, source = "muc" } }, answer.lines)
    end)
  end)

  it("needs no invoice, and an invoice takes nothing from a source", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2 })
      place(inv, "o-1", stock, { "bike", 2 })
      assert.same({ { line = 1, sku = "bike", qty = 2 } },
        assert(inv:invoice{ id = "i-1", order = "o-1" }).lines)
      assert.same({ muc = 2 }, quantities(inv, "bike"))
      assert.equal(2, reserved(inv, "bike", stock))
    end)
  end)
end)

describe("the invoice of what is not shipped", function()
  local function virtual_shop(fn)
    with_shop(function(inv, stock)
      product(inv, "book", { muc = 2, ham = 4, ber = 4 }, nil, "downloadable")
      place(inv, "o-1", stock, { "book", 5 })
      fn(inv, stock)
    end)
  end

  it("delivers it by priority", function()
    virtual_shop(function(inv, stock)
      local answer = assert(inv:invoice{ id = "i-1", order = "o-1",
        lines = { { line = 1, qty = 3 } } })
      assert.same({ { line = 1, sku = "book", qty = 2, source = "muc" },
        { line = 1, sku = "book", qty = 1, source = "ham" } }, answer.lines)
      assert.same({ muc = 0, ham = 3, ber = 4 }, quantities(inv, "book"))
      expect_line(inv, "o-1", 1, { ordered = 5, invoiced = 3, delivered = 3, open = 2 })
      assert.equal(2, reserved(inv, "book", stock))
    end)
  end)

  it("delivers it from the source that is named", function()
    virtual_shop(function(inv)
      local answer = assert(inv:invoice{ id = "i-1", order = "o-1",
        lines = { { sku = "book", qty = 3, source = "ber" } } })
      assert.equal("ber", answer.lines[1].source)
      assert.same({ muc = 2, ham = 4, ber = 1 }, quantities(inv, "book"))
    end)
  end)

  it("passes over sources that are disabled or have it out of stock", function()
    virtual_shop(function(inv)
      assert(inv.sources:save{ code = "muc", enabled = false, force = true })
      assert(inv.items:save({ sku = "book", source = "ham", qty = 4, status = "out_of_stock" },
        { force = true }))
      local answer = assert(inv:invoice{ id = "i-1", order = "o-1",
        lines = { { line = 1, qty = 3 } } })
      assert.same({ { line = 1, sku = "book", qty = 3, source = "ber" } }, answer.lines)
    end)
  end)

  it("is refused when the sources are short, and changes nothing", function()
    virtual_shop(function(inv)
      assert(inv.items:save{ sku = "book", source = "ber", qty = 0 })
      assert(inv.items:save{ sku = "book", source = "ham", qty = 1 })
      local errors, message = refused(inv, "NOT_ENOUGH", "invoice", { id = "i-1", order = "o-1" })
      assert.equal("the sources of the stock have 3 of book, 5 are needed", message)
      assert.same({ 5, 3 }, { errors[1].requested, errors[1].available })
      refused(inv, "NOT_ENOUGH", "invoice", { id = "i-1", order = "o-1",
        lines = { { line = 1, qty = 3, source = "muc" } } })
      assert(inv:invoice{ id = "i-1", order = "o-1", lines = { { line = 1, qty = 3 } } })
    end)
  end)

  it("may not exceed what is open, and cancel not what is invoiced", function()
    virtual_shop(function(inv)
      assert(inv:cancel{ id = "c-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
      refused(inv, "EXCEEDS", "invoice",
        { id = "i-1", order = "o-1", lines = { { line = 1, qty = 5 } } })
      assert(inv:invoice{ id = "i-1", order = "o-1", lines = { { line = 1, qty = 4 } } })
      refused(inv, "EXCEEDS", "cancel",
        { id = "c-2", order = "o-1", lines = { { line = 1, qty = 1 } } })
    end)
  end)

  it("can come back to where it came from", function()
    virtual_shop(function(inv, stock)
      assert(inv:invoice{ id = "i-1", order = "o-1" })
      assert(inv:refund{ id = "r-1", order = "o-1",
        lines = { { line = 1, qty = 4, return_to_stock = true } } })
      assert.same({ muc = 2, ham = 3, ber = 4 }, quantities(inv, "book"))
      expect_line(inv, "o-1", 1,
        { ordered = 5, invoiced = 5, delivered = 5, refunded = 4, returned = 4 })
      assert.equal(0, reserved(inv, "book", stock))
    end)
  end)
end)

describe("with manage stock off at placement", function()
  local function uncounted(fn)
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 1 }, { manage_stock = false })
      place(inv, "o-1", stock, { "bike", 5 })
      fn(inv, stock)
    end)
  end

  it("nothing is reserved, and the ledger says no more than what was placed", function()
    uncounted(function(inv, stock)
      expect_line(inv, "o-1", 1, { ordered = 5, open = 5 })
      assert.equal(0, reserved(inv, "bike", stock))
      assert.same({ { event = "order_placed", document = "o-1", order = "o-1", line = 1,
        sku = "bike", stock = stock, reserved = 0, moved = 0, qty = 5 } }, kit.rows_of(inv, "o-1"))
    end)
  end)

  it("every counter runs, but nothing leaves or enters a source", function()
    uncounted(function(inv)
      assert(inv:invoice{ id = "i-1", order = "o-1", lines = { { line = 1, qty = 3 } } })
      assert.is_nil(assert(inv:ship{ id = "s-1", order = "o-1",
        lines = { { line = 1, qty = 2 } } }).lines[1].source)
      assert(inv:refund{ id = "r-1", order = "o-1",
        lines = { { line = 1, qty = 2, return_to_stock = true } } })
      assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      expect_line(inv, "o-1", 1, { ordered = 5, invoiced = 3, delivered = 2, refunded = 2,
        released = 1, returned = 2, cancelled = 2 })
      assert.same({ muc = 1 }, quantities(inv, "bike"))
      local told = {}
      for _, row in ipairs(kit.all(inv, "events")) do
        if row.order then
          assert.same({ 1, "bike", 0, 0 }, { row.line, row.sku, row.reserved, row.moved })
          assert.is_nil(row.source)
          told[#told + 1] = row.event .. " " .. row.qty
        end
      end
      assert.same({ "order_placed 5", "invoice_created 3", "shipment_created 2",
        "creditmemo_created 2", "goods_returned 1", "goods_returned 1", "order_canceled 2" }, told)
      assert.same({}, kit.all(inv, "reservations"))
    end)
  end)

  it("the limits of the line hold all the same", function()
    uncounted(function(inv)
      for _, call in ipairs{ "cancel", "ship", "invoice" } do
        refused(inv, "EXCEEDS", call,
          { id = "e-1", order = "o-1", lines = { { line = 1, qty = 6 } } })
      end
    end)
  end)

  it("it stays so when manage stock is switched on", function()
    uncounted(function(inv, stock)
      assert(inv.products:save{ sku = "bike", settings = { manage_stock = true } })
      assert.equal(1, inv:salable_qty("bike", { stock = stock }))
      assert(inv:ship{ id = "s-1", order = "o-1", lines = { { line = 1, qty = 4 } } })
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
      assert.same({ muc = 1 }, quantities(inv, "bike"))
      assert.equal(0, reserved(inv, "bike", stock))
      place(inv, "o-2", stock, { "bike", 1 })
      assert.equal(1, reserved(inv, "bike", stock))
    end)
  end)

  it("an invoice delivers what is not shipped without a source", function()
    with_shop(function(inv, stock)
      product(inv, "book", { muc = 1 }, { manage_stock = false }, "virtual")
      place(inv, "o-1", stock, { "book", 3 })
      assert.same({ { line = 1, sku = "book", qty = 3 } },
        assert(inv:invoice{ id = "i-1", order = "o-1" }).lines)
      expect_line(inv, "o-1", 1, { ordered = 3, invoiced = 3, delivered = 3 })
      assert.same({ muc = 1 }, quantities(inv, "book"))
    end)
  end)
end)

describe("with manage stock on at placement", function()
  it("the line stays counted when it is switched off", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      place(inv, "o-1", stock, { "bike", 5 })
      assert(inv.products:save{ sku = "bike", settings = { manage_stock = false } })
      refused(inv, "INVALID", "ship", { id = "s-1", order = "o-1" })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc",
        lines = { { line = 1, qty = 2 } } })
      assert.same({ muc = 3 }, quantities(inv, "bike"))
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      assert.equal(0, reserved(inv, "bike", stock))
    end)
  end)
end)

describe("with reserve stock off", function()
  local function unreserved(fn)
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5, ham = 2 }, { reserve_stock = false })
      place(inv, "o-1", stock, { "bike", 4 })
      fn(inv, stock)
    end)
  end

  it("an order is checked but reserves nothing", function()
    unreserved(function(inv, stock)
      assert.equal(0, reserved(inv, "bike", stock))
      assert.equal(7, inv:salable_qty("bike", { stock = stock }))
      refused(inv, "NOT_ENOUGH", "place", { id = "o-2", stock = stock,
        lines = { { sku = "bike", qty = 8 } } })
      expect_line(inv, "o-1", 1, { ordered = 4, open = 4 })
    end)
  end)

  it("shipping still deducts, and a return adds", function()
    unreserved(function(inv, stock)
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc",
        lines = { { line = 1, qty = 3 } } })
      assert.same({ muc = 2, ham = 2 }, quantities(inv, "bike"))
      refused(inv, "INVALID", "ship", { id = "s-2", order = "o-1" })
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { line = 1, qty = 2 } } })
      assert.same({ muc = 4, ham = 2 }, quantities(inv, "bike"))
      assert.equal(0, reserved(inv, "bike", stock))
    end)
  end)

  it("it stays so when it is switched on", function()
    unreserved(function(inv, stock)
      assert(inv.products:save{ sku = "bike", settings = { reserve_stock = true } })
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      assert.equal(0, reserved(inv, "bike", stock))
    end)
  end)
end)
