-- Products: types, own settings, shadows, the default assignment, lists.

local core = require "quartermaster.core"
local helpers = require "helpers"
local quartermaster = require "quartermaster"

local with_inventory, expect_problems = helpers.with_inventory, helpers.expect_problems
local expect_error, source = helpers.expect_error, helpers.source

local TYPES = { "simple", "virtual", "downloadable", "configurable", "grouped", "bundle" }
local COMPOSITE = { configurable = true, grouped = true, bundle = true }

describe("products:save", function()
  it("saves one product or a list and says how many", function()
    with_inventory(nil, function(inv)
      assert.equal(1, inv.products:save{ sku = "a" })
      assert.equal(3, inv.products:save{ { sku = "a" }, { sku = "b" }, { sku = "c" } })
      assert.same({ "a", "b", "c" }, helpers.column(inv.products:list(), "sku"))
    end)
  end)

  it("makes a simple product without settings unless told otherwise", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a" })
      local product = assert(inv.products:get("a"))
      assert.same({ "a", "simple", false, true }, { product.sku, product.type, product.b2b,
        product.declared })
      assert.same({}, product.settings)
      local effective = inv.settings:get()
      for _, name in ipairs{ "b2b_default_only", "reservations", "holds", "source_selection",
        "import_export" } do
        effective[name] = nil -- no product's business
      end
      assert.same(effective, product.effective)
    end)
  end)

  for _, kind in ipairs(TYPES) do
    it("keeps the type " .. kind, function()
      with_inventory(nil, function(inv)
        assert(inv.products:save{ sku = "a", type = kind })
        assert.equal(kind, inv.products:get("a").type)
        assert(inv.products:save{ sku = "a", b2b = true })
        assert.equal(kind, inv.products:get("a").type)
      end)
    end)
  end

  it("leaves what is not given as it is", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a", type = "virtual", b2b = true,
        settings = { backorders = "allow" } })
      assert(inv.products:save{ sku = "a" })
      local product = inv.products:get("a")
      assert.same({ "virtual", true, { backorders = "allow" } },
        { product.type, product.b2b, product.settings })
      assert(inv.products:save{ sku = "a", b2b = false })
      assert.is_false(inv.products:get("a").b2b)
    end)
  end)

  it("tells SKUs apart byte by byte", function()
    with_inventory(nil, function(inv)
      local skus = { "1234", "01234", "abc", "ABC", "a b", "a'b\"c", "a\0b", "a\0c", "\255",
        ("x"):rep(255), "x" }
      for i, sku in ipairs(skus) do
        assert(inv.products:save{ sku = sku, settings = { max_sale_qty = i } })
      end
      for i, sku in ipairs(skus) do
        assert.equal(sku, inv.products:get(sku).sku)
        assert.equal(i, inv.products:get(sku).settings.max_sale_qty)
      end
    end)
  end)

  -- A list of products, and the problems, in order.
  local CASES = {
    { {}, { "- INVALID" } },
    { { { type = "simple" } }, { "1.sku INVALID" } },
    { { { sku = "" } }, { "1.sku INVALID" } },
    { { { sku = " " } }, { "1.sku INVALID" } },
    { { { sku = " a" } }, { "1.sku INVALID" } },
    { { { sku = "a " } }, { "1.sku INVALID" } },
    { { { sku = ("x"):rep(256) } }, { "1.sku LIMIT" } },
    { { { sku = "a", type = "goods" } }, { "1.type INVALID" } },
    { { { sku = "a", type = "" } }, { "1.type INVALID" } },
    { { { sku = "", type = "goods" } }, { "1.sku INVALID", "1.type INVALID" } },
    { { { sku = "ok" }, { sku = "a", type = "goods" }, { sku = "" } },
      { "2.type INVALID", "3.sku INVALID" } },
    { { { sku = "a", settings = { max_sale_qty = -1, out_of_stock_share = 2 } } },
      { "1.max_sale_qty INVALID", "1.out_of_stock_share INVALID" } },
    { { { sku = "ok" }, { sku = "a", settings = { backorders = "maybe" } } },
      { "2.backorders INVALID" } },
    { { { sku = "same" }, { sku = "other" }, { sku = "same" } }, { "3.sku INVALID" } },
  }

  for number, case in ipairs(CASES) do
    it(("refuses with '%s', case %d, and saves nothing"):format(
      table.concat(case[2], ", "), number), function()
      with_inventory(nil, function(inv)
        expect_problems(case[2], inv.products:save(case[1]))
        assert.same({}, inv.products:list())
        assert.same({}, inv.items:list())
      end)
    end)
  end

  it("reports bad settings of one product and a bad SKU of another at once", function()
    with_inventory(nil, function(inv)
      local detail = expect_error("INVALID", inv.products:save{
        { sku = "a", settings = { max_sale_qty = -1 } }, { sku = "" },
        { sku = "c", type = "goods" } })
      local found = helpers.problems(detail)
      table.sort(found)
      assert.same({ "1.max_sale_qty INVALID", "2.sku INVALID", "3.type INVALID" }, found)
    end)
  end)

  it("raises on what is no product", function()
    with_inventory(nil, function(inv)
      local save = function(given) return function() inv.products:save(given) end end
      assert.has_error(save("a"))
      assert.has_error(save{ "a" })
      assert.has_error(save{ sku = 5 })
      assert.has_error(save{ sku = "a", name = "A" })
      assert.has_error(save{ sku = "a", type = 1 })
      assert.has_error(save{ sku = "a", b2b = "yes" })
      assert.has_error(save{ sku = "a", settings = "none" })
      assert.has_error(save{ sku = "a", settings = { colour = "red" } })
      assert.has_error(save{ sku = "a", settings = { manage_stock = 1 } })
      assert.has_error(save{ sku = "a", assign_default = "no" })
      assert.same({}, inv.products:list())
    end)
  end)
