-- Source selection: an order's open goods, or a free request, as a plan.

local check = require "quartermaster.check"
local core = require "quartermaster.core"

local _M = {}

local SELECT = {
  order = "string", stock = "whole", channel = "channel", lines = "list", algorithm = "string",
  sources = "list", availability = "string", rows = "string",
}
local LINE = { sku = "string", qty = "quantity", line = "whole" }

-- The keys of the call, for quartermaster.options.
_M.KEYS = { select = SELECT }

-- The open goods of an order: in lines for selection, those that nothing is counted for, and those
-- whose product was deleted, so that there is nothing left to take. The parts of a bundle are a
-- group: they leave together.
local function open_lines(order)
  local lines, untracked, gone, bundles = {}, {}, {}, {}
  for _, line in ipairs(order.lines) do
    bundles[line.line] = line.kind == "bundle" and line.line or nil
    if line.kind == "goods" and tonumber(line.open) > 0 then
      local list = not line.tracked and untracked or line.deleted and gone or lines
      list[#list + 1] =
        { line = line.line, sku = line.sku, qty = line.open, group = bundles[line.parent] }
    end
  end
  return lines, untracked, gone
end


local function add_gone(plan, gone)
  for _, line in ipairs(gone) do
    plan.short[#plan.short + 1] = line
    plan.shippable = false
  end
end


-- Goods that are not counted may leave from anywhere: from where the parcel leaves, else from the
-- stock's first enabled source.
local function add_untracked(inv, plan, stock, untracked)
  if #untracked == 0 then
    return plan
  end
  local source = plan.picks[1] and plan.picks[1].source
  if not source then
    local links, message, code, detail = core.read(inv.store, "STOCK_SOURCES", stock)
    if not links then
      return nil, message, code, detail
    end
    for _, link in ipairs(links) do
      source = source or link.enabled and link.code or nil
    end
    plan.shipments = source and 1 or 0
  end
  for _, line in ipairs(source and untracked or {}) do
    plan.picks[#plan.picks + 1] = { line = line.line, sku = line.sku, source = source,
      qty_to_deduct = line.qty, qty_available = line.qty }
    plan.why[#plan.why + 1] = { line = line.line, source = source, used = true,
      rule = "untracked", detail = "its stock is not counted, so it may leave from anywhere" }
  end
  return plan
end


function _M:select(request)
  check.keys("select", request, SELECT, 2)
  check.entries("select: lines", request.lines or {}, LINE, 2)
  local on, why, kind, more = core.part(self.store, "source_selection")
  if not on then
    return nil, why, kind, more
  end
  local where, lines = { stock = request.stock, channel = request.channel }, request.lines
  local untracked, gone, order = {}, {}, nil
  if request.order then
    if request.stock or request.channel or lines then
      error("select takes an order, or a stock or channel with lines, not both", 2)
    end
    local message, code, detail
    order, message, code, detail = self.orders:get(request.order)
    if not order then
      return nil, message, code, detail
    end
    where = { stock = order.stock }
    lines, untracked, gone = open_lines(order)
  else
    check.value("select", "lines", lines, "list", 2)
  end
  local plan, message, code, detail = core.select(self.store, where, lines, {
    algorithm = request.algorithm, sources = request.sources, may_be_empty = order ~= nil,
    availability = request.availability, rows = request.rows,
  })
  if not plan then
    return nil, message, code, detail
  end
  plan.order = request.order
  add_gone(plan, gone)
  return add_untracked(self, plan, order and order.stock, untracked)
end


return _M
