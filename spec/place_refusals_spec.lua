-- place_refusals_spec.lua: what an order is refused for, and what a refusal says.

local core = require "quartermaster.core"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, product, place, refused = kit.with_shop, kit.product, kit.place, kit.refused

-- what, settings, quantities, quantity asked for, code, field, message, number accepted, MSI's code
local REFUSALS = {
  { "less than the smallest quantity", { min_sale_qty = 3 }, { muc = 9 }, 2, "MIN_SALE_QTY", "qty",
    "bike is sold in quantities of 3 or more, 2 were asked for", 3, "is_correct_qty-min_sale_qty" },
  { "more than the largest quantity", { max_sale_qty = "2.5", decimal_qty = true }, { muc = 9 }, 3,
    "MAX_SALE_QTY", "qty", "bike is sold in quantities of 2.5 or less, 3 were asked for", 2.5,
    "is_correct_qty-max_sale_qty" },
  { "what is no multiple of the increment",
    { enable_qty_increments = true, qty_increments = 4 }, { muc = 9 }, 6, "QTY_INCREMENTS", "qty",
    "bike is sold in multiples of 4, 6 were asked for", 4, "is_correct_qty-qty_increment" },
  { "a fraction", {}, { muc = 9 }, "1.5", "DECIMAL_QTY", "qty",
    "bike is not sold in fractions, 1.5 were asked for", 0, "is_correct_qty-is_qty_decimal" },
  { "what no source has in stock", {}, {}, 1, "OUT_OF_STOCK", "sku",
    "no source of this stock has bike in stock", 0,
    "is_any_source_item_in_stock-no_source_items_in_stock" },
  { "more than there is", {}, { muc = 3, ham = 2 }, 6, "NOT_ENOUGH", "qty",
    "5 of bike can be sold, 6 were asked for", 5,
    "is_salable_with_reservations-not_enough_qty" },
  { "what a threshold keeps back", { out_of_stock_threshold = 4 }, { muc = 9 }, 6, "NOT_ENOUGH",
    "qty", "5 of bike can be sold, 6 were asked for", 5,
    "is_salable_with_reservations-not_enough_qty" },
}

describe("place refuses", function()
  for _, case in ipairs(REFUSALS) do
    it(case[1] .. ", as can_sell does", function()
      with_shop(function(inv, stock)
        product(inv, "bike", case[3], case[2])
        assert(inv.items:save{ sku = "bike", source = "ber", qty = 0, status = "out_of_stock" })
        local errors, message = refused(inv, case[5], "place", { id = "o-1", stock = stock,
          lines = { { sku = "bike", qty = case[4] } } })
        assert.equal(case[7], message)
        local last = errors[#errors]
        assert.same({ case[5], case[6], case[7], case[8], case[9], "bike", 1 }, { last.code,
          last.field, last.message, last.available, last.magento, last.sku, last.line })
        local _, text, code, detail = inv:can_sell("bike", { stock = stock }, case[4])
        assert.same({ case[5], message }, { code, text })
        for i, problem in ipairs(detail.errors) do
          assert.same({ problem.code, problem.message, problem.magento },
            { errors[i].code, errors[i].message, errors[i].magento })
        end
      end)
    end)
  end

  it("with MSI's three codes when there is not enough", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 1 })
      local errors = refused(inv, "NOT_ENOUGH", "place", { id = "o-1", stock = stock,
        lines = { { sku = "bike", qty = 2 } } })
      assert.same({ "back_order-disabled", "manage_stock-enabled",
        "is_salable_with_reservations-not_enough_qty" },
        { errors[1].magento, errors[2].magento, errors[3].magento })
    end)
  end)

  it("by the smallest quantity of the order's customer group", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 }, { min_sale_qty = { all = 1, wholesale = 5 } })
      local order = { id = "o-1", stock = stock, lines = { { sku = "bike", qty = 2 } },
        customer_group = "wholesale" }
      refused(inv, "MIN_SALE_QTY", "place", order)
      order.customer_group = "retail"
      assert(inv:place(order))
    end)
  end)

  local WRONG_LINES = {
    { "an unknown product", { sku = "nothing", qty = 1 }, "NOT_FOUND", "sku",
      "there is no product nothing" },
    { "a product known from source items only", { sku = "shadow", qty = 1 }, "NOT_FOUND", "sku",
      "there is no product shadow" },
    { "a composite of nothing", { sku = "set", qty = 1 }, "INVALID", "selections",
      "nothing of set is chosen" },
    { "what is only at sources of other stocks", { sku = "away", qty = 1 }, "NOT_ASSIGNED", "sku",
      "away is not at any source of this stock" },
    { "a line without a SKU", { qty = 1 }, "INVALID", "sku", "a SKU is needed" },
    { "an empty SKU", { sku = "", qty = 1 }, "INVALID", "sku", "a SKU is needed" },
    { "a line without a quantity", { sku = "bike" }, "INVALID", "qty", "a quantity is needed" },
    { "a quantity of zero", { sku = "bike", qty = 0 }, "INVALID", "qty",
      "the quantity must be more than zero" },
    { "a negative quantity", { sku = "bike", qty = -1 }, "INVALID", "qty",
      "the quantity may not be negative" },
    { "a fifth decimal", { sku = "bike", qty = "0.00001" }, "INVALID", "qty",
      "this is not a quantity: at most four decimals, no other signs" },
    { "no quantity at all", { sku = "bike", qty = 0 / 0 }, "INVALID", "qty",
      "this is not a quantity: at most four decimals, no other signs" },
    { "a quantity beyond the bound", { sku = "bike", qty = 2e11 }, "LIMIT", "qty",
      "the quantity is beyond 100000000000" },
  }

  for _, case in ipairs(WRONG_LINES) do
    it(case[1], function()
      with_shop(function(inv, stock)
        product(inv, "bike", { muc = 5 })
        product(inv, "set", nil, nil, "bundle")
        product(inv, "away", { far = 5 })
        assert(inv.items:save{ sku = "shadow", source = "muc", qty = 5 })
        local errors, message = refused(inv, case[3], "place", { id = "o-1", stock = stock,
          lines = { { sku = "bike", qty = 1 }, case[2] } })
        assert.equal(case[5], message)
        assert.same({ 1, case[3], case[4], 2 },
          { #errors, errors[1].code, errors[1].field, errors[1].line })
      end)
    end)
  end

  it("lines whose sum is beyond the bound", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 }, { backorders = "allow", max_sale_qty = 0 })
      refused(inv, "LIMIT", "place", { id = "o-1", stock = stock,
        lines = { { sku = "bike", qty = 6e10 }, { sku = "bike", qty = 6e10 } } })
      place(inv, "o-2", stock, { "bike", 6e10 })
      refused(inv, "LIMIT", "place", { id = "o-3", stock = stock,
        lines = { { sku = "bike", qty = 6e10 } } })
    end)
  end)
