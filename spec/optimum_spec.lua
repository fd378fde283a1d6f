-- optimum_spec.lua: the fewest shipments and the lowest cost, with what selection may be told of
-- costs and of sources. What is cheapest is compared with trying everything by the C tests; here is
-- what each option means, and what a plan says.

local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, product, place = kit.with_shop, kit.product, kit.place

-- Runs fn(select): select(request) for a shop whose products are given as sku -> goods by source.
local function shop(products, fn, options)
  with_shop(function(inv, stock)
    for sku, goods in pairs(products) do product(inv, sku, goods) end
    fn(function(request)
      request.stock = stock
      return inv:select(request)
    end, inv, stock)
  end, options)
end

-- "muc 2 bike, ham 1 lock": what is picked, in the plan's order.
local function said(plan)
  local parts = {}
  for i, pick in ipairs(plan.picks) do
    parts[i] = ("%s %g %s"):format(pick.source, tonumber(pick.qty_to_deduct), pick.sku)
  end
  return table.concat(parts, ", ")
end

local function why(plan, line, source)
  for _, reason in ipairs(plan.why) do
    if reason.line == line and reason.source == source then return reason.rule, reason.detail end
  end
end

local BOTH = { { sku = "bike", qty = 2 }, { sku = "lock", qty = 1 } }
local SPREAD = { bike = { muc = 2, ham = 2 }, lock = { ham = 1, ber = 1 } }

describe("the fewest shipments", function()
  it("are found where priority takes more", function()
    shop(SPREAD, function(select)
      assert.equal("muc 2 bike, ham 1 lock", said(assert(select{ lines = BOTH })))
      local plan = assert(select{ lines = BOTH, algorithm = "fewest" })
      assert.equal("ham 2 bike, ham 1 lock", said(plan))
      assert.same({ true, "fewest", 1, 1, 0, true, 0 }, { plan.shippable, plan.algorithm,
        plan.shipments, plan.bound, plan.gap, plan.optimal, plan.cost })
      assert.is_true(plan.steps > 0)
    end)
  end)

  it("fill as much as possible first", function()
    shop({ bike = { muc = 1, ham = 1, ber = 3 } }, function(select)
      local plan = assert(select{ lines = { { sku = "bike", qty = 9 } }, algorithm = "fewest" })
      assert.equal("muc 1 bike, ham 1 bike, ber 3 bike", said(plan))
      assert.same({ false, { { line = 1, sku = "bike", qty = 4 } } },
        { plan.shippable, plan.short })
    end)
  end)

  it("cost as little as so few can, then come first by priority", function()
    shop({ bike = { muc = 2, ham = 2, ber = 2 } }, function(select)
      local lines = { { sku = "bike", qty = 2 } }
      assert.equal("muc 2 bike", said(assert(select{ lines = lines, algorithm = "fewest" })))
      assert.equal("ber 2 bike", said(assert(select{ lines = lines, algorithm = "fewest",
        terms = { muc = { shipment = 9 }, ham = { unit = 1 } } })))
      assert.equal("ham 2 bike", said(assert(select{ lines = lines, algorithm = "fewest",
        sources = { "ham", "muc" } })))
    end)
  end)
end)

describe("the lowest cost", function()
  it("weighs a shipment against the cost of units", function()
    shop({ bike = { muc = 1, ham = 4 } }, function(select)
      local function chosen(costs)
        local plan = assert(select{ lines = { { sku = "bike", qty = 3 } }, algorithm = "cheapest",
          costs = costs, terms = { ham = { unit = 2 } } })
        return { said(plan), plan.cost, plan.bound, plan.gap, plan.optimal }
      end
      assert.same({ "ham 3 bike", 11, 11, 0, true }, chosen{ shipment = 5 })
      assert.same({ "muc 1 bike, ham 2 bike", 6, 6, 0, true }, chosen{ shipment = 1 })
    end)
  end)

  it("counts what the way costs; unknown ways are as long as the longest", function()
    shop({ bike = { muc = 1, ham = 1, ber = 1 } }, function(select, inv)
      for code, latitude in pairs{ muc = 48, ham = 53 } do
        assert(inv.sources:save{ code = code, latitude = latitude, longitude = 10 })
      end
      local plan = assert(select{ lines = { { sku = "bike", qty = 1 } }, algorithm = "cheapest",
        destination = { latitude = 52, longitude = 10 }, costs = { shipment = 1,
          shipment_1000km = 10, unit_1000km = 5 } })
      -- One degree is 111.195 km.
      assert.same({ "ham 1 bike", 2.668 }, { said(plan), plan.cost })
      for _, source in ipairs{ "muc", "ber" } do
        assert.same({ "cost", "from there the line would cost 5.0037 more" },
          { why(plan, 1, source) })
      end
    end)
  end)

  it("heeds what a line costs from a source", function()
    shop({ bike = { muc = 1, ham = 1 }, lock = { muc = 1, ham = 1 } }, function(select)
      local plan = assert(select{ algorithm = "cheapest", lines = {
        { sku = "bike", qty = 1, costs = { muc = 3 } }, { sku = "lock", qty = 1 } } })
      assert.equal("ham 1 bike, ham 1 lock", said(plan))
    end)
  end)

  it("leaves out what costs more than its price", function()
    shop(SPREAD, function(select)
      local plan = assert(select{ lines = BOTH, algorithm = "cheapest",
        costs = { shipment = 3, missing = 2 }, terms = { ham = { shipment = 9 } } })
      assert.same({ "muc 2 bike", 5, false }, { said(plan), plan.cost, plan.shippable })
      assert.same({ { line = 2, sku = "lock", qty = 1 } }, plan.short)
      assert.equal("left_out", (why(plan, 2, "ham")))
    end)
  end)
end)

