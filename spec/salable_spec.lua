-- The salable quantity and every question about it: salable_qty, is_salable, can_sell, the page of
-- salable, and position.

local helpers = require "helpers"

local with_inventory, with_shop = helpers.with_inventory, helpers.with_shop
local expect_problems, expect_error = helpers.expect_problems, helpers.expect_error

-- Runs fn(inv) with the product p, 10 at the default source, in the default stock.
local function with_product(settings, fn)
  with_inventory(nil, function(inv)
    assert(inv.products:save{ sku = "p", settings = settings })
    assert(inv.items:save{ sku = "p", qty = 10 })
    fn(inv, { stock = 1 })
  end)
end

describe("the salable quantity", function()
  it("is what lies in stock at enabled sources of the stock", function()
    with_shop(nil, function(inv, shop)
      local expected = { ["sku-1"] = { 8.5, 0 }, ["sku-2"] = { 0, 5 }, ["sku-3"] = { 0, 0 },
        ["sku-4"] = { 6, 0 }, ["sku-5"] = { 0, 0 } }
      for sku, numbers in pairs(expected) do
        assert.same(numbers, { inv:salable_qty(sku, { stock = shop.eu }),
          inv:salable_qty(sku, { channel = "us" }) })
      end
    end)
  end)

  it("shrinks by orders and grows by their cancellation", function()
    with_shop(nil, function(inv, shop)
      local where = { stock = shop.eu }
      assert(inv:place{ id = "1", stock = shop.eu, lines = { { sku = "sku-1", qty = 2.5 } } })
      assert.equal(6, inv:salable_qty("sku-1", where))
      assert(inv:cancel{ id = "c", order = "1", lines = { { line = 1, qty = 1 } } })
      assert.equal(7, inv:salable_qty("sku-1", where))
      assert(inv:ship{ id = "s", order = "1",
        lines = { { line = 1, qty = 1.5, source = "eu-1" } } })
      assert.equal(7, inv:salable_qty("sku-1", where))
    end)
  end)

  it("is exact where floats are not", function()
    with_product({ decimal_qty = true, min_sale_qty = 0.01 }, function(inv, where)
      assert(inv.items:save{ sku = "p", qty = 8.5 })
      assert(inv:adopt{ id = "a", reservations = { { sku = "p", stock = 1, qty = -9.33 },
        { sku = "p", stock = 1, qty = 1 } } })
      assert.equal(0.17, inv:salable_qty("p", where))
      assert.is_true(inv:can_sell("p", where, 0.17))
      expect_error("NOT_ENOUGH", inv:can_sell("p", where, "0.1701"))
    end)
  end)

  it("is a string where the handle was opened so", function()
    with_inventory({ quantities = "string" }, function(inv)
      assert(inv.products:save{ sku = "p" })
      assert(inv.items:save{ sku = "p", qty = "12.50" })
      assert.equal("12.5", inv:salable_qty("p", { stock = 1 }))
      assert.equal("12.5", inv:position{ sku = "p", stock = 1 }.sources[1].qty)
      assert.equal("0", inv:salable{ stock = 1, skus = { "x" } }.x.qty)
    end)
  end)

  it("is zero when no source has the product in stock, whatever may be backordered", function()
    with_product({ backorders = "allow", out_of_stock_threshold = -50 }, function(inv, where)
      assert.equal(60, inv:salable_qty("p", where))
      assert(inv.items:save{ sku = "p", qty = 10, status = "out_of_stock" })
      assert.is_false(inv:is_salable("p", where))
      expect_error("OUT_OF_STOCK", inv:can_sell("p", where, 1))
      assert.equal(0, inv:salable_qty("p", where))
    end)
  end)
end)

