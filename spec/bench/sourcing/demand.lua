-- demand.lua: what customers order, and what the centres have for it. The same seed makes the same
-- of both.
--
-- Product n is wanted in proportion to 1/n^0.8: a tenth of the products are two fifths of the
-- demand. The more it is wanted, the more centres have it, each a share that has nothing to do with
-- where it is wanted. Goods come every PERIOD orders, up to a level that is what is wanted in that
-- time and a little more, so that now and then some run out.

local children = require "children"

local _M = {}

local PRODUCTS, SKEW, PERIOD = 1000, 0.8, 2000
local LINES = { 34, 21, 14, 9, 6, 5, 4, 3, 2, 2 } -- per cent of orders with so many lines
local UNITS = { 80, 15, 5 } -- per cent of lines with so many units
local SAFETY = 1.5 -- standard deviations above what is wanted in a period

_M.PERIOD, _M.PRODUCTS = PERIOD, PRODUCTS

-- Draws an index in proportion to the weights.
local function new_draw(random, weights)
  local sums, total = {}, 0
  for i, weight in ipairs(weights) do
    total = total + weight
    sums[i] = total
  end
  return function()
    local at, low, high = random(0, 2 ^ 30) / 2 ^ 30 * total, 1, #sums
    while low < high do
      local middle = math.floor((low + high) / 2)
      if sums[middle] > at then high = middle else low = middle + 1 end
    end
    return low
  end
end

local function popularity()
  local list, total = {}, 0
  for i = 1, PRODUCTS do
    list[i] = i ^ -SKEW
    total = total + list[i]
  end
  for i = 1, PRODUCTS do list[i] = list[i] / total end
  return list
end

local function mean(weights)
  local sum, total = 0, 0
  for i, weight in ipairs(weights) do
    sum, total = sum + i * weight, total + weight
  end
  return sum / total
end

function _M.sku(i) return ("sku-%04d"):format(i) end

-- ---- orders ----

-- A function that returns the next order: { destination, lines }.
function _M.orders(network, seed)
  local random = children.random(seed)
  local people = {}
  for i, city in ipairs(network.cities) do people[i] = city.people end
  local city, product = new_draw(random, people), new_draw(random, popularity())
  local lines_of, units_of = new_draw(random, LINES), new_draw(random, UNITS)
  return function()
    local order, seen = { destination = network.cities[city()].at, lines = {}, units = 0 }, {}
    for i = 1, lines_of() do
      local wanted
      repeat wanted = product() until not seen[wanted]
      seen[wanted] = true
      order.lines[i] = { sku = _M.sku(wanted), qty = units_of() }
      order.units = order.units + order.lines[i].qty
    end
    return order
  end
end

-- ---- goods ----

-- So many different centres, each with a share; the shares add up to one.
local function shares(random, centres, count)
  local places, list, total = {}, {}, 0
  for i = 1, centres do places[i] = i end
  for i = 1, count do
    local j = random(i, centres)
    places[i], places[j] = places[j], places[i]
    list[i] = { centre = places[i], share = random(1, 10) }
    total = total + list[i].share
  end
  for _, entry in ipairs(list) do entry.share = entry.share / total end
  return list
end

-- Levels, as items: { sku, source, qty }.
function _M.levels(network, seed)
  local random, items = children.random(seed), {}
  local units = PERIOD * mean(LINES) * mean(UNITS)
  for i, share in ipairs(popularity()) do
    local wanted = units * share
    local level = wanted + SAFETY * math.sqrt(wanted)
    local most = i <= PRODUCTS / 10 and #network.centres or i <= PRODUCTS / 2 and 6 or 4
    for _, entry in ipairs(shares(random, #network.centres, random(2, most))) do
      items[#items + 1] = { sku = _M.sku(i), source = network.centres[entry.centre].code,
        qty = math.ceil(level * entry.share) }
    end
  end
  return items
end

return _M