describe("selection may be told", function()
  it("how many sources at the most", function()
    shop({ bike = { muc = 2, ham = 3, ber = 1 } }, function(select)
      local plan = assert(select{ lines = { { sku = "bike", qty = 6 } }, algorithm = "fewest",
        max_sources = 2 })
      assert.same({ "muc 2 bike, ham 3 bike", 1 }, { said(plan), plan.short[1].qty })
      assert.equal("left_out", (why(plan, 1, "ber")))
    end)
  end)

  it("to send all or nothing", function()
    shop(SPREAD, function(select)
      for _, algorithm in ipairs{ "priority", "fewest", "cheapest" } do
        local plan = assert(select{ algorithm = algorithm, whole = true,
          lines = { { sku = "bike", qty = 5 }, { sku = "lock", qty = 1 } } })
        assert.same({ false, {}, 0 }, { plan.shippable, plan.picks, plan.shipments })
        assert.same({ { line = 1, sku = "bike", qty = 5 }, { line = 2, sku = "lock", qty = 1 } },
          plan.short)
        assert.is_true(assert(select{ algorithm = algorithm, whole = true,
          lines = BOTH }).shippable)
      end
    end)
  end)

  it("to send all whatever it costs, when it is all or nothing", function()
    shop(SPREAD, function(select)
      local plan = assert(select{ lines = BOTH, algorithm = "cheapest", whole = true,
        costs = { shipment = 3, missing = 0 } })
      assert.same({ "ham 2 bike, ham 1 lock", 3, true }, { said(plan), plan.cost, plan.optimal })
    end)
  end)

  it("to send all or nothing, and says so of what was there", function()
    shop(SPREAD, function(select)
      for _, algorithm in ipairs{ "priority", "fewest", "cheapest" } do
        local plan = assert(select{ algorithm = algorithm, whole = true,
          lines = { { sku = "bike", qty = 5 }, { sku = "lock", qty = 1 } } })
        assert.same({ "all_or_nothing", "not all that was asked for can be sent, so nothing is" },
          { why(plan, 2, "ham") })
        assert.equal("no_item", (why(plan, 2, "muc")))
      end
    end)
  end)

  it("never to use a source, with any algorithm", function()
    shop(SPREAD, function(select)
      for _, algorithm in ipairs{ "priority", "fewest", "cheapest" } do
        local plan = assert(select{ lines = BOTH, algorithm = algorithm,
          terms = { ham = { use = "never" } } })
        assert.equal("muc 2 bike, ber 1 lock", said(plan))
        assert.equal("excluded", (why(plan, 1, "ham")))
      end
    end)
  end)

  it("that a shipment leaves from a source anyway, which then costs nothing more", function()
    shop({ bike = { muc = 2, ham = 2 } }, function(select)
      local plan = assert(select{ lines = { { sku = "bike", qty = 2 } }, algorithm = "cheapest",
        costs = { shipment = 4 }, terms = { ham = { use = "anyway", unit = 1 } } })
      assert.same({ "ham 2 bike", 6 }, { said(plan), plan.cost })
    end)
  end)

  it("what a source is to keep, with any algorithm", function()
    shop({ bike = { muc = 3, ham = 2, ber = 2 } }, function(select)
      for _, algorithm in ipairs{ "priority", "cheapest" } do
        local plan = assert(select{ lines = { { sku = "bike", qty = 4 } }, algorithm = algorithm,
          terms = { muc = { safety = 1 } } })
        assert.same({ line = 1, sku = "bike", source = "muc", qty_to_deduct = 2,
          qty_available = 2 }, plan.picks[1])
      end
      local plan = assert(select{ lines = { { sku = "bike", qty = 4 } },
        terms = { muc = { safety = 3 } } })
      assert.same({ "ham 2 bike, ber 2 bike", "safety" }, { said(plan), (why(plan, 1, "muc")) })
    end)
  end)

  it("how much may leave from a source in all", function()
    shop({ bike = { muc = 9, ham = 9 }, lock = { muc = 9, ham = 9 } }, function(select)
      local plan = assert(select{ algorithm = "cheapest", costs = { shipment = 1 },
        lines = { { sku = "bike", qty = 2 }, { sku = "lock", qty = 2 } },
        terms = { muc = { capacity = 3 }, ham = { unit = 1 } } })
      assert.same({ "muc 2 bike, muc 1 lock, ham 1 lock", 3, true },
        { said(plan), plan.cost, plan.optimal })
      plan = assert(select{ algorithm = "fewest", lines = { { sku = "bike", qty = 9 },
        { sku = "lock", qty = 9 } }, terms = { muc = { capacity = 0 }, ham = { capacity = 10 } } })
      assert.equal(8, plan.short[1].qty + (plan.short[2] and plan.short[2].qty or 0))
      assert.equal("capacity", (why(plan, 1, "muc")))
    end)
  end)

  it("when goods are due, by cut-off and days on the way", function()
    local noon = 20000 * 86400 + 12 * 3600
    shop({ bike = { muc = 1, ham = 1, ber = 1 } }, function(select)
      local function chosen(deliver_by)
        local plan = assert(select{ lines = { { sku = "bike", qty = 1 } },
          deliver_by = deliver_by, terms = { muc = { transit_days = 1, cut_off = "11:59" },
            ham = { transit_days = 1, cut_off = "12:00" } } })
        return said(plan), (why(plan, 1, "muc"))
      end
      local tomorrow = noon + 86400
      assert.same({ "muc 1 bike", "priority" }, { chosen(tomorrow + 86400) })
      assert.same({ "ham 1 bike", "late" }, { chosen(tomorrow) })
      assert.same({ "ber 1 bike", "late" }, { chosen(noon) }) -- of ber nobody knows
      assert.same({ "muc 1 bike", "priority" }, { chosen(nil) })
    end, { clock = function() return noon end })
  end)

  it("how many steps to take at the most; then it says how far off it may be", function()
    local goods, lines = {}, {}
    for i = 1, 12 do
      goods["p" .. i] = { muc = i % 3, ham = (i + 1) % 3, ber = (i + 2) % 3 }
      lines[i] = { sku = "p" .. i, qty = 2 }
    end
    shop(goods, function(select)
      local request = { lines = lines, algorithm = "cheapest", costs = { shipment = 7.5 },
        terms = { ham = { unit = 0.3 }, ber = { unit = 0.2 } } }
      request.budget = 1
      local hasty = assert(select(request))
      request.budget = nil
      local plan = assert(select(request))
      assert.is_true(plan.optimal and plan.gap == 0)
      assert.is_true(hasty.bound <= plan.cost and plan.cost <= hasty.cost)
      assert.equal(hasty.optimal, hasty.gap == 0)
      assert.is_true(math.abs(hasty.cost - hasty.bound - hasty.gap) < 1e-9)
      local again = assert(select(request))
      assert.same(plan, again)
    end)
  end)
end)

