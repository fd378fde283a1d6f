-- request.lua: how a request goes through the model: on a copy of the shop, which is thrown away
-- when anything is refused. All problems count, each with its code.

local quartermaster = require "quartermaster"
local shop_of = require "model.shop"
local text = require "model.text"

local _M = {}

function _M.new(shop, has, reads)
  return { before = shop, shop = reads and shop or shop_of.copy(shop), codes = {}, answer = {},
    oversold = {}, facts = {}, has = has,
    document = shop.document + 1, last_document = shop.document + 1 }
end

-- Adds a problem and goes on.
function _M.note(request, code)
  request.codes[#request.codes + 1] = code
end

-- Adds a problem and ends what is being done: the row, or the request.
function _M.refuse(code)
  error({ refusal = code }, 0)
end

-- Does it, and says whether it was refused.
function _M.try(request, act, ...)
  local before = #request.codes
  local ok, problem = pcall(act, ...)
  if not ok then
    if type(problem) ~= "table" then error(problem, 0) end
    _M.note(request, problem.refusal)
  end
  return #request.codes == before
end

-- Each row builds on those before it. Once one is refused nothing of the request counts any more,
-- and the rows after it are tried on the shop as it was.
function _M.each(request, rows, act)
  for i, row in ipairs(rows) do
    _M.try(request, act, row, i)
    if #request.codes > 0 then request.shop = shop_of.copy(request.before) end
  end
end

-- The same for a list that may not be empty.
function _M.rows(request, rows, act)
  if #rows == 0 then _M.refuse("INVALID") end
  _M.each(request, rows, act)
end

_M.text_of = text.of

-- The number of a document that is made besides the request's own.
function _M.new_document(request)
  request.last_document = request.last_document + 1
  return request.last_document
end

-- Adds a line to the answer.
function _M.say(request, line)
  local lines = request.answer.lines or {}
  request.answer.lines = lines
  lines[#lines + 1] = line
end

-- The code that speaks for all of them.
function _M.worst(codes)
  local best
  for _, code in ipairs(codes) do
    local rank = quartermaster.errors[code].precedence
    if not best or rank < quartermaster.errors[best].precedence then best = code end
  end
  return best
end

-- ---- what requests name; noted as a problem where it is not there ----

-- The stock of a request or row that names a stock or a channel, not both.
function _M.stock(request, where)
  local shop, id = request.shop, where.stock
  if (id == nil) == (where.channel == nil) then
    _M.note(request, "INVALID")
    return nil
  end
  if where.channel then
    local key = shop_of.channel_key(where.channel)
    id = key == "website admin" and shop_of.DEFAULT_STOCK or shop.channels[key]
  end
  local stock = id and shop_of.find_stock(shop, id)
  if not stock or stock.deleted then
    _M.note(request, "NOT_FOUND")
    return nil
  end
  return id
end

function _M.source(request, code)
  local source = shop_of.find_source(request.shop, code)
  if not source then _M.note(request, "NOT_FOUND") end
  return source
end

-- A row's quantity in units, if it is a legal one.
function _M.qty(request, qty, may_be_negative)
  local units = qty and shop_of.units(qty)
  if not units or not may_be_negative and units <= 0 then
    _M.note(request, "INVALID")
    return nil
  end
  return units
end

-- May a SKU be written like that? Notes it if not.
function _M.legal_sku(request, sku)
  local legal = not sku:find("^%s*$") and not sku:find("^ ") and not sku:find(" $")
  if not legal then _M.note(request, "INVALID") end
  return legal
end

-- The product of a SKU that may be new: then it is only known, not sold.
function _M.product_or_shadow(request, sku)
  local shop = request.shop
  local number = shop_of.find_product(shop, sku)
  if number then return number end
  shop.products[#shop.products + 1] = { sku = sku, type = "simple", own = {}, declared = false }
  return #shop.products
end

local COMPOSITE = { configurable = true, grouped = true, bundle = true }

function _M.is_composite_type(type) return COMPOSITE[type] or false end

function _M.is_composite(shop, product)
  return _M.is_composite_type(shop.products[product].type)
end

function _M.keeps_quantities(shop, product)
  return not shop.products[product].deleted and not _M.is_composite(shop, product)
end

-- A switch of the whole shop, on unless it is set to false.
function _M.is_on(shop, name)
  return shop.settings[name] ~= false
end

-- A product for businesses comes to no other source than the default one.
function _M.check_b2b(request, product, source)
  local shop = request.shop
  if shop.products[product].b2b and source ~= shop_of.DEFAULT_SOURCE
    and not shop_of.item(shop, product, source) and _M.is_on(shop, "b2b_default_only") then
    _M.refuse("CONFLICT")
  end
end

return _M
