-- The ledger in pages: all of it as the change feed, and its reservations.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local page = require "quartermaster.page"
local salable = require "quartermaster.salable"

local _M = {}

local PAGE = { after = "whole", limit = "whole" }
local RESERVATIONS = {
  sku = "string", stock = "whole", channel = "channel", after = "whole", limit = "whole",
}

-- The keys of the calls, for quartermaster.options.
_M.KEYS = { events = PAGE, reservations = RESERVATIONS }

local function ledger_page(rows, size)
  local last
  rows, last = page.cut(rows, size, "seq")
  for _, row in ipairs(rows) do
    row.event, row.event_number = core.events[row.event_number], nil
  end
  return rows, last
end


function _M:events(filter)
  filter = filter == nil and {} or filter
  check.keys("events", filter, PAGE, 2)
  local size = page.size("events", filter)
  local rows, message, code, detail = core.read(self.store, "LEDGER", filter.after or 0, size + 1)
  if not rows then
    return nil, message, code, detail
  end
  return ledger_page(rows, size)
end


function _M:reservations(filter)
  filter = filter == nil and {} or filter
  check.keys("reservations", filter, RESERVATIONS, 2)
  local size = page.size("reservations", filter)
  local stock, message, code, detail = salable.stock_of_list(self, filter)
  if not stock then
    return nil, message, code, detail
  end
  local rows
  rows, message, code, detail =
    core.read(self.store, "RESERVATIONS", filter.after or 0, filter.sku or false, stock, size + 1)
  if not rows then
    return nil, message, code, detail
  end
  return ledger_page(rows, size)
end


return _M
