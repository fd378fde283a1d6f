-- adopt_spec.lua: the promises of another system are facts. They are taken over as they are, and
-- what they promise too much is said.

local kit = require "order_kit"

local with_shop, product, place, refused = kit.with_shop, kit.product, kit.place, kit.refused

local function adopt(inv, id, ...)
  return assert(inv:adopt{ id = id, reservations = { ... } })
end

describe("adopt", function()
  it("counts as reserved, and as adopted", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 10 })
      assert.same({ id = "a-1", taken = 1, skipped = 0, over_promised = {} },
        adopt(inv, "a-1", { sku = "bike", stock = stock, qty = -4, note = "cart 7" }))
      local position = kit.position(inv, "bike", stock)
      assert.same({ 4, 4, 6 }, { position.adopted, position.reserved, position.salable })
      local row = kit.rows_of(inv, "a-1")[1]
      assert.same({ document = "a-1", event = "reservation_adopted", sku = "bike", stock = stock,
        reserved = -4, moved = 0, qty = 0, note = "cart 7" }, row)
    end)
  end)

  it("takes with negative quantities and releases with positive ones", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 10 })
      adopt(inv, "a-1", { sku = "bike", channel = "eu", qty = -4 },
        { sku = "bike", stock = stock, qty = "1.5" }, { sku = "bike", stock = stock, qty = -1 })
      assert.equal(3.5, kit.position(inv, "bike", stock).adopted)
      adopt(inv, "a-2", { sku = "bike", channel = { code = "eu" }, qty = 3.5 })
      assert.equal(10, inv:salable_qty("bike", { stock = stock }))
    end)
  end)

  it("is accepted however much it promises, and says what is too much", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      product(inv, "bell", { muc = 5 })
      place(inv, "o-1", stock, { "bike", 3 })
      local report = adopt(inv, "a-1", { sku = "bell", stock = stock, qty = -5 },
        { sku = "bike", stock = stock, qty = -10 })
      assert.same({ id = "a-1", taken = 2, skipped = 0,
        over_promised = { { sku = "bike", stock = stock, qty = 8 } } }, report)
      local rows = kit.rows_of(inv, "a-1")
      assert.same({ "oversold", "bike", stock, 0, "8" }, { rows[3].event, rows[3].sku,
        rows[3].stock, rows[3].reserved, rows[3].note })
      assert.equal(13, kit.position(inv, "bike", stock).reserved)
      refused(inv, "NOT_ENOUGH", "place", { id = "o-2", stock = stock,
        lines = { { sku = "bike", qty = 1 } } })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
    end)
  end)

  it("says what is too much once for each product and stock, with the number at the end", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      product(inv, "bell", { muc = 5 })
      product(inv, "lamp", { default = 1, muc = 1 })
      local report = adopt(inv, "a-1", { sku = "bike", stock = stock, qty = -7 },
        { sku = "lamp", stock = stock, qty = -2 }, { sku = "bike", channel = "eu", qty = -3 },
        { sku = "bell", stock = stock, qty = -9 }, { sku = "lamp", stock = 1, qty = -4 },
        { sku = "bell", stock = stock, qty = 4 }, { sku = "bike", stock = stock, qty = 1 })
      assert.equal(7, report.taken)
      table.sort(report.over_promised, function(a, b)
        return a.sku .. a.stock < b.sku .. b.stock
      end)
      assert.same({ { sku = "bike", stock = stock, qty = 4 }, { sku = "lamp", stock = 1, qty = 3 },
        { sku = "lamp", stock = stock, qty = 1 } }, report.over_promised)
      local told = {}
      for _, row in ipairs(kit.rows_of(inv, "a-1")) do
        if row.event == "oversold" then
          told[#told + 1] = row.sku .. row.stock .. " " .. row.note
        end
      end
      table.sort(told)
      assert.same({ "bike2 4", "lamp1 3", "lamp2 1" }, told)
    end)
  end)

  it("counts what backorders allow beyond the goods", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 }, { backorders = "allow" })
      product(inv, "bell", { muc = 5 }, { backorders = "allow", out_of_stock_threshold = -3 })
      assert.same({ { sku = "bell", stock = stock, qty = 2 } },
        adopt(inv, "a-1", { sku = "bike", stock = stock, qty = -100 },
          { sku = "bell", stock = stock, qty = -10 }).over_promised)
    end)
  end)

  it("says nothing of a release that leaves too much promised", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      adopt(inv, "a-1", { sku = "bike", stock = stock, qty = -10 })
      assert.same({}, adopt(inv, "a-2", { sku = "bike", stock = stock, qty = 1 }).over_promised)
    end)
  end)

  it("takes a release of what was never taken, which adds nothing to sell beyond it", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 }, { backorders = "allow" })
      adopt(inv, "a-1", { sku = "bike", stock = stock, qty = 2 })
      assert.equal(-2, kit.position(inv, "bike", stock).reserved)
      assert.equal(2, place(inv, "o-1", stock, { "bike", 7 }).lines[1].backordered)
    end)
  end)

  it("skips what is not counted", function()
    with_shop(function(inv, stock)
      product(inv, "free", { muc = 5 }, { manage_stock = false })
      product(inv, "open", { muc = 5 }, { reserve_stock = false })
      product(inv, "set", nil, nil, "configurable")
      product(inv, "bike", { muc = 5 })
      local report = adopt(inv, "a-1", { sku = "free", stock = stock, qty = -1 },
        { sku = "open", stock = stock, qty = -1 }, { sku = "set", stock = stock, qty = -1 },
        { sku = "bike", stock = stock, qty = -1 })
      assert.same({ id = "a-1", taken = 1, skipped = 3, over_promised = {} }, report)
      assert.equal(1, #kit.rows_of(inv, "a-1"))
    end)
  end)

  it("takes an unknown SKU as a product not yet declared", function()
    with_shop(function(inv, stock)
      assert.same({ { sku = "later", stock = stock, qty = 3 } },
        adopt(inv, "a-1", { sku = "later", stock = stock, qty = -3 }).over_promised)
      assert.is_false(inv.products:get("later").declared)
      product(inv, "later", { muc = 5 })
      assert.equal(2, inv:salable_qty("later", { stock = stock }))
    end)
  end)

  it("makes what is not covered wait behind it", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 }, { backorders = "allow" })
      adopt(inv, "a-1", { sku = "bike", stock = stock, qty = -4 })
      assert.equal(1, place(inv, "o-1", stock, { "bike", 2 }).lines[1].backordered)
    end)
  end)

  it("keeps its stock from being deleted, also where two promises add up to zero", function()
    with_shop(function(inv)
      local other = assert(inv.stocks:save{ name = "Other" })
      product(inv, "bike", { muc = 5 })
      product(inv, "bell", { muc = 5 })
      adopt(inv, "a-1", { sku = "bike", stock = other, qty = -5 },
        { sku = "bell", stock = other, qty = 5 })
      local _, _, code = inv.stocks:delete(other)
      assert.equal("IN_USE", code)
    end)
  end)

  it("keeps its stock from being deleted where promises of two orders add up to zero", function()
    with_shop(function(inv)
      local other = assert(inv.stocks:save{ name = "Other" })
      product(inv, "bike", { muc = 5 })
      adopt(inv, "a-1", { order = "q", sku = "bike", stock = other, qty = -1 },
        { order = "r", sku = "bike", stock = other, qty = 1 })
      assert.equal("IN_USE", (select(3, inv.stocks:delete(other))))
      assert(inv:compensate{ id = "c", lines = {
        { order = "q", sku = "bike", stock = other, qty = 1 },
        { order = "r", sku = "bike", stock = other, qty = -1 } } })
      assert(inv.stocks:delete(other))
    end)
  end)

  it("lets its stock be deleted when what one adopted another took back", function()
    with_shop(function(inv)
      local other = assert(inv.stocks:save{ name = "Other" })
      product(inv, "bike", { muc = 5 })
      adopt(inv, "a-1", { sku = "bike", stock = other, qty = -1 })
      assert.equal("IN_USE", (select(3, inv.stocks:delete(other))))
      adopt(inv, "a-2", { sku = "bike", stock = other, qty = 1 })
      assert(inv.stocks:delete(other))
    end)
  end)

  local WRONG = {
    { "an empty list", {}, "INVALID", "the list is empty" },
    { "no stock", { { sku = "bike", qty = -1 } }, "INVALID", "name a stock or a channel" },
    { "a stock and a channel", { { sku = "bike", qty = -1, stock = 2, channel = "eu" } },
      "INVALID", "name a stock or a channel, not both" },
    { "an unknown stock", { { sku = "bike", qty = -1, stock = 77 } }, "NOT_FOUND",
      "there is no stock 77" },
    { "an unknown channel", { { sku = "bike", qty = -1, channel = "us" } }, "NOT_FOUND",
      "no stock sells through channel us" },
    { "no SKU", { { qty = -1, stock = 2 } }, "INVALID", "a SKU is needed" },
    { "no quantity", { { sku = "bike", stock = 2 } }, "INVALID", "a quantity is needed" },
    { "a fifth decimal", { { sku = "bike", stock = 2, qty = "0.00001" } }, "INVALID",
      "this is not a quantity: at most four decimals, no other signs" },
  }
  for _, case in ipairs(WRONG) do
    it("is refused as a whole with " .. case[1], function()
      with_shop(function(inv, stock)
        product(inv, "bike", { muc = 5 })
        local rows = {}
        if case[2][1] then rows = { { sku = "bike", stock = stock, qty = -1 }, case[2][1] } end
        local errors, message = refused(inv, case[3], "adopt", { id = "a-1", reservations = rows })
        assert.equal(case[4], message)
        if case[2][1] then
          assert.equal(2, errors[1].line)
        else
          assert.equal("reservations", errors[1].field)
        end
      end)
    end)
  end

  it("is refused when promises would add up beyond the bound", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      adopt(inv, "a-1", { sku = "bike", stock = stock, qty = -9e10 })
      refused(inv, "LIMIT", "adopt",
        { id = "a-2", reservations = { { sku = "bike", stock = stock, qty = -9e10 } } })
    end)
  end)
end)
