-- catalogue.lua: sources, stocks, links, products, settings.

local bundles = require "model.bundles"
local guard = require "model.guard"
local parts = require "model.parts"
local request_of = require "model.request"
local rules = require "model.rules"
local shop_of = require "model.shop"

local _M = {}

local note, refuse = request_of.note, request_of.refuse

-- ---- sources ----

_M["sources:save"] = function(request, given)
  local shop = request.shop
  local number = shop_of.find_source(shop, given.code)
  local source = number and shop.sources[number] or { enabled = true }
  if not number and not (given.name and given.country and given.postcode) then
    note(request, "INVALID")
  end
  if number == shop_of.DEFAULT_SOURCE and given.enabled == false then note(request, "PROTECTED") end
  for _, other in ipairs(shop.sources) do
    if other ~= source and other.name == given.name then note(request, "CONFLICT") end
  end
  if #request.codes > 0 then return end
  local disabled = number and source.enabled and given.enabled == false
  guard.voluntary(request, disabled and guard.products_at(shop, number) or {}, given.force,
    function()
      for key, value in pairs(given) do source[key] = value end
      source.force = nil
    end)
  if not number then table.insert(shop.sources, source) end
  request.answer.value = given.code
end

-- ---- stocks and links ----

-- Why a link may not be. stock: its id, false for one that is new, nil for one that is not there.
local function check_link(request, stock, row)
  local source = request_of.source(request, row.source)
  if row.priority < 1 then note(request, "INVALID") end
  local default_stock, default_source = stock == shop_of.DEFAULT_STOCK,
    source == shop_of.DEFAULT_SOURCE
  if source and stock ~= nil and default_stock ~= default_source then note(request, "PROTECTED") end
  return source
end

local function put_link(shop, stock, source, priority)
  local link = shop_of.find_link(shop, stock, source)
  if link then
    link.priority = priority
  else
    table.insert(shop.links, { stock = stock, source = source, priority = priority })
  end
end

-- What the stock's orders have claimed at the source is promised to them still, but from nowhere.
local function remove_link(shop, stock, source)
  local _, at = shop_of.find_link(shop, stock, source)
  table.remove(shop.links, at)
  shop_of.drop_allocations(shop, nil, source, stock)
end

_M["stocks:link"] = function(request, rows, options)
  local force = options and options.force
  request_of.rows(request, rows, function(row)
    local shop, before = request.shop, #request.codes
    local stock = request_of.stock(request, row)
    local source = check_link(request, stock, row)
    if #request.codes > before then return end
    local linked = shop_of.find_link(shop, stock, source)
    guard.voluntary(request, linked and {} or guard.products_at(shop, source), force, function()
      put_link(shop, stock, source, row.priority)
    end)
  end)
  request.answer.value = #rows
end

_M["stocks:unlink"] = function(request, rows, options)
  local removed, force = 0, options and options.force
  request_of.rows(request, rows, function(row)
    local source = shop_of.find_source(request.shop, row.source)
    if row.stock == shop_of.DEFAULT_STOCK or source == shop_of.DEFAULT_SOURCE then
      refuse("PROTECTED")
    end
    local shop = request.shop
    if shop_of.find_link(shop, row.stock, source) then
      guard.voluntary(request, guard.products_at(shop, source), force, function()
        remove_link(shop, row.stock, source)
      end)
      removed = removed + 1
    end
  end)
  request.answer.value = removed
end

local function check_stock(request, given, stock)
  local shop = request.shop
  if stock and stock.deleted then note(request, "CONFLICT") end
  if (not stock or stock.deleted) and not given.name then note(request, "INVALID") end
  for _, row in ipairs(given.sources or {}) do
    check_link(request, stock and not stock.deleted and stock.id or false,
      { source = row.code, priority = row.priority })
  end
  for _, channel in ipairs(given.channels or {}) do
    if shop_of.channel_key(channel) == "website admin" and given.id ~= 1 then
      note(request, "PROTECTED")
    end
  end
  if #request.codes > 0 then return end
  for _, other in ipairs(shop.stocks) do
    if other ~= stock and other.name == given.name and not other.deleted then
      note(request, "CONFLICT")
    end
  end
end

local function save_channels(shop, stock, channels)
  for key, owner in pairs(shop.channels) do
    if owner == stock then shop.channels[key] = shop_of.DEFAULT_STOCK end
  end
  for _, channel in ipairs(channels) do shop.channels[shop_of.channel_key(channel)] = stock end
end

