-- care.lua: taking over what other systems have promised.

local guard = require "model.guard"
local request_of = require "model.request"
local rules = require "model.rules"

local _M = {}

local function take_row(request, row)
  local before = #request.codes
  local stock = request_of.stock(request, row)
  local qty = request_of.qty(request, row.qty, true)
  request_of.legal_sku(request, row.sku)
  if #request.codes > before then return end
  local product = request_of.product_or_shadow(request, row.sku)
  local rule = rules.rule(request.shop, product, stock)
  local composite = request_of.is_composite(request.shop, product)
  if composite or not rule.managed or not rule.reserves then
    request.answer.skipped = request.answer.skipped + 1
    return
  end
  guard.fact(request, product)
  table.insert(request.shop.adopted, { product = product, stock = stock, qty = -qty })
  request.answer.taken = request.answer.taken + 1
end

-- What is promised too much belongs to the answer.
function _M.adopt(request, given)
  request.answer = { taken = 0, skipped = 0, over_promised = {} }
  request_of.rows(request, given.reservations, function(row) take_row(request, row) end)
  if #request.codes > 0 then return end
  guard.close_facts(request)
  for i, row in ipairs(request.oversold) do request.answer.over_promised[i] = row end
end

return _M
