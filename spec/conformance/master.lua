-- Operations on master data: settings, sources, stocks, links, channels and source items.
--
-- An operation takes the shop and its arguments and returns its value (json.null for "nothing"), or
-- nil and a failure. A query that MSI answers although the engine refuses returns both.

local convert = require "spec.conformance.convert"
local json = require "spec.conformance.json"
local settings = require "spec.conformance.settings"

local M = { operations = {} }
local op = M.operations

local function done(value, failure)
  if value == nil then return nil, failure end
  return json.null
end

local function missing(failure)
  return failure ~= nil and failure.code == "NOT_FOUND"
end

-- Sources.

local SOURCE_TEXTS = {
  source_code = "code", name = "name", postcode = "postcode", country_id = "country",
}
local SOURCE_KEYS = {
  description = "description", region = "region", region_id = "region_id", city = "city",
  street = "street", contact_name = "contact_name", email = "email", phone = "phone", fax = "fax",
  latitude = "latitude", longitude = "longitude", frontend_name = "frontend_name",
  frontend_description = "frontend_description",
}
local SOURCE_FLAGS = { enabled = "enabled", is_pickup_location_active = "pickup" }
local SOURCE_IGNORED = { use_default_carrier_config = true, extension_attributes = true }

local function copy_source_key(source, key, value)
  if SOURCE_TEXTS[key] then return end
  if SOURCE_FLAGS[key] then
    source[SOURCE_FLAGS[key]] = convert.flag(value)
  elseif SOURCE_KEYS[key] then
    source[SOURCE_KEYS[key]] = json.value(value)
  elseif key == "carrier_links" then
    -- An empty list says nothing about carriers; MSI only refuses links that are there.
    if type(value) == "table" and next(value) ~= nil then source.carrier_links = value end
  elseif not SOURCE_IGNORED[key] then
    error("unknown key of a source: " .. tostring(key), 0)
  end
end

--- A source as `sources:save` takes it.
function M.source(row)
  local source = {}
  for key, name in pairs(SOURCE_TEXTS) do source[name] = convert.text(row[key]) end
  for key, value in pairs(row) do copy_source_key(source, key, value) end
  for key, value in pairs(convert.first(row, "extension_attributes") or {}) do
    copy_source_key(source, key, value)
  end
  return source
end

function op.save_source(world, args)
  return done(world:call("sources.save", M.source(args)))
end

function op.set_source_enabled(world, args)
  return done(world:call("sources.save", {
    code = convert.text(args.source_code), enabled = convert.flag(args.enabled),
  }))
end

function op.single_source_mode(world)
  return world:call("sources.single")
end

function op.sources_of_stock(world, args)
  local sources, failure = world:rows("sources.list", { stock = args.stock_id })
  if sources == nil then return nil, failure end
  local codes = {}
  for i, source in ipairs(sources) do codes[i] = source.code end
  return codes
end

-- Stocks, links and channels.

--- Links as `stocks:link` and `stocks:unlink` take them.
function M.links(rows)
  local links = {}
  for i, row in ipairs(rows) do
    links[i] = {
      stock = json.value(row.stock_id), source = convert.text(row.source_code),
      priority = json.value(row.priority),
    }
  end
  return links
end

function op.save_links(world, args)
  return done(world:call("stocks.link", M.links(args.links)))
end

function op.delete_links(world, args)
  local links = M.links(args.links)
  for _, link in ipairs(links) do link.priority = nil end
  return done(world:call("stocks.unlink", links))
end

-- MSI takes a stock saved without a channel list for a stock without channels; in the API that is
-- an empty list, because there an absent one leaves the channels alone.
function op.save_stock(world, args)
  local channels = {}
  for i, channel in ipairs(convert.first(args, "sales_channels") or {}) do
    channels[i] = { type = convert.text(channel.type), code = convert.text(channel.code) }
  end
  return done(world:call("stocks.save", {
    id = json.value(args.stock_id), name = convert.text(args.name), channels = channels,
  }))
end

function op.delete_stock(world, args)
  return done(world:call("stocks.delete", args.stock_id))
end

