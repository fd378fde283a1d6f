-- Policies: what "default" and "magento" make of settings, and how their answers are kept.

local helpers = require "helpers"
local children = require "children"

local with_inventory, with_shop = helpers.with_inventory, helpers.with_shop
local expect_problems = helpers.expect_problems

-- sku-1 has 8.5 on hand. settings, units reserved; then for each policy the quantity shown, and the
-- largest quantity that can be sold: a number, 0 for none, "any" for no limit.
local EXAMPLES = {
  { {}, 0, default = { 8.5, 8.5 }, magento = { 8.5, 8.5 } },
  { {}, 3.5, default = { 5, 5 }, magento = { 5, 5 } },
  { {}, 8.5, default = { 0, 0 }, magento = { 0, 0 } },
  { {}, -2, default = { 10.5, 10.5 }, magento = { 10.5, 10.5 } },
  { { out_of_stock_threshold = 5 }, 0, default = { 3.5, 3.5 }, magento = { 3.5, 3.5 } },
  { { out_of_stock_threshold = 8.5 }, 0, default = { 0, 0 }, magento = { 0, 0 } },
  { { out_of_stock_threshold = 20 }, 0, default = { 0, 0 }, magento = { 0, 0 } },
  { { out_of_stock_threshold = -4.5 }, 0, default = { 8.5, 8.5 }, magento = { 8.5, 8.5 } },
  -- The gate of MSI's index takes the threshold as entered.
  { { out_of_stock_threshold = -4.5 }, 9, default = { 0, 0 }, magento = { -0.5, 0 } },
  { { notify_below = 2 }, 0, default = { 6.5, 6.5 }, magento = { 8.5, 8.5 } },
  { { notify_below = -2 }, 0, default = { 8.5, 8.5 }, magento = { 8.5, 8.5 } },
  { { notify_below = 2, out_of_stock_threshold = 3 }, 1,
    default = { 2.5, 2.5 }, magento = { 4.5, 4.5 } },
  { { notify_below = 2, out_of_stock_threshold = -3 }, 0,
    default = { 6.5, 6.5 }, magento = { 8.5, 8.5 } },
  { { out_of_stock_share = 0.1 }, 0, default = { 7.65, 7.65 }, magento = { 8.5, 8.5 } },
  -- A third of 8.5 is 2.83305: kept back in full, so 2.8331.
  { { out_of_stock_share = 0.3333 }, 0, default = { 5.6669, 5.6669 }, magento = { 8.5, 8.5 } },
  { { out_of_stock_share = 1 }, 0, default = { 0, 0 }, magento = { 8.5, 8.5 } },
  { { out_of_stock_share = 0.5, out_of_stock_threshold = 1, notify_below = 1 }, 1,
    default = { 1.25, 1.25 }, magento = { 6.5, 6.5 } },
  { { backorders = "allow", out_of_stock_threshold = -4.5 }, 0,
    default = { 13, 13 }, magento = { 13, 13 } },
  { { backorders = "notify", out_of_stock_threshold = -4.5, notify_below = 3 }, 10,
    default = { 3, 3 }, magento = { 3, 3 } },
  { { backorders = "allow", out_of_stock_threshold = -4.5, out_of_stock_share = 0.5 }, 0,
    default = { 13, 13 }, magento = { 13, 13 } },
  { { backorders = "allow", out_of_stock_threshold = 10 }, 0,
    default = { 8.5, "any" }, magento = { 8.5, "any" } },
  { { backorders = "allow", notify_below = 3 }, 0,
    default = { 8.5, "any" }, magento = { 8.5, "any" } },
  { { backorders = "allow" }, 100, default = { -91.5, "any" }, magento = { -91.5, "any" } },
  { { backorders = "allow", out_of_stock_threshold = -91.5 }, 100,
    default = { 0, 0 }, magento = { 0, 0 } },
  { { backorders = "allow", out_of_stock_threshold = -100 }, 100,
    default = { 8.5, 8.5 }, magento = { 8.5, 8.5 } },
}

local function check_example(inv, where, expected)
  local shown, limit = expected[1], expected[2]
  assert.equal(shown, inv:salable_qty("sku-1", where))
  assert.equal(limit ~= 0, inv:is_salable("sku-1", where))
  if limit == "any" then
    assert.is_true(inv:can_sell("sku-1", where, 10000))
    return
  end
  if limit > 0 then assert.is_true(inv:can_sell("sku-1", where, limit)) end
  local detail = helpers.expect_error("NOT_ENOUGH",
    inv:can_sell("sku-1", where, ("%.4f"):format(limit + 1)))
  assert.equal(limit, detail.errors[3].available)
