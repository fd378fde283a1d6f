-- Orders: what happens to them is written by the core as it is said; here they are read back.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local outcome = require "quartermaster.outcome"

local _M = {}

local KINDS = { [0] = "goods", "virtual", "parent", "bundle" }

_M.orders = {} -- the methods of inv.orders
_M.holds = {} -- and of inv.holds

for _, name in ipairs{
  "place", "cancel", "ship", "invoice", "refund", "return_goods", "allocate", "reassign", "adopt",
  "hold", "extend", "release",
} do
  _M[name] = function(self, request)
    return core.write(self.store, name, request, self.clock())
  end
end


function _M:batch(ops)
  check.value("batch", "its argument", ops, "list", 2)
  return core.batch(self.store, ops, self.clock())
end


-- Moves the destination's keys into a table of their own, as place takes it; nil without any.
local function take_destination(order)
  local destination
  for _, key in ipairs{ "country", "region", "city", "postcode", "latitude", "longitude" } do
    if order[key] ~= nil then
      destination = destination or {}
      destination[key], order[key] = order[key], nil
    end
  end
  return destination
end


-- Gives each line the list of what it has allocated where, newest first.
local function read_allocations(store, order)
  local by_line, any = {}, false
  for _, line in ipairs(order.lines) do
    line.allocations, by_line[line.line] = {}, line
    any = any or tonumber(line.allocated) > 0
  end
  if not any then
    return true
  end
  local rows, message, code, detail = core.read(store, "ALLOCATIONS", order.key)
  for _, row in ipairs(rows or {}) do
    local line = by_line[row.line]
    if line then
      table.insert(line.allocations, { source = row.source, qty = row.qty })
    end
  end
  return rows, message, code, detail
end


-- An order or a hold, with its lines.
local function read_with_lines(inv, query, id)
  local store = inv.store
  local rows, message, code, detail = core.read(store, query, id)
  if not rows then
    return nil, message, code, detail
  end
  local order = rows[1]
  if not order then
    return outcome.not_found("id", ("there is no %s %s"):format(query:lower(), id))
  end
  order.lines, message, code, detail = core.read(store, "LINES", order.key)
  if not order.lines then
    return nil, message, code, detail
  end
  local done
  done, message, code, detail = read_allocations(store, order)
  if not done then
    return nil, message, code, detail
  end
  for _, line in ipairs(order.lines) do
    line.kind, line.kind_number = KINDS[line.kind_number], nil
    line.tracked = line.tracked ~= 0
    line.deleted = line.deleted or nil
    if tonumber(line.backordered) > 0 then
      line.backordered, message, code, detail =
        core.waiting(store, order.key, line.line, inv.clock())
      if not line.backordered then
        return nil, message, code, detail
      end
    end
  end
  if order.channel_code then
    order.channel = { type = order.channel_type, code = order.channel_code }
  end
  order.key, order.channel_type, order.channel_code = nil, nil, nil
  order.destination = take_destination(order)
  return order
end


function _M.orders:get(id)
  check.value("orders:get", "id", id, "string", 2)
  return core.together(self.inv.store, read_with_lines, self.inv, "ORDER", id)
end


-- A line whose parts move on their own is left as long as any of them is.
local function left_of(hold, whole)
  for _, line in ipairs(hold.lines) do
    if line.parent == whole.line and tonumber(line.open) > 0 then
      return whole.ordered
    end
  end
  return 0
end


-- What a hold still has: a line that was ordered or released has become shorter.
function _M.holds:get(id)
  check.value("holds:get", "id", id, "string", 2)
  local hold, message, code, detail =
    core.together(self.inv.store, read_with_lines, self.inv, "HOLD", id)
  if not hold then
    return nil, message, code, detail
  end
  -- Goods that were given to others are not held again by a clock that is behind.
  hold.live, hold.given_up = hold.expires > math.max(self.inv.clock(), hold.given_up), nil
  local lines = {}
  for _, line in ipairs(hold.lines) do
    local qty = line.kind == "parent" and left_of(hold, line) or line.open
    if tonumber(qty) > 0 then
      lines[#lines + 1] = { line = line.line, sku = line.sku, qty = qty, kind = line.kind,
        parent = line.parent, backordered = line.backordered }
    end
  end
  hold.lines = lines
  return hold
end


return _M
