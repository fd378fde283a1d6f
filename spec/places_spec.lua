-- places_spec.lua: where an address is, by the places that were imported.

local children = require "children"
local helpers = require "helpers"
local kit = require "places_kit"

local found = kit.found

local function with_places(text, fn)
  helpers.with_inventory(nil, function(inv)
    assert(kit.import(inv, text))
    fn(inv)
    assert.same({}, inv:verify().problems)
  end)
end

local function expect(text, ...)
  local cases = { ... }
  with_places(text, function(inv)
    for _, case in ipairs(cases) do
      assert.equal(case[2], found(inv, case[1]))
    end
  end)
end

describe("an address", function()
  local SHOP = kit.lines({ "80331", "München", "Bayern", 48.1, 11.5 },
    { "86150", "Augsburg", "Bayern", 48.3, 10.8 }, { "20095", "Hamburg", "Hamburg", 53.5, 9.9 })

  it("is found by its postcode, else its city, else its region", function()
    expect(SHOP,
      { { postcode = "80331", city = "Hamburg", region = "Hamburg" }, "postcode 48.1 11.5" },
      { { postcode = "99999", city = "Hamburg", region = "Bayern" }, "city 53.5 9.9" },
      { { postcode = "99999", city = "Bremen", region = "Bayern" }, "region 48.3 10.8" },
      { { postcode = "99999", city = "Bremen", region = "Bremen" }, "NOT_FOUND" },
      { { city = "Augsburg" }, "city 48.3 10.8" }, { { region = "Hamburg" }, "region 53.5 9.9" })
  end)

  it("is one of its country", function()
    helpers.with_inventory(nil, function(inv)
      assert(kit.import(inv, kit.line("1010", "Wien", "Wien", 48, 16, "AT"), "AT"))
      assert(kit.import(inv, kit.line("1010", "X", "Y", 51, 7, "DE"), "DE"))
      assert.equal("postcode 48 16", found(inv, { country = "AT", postcode = "1010" }))
      assert.equal("postcode 51 7", found(inv, { country = "de", postcode = "1010" }))
      assert.equal("NOT_FOUND", found(inv, { country = "CH", postcode = "1010" }))
      assert.equal("NOT_FOUND", found(inv, { country = "DE", city = "Wien" }))
    end)
  end)

  it("has a postcode whose case and spaces do not matter", function()
    expect(kit.lines({ "SW1A 1AA", "London", "England", 51.5, -0.1 }, { " 12 34", "", "", 1, 2 }),
      { { postcode = "sw1a1aa" }, "postcode 51.5 -0.1" },
      { { postcode = "  Sw1 a1A A " }, "postcode 51.5 -0.1" },
      { { postcode = "1234" }, "postcode 1 2" },
      { { postcode = "SW1A-1AA" }, "NOT_FOUND" }, { { postcode = "SW1A" }, "NOT_FOUND" })
  end)

  it("has a city that a place's city begins with; the shortest name comes first", function()
    expect(kit.lines({ "1", "Frankfurt (Oder)", "", 52, 14 },
        { "2", "Frankfurt am Main", "", 50, 8 }, { "3", "Frank", "", 49, 11 }),
      { { city = "frankfurt" }, "city 52 14" }, { { city = " FRANKFURT A " }, "city 50 8" },
      { { city = "Frank" }, "city 49 11" }, { { city = "Frankfurt am Main West" }, "NOT_FOUND" },
      { { city = "rank" }, "NOT_FOUND" })
  end)

  it("has a city in which % and _ are characters like any other", function()
    expect(kit.lines({ "1", "Abcd", "", 1, 1 }, { "2", "100% Stadt", "", 2, 2 },
        { "3", "A_c", "", 3, 3 }),
      { { city = "%" }, "NOT_FOUND" }, { { city = "A_c" }, "city 3 3" },
      { { city = "A%" }, "NOT_FOUND" },
      { { city = "_bcd" }, "NOT_FOUND" }, { { city = "100%" }, "city 2 2" },
      { { city = "100%%" }, "NOT_FOUND" })
  end)

  it("has a region as a whole, not its beginning", function()
    expect(SHOP, { { region = "BAYERN " }, "region 48.3 10.8" },
      { { region = "Bay" }, "NOT_FOUND" }, { { region = "Bayern%" }, "NOT_FOUND" })
  end)

  it("is compared without regard to case in ASCII only", function()
    expect(SHOP, { { city = "münchen" }, "city 48.1 11.5" },
      { { city = "MüNCHEN" }, "city 48.1 11.5" },
      { { city = "MÜNCHEN" }, "NOT_FOUND" }, { { city = "Mu" }, "NOT_FOUND" },
      { { city = "M\195" }, "city 48.1 11.5" }) -- bytes
  end)

  it("is at the first of several places, by city, then postcode, then line", function()
    expect(kit.lines({ "2", "b", "r", 1, 1 }, { "1", "b", "r", 2, 2 }, { "2", "a", "r", 3, 3 },
        { "2", "a", "r", 4, 4 }, { "1", "B", "R", 5, 5 }),
      { { postcode = "2" }, "postcode 3 3" }, { { postcode = "1" }, "postcode 2 2" },
      { { city = "b" }, "city 2 2" }, { { region = "r" }, "region 3 3" })
  end)

  it("may be at 0, and at the edges of the map", function()
    expect(kit.lines({ "1", "", "", 0, 0 }, { "2", "", "", -90, 180 }),
      { { postcode = "1" }, "postcode 0 0" }, { { postcode = "2" }, "postcode -90 180" })
  end)

  it("that says too much to be any place is not found", function()
    local long = ("x"):rep(255)
    expect(kit.lines({ long, long, long, 1, 1 }), { { postcode = long }, "postcode 1 1" },
      { { city = long }, "city 1 1" }, { { region = long }, "region 1 1" },
      { { postcode = long .. "x", city = long .. "x", region = long .. "x" }, "NOT_FOUND" })
  end)

  it("needs a country, and something else", function()
    with_places(SHOP, function(inv)
      for _, case in ipairs{
        { { postcode = "80331" }, { "country INVALID" } },
        { { country = "", postcode = "80331" }, { "country INVALID" } },
        { { country = "DEU", postcode = "80331" }, { "country INVALID" } },
        { { country = "D1", postcode = "80331" }, { "country INVALID" } },
        { { country = "DE" }, { "postcode INVALID" } },
        { { country = "DE", postcode = " ", city = "", region = "\t" }, { "postcode INVALID" } },
        { { city = "" }, { "country INVALID", "postcode INVALID" } },
      } do
        helpers.expect_problems(case[2], inv.places:find(case[1]))
      end
    end)
  end)

  it("that is not found says whether there are places of its country", function()
    with_places(SHOP, function(inv)
      local _, message = helpers.expect_problems({ "postcode NOT_FOUND" },
        inv.places:find{ country = "DE", postcode = "1" })
      assert.equal("no place of DE has that postcode, that city or that region", message)
      _, message = helpers.expect_problems({ "country NOT_FOUND" },
        inv.places:find{ country = "fr", postcode = "1" })
      assert.equal("no places of FR have been imported", message)
    end)
  end)
end)