describe("is_salable", function()
  it("asks for an assignment, an item in stock and something left", function()
    with_shop(nil, function(inv, shop)
      local expected = { ["sku-1"] = { true, false }, ["sku-2"] = { false, true },
        ["sku-3"] = { false, false }, ["sku-4"] = { true, false }, ["sku-5"] = { false, false } }
      for sku, truths in pairs(expected) do
        assert.same(truths, { inv:is_salable(sku, { channel = "eu" }),
          inv:is_salable(sku, { stock = shop.us }) })
      end
    end)
  end)

  it("is false when nothing is left, unless backorders are unlimited", function()
    with_product({}, function(inv, where)
      assert(inv:place{ id = "1", stock = 1, lines = { { sku = "p", qty = 10 } } })
      assert.is_false(inv:is_salable("p", where))
      assert(inv.products:save{ sku = "p", settings = { backorders = "allow" } })
      assert.is_true(inv:is_salable("p", where))
      assert(inv.products:save{ sku = "p", settings = { out_of_stock_threshold = -1 } })
      assert.is_true(inv:is_salable("p", where))
      assert(inv:place{ id = "2", stock = 1, lines = { { sku = "p", qty = 1 } } })
      assert.is_false(inv:is_salable("p", where))
    end)
  end)
end)

describe("a product whose stock is not managed", function()
  it("is for sale wherever it is assigned, whatever lies there", function()
    with_product({ manage_stock = false }, function(inv, where)
      for _, item in ipairs{ { qty = 0 }, { qty = -5 }, { qty = 1, status = "out_of_stock" } } do
        item.sku = "p"
        assert(inv.items:save(item))
        assert.is_true(inv:is_salable("p", where))
        assert.is_true(inv:can_sell("p", where, 10000))
      end
      assert(inv.items:delete{ sku = "p" })
      assert.is_false(inv:is_salable("p", where))
      expect_error("NOT_ASSIGNED", inv:can_sell("p", where, 1))
    end)
  end)

  it("is still bound by the limits of one sale", function()
    with_product({ manage_stock = false, max_sale_qty = 5 }, function(inv, where)
      expect_error("MAX_SALE_QTY", inv:can_sell("p", where, 6))
    end)
  end)

  it("reserves nothing", function()
    with_product({ manage_stock = false }, function(inv, where)
      assert(inv:place{ id = "1", stock = 1, lines = { { sku = "p", qty = 4 } } })
      assert.equal(10, inv:salable_qty("p", where))
      assert.same({}, inv:reservations())
    end)
  end)
end)