describe("a proven plan", function()
  it("keeps together what ships together, and lines that may not be split", function()
    shop({ bike = { muc = 1, ham = 2 }, lock = { muc = 2, ham = 1, ber = 2 } }, function(select)
      local plan = assert(select{ algorithm = "fewest", lines = {
        { sku = "bike", qty = 2, group = 1 }, { sku = "lock", qty = 2, group = 1 },
        { sku = "lock", qty = 2, splittable = false } } })
      assert.equal("muc 1 bike, muc 1 lock, ham 1 bike, ham 1 lock, ber 2 lock", said(plan))
      assert.is_true(plan.optimal and plan.shippable)
      assert.equal("whole", (why(plan, 3, "muc")))
    end)
  end)

  it("ships an order", function()
    shop(SPREAD, function(_, inv, stock)
      place(inv, "o-1", stock, { "bike", 2 }, { "lock", 1 })
      local plan = assert(inv:select{ order = "o-1", algorithm = "fewest" })
      assert(inv:ship{ id = "s-1", order = "o-1", plan = plan })
      local position = assert(inv:position{ sku = "bike", stock = stock })
      assert.equal(2, position.on_hand)
    end)
  end)

  it("counts what an order has allocated as its own", function()
    shop({ bike = { muc = 2, ham = 2 } }, function(select, inv, stock)
      place(inv, "o-1", stock, { "bike", 2 })
      assert(inv:allocate{ id = "a-1", order = "o-1",
        lines = { { line = 1, qty = 2, source = "muc" } } })
      assert.equal("muc 2 bike", said(assert(inv:select{ order = "o-1", algorithm = "fewest" })))
      local plan = assert(select{ lines = { { sku = "bike", qty = 2 } }, algorithm = "fewest" })
      assert.equal("ham 2 bike", said(plan))
    end)
  end)

  it("says what any plan costs, when it is told costs", function()
    shop(SPREAD, function(select)
      local plan = assert(select{ lines = BOTH, costs = { shipment = 2, unit = 0.5 } })
      assert.same({ "priority", 5.5 }, { plan.algorithm, plan.cost })
      assert.is_nil(plan.optimal)
      assert.is_nil(assert(select{ lines = BOTH }).cost)
    end)
  end)

  it("lists all candidates when asked to", function()
    shop(SPREAD, function(select)
      local plan = assert(select{ lines = BOTH, algorithm = "fewest", rows = "all" })
      assert.equal("muc 0 bike, ham 2 bike, ham 1 lock, ber 0 lock", said(plan))
    end)
  end)
end)

