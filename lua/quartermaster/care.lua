-- The care of the ledger: what does not fit in reservations that were taken over, settling it, and
-- making sums of what is finished.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local page = require "quartermaster.page"

local _M = {}

local INCONSISTENCIES = { after = "string", limit = "whole" }
local COMPACT = { before = "whole", limit = "whole", dry_run = "boolean" }

-- Orders of one call of compact, unless it says how many.
local ORDERS = 1000

-- The keys of the calls that are checked here, for quartermaster.options.
_M.KEYS = { inconsistencies = INCONSISTENCIES, compact = COMPACT }

-- A cursor names the order, product and stock that a page ended with, as the index has them.
local function parse_cursor(after)
  if after == nil then
    return "0", "0", "0"
  end
  local order, product, stock = after:match("^(%d+)%.(%d+)%.(%d+)$")
  if not order or #order > 16 or #product > 16 or #stock > 16 then
    error("inconsistencies: after must be a cursor that inconsistencies gave", 3)
  end
  return order, product, stock
end


function _M:inconsistencies(filter)
  filter = filter == nil and {} or filter
  check.keys("inconsistencies", filter, INCONSISTENCIES, 2)
  local order, product, stock = parse_cursor(filter.after)
  local size = page.size("inconsistencies", filter)
  local rows, message, code, detail = core.read(self.store, "INCONSISTENCIES", tonumber(order),
    tonumber(product), tonumber(stock), size + 1)
  if not rows then
    return nil, message, code, detail
  end
  for _, row in ipairs(rows) do
    row.cursor = ("%d.%d.%d"):format(row.key, row.product, row.stock)
    row.key, row.product = nil, nil
  end
  local cursor
  rows, cursor = page.cut(rows, size, "cursor")
  for _, row in ipairs(rows) do
    row.cursor = nil
  end
  return rows, cursor
end


function _M:compensate(request)
  return core.write(self.store, "compensate", request, self.clock())
end


function _M:compact(request)
  request = request == nil and {} or request
  check.keys("compact", request, COMPACT, 2)
  local limit = request.limit or ORDERS
  if limit < 1 then
    error("compact: limit must be at least 1", 2)
  end
  local report, message, code, detail = core.compact(self.store, request.before,
    math.min(limit, core.limits.batch), request.dry_run or false, self.clock())
  if not report then
    return nil, message, code, detail
  end
  report.dry_run = request.dry_run or nil
  return report
end


return _M
