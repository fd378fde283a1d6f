-- select_address_spec.lua: selection by distance where destination and sources have addresses, or
-- where somebody else says how far it is.

local helpers = require "helpers"
local kit = require "order_kit"
local places_kit = require "places_kit"

local product = kit.product

local PLACES = places_kit.lines({ "80331", "München", "Bayern", 48.137, 11.575 },
  { "20095", "Hamburg", "Hamburg", 53.551, 9.994 }, { "10115", "Berlin", "Berlin", 52.52, 13.405 },
  { "04109", "Leipzig", "Sachsen", 51.34, 12.375 }, { "01067", "Dresden", "Sachsen", 51.05, 13.73 })
local LEIPZIG = { latitude = 51.34, longitude = 12.375 }

-- Runs fn(inv, stock) in a shop that knows its sources by their postcodes, with a bike at each.
local function with_addresses(fn, options)
  kit.with_shop(function(inv, stock)
    for code, postcode in pairs{ muc = "80331", ham = "20095", ber = "10 115" } do
      assert(inv.sources:save{ code = code, postcode = postcode })
    end
    assert(places_kit.import(inv, PLACES))
    product(inv, "bike", { muc = 1, ham = 1, ber = 1 })
    fn(inv, stock)
  end, options)
end

local function request(stock, to, changes)
  local asked = { stock = stock, algorithm = "distance", destination = to,
    lines = { { sku = "bike", qty = 3 } } }
  for key, value in pairs(changes or {}) do asked[key] = value end
  return asked
end

local function sources_of(plan) return helpers.column(plan.picks, "source") end

-- Rounded kilometres by source.
local function kilometres(plan)
  local far = {}
  for _, source in ipairs(plan.sources) do
    far[source.source] = source.distance_km and math.floor(source.distance_km + 0.5)
  end
  return far
end

describe("select to an address", function()
  it("goes to its postcode, else its city, else its region, and says so", function()
    with_addresses(function(inv, stock)
      for _, case in ipairs{
        { { postcode = "04 109" }, "postcode", { "ber", "ham", "muc" } },
        { { postcode = "1", city = "muen", region = "Hamburg" }, "region",
          { "ham", "ber", "muc" } },
        { { postcode = "1", city = "leip" }, "city", { "ber", "ham", "muc" } },
        { { postcode = "80331", city = "Hamburg" }, "postcode", { "muc", "ber", "ham" } },
        { { region = "bayern" }, "region", { "muc", "ber", "ham" } },
      } do
        case[1].country = "DE"
        local plan = assert(inv:select(request(stock, case[1])))
        assert.equal(case[2], plan.destination.by)
        assert.same(case[3], sources_of(plan))
      end
    end)
  end)

  it("is as far as to its coordinates", function()
    with_addresses(function(inv, stock)
      local plan = assert(inv:select(request(stock, { country = "DE", postcode = "04109" })))
      assert.same({ latitude = 51.34, longitude = 12.375, by = "postcode" }, plan.destination)
      assert.same({ ber = 149, ham = 294, muc = 361 }, kilometres(plan))
      local other = assert(inv:select(request(stock, LEIPZIG)))
      assert.same({ latitude = 51.34, longitude = 12.375, by = "coordinates" }, other.destination)
      assert.same(plan.sources, other.sources)
      assert.equal(plan.distance_km, other.distance_km)
      assert.same(plan.why, other.why)
    end)
  end)

  it("goes by coordinates where there are any, be they 0", function()
    with_addresses(function(inv, stock)
      local plan = assert(inv:select(request(stock, { country = "DE", postcode = "20095",
        latitude = 0, longitude = 0 })))
      assert.same({ latitude = 0, longitude = 0, by = "coordinates" }, plan.destination)
      assert.equal("muc", plan.picks[1].source)
    end)
  end)

  it("that nobody knows goes by priority, and says no destination", function()
    with_addresses(function(inv, stock)
      for _, to in ipairs{ {}, { postcode = "04109" }, { country = "AT", postcode = "04109" },
        { country = "Germany", postcode = "04109" }, { country = "DE", city = "Bremen" },
        { country = "DE", postcode = ("4"):rep(3000) }, { country = "DE", city = "\0" } } do
        local plan = assert(inv:select(request(stock, to)))
        assert.is_nil(plan.destination)
        assert.is_nil(plan.distance_km)
        assert.same({ "muc", "ham", "ber" }, sources_of(plan))
      end
    end)
  end)

  it("says it under priority as well", function()
    with_addresses(function(inv, stock)
      local plan = assert(inv:select(request(stock, { country = "DE", city = "Leipzig" },
        { algorithm = "priority" })))
      assert.same({ "muc", "ham", "ber" }, sources_of(plan))
      assert.same({ "city", 149 }, { plan.destination.by, kilometres(plan).ber })
      plan = assert(inv:select{ stock = stock, lines = { { sku = "bike", qty = 1 } } })
      assert.is_nil(plan.destination)
    end)
  end)

  it("is the order's, unless the request has another", function()
    with_addresses(function(inv, stock)
      assert(inv:place{ id = "o-1", stock = stock, lines = { { sku = "bike", qty = 1 } },
        destination = { country = "DE", postcode = "20095", city = "Hamburg" } })
      local function first(to)
        return assert(inv:select{ order = "o-1", algorithm = "distance", destination = to })
          .picks[1].source
      end
      assert.equal("ham", first())
      assert.equal("ber", first{ country = "DE", city = "Leipzig" })
      assert.equal("muc", first{}) -- it says nothing, but is another one
    end)
  end)

  it("is of the same moment as the sources", function()
    with_addresses(function(inv, stock)
      assert(inv.places:delete("DE"))
      local plan = assert(inv:select(request(stock, { country = "DE", postcode = "04109" })))
      assert.is_nil(plan.destination)
      assert(places_kit.import(inv, PLACES))
      assert(inv:select(request(stock, { country = "DE", postcode = "04109" })).destination)
    end)
  end)
end)

