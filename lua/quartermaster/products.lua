-- inv.products: what is sold, and the settings that are a product's own.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local outcome = require "quartermaster.outcome"
local page = require "quartermaster.page"
local rules = require "quartermaster.rules"
local settings = require "quartermaster.settings"

local _M = {}

local TYPES = { [0] = "simple", "virtual", "downloadable", "configurable", "grouped", "bundle" }

local IS_COMPOSITE = { configurable = true, grouped = true, bundle = true }

local LIST = { after = "whole", limit = "whole" }
local PRODUCT = {
  sku = "string", type = "string", settings = "table", b2b = "boolean", assign_default = "boolean",
  children = "list", options = "list", ship_together = "boolean", in_stock = "boolean",
}

-- What is said of a product that is made of others, and is passed on as it is.
local COMPOSITE = { "children", "options", "ship_together", "in_stock" }

-- The keys of the calls that are checked here, for quartermaster.options.
_M.KEYS = { ["products:save"] = PRODUCT, ["products:list"] = LIST }

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


local function with_parts(row, product)
  for _, key in ipairs(COMPOSITE) do
    row[key] = product[key]
  end
  return row
end


-- Would the store take these products? Asked before their settings are interned, so that a refused
-- call leaves nothing behind.
local function try_products(inv, list)
  local rows = {}
  for i, product in ipairs(list) do
    rows[i] = with_parts({ sku = product.sku, type = product.type, b2b = product.b2b, own = 1,
      was_own = 1 }, product)
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
    rows[i] = with_parts({
      sku = product.sku, type = product.type, b2b = product.b2b, own = ids[text], was_own = was,
      no_assign = product.assign_default == false,
    }, product)
  end
  return rows
end


-- The changes of each product's settings, and what is wrong with them; a SKU that comes twice is
-- wrong too, since the second would build on what the first had saved.
local function parse_products(list)
  local changes, problems, seen = {}, {}, {}
  for i, product in ipairs(list) do
    local wrong
    changes[i], wrong = settings.parse("products:save", product.settings or {},
      settings.PRODUCT)
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


-- Problems by product and key; those of parts come last, as they were found.
local function sort_problems(problems)
  local position = {}
  for i, problem in ipairs(problems) do
    position[problem] = i
  end
  table.sort(problems, function(a, b)
    if a.index ~= b.index then
      return (a.index or 0) < (b.index or 0)
    elseif not a.path ~= not b.path then
      return not a.path
    elseif a.path or a.field == b.field then
      return position[a] < position[b]
    end
    return (a.field or "") < (b.field or "")
  end)
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
  sort_problems(problems)
  return outcome.refuse(problems)
end


function _M:save(product)
  local inv, list = self.inv, page.list(product, "products:save")
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


function _M:rename(sku, to)
  check.value("products:rename", "sku", sku, "string", 2)
  check.value("products:rename", "to", to, "string", 2)
  return outcome.done(
    core.write(self.inv.store, "product_rename", { sku = sku, to = to }, self.inv.clock()))
end


function _M:delete(skus, options)
  skus = type(skus) == "string" and { skus } or skus
  check.value("products:delete", "skus", skus, "list", 2)
  check.values("products:delete", "skus", skus, "string", 2)
  local rows = {}
  for i, sku in ipairs(skus) do
    rows[i] = { sku = sku }
  end
  return core.write(self.inv.store, "products_delete",
    { rows = rows, force = check.force("products:delete", options) }, self.inv.clock())
end


-- The parts of a composite, as save takes them. A configurable product is one child and a grouped
-- one as many as the customer says, so these say less than what a bundle's options offer.
local function add_parts(inv, product, id)
  local offers, message, code, detail = core.read(inv.store, "OFFERS", id)
  if not offers then
    return nil, message, code, detail
  end
  local options, children = {}, {}
  for _, offer in ipairs(offers) do
    local option = options[#options]
    if not option or option.number ~= offer.number then
      option = { number = offer.number, name = offer.name, required = offer.required,
        selections = {} }
      options[#options + 1] = option
    end
    if offer.sku then
      local qty = product.type ~= "configurable" and offer.qty or nil
      children[#children + 1] = { sku = offer.sku, qty = qty }
      option.selections[#option.selections + 1] =
        { sku = offer.sku, qty = offer.qty, own_qty = offer.own_qty }
    end
  end
  if product.type ~= "bundle" then
    product.children = children
    return product
  end
  product.options = options
  for _, option in ipairs(options) do
    option.number = nil
  end
  return product
end


local function to_product(inv, row, shop_settings)
  local own = settings.from_text(row.settings)
  local product = {
    sku = row.sku, type = TYPES[row.type_number], b2b = row.b2b, declared = row.declared,
    settings = settings.public(own),
    effective = settings.public_of_product(settings.effective(own, shop_settings)),
  }
  if not IS_COMPOSITE[product.type] then
    return product
  end
  product.in_stock = row.in_stock ~= false
  if product.type == "bundle" then
    product.ship_together = row.ship_together == true
  end
  return add_parts(inv, product, row.id)
end


local function read_product(inv, sku)
  local rows, message, code, detail = core.read(inv.store, "PRODUCT", sku)
  if not rows then
    return nil, message, code, detail
  end
  if not rows[1] then
    return outcome.not_found("sku", "there is no product " .. sku)
  end
  local shop
  shop, message, code, detail = rules.shop(inv)
  if not shop then
    return nil, message, code, detail
  end
  return to_product(inv, rows[1], shop.settings)
end


function _M:get(sku)
  check.value("products:get", "sku", sku, "string", 2)
  return core.together(self.inv.store, read_product, self.inv, sku)
end


local function read_products(inv, after, size)
  local shop, message, code, detail = rules.shop(inv)
  if not shop then
    return nil, message, code, detail
  end
  local rows
  rows, message, code, detail =
    core.read(inv.store, "PRODUCTS", after, size + 1)
  if not rows then
    return nil, message, code, detail
  end
  local next_id
  rows, next_id = page.cut(rows, size, "id")
  for i, row in ipairs(rows) do
    rows[i], message, code, detail = to_product(inv, row, shop.settings)
    if not rows[i] then
      return nil, message, code, detail
    end
  end
  return rows, next_id
end


function _M:list(filter)
  filter = filter == nil and {} or filter
  check.keys("products:list", filter, LIST, 2)
  local size = page.size("products:list", filter)
  return core.together(self.inv.store, read_products, self.inv, filter.after or 0, size)
end


return _M
