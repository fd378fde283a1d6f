-- holds_spec.lua: goods held for carts, until the second they expire or they are released.

local helpers = require "helpers"
local hold_kit = require "hold_kit"
local kit = require "order_kit"

local START, with_shop, hold = hold_kit.START, hold_kit.with_shop, hold_kit.hold
local salable, waits = hold_kit.salable, hold_kit.waits

describe("a hold that has ended", function()
  it("frees its goods for those who wait, and everybody is told so at once", function()
    local now = 1700000000
    kit.with_shop(function(inv, stock)
      kit.product(inv, "bike", { muc = 5 }, { backorders = "allow" })
      assert(inv:hold{ id = "h", stock = stock, ttl = 10, lines = { { sku = "bike", qty = 5 } } })
      kit.place(inv, "o-1", stock, { "bike", 3 })
      kit.place(inv, "o-2", stock, { "bike", 4 })
      local function told()
        local list = {}
        for _, row in ipairs(inv:waiting()) do list[#list + 1] = row.order .. " " .. row.qty end
        local position = kit.position(inv, "bike", stock)
        return { table.concat(list, ", "), inv.orders:get("o-1").lines[1].backordered,
          inv.orders:get("o-2").lines[1].backordered, position.firm, position.backordered }
      end
      assert.same({ "o-1 3, o-2 4", 3, 4, 5, 7 }, told())
      now = now + 10
      assert.same({ "o-2 2", 0, 2, 5, 2 }, told())
      assert(inv.items:save{ sku = "bike", source = "muc", qty = 5 })
      assert.same({ "o-2 2", 0, 2, 5, 2 }, told())
    end, { clock = function() return now end })
  end)
end)

describe("a hold", function()
  it("promises its units, and says until when", function()
    with_shop(function(inv, stock)
      local answer = assert(hold(inv, "cart", stock, 4))
      assert.same({ id = "cart", hold = "cart", expires = START + 900,
        lines = { { line = 1, sku = "bike", qty = 4 } } }, answer)
      local position = kit.position(inv, "bike", stock)
      assert.same({ 4, 4, 4, 6 },
        { position.reserved, position.firm, position.held, position.salable })
      assert.same({ id = "cart", stock = stock, time = START, expires = START + 900, live = true,
        lines = { { line = 1, sku = "bike", qty = 4, kind = "goods", backordered = 0 } } },
        assert(inv.holds:get("cart")))
      local row = kit.rows_of(inv, "cart")[1]
      assert.same({ "hold_placed", "cart", nil, -4 },
        { row.event, row.hold, row.order, row.reserved })
      assert(inv:release{ id = "r", hold = "cart" })
      row = kit.rows_of(inv, "r")[1]
      assert.same({ "hold_released", "cart", nil, 4 },
        { row.event, row.hold, row.order, row.reserved })
    end)
  end)

  it("is checked like an order", function()
    with_shop(function(inv, stock)
      helpers.expect_error("NOT_ENOUGH", hold(inv, "cart", stock, 11))
      helpers.expect_error("DECIMAL_QTY", hold(inv, "cart", stock, 1.5))
      helpers.expect_error("NOT_FOUND", inv:hold{ id = "cart", stock = 99, ttl = 9,
        lines = { { sku = "bike", qty = 1 } } })
      helpers.expect_error("NOT_FOUND", inv:hold{ id = "cart", stock = stock, ttl = 9,
        lines = { { sku = "nothing", qty = 1 } } })
      helpers.expect_problems({ "lines INVALID" }, inv:hold{ id = "cart", stock = stock, ttl = 9,
        lines = {} })
      helpers.expect_error("NOT_FOUND", inv.holds:get("cart"))
      assert(hold(inv, "cart", stock, 10))
      helpers.expect_error("NOT_ENOUGH", hold(inv, "other", stock, 1))
      helpers.expect_error("NOT_ENOUGH", inv:place{ id = "o", stock = stock,
        lines = { { sku = "bike", qty = 1 } } })
    end)
  end)

  for _, ttl in ipairs{ 0, -5, 366 * 24 * 3600 + 1 } do
    it("of " .. ttl .. " seconds is refused", function()
      with_shop(function(inv, stock)
        helpers.expect_problems({ "ttl INVALID" }, hold(inv, "cart", stock, 1, ttl))
        assert(hold(inv, "cart", stock, 1))
        helpers.expect_problems({ "ttl INVALID" }, inv:extend{ id = "x", hold = "cart", ttl = ttl })
      end)
    end)
  end

  it("needs a time to live", function()
    with_shop(function(inv, stock)
      helpers.expect_problems({ "ttl INVALID" },
        inv:hold{ id = "c", stock = stock, lines = { { sku = "bike", qty = 1 } } })
    end)
  end)

  it("is held once, however often it is said", function()
    with_shop(function(inv, stock, clock)
      assert(hold(inv, "cart", stock, 4))
      clock.now = START + 5
      local again = assert(hold(inv, "cart", stock, 4))
      assert.same({ true, START + 900 }, { again.replayed, again.expires })
      helpers.expect_error("CONFLICT", hold(inv, "cart", stock, 5))
      helpers.expect_error("CONFLICT", hold(inv, "cart", stock, 4, 901))
      assert.equal(6, salable(inv, stock))
    end)
  end)

  it("has ids of its own: an order may have the same", function()
    with_shop(function(inv, stock)
      assert(hold(inv, "1001", stock, 4))
      assert(inv:place{ id = "1001", stock = stock, lines = { { sku = "bike", qty = 1 } } })
      helpers.expect_error("NOT_FOUND", inv:cancel{ id = "c", order = "cart" })
      assert.equal(5, salable(inv, stock))
    end)
  end)

  it("of goods that are not counted holds nothing and counts its lines", function()
    with_shop(function(inv, stock)
      assert(hold(inv, "cart", stock, 400))
      assert.equal(0, kit.reserved(inv, "bike", stock))
      assert(inv:place{ id = "o", hold = "cart" })
      helpers.expect_error("CONFLICT", inv:place{ id = "o-2", hold = "cart" })
    end, { manage_stock = false })
  end)
end)

describe("the end of a hold", function()
  it("gives its units back at the second of its expiry, without anybody's doing", function()
    with_shop(function(inv, stock, clock)
      assert(hold(inv, "cart", stock, 4, 900))
      clock.now = START + 899.999
      assert.equal(6, salable(inv, stock))
      assert.is_true(inv.holds:get("cart").live)
      clock.now = START + 900
      assert.equal(10, salable(inv, stock))
      assert.equal(10, inv:salable{ stock = stock, skus = { "bike" } }.bike.qty)
      local position = kit.position(inv, "bike", stock)
      assert.same({ 0, 0, 0 }, { position.reserved, position.firm, position.held })
      assert.is_false(inv.holds:get("cart").live)
      assert(inv:place{ id = "o", stock = stock, lines = { { sku = "bike", qty = 10 } } })
    end)
  end)

  it("comes at the end of the second when the clock is finer", function()
    with_shop(function(inv, stock, clock)
      clock.now = START + 0.25
      assert.equal(START + 11, assert(hold(inv, "cart", stock, 4, 10)).expires)
      clock.now = START + 10.9
      assert.equal(6, salable(inv, stock))
      clock.now = START + 11
      assert.equal(10, salable(inv, stock))
    end)
  end)

  it("is one row of the ledger, whoever writes next", function()
    with_shop(function(inv, stock, clock)
      for i = 1, 5 do assert(hold(inv, "cart-" .. i, stock, 1)) end
      clock.now = START + 5000
      helpers.expect_error("NOT_ENOUGH", inv:place{ id = "o", stock = stock,
        lines = { { sku = "bike", qty = 11 } } })
      local rows = helpers.ledger(inv, "hold_expired")
      assert.same({ 5, nil, "bike", stock }, { rows[1].reserved, rows[1].document, rows[1].sku,
        rows[1].stock })
      assert.equal(1, #rows)
    end)
  end)

  it("lets other holds live", function()
    with_shop(function(inv, stock, clock)
      for i = 1, 5 do assert(hold(inv, "cart-" .. i, stock, 1, i * 10)) end
      for i = 1, 5 do
        clock.now = START + i * 10 - 1
        assert.equal(4 + i, salable(inv, stock))
        if i == 3 then assert(hold(inv, "late", stock, 1, 3)) end
        assert.equal(i == 3 and 6 or 4 + i, salable(inv, stock))
        clock.now = START + i * 10
        if i == 3 then clock.now = START + 33 end
        assert.equal(5 + i, salable(inv, stock))
      end
    end)
  end)

  it("serves who waits before anybody else can buy", function()
    with_shop(function(inv, stock, clock)
      assert(hold(inv, "cart", stock, 8))
      assert(inv:place{ id = "o-1", stock = stock, lines = { { sku = "bike", qty = 5 } } })
      assert.equal(3, waits(inv, "o-1"))
      clock.now = START + 900
      assert.equal(6, assert(inv:place{ id = "o-2", stock = stock,
        lines = { { sku = "bike", qty = 11 } } }).lines[1].backordered)
      assert.equal(0, waits(inv, "o-1"))
    end, { backorders = "allow" })
  end)

  it("ends its waiting too", function()
    with_shop(function(inv, stock, clock)
      assert.equal(2, assert(hold(inv, "cart", stock, 12)).lines[1].backordered)
      assert(inv:place{ id = "o-1", stock = stock, lines = { { sku = "bike", qty = 5 } } })
      clock.now = START + 900
      assert(inv.items:adjust{ id = "j", lines = { { sku = "bike", source = "muc", delta = 1 } } })
      assert.equal(0, waits(inv, "o-1"))
      assert.equal(0, kit.position(inv, "bike", stock).backordered)
      assert.equal(6, salable(inv, stock))
    end, { backorders = "allow" })
  end)

  it("is the same after the file was opened again", function()
    kit.with_path(function(path)
      local clock = { now = START }
      local options = { path = path, clock = function() return clock.now end }
      helpers.with_inventory(options, function(inv)
        local stock = kit.furnish(inv)
        kit.product(inv, "bike", { muc = 10 })
        assert(hold(inv, "cart", stock, 4))
      end)
      clock.now = START + 900
      helpers.with_inventory({ path = path, readonly = true, clock = options.clock }, function(inv)
        assert.equal(10, salable(inv, 2))
      end)
      helpers.with_inventory(options, function(inv)
        assert.equal(10, salable(inv, 2))
        assert.same({}, inv:verify().problems)
      end)
    end)
  end)

  it("of very many holds is worked off in parts and always counted whole", function()
    with_shop(function(inv, stock, clock)
      kit.product(inv, "pen", { muc = 700 })
      local ops = {}
      for i = 1, 700 do
        ops[i] = { op = "hold", id = "cart-" .. i, stock = stock, ttl = i,
          lines = { { sku = "pen", qty = 1 } } }
      end
      for _, outcome in ipairs(assert(inv:batch(ops))) do assert.is_true(outcome.ok) end
      clock.now = START + 650
      local function left() return kit.position(inv, "pen", stock).held end
      assert.equal(50, left())
      for i = 1, 4 do
        assert(inv:place{ id = "o-" .. i, stock = stock, lines = { { sku = "pen", qty = 1 } } })
        assert.equal(50, left())
        assert.equal(650 - i, inv:salable_qty("pen", { stock = stock }))
        assert.same({}, inv:verify().problems)
      end
      assert.equal(3, #helpers.ledger(inv, "hold_expired"))
    end)
  end)
end)

describe("extending a hold", function()
  it("counts from now, and may shorten it", function()
    with_shop(function(inv, stock, clock)
      assert(hold(inv, "cart", stock, 4, 100))
      assert(hold(inv, "other", stock, 1, 100))
      clock.now = START + 50
      assert.same({ id = "e-1", hold = "cart", expires = START + 250, lines = {} },
        assert(inv:extend{ id = "e-1", hold = "cart", ttl = 200 }))
      clock.now = START + 100
      assert.equal(6, salable(inv, stock))
      assert(inv:extend{ id = "e-2", hold = "cart", ttl = 10 })
      clock.now = START + 110
      assert.equal(10, salable(inv, stock))
      helpers.expect_error("EXPIRED", inv:extend{ id = "e-3", hold = "cart", ttl = 10 })
      helpers.expect_error("NOT_FOUND", inv:extend{ id = "e-3", hold = "none", ttl = 10 })
    end)
  end)

  it("happens once", function()
    with_shop(function(inv, stock, clock)
      assert(hold(inv, "cart", stock, 4, 100))
      assert(inv:extend{ id = "e-1", hold = "cart", ttl = 200 })
      clock.now = START + 150
      local again = assert(inv:extend{ id = "e-1", hold = "cart", ttl = 200 })
      assert.same({ true, START + 200 }, { again.replayed, again.expires })
      helpers.expect_error("CONFLICT", inv:extend{ id = "e-1", hold = "cart", ttl = 300 })
      clock.now = START + 200
      assert.equal(10, salable(inv, stock))
    end)
  end)
end)

describe("releasing a hold", function()
  it("gives up all or part of it", function()
    with_shop(function(inv, stock)
      assert(inv:hold{ id = "cart", stock = stock, ttl = 900, lines = {
        { sku = "bike", qty = 4 }, { sku = "bell", qty = 2 }, { sku = "bike", qty = 2 } } })
      assert.same({ { line = 1, sku = "bike", qty = 4 }, { line = 3, sku = "bike", qty = 1 } },
        assert(inv:release{ id = "r-1", hold = "cart",
          lines = { { sku = "bike", qty = 5 } } }).lines)
      assert.equal(9, salable(inv, stock))
      assert.same({ { 2, 2 }, { 3, 1 } }, (function()
        local list = {}
        for i, line in ipairs(inv.holds:get("cart").lines) do list[i] = { line.line, line.qty } end
        return list
      end)())
      helpers.expect_error("EXCEEDS",
        inv:release{ id = "r-2", hold = "cart", lines = { { line = 3, qty = 2 } } })
      assert.equal("cart", assert(inv:release{ id = "r-2", hold = "cart" }).hold)
      assert.equal(10, salable(inv, stock))
      assert.equal(0, kit.reserved(inv, "bell", stock))
      assert.same({}, inv.holds:get("cart").lines)
      assert.is_true(inv:release{ id = "r-2", hold = "cart" }.replayed)
    end)
  end)

  it("serves who waits", function()
    with_shop(function(inv, stock)
      assert(hold(inv, "cart", stock, 8))
      assert(inv:place{ id = "o-1", stock = stock, lines = { { sku = "bike", qty = 5 } } })
      assert(inv:release{ id = "r", hold = "cart", lines = { { line = 1, qty = 2 } } })
      assert.equal(1, waits(inv, "o-1"))
    end, { backorders = "allow" })
  end)

  it("that is over leaves its goods to those who wait, also in what is asked before", function()
    with_shop(function(inv, stock, clock)
      assert(hold(inv, "cart", stock, 8, 10))
      assert(inv:place{ id = "o-1", stock = stock, lines = { { sku = "bike", qty = 5 } } })
      clock.now = START + 10
      assert.equal(3, inv:backorder_qty("bike", { stock = stock }, 8))
      local line = assert(inv:place{ id = "o-2", stock = stock,
        lines = { { sku = "bike", qty = 8 } } }).lines[1]
      assert.equal(3, line.backordered)
      assert.equal(0, waits(inv, "o-1"))
    end, { backorders = "allow" })
  end)

  it("says when it is over already", function()
    with_shop(function(inv, stock, clock)
      assert(hold(inv, "cart", stock, 8, 10))
      clock.now = START + 10
      helpers.expect_error("EXPIRED", inv:release{ id = "r", hold = "cart" })
      helpers.expect_error("NOT_FOUND", inv:release{ id = "r", hold = "none" })
      local detail = helpers.expect_error("NOT_FOUND", inv:release{ id = "r" })
      assert.equal("name the hold", detail.errors[1].message)
    end)
  end)
end)

describe("holds of shared sources", function()
  it("limit the other stocks as long as they live", function()
    with_shop(function(inv, stock, clock)
      local other = assert(inv.stocks:save{ name = "Other",
        sources = { { code = "muc", priority = 1 } } })
      assert(hold(inv, "cart", stock, 8, 60))
      assert.equal(2, salable(inv, other))
      clock.now = START + 60
      assert.equal(6, salable(inv, other))
      assert(inv:place{ id = "o", stock = other, lines = { { sku = "bike", qty = 6 } } })
      assert.equal(4, salable(inv, stock))
    end)
  end)
end)

describe("a stock with holds", function()
  it("can be deleted once they have ended", function()
    with_shop(function(inv, stock, clock)
      assert(inv.stocks:save{ id = stock, channels = {} })
      assert(hold(inv, "cart", stock, 8, 60))
      helpers.expect_error("IN_USE", inv.stocks:delete(stock))
      clock.now = START + 60
      assert.is_true(inv.stocks:delete(stock))
    end)
  end)
end)

describe("the switch of holds", function()
  it("refuses to hold and to extend, and lets what is held become orders", function()
    with_shop(function(inv, stock)
      assert(hold(inv, "cart", stock, 4))
      assert(inv.settings:set{ holds = false })
      local _, message = helpers.expect_error("DISABLED", hold(inv, "new", stock, 1))
      assert.truthy(message:find("holds", 1, true))
      helpers.expect_error("DISABLED", inv:extend{ id = "e", hold = "cart", ttl = 60 })
      assert(inv:place{ id = "o", hold = "cart", lines = { { sku = "bike", qty = 1 } } })
      assert(inv:release{ id = "r", hold = "cart" })
      assert(inv.settings:set{ holds = true })
      assert(hold(inv, "new", stock, 1))
    end)
  end)
end)

describe("a hold of goods that are not counted", function()
  it("keeps its stock and its product from being deleted while it lives", function()
    with_shop(function(inv, stock, clock)
      kit.product(inv, "sand", { muc = 1 }, { manage_stock = false })
      assert(inv.stocks:save{ id = stock, channels = {} })
      assert(inv:hold{ id = "c", stock = stock, ttl = 9, lines = { { sku = "sand", qty = 1 } } })
      helpers.expect_error("IN_USE", inv.stocks:delete(stock))
      helpers.expect_error("IN_USE", inv.products:delete("sand"))
      clock.now = START + 9
      assert(inv.products:delete("sand"))
      assert(inv.stocks:delete(stock))
    end)
  end)
end)
