-- Source selection: an order's open goods, or a free request, as a plan.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local distances = require "quartermaster.distances"

local _M = {}

local SELECT = {
  order = "string", stock = "whole", channel = "channel", lines = "list", algorithm = "string",
  sources = "list", availability = "string", rows = "string", destination = "table",
  distances = "table", distance = "function",
}
local LINE = {
  sku = "string", qty = "quantity", line = "whole", group = "whole", splittable = "boolean",
}
local PLACE = {
  country = "string", region = "string", city = "string", postcode = "string",
  latitude = "number", longitude = "number",
}

-- The keys of the call, for quartermaster.options.
_M.KEYS = { select = SELECT }

-- The open goods of an order, in lines for selection: those that nothing is counted for, those
-- whose product was deleted, so that there is nothing left to take, and all others. What is part of
-- a bundle that moves as a whole ships together, in the proportion in which it was ordered.
local function open_lines(order)
  local wholes, lines = {}, {}
  for _, line in ipairs(order.lines) do
    wholes[line.line] = line.kind == "bundle" and line.ordered or nil
  end
  for _, line in ipairs(order.lines) do
    if line.kind == "goods" and tonumber(line.open) > 0 then
      local whole = wholes[line.parent or 0]
      lines[#lines + 1] = {
        line = line.line, sku = line.sku, qty = line.open, uncounted = not line.tracked,
        gone = line.deleted and line.tracked, group = whole and line.parent,
        ordered = whole and line.ordered, of = whole,
      }
    end
  end
  return lines
end


-- Half a place is none, and then its address counts; a request may not say so, an order may have
-- been taken over with it.
local function whole_place(destination)
  if destination and not (destination.latitude and destination.longitude) then
    destination.latitude, destination.longitude = nil, nil
  end
  return destination
end


-- Asks the request's function outside of any transaction, so the order is read twice.
local function ask(inv, request)
  local where = { stock = request.stock, channel = request.channel }
  local destination = request.destination
  if request.order then
    local order, message, code, detail = inv.orders:get(request.order)
    if not order then
      return nil, message, code, detail
    end
    where = { stock = order.stock }
    destination = destination or whole_place(order.destination)
  end
  return distances.ask(inv, request, where, destination)
end


local function propose(inv, request, far)
  local where, lines = { stock = request.stock, channel = request.channel }, request.lines
  local destination = request.destination
  if request.order then
    local order, message, code, detail = inv.orders:get(request.order)
    if not order then
      return nil, message, code, detail
    end
    where = { stock = order.stock }
    lines = open_lines(order)
    destination = destination or whole_place(order.destination)
  end
  local plan, message, code, detail = core.select(inv.store, where, lines, {
    order = request.order, destination = destination, algorithm = request.algorithm,
    sources = request.sources, availability = request.availability, rows = request.rows,
    distances = far, asked = request.distance ~= nil,
  })
  if not plan then
    return nil, message, code, detail
  end
  plan.order = request.order
  return plan
end


function _M:select(request)
  check.keys("select", request, SELECT, 2)
  check.entries("select: lines", request.lines or {}, LINE, 2)
  check.values("select", "sources", request.sources or {}, "string", 2)
  check.keys("select: destination", request.destination or {}, PLACE, 2)
  distances.check(request, 2)
  local on, why, kind, more = core.part(self.store, "source_selection")
  if not on then
    return nil, why, kind, more
  end
  if not request.order then
    check.value("select", "lines", request.lines, "list", 2)
  elseif request.stock or request.channel or request.lines then
    error("select takes an order, or a stock or channel with lines, not both", 2)
  end
  local far = distances.given(request)
  if request.distance then
    local message, code, detail
    far, message, code, detail = ask(self, request)
    if not far then
      return nil, message, code, detail
    end
  end
  return core.together(self.store, propose, self, request, far)
end


-- Metres along the great circle.
function _M.distance(from, to)
  check.keys("distance: from", from, PLACE, 2)
  check.keys("distance: to", to, PLACE, 2)
  return core.distance(from, to)
end


return _M
