-- Loads a fixture through the public API, in the order in which things refer to each other. What
-- does not load raises: a case on a half-loaded shop would prove nothing.

local convert = require "spec.conformance.convert"
local json = require "spec.conformance.json"
local master = require "spec.conformance.master"
local settings = require "spec.conformance.settings"

local M = {}

local KNOWN = {
  description = true, sources = true, stocks = true, links = true, websites = true,
  sales_channels = true, products = true, source_items = true, notify = true,
}

local function must(world, what, path, argument)
  local value, failure = world:call(path, argument)
  if value == nil then
    error(("the fixture's %s do not load: %s %s"):format(what, failure.code, failure.message), 0)
  end
end

local function must_list(world, what, path, list)
  if #list > 0 then must(world, what, path, list) end
end

local function load_stocks(world, fixture)
  local channels = {}
  for _, channel in ipairs(fixture.sales_channels or {}) do
    local id = channel.stock_id
    channels[id] = channels[id] or {}
    table.insert(channels[id], { type = channel.type, code = channel.code })
  end
  for _, stock in ipairs(fixture.stocks or {}) do
    local id = stock.stock_id
    must(world, "stocks", "stocks.save", { id = id, name = stock.name, channels = channels[id] })
  end
end

-- What MSI calls the selections and the shipment of a bundle.
local function parts_of(product)
  local bundle = convert.first(product, "bundle")
  if bundle == nil then return { children = convert.first(product, "children") } end
  local parts = { options = {}, ship_together = bundle.shipment == "together" }
  for i, option in ipairs(bundle.options) do
    local selections = {}
    for j, selection in ipairs(option.selections) do
      selections[j] = {
        sku = selection.sku, qty = selection.qty, own_qty = convert.flag(selection.can_change_qty),
      }
    end
    parts.options[i] = { required = convert.flag(option.required), selections = selections }
  end
  return parts
end

local function load_products(world, fixture)
  local list = {}
  for i, product in ipairs(fixture.products or {}) do
    local raw = {}
    local stock_item = convert.first(product, "stock_item") or {}
    list[i] = {
      sku = product.sku, type = convert.first(product, "type"), assign_default = false,
      settings = settings.product(raw, stock_item, world.qm.inherit),
    }
    for key, value in pairs(parts_of(product)) do list[i][key] = value end
    world.options[product.sku] = raw
    world.types[product.sku] = list[i].type or "simple"
  end
  must_list(world, "products", "products.save", list)
end

local function load_items(world, fixture)
  local list, by_key = {}, {}
  for i, row in ipairs(fixture.source_items or {}) do
    list[i] = master.item(row)
    by_key[row.source_code .. "\0" .. row.sku] = list[i]
  end
  for _, row in ipairs(fixture.notify or {}) do
    local item = by_key[row.source_code .. "\0" .. row.sku]
    if item == nil then error("the fixture's notify rows name no source item: " .. row.sku, 0) end
    item.notify_below = json.value(row.notify_stock_qty)
  end
  must_list(world, "source items", "items.save", list)
end

--- Fills an empty shop.
function M.load(world, fixture)
  for key in pairs(fixture) do
    if not KNOWN[key] then error("unknown part of a fixture: " .. tostring(key), 0) end
  end
  for _, code in ipairs(fixture.websites or {}) do world.websites[code] = true end
  for _, source in ipairs(fixture.sources or {}) do
    must(world, "sources", "sources.save", master.source(source))
  end
  load_stocks(world, fixture)
  must_list(world, "links", "stocks.link", master.links(fixture.links or {}))
  load_products(world, fixture)
  load_items(world, fixture)
end

return M
