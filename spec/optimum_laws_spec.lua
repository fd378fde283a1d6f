-- optimum_laws_spec.lua: laws that every proven plan obeys, whatever the shop: no other algorithm
-- does better, more goods or sources cost no more, costs in another currency give the same plan,
-- names do not matter, a request gets the same plan twice, and a small budget an honest one.

local children = require "children"
local quartermaster = require "quartermaster"

local SHOPS, SOURCES, SKUS = 40, 7, 5

-- A shop as a plain value: which source has what, and a request.
local function random_shop(random)
  local shop = { goods = {}, lines = {}, terms = {}, sources = {} }
  for s = 1, 2 + random(SOURCES - 1) do
    shop.sources[s] = "s" .. s
    shop.terms["s" .. s] = { shipment = random(900) / 100, unit = random(200) / 100 }
  end
  for p = 1, random(SKUS) do
    local goods = {}
    for _, code in ipairs(shop.sources) do goods[code] = math.max(0, random(9) - 4) end
    shop.goods["p" .. p] = goods
    shop.lines[p] = { sku = "p" .. p, qty = random(6) }
  end
  if random(3) == 1 then shop.lines[1].splittable = false end
  return shop
end

local function copied(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, inner in pairs(value) do copy[key] = copied(inner) end
  return copy
end

-- Plans for a shop, each a request's options.
local function plans_of(shop, ...)
  local inv = assert(quartermaster.open{ path = ":memory:" })
  local links = {}
  for i, code in ipairs(shop.sources) do
    assert(inv.sources:save{ code = code, name = code, country = "DE", postcode = "1" })
    links[i] = { code = code, priority = i }
  end
  local stock = assert(inv.stocks:save{ name = "EU", sources = links })
  for sku, goods in pairs(shop.goods) do
    assert(inv.products:save{ sku = sku, assign_default = false })
    for code, qty in pairs(goods) do
      assert(inv.items:save{ { sku = sku, source = code, qty = qty } })
    end
  end
  local plans = {}
  for i, options in ipairs{ ... } do
    local request = { stock = stock, lines = shop.lines, terms = shop.terms, costs = {} }
    for key, value in pairs(options) do request[key] = value end
    plans[i] = assert(inv:select(request))
  end
  inv:close()
  return (table.unpack or unpack)(plans, 1, select("#", ...))
end

local function missing(plan)
  local total = 0
  for _, row in ipairs(plan.short) do total = total + row.qty end
  return total
end

-- Is a plan at least as good in what comes first? Nearly equal is equal: costs are decimals.
local function at_least(plan, other, ...)
  for _, measure in ipairs{ missing, ... } do
    local mine, theirs = measure(plan), measure(other)
    if math.abs(mine - theirs) > 1e-6 then return mine < theirs end
  end
  return true
end

local function cost(plan) return plan.cost end
local function shipments(plan) return plan.shipments end

local CHEAPEST, FEWEST = { algorithm = "cheapest" }, { algorithm = "fewest" }

local function in_shops(law)
  for seed = 1, SHOPS do
    local between = children.random(seed * 7919)
    local function random(most) return between(1, most) end
    local ok, message = pcall(law, random_shop(random), random)
    if not ok then error(("shop %d: %s"):format(seed, tostring(message)), 0) end
  end
end

describe("proven plans", function()
  it("are at least as good as every other algorithm's", function()
    local better = 0
    in_shops(function(shop)
      local cheapest, fewest, priority = plans_of(shop, CHEAPEST, FEWEST, {})
      assert.is_true(cheapest.optimal and fewest.optimal)
      assert.same({ cheapest.cost, fewest.shipments }, { cheapest.bound, fewest.bound })
      assert.is_true(at_least(cheapest, fewest, cost, shipments))
      assert.is_true(at_least(cheapest, priority, cost, shipments))
      assert.is_true(at_least(fewest, cheapest, shipments, cost))
      assert.is_true(at_least(fewest, priority, shipments, cost))
      better = better + (cheapest.cost < priority.cost - 1e-6 and 1 or 0)
    end)
    assert.is_true(better > SHOPS / 4, "priority is hardly ever worse: the shops are too easy")
  end)

  it("cost no more when there is more, and no less when a source is gone", function()
    in_shops(function(shop, random)
      local plan = plans_of(shop, CHEAPEST)
      local richer, poorer = copied(shop), copied(shop)
      local code = shop.sources[random(#shop.sources)]
      for _, goods in pairs(richer.goods) do goods[code] = goods[code] + 1 end
      poorer.terms[code].use = "never"
      assert.is_true(at_least(plans_of(richer, CHEAPEST), plan, cost))
      assert.is_true(at_least(plan, plans_of(poorer, CHEAPEST), cost))
    end)
  end)

  it("are the same in another currency, at another price", function()
    in_shops(function(shop)
      local dear = copied(shop)
      for _, term in pairs(dear.terms) do
        term.shipment, term.unit = term.shipment * 7, term.unit * 7
      end
      local plan, other = plans_of(shop, CHEAPEST), plans_of(dear, CHEAPEST)
      assert.same(plan.picks, other.picks)
      assert.is_true(math.abs(plan.cost * 7 - other.cost) < 1e-6)
    end)
  end)

  it("are worth the same whatever sources are called, and in whatever order", function()
    in_shops(function(shop, random)
      local turned = copied(shop)
      for i = #turned.sources, 2, -1 do
        local j = random(i)
        turned.sources[i], turned.sources[j] = turned.sources[j], turned.sources[i]
      end
      for _, options in ipairs{ CHEAPEST, FEWEST } do
        local plan, other = plans_of(shop, options), plans_of(turned, options)
        assert.same({ plan.cost, plan.shipments, missing(plan) },
          { other.cost, other.shipments, missing(other) })
      end
    end)
  end)

  it("are the same twice, and honest with a small budget", function()
    in_shops(function(shop, random)
      local hasty = { algorithm = "cheapest", budget = random(12) }
      local first, second, proven = plans_of(shop, hasty, hasty, CHEAPEST)
      assert.same(first, second)
      assert.is_true(at_least(proven, first, cost))
      if missing(first) == missing(proven) then
        assert.is_true(first.bound <= proven.cost + 1e-6)
      end
      if first.optimal then assert.same(proven.cost, first.cost) end
    end)
  end)

  it("take greedy covers as many sources at the most as their harmonic number allows", function()
    in_shops(function(shop)
      for _, line in ipairs(shop.lines) do
        line.qty, line.splittable = 1, nil
      end
      local plan = plans_of(shop, FEWEST)
      -- The greedy cover: again and again the source that has most of what is left.
      local open, greedy, harmonic = {}, 0, 0
      for i, line in ipairs(shop.lines) do
        open[line.sku] = true
        harmonic = harmonic + 1 / i
      end
      repeat
        local best, most = nil, 0
        for _, code in ipairs(shop.sources) do
          local count = 0
          for sku in pairs(open) do
            count = count + (shop.goods[sku][code] > 0 and 1 or 0)
          end
          if count > most then best, most = code, count end
        end
        if best then greedy = greedy + 1 end
        for sku in pairs(best and copied(open) or {}) do
          if shop.goods[sku][best] > 0 then open[sku] = nil end
        end
      until not best
      assert.is_true(plan.shipments <= greedy and greedy <= plan.shipments * harmonic + 1e-9)
    end)
  end)
end)
