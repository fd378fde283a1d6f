-- adopt_orders_spec.lua: orders of another system become orders of this one, with what has happened
-- to them. They are facts: taken over whatever there is, and afterwards like any other.

local care = require "care_kit"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, product, place = kit.with_shop, kit.product, kit.place
local refused, expect_line, order = kit.refused, kit.expect_line, care.order

local function adopt(inv, id, ...)
  return assert(inv:adopt{ id = id, orders = { ... } })
end

-- What the ledger says of a document, each row as "event note line sku source reserved moved qty".
local function told(inv, document)
  local list = {}
  for i, row in ipairs(kit.rows_of(inv, document)) do
    list[i] = ("%s %s %s %s %s %s %s %s"):format(row.event, row.note or "-", row.line or "-",
      row.sku, row.source or "-", row.reserved, row.moved, row.qty)
  end
  return list
end

describe("adopting an order", function()
  it("reserves its open units and moves no goods", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 10, ham = 4 })
      assert.same({ id = "a-1", orders = 1, known = 0, opened = 0, taken = 0, skipped = 0,
        over_promised = {} },
        adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 7, invoiced = 3, shipped = 2 })))
      assert.same({ muc = 10, ham = 4 }, kit.quantities(inv, "bike"))
      local position = kit.position(inv, "bike", stock)
      assert.same({ 5, 5, 0, 9 }, { position.reserved, position.firm, position.adopted,
        position.salable })
      expect_line(inv, "o-1", 1, { ordered = 7, invoiced = 3, delivered = 2, open = 5 })
    end)
  end)

  it("remembers its stock or its channel", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 10 })
      local one = { { sku = "bike", qty = 1 } }
      adopt(inv, "a-1", { id = "o-1", stock = stock, lines = one },
        { id = "o-2", channel = "eu", lines = one },
        { id = "o-3", channel = { type = "website", code = "base" }, lines = one })
      assert.is_nil(inv.orders:get("o-1").channel)
      assert.same({ type = "website", code = "eu" }, inv.orders:get("o-2").channel)
      assert.same({ stock, 1 }, { inv.orders:get("o-2").stock, inv.orders:get("o-3").stock })
    end)
  end)

  it("tells each counter in a row of its own", function()
    with_shop(function(inv)
      product(inv, "bike", { muc = 10 })
      adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 9, cancelled = 1, invoiced = 6,
        shipped = 4, refunded = 3, returned = 1, source = "ham" }))
      assert.same({ "order_adopted ordered 1 bike - -2 0 9",
        "order_adopted cancelled 1 bike - 0 0 1", "order_adopted invoiced 1 bike - 0 0 6",
        "order_adopted refunded 1 bike - 0 0 3", "order_adopted released 1 bike - 0 0 2",
        "order_adopted returned 1 bike - 0 0 1", "order_adopted delivered 1 bike ham 0 0 4",
      }, told(inv, "o-1"))
    end)
  end)

  it("keeps line numbers, and counts lines without one by position", function()
    with_shop(function(inv)
      product(inv, "bike", { muc = 10 })
      adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 1, line = 4095 },
        { sku = "bike", qty = 2 }, { sku = "bike", qty = 3, line = 1 }))
      expect_line(inv, "o-1", 4095, { ordered = 1, open = 1 })
      expect_line(inv, "o-1", 2, { ordered = 2, open = 2 })
      expect_line(inv, "o-1", 1, { ordered = 3, open = 3 })
    end)
  end)

  it("may bring orders of which nothing is open", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 10 })
      adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 3, shipped = 3, invoiced = 3 }),
        order("o-2", { sku = "bike", qty = 3, cancelled = 3 }))
      assert.equal(0, kit.reserved(inv, "bike", stock))
      assert(inv:refund{ id = "r-1", order = "o-1",
        lines = { { sku = "bike", qty = 1, return_to_stock = true } } })
      assert.equal(11, kit.quantities(inv, "bike").muc)
    end)
  end)
end)

