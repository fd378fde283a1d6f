-- prove_spec.lua: what proves selection finds what is wrong with a plan; and the benchmark's orders
-- are the same each time.

local demand = require "bench.sourcing.demand"
local glpsol = require "prove.glpsol"
local program_of = require "prove.program"
local requests = require "prove.requests"

local function case_of(goods, request)
  request.costs, request.terms = request.costs or {}, request.terms or {}
  request.algorithm = request.algorithm or "cheapest"
  return { sources = #goods[1], products = #goods, goods = goods, request = request }
end

-- What is wrong with picks { line, source, qty }; nil: nothing.
local function wrong_with(case, ...)
  local picks = {}
  for i, pick in ipairs{ ... } do
    picks[i] = { line = pick[1], source = requests.code(pick[2]), qty_to_deduct = pick[3] }
  end
  local program = program_of.new(case)
  local values, why = program_of.read(program, case, { picks = picks })
  return why or program_of.broken(program, values)
end

describe("the proof of selection", function()
  it("sees which picks are no plan", function()
    local case = case_of({ { 3, 3, 3 } }, { lines = { { sku = "p1", qty = 4 } }, max_sources = 2,
      terms = { s01 = { safety = 1 }, s02 = { capacity = 1 }, s03 = { use = "never" } } })
    assert.is_nil(wrong_with(case, { 1, 1, 2 }, { 1, 2, 1 }))
    assert.is_nil(wrong_with(case))
    assert.equal("x_1_1", wrong_with(case, { 1, 1, 3 }))
    assert.equal("room", wrong_with(case, { 1, 2, 2 }))
    assert.equal("y_3", wrong_with(case, { 1, 3, 1 }))
    assert.equal("a pick that is none", wrong_with(case, { 1, 1, 1 }, { 1, 1, 1 }))
    case.request.terms = {}
    assert.equal("need", wrong_with(case, { 1, 1, 3 }, { 1, 2, 2 }))
    assert.equal("sources", wrong_with(case, { 1, 1, 1 }, { 1, 2, 1 }, { 1, 3, 1 }))
  end)

  it("sees goods that are given away twice, and what is torn apart", function()
    local case = case_of({ { 6, 2 }, { 6, 6 } }, { lines = { { sku = "p1", qty = 4, group = 1 },
      { sku = "p2", qty = 6, group = 1 }, { sku = "p1", qty = 3, splittable = false } } })
    assert.is_nil(wrong_with(case, { 1, 2, 2 }, { 2, 2, 3 }, { 3, 1, 3 }))
    assert.equal("goods", wrong_with(case, { 1, 1, 4 }, { 2, 1, 6 }, { 3, 1, 3 }))
    for _, picks in ipairs{ { { 1, 1, 2 } }, { { 1, 1, 2 }, { 2, 1, 2 } }, { { 3, 1, 2 } } } do
      assert.equal("part of a unit is picked", wrong_with(case, (table.unpack or unpack)(picks)))
    end
  end)

  it("counts what matters, what matters most first", function()
    local case = case_of({ { 2, 9 } }, { lines = { { sku = "p1", qty = 5 } },
      costs = { shipment = 3, unit = 0.5, unit_1000km = 2 }, distances = { s01 = 500 } })
    local program = program_of.new(case)
    local values = program_of.read(program, case,
      { picks = { { line = 1, source = "s01", qty_to_deduct = 2 } } })
    local said = {}
    for i, goal in ipairs(program_of.goals(program, "fewest")) do
      said[i] = ("%s %g"):format(goal.name, program_of.value(goal, values) / goal.scale)
    end
    assert.same({ "missing 3", "shipments 1", "cost 6" }, said) -- 3 + 2 * (0.5 + 500 km * 2)
    local cheapest = program_of.goals(program, "cheapest")
    assert.same({ "missing", "cost" }, { cheapest[1].name, cheapest[2].name })
    case.request.costs.missing = 4
    assert.equal("cost", program_of.goals(program_of.new(case), "cheapest")[1].name)
  end)

  it("writes programs down for GLPK", function()
    local case = case_of({ { 2 } }, { lines = { { sku = "p1", qty = 3 } }, max_sources = 1,
      costs = { shipment = 3, unit = 0.5 } })
    local program = program_of.new(case)
    local goals = program_of.goals(program, "cheapest")
    assert.equal([[
Minimize
  goal: +3 y_1
  +0.5 x_1_1
Subject To
  r3: +1 y_1 <= 1
  r4: +1 x_1_1 <= 2
  r5: +1 x_1_1 <= 3
  r6: -2 y_1
  +1 x_1_1 <= 0
  r7: -1 x_1_1 <= -2
Bounds
  0 <= y_1 <= 1
  0 <= x_1_1 <= 2
Generals
  y_1
End
]], glpsol.text(program, goals[2], { { sum = goals[1], most = 10000 } }))
  end)
end)

describe("the orders of the benchmark", function()
  local network = { cities = {}, centres = {} }
  for i = 1, 10 do
    network.cities[i] = { people = i * 1000, at = { latitude = i, longitude = i } }
    network.centres[i] = { code = "c" .. i }
  end

  it("are the same for a seed, and so are the goods", function()
    local one, same, other = demand.orders(network, 3), demand.orders(network, 3),
      demand.orders(network, 4)
    local differ = false
    for _ = 1, 20 do
      local order = one()
      assert.same(order, same())
      assert.is_true(#order.lines >= 1 and #order.lines <= 10)
      differ = differ or not pcall(assert.same, order, other())
    end
    assert.is_true(differ)
    assert.same(demand.levels(network, 3), demand.levels(network, 3))
  end)
end)
