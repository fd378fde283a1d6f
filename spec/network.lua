-- network.lua: the promise rule by its formula, for specs: what stocks that share sources can
-- serve, over all subsets of the stocks. Nothing is shared with the engine's way of working it out.

local _M = {}

-- F(demand): the least, over subsets T of the stocks, of the demands outside T and the supplies of
-- the sources that some stock of T draws on. `links[stock][source]` is true where it may.
function _M.served(stocks, supply, links, demand)
  local least
  for subset = 0, 2 ^ #stocks - 1 do
    local sum, reached = 0, {}
    for i, stock in ipairs(stocks) do
      if math.floor(subset / 2 ^ (i - 1)) % 2 == 0 then
        sum = sum + demand[stock]
      else
        for source in pairs(links[stock] or {}) do reached[source] = true end
      end
    end
    for source in pairs(reached) do sum = sum + (supply[source] or 0) end
    least = math.min(least or sum, sum)
  end
  return least
end

-- What there is for a stock once the others are served as far as they can be.
function _M.capacity(stocks, supply, links, demand, stock)
  local with = {}
  for name, qty in pairs(demand) do with[name] = qty end
  with[stock] = 10 ^ 9
  local unbounded = _M.served(stocks, supply, links, with)
  with[stock] = 0
  return unbounded - _M.served(stocks, supply, links, with)
end

function _M.deficiency(stocks, supply, links, demand)
  local sum = 0
  for _, stock in ipairs(stocks) do sum = sum + demand[stock] end
  return sum - _M.served(stocks, supply, links, demand)
end

-- Reads a product's network out of an inventory: supply by source, links and firm demand by stock.
-- Nothing may be allocated.
function _M.read(inv, sku, stocks)
  local supply, links, demand = {}, {}, {}
  local enabled = {}
  for _, source in ipairs((assert(inv.sources:list{ limit = 1000 }))) do
    enabled[source.code] = source.enabled
  end
  for _, item in ipairs((assert(inv.items:list{ sku = sku, limit = 1000 }))) do
    local counts = enabled[item.source] and item.status == "in_stock"
    supply[item.source] = counts and math.max(0, item.qty) or 0
  end
  for _, stock in ipairs(stocks) do
    local position = assert(inv:position{ sku = sku, stock = stock })
    demand[stock] = position.firm + math.max(0, position.adopted)
    links[stock] = {}
    for _, link in ipairs(assert(inv.stocks:get(stock)).sources) do
      if supply[link.code] then links[stock][link.code] = true end
    end
  end
  return supply, links, demand
end

return _M
