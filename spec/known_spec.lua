-- known_spec.lua: what a handle knows of products, settings and channels is what the file says,
-- also after somebody else has changed it.

local children = require "children"
local helpers = require "helpers"
local kit = require "order_kit"
local quartermaster = require "quartermaster"

-- Calls fn(inv, stock, other): two handles of one shop with ten bikes, both of which have sold one.
local function with_two(fn)
  children.with_directory(function(directory)
    local path = directory .. "/shop.db"
    kit.with_shop(function(inv, stock)
      kit.product(inv, "bike", { muc = 10 })
      local other = assert(quartermaster.open{ path = path, durability = "normal" })
      for i, handle in ipairs{ inv, other } do
        assert(handle:place{ id = "first-" .. i, channel = "eu",
          lines = { { sku = "bike", qty = 1 } } })
        assert.equal(10 - i, handle:salable_qty("bike", { channel = "eu" }))
      end
      fn(inv, stock, other)
      assert.is_true(inv:verify().ok)
      other:close()
    end, { path = path, durability = "normal" })
  end)
end

local function order(id, sku, qty)
  return { id = id, channel = "eu", lines = { { sku = sku or "bike", qty = qty or 1 } } }
end

-- What one handle knows, another changes.
local CHANGES = {
  { "a new name", function(other) assert(other.products:rename("bike", "velo")) end,
    function(inv)
      kit.refused(inv, "NOT_FOUND", "place", order("o"))
      assert.is_nil((inv:salable_qty("bike", { channel = "eu" })))
      assert.equal(8, inv:salable_qty("velo", { channel = "eu" }))
      assert(inv:place(order("o", "velo")))
    end },
  { "a name that another product has now", function(other)
      assert(other.products:rename("bike", "velo"))
      assert(other.products:save{ sku = "bike" })
      assert(other.items:save{ sku = "bike", source = "muc", qty = 1 })
    end,
    function(inv)
      assert.equal(1, inv:salable_qty("bike", { channel = "eu" }))
      kit.refused(inv, "NOT_ENOUGH", "place", order("o", "bike", 2))
      assert(inv:place(order("o", "velo", 8)))
    end },
  { "that it is deleted", function(other)
      assert(other.products:delete("bike", { force = true }))
    end,
    function(inv) kit.refused(inv, "NOT_FOUND", "place", order("o")) end },
  { "that it is virtual", function(other)
      assert(other.products:save{ sku = "bike", type = "virtual" })
    end,
    function(inv)
      assert(inv:place(order("o")))
      assert.equal("virtual", inv.orders:get("o").lines[1].kind)
    end },
  { "its own settings", function(other)
      assert(other.products:save{ sku = "bike", settings = { out_of_stock_threshold = 5 } })
    end,
    function(inv)
      kit.refused(inv, "NOT_ENOUGH", "place", order("o", "bike", 4))
      assert.equal(3, inv:salable_qty("bike", { channel = "eu" }))
    end },
  { "the shop's settings", function(other)
      assert(other.settings:set{ out_of_stock_threshold = 6 })
    end,
    function(inv)
      kit.refused(inv, "NOT_ENOUGH", "place", order("o", "bike", 3))
      assert.equal(2, inv:salable_qty("bike", { channel = "eu" }))
    end },
  { "another stock for the channel", function(other)
      local new = assert(other.stocks:save{ name = "New", channels = { "eu" },
        sources = { { code = "ham", priority = 1 } } })
      assert(other.items:save{ sku = "bike", source = "ham", qty = 3 })
      assert(new)
    end,
    function(inv)
      assert.equal(3, inv:salable_qty("bike", { channel = "eu" }))
      kit.refused(inv, "NOT_ENOUGH", "place", order("o", "bike", 4))
      assert(inv:place(order("o", "bike", 3)))
    end },
  { "the channel's new name", function(other)
      assert(other.channels:rename{ from = "eu", to = "eu-2" })
    end,
    function(inv) kit.refused(inv, "NOT_FOUND", "place", order("o")) end },
}

