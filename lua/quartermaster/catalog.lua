-- The catalogue: sources, stocks, products, source items. Thin: lists and pages here, rules in the
-- core and the store.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local rules = require "quartermaster.rules"
local settings = require "quartermaster.settings"

local _M = {}

_M.STATUS = { [0] = "out_of_stock", "in_stock", "out_of_stock" }
local TYPES = { [0] = "simple", "virtual", "downloadable", "configurable", "grouped", "bundle" }

local SOURCES_LIST = { stock = "whole", after = "string", limit = "whole" }
local PAGE = { after = "whole", limit = "whole" }
local STOCK = { id = "whole", name = "string", channels = "list", sources = "list" }
local PRODUCT = {
  sku = "string", type = "string", settings = "table", b2b = "boolean", assign_default = "boolean",
}
local ITEM_KEY = { sku = "string", source = "string" }
local ITEMS_LIST = { sku = "string", source = "string", after = "whole", limit = "whole" }

-- The keys of the calls that are checked here, for quartermaster.options.
_M.KEYS = {
  ["sources:list"] = SOURCES_LIST, ["stocks:save"] = STOCK, ["stocks:list"] = PAGE,
  ["products:save"] = PRODUCT, ["products:list"] = PAGE, ["items:get"] = ITEM_KEY,
  ["items:list"] = ITEMS_LIST,
}


-- ---- helpers ----

-- One record, or a list of them, as a list.
local function as_list(value, what)
  if type(value) ~= "table" then
    error(("%s takes a table, not a %s"):format(what, type(value)), 3)
  end
  if #value == 0 and next(value) ~= nil then
    return { value }
  end
  return value
end


local function not_found(field, message, magento)
  return nil, message, "NOT_FOUND", { errors = { {
    field = field, code = "NOT_FOUND", message = message, magento = magento or "no_such_entity",
  } } }
end

_M.not_found = not_found


-- How many rows a page has.
local function page_size(what, filter)
  local limit = filter.limit or 100
  if limit < 1 then
    error(what .. ": limit must be at least 1", 3)
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


-- The stock that a place to sell names.
function _M.stock_of(inv, where)
  local stands, message, code, detail = core.stand(inv.store, where, { "" }, "whole")
  if not stands then
    return nil, message, code, detail
  end
  return stands[1].stock
end


-- A maker of inv.sources, inv.stocks and the like: an object with these methods and the inventory.
local function group(methods)
  local index = { __index = methods }
  return function(inv)
    return setmetatable({ inv = inv }, index)
  end
end

_M.group = group


-- ---- sources ----

local Sources = {}
_M.sources = group(Sources)


function Sources:save(source)
  check.value("sources:save", "its argument", source, "table", 2)
  local inv = self.inv
  local saved, message, code, detail = core.write(inv.store, "source", source, inv.clock())
  if not saved then
    return nil, message, code, detail
  end
  return source.code
end


function Sources:get(code)
  check.value("sources:get", "code", code, "string", 2)
  local rows, message, kind, detail = core.read(self.inv.store, "SOURCE", code)
  if not rows then
    return nil, message, kind, detail
  end
  if not rows[1] then
    return not_found("code", 'Source with code "' .. code .. '" does not exist.')
  end
  return rows[1]
end


function Sources:list(filter)
  filter = filter == nil and {} or filter
  check.keys("sources:list", filter, SOURCES_LIST, 2)
  if filter.stock then
    if filter.after or filter.limit then
      error("sources:list takes a stock, or after and limit: a stock's sources are one page", 2)
    end
    return core.read(self.inv.store, "STOCK_SOURCES", filter.stock)
  end
  local size = page_size("sources:list", filter)
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
  check.keys("stocks:save", stock, STOCK, 2)
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
  check.value("stocks:get", "id", id, "whole", 2)
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
  filter = filter == nil and {} or filter
  check.keys("stocks:list", filter, PAGE, 2)
  local size = page_size("stocks:list", filter)
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
  check.value("stocks:delete", "id", id, "whole", 2)
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
  check.value("stocks:resolve", "channel", channel, "channel", 2)
  return _M.stock_of(self.inv, { channel = channel })
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


