-- select_allocated_spec.lua: what orders have allocated is there for them and for nobody else.

local helpers = require "helpers"
local kit = require "order_kit"

local product, place = kit.product, kit.place

-- Runs fn(inv, stock) in a shop that `fill(inv, stock)` filled and where then each of the
-- allocations, { order, line, source, qty }, was made.
local function with_allocations(fill, allocations, fn)
  kit.with_shop(function(inv, stock)
    fill(inv, stock)
    for i, one in ipairs(allocations) do
      assert(inv:allocate{ id = "a-" .. i, order = one[1],
        lines = { { line = one[2], source = one[3], qty = one[4] } } })
    end
    fn(inv, stock)
  end)
end

-- "line source taken/available" of each pick.
local function picks(inv, request)
  local list = {}
  for i, pick in ipairs(assert(inv:select(request)).picks) do
    list[i] = ("%d %s %d/%d"):format(pick.line, pick.source, pick.qty_to_deduct,
      pick.qty_available)
  end
  return list
end

-- Two orders of 5 bikes each.
local function two_orders(inv, stock)
  product(inv, "bike", { muc = 5, ham = 6 })
  place(inv, "o-1", stock, { "bike", 5 })
  place(inv, "o-2", stock, { "bike", 5 })
end

describe("what an order has allocated", function()
  it("is there for that order and for no other", function()
    with_allocations(two_orders, { { "o-1", 1, "muc", 5 } }, function(inv, stock)
      assert.same({ "1 muc 5/5" }, picks(inv, { order = "o-1" }))
      assert.same({ "1 ham 5/6" }, picks(inv, { order = "o-2" }))
      assert.same({ "1 ham 6/6" }, picks(inv, { stock = stock,
        lines = { { sku = "bike", qty = 9 } } }))
    end)
  end)

  it("adds to what nobody has allocated", function()
    with_allocations(two_orders, { { "o-1", 1, "muc", 2 }, { "o-2", 1, "muc", 1 } }, function(inv)
      assert.same({ "1 muc 4/4", "1 ham 1/6" }, picks(inv, { order = "o-1" }))
      assert.same({ "1 muc 3/3", "1 ham 2/6" }, picks(inv, { order = "o-2" }))
    end)
  end)

  it("is there for its own line only", function()
    with_allocations(function(inv, stock)
      product(inv, "bike", { muc = 5, ham = 9 })
      product(inv, "bell", { ham = 9 })
      place(inv, "o-1", stock, { "bike", 3 }, { "bell", 1 }, { "bike", 3 })
    end, { { "o-1", 3, "muc", 3 }, { "o-1", 2, "ham", 1 } }, function(inv)
      assert.same({ "1 muc 2/2", "3 muc 3/3", "1 ham 1/9", "2 ham 1/9" },
        picks(inv, { order = "o-1" }))
    end)
  end)

  it("is there as far as the goods are", function()
    with_allocations(two_orders, { { "o-1", 1, "muc", 3 }, { "o-2", 1, "muc", 2 } }, function(inv)
      assert(inv.items:save{ sku = "bike", source = "muc", qty = 4 })
      assert.same({ "1 muc 2/2", "1 ham 3/6" }, picks(inv, { order = "o-1" }))
      assert.same({ "1 muc 1/1", "1 ham 4/6" }, picks(inv, { order = "o-2" }))
      assert(inv.items:save{ sku = "bike", source = "muc", qty = 2 })
      assert.same({ "1 ham 5/6" }, picks(inv, { order = "o-1" }))
    end)
  end)

  it("is not there while its source or its item is out", function()
    with_allocations(two_orders, { { "o-1", 1, "muc", 5 } }, function(inv)
      assert(inv.items:save({ sku = "bike", source = "muc", qty = 5, status = "out_of_stock" },
        { force = true }))
      assert.same({ "1 ham 5/6" }, picks(inv, { order = "o-1" }))
    end)
  end)

  it("makes no difference to availability = \"physical\"", function()
    with_allocations(two_orders, { { "o-1", 1, "muc", 4 } }, function(inv)
      for _, order in ipairs{ "o-1", "o-2" } do
        assert.same({ "1 muc 5/5" }, picks(inv, { order = order, availability = "physical" }))
      end
    end)
  end)

  it("at a source that is no longer of the stock is left out", function()
    with_allocations(two_orders, { { "o-1", 1, "muc", 5 } }, function(inv, stock)
      assert(inv.stocks:unlink({ { stock = stock, source = "muc" } }, { force = true }))
      assert.same({ "1 ham 5/6" }, picks(inv, { order = "o-1" }))
    end)
  end)

  it("that is out of range is damage", function()
    kit.with_path(function(path)
      helpers.with_inventory({ path = path }, function(inv)
        two_orders(inv, kit.furnish(inv))
        assert(inv:allocate{ id = "a-1", order = "o-1",
          lines = { { line = 1, source = "muc", qty = 5 } } })
      end)
      kit.tamper(path, "UPDATE allocation SET qty = -1")
      helpers.with_inventory({ path = path }, function(inv)
        helpers.expect_error("CORRUPT", inv:select{ order = "o-1" })
        assert(inv:select{ order = "o-2" })
      end)
    end)
  end)
end)

