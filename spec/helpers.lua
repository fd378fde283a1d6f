-- helpers.lua: what most specs need.

local core = require "quartermaster.core"
local quartermaster = require "quartermaster"

local _M = {}

-- Runs fn(inv) with a new inventory, in memory unless the options name a path, and closes it, also
-- when fn fails. No handle may be left behind. Returns what fn returns.
function _M.with_inventory(options, fn)
  local before = core.stats().open_handles
  local given = { path = ":memory:" }
  for key, value in pairs(options or {}) do given[key] = value end
  local inv = assert(quartermaster.open(given))
  local results = { pcall(fn, inv) }
  inv:close()
  if not results[1] then error(results[2], 0) end
  assert(core.stats().open_handles == before, "a handle is left open")
  return (table.unpack or unpack)(results, 2)
end

-- Asserts that the results that follow are a refusal with this code, well formed. Returns the
-- detail and the message.
function _M.expect_error(code, value, message, got, detail)
  assert(value == nil, "expected a refusal with " .. code .. ", got a result")
  assert(got == code, ("expected %s, got %s: %s"):format(code, tostring(got), tostring(message)))
  assert(type(message) == "string" and message ~= "", "a refusal without a message")
  assert(quartermaster.errors[code], code .. " is not among quartermaster.errors")
  assert(type(detail) == "table", "a refusal without a detail")
  return detail, message
end

-- The problems of a refusal in order, each as "line.field CODE" or "field CODE": short enough to
-- compare whole lists.
function _M.problems(detail)
  local list = {}
  for i, problem in ipairs(detail.errors) do
    assert(type(problem.message) == "string" and problem.message ~= "", "a problem says nothing")
    local place = problem.field or "-"
    if problem.line then place = problem.line .. "." .. place end
    list[i] = place .. " " .. problem.code
  end
  return list
end

-- Asserts a refusal with exactly these problems, and that its own code is that of the problem of
-- highest precedence. Returns the detail and the message.
function _M.expect_problems(expected, ...)
  local _, message, code, detail = ...
  _M.expect_error(code or "a code", ...)
  local found, best = _M.problems(detail), nil
  for _, problem in ipairs(detail.errors) do
    local rank = quartermaster.errors[problem.code].precedence
    best = math.min(best or rank, rank)
  end
  local same = #found == #expected
  for i, line in ipairs(expected) do same = same and found[i] == line end
  assert(same, ("expected the problems [%s], got [%s]"):format(table.concat(expected, ", "),
    table.concat(found, ", ")))
  assert(quartermaster.errors[code].precedence == best, "the answer's code is " .. code)
  return detail, message
end

-- A source with everything that is needed; `changes` are other keys.
function _M.source(code, changes)
  local source = { code = code, name = "Source " .. code, country = "DE", postcode = "80331" }
  for key, value in pairs(changes or {}) do source[key] = value end
  return source
end

-- Runs fn(inv, shop) in a shop with two stocks. EU sells through "eu" from eu-1, eu-2, eu-3 and
-- eu-off, which is disabled, in that order; US sells through "us" from us-1. There are
--   sku-1  fractions allowed: 5.5 at eu-1, 3 at eu-2, 10 at eu-3 (out of stock), 10 at eu-off
--   sku-2  5 at us-1
--   sku-3  6 at eu-2, out of stock
--   sku-4  manage stock off: 6 at eu-2
--   sku-5  nowhere
function _M.with_shop(options, fn)
  return _M.with_inventory(options, function(inv)
    for _, code in ipairs{ "eu-1", "eu-2", "eu-3", "us-1" } do
      assert(inv.sources:save(_M.source(code)))
    end
    assert(inv.sources:save(_M.source("eu-off", { enabled = false })))
    local shop = {}
    shop.eu = assert(inv.stocks:save{ name = "EU", channels = { "eu" }, sources = {
      { code = "eu-1", priority = 1 }, { code = "eu-2", priority = 2 },
      { code = "eu-3", priority = 3 }, { code = "eu-off", priority = 4 },
    } })
    shop.us = assert(inv.stocks:save{ name = "US", channels = { "us" },
      sources = { { code = "us-1", priority = 1 } } })
    assert(inv.products:save{
      { sku = "sku-1", assign_default = false, settings = { decimal_qty = true } },
      { sku = "sku-2", assign_default = false }, { sku = "sku-3", assign_default = false },
      { sku = "sku-4", settings = { manage_stock = false } },
      { sku = "sku-5", assign_default = false },
    })
    assert(inv.items:save{
      { sku = "sku-1", source = "eu-1", qty = 5.5 }, { sku = "sku-1", source = "eu-2", qty = 3 },
      { sku = "sku-1", source = "eu-3", qty = 10, status = "out_of_stock" },
      { sku = "sku-1", source = "eu-off", qty = 10 }, { sku = "sku-2", source = "us-1", qty = 5 },
      { sku = "sku-3", source = "eu-2", qty = 6, status = "out_of_stock" },
      { sku = "sku-4", source = "eu-2", qty = 6 },
    })
    return fn(inv, shop)
  end)
end

-- Every row of a list that comes in pages, `list(filter)` being called until the cursor ends.
function _M.all_pages(list, limit)
  local all, after = {}, nil
  repeat
    local rows, cursor = assert(list{ limit = limit, after = after })
    assert(#rows <= limit, "a page is longer than asked for")
    for _, row in ipairs(rows) do all[#all + 1] = row end
    after = cursor
  until not after
  return all
end

-- The values of one key, in order.
function _M.column(rows, key)
  local values = {}
  for i, row in ipairs(rows) do values[i] = row[key] end
  return values
end

-- The rows of the ledger that are younger than `after` and carry the event.
function _M.ledger(inv, event, after)
  local found = {}
  for _, row in ipairs(assert(inv:events{ after = after or 0, limit = 1000 })) do
    if row.event == event then found[#found + 1] = row end
  end
  return found
end

-- The sequence number of the ledger's last row.
function _M.ledger_end(inv)
  local rows, after = {}, 0
  repeat
    after = #rows > 0 and rows[#rows].seq or after
    rows = assert(inv:events{ after = after, limit = 1000 })
  until #rows == 0
  return after
end

return _M
