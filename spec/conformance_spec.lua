-- The engine against MSI's test vectors, and the runner against small documents of its own: a
-- runner that cannot fail would prove nothing.

dofile("spec/conformance/paths.lua")(".")

local comparison = require "spec.conformance.comparison"
local json = require "spec.conformance.json"
local runner = require "spec.conformance.runner"
local settings = require "spec.conformance.settings"

local VECTORS = "spec/conformance/vectors.json"
local HOST = rawget(_G, "jit") and "luajit" or "lua5.4"

local FIXTURE = {
  sources = {
    { source_code = "north", name = "North", enabled = true, country_id = "DE", postcode = "1" },
    { source_code = "south", name = "South", enabled = true, country_id = "DE", postcode = "2" },
  },
  stocks = { { stock_id = 10, name = "Shop" } },
  links = {
    { stock_id = 10, source_code = "north", priority = 2 },
    { stock_id = 10, source_code = "south", priority = 1 },
  },
  websites = { "shop" },
  sales_channels = { { type = "website", code = "shop", stock_id = 10 } },
  products = {
    { sku = "pen", type = "simple", stock_item = { is_qty_decimal = 1 } },
    { sku = "set", type = "configurable", stock_item = {} },
  },
  source_items = {
    { source_code = "north", sku = "pen", quantity = 5.5, status = 1 },
    { source_code = "south", sku = "pen", quantity = 3, status = 1 },
  },
}

local SALABLE = { op = "salable_qty", args = { sku = "pen", stock_id = 10 } }

local function case_of(fields)
  return {
    id = fields.id or "X-1", title = "a case",
    given = { fixture = "small", steps = fields.steps or {} },
    call = fields.call or SALABLE, expect = fields.expect or { value = 8.5 },
    checks = fields.checks,
  }
end

local function document(...)
  local cases = {}
  for i, fields in ipairs{ ... } do cases[i] = case_of(fields) end
  return { fixtures = { small = FIXTURE }, cases = cases }
end

local function run(fields, deviations)
  return runner.run(document(fields), { deviations = deviations or {} })
end

local function problem(summary)
  local failure = summary.failures[1]
  return failure and failure.problems[1]
end

local function report_of(summary)
  local lines = {}
  for _, failure in ipairs(summary.failures) do
    local first = failure.problems[1]
    lines[#lines + 1] = ("%s %s: expected %s, got %s"):format(
      failure.id, first.what, first.expected, first.got)
  end
  return table.concat(lines, "\n")
end

