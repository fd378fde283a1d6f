-- allocations_spec.lua: open units of an order claim goods at a source, keep them from others, move
-- and are given up.

local allocations = require "allocation_kit"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, product, place, refused = kit.with_shop, kit.product, kit.place, kit.refused
local expect_line, quantities = kit.expect_line, kit.quantities

local allocate, ship, allocated = allocations.allocate, allocations.ship, allocations.allocated
local at_sources, promises = allocations.at_sources, allocations.promises
local with_order = allocations.with_order

describe("allocate", function()
  it("claims units at a source: the same are reserved, and no more", function()
    with_order(function(inv, stock)
      local answer = assert(inv:allocate{ id = "a", order = "o-1",
        lines = { { sku = "bike", qty = 3, source = "muc" } } })
      assert.same({ id = "a", order = "o-1",
        lines = { { line = 1, sku = "bike", qty = 3, source = "muc" } } }, answer)
      expect_line(inv, "o-1", 1, { ordered = 5, open = 5, allocated = 3 })
      assert.same({ muc = 3 }, at_sources(inv, stock))
      assert.same({ 2, 0, 3 }, promises(inv, stock))
      assert.equal(5, inv:salable_qty("bike", { stock = stock }))
      assert.same({ muc = 4, ham = 4, ber = 2 }, quantities(inv, "bike"))
      assert.equal("muc 3", allocated(inv, "o-1"))
    end)
  end)

  it("is a row of the ledger that reserves nothing more", function()
    with_order(function(inv, stock)
      assert(inv:allocate{ id = "a", order = "o-1",
        lines = { { sku = "bike", qty = 3, source = "muc" } } })
      assert.same({ { event = "units_allocated", document = "a", order = "o-1", line = 1,
        sku = "bike", stock = stock, source = "muc", reserved = 0, moved = 0, qty = 3 } },
        kit.rows_of(inv, "a"))
    end)
  end)

  it("adds to what was allocated before", function()
    with_order(function(inv, stock)
      allocate(inv, "o-1", "muc", 1)
      allocate(inv, "o-1", "ham", 1)
      allocate(inv, "o-1", "muc", 2)
      assert.equal("muc 3, ham 1", allocated(inv, "o-1"))
      assert.same({ muc = 3, ham = 1 }, at_sources(inv, stock))
    end)
  end)

  it("takes a plan, its picks source by source", function()
    with_order(function(inv, stock)
      local plan = assert(inv:select{ order = "o-1", rows = "all" })
      assert.equal(2, #assert(inv:allocate{ id = "a", order = "o-1", plan = plan }).lines)
      assert.same({ muc = 4, ham = 1 }, at_sources(inv, stock))
    end)
  end)

  it("refuses another order's plan, and one for lines that are not there", function()
    with_order(function(inv, stock)
      place(inv, "o-2", stock, { "bike", 1 }, { "bike", 1 })
      local plan = assert(inv:select{ order = "o-2" })
      helpers.expect_problems({ "plan INVALID" },
        inv:allocate{ id = "a", order = "o-1", plan = plan })
      plan.order = nil
      helpers.expect_problems({ "2.plan INVALID" },
        inv:allocate{ id = "a", order = "o-1", plan = plan })
    end)
  end)

  it("spreads a SKU over its lines, each as far as it is open and not allocated", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 })
      place(inv, "o-1", stock, { "bike", 2 }, { "bike", 3 })
      allocate(inv, "o-1", "muc", 1)
      local answer = assert(inv:allocate{ id = "a", order = "o-1",
        lines = { { sku = "bike", qty = 3, source = "muc" } } })
      assert.same({ 1, 2 }, helpers.column(answer.lines, "line"))
      assert.same({ 1, 2 }, helpers.column(answer.lines, "qty"))
      refused(inv, "EXCEEDS", "allocate",
        { id = "b", order = "o-1", lines = { { sku = "bike", qty = 2, source = "muc" } } })
    end)
  end)

  it("ends at what is open and not allocated", function()
    with_order(function(inv)
      allocate(inv, "o-1", "muc", 2)
      local errors, message = refused(inv, "EXCEEDS", "allocate",
        { id = "a", order = "o-1", lines = { { line = 1, qty = 4, source = "ham" } } })
      assert.equal("3 of bike are open and not allocated, 4 were asked for", message)
      assert.same({ 4, 3 }, { errors[1].requested, errors[1].available })
    end)
  end)

  it("ends at what is at the source and nobody's", function()
    with_order(function(inv, stock)
      place(inv, "o-2", stock, { "bike", 5 })
      allocate(inv, "o-1", "muc", 3)
      local _, message = refused(inv, "NOT_ENOUGH", "allocate",
        { id = "a", order = "o-2", lines = { { line = 1, qty = 2, source = "muc" } } })
      assert.equal("that source has 1 of bike, 2 were asked for", message)
      allocate(inv, "o-2", "muc", 1)
      refused(inv, "NOT_ENOUGH", "allocate",
        { id = "a", order = "o-2", lines = { { line = 1, qty = 1, source = "muc" } } })
    end)
  end)

  it("sees what an earlier row of the request has claimed", function()
    with_order(function(inv)
      refused(inv, "NOT_ENOUGH", "allocate", { id = "a", order = "o-1", lines = {
        { line = 1, qty = 2, source = "ber" }, { line = 1, qty = 1, source = "ber" } } })
    end)
  end)

  it("takes covered units first, and waiting ones only then", function()
    with_shop(function(inv, stock)
      product(inv, "bell", { muc = 5 }, { backorders = "allow" })
      place(inv, "o-0", stock, { "bell", 2 })
      place(inv, "o-1", stock, { "bell", 5 })
      expect_line(inv, "o-1", 1, { ordered = 5, open = 5, backordered = 2 })
      allocate(inv, "o-1", "muc", 3)
      expect_line(inv, "o-1", 1, { ordered = 5, open = 5, allocated = 3, backordered = 2 })
      assert.same({ 2, 2, 3 }, promises(inv, stock, "bell"))
      assert(inv:allocate{ id = "a", order = "o-1", force = true,
        lines = { { line = 1, qty = 1, source = "muc" } } })
      expect_line(inv, "o-1", 1, { ordered = 5, open = 5, allocated = 4, backordered = 1 })
      assert.same({ 2, 1, 4 }, promises(inv, stock, "bell"))
    end)
  end)

  it("needs a source in every row, and says so for each", function()
    with_order(function(inv)
      helpers.expect_problems({ "1.source INVALID", "2.source INVALID" },
        inv:allocate{ id = "a", order = "o-1",
          lines = { { sku = "bike", qty = 1 }, { sku = "bike", qty = 1 } } })
    end)
  end)

  it("reports what is wrong in every row, and changes nothing", function()
    with_order(function(inv)
      refused(inv, "INVALID", "allocate", { id = "a", order = "o-1", lines = {
        { line = 1, qty = 1, source = "muc" }, { line = 1, qty = 0, source = "muc" },
        { line = 1, qty = 1, source = "nowhere" }, { line = 1, qty = 3, source = "ber" } } })
    end)
  end)

  it("takes no units at a source that is disabled, has none in stock, or is not linked", function()
    with_order(function(inv, stock)
      local function expect(code, message)
        local row = { line = 1, qty = 1, source = "ber" }
        local _, said = refused(inv, code, "allocate", { id = "a", order = "o-1", lines = { row } })
        assert.equal(message, said)
      end
      assert(inv.sources:save{ code = "ber", enabled = false })
      expect("OUT_OF_STOCK", "source ber is disabled, so nothing can be allocated there")
      assert(inv.sources:save{ code = "ber", enabled = true })
      assert(inv.items:save{ sku = "bike", source = "ber", qty = 2, status = "out_of_stock" })
      expect("OUT_OF_STOCK", "bike is marked out of stock there, so nothing of it can be allocated")
      assert(inv.stocks:unlink{ { stock = stock, source = "ber" } })
      expect("NOT_FOUND", "source ber does not belong to this stock")
    end)
  end)

  it("is for lines that reserve: others are refused by name and passed over in a plan", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      product(inv, "sand", { muc = 5 }, { manage_stock = false })
      product(inv, "tent", { muc = 5 }, { reserve_stock = false })
      place(inv, "o-1", stock, { "sand", 2 }, { "tent", 2 }, { "bike", 2 })
      for _, row in ipairs{ { line = 1 }, { sku = "sand" }, { line = 2 }, { sku = "tent" } } do
        row.qty, row.source = 1, "muc"
        refused(inv, "UNSUPPORTED", "allocate", { id = "a", order = "o-1", lines = { row } })
      end
      refused(inv, "UNSUPPORTED", "reassign",
        { id = "a", order = "o-1", lines = { { line = 1, qty = 1 } } })
      local plan = assert(inv:select{ order = "o-1" })
      assert.equal(3, #plan.picks)
      assert.same({ { line = 3, sku = "bike", qty = 2, source = "muc" } },
        assert(inv:allocate{ id = "a", order = "o-1", plan = plan }).lines)
    end)
  end)

  it("serves virtual lines too", function()
    with_shop(function(inv, stock)
      product(inv, "book", { muc = 2 }, nil, "virtual")
      place(inv, "o-1", stock, { "book", 2 })
      allocate(inv, "o-1", "muc", 2)
      assert.same({ muc = 2 }, at_sources(inv, stock, "book"))
    end)
  end)

  it("runs in a batch", function()
    with_order(function(inv)
      local outcomes = assert(inv:batch{
        { op = "allocate", id = "a", order = "o-1",
          lines = { { line = 1, qty = 2, source = "muc" } } },
        { op = "allocate", id = "b", order = "o-1",
          lines = { { line = 1, qty = 5, source = "muc" } } },
        { op = "reassign", id = "c", order = "o-1", lines = { { line = 1, qty = 1, to = "ham" } } },
      })
      assert.same({ true, false, true }, helpers.column(outcomes, "ok"))
      assert.equal("ham 1, muc 1", allocated(inv, "o-1"))
    end)
  end)
