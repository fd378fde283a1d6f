-- random.lua: the fewest shipments and the lowest cost of random requests, asked for through the
-- public API, against what GLPK proves to be the least.
--
--   lua5.4 spec/prove/random.lua [COUNT [SEED]]         (luajit works as well)
--
-- A request passes when its plan breaks no rule, and everything that counts is as little as GLPK
-- says it can be: what is missing, shipments and cost, each at the least of those before it. A plan
-- that is not proven passes when GLPK's optimum lies between its bound and its cost. Ends with the
-- line "N passed, N failed". QM_SHOW=1 prints the program of each request that fails.

local settings = dofile(".busted")._all
package.path = settings.lpath .. ";" .. package.path
package.cpath = settings.cpath .. ";" .. package.cpath

local glpsol = require "prove.glpsol"
local program_of = require "prove.program"
local requests = require "prove.requests"

-- Less than the smallest step of any sum, more than what GLPK's floats are off.
local ENOUGH = 0.002

local function differ(a, b) return math.abs(a - b) > ENOUGH end

-- Does the plan say of itself what it is?
local function misreported(program, case, plan, values)
  local used, sums = 0, {}
  for _, goal in ipairs(program_of.goals(program, "fewest")) do
    sums[goal.name] = program_of.value(goal, values) / goal.scale
  end
  for _ in ipairs(plan.sources) do used = used + 1 end
  local short = 0
  for _, line in ipairs(plan.short) do short = short + line.qty end
  if differ(plan.cost, sums.cost) then return "it says that it costs " .. plan.cost end
  if differ(short, sums.missing) then return "it says that it lacks " .. short end
  if used ~= plan.shipments then return "its shipments are not its sources" end
  local value = plan.cost
  if case.request.algorithm == "fewest" then value = plan.bound + plan.gap end
  if differ(plan.bound + plan.gap, value) then return "bound and gap do not add up" end
  if plan.optimal and plan.gap ~= 0 then return "it is optimal but has a gap" end
end

-- What is wrong with a plan that is not proven: only its bound can be. It is one of the shipments,
-- or of the cost, when as much is sent as the plan sends.
local function wrong_bound(program, case, plan, values)
  local wanted = case.request.algorithm == "fewest" and "shipments" or "cost"
  local limits = {}
  for _, goal in ipairs(program_of.goals(program, case.request.algorithm)) do
    local value = program_of.value(goal, values)
    local least, why = glpsol.least(program, goal, limits)
    if not least then return why end
    if value / goal.scale < least - ENOUGH then return "it is better than GLPK's optimum" end
    if goal.name == wanted then
      return plan.bound > least + ENOUGH and "its bound is above GLPK's optimum" or nil
    end
    if differ(value / goal.scale, least) then return nil end
    limits[#limits + 1] = { sum = goal, most = value }
  end
end

-- The first thing that matters of which the plan has more, or less, than GLPK.
local function wrong_value(program, case, values)
  local limits = {}
  for _, goal in ipairs(program_of.goals(program, case.request.algorithm)) do
    local value = program_of.value(goal, values)
    local least, why = glpsol.least(program, goal, limits)
    if not least then return why, goal, limits end
    if differ(value / goal.scale, least) then
      return ("%s is %.4f, GLPK says %.4f"):format(goal.name, value / goal.scale, least), goal,
        limits
    end
    local slack = goal.name == "cost" and ENOUGH * goal.scale or 0
    limits[#limits + 1] = { sum = goal, most = value + slack }
  end
end

local function judge(case, plan)
  local program = program_of.new(case)
  local values, why = program_of.read(program, case, plan)
  if not values then return why, program end
  local broken = program_of.broken(program, values)
  if broken then return "the plan breaks " .. broken, program end
  why = misreported(program, case, plan, values)
  if why then return why, program end
  if not plan.optimal then return wrong_bound(program, case, plan, values), program end
  local wrong, goal, limits = wrong_value(program, case, values)
  return wrong, program, goal, limits
end

-- Was it the optimum all the same?
local function is_best(program, case, plan)
  local values = program_of.read(program, case, plan)
  return values and not wrong_value(program, case, values)
end

local function say_sums(sums, began)
  print(("%d requests, %d proven, %d steps at the most, %d s"):format(sums.count, sums.proven,
    sums.steps, os.time() - began))
  if sums.proven < sums.count then
    print(("of the %d that are not proven, %d are optimal as GLPK finds"):format(
      sums.count - sums.proven, sums.best))
  end
end

local function main(count, seed)
  local passed, failed, began = 0, 0, os.time()
  local sums = { count = count, proven = 0, best = 0, steps = 0 }
  for i = seed, seed + count - 1 do
    local case = requests.new(i)
    local plan = requests.plan(case)
    local problem, program, goal, limits = judge(case, plan)
    sums.steps = math.max(sums.steps, plan.steps)
    if plan.optimal then
      sums.proven = sums.proven + 1
    elseif is_best(program, case, plan) then
      sums.best = sums.best + 1
    end
    if problem then
      failed = failed + 1
      print(("seed %d: %s of %d lines from %d sources: %s"):format(i, plan.algorithm,
        #case.request.lines, case.sources, problem))
      if goal and os.getenv("QM_SHOW") then print(glpsol.text(program, goal, limits)) end
    else
      passed = passed + 1
    end
  end
  say_sums(sums, began)
  print(("%d passed, %d failed"):format(passed, failed))
  os.exit(failed == 0 and passed > 0 and 0 or 1)
end

main(tonumber(arg[1] or 300), tonumber(arg[2] or 1))