describe("what selection is told", function()
  it("is refused when it makes no sense, all of it at once", function()
    shop(SPREAD, function(select)
      helpers.expect_problems({ "terms NOT_FOUND", "costs INVALID" }, select{ lines = BOTH,
        algorithm = "cheapest", terms = { nowhere = {} }, costs = { shipment = -1 } })
      helpers.expect_problems({ "costs INVALID" }, select{ lines = BOTH,
        algorithm = "cheapest", costs = { unit = 10000001 } })
      helpers.expect_problems({ "costs INVALID" }, select{ lines = BOTH,
        algorithm = "cheapest", costs = { unit = "0.00001" } })
      helpers.expect_problems({ "qty INVALID" }, select{ lines = BOTH,
        algorithm = "cheapest", terms = { muc = { safety = -1 } } })
      helpers.expect_problems({ "max_sources INVALID" }, select{ lines = BOTH, max_sources = 1,
        algorithm = "cheapest", terms = { muc = { use = "anyway" }, ham = { use = "anyway" } } })
    end)
  end)

  it("is refused when it adds up to more than can be told", function()
    shop({ bike = { muc = 60000, ham = 60000 } }, function(select)
      local lines = { { sku = "bike", qty = 20000 } }
      for _, algorithm in ipairs{ "priority", "fewest", "cheapest" } do
        helpers.expect_problems({ "lines LIMIT" }, select{ lines = lines, algorithm = algorithm,
          costs = { unit = 10000000 } })
      end
      helpers.expect_problems({ "lines LIMIT" }, select{ algorithm = "fewest",
        lines = { { sku = "bike", qty = 1e11 }, { sku = "bike", qty = 1 } } })
      local plan = assert(select{ lines = lines, algorithm = "cheapest",
        terms = { ham = { unit = 10000000 } } })
      assert.same({ "cost", "from there the line would cost 100000000000 more" },
        { why(plan, 1, "ham") })
    end)
  end)

  it("raises when it is of the wrong kind", function()
    shop(SPREAD, function(select)
      for _, wrong in ipairs{
        { costs = { shipping = 1 } }, { costs = { unit = true } }, { terms = { muc = 1 } },
        { terms = { muc = { use = "always" } } }, { terms = { muc = { cut_off = "25:00" } } },
        { terms = { muc = { transit_days = 1.5 } } }, { max_sources = 0 }, { budget = 0 },
        { whole = 1 }, { lines = { { sku = "bike", qty = 1, costs = { muc = {} } } } },
      } do
        wrong.algorithm = "cheapest"
        wrong.lines = wrong.lines or BOTH
        assert.has_error(function() select(wrong) end)
      end
      for _, wrong in ipairs{ { max_sources = 1 }, { budget = 9 },
        { terms = { muc = { capacity = 1 } } }, { terms = { muc = { use = "anyway" } } } } do
        wrong.lines = BOTH
        assert.has_error(function() select(wrong) end)
      end
    end)
  end)

  it("may not be more than can be looked at", function()
    shop({}, function(select, inv, stock)
      local links = {}
      for i = 1, 140 do
        assert(inv.sources:save{ code = "s" .. i, name = "S" .. i, country = "DE",
          postcode = "1" })
        links[i] = { stock = stock, source = "s" .. i, priority = i }
      end
      assert(inv.stocks:link(links))
      local lines = {}
      for i = 1, 4000 do lines[i] = { sku = "bike", qty = 1 } end
      helpers.expect_problems({ "lines LIMIT" }, select{ lines = lines, algorithm = "fewest" })
    end)
  end)
end)
