-- Operations on what is promised: salable quantities, reservations, the life of an order and the
-- proposals of source selection. What an operation takes and returns is told in master.lua.
--
-- The runner plays the shop system: it knows which lines are composite parents (these carry no
-- stock and are not reported), leaves out lines of nothing, and names the source of a shipment
-- when the vector leaves it to MSI's rule.

local convert = require "spec.conformance.convert"
local json = require "spec.conformance.json"

local M = { operations = {} }
local op = M.operations

local COMPOSITE = { configurable = true, bundle = true, grouped = true }

-- Refusals that are an answer ("no, because"), not an error, in checks of one product.
local ANSWERS = {
  NOT_FOUND = true, UNSUPPORTED = true, NOT_ASSIGNED = true, MIN_SALE_QTY = true,
  MAX_SALE_QTY = true, QTY_INCREMENTS = true, DECIMAL_QTY = true, OUT_OF_STOCK = true,
  NOT_ENOUGH = true,
}

local function where(args)
  return {
    stock = json.value(args.stock_id), channel = convert.first(args, "website", "channel"),
  }
end

local function where_sold(args)
  local place = where(args)
  place.customer_group = convert.first(args, "customer_group")
  if place.customer_group ~= nil then place.customer_group = tostring(place.customer_group) end
  return place
end

-- Salable quantities.

function op.salable_qty(world, args)
  return world:call("salable_qty", args.sku, where(args))
end

function op.is_salable(world, args)
  local salable, failure = world:call("is_salable", args.sku, where(args))
  if salable == nil and ANSWERS[failure.code] then return false, failure end
  return salable, failure
end

function op.are_salable(world, args)
  local request = where(args)
  request.skus = args.skus
  local found, failure = world:call("salable", request)
  if found == nil then return nil, failure end
  local list = {}
  for i, sku in ipairs(args.skus) do
    local entry = found[sku] or {}
    list[i] = { sku = sku, salable = entry.salable }
  end
  return list
end

function op.requested_qty(world, args)
  local fine, failure = world:call("can_sell", args.sku, where_sold(args), args.qty)
  if fine then return { salable = true, errors = {} } end
  if not ANSWERS[failure.code] then return nil, failure end
  local errors = {}
  for i, problem in ipairs(failure.errors) do errors[i] = tostring(problem.magento) end
  return { salable = false, errors = errors }, failure
end

function op.requested_qty_batch(world, args)
  local list = {}
  for i, request in ipairs(args.requests) do
    local answer, failure = op.requested_qty(world, {
      sku = request.sku, qty = request.qty, customer_group = args.customer_group,
      stock_id = args.stock_id, website = args.website,
    })
    if answer == nil then return nil, failure end
    answer.sku = request.sku
    list[i] = answer
  end
  return list
end

-- Reservations.

-- The metadata travels in the note, so that reservation_list can show it again.
local function note_of(metadata)
  metadata = json.value(metadata)
  if type(metadata) == "table" then return json.encode(metadata) end
  return metadata
end

function op.append_reservations(world, args)
  local list = {}
  for i, row in ipairs(args.reservations) do
    list[i] = {
      sku = convert.text(row.sku), qty = convert.qty(row.quantity),
      stock = json.value(row.stock_id), note = note_of(row.metadata),
      id = json.value(row.reservation_id), -- refused by the API: no row can be overwritten
    }
  end
  local taken, failure = world:call("adopt", { id = world:fresh("adopt"), reservations = list })
  if taken == nil then return nil, failure end
  return json.null
end

local function reservations(world, args)
  local rows, failure = world:rows("reservations", {
    sku = json.value(args.sku), stock = json.value(args.stock_id),
  })
  if rows == nil and failure.code == "NOT_FOUND" then return {} end
  return rows, failure
end

function op.reservation_count(world, args)
  local rows, failure = reservations(world, args)
  if rows == nil then return nil, failure end
  return #rows
end

-- Summed in units of 1/10000, so that no rounding of the runner's hides or invents a difference.
function op.reservations_qty(world, args)
  local rows, failure = reservations(world, args)
  if rows == nil then return nil, failure end
  local units = 0
  for _, row in ipairs(rows) do units = units + math.floor(row.reserved * 10000 + 0.5) end
  return units / 10000
end

function op.reservation_list(world, args)
  local rows, failure = reservations(world, args)
  if rows == nil then return nil, failure end
  local list = {}
  for i, row in ipairs(rows) do
    local metadata = row.note and json.decode_table(row.note) or {
      event_type = row.event, object_type = "order", object_id = "",
      object_increment_id = row.order,
    }
    list[i] = {
      stock_id = row.stock, sku = row.sku, quantity = row.reserved, metadata = metadata,
      event_type = metadata.event_type, object_type = metadata.object_type,
      object_id = metadata.object_id, object_increment_id = metadata.object_increment_id,
      order = row.order,
    }
  end
  return list
