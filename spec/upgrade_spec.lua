-- upgrade_spec.lua: a file of an older schema opens as it is, and everything that came later works
-- on it. spec/upgrade/version_1.sql is such a file, of a shop where:
-- o-1 took 6 bikes, 3 of them shipped, and 3 bells, of which there is 1; o-2 is a virtual order,
-- invoiced; o-3 was cancelled; a-1 adopted another system's promise of 1 bike.

local children = require "children"
local helpers = require "helpers"
local kit = require "order_kit"
local core = require "quartermaster.core"
local quartermaster = require "quartermaster"

-- Calls fn(path) with such a file.
local function with_old_file(fn, version)
  children.with_directory(function(directory)
    local path = directory .. "/shop.db"
    assert.equal("", children.shell(("sqlite3 '%s' 2>&1 <spec/upgrade/version_%d.sql")
      :format(path, version or 1)))
    fn(path)
  end)
end

local function with_old_shop(fn)
  with_old_file(function(path) helpers.with_inventory({ path = path }, fn) end)
end

describe("a file of schema version 1", function()
  it("is upgraded when it is opened, and adds up", function()
    with_old_file(function(path)
      for _ = 1, 2 do
        helpers.with_inventory({ path = path }, function(inv)
          assert.equal(core.schema, inv:info().schema)
          assert.same({ true, 3 }, { inv:verify().ok, inv:verify().orders })
        end)
      end
      assert.equal(tostring(core.schema) .. "\n",
        children.shell(("sqlite3 '%s' 'PRAGMA user_version'"):format(path)))
    end)
  end)

  it("says read-only that it must be upgraded, and stays as it is", function()
    with_old_file(function(path)
      local before = children.read_file(path)
      local inv, message, code = quartermaster.open{ path = path, readonly = true }
      assert.same({ nil, "READONLY" }, { inv, code })
      assert.is_truthy(message:find("schema version 1", 1, true), message)
      assert.is_truthy(message:find("open it once for writing", 1, true), message)
      assert.is_true(before == children.read_file(path))
    end)
  end)

  it("has lost nothing", function()
    with_old_shop(function(inv)
      assert.same({ muc = 3, ham = 3, default = 0 }, kit.quantities(inv, "bike"))
      assert.equal(2, inv:salable_qty("bike", { channel = "eu" }))
      kit.expect_line(inv, "o-1", 1, { ordered = 6, open = 3, delivered = 3 })
      kit.expect_line(inv, "o-1", 2, { ordered = 3, open = 3, backordered = 2 })
      kit.expect_line(inv, "o-2", 1, { ordered = 2, delivered = 2, invoiced = 2 })
      kit.expect_line(inv, "o-3", 1, { ordered = 1, cancelled = 1 })
      assert.equal(0, inv.settings:get().out_of_stock_threshold)
    end)
  end)

  it("answers a request that comes again as it did then", function()
    with_old_shop(function(inv)
      local function replayed(method, request)
        assert.is_true(assert(inv[method](inv, request)).replayed)
      end
      replayed("place", { id = "o-1", stock = 2,
        lines = { { sku = "bike", qty = 6 }, { sku = "bell", qty = 3 } } })
      replayed("ship", { id = "s-1", order = "o-1", lines = {
        { line = 1, qty = 2, source = "muc" }, { line = 1, qty = 1, source = "ham" } } })
      replayed("invoice", { id = "i-2", order = "o-2" })
      replayed("cancel", { id = "c-3", order = "o-3" })
      replayed("adopt", { id = "a-1", reservations = { { sku = "bike", stock = 2, qty = -1 } } })
      kit.refused(inv, "CONFLICT", "place", { id = "o-1", stock = 2,
        lines = { { sku = "bike", qty = 5 } } })
    end)
  end)

  it("does what came later", function()
    with_old_shop(function(inv)
      assert.equal(2, assert(inv:compact()).orders)
      assert(inv:hold{ id = "h-1", stock = 2, ttl = 60, lines = { { sku = "bike", qty = 1 } } })
      assert(inv:place{ id = "o-5", hold = "h-1" })
      assert(inv:allocate{ id = "a-2", order = "o-1", lines = {
        { line = 1, qty = 2, source = "muc" } } })
      local us = assert(inv.stocks:save{ name = "US",
        sources = { { code = "muc", priority = 1 } } })
      assert.equal(1, inv:salable_qty("bike", { stock = us }))
      assert(inv.products:save{ sku = "set", type = "bundle", options = {
        { selections = { "bike", "bell" } } } })
      assert(inv.products:rename("bell", "horn"))
      assert.is_true(inv:verify().ok)
    end)
  end)
end)

