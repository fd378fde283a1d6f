-- events_spec.lua: what happens to an order after it was placed, and how far each event may go.

local kit = require "order_kit"

local with_shop, product, place, refused = kit.with_shop, kit.product, kit.place, kit.refused
local expect_line, reserved = kit.expect_line, kit.reserved

-- Runs steps { call, qty } over line 1 of o-1, each with an id of its own.
local function run(inv, steps)
  for i, step in ipairs(steps) do
    local line = { line = 1, qty = step[2], source = step[1] == "ship" and "muc" or nil,
      return_to_stock = step[3] }
    assert(inv[step[1]](inv, { id = "e-" .. i, order = "o-1", lines = { line } }))
  end
end

local RETURN = true

-- An order of 5 of 10 at muc: the steps, the line's counters (besides ordered), how many may still
-- be cancelled, invoiced, shipped, refunded, returned, and what is at muc and reserved.
local GOODS = {
  { {}, { open = 5 }, { 5, 5, 5, 0, 0 }, 10, 5 },
  { { { "cancel", 2 } }, { cancelled = 2, open = 3 }, { 3, 3, 3, 0, 0 }, 10, 3 },
  { { { "cancel", 5 } }, { cancelled = 5 }, { 0, 0, 0, 0, 0 }, 10, 0 },
  { { { "invoice", 3 } }, { invoiced = 3, open = 5 }, { 2, 2, 5, 3, 0 }, 10, 5 },
  { { { "ship", 2 } }, { delivered = 2, open = 3 }, { 3, 5, 3, 2, 2 }, 8, 3 },
  { { { "ship", 5 } }, { delivered = 5 }, { 0, 5, 0, 5, 5 }, 5, 0 },
  { { { "invoice", 3 }, { "ship", 2 } }, { invoiced = 3, delivered = 2, open = 3 },
    { 2, 2, 3, 3, 2 }, 8, 3 },
  { { { "invoice", 3 }, { "cancel", 2 } }, { invoiced = 3, cancelled = 2, open = 3 },
    { 0, 0, 3, 3, 0 }, 10, 3 },
  { { { "invoice", 3 }, { "refund", 3 } },
    { invoiced = 3, refunded = 3, released = 3, open = 2 }, { 2, 2, 2, 0, 0 }, 10, 2 },
  { { { "ship", 2 }, { "refund", 2 } }, { delivered = 2, refunded = 2, open = 3 },
    { 3, 5, 3, 0, 2 }, 8, 3 },
  { { { "ship", 2 }, { "refund", 2, RETURN } },
    { delivered = 2, refunded = 2, returned = 2, open = 3 }, { 3, 5, 3, 0, 0 }, 10, 3 },
  { { { "ship", 2 }, { "return_goods", 1 } }, { delivered = 2, returned = 1, open = 3 },
    { 3, 5, 3, 2, 1 }, 9, 3 },
  { { { "ship", 2 }, { "refund", 1 }, { "return_goods", 2 } },
    { delivered = 2, returned = 2, refunded = 1, open = 3 }, { 3, 5, 3, 1, 0 }, 10, 3 },
  { { { "invoice", 5 }, { "ship", 3 }, { "refund", 4 } },
    { invoiced = 5, delivered = 3, refunded = 4, released = 2 }, { 0, 0, 0, 1, 3 }, 7, 0 },
}

local CALLS = { "cancel", "invoice", "ship", "refund", "return_goods" }

local function title(steps)
  local words = {}
  for i, step in ipairs(steps) do
    words[i] = step[1] .. " " .. step[2] .. (step[3] and " to stock" or "")
  end
  return #words > 0 and table.concat(words, ", ") or "nothing"
end

