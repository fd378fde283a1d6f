-- Settings: built-in defaults, the shop's values, products' own values, limits and errors.

local helpers = require "helpers"
local quartermaster = require "quartermaster"

local with_inventory, expect_problems = helpers.with_inventory, helpers.expect_problems
local inherit = quartermaster.inherit

-- name, built-in default, a value for the shop, a value for a product.
local SETTINGS = {
  { "manage_stock", true, false, true },
  { "reserve_stock", true, false, true },
  { "backorders", "no", "allow", "notify" },
  { "out_of_stock_threshold", 0, -2.5, 3 },
  { "out_of_stock_share", 0, 0.25, 1 },
  { "notify_below", nil, 4, 0 },
  { "min_sale_qty", 1, 2, 0.5 },
  { "max_sale_qty", 10000, 20, 0 },
  { "enable_qty_increments", false, true, false },
  { "qty_increments", 1, 2.5, 0 },
  { "decimal_qty", false, true, false },
}

-- Those of the whole shop, all true until they are set.
local OF_THE_SHOP = {
  "b2b_default_only", "reservations", "holds", "source_selection", "import_export",
}

describe("the setting", function()
  for _, row in ipairs(SETTINGS) do
    local name, default, shop, own = row[1], row[2], row[3], row[4]

    it(name .. " starts with its built-in default", function()
      with_inventory(nil, function(inv)
        assert.equal(default, inv.settings:get(name))
        assert.equal(default, inv.settings:get()[name])
        assert(inv.products:save{ sku = "a" })
        assert.equal(default, inv.products:get("a").effective[name])
        assert.is_nil(inv.products:get("a").settings[name])
      end)
    end)

    it(name .. " may be set for the shop, and every product follows", function()
      with_inventory(nil, function(inv)
        assert(inv.products:save{ sku = "a" })
        assert.is_true(inv.settings:set{ [name] = shop })
        assert.equal(shop, inv.settings:get(name))
        assert.equal(shop, inv.products:get("a").effective[name])
        assert.is_nil(inv.products:get("a").settings[name])
      end)
    end)

    it(name .. " of a product wins over the shop's", function()
      with_inventory(nil, function(inv)
        assert(inv.settings:set{ [name] = shop })
        assert(inv.products:save{ sku = "a", settings = { [name] = own } })
        assert.equal(own, inv.products:get("a").effective[name])
        assert.same({ [name] = own }, inv.products:get("a").settings)
        assert.equal(shop, inv.settings:get(name))
      end)
    end)

    it(name .. " goes back one level with inherit", function()
      with_inventory(nil, function(inv)
        assert(inv.settings:set{ [name] = shop })
        assert(inv.products:save{ sku = "a", settings = { [name] = own } })
        assert(inv.products:save{ sku = "a", settings = { [name] = inherit } })
        assert.equal(shop, inv.products:get("a").effective[name])
        assert(inv.settings:set{ [name] = inherit })
        assert.equal(default, inv.products:get("a").effective[name])
        assert.equal(default, inv.settings:get(name))
      end)
    end)
  end
end)

describe("the setting of the shop", function()
  for _, name in ipairs(OF_THE_SHOP) do
    it(name .. " is true, may be set to false, and goes back with inherit", function()
      with_inventory(nil, function(inv)
        assert.is_true(inv.settings:get(name))
        assert.is_true(inv.settings:set{ [name] = false })
        assert.is_false(inv.settings:get(name))
        assert.is_false(inv.settings:get()[name])
        assert.is_true(inv.settings:set{ [name] = inherit })
        assert.is_true(inv.settings:get(name))
        assert.is_true(inv:verify().ok)
      end)
    end)

    it(name .. " is none of a product", function()
      with_inventory(nil, function(inv)
        for _, value in ipairs{ true, false, inherit } do
          local ok, message = pcall(inv.products.save, inv.products,
            { sku = "a", settings = { [name] = value } })
          assert.is_false(ok)
          assert.is_truthy(message:find("products:save: '" .. name .. "' is a setting of the whole",
            1, true), message)
        end
        assert.same({}, inv.products:list())
        assert(inv.products:save{ sku = "a" })
        assert.is_nil(inv.products:get("a").effective[name])
      end)
    end)
  end

  it("is not among those that a product is told of when it names an unknown one", function()
    with_inventory(nil, function(inv)
      local _, message = pcall(inv.products.save, inv.products,
        { sku = "a", settings = { colour = "red" } })
      assert.is_truthy(message:find("known: backorders, decimal_qty", 1, true), message)
      assert.is_nil(message:find("import_export", 1, true))
      _, message = pcall(inv.settings.set, inv.settings, { colour = "red" })
      assert.is_truthy(message:find("import_export", 1, true), message)
    end)
  end)
end)

