-- care.lua: taking over what other systems have promised.

local request_of = require "model.request"
local rules = require "model.rules"

local _M = {}

-- What a stock has promised of a product beyond what it may.
local function over_promised(shop, product, stock)
  local stand = rules.stand(shop, product, stock)
  if not stand.rule.managed or stand.rule.unlimited then return 0 end
  return math.max(0, stand.reserved - stand.on_hand - math.max(0, -stand.rule.floor))
end

local function take_row(request, row, taking)
  local before = #request.codes
  local stock = request_of.stock(request, row)
  local qty = request_of.qty(request, row.qty, true)
  if #request.codes > before then return end
  local product = request_of.product_or_shadow(request, row.sku)
  local rule = rules.rule(request.shop, product, stock)
  local composite = request_of.is_composite(request.shop, product)
  if composite or not rule.managed or not rule.reserves then
    request.answer.skipped = request.answer.skipped + 1
    return
  end
  table.insert(request.shop.adopted, { product = product, stock = stock, qty = -qty })
  request.answer.taken = request.answer.taken + 1
  if qty < 0 then taking[#taking + 1] = { product = product, stock = stock } end
end

function _M.adopt(request, given)
  local taking, seen = {}, {}
  request.answer = { taken = 0, skipped = 0, over_promised = {} }
  request_of.rows(request, given.reservations, function(row) take_row(request, row, taking) end)
  if #request.codes > 0 then return end
  for _, one in ipairs(taking) do
    local key = one.product .. " " .. one.stock
    local qty = over_promised(request.shop, one.product, one.stock)
    if not seen[key] and qty > 0 then
      table.insert(request.answer.over_promised,
        { product = one.product, stock = one.stock, qty = qty })
    end
    seen[key] = true
  end
end

return _M