describe("a handle that has sold a product learns of", function()
  for _, case in ipairs(CHANGES) do
    it(case[1] .. " which another handle gives it", function()
      with_two(function(inv, _, other)
        case[2](other)
        case[3](inv)
      end)
    end)

    it(case[1] .. " which it gives it itself", function()
      with_two(function(inv)
        case[2](inv)
        case[3](inv)
      end)
    end)
  end

  it("what earlier rows of the same list have made of it", function()
    with_two(function(inv)
      assert(inv.products:save{ sku = "lamp", assign_default = false })
      assert.equal(0, inv:salable_qty("lamp", { channel = "eu" }))
      helpers.expect_problems({ "2.sku INVALID" }, inv.products:save{
        { sku = "lamp", type = "grouped", children = { "bike" } },
        { sku = "set", type = "bundle", options = { { selections = { "lamp" } } } } })
    end)
  end)

  it("what another program changes, if that counts it in the shop's catalogue", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      kit.with_shop(function(inv, stock)
        kit.product(inv, "bike", { muc = 10 })
        kit.place(inv, "o-1", stock, { "bike", 1 })
        kit.tamper(path, "BEGIN; UPDATE product SET sku = CAST('velo' AS BLOB)" ..
          " WHERE sku = CAST('bike' AS BLOB); UPDATE shop SET catalogue = catalogue + 1; COMMIT")
        kit.refused(inv, "NOT_FOUND", "place", order("o-2"))
        assert(inv:place(order("o-2", "velo")))
      end, { path = path, durability = "normal" })
    end)
  end)

  it("nothing by a change that was refused", function()
    with_two(function(inv)
      helpers.expect_error("NOT_FOUND", inv.products:rename("nobody", "bike"))
      assert(inv:place(order("o")))
      assert.equal(7, inv:salable_qty("bike", { channel = "eu" }))
    end)
  end)
end)

describe("what a handle knows of a channel", function()
  it("is of that type and that code", function()
    kit.with_shop(function(inv)
      assert(inv.stocks:save{ name = "One", channels = { { type = "app", code = "le" } },
        sources = { { code = "muc", priority = 1 } } })
      assert(inv.stocks:save{ name = "Two", channels = { { type = "appl", code = "e" } },
        sources = { { code = "ham", priority = 1 } } })
      kit.product(inv, "bike", { muc = 5, ham = 7 })
      for _ = 1, 2 do
        assert.equal(5, inv:salable_qty("bike", { channel = { type = "app", code = "le" } }))
        assert.equal(7, inv:salable_qty("bike", { channel = { type = "appl", code = "e" } }))
      end
    end)
  end)
end)

describe("names too long to be kept", function()
  for _, length in ipairs{ 38, 39, 40, 41, 64, 255 } do
    it(("are looked up: SKUs of %d bytes"):format(length), function()
      kit.with_shop(function(inv, stock)
        local skus = { ("b"):rep(length), ("b"):rep(length - 1) .. "c" }
        for i, sku in ipairs(skus) do kit.product(inv, sku, { muc = 10 * i }) end
        for round = 1, 3 do
          for i, sku in ipairs(skus) do
            kit.place(inv, ("o-%d-%d"):format(round, i), stock, { sku, 1 })
            assert.equal(10 * i - round, inv:salable_qty(sku, { stock = stock }))
          end
        end
      end)
    end)
  end

  for _, length in ipairs{ 22, 23, 24, 45, 255 } do
    it(("are looked up: channels and customer groups of %d bytes"):format(length), function()
      kit.with_shop(function(inv)
        local codes = { ("c"):rep(length), ("c"):rep(length - 1) .. "d" }
        for i, code in ipairs(codes) do
          assert(inv.stocks:save{ name = code, channels = { code },
            sources = { { code = i == 1 and "muc" or "ham", priority = 1 } } })
        end
        kit.product(inv, "bike", { muc = 5, ham = 7 },
          { min_sale_qty = { all = 1, [codes[1]] = 2, [codes[2]] = 3 } })
        for _ = 1, 2 do
          assert.equal(5, inv:salable_qty("bike", { channel = codes[1] }))
          assert.equal(7, inv:salable_qty("bike", { channel = codes[2] }))
          for i, group in ipairs(codes) do
            local where = { channel = codes[1], customer_group = group }
            assert.is_nil((inv:can_sell("bike", where, i)))
            assert.is_true(inv:can_sell("bike", where, i + 1))
          end
        end
      end)
    end)
  end
end)
