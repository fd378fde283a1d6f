-- expand.lua: from the rows of an order to its lines. A composite is a line of its own, and one for
-- each product that was chosen of it.

local parts = require "model.parts"
local request_of = require "model.request"
local shop_of = require "model.shop"

local _M = {}

local note = request_of.note

-- { number, product, qty, kind } of a row; nil when it is wrong in itself, and is not looked up.
local function read_row(request, row, number)
  local shop = request.shop
  local qty = request_of.qty(request, row.qty)
  local legal = request_of.legal_sku(request, row.sku)
  if not qty or not legal then return nil end
  local product = shop_of.find_product(shop, row.sku)
  if not product or not shop.products[product].declared then
    note(request, "NOT_FOUND")
    return nil
  end
  local composite = request_of.is_composite(shop, product)
  if row.selections and not composite then note(request, "INVALID") end
  return { number = number, product = product, qty = qty, composite = composite or nil,
    kind = composite and "parent" or _M.kind_of(shop, product), selections = row.selections }
end

function _M.kind_of(shop, product)
  return shop.products[product].type == "simple" and "goods" or "virtual"
end

-- ---- choosing ----

local function find_option(options, name)
  for _, option in ipairs(options) do
    if option.name == name then return option end
  end
  return nil
end

-- An offer of a product that is not chosen yet, where something must be chosen if there is such an
-- option; whether there is any offer at all; and the option.
local function take_offer(options, only, product, chosen)
  local any, best, best_option = false, nil, nil
  for _, option in ipairs(options) do
    for _, offer in ipairs((not only or only == option) and option.offers or {}) do
      local fits = offer.product == product and not chosen[offer]
      any = any or offer.product == product
      if fits and option.required and not chosen[option] then return offer, true, option end
      if fits and not best then best, best_option = offer, option end
    end
  end
  return best, any, best_option
end

local function choose(request, made_of, selection, chosen)
  if type(selection) == "string" then selection = { sku = selection } end
  local before, option = #request.codes, nil
  local qty = selection.qty and request_of.qty(request, selection.qty)
  request_of.legal_sku(request, selection.sku)
  if selection.option then
    option = find_option(made_of.options, selection.option)
    if not option then note(request, "NOT_FOUND") end
  end
  if #request.codes > before then return nil end
  local product = shop_of.find_product(request.shop, selection.sku)
  local offer, offered, of = take_offer(made_of.options, option, product, chosen)
  if not product or not offer then
    note(request, product and offered and "INVALID" or "NOT_FOUND")
    return nil
  end
  chosen[offer], chosen[of] = true, true
  if qty and not offer.own_qty and qty ~= offer.qty then
    note(request, "INVALID")
    return nil
  end
  return { product = offer.product, each = qty or offer.qty }
end

-- What was not chosen: where there is no choice it is taken.
local function complete(request, made_of, chosen, list)
  for _, option in ipairs(made_of.options) do
    if option.required and not chosen[option] then
      local only = #option.offers == 1 and option.offers[1]
      if only then
        list[#list + 1] = { product = only.product, each = only.qty }
      else
        note(request, "INVALID")
      end
    end
  end
end

-- What is chosen of a composite, or nil when something is wrong.
local function chosen_of(request, whole)
  local made_of, list, chosen = parts.of(request.shop, whole.product), {}, {}
  local before, type = #request.codes, request.shop.products[whole.product].type
  local function add(part)
    if part and whole.qty * part.each % shop_of.UNIT ~= 0 then note(request, "INVALID") end
    list[#list + 1] = part
  end
  for _, selection in ipairs(whole.selections or {}) do
    add(choose(request, made_of, selection, chosen))
  end
  if #request.codes > before then return nil end
  if type == "configurable" and #list > 1 then note(request, "INVALID") end
  local completed = {}
  complete(request, made_of, chosen, completed)
  for _, part in ipairs(completed) do add(part) end
  if #request.codes > before then return nil end
  if #list == 0 then note(request, "INVALID") end
  return list
end

-- Which kind of line a composite is: parts of some move with it.
local function kind_of_whole(shop, product)
  local together = shop.products[product].type == "configurable" or parts.of(shop, product).together
  return together and "bundle" or "parent"
end

-- The rows in their order, then the parts of those that are composites, numbered after the highest.
function _M.rows(request, given)
  local shop, rows, highest = request.shop, {}, 0
  for i, row in ipairs(given.lines or {}) do
    local number = row.line or i
    highest = math.max(highest, number)
    rows[#rows + 1] = read_row(request, row, number)
  end
  for i = 1, #rows do
    local whole = rows[i]
    if whole.composite then
      whole.kind = kind_of_whole(shop, whole.product)
      if not parts.of(shop, whole.product).in_stock then note(request, "OUT_OF_STOCK") end
      for _, part in ipairs(chosen_of(request, whole) or {}) do
        highest = highest + 1
        rows[#rows + 1] = { number = highest, product = part.product, parent = whole.number,
          kind = _M.kind_of(shop, part.product), qty = whole.qty * part.each / shop_of.UNIT }
      end
    end
  end
  return rows
end

return _M
