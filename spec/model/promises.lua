-- promises.lua: which promises goods cover. A promise is firm as far as goods cover it when it is
-- made; the rest waits, and becomes firm when goods come, the oldest first.
--
-- Where stocks draw on the same sources, what one may promise depends on what the others have
-- promised: as much as could be delivered to it while everyone else still gets theirs. How much can
-- be delivered to all is found by asking every set of stocks; there are few.

local shop_of = require "model.shop"

local _M = {}

-- Does any source that holds the product belong to several stocks?
function _M.is_shared(shop, product)
  local owner = {}
  for _, link in ipairs(shop.independent and {} or shop.links) do
    if shop_of.item(shop, product, link.source) then
      if owner[link.source] then return true end
      owner[link.source] = true
    end
  end
  return false
end

-- ---- all stocks of a product at once ----

-- The newest allocations at a source that exceed what is there float again: added to each stock's.
local function add_excess(shop, product, source, floating)
  local excess, list = shop_of.allocated_at(shop, product, source)
    - shop_of.countable(shop, product, source), {}
  for _, order in ipairs(excess > 0 and shop.orders or {}) do
    for _, line in ipairs(order.lines) do
      for _, allocation in ipairs(line.product == product and line.allocations or {}) do
        if allocation.source == source then
          list[#list + 1] = { stock = order.stock, qty = allocation.qty,
            document = allocation.document, line = order.document * 4096 + line.number }
        end
      end
    end
  end
  table.sort(list, function(a, b)
    if a.document ~= b.document then return a.document > b.document end
    return a.line > b.line
  end)
  for _, allocation in ipairs(list) do
    local take = math.min(excess, allocation.qty)
    floating[allocation.stock] = floating[allocation.stock] + take
    excess = excess - take
  end
end

-- Does a stock draw on any source that has something to give?
local function is_fed(network, stock)
  for _, link in ipairs(network.links) do
    if link.stock == stock and network.supply[link.source] > 0 then return true end
  end
  return false
end

-- Who asks for what, and what each source has: demand and excess by stock, supply by source, and
-- the stocks that matter.
local function network_of(shop, product)
  local network = { stocks = {}, demand = {}, excess = {}, supply = {}, links = shop.links }
  for _, stock in ipairs(shop.stocks) do network.excess[stock.id] = 0 end
  for source in ipairs(shop.sources) do
    local there = shop_of.countable(shop, product, source)
    network.supply[source] = math.max(0, there - shop_of.allocated_at(shop, product, source))
    add_excess(shop, product, source, network.excess)
  end
  for _, stock in ipairs(shop.stocks) do
    local sums, id = shop_of.promised(shop, product, stock.id), stock.id
    network.demand[id] = sums.firm + math.max(0, sums.adopted) + network.excess[id]
    if network.demand[id] > 0 or is_fed(network, id) then
      network.stocks[#network.stocks + 1] = id
    end
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
local function flow(network, demand)
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

local function with(network, stock, qty)
  local demand = {}
  for id, asked in pairs(network.demand) do demand[id] = asked end
  demand[stock] = qty
  return demand
end

-- What a stock could be given while the firm promises of all others are kept.
local function capacity(network, stock)
  return flow(network, with(network, stock, math.huge)) - flow(network, with(network, stock, 0))
end

-- ---- what it means for a stock ----

-- The network of a product whose stocks share sources, else nothing.
function _M.network(shop, product)
  return _M.is_shared(shop, product) and network_of(shop, product) or nil
end

-- What a stock may still promise firmly of a product (below zero: what its promises lack), and what
-- of its goods on hand others have been promised.
function _M.cover(shop, product, stock, network)
  local sums = shop_of.promised(shop, product, stock)
  local left = shop_of.hand(shop, product, stock).on_hand - sums.allocated
  if not network then return left - sums.firm - math.max(0, sums.adopted), 0 end
  local capable = capacity(network, stock)
  return capable - network.demand[stock], left + network.excess[stock] - capable
end

-- What of all promises of a shared product cannot be delivered.
function _M.deficiency(network)
  local total = 0
  for _, asked in pairs(network.demand) do total = total + asked end
  return total - flow(network, network.demand)
end

-- How much of a product could become firm in a stock, for those who wait.
local function free(shop, product, stock)
  return math.max(0, (_M.cover(shop, product, stock, _M.network(shop, product))))
end

-- How much more of it may be promised firmly: nobody gets what others wait for.
function _M.uncovered(shop, product, stock)
  local waiting = shop_of.promised(shop, product, stock).backordered
  return math.max(0, free(shop, product, stock) - waiting)
end

-- A product in a stock, as a key.
local function pair_of(product, stock) return product .. " " .. stock end

-- What waits becomes firm as far as goods cover it, oldest first.
function _M.settle(shop)
  local nothing_left = {} -- promotions only take
  for _, order in ipairs(shop.orders) do
    for _, line in ipairs(shop_of.is_live(shop, order) and order.lines or {}) do
      local pair = pair_of(line.product, order.stock)
      if line.backordered > 0 and not nothing_left[pair] then
        local goods = free(shop, line.product, order.stock)
        line.backordered = line.backordered - math.min(line.backordered, goods)
        nothing_left[pair] = goods == 0
      end
    end
  end
end

return _M
