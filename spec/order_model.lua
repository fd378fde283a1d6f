-- order_model.lua: what orders mean, said naively. Plain counters, sums over everything at each
-- question, and a copy of the whole shop for each request, thrown away when it is refused. The walk
-- in composites_walk_spec.lua holds the engine against it, bundles part by part.

local _M = {}

local SOURCES = { "muc", "ham", "ber", "far" } -- by priority; far belongs to no stock
local LINKED = { "muc", "ham", "ber" }

local function refuse(code)
  error({ refusal = code }, 0)
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local new = {}
  for key, inner in pairs(value) do new[key] = copy(inner) end
  return new
end

-- products: sku -> { virtual, managed, reserves, unlimited }; items: sku -> source -> quantity
function _M.new(policy, products, items)
  return { magento = policy == "magento", products = products, items = items, orders = {},
    documents = 0 }
end


-- ---- sums ----

local function open_units(line)
  return line.ordered - line.cancelled - line.delivered - line.released
end

local function committed(line)
  return math.max(line.invoiced, line.delivered + line.released)
end

-- The sum of what(line) over the lines of a product that reserve.
local function sum(shop, sku, what)
  local total = 0
  for _, order in ipairs(shop.orders) do
    for _, line in ipairs(order.lines) do
      if line.sku == sku and line.tracked == "all" then total = total + what(line) end
    end
  end
  return total
end

local function on_hand(shop, sku)
  local total = 0
  for _, source in ipairs(LINKED) do
    total = total + math.max(0, shop.items[sku][source] or 0)
  end
  return total
end

function _M.reserved(shop, sku)
  return sum(shop, sku, open_units)
end

local function firm(shop, sku)
  return sum(shop, sku, function(line) return open_units(line) - line.backordered end)
end

function _M.salable(shop, sku)
  local live = on_hand(shop, sku) - _M.reserved(shop, sku)
  local product = shop.products[sku]
  if product.managed and not product.unlimited then return math.max(0, live) end
  return live
end

_M.open = open_units


-- ---- allocations ----

-- What a line has allocated, at one source or, without, at all of them.
function _M.allocated(line, source)
  local total = 0
  for _, at in ipairs(line.allocations) do
    if not source or at.source == source then total = total + at.qty end
  end
  return total
end

-- What all lines of a product have allocated at a source.
function _M.allocated_at(shop, sku, source)
  return sum(shop, sku, function(line) return _M.allocated(line, source) end)
end

-- What a line may take from a source.
local function available(shop, line, source)
  local others = _M.allocated_at(shop, line.sku, source) - _M.allocated(line, source)
  return math.max(0, (shop.items[line.sku][source] or 0) - others)
end

local function add_allocation(shop, line, source, qty)
  for _, at in ipairs(line.allocations) do
    if at.source == source then
      at.qty, at.document = at.qty + qty, shop.documents
      return
    end
  end
  table.insert(line.allocations, { source = source, qty = qty, document = shop.documents })
end

local function take_allocation(line, source, qty)
  for i, at in ipairs(line.allocations) do
    if at.source == source then
      at.qty = at.qty - qty
      if at.qty == 0 then table.remove(line.allocations, i) end
      return
    end
  end
end

-- The newest document's; of one document's the first source's. SOURCES are in order of their ids.
local function newest(line, but)
  local best
  for _, source in ipairs(SOURCES) do
    for _, at in ipairs(line.allocations) do
      if at.source == source and source ~= but and (not best or at.document > best.document) then
        best = at
      end
    end
  end
  return best
end

-- Takes qty from the newest allocations and tells each part to fn(source, qty).
local function take_newest(line, qty, but, fn)
  while qty > 0 do
    local at = newest(line, but)
    local source, take = at.source, math.min(qty, at.qty)
    take_allocation(line, source, take)
    fn(source, take)
    qty = qty - take
  end
end


-- ---- lines ----

local LIMITS = {
  cancel = function(line) return line.ordered - line.cancelled - committed(line) end,
  invoice = function(line)
    local left = line.ordered - line.cancelled - line.invoiced
    return line.virtual and math.min(left, open_units(line)) or left
  end,
  ship = function(line) return line.virtual and 0 or open_units(line) end,
  refund = function(line) return committed(line) - line.refunded end,
  return_goods = function(line) return line.delivered - line.returned end,
  allocate = function(line)
    return line.tracked == "all" and open_units(line) - _M.allocated(line) or 0
  end,
  reassign = function(line, row)
    if row and row.from then return _M.allocated(line, row.from) end
    return _M.allocated(line) - (row and row.to and _M.allocated(line, row.to) or 0)
  end,
}

-- How many units of a line may have the event; `row` is what the request says of it.
function _M.limit(kind, line, row)
  return LIMITS[kind](line, row)
end

local function nothing() end

local function covered(line)
  return open_units(line) - line.backordered - _M.allocated(line)
end