end

-- Orders.

-- The lines of a request; `finish` adds what only some documents carry.
local function order_lines(world, items, finish)
  local lines = {}
  for _, item in ipairs(items) do
    if not COMPOSITE[world.types[item.sku]] then
      local line = { sku = convert.text(item.sku), qty = convert.qty(item.qty) }
      if finish then finish(line, item) end
      lines[#lines + 1] = line
    end
  end
  return lines
end

local function moved_lines(world, items, finish)
  local lines = {}
  for _, line in ipairs(order_lines(world, items, finish)) do
    if tonumber(line.qty) ~= 0 then lines[#lines + 1] = line end
  end
  return lines
end

local function with_source(line, item)
  line.source = convert.first(item, "source_code")
end

-- A later event of an order: nothing is reported when no line of it, or of the order, is left.
local function event(world, kind, args, lines, extra)
  local order = world.orders[args.order]
  if order and order.empty or lines and #lines == 0 then return json.null end
  local request = {
    id = convert.first(args, "id") or world:fresh(kind), order = args.order, lines = lines,
  }
  for key, value in pairs(extra or {}) do request[key] = value end
  local answer, failure = world:call(kind, request)
  if answer == nil then return nil, failure end
  return json.null
end

-- With persist_fails the shop's own saving fails after the promise was made: it takes the order
-- back and reports its own error, whatever that is called.
function op.place_order(world, args)
  local request = where_sold(args)
  request.id = args.order
  request.lines = order_lines(world, args.items)
  world.orders[args.order] = { stock = request.stock, empty = #request.lines == 0 }
  if #request.lines > 0 then
    local answer, failure = world:call("place", request)
    if answer == nil then return nil, failure end
  end
  if not convert.flag(args.persist_fails) then return json.null end
  local undone, failure = event(world, "cancel", { order = args.order })
  if undone == nil then return nil, failure end
  return json.null, { code = "SHOP", message = "saving the order failed", errors = {}, shop = true }
end

-- MSI's rule for a shipment that names no source: the only source of the stock, else the default
-- one.
local function shipping_source(world, args)
  local named = convert.first(args, "source_code")
  if named ~= nil then return named end
  local order = world.orders[args.order] or {}
  local sources = world:rows("sources.list", { stock = order.stock }) or {}
  return #sources == 1 and sources[1].code or "default"
end

function op.ship(world, args)
  return event(world, "ship", args, moved_lines(world, args.items, with_source), {
    source = shipping_source(world, args),
  })
end

function op.invoice(world, args)
  local items = convert.first(args, "items")
  return event(world, "invoice", args, items and moved_lines(world, items, with_source))
end

function op.cancel(world, args)
  local items = convert.first(args, "items")
  return event(world, "cancel", args, items and moved_lines(world, items))
end

function op.refund(world, args)
  local all = convert.flag(convert.first(args, "return_to_stock", "auto_return")) or false
  return event(world, "refund", args, moved_lines(world, args.items, function(line, item)
    line.return_to_stock = convert.flag(item.return_to_stock)
    if line.return_to_stock == nil then line.return_to_stock = all end
  end))
end

-- Source selection.

local function select_sources(world, args)
  local request = where(args)
  request.lines = {}
  for i, item in ipairs(args.items) do
    request.lines[i] = { sku = convert.text(item.sku), qty = convert.qty(item.qty) }
  end
  request.algorithm = convert.first(args, "algorithm") or "priority"
  request.sources = convert.first(args, "sources")
  request.availability = "physical"
  request.rows = "all"
  local address = convert.first(args, "destination")
  if address ~= nil and request.algorithm ~= "priority" then
    request.destination = {
      latitude = convert.first(address, "lat"), longitude = convert.first(address, "lng"),
    }
  end
  local plan, failure = world:call("select", request)
  if plan == nil then return nil, failure end
  local items = {}
  for i, pick in ipairs(plan.picks) do
    items[i] = {
      source_code = pick.source, sku = pick.sku, qty_to_deduct = pick.qty_to_deduct,
      qty_available = pick.qty_available,
    }
  end
  return { shippable = plan.shippable, items = items }
end

function op.distance_m(world, args)
  local metres, message, code, detail = world.qm.distance(
    { latitude = args.from[1], longitude = args.from[2] },
    { latitude = args.to[1], longitude = args.to[2] })
  if metres then return metres end
  return nil, { code = code, message = message, errors = detail.errors }
end

op.source_select = select_sources
op.source_select_sorted = select_sources

return M
