-- What the runner makes of the vectors' orders and reservations, on small shops of its own: each
-- answer can be wrong, and is then reported.

dofile("spec/conformance/paths.lua")(".")

local json = require "spec.conformance.json"
local runner = require "spec.conformance.runner"

local function run(name, args, expected, checks, steps)
  local case = {
    id = "X-1", title = "a case", given = { fixture = {
      products = { { sku = "pen", type = "simple", stock_item = {} } },
      source_items = { { source_code = "default", sku = "pen", quantity = 8, status = 1 } },
    }, steps = steps or {} },
    call = { op = name, args = args }, expect = { value = expected }, checks = checks,
  }
  return runner.run({ cases = { case } }, { deviations = {} })
end

local function order(id, state, stock, ...)
  return { increment_id = id, id = 1, state = state, stock_id = stock, items = { ... } }
end

local function item(sku, type, ordered, shipped, invoiced)
  return { sku = sku, type = type, ordered = ordered, canceled = 0, refunded = 0,
    shipped = shipped, invoiced = invoiced }
end

local function row(sku, qty, id, stock)
  return { sku = sku, quantity = qty, stock_id = stock or 1, object_type = "order",
    object_id = "", object_increment_id = id }
end

local function entry(id, stock, items)
  return { order = id, stock_id = stock, items = items }
end

describe("the list of inconsistencies that the runner makes", function()
  local function check(orders, rows, right, wrong)
    local args = { orders = orders, reservations = rows }
    local summary = run("list_inconsistencies", args, right)
    local failure = summary.failures[1]
    assert.are.equal(1, summary.passed, failure and failure.problems[1].got)
    assert.are.equal(1, run("list_inconsistencies", args, wrong).failed)
  end

  it("has what is open and not reserved, by order and stock", function()
    check({ order("1", "new", 1, item("pen", "simple", 3, 1, 0), item("ink", "simple", 1, 0, 0)),
      order("2", "processing", 7, item("pen", "simple", 2, 0, 0)) }, { row("pen", -1, "1") },
      { entry("1", 1, { pen = 1, ink = 1 }), entry("2", 7, { pen = 2 }) },
      { entry("1", 1, { pen = 2, ink = 1 }), entry("2", 7, { pen = 2 }) })
  end)

  it("expects nothing of what is delivered by its invoice, or final", function()
    check({ order("1", "processing", 1, item("pdf", "virtual", 3, 0, 2)),
      order("2", "complete", 1, item("pen", "simple", 5, 2, 2)),
      order("3", "closed", json.null, item("pen", "simple", 5, 0, 0)) }, {},
      { entry("1", 1, { pdf = 1 }) },
      { entry("1", 1, { pdf = 1 }), entry("2", 1, { pen = 3 }) })
  end)

  it("has what is reserved for orders that nobody knows", function()
    check({}, { row("pen", -2, "9"), row("pen", 1, "9") }, { entry("9", 1, { pen = -1 }) }, {})
  end)
end)

describe("the clean-up that the runner makes", function()
  it("removes what is settled, and only that", function()
    local steps = {
      { op = "place_order", args = { order = "1", stock_id = 1,
        items = { { sku = "pen", qty = 1 } } } },
      { op = "place_order", args = { order = "2", stock_id = 1,
        items = { { sku = "pen", qty = 2 } } } },
      { op = "ship", args = { order = "1", items = { { sku = "pen", qty = 1 } } } },
    }
    local function count(value)
      return { { op = "reservation_count", args = {}, value = value } }
    end
    assert.are.equal(1, run("cleanup_reservations", {}, json.null, count(1), steps).passed)
    assert.are.equal(1, run("cleanup_reservations", {}, json.null, count(3), steps).failed)
  end)
end)
