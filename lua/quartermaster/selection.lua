-- Source selection: an order's open goods, or a free request, as a plan.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local distances = require "quartermaster.distances"

local _M = {}

local SELECT = {
  order = "string", stock = "whole", channel = "channel", lines = "list", algorithm = "string",
  sources = "list", availability = "string", rows = "string", destination = "table",
  costs = "table", terms = "table", max_sources = "whole", whole = "boolean", budget = "whole",
  deliver_by = "whole",
  distances = "table", distance = "function",
}
local LINE = {
  sku = "string", qty = "quantity", line = "whole", group = "whole", splittable = "boolean",
  costs = "table",
}
local COSTS = {
  shipment = "quantity", unit = "quantity", shipment_1000km = "quantity", unit_1000km = "quantity",
  missing = "quantity",
}
local TERM = {
  shipment = "quantity", unit = "quantity", shipment_1000km = "quantity", unit_1000km = "quantity",
  safety = "quantity", capacity = "quantity", use = "string", cut_off = "string",
  transit_days = "whole",
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


-- ---- terms ----

local DAY = 86400

-- Seconds from midnight to a time of day such as "16:30".
local function time_of_day(text)
  local hours, minutes = text:match("^(%d%d):(%d%d)$")
  hours, minutes = tonumber(hours), tonumber(minutes)
  if hours and hours < 24 and minutes < 60 then
    return hours * 3600 + minutes * 60
  end
end


-- Would goods that leave on these terms arrive after the day on which they are due? Days are those
-- of UTC; what is ordered after the cut-off leaves on the next one.
local function is_late(term, now, deliver_by)
  if not (deliver_by and term.transit_days) then
    return false
  end
  local leaves = math.floor(now / DAY)
  if term.cut_off and now % DAY > time_of_day(term.cut_off) then
    leaves = leaves + 1
  end
  return leaves + term.transit_days > math.floor(deliver_by / DAY)
end


-- The terms of each source as the core reads them.
local function judged(terms, now, deliver_by)
  local list = {}
  for code, term in pairs(terms) do
    local copy = { late = is_late(term, now, deliver_by) }
    for key, value in pairs(term) do
      copy[key] = value
    end
    list[code] = copy
  end
  return list
end


local function check_term(term)
  check.keys("select: a source's terms", term, TERM, 4)
  if term.use and term.use ~= "anyway" and term.use ~= "never" then
    error("select: use must be 'anyway' or 'never'", 4)
  end
  if term.cut_off and not time_of_day(term.cut_off) then
    error("select: cut_off must be a time of day such as '16:30', in UTC", 4)
  end
end


-- What only algorithms that prove what they choose can heed.
local function check_proven(request)
  local algorithm = request.algorithm or "priority"
  if algorithm ~= "priority" and algorithm ~= "distance" then
    return
  end
  local given = request.max_sources and "max_sources" or request.budget and "budget"
  for _, term in pairs(request.terms or {}) do
    given = given or term.capacity and "capacity" or term.use == "anyway" and "use = 'anyway'"
  end
  if given then
    error(("select: %s needs the algorithm 'fewest' or 'cheapest'"):format(given), 4)
  end
end


local function check_costs(request)
  check.keys("select: costs", request.costs or {}, COSTS, 3)
  for _, term in pairs(request.terms or {}) do
    check_term(term)
  end
  for _, line in ipairs(request.lines or {}) do
    for _, cost in pairs(line.costs or {}) do
      check.value("select", "a line's cost", cost, "quantity", 3)
    end
  end
  check_proven(request)
  if request.max_sources and request.max_sources < 1 then
    error("select: max_sources must be at least 1", 3)
  end
  if request.budget and request.budget < 1 then
    error("select: budget must be at least 1 step", 3)
  end
end


-- ---- all of it ----

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
    costs = request.costs, max_sources = request.max_sources, whole = request.whole,
    budget = request.budget,
    terms = request.terms and judged(request.terms, inv.clock(), request.deliver_by),
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
  check_costs(request)
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