describe("a source without coordinates", function()
  it("is where its postcode is, else its city, else its region", function()
    with_addresses(function(inv, stock)
      assert(inv.sources:save{ code = "muc", postcode = "1", city = "Leip", region = "Hamburg" })
      assert(inv.sources:save{ code = "ham", postcode = "1", city = "x", region = "Berlin" })
      local plan = assert(inv:select(request(stock, LEIPZIG)))
      assert.same({ muc = 0, ham = 149, ber = 149 }, kilometres(plan))
      assert.same({ "muc", "ham", "ber" }, sources_of(plan))
    end)
  end)

  it("is where its coordinates are when it has both, be they 0; half of them count not", function()
    with_addresses(function(inv, stock)
      assert(inv.sources:save{ code = "muc", latitude = 0, longitude = 0 })
      assert(inv.sources:save{ code = "ham", latitude = 0 })
      local far = kilometres(assert(inv:select(request(stock, LEIPZIG))))
      assert.is_true(far.muc > 5000)
      assert.same({ 294, 149 }, { far.ham, far.ber })
    end)
  end)

  it("whose address nobody knows comes last", function()
    with_addresses(function(inv, stock)
      assert(inv.sources:save{ code = "ber", country = "AT" })
      local plan = assert(inv:select(request(stock, LEIPZIG)))
      assert.same({ "ham", "muc", "ber" }, sources_of(plan))
      assert.is_nil(plan.distance_km)
    end)
  end)
end)

