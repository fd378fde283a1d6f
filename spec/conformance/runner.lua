-- Runs test vectors: every case in a fresh shop, its steps, its call, its checks. A case fails when
-- anything disagrees, when a step fails, and when it uses an operation that nobody knows; it is
-- skipped only for an operation listed in skipped.lua.

local care = require "spec.conformance.care"
local comparison = require "spec.conformance.comparison"
local composites = require "spec.conformance.composites"
local fixture = require "spec.conformance.fixture"
local json = require "spec.conformance.json"
local master = require "spec.conformance.master"
local sales = require "spec.conformance.sales"
local skipped = require "spec.conformance.skipped"
local status = require "spec.conformance.status"
local world = require "spec.conformance.world"

local M = {}

local OPERATIONS = {}
for _, module in ipairs{ master, sales, status, care, composites } do
  for name, operation in pairs(module.operations) do OPERATIONS[name] = operation end
end

local function steps_of(case)
  local steps = {}
  for _, step in ipairs(json.value(case.given.steps) or {}) do steps[#steps + 1] = step end
  steps[#steps + 1] = case.call
  for _, check in ipairs(json.value(case.checks) or {}) do steps[#steps + 1] = check end
  return steps
end

local function fixture_of(document, case)
  local given = case.given.fixture
  return type(given) == "table" and given or (document.fixtures or {})[given]
end

local function perform(shop, step)
  local ok, value, failure = pcall(OPERATIONS[step.op], shop, json.value(step.args) or {})
  if not ok then
    return nil, { code = "RUNNER", message = tostring(value), errors = {} }
  end
  return value, failure
end

local function outcome_text(value, failure)
  if value == nil then return comparison.failure_text(failure) end
  return comparison.canonical(value)
end

-- Returns nothing when the outcome agrees, else what was expected and what came.
local function disagreement(step, expect, value, failure)
  if type(expect.error) == "table" then
    if failure and comparison.error_agrees(failure, expect.error) then return nil end
    local got = failure and comparison.failure_text(failure) or comparison.canonical(value)
    return comparison.error_text(expect.error), got
  end
  if expect.value == nil then return "a case that expects something", "neither value nor error" end
  if value ~= nil and comparison.value_agrees(step.op, value, expect.value) then return nil end
  return comparison.canonical(expect.value), outcome_text(value, failure)
end

local function compare(shop, what, step, expect)
  local value, failure = perform(shop, step)
  local expected, got = disagreement(step, expect, value, failure)
  if expected == nil then return nil end
  return {
    what = what, expected = expected, got = got,
    broken = failure ~= nil and (failure.code == "RUNNER" or failure.code == "RAISED"),
  }
end

-- Plays a case in a shop; returns a list of problems. A broken one means that the case did not run
-- as written, so that it says nothing about a deviation either.
local function play(shop, document, case)
  local given = fixture_of(document, case)
  if given == nil then error("unknown fixture: " .. tostring(case.given.fixture), 0) end
  fixture.load(shop, given)
  for i, step in ipairs(json.value(case.given.steps) or {}) do
    local value, failure = perform(shop, step)
    if value == nil then
      return { {
        what = ("step %d, %s"):format(i, step.op), expected = "success",
        got = comparison.failure_text(failure), broken = true,
      } }
    end
  end
  local problems = { compare(shop, "call " .. case.call.op, case.call, case.expect) }
  for i, check in ipairs(json.value(case.checks) or {}) do
    local what = ("check %d, %s"):format(i, check.op)
    problems[#problems + 1] = compare(shop, what, check, check)
  end
  return problems
end

local function broken(what, message)
  return { { what = what, expected = "a case that runs", got = message, broken = true } }
end

local function problems_of(document, case, qm)
  local opened, shop = pcall(world.open, qm)
  if not opened then return broken("opening", tostring(shop)) end
  local played, problems = pcall(play, shop, document, case)
  local closed, message = pcall(shop.close, shop)
  if not played then return broken("playing", tostring(problems)) end
  if not closed then return broken("closing", tostring(message)) end
  return problems
end

local function unknown_operation(case)
  for _, step in ipairs(steps_of(case)) do
    if not OPERATIONS[step.op] and not skipped.operations[step.op] then return tostring(step.op) end
  end
  return nil
end

local function skip_reason(document, case)
  local given, websites = fixture_of(document, case) or {}, {}
  for _, code in ipairs(given.websites or {}) do websites[code] = true end
  for _, step in ipairs(steps_of(case)) do
    local name, reason = skipped.reason(step, websites)
    if name then return name, reason end
  end
  return nil
end

-- A deviating case must differ, and must have run to do so.
local function judge(problems, decision)
  if decision == nil then return problems end
  for _, problem in ipairs(problems) do
    if problem.broken then return problems end
  end
  if #problems > 0 then return {} end
  return { {
    what = "deviation", expected = "a difference: " .. decision, got = "no longer deviates",
  } }
end

local function skip(summary, name, reason)
  summary.skipped = summary.skipped + 1
  summary.skips[name] = summary.skips[name] or { count = 0, reason = reason }
  summary.skips[name].count = summary.skips[name].count + 1
end

local function fail(summary, case, problems)
  summary.failed = summary.failed + 1
  table.insert(summary.failures, { id = case.id, title = case.title, problems = problems })
end

local function run_case(document, case, options, summary)
  local decision = options.deviations[case.id]
  local unknown = unknown_operation(case)
  if unknown then
    return fail(summary, case, broken("operations", "unknown operation " .. unknown))
  end
  local name, reason = skip_reason(document, case)
  if name then return skip(summary, name, reason) end
  local problems = judge(problems_of(document, case, options.qm), decision)
  if #problems > 0 then return fail(summary, case, problems) end
  summary.passed = summary.passed + 1
  if decision then table.insert(summary.deviations, { id = case.id, decision = decision }) end
end

local function write_summary(summary, write)
  for _, failure in ipairs(summary.failures) do
    write(("FAILED %s: %s"):format(tostring(failure.id), tostring(failure.title)))
    for _, problem in ipairs(failure.problems) do
      write("  " .. problem.what)
      write("    expected " .. problem.expected)
      write("    got      " .. problem.got)
    end
  end
  for _, deviation in ipairs(summary.deviations) do
    write(("DEVIATES %s: %s"):format(deviation.id, deviation.decision))
  end
  local names = {}
  for name in pairs(summary.skips) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local entry = summary.skips[name]
    write(("SKIPPED %s, %d: %s"):format(name, entry.count, entry.reason))
  end
  write(("%d passed, %d failed, %d skipped"):format(
    summary.passed, summary.failed, summary.skipped))
end

--- Runs the cases of a document. Options, all with defaults: `qm`, the engine; `deviations`, case
--- id -> decision; `write`, which takes the lines of the report. Returns the summary.
function M.run(document, options)
  options = options or {}
  local chosen = {
    qm = options.qm or require "quartermaster",
    deviations = options.deviations or require "spec.conformance.deviations",
  }
  local summary = {
    passed = 0, failed = 0, skipped = 0, failures = {}, skips = {}, deviations = {},
  }
  for _, case in ipairs(document.cases) do
    local ok, message = pcall(run_case, document, case, chosen, summary)
    if not ok then fail(summary, case, broken("reading the case", tostring(message))) end
  end
  if options.write then write_summary(summary, options.write) end
  return summary
end

--- Runs the cases of a file.
function M.run_file(path, options)
  return M.run(json.read(path), options)
end

return M