describe("can_sell", function()
  -- settings, quantity, the problems in order, the numbers asked for and accepted.
  local CASES = {
    { { min_sale_qty = 3 }, 2, { "qty MIN_SALE_QTY" }, 3 },
    { { max_sale_qty = 5 }, 6, { "qty MAX_SALE_QTY" }, 5 },
    { { enable_qty_increments = true, qty_increments = 4 }, 6, { "qty QTY_INCREMENTS" }, 4 },
    { {}, 1.5, { "qty DECIMAL_QTY" }, 0 },
    { {}, 11, { "sku NOT_ENOUGH", "sku NOT_ENOUGH", "qty NOT_ENOUGH" }, 10 },
    { { out_of_stock_threshold = 12 }, 1,
      { "sku NOT_ENOUGH", "sku NOT_ENOUGH", "qty NOT_ENOUGH" }, 0 },
    { { backorders = "allow", out_of_stock_threshold = -5 }, 16,
      { "sku NOT_ENOUGH", "sku NOT_ENOUGH", "qty NOT_ENOUGH" }, 15 },
    -- Of the four limits of one sale the first that is broken is told.
    { { min_sale_qty = 3, enable_qty_increments = true, qty_increments = 4 }, 1.5,
      { "qty MIN_SALE_QTY" }, 3 },
    { { max_sale_qty = 3, enable_qty_increments = true, qty_increments = 4 }, 5.5,
      { "qty MAX_SALE_QTY" }, 3 },
    { { enable_qty_increments = true, qty_increments = 4 }, 5.5, { "qty QTY_INCREMENTS" }, 4 },
    -- A broken limit is told without looking at the quantity.
    { { max_sale_qty = 5 }, 100, { "qty MAX_SALE_QTY" }, 5 },
  }

  for number, case in ipairs(CASES) do
    it(("says %s, case %d"):format(case[3][#case[3]], number), function()
      with_product(case[1], function(inv, where)
        local detail, message = expect_problems(case[3], inv:can_sell("p", where, case[2]))
        local last = detail.errors[#detail.errors]
        assert.same({ case[2], case[4], "p" }, { last.requested, last.available, last.sku })
        assert.equal(last.message, message)
        assert.truthy(message:find(tostring(case[2]), 1, true))
      end)
    end)
  end

  it("accepts quantities at the limits", function()
    with_product({ min_sale_qty = 2, max_sale_qty = 8, enable_qty_increments = true,
      qty_increments = 2 }, function(inv, where)
      for _, qty in ipairs{ 2, 4, 8, "8.0000" } do assert.is_true(inv:can_sell("p", where, qty)) end
    end)
  end)

  it("ignores increments that are not enabled or zero", function()
    with_product({ qty_increments = 4 }, function(inv, where)
      assert.is_true(inv:can_sell("p", where, 3))
      assert(inv.products:save{ sku = "p",
        settings = { enable_qty_increments = true, qty_increments = 0 } })
      assert.is_true(inv:can_sell("p", where, 3))
    end)
  end)

  it("takes fractions of increments exactly", function()
    with_product({ decimal_qty = true, enable_qty_increments = true, qty_increments = 0.1 },
      function(inv, where)
        assert.is_true(inv:can_sell("p", where, 1.2))
        expect_error("QTY_INCREMENTS", inv:can_sell("p", where, 1.25))
      end)
  end)

  it("tells a broken limit and a missing item in stock together, the limit first", function()
    with_product({ max_sale_qty = 5 }, function(inv, where)
      assert(inv.items:save{ sku = "p", qty = 10, status = "out_of_stock" })
      local detail = expect_problems({ "qty MAX_SALE_QTY", "sku OUT_OF_STOCK" },
        inv:can_sell("p", where, 6))
      assert.same({ "is_correct_qty-max_sale_qty",
        "is_any_source_item_in_stock-no_source_items_in_stock" },
        helpers.column(detail.errors, "magento"))
      expect_problems({ "sku OUT_OF_STOCK" }, inv:can_sell("p", where, 1))
    end)
  end)

  it("tells nothing else when the product is not assigned", function()
    with_shop(nil, function(inv, shop)
      local detail = expect_problems({ "sku NOT_ASSIGNED" },
        inv:can_sell("sku-1", { stock = shop.us }, 1e6))
      assert.equal("requested-sku-is-not-assigned-to-given-stock", detail.errors[1].magento)
    end)
  end)

  it("takes an item at a disabled source for an assignment without anything in stock", function()
    with_shop(nil, function(inv, shop)
      assert(inv.items:save{ sku = "sku-5", source = "eu-off", qty = 5 })
      expect_error("OUT_OF_STOCK", inv:can_sell("sku-5", { stock = shop.eu }, 1))
    end)
  end)

  it("tells MSI's three codes of a plain shortage", function()
    with_product({}, function(inv, where)
      local _, _, _, detail = inv:can_sell("p", where, 11)
      assert.same({ "back_order-disabled", "manage_stock-enabled",
        "is_salable_with_reservations-not_enough_qty" },
        helpers.column(detail.errors, "magento"))
    end)
  end)

  it("is what place checks", function()
    with_product({ max_sale_qty = 5 }, function(inv, where)
      for i, qty in ipairs{ 1, 5, 6, 1.5 } do
        local _, _, expected = inv:can_sell("p", where, qty)
        local lines = { { sku = "p", qty = qty } }
        local _, _, code = inv:place{ id = "o" .. i, stock = 1, lines = lines }
        assert.equal(expected, code)
      end
    end)
  end)

  it("refuses what is no quantity to sell", function()
    with_product({}, function(inv, where)
      for _, case in ipairs{ { 0, "INVALID" }, { -1, "INVALID" }, { "x", "INVALID" },
        { 0.00001, "INVALID" }, { 0 / 0, "INVALID" }, { 1e12, "LIMIT" }, { "", "INVALID" } } do
        expect_problems({ "qty " .. case[2] }, inv:can_sell("p", where, case[1]))
      end
      assert.has_error(function() inv:can_sell("p", where) end)
      assert.has_error(function() inv:can_sell("p", where, true) end)
    end)
  end)
end)

describe("backorders", function()
  it("without a limit take any order, and say what has to wait", function()
    with_product({ backorders = "allow" }, function(inv, where)
      local answer = assert(inv:place{ id = "1", stock = 1, lines = { { sku = "p", qty = 14 } } })
      assert.equal(4, answer.lines[1].backordered)
      assert.equal(-4, inv:salable_qty("p", where))
      assert.is_true(inv:can_sell("p", where, 9999))
    end)
  end)

  it("with a limit end at the limit", function()
    with_product({ backorders = "notify", out_of_stock_threshold = -3 }, function(inv, where)
      assert(inv:place{ id = "1", stock = 1, lines = { { sku = "p", qty = 12 } } })
      assert.equal(1, inv:salable_qty("p", where))
      expect_error("NOT_ENOUGH", inv:can_sell("p", where, 2))
      assert(inv:place{ id = "2", stock = 1, lines = { { sku = "p", qty = 1 } } })
      assert.equal(0, inv:salable_qty("p", where))
      assert.equal(3, inv:position{ sku = "p", stock = 1 }.backordered)
    end)
  end)
end)

describe("the place that is asked about", function()
  local ASK = {
    salable_qty = function(inv, where) return inv:salable_qty("sku-1", where) end,
    is_salable = function(inv, where) return inv:is_salable("sku-1", where) end,
    can_sell = function(inv, where) return inv:can_sell("sku-1", where, 1) end,
    backorder_qty = function(inv, where) return inv:backorder_qty("sku-1", where, 1) end,
    salable = function(inv, where)
      return inv:salable{ stock = where.stock, channel = where.channel, skus = { "sku-1" } }
    end,
    position = function(inv, where)
      return inv:position{ stock = where.stock, channel = where.channel, sku = "sku-1" }
    end,
  }

  for name, ask in pairs(ASK) do
    it("must be exactly one stock or channel for " .. name, function()
      with_shop(nil, function(inv, shop)
        assert(ask(inv, { stock = shop.eu }))
        assert(ask(inv, { channel = "eu" }))
        assert(ask(inv, { channel = { type = "website", code = "eu" } }))
        expect_problems({ "stock INVALID" }, ask(inv, {}))
        expect_problems({ "stock INVALID" }, ask(inv, { stock = shop.eu, channel = "eu" }))
        for _, nameless in ipairs{ {}, { type = "website" } } do
          expect_problems({ "stock INVALID" }, ask(inv, { channel = nameless }))
          expect_problems({ "stock INVALID" }, ask(inv, { stock = shop.eu, channel = nameless }))
        end
        expect_problems({ "stock NOT_FOUND" }, ask(inv, { stock = 99 }))
        expect_problems({ "channel NOT_FOUND" }, ask(inv, { channel = "nowhere" }))
        expect_problems({ "channel NOT_FOUND" },
          ask(inv, { channel = { type = "x", code = "eu" } }))
      end)
    end)

    it("raises for " .. name .. " when it is of a wrong type", function()
      with_shop(nil, function(inv)
        for _, wrong in ipairs{ { stock = "2" }, { stock = 2.5 }, { stock = 0 / 0 },
          { stock = math.huge }, { stock = true }, { channel = 5 },
          { channel = { code = 5 } }, { channel = { code = "eu", name = "Europe" } } } do
          assert.has_error(function() ask(inv, wrong) end)
        end
      end)
    end)
  end

  it("raises on unknown keys and on what is no SKU", function()
    with_shop(nil, function(inv, shop)
      assert.has_error(function() inv:salable_qty("sku-1", { stock = shop.eu, shop = 1 }) end)
      assert.has_error(function() inv:salable_qty("sku-1", shop.eu) end)
      assert.has_error(function() inv:salable_qty(1, { stock = shop.eu }) end)
      assert.has_error(function() inv:is_salable(nil, { stock = shop.eu }) end)
      assert.has_error(function() inv:salable{ stock = shop.eu } end)
      assert.has_error(function() inv:salable{ stock = shop.eu, skus = { 1 } } end)
      assert.has_error(function() inv:salable{ stock = shop.eu, skus = {}, sku = "a" } end)
      assert.has_error(function() inv:position{ stock = shop.eu } end)
      assert.has_error(function() inv:position{ stock = shop.eu, sku = "a", source = "b" } end)
    end)
  end)
end)

describe("salable", function()
  it("has an entry for every SKU, also for those that nobody knows", function()
    with_shop(nil, function(inv, shop)
      assert(inv.products:save{ { sku = "kit", type = "bundle" },
        { sku = "sku-3", settings = { backorders = "allow" } } })
      assert(inv.items:save{ { sku = "sku-3", source = "eu-1", qty = 0 },
        { sku = "ghost", source = "eu-1", qty = 4 } })
      local skus = { "sku-1", "sku-2", "sku-3", "sku-4", "kit", "ghost", "nothing", "sku-1" }
      local page = assert(inv:salable{ stock = shop.eu, skus = skus })
      local function row(sku)
        local entry = page[sku]
        return { entry.qty, entry.salable, entry.managed, entry.unlimited }
      end
      assert.same({ 8.5, true, true, false }, row("sku-1"))
      assert.same({ 0, false, true, false }, row("sku-2"))
      assert.same({ 0, true, true, true }, row("sku-3"))
      assert.same({ 6, true, false, false }, row("sku-4"))
      for _, sku in ipairs{ "kit", "ghost", "nothing" } do
        assert.same({ 0, false }, { page[sku].qty, page[sku].salable })
        assert.is_false(page[sku].unlimited)
      end
    end)
  end)

  it("says of each what salable_qty and is_salable say", function()
    with_shop(nil, function(inv)
      for _, channel in ipairs{ "eu", "us" } do
        local skus = { "sku-1", "sku-2", "sku-3", "sku-4", "sku-5" }
        local page = inv:salable{ channel = channel, skus = skus }
        for _, sku in ipairs(skus) do
          assert.equal(inv:salable_qty(sku, { channel = channel }), page[sku].qty)
          assert.equal(inv:is_salable(sku, { channel = channel }), page[sku].salable)
        end
      end
    end)
  end)

  it("of no SKU is an empty page, and of too many a LIMIT", function()
    with_shop(nil, function(inv, shop)
      assert.same({}, inv:salable{ stock = shop.eu, skus = {} })
      local many = {}
      for i = 1, 4001 do many[i] = "p" .. i end
      expect_error("LIMIT", inv:salable{ stock = shop.eu, skus = many })
    end)
  end)
end)

describe("what is asked about a product", function()
  it("that nobody knows, or that is made of others, is refused with the SKU", function()
    with_shop(nil, function(inv, shop)
      assert(inv.products:save{ sku = "kit", type = "bundle" })
      local where = { stock = shop.eu }
      for sku, code in pairs{ nothing = "NOT_FOUND", kit = "UNSUPPORTED", [""] = "NOT_FOUND",
        [("x"):rep(256)] = "NOT_FOUND", ["SKU-1"] = "NOT_FOUND" } do
        local calls = { { inv:salable_qty(sku, where) }, { inv:can_sell(sku, where, 1) },
          { inv:backorder_qty(sku, where, 1) }, { inv:position{ sku = sku, stock = shop.eu } } }
        if sku ~= "kit" then calls[5] = { inv:is_salable(sku, where) } end
        for _, results in ipairs(calls) do
          local detail = expect_problems({ "sku " .. code }, results[1], results[2], results[3],
            results[4])
          assert.equal(sku, detail.errors[1].sku)
        end
      end
    end)
  end)
end)

describe("position", function()
  it("tells the whole story", function()
    with_shop(nil, function(inv, shop)
      assert(inv.products:save{ sku = "sku-1", settings = { notify_below = 2,
        out_of_stock_share = 0.1 } })
      assert(inv.items:save{ sku = "sku-1", source = "eu-2", qty = 3, notify_below = 4 })
      assert(inv:place{ id = "1", stock = shop.eu, lines = { { sku = "sku-1", qty = 1.5 } } })
      assert(inv:adopt{ id = "a", reservations = { { sku = "sku-1", stock = shop.eu, qty = -2 } } })
      assert.same({
        sku = "sku-1", stock = shop.eu, on_hand = 8.5, reserved = 3.5, firm = 1.5, held = 0,
        allocated = 0, backordered = 0, adopted = 2, claimed = 0,
        over_promised = 0, floor = 2.85, salable = 2.15,
        is_salable = true, assigned = true, in_stock = true, managed = true, backorders = "no",
        unlimited = false,
        sources = {
          { source = "eu-1", qty = 5.5, status = "in_stock", enabled = true, priority = 1,
            allocated = 0 },
          { source = "eu-2", qty = 3, status = "in_stock", enabled = true, priority = 2,
            allocated = 0, notify_below = 4 },
          { source = "eu-3", qty = 10, status = "out_of_stock", enabled = true, priority = 3,
            allocated = 0 },
          { source = "eu-off", qty = 10, status = "in_stock", enabled = false, priority = 4,
            allocated = 0 },
        },
      }, inv:position{ sku = "sku-1", channel = "eu" })
    end)
  end)

  it("of a product that is nowhere is zero throughout", function()
    with_shop(nil, function(inv, shop)
      local position = assert(inv:position{ sku = "sku-5", stock = shop.eu })
      assert.same({ 0, 0, 0, 0, false, {} }, { position.on_hand, position.reserved,
        position.floor, position.salable, position.is_salable, position.sources })
    end)
  end)

  it("tells apart whether a product is assigned, in stock and salable", function()
    with_shop(nil, function(inv, shop)
      local function predicates(sku)
        local position = assert(inv:position{ sku = sku, stock = shop.eu })
        return { position.assigned, position.in_stock, position.is_salable }
      end
      assert.same({ false, false, false }, predicates("sku-5"))
      assert(inv.items:save{ sku = "sku-5", source = "eu-off", qty = 4 })
      assert.same({ true, false, false }, predicates("sku-5"))
      assert(inv.items:save{ sku = "sku-5", source = "eu-1", qty = 0 })
      assert.same({ true, true, false }, predicates("sku-5"))
      assert(inv.products:save{ sku = "sku-5", settings = { backorders = "notify" } })
      assert.same({ true, true, true }, predicates("sku-5"))
      assert.equal("notify", inv:position{ sku = "sku-5", stock = shop.eu }.backorders)
    end)
  end)

  it("counts what goods cannot cover as backordered, until they come", function()
    with_product({ backorders = "allow" }, function(inv)
      assert(inv:place{ id = "1", stock = 1, lines = { { sku = "p", qty = 14 } } })
      local position = inv:position{ sku = "p", stock = 1 }
      assert.same({ 10, 14, 10, 4, -4, true, true }, { position.on_hand, position.reserved,
        position.firm, position.backordered, position.salable, position.is_salable,
        position.unlimited })
      for _, case in ipairs{ { 13, 13, 1 }, { 20, 14, 0 } } do
        assert(inv.items:save{ sku = "p", qty = case[1] })
        position = inv:position{ sku = "p", stock = 1 }
        assert.same({ case[2], case[3] }, { position.firm, position.backordered })
      end
    end)
  end)
end)