describe("settings:set", function()
  -- Values at and beyond the limits: settings, and the problems ({} for none).
  local CASES = {
    { { out_of_stock_threshold = -1e11 }, {} },
    { { out_of_stock_threshold = "0.0001" }, {} },
    { { out_of_stock_threshold = 0.00001 }, { "out_of_stock_threshold INVALID" } },
    { { out_of_stock_threshold = 0 / 0 }, { "out_of_stock_threshold INVALID" } },
    { { out_of_stock_threshold = math.huge }, { "out_of_stock_threshold INVALID" } },
    { { out_of_stock_threshold = 1e11 + 1 }, { "out_of_stock_threshold LIMIT" } },
    { { out_of_stock_share = 0 }, {} },
    { { out_of_stock_share = 1 }, {} },
    { { out_of_stock_share = 1.0001 }, { "out_of_stock_share INVALID" } },
    { { out_of_stock_share = -0.0001 }, { "out_of_stock_share INVALID" } },
    { { out_of_stock_share = 0.33333 }, { "out_of_stock_share INVALID" } },
    { { max_sale_qty = 0 }, {} },
    { { max_sale_qty = -0.0001 }, { "max_sale_qty INVALID" } },
    { { qty_increments = 0 }, {} },
    { { qty_increments = -1 }, { "qty_increments INVALID" } },
    { { qty_increments = "two" }, { "qty_increments INVALID" } },
    { { notify_below = "1e3" }, { "notify_below INVALID" } },
    { { backorders = "maybe" }, { "backorders INVALID" } },
    { { backorders = "" }, { "backorders INVALID" } },
    { { min_sale_qty = "" }, { "min_sale_qty INVALID" } },
    { { min_sale_qty = { all = 1, gold = "x" } }, { "min_sale_qty INVALID" } },
    { { min_sale_qty = { [""] = 1 } }, { "min_sale_qty INVALID" } },
    { { min_sale_qty = { ["a=b"] = 1 } }, { "min_sale_qty INVALID" } },
    { { min_sale_qty = { ["a\nb"] = 1 } }, { "min_sale_qty INVALID" } },
    { { min_sale_qty = { [("g"):rep(256)] = 1 } }, { "min_sale_qty INVALID" } },
    { { min_sale_qty = { [("g"):rep(255)] = 1 } }, {} },
    { { max_sale_qty = -1, backorders = "x", decimal_qty = true, qty_increments = -1 },
      { "backorders INVALID", "max_sale_qty INVALID", "qty_increments INVALID" } },
  }

  for number, case in ipairs(CASES) do
    local refusal = "refuses with '" .. table.concat(case[2], ", ") .. "'"
    it(("%s, case %d"):format(#case[2] > 0 and refusal or "accepts", number), function()
      with_inventory(nil, function(inv)
        local before = inv.settings:get()
        if #case[2] == 0 then
          assert.is_true(inv.settings:set(case[1]))
        else
          expect_problems(case[2], inv.settings:set(case[1]))
          assert.same(before, inv.settings:get())
        end
      end)
    end)
  end

  it("raises on unknown names and wrong types", function()
    with_inventory(nil, function(inv)
      for _, wrong in ipairs{ { colour = "red" }, { manage_stock = 1 }, { manage_stock = "true" },
        { backorders = true }, { backorders = 1 }, { decimal_qty = "no" }, { max_sale_qty = true },
        { max_sale_qty = {} }, { min_sale_qty = true }, { min_sale_qty = { 5 } }, { "no" } } do
        assert.has_error(function() inv.settings:set(wrong) end)
      end
      assert.has_error(function() inv.settings:set("no") end)
      assert.has_error(function() inv.settings:get("colour") end)
    end)
  end)

  it("changes only what is given, and keeps it in the file", function()
    require("children").with_directory(function(directory)
      local options = { path = directory .. "/shop.db" }
      with_inventory(options, function(inv)
        assert(inv.settings:set{ max_sale_qty = 5, min_sale_qty = { all = 2, gold = 1.5 } })
        assert(inv.settings:set{ backorders = "allow" })
      end)
      with_inventory(options, function(inv)
        local all = inv.settings:get()
        assert.same({ 5, "allow", { all = 2, gold = 1.5 }, true },
          { all.max_sale_qty, all.backorders, all.min_sale_qty, all.manage_stock })
        assert(inv.settings:set{ min_sale_qty = { all = 3 } })
      end)
      with_inventory(options, function(inv)
        assert.equal(3, inv.settings:get("min_sale_qty"))
        assert(inv.settings:set{ min_sale_qty = inherit, backorders = inherit })
        assert.same({ 1, "no", 5 }, { inv.settings:get("min_sale_qty"),
          inv.settings:get("backorders"), inv.settings:get("max_sale_qty") })
      end)
    end)
  end)

  it("changes every product's numbers in the same commit", function()
    helpers.with_shop(nil, function(inv, shop)
      local where = { stock = shop.eu }
      assert(inv.settings:set{ out_of_stock_threshold = 5 })
      assert.equal(3.5, inv:salable_qty("sku-1", where))
      assert.equal(0, inv:salable_qty("sku-2", { stock = shop.us }))
      assert(inv.settings:set{ out_of_stock_threshold = inherit })
      assert.equal(8.5, inv:salable_qty("sku-1", where))
      assert(inv.settings:set{ max_sale_qty = 2 })
      helpers.expect_error("MAX_SALE_QTY", inv:can_sell("sku-1", where, 3))
      assert(inv.settings:set{ max_sale_qty = 0 })
      assert.is_true(inv:can_sell("sku-1", where, 8))
    end)
  end)

  it("leaves a row in the ledger for each setting that is set or cleared", function()
    with_inventory(nil, function(inv)
      assert(inv.settings:set{ max_sale_qty = 5, min_sale_qty = { all = 1, gold = 2 } })
      local last = helpers.ledger_end(inv)
      assert(inv.settings:set{ max_sale_qty = inherit })
      local rows = helpers.ledger(inv, "settings_changed", last)
      assert.truthy(#rows > 0)
      local named = false
      for _, row in ipairs(rows) do named = named or row.note == "max_sale_qty" end
      assert.is_true(named)
    end)
  end)
end)

describe("min_sale_qty", function()
  local function smallest(inv, group)
    for _, qty in ipairs{ 1, 2, 3, 4, 5, 6, 7, 8 } do
      if inv:can_sell("a", { stock = 1, customer_group = group }, qty) then return qty end
    end
  end

  local function with_map(settings, fn)
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a" })
      assert(inv.items:save{ sku = "a", qty = 100 })
      assert(inv.settings:set(settings))
      fn(inv)
    end)
  end

  it("is for everyone when it is one number", function()
    with_map({ min_sale_qty = 4 }, function(inv)
      assert.same({ 4, 4 }, { smallest(inv), smallest(inv, "gold") })
    end)
  end)

  it("is looked up by customer group, else for all", function()
    with_map({ min_sale_qty = { all = 4, gold = 2, ["trade, big"] = 7 } }, function(inv)
      assert.same({ 4, 2, 7, 4, 4, 4 }, { smallest(inv), smallest(inv, "gold"),
        smallest(inv, "trade, big"), smallest(inv, "Gold"), smallest(inv, "gol"),
        smallest(inv, "") })
    end)
  end)

  it("is no limit for those a map without all does not name", function()
    with_map({ min_sale_qty = { gold = 3 } }, function(inv)
      assert.same({ 1, 3 }, { smallest(inv), smallest(inv, "gold") })
    end)
  end)

  it("of zero is no limit, also for a group", function()
    with_map({ min_sale_qty = { all = 3, gold = 0 } }, function(inv)
      assert.same({ 3, 1 }, { smallest(inv), smallest(inv, "gold") })
    end)
  end)

  it("below zero never limits, also for a group", function()
    with_map({ min_sale_qty = { all = -3, gold = -5 } }, function(inv)
      assert.same({ 1, 1 }, { smallest(inv), smallest(inv, "gold") })
    end)
  end)

  it("of a product replaces the shop's whole map, and an empty map means no limit", function()
    with_map({ min_sale_qty = { all = 4, gold = 2 } }, function(inv)
      assert(inv.products:save{ sku = "a", settings = { min_sale_qty = { all = 6 } } })
      assert.same({ 6, 6 }, { smallest(inv), smallest(inv, "gold") })
      assert(inv.products:save{ sku = "a", settings = { min_sale_qty = {} } })
      assert.same({ 1, 1 }, { smallest(inv), smallest(inv, "gold") })
    end)
  end)

  it("counts for the group of an order", function()
    with_map({ min_sale_qty = { all = 4, gold = 2 } }, function(inv)
      local lines = { { sku = "a", qty = 2 } }
      helpers.expect_error("MIN_SALE_QTY", inv:place{ id = "1", stock = 1, lines = lines })
      assert(inv:place{ id = "2", stock = 1, lines = lines, customer_group = "gold" })
    end)
  end)
end)