end)

describe("a refusal of place", function()
  it("lists every problem, has the topmost code and the first such row's message", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      product(inv, "bell", { far = 5 })
      product(inv, "lamp", { muc = 5 }, { min_sale_qty = 3 })
      local errors, message = refused(inv, "NOT_ASSIGNED", "place", { id = "o-1", stock = stock,
        lines = { { sku = "bike", qty = 9 }, { sku = "bell", qty = 1 },
          { sku = "lamp", qty = 2 } } })
      assert.equal("bell is not at any source of this stock", message)
      local seen = {}
      for i, problem in ipairs(errors) do seen[i] = problem.line .. " " .. problem.code end
      assert.same({ "1 NOT_ENOUGH", "1 NOT_ENOUGH", "1 NOT_ENOUGH", "2 NOT_ASSIGNED",
        "3 MIN_SALE_QTY" }, seen)
    end)
  end)

  it("names the caller's line number and the place in the list", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      local errors = refused(inv, "NOT_FOUND", "place", { id = "o-1", stock = stock, lines = {
        { line = 20, sku = "bike", qty = 1 }, { line = 10, sku = "nothing", qty = 1 } } })
      assert.same({ 10, 2 }, { errors[1].line, errors[1].index })
    end)
  end)

  for _, case in ipairs{
    { "an id is needed", nil, "an id is needed, so that a repeated request is recognised" },
    { "an id is not empty", "", "an id is needed, so that a repeated request is recognised" },
    { "an id has at most 64 bytes", ("x"):rep(65),
      "an id has 1 to 64 bytes and no control characters" },
    { "an id has no control characters", "a\0b",
      "an id has 1 to 64 bytes and no control characters" },
  } do
    it("says that " .. case[1], function()
      with_shop(function(inv, stock)
        product(inv, "bike", { muc = 5 })
        local before = kit.snapshot(inv)
        local detail, message = helpers.expect_error("INVALID", inv:place{ id = case[2],
          stock = stock, lines = { { sku = "bike", qty = 1 } } })
        assert.same({ case[3], "id" }, { message, detail.errors[1].field })
        assert.same(before, kit.snapshot(inv))
      end)
    end)
  end

  it("says that an order needs lines", function()
    with_shop(function(inv, stock)
      local _, message = refused(inv, "INVALID", "place", { id = "o-1", stock = stock, lines = {} })
      assert.equal("the list is empty", message)
      refused(inv, "INVALID", "place", { id = "o-1", stock = stock })
    end)
  end)

  it("says that a text is too long", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      local long = ("x"):rep(core.limits.text_bytes + 1)
      for _, extra in ipairs{ { customer_group = long }, { destination = { city = long } } } do
        refused(inv, "LIMIT", "place", { id = "o-1", stock = stock,
          customer_group = extra.customer_group, destination = extra.destination,
          lines = { { sku = "bike", qty = 1 } } })
      end
    end)
  end)

  it("says that a destination is not on earth", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      for _, where in ipairs{ { latitude = 91 }, { longitude = -181 }, { latitude = 0 / 0 } } do
        refused(inv, "INVALID", "place", { id = "o-1", stock = stock, destination = where,
          lines = { { sku = "bike", qty = 1 } } })
      end
    end)
  end)
end)

describe("misuse of place raises:", function()
  for what, request in pairs{
    ["an unknown key"] = { id = "o-1", stock = 2, sku = "bike" },
    ["an unknown key of a line"] = { id = "o-1", lines = { { sku = "bike", price = 1 } } },
    ["an unknown key of a destination"] = { id = "o-1", destination = { planet = "Mars" } },
    ["an id that is a number"] = { id = 1 },
    ["a SKU that is a number"] = { id = "o-1", lines = { { sku = 1234, qty = 1 } } },
    ["a quantity that is a table"] = { id = "o-1", lines = { { sku = "bike", qty = {} } } },
    ["a line number with a fraction"] = { id = "o-1", lines = { { sku = "bike", line = 1.5 } } },
    ["lines that are no list"] = { id = "o-1", lines = { sku = "bike", qty = 1 } },
    ["a stock that is a name"] = { id = "o-1", stock = "EU" },
    ["no table"] = "o-1",
  } do
    it(what, function()
      with_shop(function(inv)
        product(inv, "bike", { muc = 5 })
        local before = kit.snapshot(inv)
        assert.is_false((pcall(inv.place, inv, request)))
        assert.same(before, kit.snapshot(inv))
      end)
    end)
  end
end)
