-- composites_salable_spec.lua: whether a composite can be sold is answered from its parts, as they
-- are at the moment.

local composites = require "composite_kit"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop = composites.with_shop

local function is(inv, stock, sku)
  local salable = assert(inv:salable{ stock = stock, skus = { sku } })[sku].salable
  assert.equal(salable, inv:is_salable(sku, { stock = stock }))
  return salable
end

local function set(inv, sku, muc, ham)
  assert(inv.items:save{ { sku = sku, source = "muc", qty = muc },
    { sku = sku, source = "ham", qty = ham or 0 } })
end

for _, case in ipairs{ { "configurable", "shirt", "shirt-s", "shirt-m" },
  { "grouped", "pans", "pan", "lid" } } do
  describe("a " .. case[1] .. " product", function()
    local sku, first, second = case[2], case[3], case[4]

    it("can be sold while any child can", function()
      with_shop(function(inv, stock)
        assert.is_true(is(inv, stock, sku))
        set(inv, first, 0)
        assert.is_true(is(inv, stock, sku))
        set(inv, second, 0)
        assert.is_false(is(inv, stock, sku))
        set(inv, first, 0, "0.5")
        assert.is_true(is(inv, stock, sku))
      end)
    end)

    it("cannot be sold while it is marked out of stock itself", function()
      with_shop(function(inv, stock)
        assert(inv.products:save{ sku = sku, in_stock = false })
        assert.is_false(is(inv, stock, sku))
        assert(inv.products:save{ sku = sku, in_stock = true })
        assert.is_true(is(inv, stock, sku))
      end)
    end)

    it("cannot be sold without children", function()
      with_shop(function(inv, stock)
        assert(inv.products:save{ sku = sku, children = {} })
        assert.is_false(is(inv, stock, sku))
      end)
    end)

    it("follows orders, thresholds, backorders and manage_stock of its children", function()
      with_shop(function(inv, stock)
        assert(inv.products:save{ sku = sku, children = { first } })
        kit.place(inv, "o-1", stock, { first, 15 })
        assert.is_false(is(inv, stock, sku))
        assert(inv:cancel{ id = "c-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
        assert.is_true(is(inv, stock, sku))
        assert(inv.products:save{ sku = first, settings = { out_of_stock_threshold = 1 } })
        assert.is_false(is(inv, stock, sku))
        assert(inv.products:save{ sku = first, settings = { backorders = "allow" } })
        assert.is_true(is(inv, stock, sku))
        set(inv, first, 0)
        assert(inv.products:save{ sku = first, settings = { backorders = "no" } })
        assert.is_false(is(inv, stock, sku))
        assert(inv.products:save{ sku = first, settings = { manage_stock = false } })
        assert.is_true(is(inv, stock, sku))
      end)
    end)

    it("is not sold in a stock where no child is", function()
      with_shop(function(inv)
        assert.is_false(is(inv, 1, sku))
      end)
    end)
  end)
end

describe("a configurable product in three stocks", function()
  -- What MSI's index tests say of stocks that draw on eu, us and both.
  local function shop(fn)
    helpers.with_inventory({ shared_sources = "independent" }, function(inv)
      for _, code in ipairs{ "eu", "us" } do assert(inv.sources:save(helpers.source(code))) end
      local stocks = {}
      for i, codes in ipairs{ { "eu" }, { "us" }, { "us", "eu" } } do
        local links = {}
        for j, code in ipairs(codes) do links[j] = { code = code, priority = j } end
        stocks[i] = assert(inv.stocks:save{ name = "stock " .. i, sources = links })
      end
      assert(inv.products:save{ { sku = "s" }, { sku = "m" },
        { sku = "shirt", type = "configurable", children = { "s", "m" } } })
      fn(inv, function(...)
        for _, row in ipairs{ ... } do
          assert(inv.items:save{ sku = row[1], source = row[2], qty = 100, status = row[3] })
        end
        local seen = {}
        for i, stock in ipairs(stocks) do seen[i] = is(inv, stock, "shirt") and 1 or 0 end
        return table.concat(seen, "/")
      end)
    end)
  end

  it("is salable where a child is", function()
    shop(function(_, seen)
      local OUT = "out_of_stock"
      assert.equal("1/1/1", seen({ "s", "eu" }, { "m", "eu" }, { "s", "us" }, { "m", "us" }))
      assert.equal("0/1/1", seen({ "s", "eu", OUT }, { "m", "eu", OUT }))
      assert.equal("0/0/0", seen({ "s", "us", OUT }, { "m", "us", OUT }))
      assert.equal("1/0/1", seen({ "s", "eu", "in_stock" }, { "m", "eu", "in_stock" }))
    end)
  end)

  it("is salable with one child at one source", function()
    shop(function(_, seen) assert.equal("0/1/1", seen{ "s", "us" }) end)
  end)
end)

describe("a bundle", function()
  local function bundle(inv, ...)
    assert(inv.products:save{ sku = "kit", options = { ... } })
  end

  it("can be sold while each required option has something, and one option at all", function()
    with_shop(function(inv, stock)
      assert.is_true(is(inv, stock, "kit"))
      set(inv, "f-1", 0)
      assert.is_true(is(inv, stock, "kit"))
      set(inv, "f-2", 0)
      assert.is_false(is(inv, stock, "kit"))
      set(inv, "f-2", 1)
      set(inv, "guide", 0) -- is optional
      assert.is_true(is(inv, stock, "kit"))
      set(inv, "bell", 0)
      assert.is_false(is(inv, stock, "kit"))
    end)
  end)

  it("cannot be sold while it is marked out of stock itself, or without options", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ sku = "kit", in_stock = false })
      assert.is_false(is(inv, stock, "kit"))
      assert(inv.products:save{ sku = "kit", in_stock = true, options = {} })
      assert.is_false(is(inv, stock, "kit"))
    end)
  end)

  it("needs enough of a part for one, over all sources, unless customers say how many", function()
    with_shop(function(inv, stock)
      bundle(inv, { selections = { { sku = "f-1", qty = 3 } } })
      set(inv, "f-1", 1, 1)
      assert.is_false(is(inv, stock, "kit"))
      set(inv, "f-1", 1, 2)
      assert.is_true(is(inv, stock, "kit"))
      kit.place(inv, "o-1", stock, { "f-1", "0.0001" })
      assert.is_false(is(inv, stock, "kit"))
      bundle(inv, { selections = { { sku = "f-1", qty = 3, own_qty = true } } })
      assert.is_true(is(inv, stock, "kit"))
      bundle(inv, { selections = { { sku = "f-1", qty = 3 }, { sku = "f-2", qty = 15 } } })
      assert.is_true(is(inv, stock, "kit"))
    end)
  end)

  it("takes backorders, their limit, and stock that is not managed into account", function()
    with_shop(function(inv, stock)
      bundle(inv, { selections = { { sku = "f-1", qty = 20 } } })
      assert.is_false(is(inv, stock, "kit"))
      local function own(settings) assert(inv.products:save{ sku = "f-1", settings = settings }) end
      own{ backorders = "allow", out_of_stock_threshold = -5 }
      assert.is_true(is(inv, stock, "kit"))
      own{ out_of_stock_threshold = -4 }
      assert.is_false(is(inv, stock, "kit"))
      own{ out_of_stock_threshold = 0 }
      assert.is_true(is(inv, stock, "kit"))
      own{ backorders = "no", manage_stock = false }
      assert.is_true(is(inv, stock, "kit"))
    end)
  end)

  it("is blocked by a required option that offers nothing, not by an optional one", function()
    with_shop(function(inv, stock)
      local frame = { selections = { "f-1" } }
      bundle(inv, frame, { required = false })
      assert.is_true(is(inv, stock, "kit"))
      bundle(inv, frame, {})
      assert.is_false(is(inv, stock, "kit"))
      bundle(inv, {}, frame)
      assert.is_false(is(inv, stock, "kit"))
      bundle(inv, { required = false })
      assert.is_false(is(inv, stock, "kit"))
    end)
  end)

  it("of optional parts only can be sold while any of them can", function()
    with_shop(function(inv, stock)
      bundle(inv, { required = false, selections = { "f-1" } },
        { required = false, selections = { "f-2" } })
      set(inv, "f-1", 0)
      assert.is_true(is(inv, stock, "kit"))
      set(inv, "f-2", 0)
      assert.is_false(is(inv, stock, "kit"))
    end)
  end)
