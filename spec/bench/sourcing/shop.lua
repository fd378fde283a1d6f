-- shop.lua: a shop in memory with the network's centres, which sells what plans say. Each algorithm
-- has one of its own, since what it takes today is not there tomorrow.

local demand = require "sourcing.demand"
local quartermaster = require "quartermaster"

local _M = {}

local shop = {}
shop.__index = shop

-- The centres are linked in the order of the file, which is the order of priority.
function _M.new(network, levels)
  local self = setmetatable({ levels = {}, taken = {}, sold = 0 }, shop)
  self.inv = assert(quartermaster.open{ path = ":memory:" })
  local links, products = {}, {}
  for i, centre in ipairs(network.centres) do
    assert(self.inv.sources:save{ code = centre.code, name = centre.code, country = "US",
      postcode = "1", latitude = centre.at.latitude, longitude = centre.at.longitude })
    links[i] = { code = centre.code, priority = i }
  end
  self.stock = assert(self.inv.stocks:save{ name = "US", sources = links })
  for i = 1, demand.PRODUCTS do
    products[i] = { sku = demand.sku(i), assign_default = false }
  end
  assert(self.inv.products:save(products))
  assert(self.inv.items:save(levels))
  for _, item in ipairs(levels) do self.levels[item.sku .. " " .. item.source] = item end
  return self
end

function shop:select(order, algorithm, costs)
  return assert(self.inv:select{ stock = self.stock, lines = order.lines,
    destination = order.destination, algorithm = algorithm, costs = costs })
end

-- What is picked is gone.
function shop:sell(plan)
  if #plan.picks == 0 then return end
  local lines = {}
  for i, pick in ipairs(plan.picks) do
    lines[i] = { sku = pick.sku, source = pick.source, delta = -pick.qty_to_deduct, least = 0 }
    self.taken[pick.sku .. " " .. pick.source] = true
  end
  self.sold = self.sold + 1
  assert(self.inv.items:adjust{ id = "sold-" .. self.sold, lines = lines })
end

-- Everything is there again up to its level.
function shop:replenish()
  local items = {}
  for key in pairs(self.taken) do items[#items + 1] = self.levels[key] end
  if #items > 0 then assert(self.inv.items:save(items)) end
  self.taken = {}
end

function shop:close() self.inv:close() end

return _M
