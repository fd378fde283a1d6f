-- Backorders: how much of a quantity would have to wait for goods, and which order lines do.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local page = require "quartermaster.page"
local salable = require "quartermaster.salable"

local _M = {}

local WHERE = { stock = "whole", channel = "channel" }
local WAITING = {
  sku = "string", stock = "whole", channel = "channel", after = "whole", limit = "whole",
}

-- The keys of the calls that are checked here, for quartermaster.options.
_M.KEYS = { waiting = WAITING }

function _M:backorder_qty(sku, where, qty)
  local stand, message, code, detail =
    salable.stand_of(self, "backorder_qty", "wait", WHERE, sku, where, qty)
  if not stand then
    return nil, message, code, detail
  end
  return stand.waiting, stand.tell
end


-- One row more than the page has, of one product in one stock, one product, one stock, or all.
local function read(inv, sku, stock, after, count)
  if sku and stock ~= 0 then
    return core.read(inv.store, "WAITING_IN", sku, stock, after, count)
  elseif sku then
    return core.read(inv.store, "WAITING_OF", sku, after, count)
  end
  return core.read(inv.store, "WAITING", stock, after, count)
end


-- Those that still wait: expired holds may have freed goods that no write has given them yet.
local function still_waiting(inv, rows)
  local list = {}
  for _, row in ipairs(rows) do
    local qty, message, code, detail =
      core.waiting(inv.store, row.key, row.line, inv.clock())
    if not qty then
      return nil, message, code, detail
    end
    row.id, row.key, row.qty = nil, nil, qty
    if tonumber(qty) > 0 then
      list[#list + 1] = row
    end
  end
  return list
end


local function read_waiting(inv, filter, size)
  local stock, message, code, detail = salable.stock_of_list(inv, filter)
  if not stock then
    return nil, message, code, detail
  end
  local rows, next_id
  rows, message, code, detail = read(inv, filter.sku, stock, filter.after or 0, size + 1)
  if not rows then
    return nil, message, code, detail
  end
  rows, next_id = page.cut(rows, size, "id")
  rows, message, code, detail = still_waiting(inv, rows)
  if not rows then
    return nil, message, code, detail
  end
  return rows, next_id
end


function _M:waiting(filter)
  filter = filter == nil and {} or filter
  check.keys("waiting", filter, WAITING, 2)
  local size = page.size("waiting", filter)
  return core.together(self.store, read_waiting, self, filter, size)
end


return _M