end)

describe("two orders that compete for a source", function()
  it("each keep what they have claimed", function()
    with_order(function(inv, stock)
      place(inv, "o-2", stock, { "bike", 5 })
      allocate(inv, "o-1", "muc", 3)
      local errors = refused(inv, "NOT_ENOUGH", "ship", { id = "s", order = "o-2",
        lines = { { line = 1, qty = 2, source = "muc" } } })
      assert.same({ 2, 1 }, { errors[1].requested, errors[1].available })
      ship(inv, "o-2", "muc", 1)
      ship(inv, "o-1", "muc", 3)
      assert.equal(0, quantities(inv, "bike").muc)
    end)
  end)

  it("are offered what is left for them", function()
    with_order(function(inv, stock)
      place(inv, "o-2", stock, { "bike", 5 })
      allocate(inv, "o-1", "muc", 3)
      assert.same({ 1, 4 }, helpers.column(inv:select{ order = "o-2" }.picks, "qty_to_deduct"))
      assert.same({ 4, 1 }, helpers.column(inv:select{ order = "o-2",
        availability = "physical" }.picks, "qty_to_deduct"))
    end)
  end)

  it("leave each other's virtual goods alone", function()
    with_shop(function(inv, stock)
      product(inv, "book", { muc = 3, ham = 2 }, nil, "virtual")
      place(inv, "o-1", stock, { "book", 3 })
      place(inv, "o-2", stock, { "book", 2 })
      allocate(inv, "o-1", "muc", 3)
      assert.same({ "ham" }, helpers.column(assert(inv:invoice{ id = "i-2", order = "o-2" }).lines,
        "source"))
      assert.same({ "muc" }, helpers.column(assert(inv:invoice{ id = "i-1", order = "o-1" }).lines,
        "source"))
      assert.same({}, at_sources(inv, stock, "book"))
    end)
  end)

  it("leave each other's goods alone when some are written off", function()
    with_order(function(inv, stock)
      place(inv, "o-2", stock, { "bike", 3 })
      allocate(inv, "o-1", "muc", 4)
      assert(inv:invoice{ id = "i-2", order = "o-2" })
      assert(inv:refund{ id = "r-2", order = "o-2",
        lines = { { line = 1, qty = 3, write_off = true } } })
      assert.same({ muc = 4, ham = 1, ber = 2 }, quantities(inv, "bike"))
      assert.equal("muc 4", allocated(inv, "o-1"))
    end)
  end)
end)

