-- holds_place_spec.lua: orders of what was held, whole or in part, in time or too late.

local helpers = require "helpers"
local hold_kit = require "hold_kit"
local kit = require "order_kit"

local START, with_shop, hold = hold_kit.START, hold_kit.with_shop, hold_kit.hold
local salable, waits = hold_kit.salable, hold_kit.waits

describe("an order from a hold", function()
  it("becomes an order although others would buy it meanwhile", function()
    with_shop(function(inv, stock)
      assert(hold(inv, "cart", stock, 10))
      helpers.expect_error("NOT_ENOUGH", inv:place{ id = "rival", stock = stock,
        lines = { { sku = "bike", qty = 1 } } })
      local answer = assert(inv:place{ id = "o", hold = "cart" })
      assert.same({ { line = 1, sku = "bike", qty = 10 } }, answer.lines)
      local position = kit.position(inv, "bike", stock)
      assert.same({ 10, 10, 0, 0 },
        { position.reserved, position.firm, position.held, position.salable })
      kit.expect_line(inv, "o", 1, { ordered = 10, open = 10 })
      assert.equal(stock, inv.orders:get("o").stock)
      assert.same({}, inv.holds:get("cart").lines)
      assert(inv:ship{ id = "s", order = "o", lines = { { line = 1, qty = 6, source = "muc" },
        { line = 1, qty = 4, source = "ham" } } })
    end)
  end)

  it("stays ordered when the hold would have ended", function()
    with_shop(function(inv, stock, clock)
      assert(hold(inv, "cart", stock, 10, 10))
      assert(inv:place{ id = "o", hold = "cart" })
      clock.now = START + 100
      assert.equal(0, salable(inv, stock))
    end)
  end)

  it("may be a part of it, or more", function()
    with_shop(function(inv, stock)
      assert(hold(inv, "cart", stock, 4))
      assert(inv:place{ id = "o-1", hold = "cart", lines = { { sku = "bike", qty = 1 } } })
      assert.equal(3, kit.position(inv, "bike", stock).held)
      assert.equal(6, salable(inv, stock))
      assert(inv:place{ id = "o-2", hold = "cart", lines = { { sku = "bike", qty = 9 } } })
      assert.same({ 0, 0 }, { kit.position(inv, "bike", stock).held, salable(inv, stock) })
      helpers.expect_error("CONFLICT", inv:place{ id = "o-3", hold = "cart" })
    end)
  end)

  it("is refused whole when there is not enough beyond the hold", function()
    with_shop(function(inv, stock)
      assert(hold(inv, "cart", stock, 4))
      kit.refused(inv, "NOT_ENOUGH", "place", { id = "o", hold = "cart",
        lines = { { sku = "bike", qty = 11 } } })
      assert.equal(4, kit.position(inv, "bike", stock).held)
    end)
  end)

  it("is served although counts have shown that goods are missing", function()
    with_shop(function(inv, stock)
      assert(hold(inv, "cart", stock, 4))
      assert(inv.items:save{ { sku = "bike", source = "muc", qty = 0 },
        { sku = "bike", source = "ham", qty = 2 } })
      assert(inv:place{ id = "o", hold = "cart" })
      assert.equal(2, assert(inv:oversold())[1].qty)
    end)
  end)

  it("after its end is an order like any other: if there still is enough", function()
    with_shop(function(inv, stock, clock)
      assert(hold(inv, "cart", stock, 4, 10))
      clock.now = START + 10
      assert(inv:place{ id = "o-1", stock = stock, lines = { { sku = "bike", qty = 7 } } })
      helpers.expect_error("NOT_ENOUGH", inv:place{ id = "o-2", hold = "cart" })
      assert(inv:cancel{ id = "c", order = "o-1", lines = { { line = 1, qty = 1 } } })
      assert(inv:place{ id = "o-2", hold = "cart" })
      assert.equal(0, salable(inv, stock))
    end)
  end)

  it("is of the hold's channel and customer group, unless it says otherwise", function()
    with_shop(function(inv, stock)
      assert(inv.stocks:save{ id = stock, channels = { "eu", "fr" } })
      assert(inv.products:save{ sku = "bike",
        settings = { min_sale_qty = { all = 1, trade = 3 } } })
      local function hold_as(id)
        assert(inv:hold{ id = id, channel = "eu", customer_group = "trade", ttl = 60,
          lines = { { sku = "bike", qty = 3 } } })
      end
      local function seen(id)
        local order = assert(inv.orders:get(id))
        return { order.channel.code, order.customer_group }
      end
      hold_as("h-1")
      assert(inv:place{ id = "o-1", hold = "h-1" })
      assert.same({ "eu", "trade" }, seen("o-1"))
      hold_as("h-2")
      assert(inv:place{ id = "o-2", hold = "h-2", channel = "fr", customer_group = "retail" })
      assert.same({ "fr", "retail" }, seen("o-2"))
      hold_as("h-3")
      assert(inv:release{ id = "r-3", hold = "h-3", lines = { { sku = "bike", qty = 2 } } })
      helpers.expect_error("MIN_SALE_QTY", inv:place{ id = "o-3", hold = "h-3",
        lines = { { sku = "bike", qty = 2 } } })
    end)
  end)

  it("names no other stock", function()
    with_shop(function(inv, stock)
      assert(hold(inv, "cart", stock, 4))
      helpers.expect_problems({ "stock CONFLICT" },
        inv:place{ id = "o", hold = "cart", stock = 1 })
      helpers.expect_problems({ "hold NOT_FOUND" }, inv:place{ id = "o", hold = "none" })
      assert(inv:place{ id = "o", hold = "cart", stock = stock })
    end)
  end)

  it("happens once", function()
    with_shop(function(inv, stock)
      assert(hold(inv, "cart", stock, 4))
      assert(inv:place{ id = "o", hold = "cart" })
      assert.is_true(inv:place{ id = "o", hold = "cart" }.replayed)
      helpers.expect_error("CONFLICT", inv:place{ id = "o", stock = stock,
        lines = { { sku = "bike", qty = 4 } } })
      assert.equal(6, salable(inv, stock))
    end)
  end)

  it("keeps what waits in the hold waiting", function()
    with_shop(function(inv, stock)
      assert(hold(inv, "cart", stock, 12))
      local answer = assert(inv:place{ id = "o", hold = "cart" })
      assert.equal(2, answer.lines[1].backordered)
      assert.equal(2, waits(inv, "o"))
      assert(inv.items:adjust{ id = "j", lines = { { sku = "bike", source = "muc", delta = 2 } } })
      assert.equal(0, waits(inv, "o"))
    end, { backorders = "allow" })
  end)

  it("may be batched with others", function()
    with_shop(function(inv, stock)
      local lines = { { sku = "bike", qty = 6 } }
      local outcomes = assert(inv:batch{
        { op = "hold", id = "a", stock = stock, ttl = 60, lines = lines },
        { op = "hold", id = "b", stock = stock, ttl = 60, lines = lines },
        { op = "release", id = "r", hold = "a", lines = { { line = 1, qty = 2 } } },
        { op = "extend", id = "e", hold = "a", ttl = 90 },
        { op = "place", id = "o", hold = "a" },
      })
      local oks = {}
      for i, outcome in ipairs(outcomes) do oks[i] = outcome.ok end
      assert.same({ true, false, true, true, true }, oks)
      assert.equal(4, outcomes[5].result.lines[1].qty)
    end)
  end)
end)