end)

describe("a product's own settings", function()
  it("win over the shop's, and the others follow the shop", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a", settings = { max_sale_qty = 5 } })
      assert(inv.settings:set{ max_sale_qty = 50, backorders = "notify" })
      local product = inv.products:get("a")
      assert.same({ max_sale_qty = 5 }, product.settings)
      assert.equal(5, product.effective.max_sale_qty)
      assert.equal("notify", product.effective.backorders)
    end)
  end)

  it("are merged into those that are there", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a", settings = { max_sale_qty = 5, notify_below = 2 } })
      assert(inv.products:save{ sku = "a", settings = { notify_below = 3, decimal_qty = true } })
      assert.same({ max_sale_qty = 5, notify_below = 3, decimal_qty = true },
        inv.products:get("a").settings)
    end)
  end)

  it("are cleared one by one with quartermaster.inherit", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a", settings = { max_sale_qty = 5, notify_below = 2 } })
      assert(inv.products:save{ sku = "a", settings = { max_sale_qty = quartermaster.inherit } })
      assert.same({ notify_below = 2 }, inv.products:get("a").settings)
      assert.equal(10000, inv.products:get("a").effective.max_sale_qty)
      assert(inv.products:save{ sku = "a", settings = { notify_below = quartermaster.inherit,
        decimal_qty = quartermaster.inherit } })
      assert.same({}, inv.products:get("a").settings)
    end)
  end)

  it("may repeat the shop's value, and then stay when the shop's changes", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a", settings = { max_sale_qty = 10000 } })
      assert(inv.settings:set{ max_sale_qty = 7 })
      assert.equal(10000, inv.products:get("a").effective.max_sale_qty)
    end)
  end)

  it("keep every kind of value exactly", function()
    with_inventory(nil, function(inv)
      local given = { manage_stock = false, reserve_stock = false, backorders = "allow",
        out_of_stock_threshold = -4.5, out_of_stock_share = 0.125, notify_below = 0.0001,
        min_sale_qty = { all = 2, wholesale = 10.5, ["VIP, gold"] = 0 }, max_sale_qty = 0,
        enable_qty_increments = true, qty_increments = 2.5, decimal_qty = true }
      assert(inv.products:save{ sku = "a", settings = given })
      assert.same(given, inv.products:get("a").settings)
      given.notify_below, given.max_sale_qty = "0.0001", "100000000000"
      assert(inv.products:save{ sku = "b", settings = given })
      assert.equal(0.0001, inv.products:get("b").settings.notify_below)
      assert.equal(100000000000, inv.products:get("b").settings.max_sale_qty)
    end)
  end)

  it("of two savers at the same time are both kept", function()
    require("children").with_directory(function(directory)
      local path, turn = directory .. "/shop.db", nil
      local other = assert(quartermaster.open{ path = path })
      assert(other.products:save{ sku = "a" })
      local function clock()
        local run = turn
        turn = nil
        if run then run() end
        return 1700000000
      end
      with_inventory({ path = path, clock = clock }, function(inv)
        turn = function()
          assert(other.products:save{ sku = "a", settings = { max_sale_qty = 5 } })
        end
        assert(inv.products:save{ sku = "a", settings = { notify_below = 2 } })
        assert.same({ max_sale_qty = 5, notify_below = 2 }, inv.products:get("a").settings)
        -- Its text of settings is interned by now, so this time the product itself is written.
        assert(inv.products:save{ sku = "a", settings = { notify_below = quartermaster.inherit } })
        turn = function()
          assert(other.products:save{ sku = "a", settings = { max_sale_qty = 6 } })
        end
        assert(inv.products:save{ sku = "a", settings = { notify_below = 2 } })
        assert.same({ max_sale_qty = 6, notify_below = 2 }, inv.products:get("a").settings)
      end)
      other:close()
    end)
  end)
