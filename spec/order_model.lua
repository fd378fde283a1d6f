-- order_model.lua: what orders mean, said naively. Plain counters, sums over everything at each
-- question, and a copy of the whole shop for each request, thrown away when it is refused. The walk
-- in orders_walk_spec.lua holds the engine against it.

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
}

-- How many units of a line may have the event.
function _M.limit(kind, line)
  return LIMITS[kind](line)
end

-- Units stop being open: waiting ones first, or last when goods leave for them.
local function close(line, qty, leaving)
  local covered = open_units(line) - line.backordered
  local waiting = leaving and math.max(0, qty - covered) or qty
  line.backordered = line.backordered - math.min(waiting, line.backordered)
end

local function deliver(shop, line, source, qty, recorded)
  local items = shop.items[line.sku]
  if not items[source] then refuse("NOT_FOUND") end
  if math.max(0, items[source]) < qty then refuse("NOT_ENOUGH") end
  items[source] = items[source] - qty
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

local function deliver_by_priority(shop, line, qty, recorded)
  if on_hand(shop, line.sku) < qty then refuse("NOT_ENOUGH") end
  for _, source in ipairs(LINKED) do
    local take = math.min(qty, math.max(0, shop.items[line.sku][source] or 0))
    if take > 0 then deliver(shop, line, source, take, recorded) end
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
  close(line, qty, false)
  line.cancelled = line.cancelled + qty
end

function EVENTS.ship(shop, line, qty, row)
  if line.tracked ~= "nothing" then
    if not row.source then refuse("INVALID") end
    deliver(shop, line, row.source, qty, true)
  end
  close(line, qty, true)
  line.delivered = line.delivered + qty
end

function EVENTS.invoice(shop, line, qty, row)
  if line.virtual then
    if line.tracked ~= "nothing" and row.source then
      deliver(shop, line, row.source, qty, true)
    elseif line.tracked ~= "nothing" then
      deliver_by_priority(shop, line, qty, true)
    end
    close(line, qty, true)
    line.delivered = line.delivered + qty
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
    if write_off and line.tracked ~= "nothing" then
      deliver_by_priority(shop, line, withdrawn, false)
    end
    close(line, withdrawn, false)
    line.released = line.released + withdrawn
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


-- ---- requests ----

local function find_order(shop, id)
  for _, order in ipairs(shop.orders) do
    if order.id == id then return order end
  end
  return refuse("NOT_FOUND")
end

local function do_line_row(shop, kind, order, row)
  local line = order.lines[row.line]
  if not line then refuse("NOT_FOUND") end
  if kind == "ship" and line.virtual then refuse("UNSUPPORTED") end
  if row.qty > LIMITS[kind](line) then refuse("EXCEEDS") end
  EVENTS[kind](shop, line, row.qty, row)
end

local function do_sku_row(shop, kind, order, row)
  local left, last = row.qty, nil
  for _, line in ipairs(order.lines) do
    local take = line.sku == row.sku and math.min(left, LIMITS[kind](line)) or 0
    if line.sku == row.sku then last = line end
    if take > 0 then EVENTS[kind](shop, line, take, row) end
    left = left - take
  end
  if left == 0 then return end
  if not last then refuse("NOT_FOUND") end
  refuse(kind == "ship" and last.virtual and "UNSUPPORTED" or "EXCEEDS")
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
    local do_row = row.line and do_line_row or do_sku_row
    do_row(shop, kind, order, row)
  end
end

local function new_line(shop, row, firm_left)
  local product = shop.products[row.sku]
  local tracked = not product.managed and "nothing" or product.reserves and "all" or "sources"
  local covered = math.min(row.qty, firm_left[row.sku])
  firm_left[row.sku] = firm_left[row.sku] - covered
  return { sku = row.sku, virtual = product.virtual, tracked = tracked, ordered = row.qty,
    cancelled = 0, invoiced = 0, delivered = 0, refunded = 0, released = 0, returned = 0,
    backordered = tracked == "all" and row.qty - covered or 0, deliveries = {} }
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