describe("units of an adopted order that goods do not cover", function()
  it("wait where the product has backorders, behind older ones", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 }, { backorders = "allow" })
      place(inv, "o-0", stock, { "bike", 4 })
      local answer = adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 3 },
        { sku = "bike", qty = 2 }))
      assert.same({}, answer.over_promised)
      expect_line(inv, "o-1", 1, { ordered = 3, open = 3, backordered = 2 })
      expect_line(inv, "o-1", 2, { ordered = 2, open = 2, backordered = 2 })
      assert(inv.items:adjust{ id = "j-1",
        lines = { { sku = "bike", source = "muc", delta = 3 } } })
      expect_line(inv, "o-1", 1, { ordered = 3, open = 3 })
      expect_line(inv, "o-1", 2, { ordered = 2, open = 2, backordered = 1 })
    end)
  end)

  it("are firm without backorders, and said to be too much", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      product(inv, "bell", { muc = 5 })
      local answer = adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 4 },
        { sku = "bell", qty = 5 }), order("o-2", { sku = "bike", qty = 3 }))
      assert.same({ { sku = "bike", stock = stock, qty = 2 } }, answer.over_promised)
      assert.same({ "oversold 2 - bike - 0 0 0" }, told(inv, "a-1"))
      local position = kit.position(inv, "bike", stock)
      assert.same({ 7, 7, 0 }, { position.reserved, position.firm, position.backordered })
      refused(inv, "NOT_ENOUGH", "place", { id = "o-3", stock = stock,
        lines = { { sku = "bike", qty = 1 } } })
    end)
  end)

  it("are counted beyond what backorders allow", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 }, { backorders = "allow", out_of_stock_threshold = -2 })
      assert.same({ { sku = "bike", stock = stock, qty = 3 } },
        adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 10 })).over_promised)
      expect_line(inv, "o-1", 1, { ordered = 10, open = 10, backordered = 5 })
    end)
  end)
end)