-- May `most` units have the event, and not one more?
local function expect_limit(inv, call, most)
  local source = call == "ship" and "muc" or nil
  local function request(qty)
    return { id = "last", order = "o-1", lines = { { line = 1, qty = qty, source = source } } }
  end
  local errors = refused(inv, "EXCEEDS", call, request(most + 1))
  assert.same({ most + 1, most, 1, "bike" }, { errors[1].requested, errors[1].available,
    errors[1].line, errors[1].sku })
  if most > 0 then
    assert(inv[call](inv, request(most)))
  end
end

describe("after 5 goods were ordered and", function()
  for _, case in ipairs(GOODS) do
    local steps, counters, limits, left, promised = case[1], case[2], case[3], case[4], case[5]
    it(title(steps) .. ", the counters, the source and the promise follow", function()
      with_shop(function(inv, stock)
        product(inv, "bike", { muc = 10 })
        place(inv, "o-1", stock, { "bike", 5 })
        run(inv, steps)
        counters.ordered = 5
        expect_line(inv, "o-1", 1, counters)
        assert.same({ muc = left }, kit.quantities(inv, "bike"))
        assert.equal(promised, reserved(inv, "bike", stock))
      end)
    end)

    for i, call in ipairs(CALLS) do
      it(("%s, %s may have %d more"):format(title(steps), call, limits[i]), function()
        with_shop(function(inv, stock)
          product(inv, "bike", { muc = 10 })
          place(inv, "o-1", stock, { "bike", 5 })
          run(inv, steps)
          expect_limit(inv, call, limits[i])
        end)
      end)
    end
  end

  it("invoice 3, ship 2, refund 2 to stock, cancel 2, nothing is open", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 10 })
      place(inv, "o-1", stock, { "bike", 5 })
      run(inv, { { "invoice", 3 }, { "ship", 2 } })
      expect_line(inv, "o-1", 1, { ordered = 5, invoiced = 3, delivered = 2, open = 3 })
      local answer = assert(inv:refund{ id = "r-1", order = "o-1",
        lines = { { sku = "bike", qty = 2, return_to_stock = true } } })
      assert.same({ { line = 1, sku = "bike", qty = 1 },
        { line = 1, sku = "bike", qty = 1, source = "muc" } }, answer.lines)
      assert.same({ 9, 2 }, { kit.quantities(inv, "bike").muc, reserved(inv, "bike", stock) })
      assert(inv:cancel{ id = "c-1", order = "o-1", lines = { { sku = "bike", qty = 2 } } })
      expect_line(inv, "o-1", 1, { ordered = 5, invoiced = 3, delivered = 2, refunded = 2,
        released = 1, returned = 1, cancelled = 2 })
      assert.same({ 9, 0 }, { kit.quantities(inv, "bike").muc, reserved(inv, "bike", stock) })
    end)
  end)
end)

local LIMITS = {
  { "cancel", "0 of bike may still be cancelled, 1 were asked for" },
  { "invoice", "0 of bike may still be invoiced, 1 were asked for" },
  { "ship", "0 of bike are still to ship, 1 were asked for" },
  { "refund", "0 of bike may still be refunded, 1 were asked for" },
  { "return_goods", "0 of bike are delivered and not yet returned, 1 were asked for" },
}