-- Lines of the same goods, some of which are allocated, and counts that find less than there was.
describe("a plan", function()
  local function pick_one(list) return list[math.random(#list)] end

  local function fill(inv, stock)
    for _, sku in ipairs{ "bike", "bell" } do
      local there = {}
      for _, source in ipairs(kit.SOURCES) do there[source] = math.random(0, 8) end
      product(inv, sku, there, { backorders = "allow" })
    end
    for order = 1, 2 do
      local lines = {}
      for i = 1, 4 do lines[i] = { pick_one{ "bike", "bell" }, math.random(5) } end
      place(inv, "o-" .. order, stock, (table.unpack or unpack)(lines))
    end
  end

  -- Refusals are fine: what is not there cannot be allocated.
  local function allocate(inv)
    for i = 1, 8 do
      inv:allocate{ id = "a-" .. i, order = pick_one{ "o-1", "o-2" }, force = true,
        lines = { { line = math.random(4), source = pick_one(kit.SOURCES),
          qty = math.random(3) } } }
    end
    for _ = 1, 2 do
      assert(inv.items:save({ sku = pick_one{ "bike", "bell" }, source = pick_one(kit.SOURCES),
        qty = math.random(0, 8) }, { force = true }))
    end
  end

  -- The picks as rows, in any order.
  local function shuffled(plan)
    local rows = {}
    for i, pick in ipairs(plan.picks) do
      table.insert(rows, math.random(i),
        { line = pick.line, source = pick.source, qty = pick.qty_to_deduct })
    end
    return rows
  end

  it("takes what can be shipped, whatever is allocated to whom and in whatever order", function()
    for seed = 1, 60 do
      math.randomseed(seed)
      kit.with_shop(function(inv, stock)
        fill(inv, stock)
        allocate(inv)
        for order = 1, 2 do
          local plan = assert(inv:select{ order = "o-" .. order })
          local answer, message = inv:ship{ id = "s-" .. order, order = "o-" .. order,
            lines = shuffled(plan), force = true }
          assert(answer or #plan.picks == 0, ("seed %d: %s"):format(seed, tostring(message)))
        end
      end)
    end
  end)
end)

it("a bundle of an order counts what its lines have allocated", function()
  kit.with_path(function(path)
    helpers.with_inventory({ path = path }, function(inv)
      local stock = kit.furnish(inv)
      product(inv, "kit", { muc = 9 })
      product(inv, "frame", { muc = 3, ham = 9 })
      product(inv, "wheel", { muc = 5, ham = 9 })
      place(inv, "o-1", stock, { "kit", 3 }, { "frame", 3 }, { "wheel", 6 })
      place(inv, "o-2", stock, { "frame", 1 })
      for order, line in pairs{ ["o-1"] = 2, ["o-2"] = 1 } do
        assert(inv:allocate{ id = "a-" .. order, order = order,
          lines = { { line = line, source = "muc", qty = 1 } } })
      end
    end)
    kit.tamper(path, "UPDATE line SET kind = 3, tracked = 0 WHERE id = 1 * 4096 + 1")
    kit.tamper(path, "UPDATE line SET parent = 1 WHERE id IN (1 * 4096 + 2, 1 * 4096 + 3)")
    helpers.with_inventory({ path = path }, function(inv)
      -- two frames are left for it at muc, wheels for two
      assert.same({ "2 muc 2/2", "3 muc 4/5", "2 ham 1/9", "3 ham 2/9" },
        picks(inv, { order = "o-1" }))
    end)
  end)
end)
