-- select_distance_spec.lua: the nearest source first, and how far places are from each other.

local helpers = require "helpers"
local kit = require "order_kit"
local quartermaster = require "quartermaster"

local product, place = kit.product, kit.place

local PLACES = {
  muc = { latitude = 48.137, longitude = 11.575 },
  ham = { latitude = 53.551, longitude = 9.994 },
  ber = { latitude = 52.52, longitude = 13.405 },
}
local LEIPZIG = { latitude = 51.34, longitude = 12.375 } -- ber 149 km away, ham 294, muc 361

-- Runs fn(inv, stock) in a shop whose sources know where they are, except those named.
local function with_places(fn, options, unknown)
  kit.with_shop(function(inv, stock)
    for code, at in pairs(PLACES) do
      if not (unknown or {})[code] then
        assert(inv.sources:save{ code = code, latitude = at.latitude, longitude = at.longitude })
      end
    end
    fn(inv, stock)
  end, options)
end

local function request(stock, to, ...)
  local lines = {}
  for i, line in ipairs{ ... } do lines[i] = { sku = line[1], qty = line[2] } end
  return { stock = stock, algorithm = "distance", destination = to, lines = lines }
end

local function sources_of(plan) return helpers.column(plan.picks, "source") end

-- "rule: detail" of a line's sources, in order.
local function reasons(plan)
  local list = {}
  for i, why in ipairs(plan.why) do
    list[i] = ("%s %s: %s"):format(why.source, why.rule, why.detail)
  end
  return list
end