describe("an event that goes too far", function()
  for _, case in ipairs(LIMITS) do
    it("says so: " .. case[1], function()
      with_shop(function(inv, stock)
        product(inv, "bike", { muc = 10 })
        place(inv, "o-1", stock, { "bike", 5 })
        assert(inv:cancel{ id = "all", order = "o-1" })
        local _, message = refused(inv, "EXCEEDS", case[1],
          { id = "e-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
        assert.equal(case[2], message)
        refused(inv, "EXCEEDS", case[1],
          { id = "e-1", order = "o-1", lines = { { sku = "bike", qty = 1 } } })
      end)
    end)
  end

  it("takes back what its earlier lines did", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 10 })
      product(inv, "bell", { muc = 10 })
      place(inv, "o-1", stock, { "bike", 5 }, { "bell", 5 })
      for _, call in ipairs(CALLS) do
        local errors = refused(inv, "EXCEEDS", call, { id = "e-1", order = "o-1", lines = {
          { line = 1, qty = 6 }, { line = 2, qty = 7 } } })
        assert.same({ 2, 1, 2 }, { #errors, errors[1].line, errors[2].line })
      end
      refused(inv, "EXCEEDS", "cancel", { id = "e-1", order = "o-1", lines = {
        { line = 1, qty = 3 }, { line = 2, qty = 2 }, { line = 1, qty = 3 } } })
    end)
  end)
end)

describe("a line of an event", function()
  local function two_lines(fn)
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 10 })
      product(inv, "bell", { muc = 10 })
      place(inv, "o-1", stock, { "bike", 2 }, { "bell", 1 }, { "bike", 3 })
      fn(inv, stock)
    end)
  end

  it("goes to the line whose number it names", function()
    two_lines(function(inv)
      local answer = assert(inv:cancel{ id = "c-1", order = "o-1",
        lines = { { line = 3, qty = 2 } } })
      assert.same({ id = "c-1", order = "o-1", lines = { { line = 3, sku = "bike", qty = 2 } } },
        answer)
      expect_line(inv, "o-1", 1, { ordered = 2, open = 2 })
      expect_line(inv, "o-1", 3, { ordered = 3, cancelled = 2, open = 1 })
    end)
  end)

  it("that names a SKU goes to its lines in order, each as far as it allows", function()
    two_lines(function(inv)
      assert(inv:cancel{ id = "c-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
      local answer = assert(inv:ship{ id = "s-1", order = "o-1", source = "muc",
        lines = { { sku = "bike", qty = 3 } } })
      assert.same({ { line = 1, sku = "bike", qty = 1, source = "muc" },
        { line = 3, sku = "bike", qty = 2, source = "muc" } }, answer.lines)
      local _, message = refused(inv, "EXCEEDS", "ship", { id = "s-2", order = "o-1",
        source = "muc", lines = { { sku = "bike", qty = 2 } } })
      assert.equal("1 of bike are still to ship, 2 were asked for", message)
    end)
  end)

  it("may come twice for one line", function()
    two_lines(function(inv)
      assert(inv:cancel{ id = "c-1", order = "o-1",
        lines = { { line = 3, qty = 1 }, { line = 3, qty = 2 } } })
      expect_line(inv, "o-1", 3, { ordered = 3, cancelled = 3 })
    end)
  end)

  local WRONG = {
    { "an unknown line", { line = 4, qty = 1 }, "NOT_FOUND", "the order has no such line" },
    { "line zero", { line = 0, qty = 1 }, "NOT_FOUND", "the order has no such line" },
    { "a line far away", { line = 4096, qty = 1 }, "NOT_FOUND", "the order has no such line" },
    { "a line of another SKU", { line = 2, sku = "bike", qty = 1 }, "NOT_FOUND",
      "the order has no such line" },
    { "a SKU that was not ordered", { sku = "lamp", qty = 1 }, "NOT_FOUND",
      "the order has no line of lamp" },
    { "an unknown SKU", { sku = "nothing", qty = 1 }, "NOT_FOUND",
      "the order has no line of nothing" },
    { "neither line nor SKU", { qty = 1 }, "INVALID", "a SKU is needed" },
    { "no quantity", { line = 1 }, "INVALID", "a quantity is needed" },
    { "zero", { line = 1, qty = 0 }, "INVALID", "the quantity must be more than zero" },
    { "less than zero", { line = 1, qty = -1 }, "INVALID", "the quantity may not be negative" },
    { "a fifth decimal", { line = 1, qty = 0.00001 }, "INVALID",
      "this is not a quantity: at most four decimals, no other signs" },
  }
  for _, case in ipairs(WRONG) do
    it("is refused with " .. case[1], function()
      two_lines(function(inv)
        product(inv, "lamp", { muc = 1 })
        for _, call in ipairs(CALLS) do
          local _, message = refused(inv, case[3], call,
            { id = "e-1", order = "o-1", lines = { case[2] } })
          assert.equal(case[4], message)
        end
      end)
    end)
  end
end)

describe("an event", function()
  it("needs an order that exists, an id, and not an empty list", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 10 })
      place(inv, "o-1", stock, { "bike", 2 })
      for _, call in ipairs(CALLS) do
        local lines = { { line = 1, qty = 1 } }
        local errors, message = refused(inv, "NOT_FOUND", call,
          { id = "e-1", order = "o-2", lines = lines })
        assert.same({ "there is no order o-2", "order" }, { message, errors[1].field })
        refused(inv, "NOT_FOUND", call, { id = "e-1", lines = lines })
        refused(inv, "INVALID", call, { order = "o-1", lines = lines })
        _, message = refused(inv, "INVALID", call, { id = "e-1", order = "o-1", lines = {} })
        assert.equal("the list is empty", message)
      end
    end)
  end)

  it("raises on keys it does not have", function()
    with_shop(function(inv)
      for _, call in ipairs(CALLS) do
        assert.has_error(function() inv[call](inv, { id = "e-1", order = "o-1", stock = 1 }) end)
        assert.has_error(function()
          inv[call](inv, { id = "e-1", order = "o-1", lines = { { line = 1, price = 1 } } })
        end)
      end
      assert.has_error(function()
        inv:cancel{ id = "e-1", lines = { { line = 1, source = "muc" } } }
      end)
    end)
  end)

  it("without lines is for everything that may still have it", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 10 })
      product(inv, "bell", { muc = 10 })
      place(inv, "o-1", stock, { "bike", 5 }, { "bell", 4 })
      run(inv, { { "ship", 2 } })
      assert.same({ { line = 1, sku = "bike", qty = 5 }, { line = 2, sku = "bell", qty = 4 } },
        assert(inv:invoice{ id = "i-1", order = "o-1" }).lines)
      assert(inv:refund{ id = "r-1", order = "o-1", lines = { { line = 2, qty = 1 } } })
      assert.same({ { line = 1, sku = "bike", qty = 3, source = "muc" },
        { line = 2, sku = "bell", qty = 3, source = "muc" } },
        assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" }).lines)
      assert.same({}, assert(inv:cancel{ id = "c-1", order = "o-1" }).lines)
    end)
  end)

  it("without lines, cancel leaves what is invoiced", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 10 })
      place(inv, "o-1", stock, { "bike", 5 })
      run(inv, { { "invoice", 2 } })
      assert.same({ { line = 1, sku = "bike", qty = 3 } },
        assert(inv:cancel{ id = "c-1", order = "o-1" }).lines)
      assert.equal(2, reserved(inv, "bike", stock))
    end)
  end)

  for _, call in ipairs{ "refund", "return_goods" } do
    it("without lines is refused when it is " .. call, function()
      with_shop(function(inv, stock)
        product(inv, "bike", { muc = 10 })
        place(inv, "o-1", stock, { "bike", 5 })
        run(inv, { { "invoice", 2 }, { "ship", 2 } })
        refused(inv, "INVALID", call, { id = "e-9", order = "o-1" })
      end)
    end)
  end

  it("on an order of fractions keeps its four decimals", function()
    with_shop(function(inv, stock)
      product(inv, "rope", { muc = "2.5" }, { decimal_qty = true, min_sale_qty = 0 })
      place(inv, "o-1", stock, { "rope", "0.3" })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc",
        lines = { { line = 1, qty = "0.1" } } })
      assert(inv:cancel{ id = "c-1", order = "o-1", lines = { { line = 1, qty = 0.1 + 0.1 } } })
      expect_line(inv, "o-1", 1, { ordered = 0.3, delivered = 0.1, cancelled = 0.2 })
      assert.same({ muc = 2.4 }, kit.quantities(inv, "rope"))
    end)
  end)
end)
