-- reassign_spec.lua: allocated units move, and are given up; whatever becomes of the goods or the
-- source, allocations stay until then.

local allocations = require "allocation_kit"
local helpers = require "helpers"
local kit = require "order_kit"

local allocate, reassign, cancel = allocations.allocate, allocations.reassign, allocations.cancel
local ship, allocated = allocations.ship, allocations.allocated
local at_sources, promises = allocations.at_sources, allocations.promises
local with_order = allocations.with_order
local with_shop, product, place, refused = kit.with_shop, kit.product, kit.place, kit.refused
local expect_line, quantities = kit.expect_line, kit.quantities

-- The same with 2 of the 5 allocated at muc, then 1 at ham.
local function with_allocations(fn)
  with_order(function(inv, stock)
    allocate(inv, "o-1", "muc", 2)
    allocate(inv, "o-1", "ham", 1)
    fn(inv, stock)
  end)
end

describe("reassign", function()
  it("moves units from one source to another", function()
    with_allocations(function(inv, stock)
      assert.same({ id = "r", order = "o-1", lines = {
        { line = 1, sku = "bike", qty = 1, source = "ber" } } },
        assert(inv:reassign{ id = "r", order = "o-1",
          lines = { { sku = "bike", qty = 1, from = "muc", to = "ber" } } }))
      assert.equal("ber 1, ham 1, muc 1", allocated(inv, "o-1"))
      assert.same({ muc = 1, ham = 1, ber = 1 }, at_sources(inv, stock))
      assert.same({ 2, 0, 3 }, promises(inv, stock))
      expect_line(inv, "o-1", 1, { ordered = 5, open = 5, allocated = 3 })
    end)
  end)

  it("is a row of the ledger for each source that units leave, noting where they go", function()
    with_allocations(function(inv, stock)
      assert(inv:reassign{ id = "r", order = "o-1", lines = { { line = 1, qty = 2, to = "ber" },
        { line = 1, qty = 1, from = "ber" } } })
      local function row(source, note)
        return { event = "allocation_moved", document = "r", order = "o-1", line = 1,
          sku = "bike", stock = stock, source = source, note = note, reserved = 0, moved = 0,
          qty = 1 }
      end
      assert.same({ row("ham", "ber"), row("muc", "ber"), row("ber") }, kit.rows_of(inv, "r"))
    end)
  end)

  it("without a source to take from takes the newest allocations", function()
    with_allocations(function(inv)
      reassign(inv, "o-1", 2, nil, "ber")
      assert.equal("ber 2, muc 1", allocated(inv, "o-1"))
    end)
  end)

  it("does not take from where it moves to", function()
    with_allocations(function(inv)
      reassign(inv, "o-1", 2, nil, "ham")
      assert.equal("ham 3", allocated(inv, "o-1"))
      local _, message = refused(inv, "EXCEEDS", "reassign",
        { id = "r", order = "o-1", lines = { { line = 1, qty = 1, to = "ham" } } })
      assert.equal("0 of bike are allocated there, 1 were asked for", message)
    end)
  end)

  it("without a source to go to gives the claim up; the units stay promised", function()
    with_allocations(function(inv, stock)
      local answer = reassign(inv, "o-1", 2)
      assert.same({ { line = 1, sku = "bike", qty = 2 } }, answer.lines)
      assert.equal("muc 1", allocated(inv, "o-1"))
      assert.same({ 4, 0, 1 }, promises(inv, stock))
      expect_line(inv, "o-1", 1, { ordered = 5, open = 5, allocated = 1 })
      reassign(inv, "o-1", 1, "muc")
      assert.same({}, at_sources(inv, stock))
    end)
  end)

  it("leaves units covered that waited before they were allocated", function()
    with_shop(function(inv, stock)
      product(inv, "bell", { muc = 3 }, { backorders = "allow" })
      place(inv, "o-0", stock, { "bell", 3 })
      place(inv, "o-1", stock, { "bell", 2 })
      assert(inv:allocate{ id = "a", order = "o-1", force = true,
        lines = { { line = 1, qty = 1, source = "muc" } } })
      assert.same({ 3, 1, 1 }, promises(inv, stock, "bell"))
      reassign(inv, "o-1", 1)
      assert.same({ 4, 1, 0 }, promises(inv, stock, "bell"))
      expect_line(inv, "o-1", 1, { ordered = 2, open = 2, backordered = 1 })
    end)
  end)

  it("spreads a SKU over its lines", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 4, ham = 4 })
      place(inv, "o-1", stock, { "bike", 2 }, { "bike", 2 })
      assert(inv:allocate{ id = "a", order = "o-1",
        lines = { { sku = "bike", qty = 3, source = "muc" } } })
      local answer = assert(inv:reassign{ id = "r", order = "o-1",
        lines = { { sku = "bike", qty = 3, from = "muc", to = "ham" } } })
      assert.same({ 2, 1 }, helpers.column(answer.lines, "qty"))
      assert.same({ ham = 3 }, at_sources(inv, stock))
    end)
  end)

  it("ends at what is allocated there", function()
    with_allocations(function(inv)
      for _, row in ipairs{ { qty = 3, from = "muc" }, { qty = 3, from = "muc", to = "ber" },
        { qty = 4 }, { qty = 1, from = "ber" } } do
        row.line = 1
        refused(inv, "EXCEEDS", "reassign", { id = "r", order = "o-1", lines = { row } })
      end
    end)
  end)

  it("ends at what is at the other source and nobody's", function()
    with_allocations(function(inv, stock)
      place(inv, "o-2", stock, { "bike", 4 })
      allocate(inv, "o-2", "ber", 1)
      local errors = refused(inv, "NOT_ENOUGH", "reassign",
        { id = "r", order = "o-1", lines = { { line = 1, qty = 3, to = "ber" } } })
      assert.same({ "qty", 3, 1 },
        { errors[1].field, errors[1].requested, errors[1].available })
    end)
  end)

  it("moves nothing to a source that cannot be allocated at", function()
    with_allocations(function(inv)
      local request = { id = "r", order = "o-1", lines = { { line = 1, qty = 1, to = "ber" } } }
      assert(inv.items:save{ sku = "bike", source = "ber", qty = 2, status = "out_of_stock" })
      assert.equal("to", refused(inv, "OUT_OF_STOCK", "reassign", request)[1].field)
      assert(inv.sources:save{ code = "ber", enabled = false })
      assert.equal("to", refused(inv, "OUT_OF_STOCK", "reassign", request)[1].field)
      assert(inv.items:delete{ sku = "bike", source = "ber" })
      assert(inv.sources:save{ code = "ber", enabled = true })
      assert.equal("to", refused(inv, "NOT_FOUND", "reassign", request)[1].field)
      request.lines[1].to = "far"
      assert.equal("to", refused(inv, "NOT_FOUND", "reassign", request)[1].field)
    end)
  end)

  it("names each source that is unknown, and refuses to move units to where they are", function()
    with_allocations(function(inv)
      helpers.expect_problems({ "1.from NOT_FOUND", "1.to NOT_FOUND", "2.to INVALID" },
        inv:reassign{ id = "r", order = "o-1", lines = {
          { qty = 1, sku = "bike", from = "x", to = "y" },
          { qty = 1, sku = "bike", from = "muc", to = "muc" } } })
    end)
  end)