describe("shipping", function()
  -- 5 open: 2 allocated at muc, then 1 at ham, 2 not allocated.
  local function prepared(fn)
    with_order(function(inv, stock)
      allocate(inv, "o-1", "muc", 2)
      allocate(inv, "o-1", "ham", 1)
      fn(inv, stock)
    end)
  end

  -- From where, how many, what is then allocated, and how many not.
  local CASES = {
    { "muc", 1, "ham 1, muc 1", 2 }, { "muc", 2, "ham 1", 2 }, { "muc", 4, "ham 1", 0 },
    { "ham", 1, "muc 2", 2 }, { "ham", 3, "muc 2", 0 }, { "ham", 4, "muc 1", 0 },
    { "ber", 2, "ham 1, muc 2", 0 },
  }
  for _, case in ipairs(CASES) do
    it(("%d from %s leaves %s allocated"):format(case[2], case[1], case[3]), function()
      prepared(function(inv, stock)
        ship(inv, "o-1", case[1], case[2])
        assert.equal(case[3], allocated(inv, "o-1"))
        assert.equal(case[4], promises(inv, stock)[1])
      end)
    end)
  end

  it("from elsewhere gives up the newest allocations, when there is nothing else", function()
    prepared(function(inv, stock)
      ship(inv, "o-1", "ber", 2)
      assert(inv.items:save{ sku = "bike", source = "ber", qty = 5 })
      ship(inv, "o-1", "ber", 1)
      assert.equal("muc 2", allocated(inv, "o-1"))
      ship(inv, "o-1", "ber", 2)
      assert.equal("", allocated(inv, "o-1"))
      assert.same({}, at_sources(inv, stock))
      assert.same({ muc = 4, ham = 4, ber = 2 }, quantities(inv, "bike"))
    end)
  end)

  it("of allocations of one document gives up the first source's first", function()
    with_order(function(inv)
      assert(inv:allocate{ id = "a", order = "o-1", lines = {
        { line = 1, qty = 2, source = "ham" }, { line = 1, qty = 3, source = "muc" } } })
      assert.equal("muc 3, ham 2", allocated(inv, "o-1"))
      ship(inv, "o-1", "ber", 1)
      assert.equal("muc 2, ham 2", allocated(inv, "o-1"))
    end)
  end)

  it("delivers units that wait, and what is allocated elsewhere stays", function()
    with_shop(function(inv, stock)
      product(inv, "bell", { muc = 3 }, { backorders = "allow" })
      place(inv, "o-1", stock, { "bell", 5 })
      allocate(inv, "o-1", "muc", 2)
      assert(inv.items:save{ sku = "bell", source = "far", qty = 5 })
      ship(inv, "o-1", "far", 3)
      expect_line(inv, "o-1", 1, { ordered = 5, open = 2, delivered = 3, allocated = 2 })
      assert.same({ muc = 2 }, at_sources(inv, stock, "bell"))
    end)
  end)

  it("leaves goods that were set aside for one order to nobody else", function()
    with_shop(function(inv, stock)
      local other = assert(inv.stocks:save{ name = "Other",
        sources = { { code = "muc", priority = 1 } } })
      product(inv, "bell", { muc = 3 }, { backorders = "allow" })
      place(inv, "old", other, { "bell", 4 })
      place(inv, "young", stock, { "bell", 5 })
      assert(inv.items:save{ sku = "bell", source = "ham", qty = 3 })
      allocate(inv, "young", "ham", 3)
      assert(inv.items:save{ sku = "bell", source = "far", qty = 5 })
      ship(inv, "young", "far", 2)
      expect_line(inv, "young", 1, { ordered = 5, open = 3, delivered = 2, allocated = 3 })
      expect_line(inv, "old", 1, { ordered = 4, open = 4, backordered = 1 })
    end)
  end)

  it("of units that wait takes no goods that others were promised", function()
    with_shop(function(inv, stock)
      product(inv, "bell", { muc = 3, ham = 2 }, { backorders = "allow" })
      place(inv, "o-2", stock, { "bell", 2 })
      place(inv, "o-1", stock, { "bell", 5 })
      allocate(inv, "o-1", "muc", 3)
      local request = { id = "s", order = "o-1", source = "ham",
        lines = { { line = 1, qty = 2 } } }
      refused(inv, "PROMISED", "ship", request)
      request.force = true
      assert(inv:ship(request))
      expect_line(inv, "o-1", 1, { ordered = 5, open = 3, delivered = 2, allocated = 3 })
    end)
  end)

  it("does not touch the allocations of another line", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 4 })
      place(inv, "o-1", stock, { "bike", 2 }, { "bike", 2 })
      allocate(inv, "o-1", "muc", 2)
      assert(inv:ship{ id = "s", order = "o-1",
        lines = { { line = 2, qty = 2, source = "muc" } } })
      assert.equal("muc 2", allocated(inv, "o-1"))
    end)
  end)
end)