describe("a hold that has expired", function()
  it("becomes an order once, as one in time does", function()
    with_shop(function(inv, stock, clock)
      assert(hold(inv, "cart", stock, 4, 10))
      clock.now = START + 10
      assert(inv:place{ id = "o-1", hold = "cart", lines = { { sku = "bike", qty = 1 } } })
      assert.equal(3, inv.holds:get("cart").lines[1].qty)
      assert(inv:place{ id = "o-2", hold = "cart" })
      kit.expect_line(inv, "o-2", 1, { ordered = 3, open = 3 })
      assert.same({}, inv.holds:get("cart").lines)
      kit.refused(inv, "CONFLICT", "place", { id = "o-3", hold = "cart" })
      assert.same({ 4, 6 }, { kit.position(inv, "bike", stock).reserved, salable(inv, stock) })
      assert.equal(1, assert(inv:compact()).orders)
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("does so also when hundreds have expired at other seconds", function()
    with_shop(function(inv, stock, clock)
      kit.product(inv, "bike", { muc = 1000 })
      for i = 1, 600 do assert(hold(inv, "cart-" .. i, stock, 1, i)) end
      clock.now = START + 1000
      assert(inv:place{ id = "o-600", hold = "cart-600" })
      assert.is_true(inv:verify().ok)
      assert(inv:place{ id = "o-1", hold = "cart-1" })
      assert.same({ 2, 0 },
        { kit.position(inv, "bike", stock).reserved, kit.position(inv, "bike", stock).held })
      assert.is_true(inv:verify().ok)
    end)
  end)
end)

describe("a line that waits for goods which an expired hold frees", function()
  it("gets them before it is shipped or allocated", function()
    for _, call in ipairs{ "ship", "allocate" } do
      with_shop(function(inv, stock, clock)
        assert(hold(inv, "cart", stock, 8, 60))
        assert(inv:place{ id = "o", stock = stock, lines = { { sku = "bike", qty = 6 } } })
        assert.equal(4, waits(inv, "o"))
        clock.now = START + 60
        assert(inv[call](inv, { id = "x", order = "o", lines = {
          { line = 1, qty = 6, source = "muc" } } }))
        assert.equal(0, waits(inv, "o"))
        assert.equal(4, salable(inv, stock))
      end, { backorders = "allow" })
    end
  end)
end)

describe("a product of another type since it was held", function()
  it("is ordered as what it is now", function()
    with_shop(function(inv, stock)
      assert(hold(inv, "cart", stock, 2))
      assert(inv.products:save{ sku = "bike", type = "virtual" })
      assert(inv:place{ id = "o", hold = "cart" })
      assert.equal("virtual", inv.orders:get("o").lines[1].kind)
    end)
  end)

  it("is not ordered from the hold when it is made of others now", function()
    with_shop(function(inv, stock, clock)
      kit.product(inv, "pen", { muc = 3 })
      assert(inv:hold{ id = "cart", stock = stock, ttl = 9, lines = { { sku = "pen", qty = 1 } } })
      clock.now = START + 9
      assert(inv.items:delete{ sku = "pen", source = "muc" })
      assert(inv.products:save{ sku = "pen", type = "configurable", children = { "bell" } })
      helpers.expect_problems({ "hold CONFLICT" }, inv:place{ id = "o", hold = "cart" })
    end)
  end)
end)

describe("a hold of composite products", function()
  -- "kit" is a frame and two bells, shipped together.
  local function with_kit(fn)
    with_shop(function(inv, stock, clock)
      assert(inv.products:save{ { sku = "kit", type = "bundle", ship_together = true, options = {
        { name = "bike", selections = { "bike" } },
        { name = "bells", selections = { { sku = "bell", qty = 1 } } } } } })
      fn(inv, stock, clock)
    end)
  end
  local function hold_kits(inv, stock, qty)
    return inv:hold{ id = "cart", stock = stock, ttl = 60, lines = { { sku = "kit", qty = qty } } }
  end

  it("holds their parts and becomes an order of them", function()
    with_kit(function(inv, stock)
      assert.equal(3, #assert(hold_kits(inv, stock, 2)).lines)
      assert.same({ 2, 2 }, { kit.reserved(inv, "bike", stock), kit.reserved(inv, "bell", stock) })
      local answer = assert(inv:place{ id = "o", hold = "cart" })
      assert.same({ { 1, nil }, { 2, 1 }, { 3, 1 } }, (function()
        local list = {}
        for i, line in ipairs(answer.lines) do list[i] = { line.line, line.parent } end
        return list
      end)())
      assert(inv:ship{ id = "s", order = "o", source = "muc", lines = { { line = 1, qty = 2 } } })
      assert.same({ 0, 0 }, { kit.reserved(inv, "bike", stock), kit.reserved(inv, "bell", stock) })
    end)
  end)

  it("is ordered as a whole, and released in whole units", function()
    with_kit(function(inv, stock)
      assert(hold_kits(inv, stock, 3))
      helpers.expect_problems({ "lines UNSUPPORTED" }, inv:place{ id = "o", hold = "cart",
        lines = { { sku = "kit", qty = 1 } } })
      assert(inv:release{ id = "r", hold = "cart", lines = { { sku = "kit", qty = 1 } } })
      helpers.expect_error("UNSUPPORTED",
        inv:release{ id = "r-2", hold = "cart", lines = { { sku = "bell", qty = 1 } } })
      assert.same({ 2, 2 }, { kit.reserved(inv, "bike", stock), kit.reserved(inv, "bell", stock) })
      assert(inv:place{ id = "o", hold = "cart" })
      assert.equal(2, inv.orders:get("o").lines[1].ordered)
    end)
  end)

  it("leaves its other products to be ordered on their own", function()
    with_kit(function(inv, stock)
      assert(inv:hold{ id = "cart", stock = stock, ttl = 60, lines = {
        { sku = "kit", qty = 1 }, { sku = "bell", qty = 2 } } })
      assert.equal(3, kit.reserved(inv, "bell", stock))
      assert(inv:place{ id = "o-1", hold = "cart", lines = { { sku = "bell", qty = 1 } } })
      assert.equal(3, kit.reserved(inv, "bell", stock))
      helpers.expect_problems({ "lines UNSUPPORTED" }, inv:place{ id = "o", hold = "cart",
        lines = { { sku = "bell", qty = 1 }, { sku = "kit", qty = 1 } } })
      -- One more than the hold has besides the kit, whose bell is not for sale.
      helpers.expect_error("NOT_ENOUGH",
        inv:place{ id = "o-2", hold = "cart", lines = { { sku = "bell", qty = 2 } } })
      assert(inv:place{ id = "o-2", hold = "cart", lines = { { sku = "bell", qty = 1 } } })
      assert(inv:place{ id = "o-3", hold = "cart" })
      assert.equal(3, kit.reserved(inv, "bell", stock))
      assert.equal(1, inv.orders:get("o-3").lines[1].ordered)
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("keeps a composite's line for itself when that has become another product since", function()
    with_kit(function(inv, stock, clock)
      assert(inv:hold{ id = "cart", stock = stock, ttl = 60, lines = {
        { sku = "kit", qty = 1 }, { sku = "bell", qty = 1 } } })
      clock.now = START + 60
      assert(inv.products:save{ sku = "kit", type = "simple" })
      assert(inv.items:save{ sku = "kit", source = "muc", qty = 5 })
      assert(inv:place{ id = "o", hold = "cart", lines = { { sku = "kit", qty = 1 } } })
      helpers.expect_error("CONFLICT", inv:place{ id = "o-2", hold = "cart" })
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("ends like any other", function()
    with_kit(function(inv, stock, clock)
      assert(hold_kits(inv, stock, 3))
      clock.now = START + 60
      assert.equal(3, inv:salable_qty("bell", { stock = stock }))
      assert(hold(inv, "other", stock, 10))
    end)
  end)

  it("is not ordered after its end while it is off sale", function()
    with_kit(function(inv, stock, clock)
      assert(hold_kits(inv, stock, 1))
      assert(inv.products:save{ sku = "kit", in_stock = false })
      clock.now = START + 60
      helpers.expect_problems({ "sku OUT_OF_STOCK" }, inv:place{ id = "o", hold = "cart" })
      assert(inv.products:save{ sku = "kit", in_stock = true })
      assert(inv:place{ id = "o", hold = "cart" })
    end)
  end)

  it("is ordered in time although it has been taken off sale", function()
    with_kit(function(inv, stock)
      assert(hold_kits(inv, stock, 1))
      assert(inv.products:save{ sku = "kit", in_stock = false })
      assert(inv:place{ id = "o", hold = "cart" })
    end)
  end)

  it("is gone when its parts, which move on their own, are", function()
    with_kit(function(inv, stock)
      assert(inv.products:save{ sku = "kit", ship_together = false })
      assert(hold_kits(inv, stock, 2))
      assert(inv:release{ id = "r", hold = "cart", lines = { { sku = "bike", qty = 2 } } })
      assert(inv:release{ id = "r-2", hold = "cart" })
      helpers.expect_error("CONFLICT", inv:place{ id = "o", hold = "cart" })
      assert(inv:hold{ id = "cart-2", stock = stock, ttl = 60,
        lines = { { sku = "kit", qty = 2 } } })
      assert(inv:release{ id = "r-3", hold = "cart-2", lines = { { sku = "bike", qty = 2 } } })
      local lines = assert(inv:place{ id = "o", hold = "cart-2" }).lines
      assert.same({ "kit", "bell" }, helpers.column(lines, "sku"))
    end)
  end)

  it("is shown with the whole while any part is left, and then bars what would lose it", function()
    with_kit(function(inv, stock)
      assert(inv.products:save{ { sku = "kit", ship_together = false },
        { sku = "set", type = "grouped", children = { "bike", "bell" } } })
      assert(inv:hold{ id = "cart", stock = stock, ttl = 60, lines = { { sku = "bike", qty = 1 },
        { sku = "set", qty = 2, selections = { "bell" } } } })
      assert.same({ { sku = "bike", line = 1, qty = 1, kind = "goods", backordered = 0 },
        { sku = "set", line = 2, qty = 2, kind = "parent", backordered = 0 },
        { sku = "bell", line = 3, parent = 2, qty = 2, kind = "goods", backordered = 0 } },
        assert(inv.holds:get("cart")).lines)
      helpers.expect_error("IN_USE", inv.products:delete("set"))
      helpers.expect_error("UNSUPPORTED", inv.products:save{ sku = "set", type = "simple" })
      assert(inv:release{ id = "r", hold = "cart", lines = { { line = 3, qty = 2 } } })
      assert.equal(1, #assert(inv.holds:get("cart")).lines)
      assert(inv.products:delete("set"))
      assert(inv:place{ id = "o", hold = "cart", lines = { { sku = "bike", qty = 1 } } })
    end)
  end)
end)