function op.stock_channels(world, args)
  local stock, failure = world:call("stocks.get", args.stock_id)
  if stock == nil then return nil, failure end
  local codes = {}
  for _, channel in ipairs(stock.channels or {}) do
    codes[#codes + 1] = type(channel) == "table" and channel.code or channel
  end
  table.sort(codes)
  return codes
end

function op.resolve_stock(world, args)
  return world:call("stocks.resolve", {
    type = convert.first(args, "type"), code = convert.text(args.code),
  })
end

-- Websites are the shop's: it registers them, and tells the engine which stock each sells from. A
-- new one starts with the default stock.

function op.create_website(world, args)
  local stock, failure = world:call("stocks.get", 1)
  if stock == nil then return nil, failure end
  world.websites[args.code] = true
  table.insert(stock.channels, { type = "website", code = convert.text(args.code) })
  return done(world:call("stocks.save", { id = 1, channels = stock.channels }))
end

function op.delete_website(world, args)
  world.websites[args.code] = nil
  return done(world:call("channels.delete", convert.text(args.code)))
end

function op.rename_website(world, args)
  world.websites[args.from], world.websites[args.to] = nil, true
  return done(world:call("channels.rename",
    { from = convert.text(args.from), to = convert.text(args.to) }))
end

-- Settings.

function op.set_config(world, args)
  return done(world:call("settings.set", settings.global(args, world.qm.inherit)))
end

function op.set_stock_item(world, args)
  local sku = args.sku
  world.options[sku] = world.options[sku] or {}
  return done(world:call("products.save", {
    sku = sku, type = world.types[sku], assign_default = false,
    settings = settings.product(world.options[sku], args.values, world.qm.inherit),
  }))
end

-- Source items.

--- A source item as `items:save` takes it.
function M.item(row)
  return {
    sku = convert.text(row.sku), source = convert.text(row.source_code),
    qty = convert.qty(row.quantity), status = convert.status(row.status),
  }
end

local function each(rows, convert_row)
  local list = {}
  for i, row in ipairs(rows) do list[i] = convert_row(row) end
  return list
end

local function key_of(row)
  return { sku = convert.text(row.sku), source = convert.text(row.source_code) }
end

function op.save_source_items(world, args)
  return done(world:call("items.save", each(args.items, M.item)))
end

function op.delete_source_items(world, args)
  return done(world:call("items.delete", each(args.items, key_of)))
end

function op.source_item(world, args)
  local item, failure = world:call("items.get", key_of(args))
  if missing(failure) then return json.null, failure end
  if item == nil then return nil, failure end
  return { quantity = item.qty, status = convert.status_number(item.status) }
end

function op.source_item_qty(world, args)
  local item, failure = world:call("items.get", key_of(args))
  if missing(failure) then return json.null, failure end
  if item == nil then return nil, failure end
  return item.qty
end

function op.dump_source_items(world)
  local items, failure = world:rows("items.list", {})
  if items == nil then return nil, failure end
  local map = {}
  for _, item in ipairs(items) do
    map[item.sku .. "@" .. item.source] = { item.qty, convert.status_number(item.status) }
  end
  return map
end

-- MSI deducts nothing of products whose stock is not managed.
function op.deduct_source(world, args)
  local lines = {}
  for _, item in ipairs(args.items) do
    local product = world:call("products.get", item.sku)
    if not product or product.effective.manage_stock then
      lines[#lines + 1] = {
        sku = convert.text(item.sku), source = convert.text(args.source_code),
        delta = -tonumber(item.qty), least = 0,
      }
    end
  end
  if #lines == 0 then return json.null end
  return done(world:call("items.adjust", { id = world:fresh("deduct"), lines = lines }))
end

function op.in_stock_source_items(world, args)
  local rows = {}
  for _, source in ipairs(args.sources) do
    for _, sku in ipairs(args.skus) do
      local item, failure = world:call("items.get", { sku = sku, source = source })
      if item == nil and not missing(failure) then return nil, failure end
      if item and item.status == "in_stock" then
        rows[#rows + 1] = { source_code = source, sku = sku, quantity = item.qty }
      end
    end
  end
  return rows
end

return M
