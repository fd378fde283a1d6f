-- The care of the ledger: what does not fit in reservations that were taken over, and settling it.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local page = require "quartermaster.page"

local _M = {}

local INCONSISTENCIES = { after = "string", limit = "whole" }

-- The keys of the calls that are checked here, for quartermaster.options.
_M.KEYS = { inconsistencies = INCONSISTENCIES }

-- A cursor names the order, product and stock that a page ended with, as the index has them.
local function parse_cursor(after)
  if after == nil then
    return "0", "0", "0"
  end
  local order, product, stock = after:match("^(%d+)%.(%d+)%.(%d+)$")
  if not order or #after > 48 then
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


return _M
