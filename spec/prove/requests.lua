-- requests.lua: random shops, each with one request to `select` that is larger than what every plan
-- can be tried for, and that uses what selection may be told.
--
-- Quantities are multiples of 1/2 and costs of 1/100, so that another solver, which counts in
-- floats, can tell one plan from the next better one.

local children = require "children"
local quartermaster = require "quartermaster"

local _M = {}

local function list_of(count, fn)
  local list = {}
  for i = 1, count do list[i] = fn(i) end
  return list
end

-- What source i is called.
function _M.code(i) return ("s%02d"):format(i) end
function _M.sku(i) return "p" .. i end

-- ---- goods ----

local function random_goods(random, case)
  local most, share = random(3, 9), random(3, 9)
  return list_of(case.products, function()
    return list_of(case.sources, function()
      local qty = random(1, 10) <= share and random(0, most) or 0
      return case.halves and random(1, 4) == 1 and qty + 0.5 or qty
    end)
  end)
end

-- ---- lines ----

local function random_lines(random, case)
  local most = random(2, 9)
  return list_of(random(case.least_lines, case.most_lines), function(i)
    local line = { sku = _M.sku(random(1, case.products)), qty = random(1, most) }
    if case.distinct then line.sku = _M.sku((i - 1) % case.products + 1) end
    if case.halves and random(1, 4) == 1 then line.qty = line.qty + 0.5 end
    if case.groups and random(1, 3) == 1 then line.group = random(1, 2) end
    if case.wholes and random(1, 4) == 1 then line.splittable = false end
    if random(1, 8) == 1 then
      line.costs = { [_M.code(random(1, case.sources))] = random(0, 900) / 100 }
    end
    return line
  end)
end

-- ---- costs and terms ----

local function random_costs(random)
  local dear = random(0, 3)
  local costs = { shipment = random(0, 1000 * dear) / 100, unit = random(0, 300) / 100 }
  if random(1, 2) == 1 then costs.unit_1000km = random(0, 20) / 10 end
  if random(1, 4) == 1 then costs.shipment_1000km = random(0, 50) / 10 end
  if random(1, 3) == 1 then costs.missing = random(0, 2000) / 100 end
  return costs
end

local function random_term(random, case)
  local term = {}
  if random(1, 2) == 1 then term.unit = random(0, 500) / 100 end
  if random(1, 3) == 1 then term.shipment = random(0, 2500) / 100 end
  if random(1, 8) == 1 then term.safety = random(1, 3) end
  if case.capacities and random(1, 2) == 1 then term.capacity = random(0, 15) end
  if random(1, 12) == 1 then term.use = random(1, 2) == 1 and "never" or "anyway" end
  return term
end

local function random_terms(random, case)
  local terms, anyway = {}, 0
  for i = 1, case.sources do
    if random(1, 3) > 1 then terms[_M.code(i)] = random_term(random, case) end
  end
  for _, term in pairs(terms) do
    anyway = anyway + (term.use == "anyway" and 1 or 0)
  end
  return terms, anyway
end

-- Kilometres in steps of which costs for 1000 km make whole cents.
local function random_distances(random, case)
  local distances = {}
  for i = 1, case.sources do
    if random(1, 10) > 1 then distances[_M.code(i)] = random(0, 40) * 100 end
  end
  return distances
end

-- ---- all of it ----

-- A case of a seed: how many sources and products there are, what there is of each product at each
-- source, and the request. One of ten is so large that not every optimum is proven.
function _M.new(seed)
  local random = children.random(seed)
  local function maybe(n) return random(1, n) == 1 end
  local large = seed % 10 == 0
  local case = { seed = seed, sources = large and random(14, 25) or random(4, 12),
    least_lines = large and 8 or 3, most_lines = large and 18 or 10,
    halves = maybe(3), groups = maybe(2), wholes = maybe(2), capacities = maybe(3),
    distinct = maybe(2) }
  case.products = case.distinct and case.most_lines or random(2, 8)
  case.goods = random_goods(random, case)
  local terms, anyway = random_terms(random, case)
  case.request = { algorithm = maybe(3) and "fewest" or "cheapest", terms = terms,
    lines = random_lines(random, case), costs = random_costs(random) }
  if maybe(2) then case.request.distances = random_distances(random, case) end
  if maybe(3) then
    case.request.max_sources = math.max(anyway, random(1, case.sources))
  end
  return case
end

-- Asks a new shop, which has the goods of the case.
function _M.plan(case)
  local inv = assert(quartermaster.open{ path = ":memory:" })
  local links, items = {}, {}
  for i = 1, case.sources do
    assert(inv.sources:save{ code = _M.code(i), name = _M.code(i), country = "US",
      postcode = "1" })
    links[i] = { code = _M.code(i), priority = i }
  end
  case.request.stock = assert(inv.stocks:save{ name = "all", sources = links })
  for p = 1, case.products do
    assert(inv.products:save{ sku = _M.sku(p), assign_default = false,
      settings = { decimal_qty = true } })
    for i = 1, case.sources do
      items[#items + 1] = { sku = _M.sku(p), source = _M.code(i), qty = case.goods[p][i] }
    end
  end
  assert(inv.items:save(items))
  local plan, problem = inv:select(case.request)
  inv:close()
  return assert(plan, problem)
end

return _M
