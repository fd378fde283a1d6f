-- Sources: what may be saved, what is protected, how they are listed, and that their state counts.

local helpers = require "helpers"
local quartermaster = require "quartermaster"

local with_inventory, expect_problems = helpers.with_inventory, helpers.expect_problems
local source = helpers.source

describe("sources:save", function()
  it("gives back the code, and the source has every field that was given", function()
    with_inventory(nil, function(inv)
      local given = {
        code = "muc", name = "Munich", country = "DE", postcode = "80331", enabled = false,
        description = "Halle 3", region = "Bayern", region_id = 81, city = "München",
        street = "Tal 1", contact_name = "Eva", email = "eva@example.com", phone = "089 1",
        fax = "089 2", latitude = 48.137, longitude = 11.575, pickup = true,
        frontend_name = "Store", frontend_description = "Behind the gate",
      }
      assert.equal("muc", inv.sources:save(given))
      assert.same(given, inv.sources:get("muc"))
    end)
  end)

  it("enables a new source and makes it no pickup location unless told otherwise", function()
    with_inventory(nil, function(inv)
      assert(inv.sources:save(source("muc")))
      local saved = assert(inv.sources:get("muc"))
      assert.is_true(saved.enabled)
      assert.is_false(saved.pickup)
      assert.is_nil(saved.latitude)
    end)
  end)

  it("changes only the keys that are given", function()
    with_inventory(nil, function(inv)
      local given = source("muc", { city = "Munich", latitude = 48.5, enabled = false })
      assert(inv.sources:save(given))
      assert(inv.sources:save{ code = "muc", postcode = "80333" })
      given.postcode, given.pickup = "80333", false
      assert.same(given, inv.sources:get("muc"))
    end)
  end)

  it("empties an optional text that is given empty", function()
    with_inventory(nil, function(inv)
      assert(inv.sources:save(source("muc", { city = "Munich", email = "a@b.c" })))
      assert(inv.sources:save{ code = "muc", city = "", email = "" })
      assert.equal("", inv.sources:get("muc").city)
    end)
  end)

  it("takes zero for a latitude and a longitude", function()
    with_inventory(nil, function(inv)
      assert(inv.sources:save(source("null-island", { latitude = 0, longitude = 0 })))
      local saved = inv.sources:get("null-island")
      assert.equal(0, saved.latitude)
      assert.equal(0, saved.longitude)
    end)
  end)

  it("tells codes apart byte by byte", function()
    with_inventory(nil, function(inv)
      assert(inv.sources:save(source("muc")))
      assert(inv.sources:save(source("MUC")))
      assert.equal("Source muc", inv.sources:get("muc").name)
      assert.equal("Source MUC", inv.sources:get("MUC").name)
    end)
  end)

  it("names every field that a new source lacks", function()
    with_inventory(nil, function(inv)
      expect_problems({ "name INVALID", "code INVALID", "postcode INVALID", "country INVALID" },
        inv.sources:save{})
      expect_problems({ "name INVALID", "code INVALID", "code INVALID", "postcode INVALID",
        "country INVALID" },
        inv.sources:save{ code = " ", name = " ", country = "", postcode = "\t" })
    end)
  end)

  it("reports problems of every kind at once and changes nothing", function()
    with_inventory(nil, function(inv)
      assert(inv.sources:save(source("muc")))
      expect_problems({ "name INVALID", "country INVALID", "email INVALID", "carrier_links INVALID",
        "city INVALID", "phone INVALID", "street INVALID", "latitude INVALID",
        "longitude INVALID" }, inv.sources:save{ code = "muc", name = " ", country = "Germany",
          email = "nobody", carrier_links = { { carrier_code = "ups" } }, pickup = true,
          latitude = 91, longitude = -181, fax = "1" })
      assert.same(source("muc", { enabled = true, pickup = false }), inv.sources:get("muc"))
    end)
  end)

  it("does not empty what an existing source needs", function()
    with_inventory(nil, function(inv)
      assert(inv.sources:save(source("muc")))
      expect_problems({ "name INVALID", "postcode INVALID", "country INVALID" },
        inv.sources:save{ code = "muc", name = "", postcode = " ", country = "" })
    end)
  end)

  -- What is changed in a good source, and the problems that follow.
  local CASES = {
    { { code = "mu c" }, "code INVALID" },
    { { code = "muc\n" }, "code INVALID" },
    { { code = "${muc}" }, "code INVALID" },
    { { code = "a\0b" }, "code INVALID" },
    { { code = ("c"):rep(256) }, "code LIMIT" },
    { { name = "${date}" }, "name INVALID" },
    { { name = "a $::{date} b" }, "name INVALID" },
    { { name = "a\0b" }, "name INVALID" },
    { { name = ("n"):rep(256) }, "name LIMIT" },
    { { country = "D" }, "country INVALID" },
    { { country = "D1" }, "country INVALID" },
    { { country = "DEU" }, "country INVALID" },
    { { postcode = ("1"):rep(256) }, "postcode LIMIT" },
    { { description = ("d"):rep(4096) }, "description LIMIT" },
    { { frontend_description = ("d"):rep(4096) }, "frontend_description LIMIT" },
    { { city = ("c"):rep(256) }, "city LIMIT" },
    { { street = "a\0b" }, "street INVALID" },
    { { email = "@example.com" }, "email INVALID" },
    { { email = "eva@" }, "email INVALID" },
    { { email = "eva maria@example.com" }, "email INVALID" },
    { { latitude = 90.000001 }, "latitude INVALID" },
    { { latitude = -90.000001 }, "latitude INVALID" },
    { { latitude = 0 / 0 }, "latitude INVALID" },
    { { longitude = 180.000001 }, "longitude INVALID" },
    { { longitude = -math.huge }, "longitude INVALID" },
  }

  for number, case in ipairs(CASES) do
    it(("refuses with '%s' naming the field, case %d"):format(case[2], number), function()
      with_inventory(nil, function(inv)
        local given = { code = "muc", name = "Munich", country = "DE", postcode = "80331" }
        for key, value in pairs(case[1]) do given[key] = value end
        expect_problems({ case[2] }, inv.sources:save(given))
        assert.equal(1, #inv.sources:list())
      end)
    end)
  end

  it("accepts texts up to their limits and coordinates up to the poles", function()
    with_inventory(nil, function(inv)
      local code = ("c"):rep(255)
      assert(inv.sources:save(source(code, { name = ("n"):rep(255), description = ("d"):rep(4095),
        latitude = -90, longitude = 180 })))
      assert.equal(4095, #inv.sources:get(code).description)
    end)
  end)

  it("tells MSI's clients the text they know", function()
    with_inventory(nil, function(inv)
      local detail = expect_problems({ "code INVALID", "code INVALID" },
        inv.sources:save(source(" ")))
      assert.same({ '"source_code" can not be empty.',
        '"source_code" can not contain whitespaces.' }, helpers.column(detail.errors, "magento"))
    end)
  end)

  it("refuses a name that another source has, and lets a source keep its own", function()
    with_inventory(nil, function(inv)
      assert(inv.sources:save(source("muc")))
      expect_problems({ "name CONFLICT" }, inv.sources:save(source("ham", { name = "Source muc" })))
      assert(inv.sources:save(source("muc")))
    end)
  end)

  it("refuses carriers of a source, but not an empty list of them", function()
    with_inventory(nil, function(inv)
      expect_problems({ "carrier_links INVALID" },
        inv.sources:save(source("muc", { carrier_links = { {} } })))
      assert(inv.sources:save(source("muc", { carrier_links = {} })))
    end)
  end)

  it("asks a pickup location for its city, street and phone, stored ones included", function()
    with_inventory(nil, function(inv)
      expect_problems({ "city INVALID", "phone INVALID", "street INVALID" },
        inv.sources:save(source("muc", { pickup = true })))
      assert(inv.sources:save(source("muc", { city = "Munich", street = "Tal 1" })))
      expect_problems({ "phone INVALID" }, inv.sources:save{ code = "muc", pickup = true })
      assert(inv.sources:save{ code = "muc", pickup = true, phone = "1" })
      expect_problems({ "street INVALID" }, inv.sources:save{ code = "muc", street = " " })
      assert.is_true(inv.sources:get("muc").pickup)
    end)
  end)

  it("raises on what is no source", function()
    with_inventory(nil, function(inv)
      for _, wrong in ipairs{ 5, "muc", true } do
        assert.has_error(function() inv.sources:save(wrong) end)
      end
      assert.has_error(function() inv.sources:save(source("muc", { colour = "red" })) end)
      assert.has_error(function() inv.sources:save(source("muc", { name = 5 })) end)
      assert.has_error(function() inv.sources:save(source("muc", { enabled = 1 })) end)
      assert.has_error(function() inv.sources:save(source("muc", { latitude = "48" })) end)
      assert.has_error(function() inv.sources:save(source("muc", { region_id = 1.5 })) end)
    end)
  end)

  it("leaves a row in the ledger", function()
    with_inventory(nil, function(inv)
      assert(inv.sources:save(source("muc")))
      assert.same({ "muc" }, helpers.column(helpers.ledger(inv, "source_saved"), "source"))
    end)
  end)
end)

describe("the default source", function()
  it("is there from the start, as in every MSI shop", function()
    with_inventory(nil, function(inv)
      assert.same({ code = "default", name = "Default Source", description = "Default Source",
        enabled = true, country = "US", postcode = "00000", latitude = 0, longitude = 0,
        pickup = false }, inv.sources:get("default"))
    end)
  end)

  it("cannot be disabled", function()
    with_inventory(nil, function(inv)
      local detail = expect_problems({ "enabled PROTECTED" },
        inv.sources:save{ code = "default", enabled = false })
      assert.equal("Default source can not be disabled.", detail.errors[1].magento)
      assert.is_true(inv.sources:get("default").enabled)
      assert(inv.sources:save{ code = "default", enabled = true })
    end)
  end)

  it("cannot be a pickup location", function()
    with_inventory(nil, function(inv)
      expect_problems({ "pickup PROTECTED" }, inv.sources:save{ code = "default", pickup = true,
        city = "Here", street = "There", phone = "1" })
    end)
  end)

  it("may get another name and another address", function()
    with_inventory(nil, function(inv)
      assert(inv.sources:save{ code = "default", name = "Head office", country = "FR",
        postcode = "75001", latitude = 48.86, longitude = 2.35 })
      assert.equal("Head office", inv.sources:get("default").name)
    end)
  end)
end)

describe("sources:get and sources:list", function()
  it("say that an unknown source does not exist", function()
    with_inventory(nil, function(inv)
      local detail, message = expect_problems({ "code NOT_FOUND" }, inv.sources:get("nowhere"))
      assert.equal('Source with code "nowhere" does not exist.', message)
      assert.equal("no_such_entity", detail.errors[1].magento)
    end)
  end)

  it("list sources by code, in pages with a cursor", function()
    with_inventory(nil, function(inv)
      for i = 9, 1, -1 do assert(inv.sources:save(source("s" .. i))) end
      local list = function(filter) return inv.sources:list(filter) end
      local expected = { "default", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9" }
      for _, limit in ipairs{ 1, 3, 5, 10, 1000 } do
        assert.same(expected, helpers.column(helpers.all_pages(list, limit), "code"))
      end
      local _, cursor = inv.sources:list{ limit = 10 }
      assert.is_nil(cursor)
    end)
  end)

  it("list a stock's sources by priority, disabled ones included, ties by code", function()
    with_inventory(nil, function(inv)
      for _, code in ipairs{ "a", "b", "c", "d" } do assert(inv.sources:save(source(code))) end
      assert(inv.sources:save{ code = "b", enabled = false })
      local stock = inv.stocks:save{ name = "EU", sources = { { code = "d", priority = 2 },
        { code = "c", priority = 2 }, { code = "a", priority = 3 }, { code = "b", priority = 1 } } }
      local rows = assert(inv.sources:list{ stock = stock })
      assert.same({ "b", "c", "d", "a" }, helpers.column(rows, "code"))
      assert.same({ 1, 2, 2, 3 }, helpers.column(rows, "priority"))
      assert.is_false(rows[1].enabled)
    end)
  end)

  it("raise on wrong types and unknown keys", function()
    with_inventory(nil, function(inv)
      for _, wrong in ipairs{ 5, true, {} } do
        assert.has_error(function() inv.sources:get(wrong) end)
      end
      assert.has_error(function() inv.sources:get() end)
      assert.has_error(function() inv.sources:list{ page = 2 } end)
      assert.has_error(function() inv.sources:list{ limit = 0 } end)
      assert.has_error(function() inv.sources:list{ limit = 1.5 } end)
      assert.has_error(function() inv.sources:list{ after = 5 } end)
      assert.has_error(function() inv.sources:list{ stock = "1" } end)
      assert.has_error(function() inv.sources:list{ stock = 1, limit = 10 } end)
      assert.has_error(function() inv.sources:list{ stock = 1, after = "a" } end)
    end)
  end)
end)

describe("single-source mode", function()
  it("is on while fewer than two sources are enabled", function()
    with_inventory(nil, function(inv)
      assert.is_true(inv.sources:single())
      assert(inv.sources:save(source("muc", { enabled = false })))
      assert.is_true(inv.sources:single())
      assert(inv.sources:save{ code = "muc", enabled = true })
      assert.is_false(inv.sources:single())
      assert(inv.sources:save{ code = "muc", enabled = false })
      assert.is_true(inv.sources:single())
    end)
  end)
end)

describe("disabling a source", function()
  it("takes its units from every stock, and enabling it brings them back", function()
    helpers.with_shop(nil, function(inv, shop)
      assert.equal(8.5, inv:salable_qty("sku-1", { stock = shop.eu }))
      assert(inv.sources:save{ code = "eu-1", enabled = false })
      assert.equal(3, inv:salable_qty("sku-1", { stock = shop.eu }))
      assert(inv.sources:save{ code = "eu-off", enabled = true })
      assert.equal(13, inv:salable_qty("sku-1", { stock = shop.eu }))
      assert(inv.sources:save{ code = "eu-1", enabled = true })
      assert.equal(18.5, inv:salable_qty("sku-1", { stock = shop.eu }))
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("twice is the same as once", function()
    helpers.with_shop(nil, function(inv, shop)
      for _ = 1, 2 do assert(inv.sources:save{ code = "eu-1", enabled = false }) end
      assert.equal(3, inv:salable_qty("sku-1", { stock = shop.eu }))
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("leaves its items and links as they are", function()
    helpers.with_shop(nil, function(inv, shop)
      assert(inv.sources:save{ code = "eu-1", enabled = false })
      assert.equal(5.5, inv.items:get{ sku = "sku-1", source = "eu-1" }.qty)
      assert.equal(4, #inv.stocks:get(shop.eu).sources)
      assert(inv.items:save{ sku = "sku-1", source = "eu-1", qty = 7 })
      assert.equal(3, inv:salable_qty("sku-1", { stock = shop.eu }))
    end)
  end)

  it("ends the sale of what is nowhere else", function()
    helpers.with_shop(nil, function(inv, shop)
      assert(inv.sources:save{ code = "us-1", enabled = false })
      assert.is_false(inv:is_salable("sku-2", { stock = shop.us }))
      helpers.expect_error("OUT_OF_STOCK", inv:can_sell("sku-2", { stock = shop.us }, 1))
    end)
  end)
end)

describe("the API's table of options", function()
  it("names the keys of a source", function()
    local keys = table.concat(quartermaster.options["sources:save"], " ")
    assert.truthy(keys:find("^code name country postcode enabled "))
  end)
end)