-- Units are given up: waiting ones first, then covered ones, then the newest allocated.
local function close(line, qty)
  local waiting = math.min(qty, line.backordered)
  local others = math.min(qty - waiting, covered(line))
  line.backordered = line.backordered - waiting
  take_newest(line, qty - waiting - others, nil, nothing)
end

-- Units leave a source: those allocated there first, then covered ones, then the newest allocated,
-- and waiting ones last.
local function close_at(line, source, qty)
  local here = math.min(qty, _M.allocated(line, source))
  local others = math.min(qty - here, covered(line))
  local left = qty - here - others
  if here > 0 then take_allocation(line, source, here) end
  local elsewhere = math.min(left, _M.allocated(line))
  take_newest(line, elsewhere, nil, nothing)
  line.backordered = line.backordered - math.min(left - elsewhere, line.backordered)
end

local function deliver(shop, line, source, qty, recorded)
  local items = shop.items[line.sku]
  if not items[source] then refuse("NOT_FOUND") end
  if available(shop, line, source) < qty then refuse("NOT_ENOUGH") end
  items[source] = items[source] - qty
  close_at(line, source, qty)
  if not recorded then return end
  for _, delivery in ipairs(line.deliveries) do
    if delivery.document == shop.documents and delivery.source == source then
      delivery.qty = delivery.qty + qty
      return
    end
  end
  table.insert(line.deliveries,
    { document = shop.documents, source = source, qty = qty, returned = 0 })
end

-- `count` changes the line's counters for what left one source.
local function deliver_by_priority(shop, line, qty, recorded, count)
  local there = 0
  for _, source in ipairs(LINKED) do there = there + available(shop, line, source) end
  if there < qty then refuse("NOT_ENOUGH") end
  for _, source in ipairs(LINKED) do
    local take = math.min(qty, available(shop, line, source))
    if take > 0 then
      deliver(shop, line, source, take, recorded)
      count(take)
    end
    qty = qty - take
  end
end

-- The newest delivery that has not all come back; of one document's, the first source's.
local function latest(line, source)
  for i = #line.deliveries, 1, -1 do
    local document, best = line.deliveries[i].document, nil
    for _, name in ipairs(SOURCES) do
      for _, delivery in ipairs(line.deliveries) do
        if not best and delivery.document == document and delivery.source == name
          and delivery.returned < delivery.qty and (not source or source == name) then
          best = delivery
        end
      end
    end
    if best then return best end
  end
  return nil
end

local function receive(shop, line, source, qty)
  local items, left = shop.items[line.sku], qty
  items[source] = (items[source] or 0) + qty
  while left > 0 do
    local delivery = latest(line, source) or latest(line)
    local take = math.min(left, delivery.qty - delivery.returned)
    delivery.returned = delivery.returned + take
    left = left - take
  end
end

local function take_back(shop, line, named, qty)
  line.returned = line.returned + qty
  if line.tracked == "nothing" then return end
  if not named and shop.magento then
    for i = #SOURCES, 1, -1 do
      for _, delivery in ipairs(line.deliveries) do
        if delivery.source == SOURCES[i] then named = SOURCES[i] end
      end
    end
  end
  if named then return receive(shop, line, named, qty) end
  while qty > 0 do
    local delivery = latest(line)
    local take = math.min(qty, delivery.qty - delivery.returned)
    receive(shop, line, delivery.source, take)
    qty = qty - take
  end
end


-- ---- events, for one line ----

local EVENTS = {}

function EVENTS.cancel(_, line, qty)
  close(line, qty)
  line.cancelled = line.cancelled + qty
end

function EVENTS.ship(shop, line, qty, row)
  if line.tracked ~= "nothing" then
    if not row.source then refuse("INVALID") end
    deliver(shop, line, row.source, qty, true)
  end
  line.delivered = line.delivered + qty
end

function EVENTS.invoice(shop, line, qty, row)
  if line.virtual then
    local function count(units) line.delivered = line.delivered + units end
    if line.tracked ~= "nothing" and not row.source then
      deliver_by_priority(shop, line, qty, true, count)
    else
      if line.tracked ~= "nothing" then deliver(shop, line, row.source, qty, true) end
      count(qty)
    end
  end
  line.invoiced = line.invoiced + qty
end

function EVENTS.refund(shop, line, qty, row)
  local undelivered = math.max(0, line.invoiced - line.delivered - line.released)
  local withdrawn = math.min(qty, undelivered)
  local back = row.return_to_stock or row.return_to
  local write_off = row.write_off
  if write_off == nil then write_off = shop.magento and not back end
  if withdrawn > 0 then
    local function count(units) line.released = line.released + units end
    if write_off and line.tracked ~= "nothing" then
      deliver_by_priority(shop, line, withdrawn, false, count)
    else
      close(line, withdrawn)
      count(withdrawn)
    end
  end
  line.refunded = line.refunded + qty
  if back and qty > withdrawn then
    if qty - withdrawn > LIMITS.return_goods(line) then refuse("EXCEEDS") end
    take_back(shop, line, row.return_to, qty - withdrawn)
  end
end

function EVENTS.return_goods(shop, line, qty, row)
  take_back(shop, line, row.to, qty)
