-- orlib.lua: public instances of facility location and of set covering, solved and proven.
--
--   lua5.4 spec/prove/orlib.lua FILE...
--
-- Reads both formats of the OR-Library: capacitated warehouse location (a line with warehouses and
-- customers; capacity and fixed cost of each warehouse; for each customer its demand and what it
-- costs to serve all of it from each warehouse) and set covering (a line with rows and columns; the
-- columns' costs; for each row how many columns cover it, and which). Warehouses and columns are
-- sources, customers and rows are items. Prints the optimum, the bound, steps and time of each, and
-- ends with "N passed, N failed": an instance passes when its optimum is proven, equals the one
-- that was published, where that is known here, and heeds the capacities.

local host = rawget(_G, "jit") and "luajit" or _VERSION:lower():gsub(" ", "")
package.cpath = ("./%s/%s/?.so;"):format(os.getenv("QM_BUILD") or "build", host) .. package.cpath
local core = require "quartermaster.core"

-- Costs have up to five decimals.
local SCALE = 100000

local PUBLISHED = {
  cap71 = 932615.750, cap72 = 977799.400, cap73 = 1010641.450, cap74 = 1034976.975,
  cap101 = 796648.437, cap102 = 854704.200, cap103 = 893782.112, cap104 = 928941.750,
  scp41 = 429, scp42 = 512, scp43 = 516, scp44 = 494, scp45 = 512,
}

local function numbers(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  local list = {}
  for word in text:gmatch("%S+") do
    list[#list + 1] = tonumber(word) or word -- a capacity may be a word: there is none
  end
  return list
end


local function scaled(cost)
  return math.floor(cost * SCALE + 0.5)
end


local function list_of(count, value)
  local list = {}
  for i = 1, count do list[i] = value end
  return list
end


-- Which format it is shows in how many numbers there are.
local function warehouses(list)
  local sources, items = list[1], list[2]
  local p = { want = list_of(items, 1), fixed = {}, have = list_of(items * sources, 1), cost = {},
    capacity = {}, demand = {} }
  local at = 3
  for source = 1, sources do
    p.capacity[source] = tonumber(list[at]) or math.huge
    p.fixed[source] = scaled(list[at + 1])
    at = at + 2
  end
  for item = 1, items do
    p.demand[item] = list[at]
    for source = 1, sources do
      p.cost[(item - 1) * sources + source] = scaled(list[at + source])
    end
    at = at + 1 + sources
  end
  return p
end


local function covering(list)
  local items, sources = list[1], list[2]
  local p = { want = list_of(items, 1), fixed = {}, have = list_of(items * sources, 0),
    cost = list_of(items * sources, 0) }
  for source = 1, sources do
    p.fixed[source] = scaled(list[2 + source])
  end
  local at = 3 + sources
  for item = 1, items do
    for k = 1, list[at] do
      p.have[(item - 1) * sources + list[at + k]] = 1
    end
    at = at + 1 + list[at]
  end
  return p
end


local function common_divisor(a, b)
  while b ~= 0 do a, b = b, a % b end
  return a
end


-- Costs in the largest steps that divide all of them: a better plan is better by a step at least.
local function in_large_steps(p)
  local step = 0
  for _, costs in ipairs{ p.fixed, p.cost } do
    for i = 1, #costs do step = common_divisor(step, costs[i]) end
  end
  for _, costs in ipairs{ p.fixed, p.cost } do
    for i = 1, #costs do costs[i] = costs[i] / step end
  end
  return step / SCALE
end


-- Does every customer served by the cheapest open warehouse leave all capacities unbroken?
local function heeds_capacities(p, open)
  local load, sources = {}, #p.fixed
  for item, demand in ipairs(p.demand or {}) do
    local best
    for _, source in ipairs(open) do
      local cost = p.cost[(item - 1) * sources + source]
      if not best or cost < p.cost[(item - 1) * sources + best] then best = source end
    end
    load[best] = (load[best] or 0) + demand
  end
  for source, total in pairs(load) do
    if total > p.capacity[source] then return false end
  end
  return true
end


local passed, failed = 0, 0

local function prove(path)
  local list = numbers(path)
  local sources, items = list[1], list[2]
  local p = #list == 2 + 2 * sources + items * (1 + sources) and warehouses(list)
    or covering(list)
  local step = in_large_steps(p)
  p.budget = tonumber(os.getenv("QM_BUDGET"))
  local began = os.clock()
  local plan = core.exact(p)
  local took = os.clock() - began
  local name = path:match("([^/]+)$"):gsub("%.txt$", "")
  local cost, known = plan.cost * step, PUBLISHED[name]
  local heeds = heeds_capacities(p, plan.open)
  local as_published = not known or math.abs(cost - known) < 0.001
  local fine = plan.optimal and as_published and heeds
  print(("%-8s optimum %.4f  bound %.4f  sources %d of %d  steps %d  %.1f ms%s%s%s"):format(name,
    cost, plan.bound * step, #plan.open, #p.fixed, plan.steps, took * 1000,
    plan.optimal and "" or "  NOT PROVEN", as_published and "" or "  PUBLISHED: " .. known,
    heeds and "" or "  BREAKS CAPACITIES, which are not part of this proof"))
  if fine then passed = passed + 1 else failed = failed + 1 end
end


for _, path in ipairs(arg) do prove(path) end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and passed > 0)