describe("the engine against MSI's vectors", function()
  it("agrees with every vector that the API can express", function()
    local summary = runner.run_file(VECTORS)
    assert.are.equal("", report_of(summary))
    assert.is_true(summary.passed > 0)
  end)

  it("is asked every vector of the groups that the API answers whole", function()
    local cases = {}
    local answered = {
      salable_qty = true, is_salable = true, is_salable_for_requested_qty = true,
      priority_ssa = true, distance_ssa = true, order_lifecycle = true, default_protection = true,
      validation = true, cart = true, stock_index = true, product_types = true,
    }
    local vectors = json.read(VECTORS)
    for _, case in ipairs(vectors.cases) do
      if answered[case.group] then cases[#cases + 1] = case end
    end
    local summary = runner.run({ fixtures = vectors.fixtures, cases = cases })
    assert.are.same({ #cases, 0, 0 }, { summary.passed, summary.failed, summary.skipped })
  end)
end)

describe("the runner", function()
  it("passes a case that agrees", function()
    local summary = run{}
    assert.are.same({ 1, 0, 0 }, { summary.passed, summary.failed, summary.skipped })
  end)

  it("reports a wrong expectation as failed", function()
    local summary = run{ expect = { value = 8.5001 } }
    assert.are.equal(1, summary.failed)
    assert.are.same({ "8.5001", "8.5" }, { problem(summary).expected, problem(summary).got })
  end)

  it("reports an unknown operation as failed, not as skipped", function()
    local summary = run{ checks = { { op = "levitate", args = {}, value = 1 } } }
    assert.are.same({ 0, 1, 0 }, { summary.passed, summary.failed, summary.skipped })
  end)

  it("reports an unknown operation even beside a skipped one", function()
    local summary = run{
      steps = { { op = "bulk_assign", args = {} } }, call = { op = "levitate", args = {} },
    }
    assert.are.same({ 1, 0 }, { summary.failed, summary.skipped })
  end)

  it("reports a step that fails", function()
    local summary = run{
      steps = { { op = "delete_stock", args = { stock_id = 1 } } }, expect = { value = 8.5 },
    }
    assert.are.equal(1, summary.failed)
    assert.are.equal("step 1, delete_stock", problem(summary).what)
  end)

  it("reports a check that disagrees after a call that agrees", function()
    local summary = run{
      checks = { { op = "reservation_count", args = {}, value = 1 } },
    }
    assert.are.equal("check 1, reservation_count", problem(summary).what)
  end)

  it("reports a value where an error is expected, and an error where a value is", function()
    local error_expected = run{ expect = { error = { code = "no_such_entity" } } }
    assert.are.equal("8.5", problem(error_expected).got)
    local value_expected = run{
      call = { op = "delete_stock", args = { stock_id = 1 } }, expect = { value = json.null },
    }
    assert.are.equal(1, value_expected.failed)
  end)

  it("reports an error of another kind or with another text", function()
    local call = { op = "delete_stock", args = { stock_id = 1 } }
    local text = "Default Stock could not be deleted."
    local right = { error = { code = "could_not_delete", message = text } }
    assert.are.equal(1, run{ call = call, expect = right }.passed)
    local wrong = { error = { code = "could_not_delete", message = "Another text." } }
    assert.are.equal(1, run{ call = call, expect = wrong }.failed)
    assert.are.equal(1, run{ call = call, expect = { error = { code = "validation",
      messages = { text, text } } } }.failed)
  end)

  it("reports a case that names no fixture, a broken one, and one that expects nothing", function()
    local unnamed = case_of{}
    unnamed.given.fixture = "unheard-of"
    local halved = { id = "X-2", title = "no given part" }
    local silent = case_of{
      call = { op = "source_item", args = { source_code = "north", sku = "ink" } },
    }
    silent.expect = {}
    local summary = runner.run({
      fixtures = { small = FIXTURE }, cases = { unnamed, halved, silent },
    }, { deviations = {} })
    assert.are.equal(3, summary.failed)
  end)

  it("reports a fixture that does not load", function()
    local broken = { links = { { stock_id = 77, source_code = "nowhere", priority = 1 } } }
    local summary = runner.run({ fixtures = { small = broken }, cases = { case_of{} } })
    assert.are.equal("playing", problem(summary).what)
  end)

  it("skips a case for a step that the API cannot express, and says why", function()
    local summary = run{ steps = { { op = "bulk_assign", args = {} } } }
    assert.are.same({ 0, 0, 1 }, { summary.passed, summary.failed, summary.skipped })
    assert.are.equal(1, summary.skips.bulk_assign.count)
    assert.is_string(summary.skips.bulk_assign.reason)
  end)

  it("skips save_stock only for websites that the shop does not have", function()
    local function save(code)
      return run{
        call = { op = "save_stock", args = {
          stock_id = 10, name = "Shop", sales_channels = { { type = "website", code = code } },
        } },
        expect = { value = json.null },
      }
    end
    assert.are.equal(1, save("shop").passed)
    assert.are.equal(1, save("elsewhere").skipped)
    assert.are.equal(1, save("").failed)
  end)

  it("accepts a deviation that differs and refuses one that does not", function()
    local differs = run({ expect = { value = 1 } }, { ["X-1"] = "we count otherwise" })
    assert.are.same({ 1, 0 }, { differs.passed, #differs.failures })
    assert.are.equal("we count otherwise", differs.deviations[1].decision)
    local agrees = run({}, { ["X-1"] = "we count otherwise" })
    assert.are.equal("no longer deviates", problem(agrees).got)
  end)

  it("does not take a failing step for a deviation", function()
    local summary = run({
      steps = { { op = "delete_stock", args = { stock_id = 1 } } }, expect = { value = 1 },
    }, { ["X-1"] = "we count otherwise" })
    assert.are.equal(1, summary.failed)
  end)

  it("closes the shop of every case, also of one that does not run", function()
    local opened, closed = 0, 0
    local engine = {
      open = function()
        opened = opened + 1
        return {
          policies = { activate = function() return true end },
          close = function() closed = closed + 1 end,
        }
      end,
    }
    local summary = runner.run(document({}, {}), { qm = engine, deviations = {} })
    assert.are.same({ 2, 2, 2 }, { summary.failed, opened, closed })
  end)
end)

-- An engine that accepts everything, knows these sources, and keeps what orders and shipments say.
local function recorder(calls, sources)
  local function accept() return true end
  local function keep(_, request)
    calls[#calls + 1] = request
    return {}
  end
  local inv = {
    close = accept, place = keep, ship = keep, policies = { activate = accept },
    sources = { save = accept, list = function() return sources end },
    stocks = { save = accept, link = accept },
    products = { save = accept }, items = { save = accept },
  }
  return { open = function() return inv end }
end

describe("the shop that the runner plays", function()
  local function reservations(expected)
    return { { op = "reservations_qty", args = { sku = "pen", stock_id = 10 }, value = expected } }
  end

  it("takes an order back when saving it fails, whatever it calls its own error", function()
    local call = { op = "place_order", args = {
      order = "O1", stock_id = 10, items = { { sku = "pen", qty = 2 } }, persist_fails = true,
    } }
    local quiet = run{ call = call, expect = { value = json.null }, checks = reservations(0) }
    assert.are.equal("", report_of(quiet))
    local loud = run{ call = call, expect = { error = { code = "any" } }, checks = reservations(0) }
    assert.are.equal("", report_of(loud))
  end)

  it("does not report composite parents and lines of nothing", function()
    local calls = {}
    runner.run(document{
      steps = { { op = "place_order", args = {
        order = "O1", stock_id = 10,
        items = { { sku = "set", qty = 2 }, { sku = "pen", qty = 2 } },
      } } },
      call = { op = "ship", args = {
        order = "O1", source_code = "south",
        items = { { sku = "set", qty = 2 }, { sku = "pen", qty = 0 } },
      } },
      expect = { value = json.null },
    }, { qm = recorder(calls, {}), deviations = {} })
    assert.are.equal(1, #calls)
    assert.are.same({ { sku = "pen", qty = 2 } }, calls[1].lines)
  end)

  it("ships from the named source, else the stock's only one, else the default one", function()
    local function source_of(sources, named)
      local calls = {}
      runner.run(document{
        call = { op = "ship", args = {
          order = "O1", source_code = named, items = { { sku = "pen", qty = 1 } },
        } },
        expect = { value = json.null },
      }, { qm = recorder(calls, sources), deviations = {} })
      return calls[1].source
    end
    assert.are.equal("south", source_of({ { code = "south" } }))
    assert.are.equal("default", source_of({ { code = "south" }, { code = "north" } }))
    assert.are.equal("north", source_of({ { code = "south" } }, "north"))
  end)

  it("shows a reservation with the metadata it was appended with", function()
    local row = { stock_id = 10, sku = "pen", quantity = -2.5, metadata = { event_type = "moved" } }
    local summary = run{
      steps = { { op = "append_reservations", args = { reservations = { row } } } },
      call = { op = "reservation_list", args = {} }, expect = { value = { row } },
    }
    assert.are.equal("", report_of(summary))
  end)

  it("cannot overwrite a reservation", function()
    local row = { stock_id = 10, sku = "pen", quantity = -2.5, reservation_id = 3 }
    local summary = run{
      call = { op = "append_reservations", args = { reservations = { row } } },
      expect = { error = {
        code = "input-cannot_update_reservation", message = "Cannot update Reservation 3",
      } },
    }
    assert.are.equal("", report_of(summary))
  end)

  it("lists candidates in the given order of sources, and every item", function()
    local candidates = run{
      call = { op = "in_stock_source_items", args = {
        skus = { "pen" }, sources = { "south", "north" },
      } },
      expect = { value = {
        { source_code = "south", sku = "pen", quantity = 3 },
        { source_code = "north", sku = "pen", quantity = 5.5 },
      } },
    }
    assert.are.equal("", report_of(candidates))
    local all = run{
      call = { op = "dump_source_items", args = {} },
      expect = { value = { ["pen@north"] = { 5.5, 1 }, ["pen@south"] = { 3, 1 } } },
    }
    assert.are.equal("", report_of(all))
  end)

  it("tells a missing source item from an empty one", function()
    local call = { op = "source_item", args = { source_code = "north", sku = "ink" } }
    assert.are.equal(1, run{ call = call, expect = { value = json.null } }.passed)
    local empty = { value = { quantity = 0, status = 0 } }
    assert.are.equal(1, run{ call = call, expect = empty }.failed)
  end)

  it("disables a source without touching the rest of it", function()
    local summary = run{
      steps = { { op = "set_source_enabled", args = { source_code = "north", enabled = false } } },
      call = SALABLE, expect = { value = 3 },
      checks = {
        { op = "sources_of_stock", args = { stock_id = 10 }, value = { "south", "north" } },
      },
    }
    assert.are.equal("", report_of(summary))
  end)
end)

describe("stock options", function()
  local INHERIT = {}

  it("are a product's own with the flag 0, and without a flag except for manage_stock", function()
    local own = settings.product({}, {
      manage_stock = 0, use_config_manage_stock = 0, min_qty = 5,
    }, INHERIT)
    assert.are.same({ manage_stock = false, out_of_stock_threshold = 5 }, own)
    assert.are.same({}, settings.product({}, { manage_stock = 0 }, INHERIT))
  end)

  it("are kept while inherited and count again when inheritance ends", function()
    local raw = {}
    local inherited = settings.product(raw, { backorders = 2, use_config_backorders = 1 }, INHERIT)
    assert.are.equal(INHERIT, inherited.backorders)
    local own = settings.product(raw, { use_config_backorders = 0 }, INHERIT)
    assert.are.equal("notify", own.backorders)
  end)

  it("take maps of customer groups, and null for the built-in value", function()
    local shop = settings.global({
      min_sale_qty = { all = 2, ["1"] = 3 }, max_sale_qty = json.null, can_subtract = 0,
      can_back_in_stock = 0,
    }, INHERIT)
    assert.are.same({
      min_sale_qty = { all = 2, ["1"] = 3 }, max_sale_qty = INHERIT, reserve_stock = false,
    }, shop)
    local by_number = settings.global({ min_sale_qty = { ["32000"] = 4 } }, INHERIT)
    assert.are.same({ all = 4 }, by_number.min_sale_qty)
  end)

  it("that nobody knows are refused", function()
    assert.has_error(function() settings.global({ colour = 1 }, INHERIT) end)
    assert.has_error(function() settings.product({}, { use_config_colour = 1 }, INHERIT) end)
  end)
end)

describe("the comparison", function()
  local function failure(code, ...)
    local errors = {}
    for i, magento in ipairs{ ... } do errors[i] = { magento = magento } end
    return { code = code, message = "", errors = errors }
  end

  it("compares numbers by four decimals and never with texts", function()
    assert.is_true(comparison.value_agrees("x", 0.1 + 0.2, 0.3))
    assert.is_true(comparison.value_agrees("x", -0.00001, 0))
    assert.is_true(comparison.value_agrees("x", 100, 100.0))
    assert.is_false(comparison.value_agrees("x", 100, 1))
    assert.is_false(comparison.value_agrees("x", 0.3001, 0.3))
    assert.is_false(comparison.value_agrees("x", 1, "1"))
  end)

  it("compares lists in order and objects whole", function()
    assert.is_true(comparison.value_agrees("x", { a = 1, b = { 1, 2 } }, { b = { 1, 2 }, a = 1 }))
    assert.is_false(comparison.value_agrees("x", { 2, 1 }, { 1, 2 }))
    assert.is_false(comparison.value_agrees("x", { a = 1, b = 2 }, { a = 1 }))
    assert.is_false(comparison.value_agrees("x", { a = 1 }, { a = 1, b = 2 }))
    assert.is_true(comparison.value_agrees("x", {}, {}))
  end)

  it("compares of reservation rows the fields that the vector names", function()
    local rows = { { sku = "pen", quantity = -2, order = "O1" } }
    assert.is_true(comparison.value_agrees("reservation_list", rows, { { quantity = -2 } }))
    assert.is_false(comparison.value_agrees("reservation_list", rows, { { quantity = -1 } }))
    assert.is_false(comparison.value_agrees("reservation_list", rows, {}))
    assert.is_false(comparison.value_agrees("reservation_list", {}, { { quantity = -2 } }))
  end)

  it("reports the last error of the first product that failed", function()
    local refused = { code = "NOT_ENOUGH", message = "", errors = {
      { sku = "pen", magento = "first" }, { sku = "pen", magento = "last" },
      { sku = "ink", magento = "other" },
    } }
    assert.is_true(comparison.error_agrees(refused, { code = "last" }))
    assert.is_false(comparison.error_agrees(refused, { code = "first" }))
    assert.is_false(comparison.error_agrees(refused, { code = "other" }))
  end)

  it("wants all messages in order, and a code that means validation", function()
    local expected = { code = "validation", messages = { "a", "b" } }
    assert.is_true(comparison.error_agrees(failure("INVALID", "a", "b"), expected))
    assert.is_true(comparison.error_agrees(failure("PROTECTED", "a", "b"), expected))
    assert.is_false(comparison.error_agrees(failure("INVALID", "b", "a"), expected))
    assert.is_false(comparison.error_agrees(failure("INVALID", "a"), expected))
    assert.is_false(comparison.error_agrees(failure("CONFLICT", "a", "b"), expected))
  end)

  it("takes the engine's own code only where it means the same", function()
    assert.is_true(comparison.error_agrees(failure("NOT_FOUND"), { code = "no_such_entity" }))
    assert.is_false(comparison.error_agrees(failure("NOT_FOUND"), { code = "could_not_save" }))
    assert.is_true(comparison.error_agrees(failure("NOT_FOUND", "could_not_save"),
      { code = "could_not_save" }))
    assert.is_false(comparison.error_agrees(failure("RAISED"), { code = "validation" }))
  end)
end)

describe("the command", function()
  local function command(text)
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    local pipe = assert(io.popen(HOST .. " spec/conformance/run.lua " .. path .. " 2>&1; echo $?"))
    local output = pipe:read("*a")
    pipe:close()
    os.remove(path)
    return output
  end

  it("ends with the counts and succeeds when nothing failed", function()
    local output = command(json.encode(document({}, { call = { op = "export", args = {} } })))
    assert.is_truthy(output:find("^SKIPPED export, 1: [^\n]+\n"))
    assert.is_truthy(output:find("1 passed, 0 failed, 1 skipped\n0\n$"))
  end)

  it("prints a failing case and fails", function()
    local output = command(json.encode(document({ expect = { value = 7 } })))
    assert.is_truthy(output:find("FAILED X-1: a case\n", 1, true))
    assert.is_truthy(output:find("expected 7\n    got      8.5\n", 1, true))
    assert.is_truthy(output:find("0 passed, 1 failed, 0 skipped\n1\n$"))
  end)

  it("fails on a file that it cannot read", function()
    assert.is_truthy(command("{"):find("the vectors did not run: [^\n]+\n1\n$"))
  end)
end)
