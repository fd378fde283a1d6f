-- merchant.lua: what selection costs a merchant: the same orders through each algorithm, each with
-- goods of its own; and all of them asked about the same goods, order by order.

local demand = require "sourcing.demand"
local kit = require "kit"
local report = require "report"
local sh = require "sh"
local shop_of = require "sourcing.shop"
local stats = require "stats"
local svg = require "svg"

local _M = {}

local ALGORITHMS = { "priority", "distance", "fewest", "cheapest" }
local LEADER = "cheapest" -- sells the goods about which all are asked

-- 8.759 for each centre that sends anything; for each unit 0.423, and 0.000541 for each mile.
local COSTS = { shipment = 8.759, unit = 0.423, unit_1000km = 0.3362 }

local function say(...) report.say(string.format(...)) end

-- ---- counting ----

local function new_sums()
  return { cost = 0, shipments = 0, units = 0, kilometres = 0, short_units = 0, short_orders = 0,
    times = {}, proven = 0, steps = 0 }
end

local function short_of(plan)
  local units = 0
  for _, line in ipairs(plan.short) do units = units + line.qty end
  return units
end

local function count(sums, plan)
  local far, short = {}, short_of(plan)
  for _, source in ipairs(plan.sources) do far[source.source] = source.distance_km end
  for _, pick in ipairs(plan.picks) do
    sums.units = sums.units + pick.qty_to_deduct
    sums.kilometres = sums.kilometres + pick.qty_to_deduct * far[pick.source]
  end
  sums.cost, sums.shipments = sums.cost + plan.cost, sums.shipments + plan.shipments
  sums.short_units = sums.short_units + short
  sums.short_orders = sums.short_orders + (short > 0 and 1 or 0)
  sums.proven = sums.proven + (plan.optimal and 1 or 0)
  sums.steps = math.max(sums.steps, plan.steps or 0)
end

-- ---- the same goods ----

local function new_contest()
  local contest = { dearer = {}, cost = {}, shipments = {}, violations = 0 }
  for _, name in ipairs(ALGORITHMS) do
    contest.dearer[name], contest.cost[name], contest.shipments[name] = 0, 0, 0
  end
  return contest
end

-- All of them send as much as there is, the cheapest at the lowest cost, the fewest with the fewest
-- shipments.
local function judge(contest, plans)
  local cheapest, fewest = plans.cheapest, plans.fewest
  local short = short_of(cheapest)
  for name, plan in pairs(plans) do
    contest.cost[name] = contest.cost[name] + plan.cost
    contest.shipments[name] = contest.shipments[name] + plan.shipments
    if plan.cost > cheapest.cost then contest.dearer[name] = contest.dearer[name] + 1 end
    if cheapest.cost > plan.cost or fewest.shipments > plan.shipments or short_of(plan) ~= short
    then
      contest.violations = contest.violations + 1
    end
  end
end

-- ---- running ----