end)

describe("the default assignment", function()
  local function items_of(inv, sku)
    local rows = assert(inv.items:list{ sku = sku })
    for i, row in ipairs(rows) do
      rows[i] = ("%s %s %s"):format(row.source, row.qty, row.status)
    end
    return table.concat(rows, ", ")
  end

  it("gives a new product an empty item at the default source, out of stock", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a" })
      assert.equal("default 0 out_of_stock", items_of(inv, "a"))
      assert.is_false(inv:is_salable("a", { stock = 1 }))
      expect_error("OUT_OF_STOCK", inv:can_sell("a", { stock = 1 }, 1))
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("is in stock with the first quantity that is saved there", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ { sku = "a" }, { sku = "b" }, { sku = "c" } })
      assert(inv.items:save{ { sku = "a", qty = 3 },
        { sku = "b", qty = 3, status = "out_of_stock" } })
      assert(inv.items:adjust{ id = "1", lines = { { sku = "c", delta = 3 } } })
      assert.equal("default 3 in_stock", items_of(inv, "a"))
      assert.equal("default 3 out_of_stock", items_of(inv, "b"))
      assert.equal("default 3 in_stock", items_of(inv, "c"))
      assert.equal(3, inv:salable_qty("a", { stock = 1 }))
      assert(inv.items:save{ sku = "b", qty = 4 })
      assert.equal("default 4 out_of_stock", items_of(inv, "b"))
      assert.is_true(inv:verify().ok)
    end)
  end)

  for _, kind in ipairs(TYPES) do
    it(("is %s for a %s product"):format(COMPOSITE[kind] and "not made" or "made", kind), function()
      with_inventory(nil, function(inv)
        assert(inv.products:save{ sku = "a", type = kind })
        assert.equal(COMPOSITE[kind] and "" or "default 0 out_of_stock", items_of(inv, "a"))
      end)
    end)
  end

  it("is not made when assign_default is false", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a", assign_default = false })
      assert.equal("", items_of(inv, "a"))
      expect_error("NOT_ASSIGNED", inv:can_sell("a", { stock = 1 }, 1))
      assert(inv.products:save{ sku = "a", assign_default = true })
      assert.equal("default 0 out_of_stock", items_of(inv, "a"))
    end)
  end)

  it("is not made for a product whose stock is not managed, by itself or by the shop", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a", settings = { manage_stock = false } })
      assert.equal("", items_of(inv, "a"))
      assert(inv.settings:set{ manage_stock = false })
      assert(inv.products:save{ { sku = "b" }, { sku = "c", settings = { manage_stock = true } } })
      assert.equal("", items_of(inv, "b"))
      assert.equal("default 0 out_of_stock", items_of(inv, "c"))
    end)
  end)

  it("is not made for a product that has an item anywhere", function()
    with_inventory(nil, function(inv)
      assert(inv.sources:save(source("muc")))
      assert(inv.items:save{ sku = "a", source = "muc", qty = 0 })
      assert(inv.products:save{ sku = "a" })
      assert.equal("muc 0 in_stock", items_of(inv, "a"))
    end)
  end)

  it("is made by every save of a product that has none", function()
    with_inventory(nil, function(inv)
      assert(inv.products:save{ sku = "a" })
      assert(inv.items:delete{ sku = "a" })
      assert.equal("", items_of(inv, "a"))
      assert(inv.products:save{ sku = "a" })
      assert.equal("default 0 out_of_stock", items_of(inv, "a"))
    end)
  end)
end)