end)

describe("allocated units", function()
  it("are cancelled after all others, the newest first", function()
    with_allocations(function(inv, stock)
      for _, left in ipairs{ "ham 1, muc 2", "ham 1, muc 2", "muc 2", "muc 1", "" } do
        cancel(inv, "o-1", 1)
        assert.equal(left, allocated(inv, "o-1"))
      end
      assert.same({ 0, 0, 0 }, promises(inv, stock))
      assert.same({}, at_sources(inv, stock))
    end)
  end)

  it("are cancelled after those that wait", function()
    with_shop(function(inv, stock)
      product(inv, "bell", { muc = 3 }, { backorders = "allow" })
      place(inv, "o-1", stock, { "bell", 5 })
      allocate(inv, "o-1", "muc", 2)
      cancel(inv, "o-1", 3)
      assert.same({ 0, 0, 2 }, promises(inv, stock, "bell"))
    end)
  end)

  it("are cancelled with the whole order", function()
    with_allocations(function(inv, stock)
      assert(inv:cancel{ id = "c", order = "o-1" })
      assert.same({}, at_sources(inv, stock))
      assert.equal(0, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("are refunded after all others, the newest first", function()
    with_allocations(function(inv, stock)
      assert(inv:invoice{ id = "i", order = "o-1" })
      assert(inv:refund{ id = "r-1", order = "o-1", lines = { { line = 1, qty = 3 } } })
      assert.equal("muc 2", allocated(inv, "o-1"))
      assert(inv:refund{ id = "r-2", order = "o-1", lines = { { line = 1, qty = 2 } } })
      assert.same({}, at_sources(inv, stock))
      assert.same({ muc = 4, ham = 4, ber = 2 }, quantities(inv, "bike"))
    end)
  end)

  it("are written off after all others", function()
    with_allocations(function(inv)
      assert(inv:invoice{ id = "i", order = "o-1" })
      assert(inv:refund{ id = "r-1", order = "o-1",
        lines = { { line = 1, qty = 2, write_off = true } } })
      assert.equal("ham 1, muc 2", allocated(inv, "o-1"))
      assert.same({ muc = 2, ham = 4, ber = 2 }, quantities(inv, "bike"))
      assert(inv:refund{ id = "r-2", order = "o-1",
        lines = { { line = 1, qty = 3, write_off = true } } })
      assert.equal("", allocated(inv, "o-1"))
      assert.same({ muc = 0, ham = 3, ber = 2 }, quantities(inv, "bike"))
    end)
  end)

  it("that are virtual are invoiced from their source, or from another", function()
    with_shop(function(inv, stock)
      product(inv, "book", { muc = 2, ham = 4 }, nil, "virtual")
      place(inv, "o-1", stock, { "book", 5 })
      allocate(inv, "o-1", "ham", 3)
      assert(inv:invoice{ id = "i-1", order = "o-1",
        lines = { { line = 1, qty = 1, source = "ham" } } })
      assert.equal("ham 2", allocated(inv, "o-1"))
      assert(inv:invoice{ id = "i-2", order = "o-1" })
      assert.same({}, at_sources(inv, stock, "book"))
      assert.same({ muc = 0, ham = 1 }, quantities(inv, "book"))
    end)
  end)

  it("keep their source item from being deleted", function()
    with_allocations(function(inv, stock)
      helpers.expect_error("IN_USE", inv.items:delete{ sku = "bike", source = "ham" })
      cancel(inv, "o-1", 5)
      assert(inv.items:delete{ sku = "bike", source = "ham" })
      assert.same({}, at_sources(inv, stock))
    end)
  end)

  it("stay when fewer goods are counted, and are shipped as far as there are any", function()
    with_order(function(inv, stock)
      place(inv, "o-2", stock, { "bike", 3 })
      allocate(inv, "o-1", "muc", 2)
      allocate(inv, "o-2", "muc", 2)
      assert(inv.items:save{ sku = "bike", source = "muc", qty = 3 })
      assert.same({ muc = 4 }, at_sources(inv, stock))
      refused(inv, "NOT_ENOUGH", "ship", { id = "s", order = "o-2",
        lines = { { line = 1, qty = 2, source = "muc" } } })
      ship(inv, "o-2", "muc", 1)
      cancel(inv, "o-1", 5)
      ship(inv, "o-2", "muc", 1)
      assert.same({ muc = 1, ham = 4, ber = 2 }, quantities(inv, "bike"))
    end)
  end)

  it("stay when there are no goods at all, and end with the order", function()
    with_allocations(function(inv, stock)
      for _, source in ipairs{ "muc", "ham" } do
        assert(inv.items:save{ sku = "bike", source = source, qty = -1 })
      end
      assert.same({ muc = 2, ham = 1 }, at_sources(inv, stock))
      refused(inv, "NOT_ENOUGH", "ship", { id = "s", order = "o-1",
        lines = { { line = 1, qty = 1, source = "muc" } } })
      cancel(inv, "o-1", 5)
      assert.same({}, at_sources(inv, stock))
    end)
  end)

  it("stay when their source is disabled, and can go elsewhere", function()
    with_allocations(function(inv, stock)
      assert(inv.sources:save{ code = "muc", enabled = false, force = true })
      assert.equal("ham 1, muc 2", allocated(inv, "o-1"))
      assert.same({ 2, 0, 3 }, promises(inv, stock))
      reassign(inv, "o-1", 1, "ham", "ber")
      reassign(inv, "o-1", 1, "muc", "ber")
      assert.equal("ber 2, muc 1", allocated(inv, "o-1"))
      ship(inv, "o-1", "muc", 1)
      assert.equal("ber 2", allocated(inv, "o-1"))
    end)
  end)

  it("end when their source leaves the stock, but stay promised", function()
    with_allocations(function(inv, stock)
      assert(inv.stocks:unlink{ { stock = stock, source = "muc" } })
      assert.equal("ham 1", allocated(inv, "o-1"))
      assert.same({ 4, 0, 1 }, promises(inv, stock))
      assert.equal(0, inv.items:get{ sku = "bike", source = "muc" }.allocated)
      local moved = helpers.ledger(inv, "allocation_moved")
      assert.same({ "muc", 2 }, { moved[#moved].source, moved[#moved].qty })
    end)
  end)

  it("let nothing become firm that other goods do not cover", function()
    with_shop(function(inv, stock)
      product(inv, "bell", { muc = 2 }, { backorders = "allow" })
      place(inv, "o-1", stock, { "bell", 2 })
      place(inv, "o-2", stock, { "bell", 2 })
      allocate(inv, "o-1", "muc", 2)
      assert.same({ 0, 2, 2 }, promises(inv, stock, "bell"))
      cancel(inv, "o-1", 1)
      assert.same({ 1, 1, 1 }, promises(inv, stock, "bell"))
      expect_line(inv, "o-2", 1, { ordered = 2, open = 2, backordered = 1 })
    end)
  end)

  it("of fractions add up exactly", function()
    with_shop(function(inv, stock)
      product(inv, "wire", { muc = 1 }, { decimal_qty = true, min_sale_qty = 0 })
      place(inv, "o-1", stock, { "wire", 1 })
      for _ = 1, 9 do allocate(inv, "o-1", "muc", "0.1") end
      assert.same({ muc = 0.9 }, at_sources(inv, stock, "wire"))
      refused(inv, "EXCEEDS", "allocate",
        { id = "a", order = "o-1", lines = { { line = 1, qty = "0.1001", source = "muc" } } })
      allocate(inv, "o-1", "muc", "0.1")
      assert.same({ 0, 0, 1 }, promises(inv, stock, "wire"))
    end)
  end)

  it("of a stock never add up to more than a quantity can be", function()
    with_shop(function(inv, stock)
      local all = 100000000000
      product(inv, "sand", { muc = all }, { backorders = "allow", max_sale_qty = 0 })
      place(inv, "o-1", stock, { "sand", all })
      allocate(inv, "o-1", "muc", all)
      assert(inv.items:save{ sku = "sand", source = "muc", qty = 0 })
      assert(inv.items:save{ sku = "sand", source = "ham", qty = all })
      place(inv, "o-2", stock, { "sand", all })
      refused(inv, "LIMIT", "allocate",
        { id = "a", order = "o-2", lines = { { line = 1, qty = 1, source = "ham" } } })
    end)
  end)
end)