-- All links of a stock are one change, so that promises may move from the old sources to the new
-- ones.
local function save_links(request, stock, rows, force)
  local shop, named, changed = request.shop, {}, {}
  for _, row in ipairs(rows) do named[shop_of.find_source(shop, row.code)] = row.priority end
  for source in ipairs(shop.sources) do
    local linked = shop_of.find_link(shop, stock, source)
    if linked and not named[source] and stock == shop_of.DEFAULT_STOCK then refuse("PROTECTED") end
    if (linked == nil) ~= (named[source] == nil) then changed[#changed + 1] = source end
  end
  local products, seen = {}, {}
  for _, source in ipairs(changed) do
    for _, product in ipairs(guard.products_at(shop, source)) do
      if not seen[product] then products[#products + 1] = product end
      seen[product] = true
    end
  end
  guard.voluntary(request, products, force, function()
    for source in ipairs(shop.sources) do
      if named[source] then put_link(shop, stock, source, named[source]) end
    end
    for _, source in ipairs(changed) do
      if not named[source] then remove_link(shop, stock, source) end
    end
  end)
end

local function next_id(shop)
  local last = 0
  for _, stock in ipairs(shop.stocks) do last = math.max(last, stock.id) end
  return last + 1
end

_M["stocks:save"] = function(request, given)
  local shop = request.shop
  local stock = given.id and shop_of.find_stock(shop, given.id)
  check_stock(request, given, stock)
  if #request.codes > 0 then return end
  if not stock then
    stock = { id = given.id or next_id(shop) }
    table.insert(shop.stocks, stock)
    table.sort(shop.stocks, function(a, b) return a.id < b.id end)
  end
  stock.name = given.name or stock.name
  if given.channels then save_channels(shop, stock.id, given.channels) end
  if given.sources then save_links(request, stock.id, given.sources, given.force) end
  request.answer.value = stock.id
end

-- The adopted rows of a stock by order and product; those of no order belong together.
local function adopted_by_order(shop, stock)
  local sums = {}
  for _, row in ipairs(shop.adopted) do
    local key = ("%s %s"):format(row.document, row.product)
    if row.stock == stock then sums[key] = (sums[key] or 0) + row.qty end
  end
  return sums
end

_M["stocks:delete"] = function(request, id)
  local shop = request.shop
  local stock = shop_of.find_stock(shop, id)
  if id == shop_of.DEFAULT_STOCK then refuse("PROTECTED") end
  for _, owner in pairs(shop.channels) do
    if owner == id then note(request, "IN_USE") end
  end
  if not stock or stock.deleted then note(request, "NOT_FOUND") end
  for product in ipairs(shop.products) do
    local sums = shop_of.promised(shop, product, id)
    if sums.firm + sums.backordered + sums.allocated > 0 then note(request, "IN_USE") end
  end
  for _, qty in pairs(adopted_by_order(shop, id)) do
    if qty ~= 0 then note(request, "IN_USE") end
  end
  for _, order in ipairs(shop.orders) do
    local counts = order.stock == id and shop_of.is_live(shop, order)
    for _, line in ipairs(counts and order.lines or {}) do
      local uncounted = line.tracked ~= "all" and shop_of.is_single(line)
      if uncounted and shop_of.open(line) > 0 then note(request, "IN_USE") end
    end
  end
  if #request.codes > 0 then return end
  stock.deleted = true
  for i = #shop.links, 1, -1 do
    if shop.links[i].stock == id then table.remove(shop.links, i) end
  end
  request.answer.value = true
end

-- ---- products and settings ----

-- Units of a product that somebody still waits for.
local function open_units(shop, product)
  local total = 0
  for _, stock in ipairs(shop.stocks) do
    local sums = shop_of.promised(shop, product, stock.id)
    total = total + sums.firm + sums.backordered + sums.allocated + math.max(0, sums.adopted)
  end
  for _, order in ipairs(shop.orders) do
    for _, line in ipairs(shop_of.is_live(shop, order) and order.lines or {}) do
      local counts = line.kind ~= "parent" or order.kind == "hold" and bundles.is_left(order, line)
      if line.product == product and line.tracked ~= "all" and counts then
        total = total + shop_of.open(line)
      end
    end
  end
  return total
end

local function has_items(shop, product)
  for source in ipairs(shop.sources) do
    if shop_of.item(shop, product, source) then return true end
  end
  return false
end

-- A managed product that is nowhere gets an empty item at the default source.
local function assign_default(shop, product)
  if request_of.is_composite(shop, product) then return end
  if not rules.rule(shop, product, shop_of.DEFAULT_STOCK).managed then return end
  if has_items(shop, product) then return end
  shop_of.put_item(shop, product, shop_of.DEFAULT_SOURCE,
    { qty = 0, status = "out_of_stock", assigned_only = true })
end

-- What has quantities, or open orders, keeps its type in so far; what is made up in another way is
-- made of nothing yet.
local function change_type(request, number, type)
  local product, was = request.shop.products[number], request_of.is_composite(request.shop, number)
  local is = request_of.is_composite_type(type)
  if was == is and (not is or product.type == type) then return end
  local before, used = #request.codes, has_items(request.shop, number)
  if was ~= is and (used or open_units(request.shop, number) > 0) then
    note(request, "UNSUPPORTED")
  end
  if is and not was then parts.refuse_if_used(request, number) end
  if #request.codes == before then product.made_of = nil end
end

-- A product that is elsewhere cannot become one for businesses.
local function check_b2b(request, row, number)
  local shop, product = request.shop, request.shop.products[number]
  local marked = row.b2b and product.declared ~= nil and not product.b2b
  for source = 2, marked and request_of.is_on(shop, "b2b_default_only") and #shop.sources or 0 do
    if shop_of.item(shop, number, source) then
      note(request, "CONFLICT")
      return
    end
  end
end

local function save_product(request, row)
  local shop, before = request.shop, #request.codes
  if not request_of.legal_sku(request, row.sku) then return end
  local number, product = shop_of.find_product(shop, row.sku)
  if not product then
    product = { sku = row.sku, type = "simple", own = {} }
    table.insert(shop.products, product)
    number = #shop.products
  end
  change_type(request, number, row.type or product.type)
  check_b2b(request, row, number)
  if #request.codes > before then return end
  product.declared, product.type = true, row.type or product.type
  product.own = rules.merge(product.own, row.settings or {})
  if row.b2b ~= nil then product.b2b = row.b2b end
  if row.assign_default ~= false then assign_default(shop, number) end
end

-- Parts come last, since they may be products of the same call.
_M["products:save"] = function(request, rows)
  if #rows == 0 then refuse("INVALID") end
  for _, row in ipairs(rows) do request_of.try(request, save_product, request, row) end
  for _, row in ipairs(rows) do parts.save(request, row) end
  request.answer.value = #rows
end

_M["settings:set"] = function(request, changes)
  request.shop.settings = rules.merge(request.shop.settings, changes)
  request.answer.value = true
end

_M["policies:activate"] = function(request, name)
  request.shop.policy = name
  request.answer.value = true
end

_M["products:rename"] = function(request, sku, to)
  local shop = request.shop
  local number, product = shop_of.find_product(shop, sku)
  local taken = request_of.legal_sku(request, to) and shop_of.find_product(shop, to)
  if not number then
    note(request, "NOT_FOUND")
  elseif taken and taken ~= number then
    note(request, "CONFLICT")
  elseif #request.codes == 0 then
    product.sku = to
  end
  request.answer.value = true
end

local function delete_product(request, number)
  local shop = request.shop
  guard.fact(request, number)
  shop.products[number].made_of = nil
  for source in ipairs(shop.sources) do
    if shop_of.item(shop, number, source) then
      shop_of.drop_allocations(shop, number, source)
      shop_of.put_item(shop, number, source, nil)
    end
  end
end

_M["products:delete"] = function(request, skus, options)
  local shop, numbers, force = request.shop, {}, options and options.force
  if #skus == 0 then refuse("INVALID") end
  for _, sku in ipairs(skus) do
    local number = shop_of.find_product(shop, sku)
    if not number then note(request, "NOT_FOUND") else numbers[#numbers + 1] = number end
  end
  local seen, gone = {}, {}
  for _, number in ipairs(numbers) do
    if not seen[number] then gone[#gone + 1] = number end
    seen[number] = true
    shop.products[number].deleted = true
  end
  for _, number in ipairs(gone) do
    parts.refuse_if_used(request, number)
    if not force and open_units(shop, number) > 0 then note(request, "IN_USE") end
  end
  for _, number in ipairs(#request.codes == 0 and gone or {}) do delete_product(request, number) end
  request.answer.value = #gone
end

-- ---- channels ----

_M["channels:rename"] = function(request, given)
  local shop = request.shop
  local from = shop_of.channel_key(given.from)
  local to = from:match("^(%S+) ") .. " " .. given.to
  if from == "website admin" then refuse("PROTECTED") end
  if given.to:find("^%s*$") then note(request, "INVALID") end
  if to == "website admin" then note(request, "PROTECTED") end
  if not shop.channels[from] then
    note(request, "NOT_FOUND")
  elseif shop.channels[to] and to ~= from then
    note(request, "CONFLICT")
  end
  local stock = shop.channels[from]
  shop.channels[from] = nil
  shop.channels[to] = stock
  request.answer.value = true
end

_M["channels:delete"] = function(request, channel)
  local key = shop_of.channel_key(channel)
  if key == "website admin" then refuse("PROTECTED") end
  if not request.shop.channels[key] then refuse("NOT_FOUND") end
  request.shop.channels[key] = nil
  request.answer.value = true
end

return _M
