-- lines.lua: what can happen to a single order line, and the goods that move with it.

local request_of = require "model.request"
local shop_of = require "model.shop"

local _M = {}

local refuse, say = request_of.refuse, request_of.say

-- ---- how far an event may go ----

local function committed(line)
  return math.max(line.invoiced, line.delivered + line.released)
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
}

function _M.limit(kind, line) return LIMITS[kind](line) end

-- ---- units stop being open ----

local function take_newest(line, qty, from)
  while qty > 0 do
    local newest
    for i, allocation in ipairs(line.allocations) do
      local fits = not from or allocation.source == from
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

_M.take_newest = take_newest

-- Given up: what waits first, then what is covered, then what is allocated, the newest first.
local function give_up(line, qty)
  local waiting = math.min(qty, line.backordered)
  local covered = math.min(qty - waiting, shop_of.covered(line))
  line.backordered = line.backordered - waiting
  take_newest(line, qty - waiting - covered)
end

-- Leaving from a source: what is allocated there first, then what is covered, then what is
-- allocated elsewhere, and what waits last.
local function use_up(line, qty, source)
  local covered = shop_of.covered(line)
  qty = take_newest(line, qty, source or 0)
  qty = qty - math.min(qty, covered)
  qty = take_newest(line, qty)
  line.backordered = line.backordered - qty
end

-- ---- goods leave ----

local function allocated_to(line, source)
  local total = 0
  for _, allocation in ipairs(line.allocations) do
    if allocation.source == source then total = total + allocation.qty end
  end
  return total
end

-- What of a product at a source is there for a line: everything but what others were allocated.
function _M.there_for(shop, line, source)
  local item = shop_of.item(shop, line.product, source)
  if not item then return nil end
  return math.max(0,
    item.qty - shop_of.allocated_at(shop, line.product, source) + allocated_to(line, source))
end

local function deliver(request, line, source, qty, recorded)
  local there = _M.there_for(request.shop, line, source)
  if not there then refuse("NOT_FOUND") end
  if there < qty then refuse("NOT_ENOUGH") end
  local item = shop_of.item(request.shop, line.product, source)
  item.qty = item.qty - qty
  if not recorded then return end
  for _, delivery in ipairs(line.deliveries) do
    if delivery.document == request.document and delivery.source == source then
      delivery.qty = delivery.qty + qty
      return
    end
  end
  table.insert(line.deliveries,
    { document = request.document, source = source, qty = qty, returned = 0 })
end

-- From the sources of the stock, most preferred first. Returns { source, qty } pairs.
local function deliver_by_priority(request, line, stock, qty, recorded)
  local shop, picks = request.shop, {}
  for _, link in ipairs(shop_of.links_of(shop, stock)) do
    local take = math.min(qty, shop_of.countable(shop, line.product, link.source),
      _M.there_for(shop, line, link.source) or 0)
    if take > 0 then picks[#picks + 1] = { source = link.source, qty = take } end
    qty = qty - take
  end
  if qty > 0 then refuse("NOT_ENOUGH") end
  for _, pick in ipairs(picks) do deliver(request, line, pick.source, pick.qty, recorded) end
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

local function receive(request, line, source, qty)
  local item, left = shop_of.touch_item(request.shop, line.product, source), qty
  item.qty = item.qty + qty
  while left > 0 do
    local delivery = latest(line, source) or latest(line)
    local take = math.min(left, delivery.qty - delivery.returned)
    delivery.returned, left = delivery.returned + take, left - take
  end
  say(request, { line = line.number, product = line.product, source = source, qty = qty })
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
    say(request, { line = line.number, product = line.product, source = named, qty = qty })
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
  say(request, { line = line.number, product = line.product, qty = qty })
end

function _M.events.ship(request, _, line, qty, row)
  local source = row.source
  if line.tracked ~= "nothing" then
    if not source then refuse("INVALID") end
    deliver(request, line, source, qty, true)
  end
  use_up(line, qty, source)
  line.delivered = line.delivered + qty
  say(request, { line = line.number, product = line.product, source = source, qty = qty })
end

function _M.events.invoice(request, order, line, qty, row)
  local picks = { { qty = qty } }
  if line.kind == "virtual" then
    if line.tracked ~= "nothing" and row.source then
      deliver(request, line, row.source, qty, true)
      picks = { { source = row.source, qty = qty } }
    elseif line.tracked ~= "nothing" then
      picks = deliver_by_priority(request, line, order.stock, qty, true)
    end
    for _, pick in ipairs(picks) do
      use_up(line, pick.qty, pick.source)
      line.delivered = line.delivered + pick.qty
    end
  end
  line.invoiced = line.invoiced + qty
  for _, pick in ipairs(picks) do
    say(request,
      { line = line.number, product = line.product, source = pick.source, qty = pick.qty })
  end
end

function _M.events.refund(request, order, line, qty, row)
  local rule = require("model.rules").rule(request.shop, line.product, order.stock)
  local undelivered = math.max(0, line.invoiced - line.delivered - line.released)
  local withdrawn = math.min(qty, undelivered)
  local back, write_off = row.return_to_stock or row.source, row.write_off
  if write_off == nil then write_off = rule.write_off and not back end
  if withdrawn > 0 then
    if write_off and line.tracked ~= "nothing" then
      request_of.try(request, deliver_by_priority, request, line, order.stock, withdrawn, false)
    end
    give_up(line, withdrawn)
    line.released = line.released + withdrawn
    say(request, { line = line.number, product = line.product, qty = withdrawn })
  end
  line.refunded = line.refunded + qty
  if qty == withdrawn then return end
  if not back then
    say(request, { line = line.number, product = line.product, qty = qty - withdrawn })
    return
  end
  if qty - withdrawn > LIMITS.return_goods(line) then refuse("EXCEEDS") end
  take_back(request, order, line, rule, row.source, qty - withdrawn)
end

function _M.events.return_goods(request, order, line, qty, row)
  local rule = require("model.rules").rule(request.shop, line.product, order.stock)
  take_back(request, order, line, rule, row.source, qty)
end

return _M