describe("an adopted order", function()
  it("is planned, shipped, invoiced, refunded and cancelled like any other", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 3, ham = 9 })
      adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 10, invoiced = 2, shipped = 1 }))
      local plan = assert(inv:select{ order = "o-1" })
      assert.same({ 3, 6 }, { plan.picks[1].qty_to_deduct, plan.picks[2].qty_to_deduct })
      assert(inv:ship{ id = "s-1", order = "o-1",
        lines = { { sku = "bike", qty = 4, source = "ham" } } })
      assert(inv:invoice{ id = "i-1", order = "o-1", lines = { { sku = "bike", qty = 5 } } })
      assert(inv:refund{ id = "r-1", order = "o-1", lines = { { sku = "bike", qty = 3 } } })
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      expect_line(inv, "o-1", 1, { ordered = 10, cancelled = 3, invoiced = 7, delivered = 5,
        refunded = 3, released = 2 })
      assert.same({ muc = 3, ham = 5 }, kit.quantities(inv, "bike"))
      assert.equal(0, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("can be allocated, and claims what its stock shares with others", function()
    with_shop(function(inv, stock)
      local north = assert(inv.stocks:save{ name = "North",
        sources = { { code = "ham", priority = 1 } } })
      product(inv, "bike", { ham = 5 })
      assert.same({}, adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 3 })).over_promised)
      assert(inv:allocate{ id = "l-1", order = "o-1",
        lines = { { line = 1, qty = 2, source = "ham" } } })
      expect_line(inv, "o-1", 1, { ordered = 3, open = 3, allocated = 2 })
      assert.equal(2, inv:salable_qty("bike", { stock = north }))
      local over = adopt(inv, "a-2",
        { id = "o-2", stock = north, lines = { { sku = "bike", qty = 4 } } }).over_promised
      assert.same({ sku = "bike", stock = north, qty = 2 }, over[#over])
      assert.equal(3, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("takes goods back to where the line says they came from", function()
    with_shop(function(inv)
      product(inv, "bike", { muc = 3, ham = 9 })
      adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 5, shipped = 4, source = "ham" }))
      assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { sku = "bike", qty = 1 } } })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      assert(inv:return_goods{ id = "b-2", order = "o-1", lines = { { sku = "bike", qty = 2 } } })
      assert.same({ muc = 3, ham = 11 }, kit.quantities(inv, "bike"))
    end)
  end)

  it("takes them back to the stock's best source when it does not say", function()
    with_shop(function(inv)
      product(inv, "bike", { muc = 3, ham = 9 })
      adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 5, shipped = 4, returned = 1 }))
      assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { sku = "bike", qty = 3 } } })
      assert.same({ muc = 6, ham = 9 }, kit.quantities(inv, "bike"))
      refused(inv, "EXCEEDS", "return_goods", { id = "b-2", order = "o-1",
        lines = { { sku = "bike", qty = 1 } } })
    end)
  end)

  it("of a virtual product was delivered as far as it was invoiced", function()
    with_shop(function(inv, stock)
      product(inv, "book", { ber = 9 }, nil, "virtual")
      adopt(inv, "a-1", order("o-1", { sku = "book", qty = 5, invoiced = 2 }))
      expect_line(inv, "o-1", 1, { ordered = 5, invoiced = 2, delivered = 2, open = 3 })
      assert(inv:invoice{ id = "i-1", order = "o-1" })
      assert.same({ 6, 0 }, { kit.quantities(inv, "book").ber, kit.reserved(inv, "book", stock) })
    end)
  end)

  it("counts refunded units as released as far as they were invoiced and not delivered", function()
    with_shop(function(inv)
      product(inv, "bike", { muc = 30 })
      adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 5, invoiced = 5, shipped = 2,
        refunded = 4 }, { sku = "bike", qty = 5, invoiced = 2, shipped = 2, refunded = 2 },
        { sku = "bike", qty = 5, invoiced = 5, shipped = 2, refunded = 4, released = 1 }))
      expect_line(inv, "o-1", 1,
        { ordered = 5, invoiced = 5, delivered = 2, refunded = 4, released = 3 })
      expect_line(inv, "o-1", 2, { ordered = 5, invoiced = 2, delivered = 2, refunded = 2,
        open = 3 })
      expect_line(inv, "o-1", 3, { ordered = 5, invoiced = 5, delivered = 2, refunded = 4,
        released = 1, open = 2 })
    end)
  end)

  it("reserves nothing of what is not counted, and deducts nothing either", function()
    with_shop(function(inv, stock)
      product(inv, "sand", { muc = 5 }, { manage_stock = false })
      adopt(inv, "a-1", order("o-1", { sku = "sand", qty = 5, shipped = 1, invoiced = 1 }))
      assert.equal(0, kit.reserved(inv, "sand", stock))
      assert(inv:ship{ id = "s-1", order = "o-1" })
      assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { sku = "sand", qty = 5 } } })
      assert.same({ muc = 5 }, kit.quantities(inv, "sand"))
    end)
  end)

  it("reserves nothing while reservations are off, and deducts all the same", function()
    with_shop(function(inv, stock)
      product(inv, "tent", { muc = 5 }, { reserve_stock = false })
      adopt(inv, "a-1", order("o-1", { sku = "tent", qty = 5, shipped = 1 }))
      assert.equal(0, kit.reserved(inv, "tent", stock))
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { sku = "tent", qty = 1 } } })
      assert.same({ muc = 2 }, kit.quantities(inv, "tent"))
    end)
  end)

  it("may be of a product that is not declared yet", function()
    with_shop(function(inv, stock)
      assert.same({ { sku = "later", stock = stock, qty = 3 } },
        adopt(inv, "a-1", order("o-1", { sku = "later", qty = 3 })).over_promised)
      assert.is_false(inv.products:get("later").declared)
      product(inv, "later", { muc = 5 })
      assert.equal(2, inv:salable_qty("later", { stock = stock }))
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
    end)
  end)
end)