end)

describe("what is asked about a composite", function()
  it("other than whether it can be sold is UNSUPPORTED", function()
    with_shop(function(inv, stock)
      for _, sku in ipairs{ "shirt", "pans", "kit" } do
        local where = { stock = stock }
        local results = { { inv:salable_qty(sku, where) }, { inv:can_sell(sku, where, 1) },
          { inv:position{ stock = stock, sku = sku } } }
        for _, found in ipairs(results) do
          local detail = helpers.expect_problems({ "sku UNSUPPORTED" },
            found[1], found[2], found[3], found[4])
          assert.equal(sku, detail.errors[1].sku)
        end
      end
    end)
  end)

  it("on a page is its salability and no quantity, beside its parts", function()
    with_shop(function(inv, stock)
      set(inv, "f-1", 0)
      set(inv, "f-2", 0)
      local page = assert(inv:salable{ stock = stock, skus = { "kit", "shirt", "shirt-s", "f-1" } })
      local function row(sku)
        local entry = page[sku]
        return { entry.qty, entry.salable, entry.composite, entry.unlimited, entry.code }
      end
      assert.same({ 0, false, true, false }, row("kit"))
      assert.same({ 0, true, true, false }, row("shirt"))
      assert.same({ 15, true, nil, false }, row("shirt-s"))
      assert.same({ 0, false, nil, false }, row("f-1"))
    end)
  end)

  it("is answered the same under policy magento", function()
    with_shop(function(inv, stock)
      assert(inv.policies:activate("magento"))
      assert.is_true(is(inv, stock, "kit"))
      assert.is_true(is(inv, stock, "shirt"))
      set(inv, "bell", 0)
      assert.is_false(is(inv, stock, "kit"))
    end)
  end)
end)
