-- moment_spec.lua: an answer that is put together from several reads is of one moment, whatever is
-- written meanwhile.

local children = require "children"
local core = require "quartermaster.core"
local kit = require "order_kit"
local quartermaster = require "quartermaster"

local with_directory = children.with_directory

-- Runs fn(inv, other, stock): two handles of one file, an order o-1 of five bikes, six of which are
-- at Munich.
local function with_two(fn)
  with_directory(function(directory)
    local path = directory .. "/shop.db"
    kit.with_shop(function(inv, stock)
      kit.product(inv, "bike", { muc = 6 })
      kit.place(inv, "o-1", stock, { "bike", 5 })
      local other = assert(quartermaster.open{ path = path })
      fn(inv, other, stock)
      other:close()
    end, { path = path })
  end)
end

-- Does act() once, after the first time that core's function is done (with that query).
local function meanwhile(name, query, act, fn)
  local original, done = core[name], false
  core[name] = function(...)
    local results = { original(...) }
    if not done and (not query or select(2, ...) == query) then
      done = true
      act()
    end
    return (table.unpack or unpack)(results, 1, 4)
  end
  local ok, message = pcall(fn)
  core[name] = original
  assert(ok, message)
  assert(done, "nothing happened meanwhile")
end

local function allocate(inv)
  assert(inv:allocate{ id = "a-1", order = "o-1",
    lines = { { line = 1, qty = 5, source = "muc" } } })
end

describe("an answer of one moment", function()
  for _, query in ipairs{ "ORDER", "LINES" } do
    it("is an order, its lines and what they have allocated, written after " .. query, function()
      with_two(function(inv, other)
        meanwhile("read", query, function() allocate(other) end, function()
          local line = assert(inv.orders:get("o-1")).lines[1]
          assert.same({ 0, {} }, { line.allocated, line.allocations })
        end)
        assert.equal(5, assert(inv.orders:get("o-1")).lines[1].allocated)
      end)
    end)
  end

  it("is a hold with its lines", function()
    with_two(function(inv, other, stock)
      assert(inv:hold{ id = "h-1", stock = stock, ttl = 60, lines = { { sku = "bike", qty = 1 } } })
      local function extend() assert(other:extend{ id = "e-1", hold = "h-1", ttl = 600 }) end
      local function release() assert(other:release{ id = "r-1", hold = "h-1" }) end
      meanwhile("read", "HOLD", function() extend() release() end, function()
        assert.equal(1, assert(inv.holds:get("h-1")).lines[1].qty)
      end)
    end)
  end)

  it("is a position with its sources", function()
    with_two(function(inv, other, stock)
      meanwhile("stand", nil, function() allocate(other) end, function()
        local position = assert(inv:position{ sku = "bike", stock = stock })
        assert.same({ 0, 0 }, { position.allocated, position.sources[1].allocated })
      end)
    end)
  end)

  it("is a product with its parts, in lists too", function()
    with_two(function(inv, other)
      local function offer(sku, most)
        return { sku = "kit", type = "bundle", settings = { max_sale_qty = most },
          options = { { selections = { sku } } } }
      end
      assert(inv.products:save(offer("bike")))
      local function change()
        assert(other.products:save{ { sku = "bell" }, offer("bell", 3) })
      end
      meanwhile("read", "PRODUCT", change, function()
        local product = assert(inv.products:get("kit"))
        assert.same({ "bike", nil }, { product.options[1].selections[1].sku,
          product.settings.max_sale_qty })
      end)
      assert(inv.products:save(offer("bike")))
      meanwhile("read", "PRODUCTS", change, function()
        for _, product in ipairs(inv.products:list()) do
          local option = product.options and product.options[1]
          assert.equal("bike", option and option.selections[1].sku or "bike")
        end
      end)
    end)
  end)

  it("is a plan for an order", function()
    with_two(function(inv, other)
      local function ship()
        assert(other:ship{ id = "s-1", order = "o-1", source = "muc" })
      end
      meanwhile("read", "LINES", ship, function()
        local plan = assert(inv:select{ order = "o-1" })
        assert.same({ true, 6 }, { plan.shippable, plan.picks[1].qty_available })
      end)
      assert.same({}, assert(inv:select{ order = "o-1" }).picks)
    end)
  end)

  it("ends when its handle writes in the middle, and nothing is lost", function()
    with_two(function(inv, other)
      meanwhile("read", "ORDER", function() allocate(inv) end, function()
        assert.equal(5, assert(inv.orders:get("o-1")).lines[1].allocated)
      end)
      assert.equal(5, assert(other.orders:get("o-1")).lines[1].allocated)
    end)
  end)

  it("ends with an error, which passes on", function()
    with_two(function(inv, other)
      local ok, message = pcall(core.together, inv.store, error, "mine", 0)
      assert.same({ false, "mine" }, { ok, message })
      allocate(other)
      assert.equal(5, assert(inv.orders:get("o-1")).lines[1].allocated)
      ok, message = pcall(core.together, other.store, function() other:close() end)
      assert.is_true(ok, message)
    end)
  end)
end)
