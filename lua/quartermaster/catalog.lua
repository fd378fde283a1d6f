-- The catalogue: sources, stocks, products, source items. Thin: lists and pages here, rules in the
-- core and the store.

local core = require "quartermaster.core"
local rules = require "quartermaster.rules"
local settings = require "quartermaster.settings"

local _M = {}

local STATUS = { [0] = "out_of_stock", "in_stock", "out_of_stock" }
local TYPES = { [0] = "simple", "virtual", "downloadable", "configurable", "grouped", "bundle" }
local PRODUCT_KEYS = { sku = true, type = true, settings = true, b2b = true, assign_default = true }


-- ---- helpers ----

local function check_table(value, what)
  if type(value) ~= "table" then
    error(what .. " must be a table, not a " .. type(value), 3)
  end
end


-- One record, or a list of them, as a list.
local function as_list(value, what)
  check_table(value, what)
  if #value == 0 and next(value) ~= nil then
    return { value }
  end
  return value
end


-- The keys of a table, sorted.
local function names(known)
  local list = {}
  for name in pairs(known) do
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end

_M.names = names


local function check_keys(given, known, what)
  for key in pairs(given) do
    if not known[key] then
      error(("%s has no key '%s' (known: %s)"):format(what, tostring(key),
        table.concat(names(known), ", ")), 3)
    end
  end
end

_M.check_keys = check_keys


local function not_found(field, message, magento)
  return nil, message, "NOT_FOUND", { errors = { {
    field = field, code = "NOT_FOUND", message = message, magento = magento or "no_such_entity",
  } } }
end

_M.not_found = not_found


-- How many rows a page has.
local function page_size(filter)
  local limit = filter.limit or 100
  if type(limit) ~= "number" or limit < 1 or limit % 1 ~= 0 then
    error("limit must be a whole number of at least 1", 3)
  end
  return math.min(limit, core.limits.page)
end

_M.page_size = page_size


-- Reads one row more than the page has, to know whether another follows.
local function page(rows, size, key)
  if #rows <= size then
    return rows, nil
  end
  rows[size + 1] = nil
  return rows, rows[size][key]
end

_M.page = page


local function group(methods)
  local index = { __index = methods }
  return function(inv)
    return setmetatable({ inv = inv }, index)
  end
end


-- ---- sources ----

local Sources = {}
_M.sources = group(Sources)


function Sources:save(source)
  check_table(source, "sources:save")
  local inv = self.inv
  local saved, message, code, detail = core.write(inv.store, "source", source, inv.clock())
  if not saved then
    return nil, message, code, detail
  end
  return source.code
end


function Sources:get(code)
  local rows, message, kind, detail = core.read(self.inv.store, "SOURCE", tostring(code))
  if not rows then
    return nil, message, kind, detail
  end
  if not rows[1] then
    return not_found("code", 'Source with code "' .. tostring(code) .. '" does not exist.')
  end
  return rows[1]
end


function Sources:list(filter)
  filter = filter or {}
  check_keys(filter, { stock = true, after = true, limit = true }, "sources:list")
  if filter.stock then
    return core.read(self.inv.store, "STOCK_SOURCES", filter.stock)
  end
  local size = page_size(filter)
  local rows, message, code, detail =
    core.read(self.inv.store, "SOURCES", filter.after or "", size + 1)
  if not rows then
    return nil, message, code, detail
  end
  return page(rows, size, "code")
end


function Sources:single()
  local rows, message, code, detail = core.read(self.inv.store, "ENABLED")
  if not rows then
    return nil, message, code, detail
  end
  return rows[1].enabled < 2
end


-- ---- stocks ----

local Stocks = {}
_M.stocks = group(Stocks)


function Stocks:save(stock)
  check_table(stock, "stocks:save")
  check_keys(stock, { id = true, name = true, channels = true, sources = true }, "stocks:save")
  return rules.save_stock(self.inv, stock)
end


