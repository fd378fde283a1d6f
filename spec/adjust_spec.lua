-- Adjustments: quantities changed by deltas, once for each id.

local helpers = require "helpers"

local with_inventory, expect_problems = helpers.with_inventory, helpers.expect_problems
local source = helpers.source

local function with_item(fn)
  with_inventory(nil, function(inv)
    assert(inv.sources:save(source("a")))
    assert.equal(2, inv.stocks:save{ name = "Two", sources = { { code = "a", priority = 1 } } })
    assert(inv.products:save{ sku = "p", assign_default = false })
    assert(inv.items:save{ sku = "p", source = "a", qty = 10 })
    fn(inv)
    assert.same({}, assert(inv:verify()).problems)
  end)
end

local function qty(inv, code) return inv.items:get{ sku = "p", source = code or "a" }.qty end

describe("the least that an adjustment leaves", function()
  local function take(inv, id, delta, least, more)
    local lines = { { sku = "p", source = "a", delta = delta, least = least } }
    lines[2] = more
    return inv.items:adjust{ id = id, lines = lines }
  end

  it("is kept, to the last ten-thousandth", function()
    with_item(function(inv)
      local detail = expect_problems({ "1.delta NOT_ENOUGH" }, take(inv, "1", "-10.0001", 0))
      local problem = detail.errors[1]
      assert.same({ "p", "a", 10.0001, 10 },
        { problem.sku, problem.source, problem.requested, problem.available })
      expect_problems({ "1.delta NOT_ENOUGH" }, take(inv, "1", -8, 2.5))
      assert.equal(10, qty(inv))
      assert(take(inv, "1", -7.5, 2.5))
      assert(take(inv, "2", -2.5, 0))
      assert.equal(0, qty(inv))
    end)
  end)

  it("may be negative, and is nothing to whoever does not name it", function()
    with_item(function(inv)
      assert(take(inv, "1", -13, -3))
      expect_problems({ "1.delta NOT_ENOUGH" }, take(inv, "2", -1, -3))
      assert(take(inv, "2", -1))
      assert.equal(-4, qty(inv))
    end)
  end)

  it("does not stand in the way of what is added", function()
    with_item(function(inv)
      assert(inv.items:save{ sku = "p", source = "a", qty = -5 })
      assert(take(inv, "1", 2, 0))
      assert(take(inv, "2", 0, 0))
      assert.equal(-3, qty(inv))
    end)
  end)

  it("counts what the lines before have taken, and refuses all of them", function()
    with_item(function(inv)
      local again = { sku = "p", source = "a", delta = -5, least = 0 }
      local detail = expect_problems({ "2.delta NOT_ENOUGH" }, take(inv, "1", -6, 0, again))
      assert.equal(4, detail.errors[1].available)
      assert.equal(10, qty(inv))
      assert(take(inv, "1", -5, 0, again))
      assert.equal(0, qty(inv))
    end)
  end)

  it("is zero where nothing is, so that no item is made", function()
    with_item(function(inv)
      expect_problems({ "1.delta NOT_ENOUGH" }, inv.items:adjust{ id = "1",
        lines = { { sku = "new", source = "a", delta = -1, least = 0 } } })
      helpers.expect_error("NOT_FOUND", inv.products:get("new"))
    end)
  end)

  it("belongs to what is recognised when it is repeated", function()
    with_item(function(inv)
      assert(take(inv, "1", -6, 0))
      assert.is_true(take(inv, "1", -6, 0).replayed)
      expect_problems({ "id CONFLICT" }, take(inv, "1", -6, 1))
      expect_problems({ "id CONFLICT" }, take(inv, "1", -6))
      assert.equal(4, qty(inv))
    end)
  end)

  it("must be a quantity", function()
    with_item(function(inv)
      expect_problems({ "1.least INVALID" }, take(inv, "1", -1, "0.00001"))
      expect_problems({ "1.least LIMIT" }, take(inv, "1", -1, 1e12))
      assert.has_error(function() take(inv, "1", -1, true) end)
      assert.equal(10, qty(inv))
    end)
  end)
end)