describe("an order that is adopted again", function()
  local function one() return order("o-1", { sku = "bike", qty = 3, shipped = 1 }) end

  it("in the same call is the same answer", function()
    with_shop(function(inv)
      product(inv, "bike", { muc = 2 })
      local first = adopt(inv, "a-1", one())
      local before = kit.snapshot(inv)
      local again = adopt(inv, "a-1", one())
      assert.is_true(again.replayed)
      again.replayed = nil
      assert.same(first, again)
      assert.same(before, kit.snapshot(inv))
    end)
  end)

  it("in another call is passed over, also when it has gone on", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 })
      adopt(inv, "a-1", one())
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      local answer = adopt(inv, "a-2", one(), order("o-2", { sku = "bike", qty = 1 }), one())
      assert.same({ 1, 2 }, { answer.orders, answer.known })
      assert.equal(1, kit.reserved(inv, "bike", stock))
    end)
  end)

  local OTHER = {
    { "another quantity", function(o) o.lines[1].qty = 4 end },
    { "another counter", function(o) o.lines[1].shipped = 2 end },
    { "one counter more", function(o) o.lines[1].refunded = 0.5 end },
    { "released said", function(o) o.lines[1].released = 0 end },
    { "another SKU", function(o) o.lines[1].sku = "bell" end },
    { "another source", function(o) o.lines[1].source = "ham" end },
    { "another line number", function(o) o.lines[1].line = 2 end },
    { "one line more", function(o) o.lines[2] = { sku = "bike", qty = 1 } end },
    { "another stock", function(o) o.stock = 1 end },
    { "a channel for the stock", function(o) o.stock, o.channel = nil, "eu" end },
  }
  for _, case in ipairs(OTHER) do
    it("with " .. case[1] .. " is refused by its id, and with it the call", function()
      with_shop(function(inv)
        product(inv, "bike", { muc = 9 })
        product(inv, "bell", { muc = 9 })
        adopt(inv, "a-1", one())
        local other = one()
        case[2](other)
        local errors, message = refused(inv, "CONFLICT", "adopt",
          { id = "a-2", orders = { order("o-2", { sku = "bike", qty = 1 }), other } })
        assert.equal("order o-1 is already here with another content", message)
        assert.same({ 1, "id", "o-1", 2 },
          { #errors, errors[1].field, errors[1].order, errors[1].index })
      end)
    end)
  end

  it("is a conflict with one that was placed here, and the other way about", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 })
      place(inv, "o-1", stock, { "bike", 3 })
      refused(inv, "CONFLICT", "adopt",
        { id = "a-1", orders = { order("o-1", { sku = "bike", qty = 3 }) } })
      adopt(inv, "a-1", order("o-2", { sku = "bike", qty = 3 }))
      refused(inv, "CONFLICT", "place",
        { id = "o-2", stock = stock, lines = { { sku = "bike", qty = 3 } } })
    end)
  end)
end)

