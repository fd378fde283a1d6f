-- Operations on the care of reservations: MSI's list of inconsistencies and its clean-up. What an
-- operation takes and returns is told in master.lua.
--
-- The orders and the reservations of a vector are those of another system, so they are adopted, in
-- a shop that sells what they name.

local convert = require "spec.conformance.convert"
local json = require "spec.conformance.json"

local M = { operations = {} }
local op = M.operations

local FINAL = { complete = true, closed = true, canceled = true }

-- Declares the products and stocks that the orders and reservations name.
local function furnish(world, args)
  local types, stocks = {}, {}
  local function note(sku, stock, type)
    types[sku] = type or types[sku] or "simple"
    stocks[json.value(stock) or 1] = true
  end
  for _, row in ipairs(args.reservations) do note(convert.text(row.sku), row.stock_id) end
  for _, order in ipairs(args.orders) do
    for _, item in ipairs(order.items) do
      note(convert.text(item.sku), order.stock_id, item.type)
    end
  end
  for sku, type in pairs(types) do
    local saved, failure = world:call("products.save", { sku = sku, type = type })
    if saved == nil then return nil, failure end
  end
  for stock in pairs(stocks) do
    local saved, failure = world:call("stocks.save", { id = stock, name = "Stock " .. stock })
    if saved == nil then return nil, failure end
  end
  return true
end

local function to_line(item, final)
  local line = {
    sku = convert.text(item.sku), qty = convert.qty(item.ordered), source = "default",
    cancelled = convert.first(item, "canceled"), invoiced = convert.first(item, "invoiced"),
    shipped = convert.first(item, "shipped"), refunded = convert.first(item, "refunded"),
  }
  if item.type ~= "simple" then line.shipped = nil end
  -- Whatever an order in a final state has not delivered is not expected any more.
  if final then
    line.cancelled = line.qty - ((item.type == "simple" and line.shipped or line.invoiced) or 0)
  end
  return line
end

local function to_orders(orders)
  local list = {}
  for _, order in ipairs(orders) do
    local lines = {}
    for i, item in ipairs(order.items) do lines[i] = to_line(item, FINAL[order.state]) end
    -- MSI leaves out an order whose website is gone: nobody knows its stock.
    local stock = json.value(order.stock_id)
    if stock then
      list[#list + 1] = { id = convert.text(order.increment_id), stock = stock, lines = lines }
    end
  end
  return list
end

local function to_reservations(rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = {
      sku = convert.text(row.sku), qty = convert.qty(row.quantity), stock = row.stock_id,
      order = convert.first(row, "object_increment_id"),
    }
  end
  return list
end

-- One entry for each order and stock, with its quantities by SKU, as MSI's list has them.
local function collect(rows)
  local list, by_key = {}, {}
  for _, row in ipairs(rows) do
    local key = row.stock .. " " .. row.order
    local entry = by_key[key]
    if not entry then
      entry = { order = row.order, stock_id = row.stock, items = {} }
      by_key[key] = entry
      list[#list + 1] = entry
    end
    entry.items[row.sku] = row.qty
  end
  return list
end

function op.list_inconsistencies(world, args)
  local ready, failure = furnish(world, args)
  if not ready then return nil, failure end
  local taken, problem = world:call("adopt", {
    id = world:fresh("adopt"), orders = to_orders(args.orders),
    reservations = to_reservations(args.reservations),
    open = true, -- so that a call without orders and reservations is a call
  })
  if taken == nil then return nil, problem end
  local rows, trouble = world:rows("inconsistencies", {})
  if rows == nil then return nil, trouble end
  return collect(rows)
end

function op.cleanup_reservations(world)
  local report, failure
  repeat
    report, failure = world:call("compact", {})
    if report == nil then return nil, failure end
  until report.left == 0
  return json.null
end

return M
