-- guard.lua: what changes do to promises that have been made. A voluntary change that leaves some
-- of them without goods is refused unless it is forced; a fact is accepted, and what it has done is
-- said. Shops whose stocks are independent refuse nothing.

local promises = require "model.promises"
local request_of = require "model.request"
local rules = require "model.rules"

local _M = {}

-- What a stock has promised of a product beyond what it may.
function _M.over_promised(stand)
  if not stand.rule.managed or stand.rule.unlimited then return 0 end
  local credit = math.max(0, -stand.rule.floor)
  return math.max(0, stand.reserved + stand.claimed - stand.on_hand - credit)
end

-- How well a product's promises are covered: by stock what lacks goods and what is over-promised.
local function look(request, product)
  local shop = request.shop
  local network, lacking = promises.network(shop, product), 0
  local mark = { unmet = {}, over = {} }
  for _, stock in ipairs(shop.stocks) do
    local stand = rules.stand(shop, product, stock.id, network)
    mark.unmet[stock.id] = math.max(0, -stand.slack)
    mark.over[stock.id] = _M.over_promised(stand)
    lacking = lacking + mark.unmet[stock.id]
  end
  mark.deficiency = network and promises.deficiency(network) or lacking
  return mark
end

-- Says which stocks have over-promised more than before.
local function say_changes(request, product, before, now)
  for _, stock in ipairs(request.shop.stocks) do
    local qty = now.over[stock.id]
    if qty > (before.over[stock.id] or 0) then
      table.insert(request.oversold, { product = product, stock = stock.id, qty = qty })
    end
  end
end

local function judge(request, product, before, now)
  local shop, worse, named = request.shop, now.deficiency > before.deficiency, false
  local counted = false
  for _, stock in ipairs(shop.stocks) do
    local was, is = before.unmet[stock.id] or 0, now.unmet[stock.id]
    local managed = rules.rule(shop, product, stock.id).managed
    counted = counted or managed and is > 0
    if was == 0 and is > 0 or worse and is > was then
      if managed then request_of.note(request, "PROMISED") end
      named = true
    end
  end
  if worse and not named and counted then request_of.note(request, "PROMISED") end
end

-- A fact is about to change what lies behind a product's promises; what they lose is said at the
-- end of the request.
function _M.fact(request, product)
  for _, fact in ipairs(request.facts) do
    if fact.product == product then return end
  end
  table.insert(request.facts, { product = product, before = look(request, product) })
end

-- Does a voluntary change of what lies behind the promises of some products. What nobody may refuse
-- is a fact.
function _M.voluntary(request, products, force, change)
  local accepted, marks = force or request.shop.independent, {}
  for _, product in ipairs(products) do
    if accepted then _M.fact(request, product) else marks[product] = look(request, product) end
  end
  change()
  for _, product in ipairs(accepted and {} or products) do
    judge(request, product, marks[product], look(request, product))
  end
end

-- The products that lie at a source.
function _M.products_at(shop, source)
  local list = {}
  for product in ipairs(shop.products) do
    if shop.items[product * 65536 + source] then list[#list + 1] = product end
  end
  return list
end

-- By product, in the order in which they came to the shop.
function _M.close_facts(request)
  table.sort(request.facts, function(a, b) return a.product < b.product end)
  for _, fact in ipairs(request.facts) do
    say_changes(request, fact.product, fact.before, look(request, fact.product))
  end
  request.facts = {}
end

return _M
