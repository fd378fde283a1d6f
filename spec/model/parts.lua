-- parts.lua: products that are made of others: saying what of, and whether they can be sold.
--
-- A product has `made_of` if anything was said of its parts: { in_stock, together, options }; an
-- option is { name, required, offers }, an offer { product, qty, own_qty }. It is replaced, never
-- changed. Children are the offers of one option.

local request_of = require "model.request"
local rules = require "model.rules"
local shop_of = require "model.shop"

local _M = {}

local note = request_of.note

local NOTHING = { in_stock = true, together = false, options = {} }

function _M.of(shop, product) return shop.products[product].made_of or NOTHING end

-- Calls fn(offer, option, composite) for every offer there is.
local function each_offer(shop, fn)
  for number, product in ipairs(shop.products) do
    for _, option in ipairs(product.made_of and product.made_of.options or {}) do
      for _, offer in ipairs(option.offers) do fn(offer, option, number) end
    end
  end
end

-- A product that others are made of stays what it is.
function _M.refuse_if_used(request, product)
  local uses = 0
  each_offer(request.shop, function(offer, _, composite)
    if offer.product == product and not request.shop.products[composite].deleted then
      uses = uses + 1
    end
  end)
  if uses > 0 then note(request, "IN_USE") end
end

-- ---- saving ----

local FITS = {
  children = { configurable = true, grouped = true },
  options = { bundle = true }, ship_together = { bundle = true },
  in_stock = { configurable = true, grouped = true, bundle = true },
}

-- Why a product cannot be a part; seen: those that the option offers already.
local function wrong_part(shop, sku, child, whole, seen)
  if sku == whole then return "INVALID" end
  if not child or not shop.products[child].declared then return "NOT_FOUND" end
  return (request_of.is_composite(shop, child) or seen[child]) and "INVALID" or nil
end

-- What one option offers, noting what is wrong with it.
local function read_offers(request, whole, rows, own_qty)
  local offers, seen = {}, {}
  for i, row in ipairs(rows) do
    if type(row) == "string" then row = { sku = row } end
    local given = row.qty ~= nil
    if given and own_qty == "one" then note(request, "INVALID") end
    local qty = given and own_qty ~= "one" and request_of.qty(request, row.qty) or shop_of.UNIT
    if request_of.legal_sku(request, row.sku) then
      local child = shop_of.find_product(request.shop, row.sku)
      local wrong = wrong_part(request.shop, row.sku, child, whole, seen)
      if wrong then note(request, wrong) else seen[child] = true end
      offers[i] = { product = child, qty = qty, own_qty = own_qty == "any" or row.own_qty or false }
    end
  end
  return offers
end

local function read_options(request, rows, whole)
  local options, names = {}, {}
  for i, row in ipairs(rows) do
    if row.name and names[row.name] then note(request, "INVALID") end
    names[row.name or ""] = true
    options[i] = { name = row.name, required = row.required ~= false,
      offers = read_offers(request, whole, row.selections or {}) }
  end
  return options
end

-- What a row of products:save says of the parts. Runs when all products of the call are there.
function _M.save(request, row)
  local number, product = shop_of.find_product(request.shop, row.sku)
  local kind, before = row.type or product and product.type or "simple", #request.codes
  local old = product and product.made_of or NOTHING
  local new = { in_stock = old.in_stock, together = old.together, options = old.options }
  for key, fits in pairs(FITS) do
    if row[key] ~= nil and not fits[kind] then note(request, "INVALID") end
  end
  if row.children then
    new.options = { { required = kind == "configurable",
      offers = read_offers(request, row.sku, row.children,
        kind == "configurable" and "one" or "any") } }
  end
  if row.options then new.options = read_options(request, row.options, row.sku) end
  if row.in_stock ~= nil then new.in_stock = row.in_stock end
  if row.ship_together ~= nil then new.together = row.ship_together end
  if number and #request.codes == before then product.made_of = new end
end

-- ---- may it be sold? ----

-- Of a bundle as many as one needs, of others any.
local function is_available(shop, offer, bundle, stock)
  local stand = rules.stand(shop, offer.product, stock)
  if not rules.is_salable(stand) then return false end
  local any = not bundle or offer.own_qty or not stand.rule.managed or stand.rule.unlimited
  return any or stand.live >= offer.qty
end

function _M.is_salable(shop, product, stock)
  local made_of, any = _M.of(shop, product), false
  local bundle = shop.products[product].type == "bundle"
  if not made_of.in_stock then return false end
  for _, option in ipairs(made_of.options) do
    local open = false
    for _, offer in ipairs(option.offers) do
      open = open or is_available(shop, offer, bundle, stock)
    end
    if option.required and not open then return false end
    any = any or open
  end
  return any
end

-- ---- as callers see it ----

local function public_offers(shop, offers, type)
  local list = {}
  for i, offer in ipairs(offers) do
    list[i] = { sku = shop.products[offer.product].sku, qty = offer.qty / shop_of.UNIT,
      own_qty = offer.own_qty }
    if type ~= "bundle" then list[i].own_qty = nil end
    if type == "configurable" then list[i].qty = nil end
  end
  return list
end

-- What a product's record says of its parts.
function _M.public(shop, number)
  local product, made_of = shop.products[number], _M.of(shop, number)
  if not request_of.is_composite(shop, number) then return {} end
  if product.type ~= "bundle" then
    local option = made_of.options[1]
    return { in_stock = made_of.in_stock,
      children = public_offers(shop, option and option.offers or {}, product.type) }
  end
  local options = {}
  for i, option in ipairs(made_of.options) do
    options[i] = { name = option.name, required = option.required,
      selections = public_offers(shop, option.offers, product.type) }
  end
  return { in_stock = made_of.in_stock, ship_together = made_of.together, options = options }
end

return _M