local function decide(run, name, order)
  local sums = run.sums[name]
  local began = kit.now()
  local plan = run.shops[name]:select(order, name, COSTS)
  sums.times[#sums.times + 1] = (kit.now() - began) * 1e6
  count(sums, plan)
  return plan
end

local function serve(run, order)
  local plans = {}
  for _, name in ipairs(ALGORITHMS) do
    local plan = decide(run, name, order)
    if name == LEADER then plans[name] = plan else run.shops[name]:sell(plan) end
  end
  for _, name in ipairs(ALGORITHMS) do
    plans[name] = plans[name] or run.shops[LEADER]:select(order, name, COSTS)
  end
  judge(run.contest, plans)
  run.shops[LEADER]:sell(plans[LEADER])
end

local function run_orders(network, orders, seed)
  local run = { shops = {}, sums = {}, contest = new_contest(), orders = orders, wanted = 0,
    lines = 0 }
  local levels = demand.levels(network, seed)
  for _, name in ipairs(ALGORITHMS) do
    run.shops[name], run.sums[name] = shop_of.new(network, levels), new_sums()
  end
  local next_order = demand.orders(network, seed + 1)
  for i = 1, orders do
    local order = next_order()
    run.wanted, run.lines = run.wanted + order.units, run.lines + #order.lines
    serve(run, order)
    if i % demand.PERIOD == 0 then
      for _, name in ipairs(ALGORITHMS) do run.shops[name]:replenish() end
    end
  end
  for _, name in ipairs(ALGORITHMS) do run.shops[name]:close() end
  return run
end

-- ---- saying ----

local function say_shortages(run)
  local parts = {}
  for i, name in ipairs(ALGORITHMS) do
    parts[i] = ("%s %s"):format(name, stats.thousands(run.sums[name].short_orders))
  end
  say("   Shipments are those of one order. Orders with a shortage: %s", table.concat(parts, ", "))
end

local function say_own(run)
  local n = run.orders
  say("\n1. %s orders through each algorithm, each with goods of its own", stats.thousands(n))
  say("   %.2f lines and %.2f units an order; goods come every %s orders", run.lines / n,
    run.wanted / n, stats.thousands(demand.PERIOD))
  say("   %-10s %12s %8s %8s %9s %8s %15s %8s %8s", "", "total cost", "an order", "a unit",
    "shipments", "km/unit", "short units", "median", "p99")
  for _, name in ipairs(ALGORITHMS) do
    local sums = run.sums[name]
    say("   %-10s %12s %8.3f %8.3f %9.3f %8.1f %7s (%.2f %%) %5.0f us %5.0f us", name,
      stats.thousands(sums.cost), sums.cost / n, sums.cost / sums.units, sums.shipments / n,
      sums.kilometres / sums.units, stats.thousands(sums.short_units),
      100 * sums.short_units / run.wanted, stats.median(sums.times),
      stats.percentile(sums.times, 0.99))
  end
  say_shortages(run)
  say("   Times are those of the whole call, plan and reasons included, with Lua's collector.")
  for _, name in ipairs{ "fewest", "cheapest" } do
    local sums = run.sums[name]
    say("   %s: %.4f %% proven optimal, %s steps at the most", name, 100 * sums.proven / n,
      stats.thousands(sums.steps))
  end
end

local function say_same(run)
  local contest = run.contest
  local least = contest.cost[LEADER]
  say("\n2. The same orders, all algorithms asked about the same goods (%s sells them)", LEADER)
  say("   %-10s %12s %10s %10s %20s", "", "total cost", "more", "shipments", "dearer orders")
  for _, name in ipairs(ALGORITHMS) do
    say("   %-10s %12s %8.3f %% %10.3f %10s (%.2f %%)", name,
      stats.thousands(contest.cost[name]), 100 * (contest.cost[name] / least - 1),
      contest.shipments[name] / run.orders, stats.thousands(contest.dearer[name]),
      100 * contest.dearer[name] / run.orders)
  end
  say("   violations (an order that another algorithm serves at less cost than the cheapest, with")
  say("   fewer shipments than the fewest, or with less missing): %d", contest.violations)
end

local function chart(run, file, title, subtitle, value, format)
  local bars = {}
  for i, name in ipairs(ALGORITHMS) do
    local number = value(run.sums[name], name)
    bars[i] = { label = name, value = number, text = format:format(number),
      ours = name == "fewest" or name == "cheapest" }
  end
  sh.write(("build/bench/sourcing-%s.svg"):format(file), svg.chart(title, subtitle, bars))
end

local function draw(run)
  local n = run.orders
  local subtitle = ("%s orders over ten fulfilment centres, each algorithm with goods of its own")
    :format(stats.thousands(n))
  chart(run, "cost", "Cost of an order", subtitle, function(s) return s.cost / n end, "%.3f")
  chart(run, "shipments", "Shipments of an order", subtitle,
    function(s) return s.shipments / n end, "%.3f")
  chart(run, "time", "Time of a decision, median", subtitle .. "; microseconds",
    function(s) return stats.median(s.times) end, "%.0f")
  chart(run, "same-goods", "Cost of an order about the same goods",
    "every algorithm asked about the goods that " .. LEADER .. " left",
    function(_, name) return run.contest.cost[name] / n end, "%.3f")
end

-- Nothing was violated, and the cheapest is the cheapest.
function _M.run(network, orders, seed)
  local run = run_orders(network, orders, seed)
  say_own(run)
  say_same(run)
  draw(run)
  local fine = run.contest.violations == 0
  for _, name in ipairs(ALGORITHMS) do
    fine = fine and run.contest.cost[LEADER] <= run.contest.cost[name]
  end
  return fine
end

return _M