describe("select by distance", function()
  it("drains the nearest source first, for all lines", function()
    with_places(function(inv, stock)
      product(inv, "bike", { muc = 5, ham = 2, ber = 1 })
      product(inv, "bell", { muc = 5, ham = 1, ber = 1 })
      local plan = assert(inv:select(request(stock, LEIPZIG, { "bike", 4 }, { "bell", 2 })))
      assert.same({ "ber", "ber", "ham", "ham", "muc" }, sources_of(plan))
      assert.same({ 1, 2, 1, 2, 1 }, helpers.column(plan.picks, "line"))
      assert.same({ 1, 1, 2, 1, 1 }, helpers.column(plan.picks, "qty_to_deduct"))
      assert.same({ "distance", true, 3 }, { plan.algorithm, plan.shippable, plan.shipments })
    end)
  end)

  it("says how far each source is that it uses, and how far all of them are", function()
    with_places(function(inv, stock)
      product(inv, "bike", { muc = 5, ham = 2, ber = 1 })
      local plan = assert(inv:select(request(stock, LEIPZIG, { "bike", 3 })))
      local far = {}
      for _, code in ipairs{ "ber", "ham" } do
        far[code] = assert(quartermaster.distance(PLACES[code], LEIPZIG)) / 1000
      end
      assert.same({ { source = "ber", distance_km = far.ber },
        { source = "ham", distance_km = far.ham } }, plan.sources)
      assert.is_true(math.abs(plan.distance_km - far.ber - far.ham) < 1e-9)
      assert.is_true(far.ber > 148 and far.ber < 150 and far.ham > 293 and far.ham < 295)
    end)
  end)

  it("says so under priority as well when the destination is known", function()
    with_places(function(inv, stock)
      product(inv, "bike", { muc = 1 })
      local free = request(stock, PLACES.muc, { "bike", 1 })
      free.algorithm = nil
      local plan = assert(inv:select(free))
      assert.same({ { source = "muc", distance_km = 0 } }, plan.sources)
      assert.same({ "priority", 0 }, { plan.algorithm, plan.distance_km })
      assert.equal("the most preferred source that had any left", plan.why[1].detail)
      free.destination = nil
      plan = assert(inv:select(free))
      assert.same({ { source = "muc" } }, plan.sources)
      assert.is_nil(plan.distance_km)
    end)
  end)

  it("goes by priority among equally far sources, by code among equal priorities", function()
    with_places(function(inv, stock)
      for _, code in ipairs{ "muc", "ham", "ber" } do
        assert(inv.sources:save{ code = code, latitude = 50, longitude = 10 })
      end
      product(inv, "bike", { muc = 1, ham = 1, ber = 1 })
      local free = request(stock, LEIPZIG, { "bike", 3 })
      assert.same({ "muc", "ham", "ber" }, sources_of(assert(inv:select(free))))
      assert(inv.stocks:link{ { stock = stock, source = "muc", priority = 3 } })
      assert.same({ "ham", "ber", "muc" }, sources_of(assert(inv:select(free))))
    end)
  end)

  it("takes sources at an unknown distance last, by priority, without a total", function()
    with_places(function(inv, stock)
      product(inv, "bike", { muc = 1, ham = 1, ber = 1 })
      local plan = assert(inv:select(request(stock, LEIPZIG, { "bike", 3 })))
      assert.same({ "ber", "muc", "ham" }, sources_of(plan))
      assert.is_nil(plan.distance_km)
      assert.is_nil(plan.sources[2].distance_km)
      assert.is_number(assert(inv:select(request(stock, LEIPZIG, { "bike", 1 }))).distance_km)
    end, nil, { muc = true, ham = true })
  end)

  it("does not know where a source with half a place is", function()
    with_places(function(inv, stock)
      assert(inv.sources:save{ code = "muc", latitude = LEIPZIG.latitude })
      product(inv, "bike", { muc = 1, ber = 1 })
      local plan = assert(inv:select(request(stock, LEIPZIG, { "bike", 2 })))
      assert.same({ "ber", "muc" }, sources_of(plan))
    end, nil, { muc = true })
  end)

  it("takes 0 for a coordinate, of a source and of a destination", function()
    with_places(function(inv, stock)
      assert(inv.sources:save{ code = "ber", latitude = 0, longitude = 0 })
      product(inv, "bike", { muc = 1, ber = 1 })
      local origin = { latitude = 0, longitude = 0 }
      local plan = assert(inv:select(request(stock, origin, { "bike", 2 })))
      assert.same({ "ber", "muc" }, sources_of(plan))
      assert.equal(0, plan.sources[1].distance_km)
      plan = assert(inv:select(request(stock, LEIPZIG, { "bike", 2 })))
      assert.same({ "muc", "ber" }, sources_of(plan))
    end)
  end)

  it("goes by priority to a destination that is not on the map", function()
    with_places(function(inv, stock)
      product(inv, "bike", { muc = 1, ber = 1 })
      for _, to in ipairs{ {}, { country = "DE", postcode = "04109", city = "Leipzig" } } do
        local plan = assert(inv:select(request(stock, to, { "bike", 2 })))
        assert.same({ "muc", "ber" }, sources_of(plan))
        assert.same({ { source = "muc" }, { source = "ber" } }, plan.sources)
        assert.is_nil(plan.distance_km)
        assert.equal("muc priority: the most preferred source that had any left "
          .. "(distance unknown)", reasons(plan)[1])
      end
    end)
  end)

  it("keeps to the sources that are named", function()
    with_places(function(inv, stock)
      product(inv, "bike", { muc = 1, ham = 1, ber = 1 })
      local free = request(stock, LEIPZIG, { "bike", 3 })
      free.sources = { "muc", "ham" }
      local plan = assert(inv:select(free))
      assert.same({ "ham", "muc" }, sources_of(plan))
      assert.same({ "ham", "muc", "ber" }, helpers.column(plan.why, "source"))
      assert.equal("not_named", plan.why[3].rule)
    end)
  end)

  it("explains by distance", function()
    with_places(function(inv, stock)
      product(inv, "bike", { muc = 5, ham = 2, ber = 0 })
      assert.same({
        "ber empty: nothing is left there for this order (149.0 km)",
        "ham distance: the nearest source that had any left (294.0 km)",
        "muc filled: more preferred sources had filled the line (distance unknown)",
      }, reasons(assert(inv:select(request(stock, LEIPZIG, { "bike", 2 })))))
      assert.equal("muc priority: the most preferred source that had any left (distance unknown)",
        reasons(assert(inv:select(request(stock, LEIPZIG, { "bike", 3 }))))[3])
    end, nil, { muc = true })
  end)

  it("gives distances as numbers where quantities are text", function()
    with_places(function(inv, stock)
      product(inv, "bike", { ber = 1 })
      local plan = assert(inv:select(request(stock, LEIPZIG, { "bike", 1 })))
      assert.same({ "1", "number", "number" }, { plan.picks[1].qty_to_deduct,
        type(plan.distance_km), type(plan.sources[1].distance_km) })
    end, { quantities = "string" })
  end)
end)

