-- lines.lua: what can happen to a single order line, and the goods that move with it.

local request_of = require "model.request"
local rules = require "model.rules"
local shop_of = require "model.shop"

local _M = {}

local refuse = request_of.refuse

-- A line of the answer.
function _M.tell(request, line, source, qty)
  request_of.say(request, { line = line.number, parent = line.parent, product = line.product,
    source = source, qty = qty })
end

local tell = _M.tell

-- ---- how far an event may go ----

local function committed(line)
  return math.max(line.invoiced, line.delivered + line.released)
end

-- What a line has allocated at a source.
local function allocated_to(line, source)
  local total = 0
  for _, allocation in ipairs(line.allocations) do
    if allocation.source == source then total = total + allocation.qty end
  end
  return total
end

local LIMITS = {
  cancel = function(line) return line.ordered - line.cancelled - committed(line) end,
  invoice = function(line)
    local left = line.ordered - line.cancelled - line.invoiced
    return line.kind == "virtual" and math.min(left, shop_of.open(line)) or left
  end,
  ship = function(line) return line.kind == "virtual" and 0 or shop_of.open(line) end,
  refund = function(line) return committed(line) - line.refunded end,
  return_goods = function(line) return line.delivered - line.returned end,
  allocate = function(line)
    return line.tracked == "all" and shop_of.open(line) - shop_of.allocated(line) or 0
  end,
  -- What the line has at the source it names, else anywhere but where the units go.
  reassign = function(line, row)
    if row and row.from then return allocated_to(line, row.from) end
    return shop_of.allocated(line) - (row and row.source and allocated_to(line, row.source) or 0)
  end,
}

-- row: what the request says, its sources as numbers.
function _M.limit(kind, line, row) return LIMITS[kind](line, row) end

-- Why the event can never happen to a line.
function _M.barred(kind, line)
  if kind == "ship" and line.kind == "virtual" then return "UNSUPPORTED" end
  local allocates = kind == "allocate" or kind == "reassign"
  return allocates and line.tracked ~= "all" and "UNSUPPORTED" or nil
end

-- ---- units stop being open ----

-- Takes allocated units away, those of the newest document first, of one document those at the
-- first source; from: only those at that source; but: none of those there. Returns what was not
-- there.
local function take_newest(line, qty, from, but)
  while qty > 0 do
    local newest
    for i, allocation in ipairs(line.allocations) do
      local fits = (not from or allocation.source == from) and allocation.source ~= but
      local best = newest and line.allocations[newest]
      if fits and (not best or allocation.document > best.document
        or allocation.document == best.document and allocation.source < best.source) then
        newest = i
      end
    end
    if not newest then return qty end
    local allocation = line.allocations[newest]
    local take = math.min(qty, allocation.qty)
    allocation.qty, qty = allocation.qty - take, qty - take
    if allocation.qty == 0 then table.remove(line.allocations, newest) end
  end
  return 0
end

-- Given up: what waits first, then what is covered, then what is allocated, the newest first.
local function give_up(line, qty)
  local waiting = math.min(qty, line.backordered)
  local covered = math.min(qty - waiting, shop_of.covered(line))
  line.backordered = line.backordered - waiting
  take_newest(line, qty - waiting - covered)
end

-- Leaving from a source: what is allocated there first (unless that is to stay), then what is
-- covered, then what waits, and what is allocated elsewhere last; of lost goods what waits is last.
local function use_up(line, qty, source, lost, stays)
  local covered = shop_of.covered(line)
  if not stays then qty = take_newest(line, qty, source) end
  qty = qty - math.min(qty, covered)
  if lost then qty = take_newest(line, qty) end
  local waiting = math.min(qty, line.backordered)
  line.backordered = line.backordered - waiting
  take_newest(line, qty - waiting)
end

-- ---- goods leave ----

-- What of a product at a source is there for a line: everything but what others were allocated.
function _M.there_for(shop, line, source)
  local item = shop_of.item(shop, line.product, source)
  if not item then return nil end
  return math.max(0,
    item.qty - shop_of.allocated_at(shop, line.product, source) + allocated_to(line, source))