-- The shop of version_2.sql: o-1 was placed through a channel, with an address, and one of its four
-- bikes is shipped; o-2 names its stock; h-1 and h-2 are held until ten minutes and one minute
-- after START; a-1 adopted a bike for x-1. The orders' heads were rows of their own then.
local START = 1700000000

local function with_second_shop(seconds, fn)
  with_old_file(function(path)
    helpers.with_inventory({ path = path, clock = function() return START + seconds end }, fn)
  end, 2)
end

describe("a file of schema version 2", function()
  it("keeps where its orders came from and go to", function()
    with_second_shop(0, function(inv)
      local first, second = inv.orders:get("o-1"), inv.orders:get("o-2")
      assert.same({ type = "website", code = "eu" }, first.channel)
      assert.same({ "trade", 2 }, { first.customer_group, first.stock })
      assert.same({ country = "DE", region = "BY", city = "Augsburg", postcode = "86150",
        latitude = 48.37, longitude = 10.9 }, first.destination)
      assert.same({}, { second.channel, second.customer_group, second.destination })
      kit.expect_line(inv, "o-1", 1, { ordered = 4, delivered = 1, open = 3 })
      assert.same({ true, 4 }, { inv:verify().ok, inv:verify().orders })
    end)
  end)

  it("keeps its holds, and when they end", function()
    with_second_shop(59, function(inv)
      assert.equal(START + 600, inv.holds:get("h-1").expires)
      assert.equal(START + 60, inv.holds:get("h-2").expires)
      assert.equal(2, inv:salable_qty("bell", { stock = 2 }))
    end)
    with_second_shop(60, function(inv)
      assert.equal(7, inv:salable_qty("bell", { stock = 2 }))
      local order = assert(inv:place{ id = "o-3", hold = "h-1" })
      assert.equal(3, order.lines[1].qty)
      assert.same({ "trade", "eu" },
        { inv.orders:get("o-3").customer_group, inv.orders:get("o-3").channel.code })
      assert.is_true(inv:verify().ok)
    end)
  end)
end)

-- The shop of version_3.sql: EU draws on muc, which has coordinates, and ham, which has none; o-1
-- took four bikes to Lueneburg, one of them shipped from ham; h-1 holds two. There were no places
-- then.
describe("a file of schema version 3", function()
  local function with_third_shop(fn)
    with_old_file(function(path)
      helpers.with_inventory({ path = path, clock = function() return START end }, fn)
    end, 3)
  end

  it("has lost nothing, and no places", function()
    with_third_shop(function(inv)
      assert.same({ country = "DE", postcode = "21335", city = "Lueneburg" },
        inv.orders:get("o-1").destination)
      kit.expect_line(inv, "o-1", 1, { ordered = 4, delivered = 1, open = 3 })
      assert.equal(2, inv:salable_qty("bike", { channel = "eu" }))
      assert.same({ true, 2 }, { inv:verify().ok, inv:verify().orders })
      assert.same({}, inv.places:countries())
      local plan = assert(inv:select{ order = "o-1", algorithm = "distance" })
      assert.same({ "muc" }, helpers.column(plan.sources, "source"))
    end)
  end)

  it("takes places, by which its orders and sources are found", function()
    with_third_shop(function(inv)
      assert(inv.places:import{ country = "DE", file = "examples/places.txt" })
      local plan = assert(inv:select{ order = "o-1", algorithm = "distance" })
      assert.equal("postcode", plan.destination.by)
      assert.same({ "ham" }, helpers.column(plan.sources, "source"))
      assert(inv:ship{ id = "s-2", order = "o-1", plan = plan })
      assert.is_true(inv:verify().ok)
    end)
  end)
end)