end

local function claim(shop, line, source, qty)
  local items = shop.items[line.sku]
  if source == "far" or not items[source] then refuse("NOT_FOUND") end
  if items[source] - _M.allocated_at(shop, line.sku, source) < qty then refuse("NOT_ENOUGH") end
  add_allocation(shop, line, source, qty)
end

function EVENTS.allocate(shop, line, qty, row)
  local others = math.min(qty, covered(line))
  claim(shop, line, row.source, qty)
  line.backordered = line.backordered - (qty - others)
end

function EVENTS.reassign(shop, line, qty, row)
  if row.to then claim(shop, line, row.to, qty) end
  if row.from then return take_allocation(line, row.from, qty) end
  take_newest(line, qty, row.to, nothing)
end


-- ---- requests ----

local function find_order(shop, id)
  for _, order in ipairs(shop.orders) do
    if order.id == id then return order end
  end
  return refuse("NOT_FOUND")
end

local function barred(kind, line)
  if kind == "ship" then return line.virtual end
  return (kind == "allocate" or kind == "reassign") and line.tracked ~= "all"
end

local function do_line_row(shop, kind, order, row)
  local line = order.lines[row.line]
  if not line then refuse("NOT_FOUND") end
  if barred(kind, line) then refuse("UNSUPPORTED") end
  if row.qty > LIMITS[kind](line, row) then refuse("EXCEEDS") end
  EVENTS[kind](shop, line, row.qty, row)
end

local function do_sku_row(shop, kind, order, row)
  local left, last = row.qty, nil
  for _, line in ipairs(order.lines) do
    local take = line.sku == row.sku and math.min(left, LIMITS[kind](line, row)) or 0
    if line.sku == row.sku then last = line end
    if take > 0 then EVENTS[kind](shop, line, take, row) end
    left = left - take
  end
  if left == 0 then return end
  if not last then refuse("NOT_FOUND") end
  refuse(barred(kind, last) and "UNSUPPORTED" or "EXCEEDS")
end

local function do_event(shop, kind, request)
  local order = find_order(shop, request.order)
  if not request.lines then
    for _, line in ipairs(order.lines) do
      local limit = LIMITS[kind](line)
      if limit > 0 then EVENTS[kind](shop, line, limit, { source = request.source }) end
    end
    return
  end
  for _, given in ipairs(request.lines) do
    local row = copy(given)
    row.source = row.source or request.source
    if row.from and row.from == row.to then refuse("INVALID") end
    local do_row = row.line and do_line_row or do_sku_row
    do_row(shop, kind, order, row)
  end
end

local function new_line(shop, row, firm_left)
  local product = shop.products[row.sku]
  local tracked = not product.managed and "nothing" or product.reserves and "all" or "sources"
  local now = math.min(row.qty, firm_left[row.sku])
  firm_left[row.sku] = firm_left[row.sku] - now
  return { sku = row.sku, virtual = product.virtual, tracked = tracked, ordered = row.qty,
    cancelled = 0, invoiced = 0, delivered = 0, refunded = 0, released = 0, returned = 0,
    backordered = tracked == "all" and row.qty - now or 0, deliveries = {}, allocations = {} }
end

local function do_place(shop, request)
  local totals, firm_left = {}, {}
  for _, row in ipairs(request.lines) do
    totals[row.sku] = (totals[row.sku] or 0) + row.qty
  end
  for sku, total in pairs(totals) do
    local product, there = shop.products[sku], on_hand(shop, sku)
    if product.managed and not product.unlimited and there - _M.reserved(shop, sku) < total then
      refuse("NOT_ENOUGH")
    end
    firm_left[sku] = math.max(0, there - firm(shop, sku))
  end
  local order = { id = request.id, lines = {} }
  for i, row in ipairs(request.lines) do order.lines[i] = new_line(shop, row, firm_left) end
  table.insert(shop.orders, order)
end

-- What waits becomes firm where goods are not promised firmly, oldest first.
local function settle(shop)
  for sku in pairs(shop.products) do
    local free = math.max(0, on_hand(shop, sku) - firm(shop, sku))
    for _, order in ipairs(shop.orders) do
      for _, line in ipairs(order.lines) do
        if line.sku == sku then
          local take = math.min(free, line.backordered)
          line.backordered, free = line.backordered - take, free - take
        end
      end
    end
  end
end

-- The shop after the request, or nil and the code of the first thing that is wrong.
function _M.apply(shop, kind, request)
  local new = copy(shop)
  new.documents = new.documents + 1
  local ok, problem = pcall(function()
    if kind == "place" then
      do_place(new, request)
    elseif kind == "adjust" then
      for _, row in ipairs(request.lines) do
        local items = new.items[row.sku]
        items[row.source] = (items[row.source] or 0) + row.delta
      end
    else
      do_event(new, kind, request)
    end
    settle(new)
  end)
  if ok then return new end
  if type(problem) ~= "table" then error(problem, 0) end
  return nil, problem.refusal
end


return _M