end

for _, policy in ipairs{ "default", "magento" } do
  describe("the policy " .. policy, function()
    for number, example in ipairs(EXAMPLES) do
      it(("shows %s, example %d"):format(example[policy][1], number), function()
        with_shop(nil, function(inv, shop)
          assert(inv.policies:activate(policy))
          assert(inv.settings:set(example[1]))
          if example[2] ~= 0 then
            assert(inv:adopt{ id = "a", reservations = {
              { sku = "sku-1", stock = shop.eu, qty = -example[2] } } })
          end
          check_example(inv, { stock = shop.eu }, example[policy])
          -- The same as settings of the product.
          assert(inv.products:save{ sku = "sku-1", settings = example[1] })
          for name in pairs(example[1]) do
            assert(inv.settings:set{ [name] = require("quartermaster").inherit })
          end
          check_example(inv, { stock = shop.eu }, example[policy])
          assert.is_true(inv:verify().ok)
        end)
      end)
    end
  end)
end

describe("the worked examples of the merchant guide", function()
  it("hold: 25 on hand, threshold 3, notify 2, no backorders: 20", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a", settings = { out_of_stock_threshold = 3,
        notify_below = 2 } })
      assert(inv.items:save{ sku = "a", qty = 25 })
      assert.equal(20, inv:salable_qty("a", { stock = 1 }))
    end)
  end)

  it("hold: 25 on hand, threshold -50: 25, and 75 once backorders are on", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a", settings = { out_of_stock_threshold = -50 } })
      assert(inv.items:save{ sku = "a", qty = 25 })
      assert.equal(25, inv:salable_qty("a", { stock = 1 }))
      assert(inv.products:save{ sku = "a", settings = { backorders = "allow" } })
      assert.equal(75, inv:salable_qty("a", { stock = 1 }))
    end)
  end)

  it("hold for the threshold and notify of a product once, not once for each source", function()
    with_shop(nil, function(inv, shop)
      assert(inv.products:save{ sku = "sku-1", settings = { out_of_stock_threshold = 1,
        notify_below = 1 } })
      assert.equal(6.5, inv:salable_qty("sku-1", { stock = shop.eu }))
    end)
  end)
end)

describe("assignment to the default stock", function()
  it("is asked for by default and not by magento", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ { sku = "a", assign_default = false },
        { sku = "b", settings = { manage_stock = false } } })
      local where = { stock = 1 }
      helpers.expect_error("NOT_ASSIGNED", inv:can_sell("a", where, 1))
      assert.is_false(inv:is_salable("b", where))
      assert(inv.policies:activate("magento"))
      helpers.expect_error("OUT_OF_STOCK", inv:can_sell("a", where, 1))
      assert.is_true(inv:is_salable("b", where))
      local stock = inv.stocks:save{ name = "Other" }
      helpers.expect_error("NOT_ASSIGNED", inv:can_sell("b", { stock = stock }, 1))
    end)
  end)
end)

describe("policies:activate", function()
  it("switches every product's numbers at once, there and back", function()
    with_shop(nil, function(inv, shop)
      local where = { stock = shop.eu }
      assert(inv.settings:set{ notify_below = 2 })
      assert.equal(6.5, inv:salable_qty("sku-1", where))
      assert.is_true(inv.policies:activate("magento"))
      assert.equal(8.5, inv:salable_qty("sku-1", where))
      assert.equal("magento", inv:info().policy)
      assert.is_true(inv.policies:activate("default"))
      assert.equal(6.5, inv:salable_qty("sku-1", where))
    end)
  end)

  it("counts for stocks and settings that come later", function()
    with_shop(nil, function(inv)
      assert(inv.policies:activate("magento"))
      assert(inv.stocks:unlink{ stock = 3, source = "us-1" })
      local stock = inv.stocks:save{ name = "New", sources = { { code = "us-1", priority = 1 } } }
      assert(inv.products:save{ sku = "sku-2", settings = { notify_below = 4 } })
      assert.equal(5, inv:salable_qty("sku-2", { stock = stock }))
    end)
  end)

  it("is in the file, in the list and in the ledger", function()
    children.with_directory(function(directory)
      local options = { path = directory .. "/shop.db" }
      with_inventory(options, function(inv)
        assert.same({ { name = "default", active = true }, { name = "magento", active = false } },
          inv.policies:list())
        assert(inv.policies:activate("magento"))
        assert.same({ "default", "magento" },
          helpers.column(helpers.ledger(inv, "policy_activated"), "note"))
      end)
      with_inventory(options, function(inv)
        assert.same({ { name = "default", active = false }, { name = "magento", active = true } },
          inv.policies:list())
      end)
    end)
  end)

  it("refuses an unknown policy and raises on what is no name", function()
    with_inventory(nil, function(inv)
      expect_problems({ "name NOT_FOUND" }, inv.policies:activate("mine"))
      assert.equal("default", inv:info().policy)
      assert.has_error(function() inv.policies:activate() end)
      assert.has_error(function() inv.policies:activate(5) end)
    end)
  end)
end)