describe("distances that the request brings", function()
  it("count instead of what would be worked out, and need no destination", function()
    with_addresses(function(inv, stock)
      for _, to in ipairs{ false, LEIPZIG, { country = "DE", postcode = "04109" } } do
        local plan = assert(inv:select(request(stock, to or nil,
          { distances = { muc = 12.5, ham = 0, ber = 700 } })))
        assert.same({ { source = "ham", distance_km = 0 }, { source = "muc", distance_km = 12.5 },
          { source = "ber", distance_km = 700 } }, plan.sources)
        assert.equal(712.5, plan.distance_km)
        assert.same({ "distance", "the nearest source that had any left (12.5 km)" },
          { plan.why[2].rule, plan.why[2].detail })
        assert.equal(to ~= false, plan.destination ~= nil)
      end
    end)
  end)

  it("are unknown where they are absent, whatever is known of the source", function()
    with_addresses(function(inv, stock)
      local plan = assert(inv:select(request(stock, LEIPZIG, { distances = { ham = 700 } })))
      assert.same({ "ham", "muc", "ber" }, sources_of(plan))
      assert.same({ ham = 700 }, kilometres(plan))
      plan = assert(inv:select(request(stock, LEIPZIG, { distances = {} })))
      assert.same({ "muc", "ham", "ber" }, sources_of(plan))
    end)
  end)

  it("are said under priority, and of the sources that are named", function()
    with_addresses(function(inv, stock)
      local plan = assert(inv:select(request(stock, nil, { algorithm = "priority",
        distances = { muc = 2, ham = 1 } })))
      assert.same({ "muc", "ham", "ber" }, sources_of(plan))
      assert.same({ muc = 2, ham = 1 }, kilometres(plan))
      plan = assert(inv:select(request(stock, nil, { sources = { "muc", "ber" },
        distances = { muc = 2, ham = 1, ber = 1 } })))
      assert.same({ "ber", "muc" }, sources_of(plan))
    end)
  end)

  it("of unknown sources are refused, each in the order of the codes", function()
    with_addresses(function(inv, stock)
      local detail, message = helpers.expect_problems({ "distances NOT_FOUND",
        "distances NOT_FOUND" }, inv:select(request(stock, nil,
        { distances = { muc = 1, far = 2, away = 3 } })))
      assert.same({ "away", "far" }, helpers.column(detail.errors, "subject"))
      assert.matches("does not belong to this stock", message)
      helpers.expect_problems({ "sources NOT_FOUND", "distances NOT_FOUND" },
        inv:select(request(stock, nil, { distances = { far = 2 }, sources = { "far" } })))
    end)
  end)

  it("must be distances", function()
    with_addresses(function(inv, stock)
      for _, km in ipairs{ -1, -0.001, 1e9 + 1, 1 / 0, 0 / 0 } do
        local detail = helpers.expect_problems({ "distances INVALID" },
          inv:select(request(stock, nil, { distances = { muc = km } })))
        assert.equal("muc", detail.errors[1].subject)
      end
      assert(inv:select(request(stock, nil, { distances = { muc = 1e9, ham = 0.0004 } })))
    end)
  end)

  it("raise when they are no table of numbers by code, or come together with a function", function()
    with_addresses(function(inv, stock)
      for _, changes in ipairs{ { distances = 5 }, { distances = { 1, 2 } },
        { distances = { muc = "1" } }, { distances = { [true] = 1 } }, { distance = 5 },
        { distances = {}, distance = function() end } } do
        assert.has_error(function() inv:select(request(stock, LEIPZIG, changes)) end)
      end
    end)
  end)
end)

