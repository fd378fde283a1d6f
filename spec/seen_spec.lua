-- seen_spec.lua: what was read is kept while nobody commits, and not a moment longer.

local children = require "children"
local core = require "quartermaster.core"
local kit = require "order_kit"
local quartermaster = require "quartermaster"

-- Sells one unit for each line it reads, and says so when it is acknowledged.
local SELLER = [[
  local path, stock = ...
  local inv = assert(quartermaster.open{ path = path, durability = "normal", busy_timeout = 60 })
  for line in io.lines() do
    assert(inv:place{ id = line, stock = tonumber(stock), lines = { { sku = "bike", qty = 1 } } })
    local done = assert(io.open(path .. "-done", "w"))
    done:write(line)
    done:close()
  end
]]

describe("what was read", function()
  it("is not told any more once another process has been answered", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      kit.with_shop(function(inv, stock)
        kit.product(inv, "bike", { muc = 1000 })
        local seller = assert(io.popen(("%s %s %d"):format(
          children.program(directory, "seller", SELLER), path, stock), "w"))
        local where = { stock = stock }
        for i = 1, 100 do
          assert.equal(1001 - i, inv:salable_qty("bike", where))
          assert.equal(1001 - i, inv:salable{ stock = stock, skus = { "bike" } }.bike.qty)
          seller:write("o-", i, "\n")
          seller:flush()
          local patience = core.clock() + 60
          while children.read_file(path .. "-done") ~= "o-" .. i do
            assert.is_true(core.clock() < patience)
          end
        end
        assert.equal(900, inv:salable_qty("bike", where))
        seller:close()
        os.remove(path .. "-done")
      end, { path = path, durability = "normal" })
    end)
  end)

  for what, options in pairs{ ["in memory"] = {}, ["in a file"] = { file = true } } do
    it("is what this handle has written itself, " .. what, function()
      children.with_directory(function(directory)
        kit.with_shop(function(inv, stock)
          kit.product(inv, "bike", { muc = 50 })
          for i = 1, 20 do
            kit.place(inv, "o-" .. i, stock, { "bike", 1 })
            for _ = 1, 2 do
              assert.equal(50 - i, inv:salable_qty("bike", { stock = stock }))
              assert.equal(50 - i, inv:position{ sku = "bike", stock = stock }.salable)
            end
          end
          assert(inv.products:save{ sku = "bike", settings = { manage_stock = false } })
          assert.is_false(inv:salable{ stock = stock, skus = { "bike" } }.bike.managed)
        end, { path = options.file and directory .. "/shop.db" or nil })
      end)
    end)
  end

  it("is of that place to sell, that customer group and that SKU", function()
    kit.with_shop(function(inv, stock)
      local other = assert(inv.stocks:save{ name = "Other", channels = { "fr", { type = "app",
        code = "eu" } } })
      kit.product(inv, "bike", { muc = 5 }, { min_sale_qty = { all = 1, trade = 3 } })
      assert(inv.products:save{ sku = "bikes" })
      for _ = 1, 2 do
        assert.equal(5, inv:salable_qty("bike", { stock = stock }))
        assert.equal(0, inv:salable_qty("bike", { stock = other }))
        assert.equal(5, inv:salable_qty("bike", { channel = "eu" }))
        assert.equal(0, inv:salable_qty("bike", { channel = "fr" }))
        assert.equal(0, inv:salable_qty("bike", { channel = { type = "app", code = "eu" } }))
        assert.equal(0, inv:salable_qty("bikes", { stock = stock }))
        assert.is_true(inv:can_sell("bike", { stock = stock }, 2))
        assert.is_nil((inv:can_sell("bike", { stock = stock, customer_group = "trade" }, 2)))
        assert.is_nil((inv:salable_qty("bike", { stock = 99 })))
        assert.is_nil((inv:salable_qty(("b"):rep(200), { stock = stock })))
      end
    end)
  end)

  it("ends with the next hold, by whichever clock", function()
    local now = 1000000
    kit.with_shop(function(inv, stock)
      kit.product(inv, "bike", { muc = 5 })
      for i = 1, 3 do
        assert(inv:hold{ id = "h-" .. i, stock = stock, ttl = 10 * i,
          lines = { { sku = "bike", qty = 1 } } })
      end
      for _, case in ipairs{ { 0, 2 }, { 9, 2 }, { 10, 3 }, { 19, 3 }, { 30, 5 }, { 25, 4 },
        { 5, 2 } } do
        now = 1000000 + case[1]
        for _ = 1, 2 do assert.equal(case[2], inv:salable_qty("bike", { stock = stock })) end
      end
    end, { clock = function() return now end })
  end)

  it("is read again after the log was returned and the file closed and opened", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      kit.with_shop(function(inv, stock)
        kit.product(inv, "bike", { muc = 1000 })
        local other = assert(quartermaster.open{ path = path, durability = "normal" })
        for i = 1, 600 do
          kit.place(other, "o-" .. i, stock, { "bike", 1 })
          assert.equal(1000 - i, inv:salable_qty("bike", { stock = stock }))
        end
        other:close()
        assert.equal(400, inv:salable_qty("bike", { stock = stock }))
      end, { path = path, durability = "normal" })
    end)
  end)
end)