describe("items:adjust", function()
  it("adds and takes, line by line, and answers with the lines", function()
    with_item(function(inv)
      local answer = assert(inv.items:adjust{ id = "count-1", reason = "count", lines = {
        { sku = "p", source = "a", delta = -2.5 }, { sku = "p", source = "a", delta = "1" },
        { sku = "p", delta = 4 } } })
      assert.equal("count-1", answer.id)
      assert.is_nil(answer.replayed)
      assert.same({ -2.5, 1, 4 }, helpers.column(answer.lines, "qty"))
      assert.same({ "a", "a", "default" }, helpers.column(answer.lines, "source"))
      assert.equal(8.5, qty(inv))
      assert.equal(4, qty(inv, "default"))
      assert.equal(8.5, inv:salable_qty("p", { stock = 2 }))
    end)
  end)

  it("creates the item, in stock, and the product, as a shadow", function()
    with_item(function(inv)
      assert(inv.items:adjust{ id = "1", lines = { { sku = "new", source = "a", delta = 3 } } })
      local item = inv.items:get{ sku = "new", source = "a" }
      assert.same({ 3, "in_stock" }, { item.qty, item.status })
      assert.is_false(inv.products:get("new").declared)
    end)
  end)

  it("may take a quantity below zero", function()
    with_item(function(inv)
      assert(inv.items:adjust{ id = "1", lines = { { sku = "p", source = "a", delta = -12 } } })
      assert.equal(-2, qty(inv))
      assert.equal(0, inv:salable_qty("p", { stock = 2 }))
    end)
  end)

  it("changes nothing when it is repeated, and says so", function()
    with_item(function(inv)
      local request = { id = "1", reason = "found", lines = {
        { sku = "p", source = "a", delta = 2 } } }
      local first = assert(inv.items:adjust(request))
      assert(inv.items:save{ sku = "p", source = "a", qty = 100 })
      local last = helpers.ledger_end(inv)
      local again = assert(inv.items:adjust(request))
      assert.is_true(again.replayed)
      assert.same(first.lines, again.lines)
      assert.equal(100, qty(inv))
      assert.equal(last, helpers.ledger_end(inv))
    end)
  end)

  it("refuses the same id with other content", function()
    with_item(function(inv)
      assert(inv.items:adjust{ id = "1", lines = { { sku = "p", source = "a", delta = 2 } } })
      for _, lines in ipairs{ { { sku = "p", source = "a", delta = 3 } },
        { { sku = "p", delta = 2 } }, { { sku = "q", source = "a", delta = 2 } },
        { { sku = "p", source = "a", delta = 2 }, { sku = "p", source = "a", delta = 2 } } } do
        expect_problems({ "id CONFLICT" }, inv.items:adjust{ id = "1", lines = lines })
      end
      expect_problems({ "id CONFLICT" }, inv.items:adjust{ id = "1", reason = "other",
        lines = { { sku = "p", source = "a", delta = 2 } } })
      assert.equal(12, qty(inv))
    end)
  end)

  it("does not remember what it refused", function()
    with_item(function(inv)
      expect_problems({ "1.source NOT_FOUND" },
        inv.items:adjust{ id = "1", lines = { { sku = "p", source = "z", delta = 2 } } })
      local answer = assert(inv.items:adjust{ id = "1",
        lines = { { sku = "p", source = "a", delta = 2 } } })
      assert.is_nil(answer.replayed)
      assert.equal(12, qty(inv))
    end)
  end)

  -- Requests that are wrong, and the problems, in order.
  local CASES = {
    { { lines = { { sku = "p", delta = 1 } } }, { "id INVALID" } },
    { { id = "", lines = { { sku = "p", delta = 1 } } }, { "id INVALID" } },
    { { id = ("i"):rep(65), lines = { { sku = "p", delta = 1 } } }, { "id INVALID" } },
    { { id = "a\nb", lines = { { sku = "p", delta = 1 } } }, { "id INVALID" } },
    { { id = "1" }, { "lines INVALID" } },
    { { id = "1", lines = {} }, { "lines INVALID" } },
    { { id = "1", lines = { { sku = "p" } } }, { "1.delta INVALID" } },
    { { id = "1", lines = { { sku = "p", delta = "x" } } }, { "1.delta INVALID" } },
    { { id = "1", lines = { { sku = "p", delta = 1e12 } } }, { "1.delta LIMIT" } },
    { { id = "1", lines = { { sku = "", source = "z", delta = 1 } } },
      { "1.sku INVALID", "1.source NOT_FOUND" } },
    { { id = "1", lines = { { sku = "p", source = "a", delta = 1 },
      { sku = "kit", source = "a", delta = 1 } } }, { "2.sku UNSUPPORTED" } },
  }

  for number, case in ipairs(CASES) do
    it(("refuses with '%s', case %d, and changes nothing"):format(
      table.concat(case[2], ", "), number), function()
      with_item(function(inv)
        assert(inv.products:save{ sku = "kit", type = "grouped" })
        local last = helpers.ledger_end(inv)
        expect_problems(case[2], inv.items:adjust(case[1]))
        assert.equal(10, qty(inv))
        assert.equal(last, helpers.ledger_end(inv))
      end)
    end)
  end

  it("refuses a sum beyond the bound", function()
    with_item(function(inv)
      local detail = helpers.expect_error("LIMIT", inv.items:adjust{ id = "1",
        lines = { { sku = "p", source = "a", delta = 1e11 } } })
      assert.equal("p", detail.errors[1].sku)
      assert.equal(10, qty(inv))
    end)
  end)

  it("leaves a ledger row for each line, with its document and reason", function()
    with_item(function(inv)
      local last = helpers.ledger_end(inv)
      assert(inv.items:adjust{ id = "d-1", reason = "damage", lines = {
        { sku = "p", source = "a", delta = -2 }, { sku = "p", source = "a", delta = 0.5 } } })
      local rows = helpers.ledger(inv, "quantity_adjusted", last)
      assert.same({ -2, 0.5 }, helpers.column(rows, "moved"))
      assert.same({ "d-1", "d-1" }, helpers.column(rows, "document"))
      assert.same({ "damage", "damage" }, helpers.column(rows, "note"))
      assert.same({ "p", "a" }, { rows[1].sku, rows[1].source })
    end)
  end)

  it("raises on what is no adjustment", function()
    with_item(function(inv)
      local adjust = function(given) return function() inv.items:adjust(given) end end
      assert.has_error(adjust("p"))
      assert.has_error(adjust{ id = 5, lines = {} })
      assert.has_error(adjust{ id = "1", lines = "p" })
      assert.has_error(adjust{ id = "1", lines = { { sku = "p", qty = 1 } } })
      assert.has_error(adjust{ id = "1", lines = { sku = "p", delta = 1 } })
      assert.has_error(adjust{ id = "1", lines = { { sku = "p", delta = false } } })
    end)
  end)
end)