describe("adopting orders is refused", function()
  local function problems(inv, request, expected)
    local before = kit.snapshot(inv)
    helpers.expect_problems(expected, inv:adopt(request))
    assert.same(before, kit.snapshot(inv))
  end

  -- Counters of a line of 10 bikes that contradict each other, by the one that is named, and how
  -- many it could be.
  local CONTRADICTIONS = {
    { { cancelled = 11 }, "cancelled", 10 },
    { { cancelled = 4, invoiced = 7 }, "invoiced", 6 },
    { { cancelled = 4, shipped = 7 }, "shipped", 6 },
    { { shipped = 7, invoiced = 9, refunded = 9, released = 4 }, "released", 3 },
    { { shipped = 2, invoiced = 9, refunded = 3, released = 4 }, "released", 3 },
    { { shipped = 2, invoiced = 4, refunded = 5 }, "refunded", 4 },
    { { refunded = 1 }, "refunded", 0 },
    { { shipped = 2, returned = 3 }, "returned", 2 },
  }
  for _, case in ipairs(CONTRADICTIONS) do
    it("when what is " .. case[2] .. " contradicts the rest of its line", function()
      with_shop(function(inv)
        product(inv, "bike", { muc = 9 })
        local line = { sku = "bike", qty = 10 }
        for name, qty in pairs(case[1]) do line[name] = qty end
        local errors, message = refused(inv, "INVALID", "adopt", { id = "a-1",
          orders = { order("o-1", { sku = "bike", qty = 1 }, line) } })
        assert.equal(("%d of bike contradict the rest of the line: %d at most")
          :format(case[1][case[2]], case[3]), message)
        assert.same({ 1, case[2], "o-1", 2, case[1][case[2]], case[3] },
          { #errors, errors[1].field, errors[1].order, errors[1].line, errors[1].requested,
            errors[1].available })
      end)
    end)
  end

  it("with every problem that any of its lines has", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 })
      product(inv, "book", { muc = 9 }, nil, "virtual")
      product(inv, "set", nil, nil, "configurable")
      problems(inv, { id = "a-1", orders = {
        { stock = stock, lines = { { sku = "bike", qty = 1 } } },
        { id = "o\n2", stock = stock, lines = { { sku = "bike", qty = 0 } } },
        { id = "o-3", lines = {} },
        { id = "o-4", stock = 99, lines = { { sku = " ", qty = -1 } } },
        { id = "o-5", stock = stock, channel = "eu", lines = { { qty = "1e3", line = 4096,
          sku = "bike", cancelled = -1, invoiced = "x", shipped = 1e12, refunded = "0.00001",
          released = -2, returned = "" } } },
        { id = "o-6", stock = stock, lines = { { sku = "bike", qty = 1 },
          { sku = "set", qty = 1, line = 1 }, { sku = "book", qty = 2, shipped = 1 },
          { sku = "bike", qty = 2, source = "nowhere" }, { sku = "bike" } } },
      }, reservations = { { sku = "bike", qty = -1 }, { sku = "bike", qty = -1, stock = stock,
        order = "" } } }, {
        "1.id INVALID", "2.id INVALID", "1.qty INVALID", "3.stock INVALID", "3.lines INVALID",
        "4.stock NOT_FOUND", "1.sku INVALID", "1.qty INVALID",
        "5.stock INVALID", "4096.line INVALID", "4096.qty INVALID", "4096.cancelled INVALID",
        "4096.invoiced INVALID", "4096.shipped LIMIT", "4096.refunded INVALID",
        "4096.released INVALID", "4096.returned INVALID",
        "1.sku UNSUPPORTED", "1.line INVALID", "3.shipped UNSUPPORTED", "4.source NOT_FOUND",
        "5.qty INVALID", "1.stock INVALID", "2.order INVALID" })
    end)
  end)

  it("when nobody knows which source delivered", function()
    with_shop(function(inv)
      local bare = assert(inv.stocks:save{ name = "Bare" })
      product(inv, "bike", { muc = 9 })
      local line = { sku = "bike", qty = 2, shipped = 1 }
      problems(inv, { id = "a-1", orders = { { id = "o-1", stock = bare, lines = { line } } } },
        { "1.source INVALID" })
      line.source = "muc"
      adopt(inv, "a-1", { id = "o-1", stock = bare, lines = { line } })
    end)
  end)

  it("with more lines than fit", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 })
      local lines, orders = {}, {}
      for i = 1, 4001 do lines[i] = { sku = "bike", qty = 1 } end
      problems(inv, { id = "a-1", orders = { order("o-1", (table.unpack or unpack)(lines)) } },
        { "- LIMIT" })
      lines[4001] = nil
      for i = 1, 3 do orders[i] = { id = "o-" .. i, stock = stock, lines = lines } end
      problems(inv, { id = "a-1", orders = orders }, { "- LIMIT" })
      orders[3] = nil
      assert.equal(2, assert(inv:adopt{ id = "a-1", orders = orders }).orders)
      assert.equal(8000, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("when promises would add up beyond the bound", function()
    with_shop(function(inv)
      product(inv, "bike", { muc = 5 })
      adopt(inv, "a-1", order("o-1", { sku = "bike", qty = 9e10 }))
      refused(inv, "LIMIT", "adopt",
        { id = "a-2", orders = { order("o-2", { sku = "bike", qty = 9e10 }) } })
    end)
  end)

  it("when there are none", function()
    with_shop(function(inv)
      problems(inv, { id = "a-1", orders = {} }, { "reservations INVALID" })
      problems(inv, { id = "a-1", open = false }, { "reservations INVALID" })
    end)
  end)
end)