end

-- Takes units of a line from a source; counter: what they are counted as.
local function deliver(request, line, source, qty, counter, stays)
  local there = _M.there_for(request.shop, line, source)
  if there and stays then there = there - allocated_to(line, source) end
  if not there then refuse("NOT_FOUND") end
  if there < qty then refuse("NOT_ENOUGH") end
  local item = shop_of.item(request.shop, line.product, source)
  item.qty = item.qty - qty
  if line.tracked == "all" then use_up(line, qty, source, counter == "released", stays) end
  line[counter] = line[counter] + qty
  if counter ~= "delivered" then return end
  for _, delivery in ipairs(line.deliveries) do
    if delivery.document == request.document and delivery.source == source then
      delivery.qty = delivery.qty + qty
      return
    end
  end
  table.insert(line.deliveries,
    { document = request.document, source = source, qty = qty, returned = 0 })
end

-- From the sources of the stock, most preferred first; stays: what the line has allocated is not
-- touched. Returns { source, qty } pairs, and what was not found.
local function deliver_some(request, line, stock, qty, counter, stays)
  local shop, picks = request.shop, {}
  for _, link in ipairs(shop_of.links_of(shop, stock)) do
    local there = _M.there_for(shop, line, link.source) or 0
    if stays then there = there - allocated_to(line, link.source) end
    local take = math.max(0, math.min(qty, there,
      shop_of.countable(shop, line.product, link.source) -
        (stays and shop_of.allocated_at(shop, line.product, link.source) or 0)))
    if take > 0 then picks[#picks + 1] = { source = link.source, qty = take } end
    qty = qty - take
  end
  for _, pick in ipairs(picks) do deliver(request, line, pick.source, pick.qty, counter, stays) end
  return picks, qty
end

-- Lost goods are those of covered units first, and then those that the line has allocated.
local function deliver_by_priority(request, line, stock, qty, counter)
  local first, left = counter == "released" and math.min(qty, shop_of.covered(line)) or 0, 0
  if first > 0 then
    left = select(2, deliver_some(request, line, stock, first, counter, true))
  end
  local picks
  picks, left = deliver_some(request, line, stock, qty - first + left, counter)
  if left > 0 then refuse("NOT_ENOUGH") end
  return picks
end

-- ---- goods come back ----

-- The newest delivery that has not all come back; of one document's, the first source's.
local function latest(line, source)
  local best
  for _, delivery in ipairs(line.deliveries) do
    if delivery.returned < delivery.qty and (not source or delivery.source == source) then
      if not best or delivery.document > best.document
        or delivery.document == best.document and delivery.source < best.source then
        best = delivery
      end
    end
  end
  return best
end

-- A product that has no quantities any more gets none by a return.
local function receive(request, line, source, qty)
  local shop, left = request.shop, qty
  if request_of.keeps_quantities(shop, line.product) then
    request_of.check_b2b(request, line.product, source)
    local item = shop_of.touch_item(shop, line.product, source)
    item.qty = item.qty + qty
  end
  while left > 0 do
    local delivery = latest(line, source) or latest(line)
    local take = math.min(left, delivery.qty - delivery.returned)
    delivery.returned, left = delivery.returned + take, left - take
  end
  tell(request, line, source, qty)
end

-- The most preferred source that delivered any; sources that left the stock come last.
local function best_source(shop, line, stock)
  local best, best_key
  for _, delivery in ipairs(line.deliveries) do
    local link = shop_of.find_link(shop, stock, delivery.source)
    local key = ("%d %010d %s"):format(link and 0 or 1, link and link.priority or 0,
      shop.sources[delivery.source].code)
    if not best or key < best_key then best, best_key = delivery.source, key end
  end
  return best
end

local function take_back(request, order, line, rule, named, qty)
  line.returned = line.returned + qty
  if line.tracked == "nothing" then
    tell(request, line, named, qty)
    return
  end
  if not named and rule.return_by_priority then
    named = best_source(request.shop, line, order.stock)
  end
  if named then return receive(request, line, named, qty) end
  while qty > 0 do
    local delivery = latest(line)
    local take = math.min(qty, delivery.qty - delivery.returned)
    receive(request, line, delivery.source, take)
    qty = qty - take
  end
end

-- ---- the events ----

_M.events = {}

function _M.events.cancel(request, _, line, qty)
  give_up(line, qty)
  line.cancelled = line.cancelled + qty
  tell(request, line, nil, qty)
end

function _M.events.ship(request, _, line, qty, row)
  if line.tracked == "nothing" then
    line.delivered = line.delivered + qty
  else
    if not row.source then refuse("INVALID") end
    deliver(request, line, row.source, qty, "delivered")
  end
  tell(request, line, row.source, qty)
end

function _M.events.invoice(request, order, line, qty, row)
  local picks = { { qty = qty } }
  line.invoiced = line.invoiced + qty
  if line.kind == "virtual" and line.tracked == "nothing" then
    line.delivered = line.delivered + qty
  elseif line.kind == "virtual" and row.source then
    deliver(request, line, row.source, qty, "delivered")
    picks[1].source = row.source
  elseif line.kind == "virtual" then
    picks = deliver_by_priority(request, line, order.stock, qty, "delivered")
  end
  for _, pick in ipairs(picks) do tell(request, line, pick.source, pick.qty) end
end

function _M.events.refund(request, order, line, qty, row)
  local rule = rules.rule(request.shop, line.product, order.stock)
  local undelivered = math.max(0, line.invoiced - line.delivered - line.released)
  local withdrawn = math.min(qty, undelivered)
  local back, write_off = row.return_to_stock or row.source, row.write_off
  if write_off == nil then
    write_off = rule.write_off and not back
      and request_of.keeps_quantities(request.shop, line.product)
  end
  if withdrawn > 0 and write_off and line.tracked ~= "nothing" then
    deliver_by_priority(request, line, order.stock, withdrawn, "released")
  elseif withdrawn > 0 then
    give_up(line, withdrawn)
    line.released = line.released + withdrawn
  end
  line.refunded = line.refunded + qty
  if withdrawn > 0 then tell(request, line, nil, withdrawn) end
  if qty == withdrawn then return end
  if not back then
    tell(request, line, nil, qty - withdrawn)
    return
  end
  if qty - withdrawn > LIMITS.return_goods(line) then refuse("EXCEEDS") end
  take_back(request, order, line, rule, row.source, qty - withdrawn)
end

function _M.events.return_goods(request, order, line, qty, row)
  local rule = rules.rule(request.shop, line.product, order.stock)
  take_back(request, order, line, rule, row.source, qty)
end

-- ---- allocations ----

-- Goods at a source become the line's, if they are nobody's.
local function claim(request, order, line, source, qty)
  local shop = request.shop
  local item = shop_of.item(shop, line.product, source)
  if not shop_of.find_link(shop, order.stock, source) then refuse("NOT_FOUND") end
  if not shop.sources[source].enabled then refuse("OUT_OF_STOCK") end
  if not item then refuse("NOT_FOUND") end
  if item.status ~= "in_stock" then refuse("OUT_OF_STOCK") end
  if item.qty - shop_of.allocated_at(shop, line.product, source) < qty then refuse("NOT_ENOUGH") end
  for _, allocation in ipairs(line.allocations) do
    if allocation.source == source then
      allocation.qty, allocation.document = allocation.qty + qty, request.document
      return
    end
  end
  table.insert(line.allocations, { source = source, qty = qty, document = request.document })
end

-- Covered units first, then those that wait.
function _M.events.allocate(request, order, line, qty, row)
  local waiting = math.max(0, qty - shop_of.covered(line))
  claim(request, order, line, row.source, qty)
  line.backordered = line.backordered - waiting
  tell(request, line, row.source, qty)
end

function _M.events.reassign(request, order, line, qty, row)
  if row.source then claim(request, order, line, row.source, qty) end
  take_newest(line, qty, row.from, row.source)
  tell(request, line, row.source, qty)
end

return _M