local function complete_stock(inv, stock)
  local message, code, detail
  stock.channels, message, code, detail = core.read(inv.store, "CHANNELS", stock.id)
  if not stock.channels then
    return nil, message, code, detail
  end
  stock.sources, message, code, detail = core.read(inv.store, "LINKS", stock.id)
  if not stock.sources then
    return nil, message, code, detail
  end
  return stock
end


function Stocks:get(id)
  if type(id) ~= "number" then
    error("stocks:get takes a stock id", 2)
  end
  local rows, message, code, detail = core.read(self.inv.store, "STOCK", id)
  if not rows then
    return nil, message, code, detail
  end
  if not rows[1] then
    return not_found("id", ('Stock with id "%d" does not exist.'):format(id))
  end
  return complete_stock(self.inv, rows[1])
end


function Stocks:list(filter)
  filter = filter or {}
  check_keys(filter, { after = true, limit = true }, "stocks:list")
  local size = page_size(filter)
  local rows, message, code, detail =
    core.read(self.inv.store, "STOCKS", filter.after or 0, size + 1)
  if not rows then
    return nil, message, code, detail
  end
  local next_id
  rows, next_id = page(rows, size, "id")
  for _, stock in ipairs(rows) do
    local whole
    whole, message, code, detail = complete_stock(self.inv, stock)
    if not whole then
      return nil, message, code, detail
    end
  end
  return rows, next_id
end


local function done(value, message, code, detail)
  if value == nil then
    return nil, message, code, detail
  end
  return true
end


function Stocks:delete(id)
  return done(core.write(self.inv.store, "stock_delete", { id = id }, self.inv.clock()))
end


function Stocks:link(links)
  return core.write(self.inv.store, "link", { rows = as_list(links, "stocks:link") },
    self.inv.clock())
end


function Stocks:unlink(links)
  return core.write(self.inv.store, "unlink", { rows = as_list(links, "stocks:unlink") },
    self.inv.clock())
end


function Stocks:resolve(channel)
  local stands, message, code, detail =
    core.stand(self.inv.store, { channel = channel }, { "" }, "whole")
  if not stands then
    return nil, message, code, detail
  end
  return stands[1].stock
end


-- ---- products ----

local Products = {}
_M.products = group(Products)


-- The own settings of a product after the save, as text, and the id of the ones before.
local function own_text(inv, product, changes)
  local old, was = {}, -1
  if type(product.sku) == "string" then
    local rows, message, code, detail = core.read(inv.store, "PRODUCT_OWN", product.sku)
    if not rows then
      return nil, message, code, detail
    end
    if rows[1] then
      old, was = settings.from_text(rows[1].settings), rows[1].own
    end
  end
  return settings.to_text(settings.merge(old, changes)), was
end


local function product_rows(inv, list, changes)
  local rows, ids = {}, {}
  for i, product in ipairs(list) do
    local text, was, code, detail = own_text(inv, product, changes[i])
    if not text then
      return nil, was, code, detail
    end
    if not ids[text] then
      local message
      ids[text], message, code, detail = rules.own_id(inv, text)
      if not ids[text] then
        return nil, message, code, detail
      end
    end
    rows[i] = {
      sku = product.sku, type = product.type, b2b = product.b2b, own = ids[text], was_own = was,
      no_assign = product.assign_default == false,
    }
  end
  return rows
end


