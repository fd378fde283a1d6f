-- Operations on what customers see: the notices of the cart, "only X left", and MSI's index rows,
-- which are read from where a product stands now. What an operation takes and returns is told in
-- master.lua.

local json = require "spec.conformance.json"

local M = { operations = {} }
local op = M.operations

function op.backorder_qty(world, args)
  return world:call("backorder_qty", args.sku, { stock = args.stock_id }, args.qty)
end

local MODES = { [0] = "no", "allow", "notify" }

-- The vectors give the quantity that waits and ask whether it is named. So a product is made of
-- which exactly that much is missing: some units, and a request for as many and the rest.
function op.backorder_notice(world, args)
  local there, sku = 3, world:fresh("notice")
  local saved, failure = world:call("products.save", { sku = sku, settings = {
    backorders = MODES[args.backorders], manage_stock = args.manage_stock == 1,
  } })
  if saved then saved, failure = world:call("items.save", { sku = sku, qty = there }) end
  if saved == nil then return nil, failure end
  local waiting, problem, tell =
    world:call("backorder_qty", sku, { stock = 1 }, there + args.backorder_qty)
  if waiting == nil then return nil, problem end
  return tell and waiting or json.null
end

-- Shown while something but not much is left, and never where any quantity may be ordered.
function op.only_x_left(world, args)
  local found, failure = world:call("salable", { stock = args.stock_id, skus = { args.sku } })
  if found == nil then return nil, failure end
  local entry = found[args.sku]
  local shown = not entry.unlimited and entry.qty > 0 and entry.qty <= args.threshold
  return shown and entry.qty or json.null
end

local function number(truth)
  return truth and 1 or 0
end

-- MSI has a row where an enabled source of the stock lists the product.
local function has_row(position)
  for _, place in ipairs(position.sources) do
    if place.enabled then return true end
  end
  return false
end

function op.stock_item_data(world, args)
  local position, failure = world:call("position", { sku = args.sku, stock = args.stock_id })
  if position == nil then return nil, failure end
  if not has_row(position) then return json.null end
  return { quantity = position.on_hand, is_salable = number(position.is_salable) }
end

function op.stock_status(world, args)
  local position, failure = world:call("position", { sku = args.sku, channel = args.website })
  if position == nil then return nil, failure end
  return { in_stock = number(position.is_salable), qty = position.salable }
end

return M