describe("a function that says how far it is", function()
  it("is asked once for each source of the stock, with what is known of both ends", function()
    with_addresses(function(inv, stock)
      local asked = {}
      local plan = assert(inv:select(request(stock, { country = "DE", city = "Leipzig" }, {
        distance = function(source, to)
          asked[#asked + 1] = ("%s %s %.1f %s %.1f"):format(source.code, source.postcode,
            source.latitude, to.city, to.latitude)
          return ({ muc = 3, ham = 2, ber = 1 })[source.code]
        end })))
      assert.same({ "muc 80331 48.1 Leipzig 51.3", "ham 20095 53.6 Leipzig 51.3",
        "ber 10 115 52.5 Leipzig 51.3" }, asked)
      assert.same({ "ber", "ham", "muc" }, sources_of(plan))
      assert.same({ 6, "city" }, { plan.distance_km, plan.destination.by })
    end)
  end)

  it("gets no coordinates where none are known, and half of a place is none", function()
    with_addresses(function(inv, stock)
      assert(inv.sources:save{ code = "muc", country = "AT", latitude = 1 })
      local seen = {}
      assert(inv:select(request(stock, { country = "FR" }, { distance = function(source, to)
        seen[source.code] = { source.latitude == nil, source.longitude == nil, to.latitude == nil }
      end })))
      assert.same({ muc = { true, true, true }, ham = { false, false, true },
        ber = { false, false, true } }, seen)
    end)
  end)

  it("says nil for what it does not know", function()
    with_addresses(function(inv, stock)
      local plan = assert(inv:select(request(stock, LEIPZIG, { distance = function(source)
        if source.code == "ber" then return nil end
        return source.code == "ham" and 1.5 or 20
      end })))
      assert.same({ "ham", "muc", "ber" }, sources_of(plan))
      assert.same({ { source = "ham", distance_km = 1.5 }, { source = "muc", distance_km = 20 },
        { source = "ber" } }, plan.sources)
    end)
  end)

  it("is asked for an order's destination, outside of any transaction", function()
    with_addresses(function(inv, stock)
      assert(inv:place{ id = "o-1", stock = stock, lines = { { sku = "bike", qty = 1 } },
        destination = { country = "DE", postcode = "20095", city = "Hamburg" } })
      local plan = assert(inv:select{ order = "o-1", algorithm = "distance",
        distance = function(source, to)
          assert.same({ "DE", "20095", 53.551 }, { to.country, to.postcode, to.latitude })
          assert(inv.items:adjust{ id = "a-" .. source.code, lines = { { sku = "bike",
            source = source.code, delta = -1 } } })
          assert(inv.items:adjust{ id = "b-" .. source.code, lines = { { sku = "bike",
            source = source.code, delta = source.code == "ber" and 5 or 1 } } })
          return source.code == "ber" and 1 or 2
        end })
      assert.same({ "ber", 5 }, { plan.picks[1].source, plan.picks[1].qty_available })
    end)
  end)

  it("may change the stock: sources that came are unknown, those that went are gone", function()
    with_addresses(function(inv, stock)
      local plan = assert(inv:select(request(stock, LEIPZIG, { distance = function(source)
        if source.code == "ber" then
          assert(inv.stocks:unlink{ { stock = stock, source = "ham" } })
          assert(inv.stocks:link{ { stock = stock, source = "far", priority = 9 } })
          assert(inv.items:save{ sku = "bike", source = "far", qty = 1 })
        end
        return 5
      end })))
      assert.same({ "muc", "ber", "far" }, sources_of(plan))
      assert.is_nil(plan.sources[3].distance_km)
    end)
  end)

  it("may yield", function()
    with_addresses(function(inv, stock)
      local thread = coroutine.create(function()
        return assert(inv:select(request(stock, LEIPZIG, { distance = coroutine.yield })))
      end)
      local ok, source = coroutine.resume(thread)
      for _, code in ipairs{ "muc", "ham", "ber" } do
        assert.is_true(ok, source)
        assert.equal(code, source.code)
        ok, source = coroutine.resume(thread, code == "ham" and 1 or 2)
      end
      assert.same({ true, { "ham", "muc", "ber" } }, { ok, sources_of(source) })
    end)
  end)

  it("raises what it raises, and what is no number", function()
    with_addresses(function(inv, stock)
      local mark = {}
      local ok, raised = pcall(inv.select, inv, request(stock, LEIPZIG,
        { distance = function() error(mark) end }))
      assert.same({ false, true }, { ok, rawequal(mark, raised) })
      for _, answer in ipairs{ "12", true, {} } do
        assert.has_error(function()
          inv:select(request(stock, LEIPZIG, { distance = function() return answer end }))
        end)
      end
      local detail = helpers.expect_problems({ "distance INVALID", "distance INVALID",
        "distance INVALID" }, inv:select(request(stock, LEIPZIG,
        { distance = function() return -1 end })))
      assert.same({ "ber", "ham", "muc" }, helpers.column(detail.errors, "subject"))
      assert(inv:select(request(stock, LEIPZIG)))
    end)
  end)

  it("needs a destination, under any algorithm, and is not asked about nonsense", function()
    with_addresses(function(inv, stock)
      local function never() error("asked") end
      for _, algorithm in ipairs{ "priority", "distance" } do
        local changes = { distance = never, algorithm = algorithm }
        local detail = helpers.expect_problems({ "destination INVALID" },
          inv:select(request(stock, nil, changes)))
        assert.equal("localized-no_destination_address", detail.errors[1].magento)
        helpers.expect_problems({ "latitude INVALID" },
          inv:select(request(stock, { latitude = 91, longitude = 0 }, changes)))
        helpers.expect_problems({ "stock NOT_FOUND" },
          inv:select(request(99, LEIPZIG, changes)))
      end
      local free = request(nil, LEIPZIG, { distance = never, channel = "mars" })
      helpers.expect_problems({ "channel NOT_FOUND" }, inv:select(free))
      free.stock = stock
      helpers.expect_problems({ "stock INVALID" }, inv:select(free))
      free.stock, free.channel = nil, nil
      helpers.expect_problems({ "stock INVALID" }, inv:select(free))
      helpers.expect_problems({ "id NOT_FOUND" }, inv:select{ order = "x", distance = never })
    end)
  end)

  it("is asked for the stock of a channel", function()
    with_addresses(function(inv)
      local free = request(nil, LEIPZIG, { channel = "eu", distance = function(source)
        return source.code == "ham" and 1 or 2
      end })
      assert.equal("ham", assert(inv:select(free)).picks[1].source)
    end)
  end)
end)