describe("a save of products that is refused", function()
  local new = { max_sale_qty = 77 }
  for what, list in pairs{
    ["a SKU that is none"] = { { sku = "a", settings = new }, { sku = "" } },
    ["a SKU that comes twice"] = { { sku = "a", settings = new }, { sku = "a" } },
    ["an unknown type"] = { { sku = "b", settings = new, type = "goods" } },
    ["a type that may not change"] = { { sku = "old", settings = new, type = "bundle" } },
    ["a bad setting"] = { { sku = "a", settings = new },
      { sku = "b", settings = { max_sale_qty = -1 } } },
    ["a bad share, after many settings"] = { { sku = "a", settings = { min_sale_qty = 3 } },
      { sku = "b", settings = new }, { sku = "c", settings = { out_of_stock_share = 2 } } },
  } do
    it("for " .. what .. " leaves no settings behind", function()
      with_inventory(nil, function(inv)
        assert(inv.products:save{ sku = "old", settings = { notify_below = 2 } })
        local generation, owns = inv:info().generation, core.read(inv.store, "OWNS", 0, 1000)
        local last = helpers.ledger_end(inv)
        assert.is_nil((inv.products:save(list)))
        assert.equal(generation, inv:info().generation)
        assert.same(owns, core.read(inv.store, "OWNS", 0, 1000))
        assert.equal(last, helpers.ledger_end(inv))
        -- Those that are accepted are told from the ones before.
        assert(inv.products:save{ sku = "new", settings = new })
        assert.equal(#owns + 1, #core.read(inv.store, "OWNS", 0, 1000))
      end)
    end)
  end
end)

describe("a shadow product", function()
  it("comes with an item of an unknown SKU and is declared by its first save", function()
    with_inventory(nil, function(inv)
      assert(inv.items:save{ sku = "ghost", qty = 5 })
      local product = assert(inv.products:get("ghost"))
      assert.same({ "simple", false, {} }, { product.type, product.declared, product.settings })
      assert(inv.products:save{ sku = "ghost" })
      assert.is_true(inv.products:get("ghost").declared)
      assert.equal(5, inv:salable_qty("ghost", { stock = 1 }))
    end)
  end)

  it("is not for sale, and no order may name it", function()
    with_inventory(nil, function(inv)
      assert(inv.items:save{ sku = "ghost", qty = 5 })
      local where = { stock = 1 }
      expect_problems({ "sku NOT_FOUND" }, inv:salable_qty("ghost", where))
      expect_problems({ "sku NOT_FOUND" }, inv:is_salable("ghost", where))
      expect_problems({ "sku NOT_FOUND" }, inv:can_sell("ghost", where, 1))
      expect_problems({ "1.sku NOT_FOUND" },
        inv:place{ id = "1", stock = 1, lines = { { sku = "ghost", qty = 1 } } })
      assert.same({ 0, false }, { inv:salable{ stock = 1, skus = { "ghost" } }.ghost.qty,
        inv:salable{ stock = 1, skus = { "ghost" } }.ghost.salable })
    end)
  end)

  it("is not left behind by a refused save of items", function()
    with_inventory(nil, function(inv)
      expect_error("NOT_FOUND", inv.items:save{ { sku = "ghost", qty = 1 },
        { sku = "ghost", source = "nowhere", qty = 1 } })
      expect_error("NOT_FOUND", inv.products:get("ghost"))
    end)
  end)
end)

describe("products:get and products:list", function()
  it("say that an unknown product does not exist, and raise on what is no SKU", function()
    with_inventory(nil, function(inv)
      expect_problems({ "sku NOT_FOUND" }, inv.products:get("nothing"))
      for _, wrong in ipairs{ 5, true, {} } do
        assert.has_error(function() inv.products:get(wrong) end)
      end
      assert.has_error(function() inv.products:get() end)
      assert.has_error(function() inv.products:list{ sku = "a" } end)
      assert.has_error(function() inv.products:list{ limit = -1 } end)
      assert.has_error(function() inv.products:list{ after = "a" } end)
    end)
  end)

  it("list every product once, in pages, the same as get gives it", function()
    with_inventory(nil, function(inv)
      for i = 1, 25 do
        assert(inv.products:save{ sku = "p" .. i, settings = { max_sale_qty = i % 3 } })
      end
      assert(inv.items:save{ sku = "ghost", qty = 1 })
      for _, limit in ipairs{ 1, 7, 13, 26, 100 } do
        local all = helpers.all_pages(function(filter) return inv.products:list(filter) end, limit)
        assert.equal(26, #all)
        assert.same(inv.products:get("p7"), all[7])
        assert.same({ "ghost", false }, { all[26].sku, all[26].declared })
      end
    end)
  end)

  it("never give more than 1000 rows at once", function()
    with_inventory(nil, function(inv)
      local many = {}
      for i = 1, 1001 do many[i] = { sku = "p" .. i, assign_default = false } end
      assert.equal(1001, inv.products:save(many))
      local rows, cursor = inv.products:list{ limit = 5000 }
      assert.equal(1000, #rows)
      assert.equal(1, #inv.products:list{ after = cursor })
    end)
  end)
end)