describe("settings a policy cannot turn into quantities", function()
  local HUGE = { out_of_stock_threshold = 1e11, notify_below = 1e11 }

  it("are refused with POLICY and change nothing", function()
    with_shop(nil, function(inv, shop)
      local before = inv.settings:get()
      local generation = inv:info().generation
      helpers.expect_error("POLICY", inv.settings:set(HUGE))
      helpers.expect_error("POLICY", inv.products:save{ sku = "sku-1", settings = HUGE })
      assert.same(before, inv.settings:get())
      assert.equal(generation, inv:info().generation)
      assert.equal(8.5, inv:salable_qty("sku-1", { stock = shop.eu }))
    end)
  end)

  it("refuse the switch to that policy", function()
    with_shop(nil, function(inv, shop)
      assert(inv.policies:activate("magento"))
      assert(inv.products:save{ sku = "sku-1", settings = HUGE })
      helpers.expect_error("POLICY", inv.policies:activate("default"))
      assert.equal("magento", inv:info().policy)
      assert.equal(0, inv:salable_qty("sku-1", { stock = shop.eu }))
    end)
  end)
end)

describe("what a policy said", function()
  -- The count of a table's rows, by a connection of another program.
  local function count(path, name)
    local output = children.shell(("sqlite3 '%s' 'SELECT count(*) FROM %s'"):format(path, name))
    return tonumber(output)
  end

  it("is kept once for each set of settings and stock, not for each product", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      local function fill(from, to)
        helpers.with_inventory({ path = path }, function(inv)
          local list = {}
          for i = from, to do
            list[#list + 1] = { sku = "p" .. i, settings = { max_sale_qty = i % 3 + 1 } }
          end
          assert(inv.products:save(list))
        end)
      end
      fill(1, 30)
      -- Nothing of its own, or one of three limits: four sets, in the default stock.
      assert.same({ 4, 1, 4 }, { count(path, "own"), count(path, "stock"), count(path, "rule") })
      fill(31, 300)
      assert.equal(300, count(path, "product"))
      assert.same({ 4, 4 }, { count(path, "own"), count(path, "rule") })
      helpers.with_inventory({ path = path }, function(inv)
        assert(inv.stocks:save{ name = "EU" })
        assert(inv.stocks:save{ name = "US" })
        assert(inv.settings:set{ notify_below = 5 })
        assert(inv.policies:activate("magento"))
      end)
      assert.same({ 4, 12 }, { count(path, "own"), count(path, "rule") })
      helpers.with_inventory({ path = path }, function(inv) assert(inv.stocks:delete(3)) end)
      -- A deleted stock's rules stay: its orders may still come back, and its number is not reused.
      assert.same({ 4, 12 }, { count(path, "own"), count(path, "rule") })
    end)
  end)

  it("survives in the file", function()
    children.with_directory(function(directory)
      local options = { path = directory .. "/shop.db" }
      with_shop(options, function(inv)
        assert(inv.products:save{ sku = "sku-1", settings = { notify_below = 2 } })
        assert(inv.settings:set{ max_sale_qty = 4 })
      end)
      with_inventory(options, function(inv)
        assert.equal(6.5, inv:salable_qty("sku-1", { channel = "eu" }))
        helpers.expect_error("MAX_SALE_QTY", inv:can_sell("sku-1", { channel = "eu" }, 4.5))
        assert.is_true(inv:verify().ok)
      end)
    end)
  end)

  it("is worked out anew also for more than ten thousand sets and stocks", function()
    with_inventory(nil, function(inv)
      local list = {}
      for i = 1, 200 do
        list[i] = { sku = "p" .. i, settings = { max_sale_qty = i }, assign_default = false }
      end
      assert(inv.products:save(list))
      for i = 1, 50 do assert(inv.stocks:save{ name = "Stock " .. i }) end
      assert(inv.sources:save(helpers.source("a")))
      assert(inv.stocks:link{ stock = 51, source = "a", priority = 1 })
      assert(inv.items:save{ sku = "p200", source = "a", qty = 9 })
      assert(inv.settings:set{ notify_below = 4 })
      assert.equal(5, inv:salable_qty("p200", { stock = 51 }))
    end)
  end)
end)
