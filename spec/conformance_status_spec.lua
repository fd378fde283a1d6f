-- What the runner makes of where a product stands, on a small shop of its own: each answer can be
-- wrong, and is then reported.

dofile("spec/conformance/paths.lua")(".")

local json = require "spec.conformance.json"
local runner = require "spec.conformance.runner"

local FIXTURE = {
  sources = {
    { source_code = "north", name = "North", enabled = true, country_id = "DE", postcode = "1" },
    { source_code = "closed", name = "Shut", enabled = false, country_id = "DE", postcode = "2" },
  },
  stocks = { { stock_id = 10, name = "Shop" } },
  links = {
    { stock_id = 10, source_code = "north", priority = 1 },
    { stock_id = 10, source_code = "closed", priority = 2 },
  },
  websites = { "shop" },
  sales_channels = { { type = "website", code = "shop", stock_id = 10 } },
  products = {
    { sku = "pen", type = "simple", stock_item = {} },
    { sku = "ink", type = "simple", stock_item = {} },
    { sku = "cap", type = "simple", stock_item = {} },
  },
  source_items = {
    { source_code = "north", sku = "pen", quantity = 8, status = 1 },
    { source_code = "closed", sku = "ink", quantity = 3, status = 1 },
    { source_code = "north", sku = "cap", quantity = 4, status = 0 },
  },
}

-- Asks one thing; it must agree with `right` and differ from `wrong`.
local function check(name, args, right, wrong, steps)
  local function run(value)
    local case = {
      id = "X-1", title = "a case", given = { fixture = FIXTURE, steps = steps or {} },
      call = { op = name, args = args }, expect = { value = value },
    }
    return runner.run({ cases = { case } }, { deviations = {} })
  end
  local summary = run(right)
  local failure = summary.failures[1]
  assert.are.equal(1, summary.passed, failure and failure.problems[1].got)
  assert.are.equal(1, run(wrong).failed)
end

local function backorders(mode, min_qty)
  return { { op = "set_config", args = { backorders = mode, min_qty = min_qty } } }
end

describe("the cart that the runner plays", function()
  it("knows what has to wait", function()
    check("backorder_qty", { sku = "pen", stock_id = 10, qty = 9 }, 0, 1)
    check("backorder_qty", { sku = "pen", stock_id = 10, qty = 9 }, 1, 0, backorders(1))
  end)

  it("names it only where customers are to be told", function()
    local function notice(mode, manage, right, wrong)
      check("backorder_notice", { backorder_qty = 5, backorders = mode, manage_stock = manage },
        right, wrong)
    end
    notice(2, 1, 5, json.null)
    notice(1, 1, json.null, 5)
    notice(2, 0, json.null, 5)
  end)

  it("tells how many are left from the threshold on, not where backorders have no end", function()
    local function left(threshold) return { sku = "pen", stock_id = 10, threshold = threshold } end
    check("only_x_left", left(8), 8, json.null)
    check("only_x_left", left(7), json.null, 8)
    check("only_x_left", left(8), json.null, 8, backorders(1))
    check("only_x_left", left(10), 10, json.null, backorders(1, -2))
    check("only_x_left", { sku = "cap", stock_id = 10, threshold = 9 }, json.null, 0)
  end)
end)

describe("the index row that the runner reads", function()
  local function row(sku) return { sku = sku, stock_id = 10 } end

  it("has what is on hand, whatever is promised of it", function()
    local order = { { op = "place_order", args = {
      order = "O1", stock_id = 10, items = { { sku = "pen", qty = 2 } },
    } } }
    check("stock_item_data", row("pen"), { quantity = 8, is_salable = 1 },
      { quantity = 6, is_salable = 1 }, order)
  end)

  it("is there where an enabled source lists the product, in stock or not", function()
    check("stock_item_data", row("ink"), json.null, { quantity = 0, is_salable = 0 })
    check("stock_item_data", row("cap"), { quantity = 0, is_salable = 0 }, json.null)
  end)

  it("becomes a status for the website, with what is salable", function()
    local order = { { op = "place_order", args = {
      order = "O1", stock_id = 10, items = { { sku = "pen", qty = 2 } },
    } } }
    check("stock_status", { sku = "pen", website = "shop" }, { in_stock = 1, qty = 6 },
      { in_stock = 1, qty = 8 }, order)
  end)
end)