-- Would the store take these products? Asked before their settings are interned, so that a refused
-- call leaves nothing behind.
local function try_products(inv, list)
  local rows = {}
  for i, product in ipairs(list) do
    rows[i] = { sku = product.sku, type = product.type, own = 1, was_own = 1 }
  end
  return core.write(inv.store, "products", { rows = rows, dry_run = true }, inv.clock())
end


-- The id of an own-settings text; a new one is interned once the products have been tried.
local function intern(inv, text, list, tried)
  local found, message, code, detail = core.read(inv.store, "OWN", text)
  if not found then
    return nil, message, code, detail
  end
  if found[1] then
    return found[1].id
  end
  if not tried.done then
    tried.done, message, code, detail = try_products(inv, list)
    if not tried.done then
      return nil, message, code, detail
    end
  end
  return rules.own_id(inv, text)
end


local function product_rows(inv, list, changes)
  local rows, ids, tried = {}, {}, {}
  for i, product in ipairs(list) do
    local text, was, code, detail = own_text(inv, product, changes[i])
    if not text then
      return nil, was, code, detail
    end
    if not ids[text] then
      local message
      ids[text], message, code, detail = intern(inv, text, list, tried)
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


-- The changes of each product's settings, and what is wrong with them; a SKU that comes twice is
-- wrong too, since the second would build on what the first had saved.
local function parse_products(list)
  local changes, problems, seen = {}, {}, {}
  for i, product in ipairs(list) do
    local wrong
    changes[i], wrong = settings.parse("products:save", product.settings or {})
    wrong = wrong or {}
    if product.sku and seen[product.sku] then
      wrong[#wrong + 1] = { field = "sku", code = "INVALID",
        message = "a SKU may appear once in one call of products:save" }
    end
    seen[product.sku or ""] = true
    for _, problem in ipairs(wrong) do
      problem.line, problem.index, problem.sku = i, i, product.sku
      problems[#problems + 1] = problem
    end
  end
  return changes, problems
end


-- What the store would say of the same products, so that all problems are reported at once.
local function refuse_products(inv, list, problems)
  local _, message, code, detail = try_products(inv, list)
  if code and not (detail and detail.errors) then
    return nil, message, code, detail
  end
  for _, problem in ipairs(detail and detail.errors or {}) do
    problems[#problems + 1] = problem
  end
  table.sort(problems, function(a, b)
    if a.index ~= b.index then
      return (a.index or 0) < (b.index or 0)
    end
    return (a.field or "") < (b.field or "")
  end)
  return settings.refuse(problems)
end


function Products:save(product)
  local inv, list = self.inv, as_list(product, "products:save")
  check.entries("products:save", list, PRODUCT, 2)
  local changes, problems = parse_products(list)
  if #problems > 0 then
    return refuse_products(inv, list, problems)
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
  check.value("products:get", "sku", sku, "string", 2)
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
  filter = filter == nil and {} or filter
  check.keys("products:list", filter, PAGE, 2)
  local size = page_size("products:list", filter)
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
  row.status = _M.STATUS[row.status]
  return row
end


function Items:save(items)
  return core.write(self.inv.store, "items", { rows = as_list(items, "items:save") },
    self.inv.clock())
end


function Items:get(key)
  check.keys("items:get", key, ITEM_KEY, 2)
  check.value("items:get", "sku", key.sku, "string", 2)
  local rows, message, code, detail =
    core.read(self.inv.store, "ITEM", key.sku, key.source or "default")
  if not rows then
    return nil, message, code, detail
  end
  if not rows[1] then
    return not_found("sku", "there is no such source item", "no_such_entity-source_item")
  end
  return to_item(rows[1])
end


function Items:list(filter)
  filter = filter == nil and {} or filter
  check.keys("items:list", filter, ITEMS_LIST, 2)
  if filter.sku and filter.source then
    error("items:list takes a sku or a source; for one item use items:get", 2)
  end
  local size, after = page_size("items:list", filter), filter.after or 0
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