describe("the rule of looking up", function()
  local POSTCODES = { "1", "12", " 1 2", "1a", "1A ", "21", "a 1" }
  local CITIES = { "", "a", "A", "ab", "aB ", "Ab c", "abd", "b", "ä", "Ä", "äb", "a%", "a_", "%",
    "_b" }
  local REGIONS = { "", "r", "R ", "rs", "s", "ä" }

  local function lower(text) return (text:gsub("%u", string.lower)) end
  local function trim(text) return text:match("^%s*(.-)%s*$") end
  local function upper(text) return (text:gsub("%s", ""):gsub("%l", string.upper)) end

  local function rows(random)
    local list, lines = {}, {}
    for i = 1, random(1, 40) do
      local postcode, city = POSTCODES[random(1, #POSTCODES)], CITIES[random(1, #CITIES)]
      local region = REGIONS[random(1, #REGIONS)]
      list[i] = { line = i, postcode = upper(postcode), city = lower(trim(city)),
        region = lower(trim(region)) }
      lines[i] = kit.line(postcode, city, region, i, i)
    end
    return list, table.concat(lines)
  end

  -- Of the rows that fit, in their order.
  local function first(list, fits)
    local best
    for _, row in ipairs(list) do
      local before = not best or row.city < best.city
        or row.city == best.city and row.postcode < best.postcode
      if fits(row) and before then best = row end
    end
    return best
  end

  local function naive(list, address)
    local postcode, city = upper(address.postcode or ""), lower(trim(address.city or ""))
    local region = lower(trim(address.region or ""))
    local steps = {
      { "postcode", postcode, function(row) return row.postcode == postcode end },
      { "city", city, function(row) return row.city:sub(1, #city) == city end },
      { "region", region, function(row) return row.region == region end },
    }
    for _, step in ipairs(steps) do
      local row = step[2] ~= "" and first(list, step[3])
      if row then return ("%s %d %d"):format(step[1], row.line, row.line) end
    end
    return postcode .. city .. region == "" and "INVALID" or "NOT_FOUND"
  end

  it("is the naive one, on random rows", function()
    local random = children.random(7)
    local function one_of(list) return random(1, 3) > 1 and list[random(1, #list)] or nil end
    helpers.with_inventory({ durability = "normal" }, function(inv)
      for _ = 1, 60 do
        local list, text = rows(random)
        assert.equal(#list, assert(kit.import(inv, text)).rows)
        for _ = 1, 60 do
          local address = { postcode = one_of(POSTCODES), city = one_of(CITIES),
            region = one_of(REGIONS) }
          local expected = naive(list, address)
          assert.equal(expected, found(inv, address), ("%s|%s|%s in\n%s"):format(
            tostring(address.postcode), tostring(address.city), tostring(address.region), text))
        end
      end
    end)
  end)
end)

describe("countries", function()
  it("are listed with the number of their places, and deleted", function()
    helpers.with_inventory(nil, function(inv)
      assert.same({}, inv.places:countries())
      assert(kit.import(inv, kit.many(3, 50)))
      assert(kit.import(inv, kit.line("1010", "Wien", "Wien", 48, 16, "at"), "At"))
      assert.same({ { country = "AT", rows = 1 }, { country = "DE", rows = 3 } },
        inv.places:countries())
      assert.is_true(inv.places:delete("de"))
      assert.same({ { country = "AT", rows = 1 } }, inv.places:countries())
      assert.equal("NOT_FOUND", found(inv, { postcode = "10001" }))
      assert.equal("postcode 48 16", found(inv, { country = "AT", postcode = "1010" }))
      helpers.expect_problems({ "country NOT_FOUND" }, inv.places:delete("DE"))
      helpers.expect_problems({ "country INVALID" }, inv.places:delete("D"))
      helpers.expect_problems({ "country INVALID" }, inv.places:delete(""))
    end)
  end)

  it("have their imports and deletions in the ledger", function()
    helpers.with_inventory(nil, function(inv)
      assert(kit.import(inv, kit.many(1, 50)))
      assert(kit.import(inv, kit.many(2, 50)))
      assert(inv.places:delete("DE"))
      assert.same({ "DE", "DE" }, helpers.column(helpers.ledger(inv, "places_imported"), "note"))
      assert.same({ "DE" }, helpers.column(helpers.ledger(inv, "places_deleted"), "note"))
    end)
  end)
end)
