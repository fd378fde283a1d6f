-- Links of sources to stocks, one by one: priorities, ties, protections, sources of several stocks.

local children = require "children"
local core = require "quartermaster.core"
local helpers = require "helpers"
local kit = require "order_kit"
local quartermaster = require "quartermaster"

local with_inventory, with_shop = helpers.with_inventory, helpers.with_shop
local expect_problems = helpers.expect_problems
local source = helpers.source

local function with_two_stocks(options, fn)
  with_inventory(options, function(inv)
    for _, code in ipairs{ "a", "b", "c" } do assert(inv.sources:save(source(code))) end
    assert.equal(2, inv.stocks:save{ name = "Two" })
    assert.equal(3, inv.stocks:save{ name = "Three" })
    assert(inv.products:save{ sku = "sku", assign_default = false })
    assert(inv.items:save{ { sku = "sku", source = "a", qty = 5 },
      { sku = "sku", source = "b", qty = 7 } })
    fn(inv)
  end)
end

local function codes(inv, stock)
  return table.concat(helpers.column(inv.stocks:get(stock).sources, "code"), " ")
end

describe("stocks:link", function()
  it("links sources, which then count in the stock", function()
    with_two_stocks(nil, function(inv)
      assert.equal(0, inv:salable_qty("sku", { stock = 2 }))
      assert.equal(1, inv.stocks:link{ stock = 2, source = "a", priority = 1 })
      assert.equal(5, inv:salable_qty("sku", { stock = 2 }))
      assert.equal(2, inv.stocks:link{ { stock = 2, source = "b", priority = 2 },
        { stock = 3, source = "c", priority = 1 } })
      assert.equal(12, inv:salable_qty("sku", { stock = 2 }))
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("changes the priority of a link that is there", function()
    with_two_stocks(nil, function(inv)
      assert(inv.stocks:link{ { stock = 2, source = "a", priority = 1 },
        { stock = 2, source = "b", priority = 2 } })
      assert(inv.stocks:link{ stock = 2, source = "a", priority = 3 })
      assert.same({ { code = "b", priority = 2 }, { code = "a", priority = 3 } },
        inv.stocks:get(2).sources)
      assert.equal(12, inv:salable_qty("sku", { stock = 2 }))
    end)
  end)

  it("prefers the smaller priority, and of equal ones the smaller code", function()
    with_two_stocks(nil, function(inv)
      assert(inv.stocks:link{ { stock = 2, source = "c", priority = 2 },
        { stock = 2, source = "b", priority = 1 }, { stock = 2, source = "a", priority = 2 } })
      assert.equal("b a c", codes(inv, 2))
      assert(inv.items:save{ sku = "sku", source = "c", qty = 9 })
      local plan = assert(inv:select{ stock = 2, lines = { { sku = "sku", qty = 13 } } })
      assert.same({ "b", "a", "c" }, helpers.column(plan.picks, "source"))
      assert.same({ 7, 5, 1 }, helpers.column(plan.picks, "qty_to_deduct"))
    end)
  end)

  -- Links that are wrong, and the problems, in order.
  local CASES = {
    { {}, { "- INVALID" } },
    { { { stock = 2, source = "", priority = 1 } }, { "1.source INVALID" } },
    { { { stock = 2, priority = 1 } }, { "1.source INVALID" } },
    { { { stock = 2, source = "z", priority = 1 } }, { "1.source NOT_FOUND" } },
    { { { stock = 99, source = "a", priority = 1 } }, { "1.stock NOT_FOUND" } },
    { { { source = "a", priority = 1 } }, { "1.stock INVALID" } },
    { { { stock = 2, source = "a", priority = 0 } }, { "1.priority INVALID" } },
    { { { stock = 2, source = "a" } }, { "1.priority INVALID" } },
    { { { stock = 2, source = "default", priority = 1 } }, { "1.source PROTECTED" } },
    { { { stock = 1, source = "a", priority = 1 } }, { "1.source PROTECTED" } },
    { { { stock = 2, source = "a", priority = 1 }, { stock = 9, source = "z", priority = 0 },
      { stock = 1, source = "b", priority = 1 } },
      { "2.stock NOT_FOUND", "2.source NOT_FOUND", "2.priority INVALID", "3.source PROTECTED" } },
  }

  for number, case in ipairs(CASES) do
    it(("refuses with '%s', case %d, and links nothing"):format(
      table.concat(case[2], ", "), number), function()
      with_two_stocks(nil, function(inv)
        expect_problems(case[2], inv.stocks:link(case[1]))
        assert.equal("", codes(inv, 2))
        assert.equal("default", codes(inv, 1))
        assert.equal(0, #helpers.ledger(inv, "link_saved"))
      end)
    end)
  end

  it("may set the priority of the default pair", function()
    with_inventory(nil, function(inv)
      assert.equal(1, inv.stocks:link{ stock = 1, source = "default", priority = 4 })
    end)
  end)

  it("leaves a row in the ledger for each link", function()
    with_two_stocks(nil, function(inv)
      assert(inv.stocks:link{ { stock = 2, source = "a", priority = 1 },
        { stock = 3, source = "b", priority = 1 } })
      local rows = helpers.ledger(inv, "link_saved")
      assert.same({ 2, 3 }, helpers.column(rows, "stock"))
      assert.same({ "a", "b" }, helpers.column(rows, "source"))
    end)
  end)

  it("raises on what is no link", function()
    with_two_stocks(nil, function(inv)
      local link = function(given) return function() inv.stocks:link(given) end end
      assert.has_error(link("a"))
      assert.has_error(link{ "a" })
      assert.has_error(link{ stock = "2", source = "a", priority = 1 })
      assert.has_error(link{ stock = 2, source = 5, priority = 1 })
      assert.has_error(link{ stock = 2, source = "a", priority = "1" })
      assert.has_error(link{ stock = 2, source = "a", priority = 1, weight = 2 })
    end)
  end)
end)

describe("stocks:unlink", function()
  it("takes the source's units out of the stock and says how many links went", function()
    with_shop(nil, function(inv, shop)
      assert.equal(1, inv.stocks:unlink{ stock = shop.eu, source = "eu-2" })
      assert.equal(5.5, inv:salable_qty("sku-1", { stock = shop.eu }))
      assert.equal(0, inv.stocks:unlink{ stock = shop.eu, source = "eu-2" })
      assert.equal(5.5, inv:salable_qty("sku-1", { stock = shop.eu }))
      assert.is_true(inv:verify().ok)
      assert.equal(1, #helpers.ledger(inv, "link_removed"))
    end)
  end)

  it("ends the assignment of products that are nowhere else in the stock", function()
    with_shop(nil, function(inv, shop)
      assert(inv.stocks:unlink{ stock = shop.us, source = "us-1" })
      helpers.expect_error("NOT_ASSIGNED", inv:can_sell("sku-2", { stock = shop.us }, 1))
    end)
  end)

  it("protects the default pair, also where there is no link", function()
    with_two_stocks(nil, function(inv)
      for _, link in ipairs{ { stock = 1, source = "default" }, { stock = 1, source = "a" },
        { stock = 2, source = "default" } } do
        expect_problems({ "1.source PROTECTED" }, inv.stocks:unlink(link))
      end
      assert.equal("default", codes(inv, 1))
    end)
  end)

  -- Links that cannot be, and the problem. A stock or source that is merely unknown is fine: there
  -- is no link to remove.
  local WRONG = {
    { { source = "a" }, "1.stock NOT_FOUND" },
    { { stock = 0, source = "a" }, "1.stock NOT_FOUND" },
    { { stock = -1, source = "a" }, "1.stock NOT_FOUND" },
    { { stock = 65536, source = "a" }, "1.stock NOT_FOUND" },
    { { stock = 2 ^ 32 + 2, source = "a" }, "1.stock NOT_FOUND" },
    { { stock = 2 }, "1.source INVALID" },
    { { stock = 2, source = "" }, "1.source INVALID" },
    { { stock = 2, source = " " }, "1.source INVALID" },
  }
  for number, case in ipairs(WRONG) do
    it(("refuses with '%s', case %d, and removes nothing"):format(case[2], number), function()
      with_two_stocks(nil, function(inv)
        assert(inv.stocks:link{ stock = 2, source = "a", priority = 1 })
        expect_problems({ case[2] }, inv.stocks:unlink{ case[1], { stock = 2, source = "a" } })
        assert.equal("a", codes(inv, 2))
        assert.equal(0, inv.stocks:unlink{ { stock = 99, source = "a" },
          { stock = 2, source = "unknown" }, { stock = 3, source = "a" } })
      end)
    end)
  end

  it("removes nothing when one entry is refused", function()
    with_two_stocks(nil, function(inv)
      assert(inv.stocks:link{ stock = 2, source = "a", priority = 1 })
      expect_problems({ "2.source PROTECTED" }, inv.stocks:unlink{ { stock = 2, source = "a" },
        { stock = 1, source = "default" } })
      assert.equal("a", codes(inv, 2))
      assert.equal(5, inv:salable_qty("sku", { stock = 2 }))
    end)
  end)

  it("refuses an empty list and raises on unknown keys", function()
    with_two_stocks(nil, function(inv)
      expect_problems({ "- INVALID" }, inv.stocks:unlink{})
      assert.has_error(function() inv.stocks:unlink{ stock = 2, source = "a", priority = 1 } end)
    end)
  end)
end)

describe("a source of several stocks", function()
  it("is one whose promises each of them sees", function()
    with_two_stocks(nil, function(inv)
      assert(inv.stocks:link{ stock = 2, source = "a", priority = 1 })
      assert(inv.stocks:link{ stock = 3, source = "a", priority = 1 })
      assert.equal(5, inv:salable_qty("sku", { stock = 3 }))
      assert(inv:place{ id = "o", stock = 2, lines = { { sku = "sku", qty = 4 } } })
      assert.equal(1, inv:salable_qty("sku", { stock = 3 }))
      assert.is_nil(inv:info().shared_sources)
    end)
  end)

  it("is free again after the unlink", function()
    with_two_stocks(nil, function(inv)
      assert(inv.stocks:link{ stock = 2, source = "a", priority = 1 })
      assert(inv.stocks:unlink{ stock = 2, source = "a" })
      assert(inv.stocks:link{ stock = 3, source = "a", priority = 1 })
      assert.equal(5, inv:salable_qty("sku", { stock = 3 }))
    end)
  end)

  it("is of at most 4096 stocks while a product lies there, be it none of it", function()
    with_inventory(nil, function(inv)
      assert(inv.sources:save(helpers.source("a")))
      local links = {}
      for i = 2, 4098 do
        assert(inv.stocks:save{ id = i, name = "Stock " .. i })
        links[#links + 1] = { stock = i, source = "a", priority = 1 }
      end
      local last = table.remove(links)
      assert(inv.stocks:link(links))
      assert(inv.products:save{ sku = "sku", assign_default = false })
      assert(inv.items:save{ sku = "sku", source = "a", qty = 0 })
      helpers.expect_error("LIMIT", inv.stocks:link(last))
      helpers.expect_error("LIMIT", inv.stocks:save{ id = last.stock,
        sources = { { code = "a", priority = 1 } } })
      assert.equal(0, inv:salable_qty("sku", { stock = 2 }))
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("counts in each with shared_sources = independent", function()
    with_two_stocks({ shared_sources = "independent" }, function(inv)
      assert(inv.stocks:link{ { stock = 2, source = "a", priority = 1 },
        { stock = 3, source = "a", priority = 1 } })
      assert(inv:place{ id = "1", stock = 2, lines = { { sku = "sku", qty = 5 } } })
      assert.equal(0, inv:salable_qty("sku", { stock = 2 }))
      assert.equal(5, inv:salable_qty("sku", { stock = 3 }))
      assert(inv.items:save{ sku = "sku", source = "a", qty = 8 })
      assert.equal(3, inv:salable_qty("sku", { stock = 2 }))
      assert.equal(8, inv:salable_qty("sku", { stock = 3 }))
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("still never is the default source", function()
    with_two_stocks({ shared_sources = "independent" }, function(inv)
      expect_problems({ "1.source PROTECTED" },
        inv.stocks:link{ stock = 2, source = "default", priority = 1 })
    end)
  end)

  it("leaves nobody waiting for what lies there when a file becomes independent", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      local shop
      kit.with_shop(function(inv, stock)
        shop = assert(inv.stocks:save{ name = "Other",
          sources = { { code = "muc", priority = 1 } } })
        kit.product(inv, "bell", { muc = 5 }, { backorders = "allow" })
        kit.place(inv, "o-1", stock, { "bell", 4 })
        assert.equal(3, kit.place(inv, "o-2", shop, { "bell", 4 }).lines[1].backordered)
      end, { path = path })
      helpers.with_inventory({ path = path, shared_sources = "independent" }, function(inv)
        assert.same({}, inv:waiting())
        assert.equal(1, inv:salable_qty("bell", { stock = shop }))
        assert.is_nil(kit.place(inv, "o-3", shop, { "bell", 1 }).lines[1].backordered)
      end)
    end)
  end)

  it("is forgotten when a file becomes independent, for all who open it from then on", function()
    require("children").with_directory(function(directory)
      local path = directory .. "/shop.db"
      with_two_stocks({ path = path }, function(before)
        assert(before.stocks:link{ { stock = 2, source = "a", priority = 1 },
          { stock = 3, source = "a", priority = 1 } })
        assert(before:place{ id = "1", stock = 2, lines = { { sku = "sku", qty = 5 } } })
        assert.equal(0, before:salable_qty("sku", { stock = 3 }))
        local inv = assert(quartermaster.open{ path = path, shared_sources = "independent" })
        assert.equal(5, inv:salable_qty("sku", { stock = 3 }))
        assert(inv:place{ id = "2", stock = 3, lines = { { sku = "sku", qty = 5 } } })
        assert.same({}, inv:verify().problems)
        assert(before.items:save{ sku = "sku", source = "a", qty = 5 })
        assert(before.stocks:link{ stock = 3, source = "a", priority = 2 })
        assert(before.products:save{ sku = "new", assign_default = false })
        assert(before.items:save{ sku = "new", source = "a", qty = 5 })
        assert.same({}, inv:verify().problems)
        inv:close()
      end)
    end)
  end)

  it("stays allowed in a file that was once opened so", function()
    require("children").with_directory(function(directory)
      local path = directory .. "/shop.db"
      with_two_stocks({ path = path, shared_sources = "independent" }, function(inv)
        assert.equal("independent", inv:info().shared_sources)
      end)
      local inv = assert(quartermaster.open{ path = path })
      assert.equal("independent", inv:info().shared_sources)
      assert(inv.stocks:link{ { stock = 2, source = "a", priority = 1 },
        { stock = 3, source = "a", priority = 1 } })
      inv:close()
    end)
  end)
end)

describe("the sources of a stock", function()
  local MOST = core.limits.sources_of_stock

  -- A stock with as many sources as it may have, and one source more.
  local function full(fn)
    with_inventory({ shared_sources = "independent" }, function(inv)
      local links = {}
      for i = 1, MOST do
        links[i] = { code = "s-" .. i, priority = i }
        assert(inv.sources:save(source("s-" .. i)))
      end
      assert(inv.sources:save(source("more")))
      fn(inv, assert(inv.stocks:save{ name = "Full", sources = links }), links)
    end)
  end

  it("are 512 at most, however they are linked", function()
    assert.equal(512, MOST)
    full(function(inv, stock, links)
      expect_problems({ "1.source LIMIT" },
        inv.stocks:link{ { stock = stock, source = "more", priority = 1 } })
      links[MOST + 1] = { code = "more", priority = 1 }
      helpers.expect_error("LIMIT", inv.stocks:save{ id = stock, sources = links })
      helpers.expect_error("LIMIT", inv.stocks:save{ name = "Other", sources = links })
      assert.equal(MOST, #inv.stocks:get(stock).sources)
      assert.equal(2, #assert(inv.stocks:list())) -- no half of "Other" either
      assert.equal(0, #helpers.ledger(inv, "link_removed"))
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("may change their priorities and be exchanged when they are as many as can be", function()
    full(function(inv, stock, links)
      assert(inv.stocks:link{ { stock = stock, source = "s-512", priority = 1 } })
      assert(inv.stocks:unlink{ { stock = stock, source = "s-1" } })
      assert(inv.stocks:link{ { stock = stock, source = "more", priority = 1 } })
      assert.equal(MOST, #inv.stocks:get(stock).sources)
      links[2] = { code = "more", priority = 7 }
      assert(inv.stocks:save{ id = stock, sources = links })
      assert.equal(MOST, #inv.stocks:get(stock).sources)
    end)
  end)

  it("all take part when something is selected", function()
    full(function(inv, stock)
      local items = {}
      for i = 1, MOST do items[i] = { sku = "lamp", source = "s-" .. i, qty = 1 } end
      assert(inv.products:save{ sku = "lamp", assign_default = false })
      assert(inv.items:save(items))
      local plan = assert(inv:select{ stock = stock, lines = { { sku = "lamp", qty = MOST } } })
      assert.same({ true, MOST }, { plan.shippable, plan.shipments })
    end)
  end)
end)

describe("a source that is disabled", function()
  it("counts in none of three hundred stocks any more", function()
    with_inventory({ shared_sources = "independent" }, function(inv)
      assert(inv.sources:save(source("a")))
      assert(inv.products:save{ sku = "sku", assign_default = false })
      assert(inv.items:save{ sku = "sku", source = "a", qty = 5 })
      local stocks = {}
      for i = 1, 300 do
        stocks[i] = assert(inv.stocks:save{ name = "S" .. i,
          sources = { { code = "a", priority = 1 } } })
      end
      for _, case in ipairs{ { true, 5 }, { false, 0 }, { true, 5 } } do
        assert(inv.sources:save{ code = "a", enabled = case[1] })
        for _, stock in ipairs(stocks) do
          assert.equal(case[2], inv:salable_qty("sku", { stock = stock }))
          assert.equal(case[2], inv:position{ sku = "sku", stock = stock }.on_hand)
        end
        assert.is_true(inv:verify().ok)
      end
    end)
  end)
end)