local function parse_products(list)
  local changes, problems = {}, {}
  for i, product in ipairs(list) do
    check_table(product, "products:save")
    check_keys(product, PRODUCT_KEYS, "products:save")
    local wrong
    changes[i], wrong = settings.parse(product.settings or {})
    for _, problem in ipairs(wrong or {}) do
      problem.line, problem.index, problem.sku = i, i, product.sku
      problems[#problems + 1] = problem
    end
  end
  return changes, problems
end


-- Two rows of one SKU build on each other, so the second must see what the first one saved.
local function has_duplicates(list)
  local seen = {}
  for _, product in ipairs(list) do
    if product.sku ~= nil and seen[product.sku] then
      return true
    end
    seen[product.sku or ""] = true
  end
  return false
end


local function twice()
  local message = "a SKU may appear once in one call of products:save"
  return nil, message, "INVALID", { errors = { { field = "sku", code = "INVALID",
    message = message } } }
end


function Products:save(product)
  local inv, list = self.inv, as_list(product, "products:save")
  local changes, problems = parse_products(list)
  if #problems > 0 then
    return nil, problems[1].message, "INVALID", { errors = problems }
  end
  if has_duplicates(list) then
    return twice()
  end
  return rules.until_current(inv, function()
    local rows, message, code, detail = product_rows(inv, list, changes)
    if not rows then
      return nil, message, code, detail
    end
    return core.write(inv.store, "products", { rows = rows }, inv.clock())
  end)
end


local function to_product(row, shop_settings)
  local own = settings.from_text(row.settings)
  return {
    sku = row.sku, type = TYPES[row.type_number], b2b = row.b2b, declared = row.declared,
    settings = settings.public(own),
    effective = settings.public(settings.effective(own, shop_settings)),
  }
end


function Products:get(sku)
  if type(sku) ~= "string" then
    error("products:get takes a SKU (a string), not a " .. type(sku), 2)
  end
  local rows, message, code, detail = core.read(self.inv.store, "PRODUCT", sku)
  if not rows then
    return nil, message, code, detail
  end
  if not rows[1] then
    return not_found("sku", "there is no product " .. sku)
  end
  local shop
  shop, message, code, detail = rules.shop(self.inv)
  if not shop then
    return nil, message, code, detail
  end
  return to_product(rows[1], shop.settings)
end


function Products:list(filter)
  filter = filter or {}
  check_keys(filter, { after = true, limit = true }, "products:list")
  local size = page_size(filter)
  local shop, message, code, detail = rules.shop(self.inv)
  if not shop then
    return nil, message, code, detail
  end
  local rows
  rows, message, code, detail =
    core.read(self.inv.store, "PRODUCTS", filter.after or 0, size + 1)
  if not rows then
    return nil, message, code, detail
  end
  local next_id
  rows, next_id = page(rows, size, "id")
  for i, row in ipairs(rows) do
    rows[i] = to_product(row, shop.settings)
  end
  return rows, next_id
end


-- ---- source items ----

local Items = {}
_M.items = group(Items)


local function to_item(row)
  row.id = nil
  row.status = STATUS[row.status]
  return row
end


function Items:save(items)
  return core.write(self.inv.store, "items", { rows = as_list(items, "items:save") },
    self.inv.clock())
end


function Items:get(key)
  check_table(key, "items:get")
  check_keys(key, { sku = true, source = true }, "items:get")
  local rows, message, code, detail =
    core.read(self.inv.store, "ITEM", tostring(key.sku), key.source or "default")
  if not rows then
    return nil, message, code, detail
  end
  if not rows[1] then
    return not_found("sku", "there is no such source item", "no_such_entity-source_item")
  end
  return to_item(rows[1])
end


function Items:list(filter)
  filter = filter or {}
  check_keys(filter, { sku = true, source = true, after = true, limit = true }, "items:list")
  if filter.sku and filter.source then
    error("items:list takes a sku or a source; for one item use items:get", 2)
  end
  local size, after = page_size(filter), filter.after or 0
  local store = self.inv.store
  local rows, message, code, detail
  if filter.sku then
    rows, message, code, detail = core.read(store, "ITEMS_OF", filter.sku, after, size + 1)
  elseif filter.source then
    rows, message, code, detail = core.read(store, "ITEMS_AT", filter.source, after, size + 1)
  else
    rows, message, code, detail = core.read(store, "ITEMS", after, size + 1)
  end
  if not rows then
    return nil, message, code, detail
  end
  local next_id
  rows, next_id = page(rows, size, "id")
  for _, row in ipairs(rows) do
    to_item(row)
  end
  return rows, next_id
end


function Items:delete(items)
  return core.write(self.inv.store, "items_delete", { rows = as_list(items, "items:delete") },
    self.inv.clock())
end


function Items:adjust(request)
  return core.write(self.inv.store, "adjust", request, self.inv.clock())
end


return _M