describe("select by distance for an order", function()
  local function with_order(to, fn)
    with_places(function(inv, stock)
      product(inv, "bike", { muc = 5, ham = 5, ber = 5 })
      assert(inv:place{ id = "o-1", stock = stock, destination = to,
        lines = { { sku = "bike", qty = 2 } } })
      fn(inv, function(changes)
        local asked = { order = "o-1", algorithm = "distance" }
        for key, value in pairs(changes or {}) do asked[key] = value end
        return inv:select(asked)
      end)
    end)
  end

  it("goes to the order's destination, or to the one that is named", function()
    with_order({ latitude = 53, longitude = 10, city = "Lueneburg" }, function(_, select)
      assert.same({ "ham" }, sources_of(assert(select())))
      assert.same({ "muc" }, sources_of(assert(select{ destination = PLACES.muc })))
    end)
  end)

  it("goes by priority when the order's destination is not on the map", function()
    with_order({ city = "Lueneburg" }, function(_, select)
      assert.same({ "muc" }, sources_of(assert(select())))
    end)
  end)

  it("ships by the plan", function()
    with_order(PLACES.ber, function(inv, select)
      local answer = assert(inv:ship{ id = "s-1", order = "o-1", plan = assert(select()) })
      assert.equal("ber", answer.lines[1].source)
    end)
  end)

  it("is refused when neither says where the goods go", function()
    with_order(nil, function(_, select)
      local detail = helpers.expect_problems({ "destination INVALID" }, select())
      assert.equal("localized-no_destination_address", detail.errors[1].magento)
      assert(select{ destination = PLACES.ber })
      assert(select{ algorithm = "priority" })
    end)
  end)

  it("lets what is not counted leave from the nearest source that is enabled", function()
    with_places(function(inv, stock)
      product(inv, "sand", { muc = 1 }, { manage_stock = false })
      place(inv, "o-1", stock, { "sand", 3 })
      local asked = { order = "o-1", algorithm = "distance", destination = LEIPZIG }
      local plan = assert(inv:select(asked))
      assert.same({ "ber" }, sources_of(plan))
      assert.same({ "untracked", 1, "ber" },
        { plan.why[1].rule, #plan.why, plan.sources[1].source })
      assert(inv.sources:save{ code = "ber", enabled = false })
      assert.same({ "ham" }, sources_of(assert(inv:select(asked))))
      asked.sources = { "muc" }
      assert.same({ "muc" }, sources_of(assert(inv:select(asked))))
    end)
  end)

  it("is short of what is not counted when no source is enabled", function()
    with_places(function(inv, stock)
      product(inv, "sand", { muc = 1 }, { manage_stock = false })
      place(inv, "o-1", stock, { "sand", 3 })
      for code in pairs(PLACES) do assert(inv.sources:save{ code = code, enabled = false }) end
      local plan = assert(inv:select{ order = "o-1" })
      assert.same({ false, 0, {} }, { plan.shippable, plan.shipments, plan.picks })
      assert.same({ { line = 1, sku = "sand", qty = 3 } }, plan.short)
    end)
  end)
end)

describe("a destination", function()
  local BAD = {
    { { latitude = 91, longitude = 0 }, { "latitude INVALID" } },
    { { latitude = 0, longitude = -180.5 }, { "longitude INVALID" } },
    { { latitude = -90.1, longitude = 181 }, { "latitude INVALID", "longitude INVALID" } },
    { { latitude = 0 / 0, longitude = 1 / 0 }, { "latitude INVALID", "longitude INVALID" } },
    { { latitude = 48 }, { "longitude INVALID" } },
    { { longitude = 11 }, { "latitude INVALID" } },
    { { longitude = 191 }, { "longitude INVALID", "latitude INVALID" } },
  }
  for _, case in ipairs(BAD) do
    local text = ("%s, %s"):format(tostring(case[1].latitude), tostring(case[1].longitude))
    it("at " .. text .. " is refused, naming the key, by select and by place", function()
      with_places(function(inv, stock)
        product(inv, "bike", { muc = 1 })
        for _, algorithm in ipairs{ "distance", "priority" } do
          local free = request(stock, case[1], { "bike", 1 })
          free.algorithm = algorithm
          local detail = helpers.expect_problems(case[2], inv:select(free))
          assert.equal("destination", detail.errors[1].subject)
        end
        helpers.expect_problems(case[2], inv:place{ id = "o-1", stock = stock,
          destination = case[1], lines = { { sku = "bike", qty = 1 } } })
      end)
    end)
  end

  it("may be at the edges of the map", function()
    with_places(function(inv, stock)
      product(inv, "bike", { muc = 1 })
      for _, to in ipairs{ { latitude = 90, longitude = 180 },
        { latitude = -90, longitude = -180 } } do
        assert(inv:select(request(stock, to, { "bike", 1 })))
      end
    end)
  end)

  it("that is missing is told together with all that is wrong", function()
    with_places(function(inv)
      helpers.expect_problems(
        { "destination INVALID", "stock INVALID", "1.sku INVALID", "2.qty INVALID" },
        inv:select{ algorithm = "distance", lines = { { qty = 1 }, { sku = "bike" } } })
    end)
  end)

  it("that is half in the file counts as not on the map", function()
    kit.with_path(function(path)
      helpers.with_inventory({ path = path }, function(inv)
        local stock = kit.furnish(inv)
        product(inv, "bike", { muc = 5 })
        assert(inv:place{ id = "o-1", stock = stock, destination = LEIPZIG,
          lines = { { sku = "bike", qty = 2 } } })
      end)
      kit.tamper(path, "UPDATE document SET longitude = NULL")
      helpers.with_inventory({ path = path }, function(inv)
        local plan = assert(inv:select{ order = "o-1", algorithm = "distance" })
        assert.same({ "muc" }, sources_of(plan))
      end)
    end)
  end)
end)

it("a source that is not on earth is damage", function()
  for _, damage in ipairs{ "latitude = 90.5, longitude = 0", "latitude = 0, longitude = 9e999" } do
    kit.with_path(function(path)
      local stock
      helpers.with_inventory({ path = path }, function(inv)
        stock = kit.furnish(inv)
        product(inv, "bike", { muc = 5 })
      end)
      kit.tamper(path, ("UPDATE source SET %s WHERE code = 'muc'"):format(damage))
      helpers.with_inventory({ path = path }, function(inv)
        helpers.expect_error("CORRUPT", inv:select(request(stock, LEIPZIG, { "bike", 1 })))
      end)
    end)
  end
end)

describe("quartermaster.distance", function()
  local distance = quartermaster.distance

  it("is in whole metres along the great circle", function()
    local paris = { latitude = 48.8566, longitude = 2.3522 }
    local austin = { latitude = 30.2672, longitude = -97.7431 }
    assert.equal(8199741, distance(paris, austin))
    assert.equal(8199741, distance(austin, paris))
    assert.equal(111195, distance({ latitude = 0, longitude = 0 }, { latitude = 0, longitude = 1 }))
    assert.equal(0, distance(paris, { latitude = 48.8566, longitude = 2.3522, country = "FR" }))
  end)

  it("refuses what is no place, naming the argument and the key", function()
    local here = { latitude = 1, longitude = 1 }
    local detail = helpers.expect_problems({ "latitude INVALID", "longitude INVALID" },
      distance({}, here))
    assert.same({ "from", "from" }, helpers.column(detail.errors, "subject"))
    detail = helpers.expect_problems({ "longitude INVALID", "latitude INVALID" },
      distance({ latitude = 1 }, { latitude = 91, longitude = 1 }))
    assert.same({ "from", "to" }, helpers.column(detail.errors, "subject"))
  end)

  it("raises on misuse", function()
    local here = { latitude = 1, longitude = 1 }
    for _, wrong in ipairs{ "here", { latitude = "1", longitude = 1 }, { lat = 1, lng = 2 } } do
      assert.has_error(function() distance(wrong, here) end)
      assert.has_error(function() distance(here, wrong) end)
    end
    assert.has_error(function() distance(here) end)
  end)
end)

describe("misuse of select by distance raises:", function()
  for what, destination in pairs{
    ["a destination that is no table"] = "Leipzig",
    ["an unknown key"] = { planet = "Mars" },
    ["a latitude in text"] = { latitude = "48", longitude = 11 },
  } do
    it(what, function()
      with_places(function(inv, stock)
        assert.has_error(function() inv:select(request(stock, destination, { "bike", 1 })) end)
      end)
    end)
  end
end)
