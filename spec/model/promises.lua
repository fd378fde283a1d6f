-- promises.lua: which promises goods cover. A promise is firm as far as goods cover it when it is
-- made; the rest waits, and becomes firm when goods come, the oldest first.
--
-- Where stocks draw on the same sources, what one may promise depends on what the others have
-- promised: as much as could be delivered to it while everyone else still gets theirs. How much can
-- be delivered to all is found by asking every set of stocks; there are few.

local shop_of = require "model.shop"

local _M = {}

-- ---- one stock by itself ----

-- Goods on hand that no firm promise claims. What was adopted is firm; net releases add no goods.
local function uncovered_alone(shop, product, stock)
  local sums = shop_of.promised(shop, product, stock)
  local on_hand = shop_of.hand(shop, product, stock).on_hand
  return on_hand - sums.allocated - sums.firm - math.max(0, sums.adopted)
end

-- ---- stocks that share sources ----

-- The newest allocations at a source that exceed what is there float again: stock -> quantity.
local function add_excess(shop, product, source, demand)
  local excess = shop_of.allocated_at(shop, product, source)
    - shop_of.countable(shop, product, source)
  local list = {}
  for _, order in ipairs(shop.orders) do
    for _, line in ipairs(order.lines) do
      for _, allocation in ipairs(line.product == product and line.allocations or {}) do
        if allocation.source == source then
          list[#list + 1] = { stock = order.stock, qty = allocation.qty,
            document = allocation.document }
        end
      end
    end
  end
  table.sort(list, function(a, b) return a.document > b.document end)
  for _, allocation in ipairs(list) do
    local take = math.max(0, math.min(excess, allocation.qty))
    demand[allocation.stock] = demand[allocation.stock] + take
    excess = excess - take
  end
end

-- Who asks for what, and what each source has: { stocks, demand[stock], supply[source] }.
function _M.network(shop, product)
  local network = { stocks = {}, demand = {}, supply = {}, links = shop.links }
  for _, stock in ipairs(shop.stocks) do
    local sums = shop_of.promised(shop, product, stock.id)
    network.stocks[#network.stocks + 1] = stock.id
    network.demand[stock.id] = sums.firm + math.max(0, sums.adopted)
  end
  for source in ipairs(shop.sources) do
    local there = shop_of.countable(shop, product, source)
    network.supply[source] = math.max(0, there - shop_of.allocated_at(shop, product, source))
    add_excess(shop, product, source, network.demand)
  end
  return network
end

-- What the sources that are linked to any of a set of stocks have.
local function reach(network, set)
  local seen, total = {}, 0
  for _, link in ipairs(network.links) do
    if set[link.stock] and not seen[link.source] then
      seen[link.source] = true
      total = total + network.supply[link.source]
    end
  end
  return total
end

-- The most that can be delivered: the least, over all sets of stocks, of what the others ask for
-- and what the sources of the set have.
function _M.flow(network, demand)
  local best = math.huge
  local function choose(i, set, outside)
    local stock = network.stocks[i]
    if not stock then
      best = math.min(best, outside + reach(network, set))
      return
    end
    choose(i + 1, set, outside + demand[stock])
    set[stock] = true
    choose(i + 1, set, outside)
    set[stock] = nil
  end
  choose(1, {}, 0)
  return best
end

-- The demand with one stock's replaced.
local function with(network, stock, qty)
  local demand = {}
  for id, asked in pairs(network.demand) do demand[id] = asked end
  demand[stock] = qty
  return demand
end

-- What a stock could be given while the firm promises of all others are kept.
function _M.capacity(network, stock)
  return _M.flow(network, with(network, stock, math.huge))
    - _M.flow(network, with(network, stock, 0))
end

function _M.deficiency(network)
  local total = 0
  for _, asked in pairs(network.demand) do total = total + asked end
  return total - _M.flow(network, network.demand)
end

-- ---- what becomes firm ----

-- How much more of a product may be promised firmly in a stock.
function _M.uncovered(shop, product, stock)
  if not shop.promise_rule then
    return math.max(0, uncovered_alone(shop, product, stock))
  end
  local network = _M.network(shop, product)
  return math.max(0, _M.capacity(network, stock) - network.demand[stock])
end

-- What waits becomes firm as far as goods cover it, oldest first, in all stocks.
function _M.settle(shop)
  local nothing_left = {} -- promotions only take
  for _, order in ipairs(shop.orders) do
    for _, line in ipairs(order.lines) do
      local key = line.product .. " " .. order.stock
      if line.backordered > 0 and not nothing_left[key] then
        local free = _M.uncovered(shop, line.product, order.stock)
        line.backordered = line.backordered - math.min(line.backordered, free)
        nothing_left[key] = free == 0
      end
    end
  end
end

return _M
