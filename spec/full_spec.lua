-- full_spec.lua: there is no space left. The call says FULL and has changed nothing, what was
-- acknowledged stays, and it goes on when there is space again.

local children = require "children"
local helpers = require "helpers"
local quartermaster = require "quartermaster"

local function order(number)
  return { id = "o" .. number, stock = 1, lines = { { sku = "pen", qty = 1 } } }
end

local function stock_up(inv)
  assert(inv.products:save{ sku = "pen" })
  assert(inv.items:save{ sku = "pen", qty = 100000, status = "in_stock" })
end

-- Places orders until one is refused: how many were taken, and the refusal.
local function place_until_refused(inv, first)
  for number = first, first + 20000 do
    local answer, message, code = inv:place(order(number))
    if not answer then return number - 1, message, code end
  end
  error("the file never became full")
end

local function check_orders(inv, count)
  local report = inv:verify()
  assert.is_true(report.ok)
  assert.equal(count, report.orders)
  assert.equal(100000 - count, inv:salable_qty("pen", { stock = 1 }))
  for number = 1, count, 7 do assert.is_table(inv.orders:get("o" .. number)) end
  assert.is_nil((inv.orders:get("o" .. count + 1)))
end

describe("a file that reached max_pages", function()
  it("is FULL, keeps what was acknowledged, and goes on when it may grow", function()
    children.with_directory(function(directory)
      local path, count = directory .. "/shop.db", nil
      helpers.with_inventory({ path = path, max_pages = 60 }, function(inv)
        stock_up(inv)
        local message, code
        count, message, code = place_until_refused(inv, 1)
        assert.equal("FULL", code, message)
        assert.is_true(quartermaster.errors.FULL.transient)
        assert.is_true(count > 50)
        check_orders(inv, count)
        for _ = 1, 20 do helpers.expect_error("FULL", inv:place(order(count + 1))) end
        check_orders(inv, count)
        assert.is_table(inv:select{ order = "o1" })
      end)
      assert.is_true(#children.read_file(path) <= 60 * 4096)
      helpers.with_inventory({ path = path, max_pages = 120 }, function(inv)
        check_orders(inv, count)
        assert.is_true(inv:place(order(count)).replayed)
        assert(inv:place(order(count + 1)))
        check_orders(inv, count + 1)
        local more, message, code = place_until_refused(inv, count + 2)
        assert.equal("FULL", code, message)
        assert.is_true(more > count + 50)
        check_orders(inv, more)
      end)
    end)
  end)

  it("is FULL for every kind of write and for a batch as a whole", function()
    helpers.with_inventory({ max_pages = 50 }, function(inv)
      stock_up(inv)
      local count = place_until_refused(inv, 1)
      local batch, products, items = {}, {}, {}
      for i = 1, 3000 do
        batch[i] = order(count + i)
        batch[i].op = "place"
        products[i] = { sku = "product-" .. i }
        items[i] = { sku = "item-" .. i, qty = 1 }
      end
      local text = ("long "):rep(800)
      for name, write in pairs{
        batch = function() return inv:batch(batch) end,
        products = function() return inv.products:save(products) end,
        items = function() return inv.items:save(items) end,
        sources = function()
          for i = 1, 200 do
            local results = { inv.sources:save{ code = "s" .. i, name = "s" .. i, country = "DE",
              postcode = "1", description = text } }
            if not results[1] then return (table.unpack or unpack)(results, 1, 4) end
          end
        end,
      } do
        local ok, fault = pcall(function() helpers.expect_error("FULL", write()) end)
        assert(ok, name .. ": " .. tostring(fault))
      end
      check_orders(inv, count)
      assert.equal(1, #inv.products:list())
    end)
  end)

  it("is FULL when the very schema does not fit, and leaves a file that can be opened", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      for _, pages in ipairs{ 1, 2, 5, 10, 20, 30, 33, 34, 35, 36, 40 } do
        local inv, message, code = quartermaster.open{ path = path, max_pages = pages }
        if inv then
          inv:close()
        else
          assert.equal("FULL", code, ("%d pages: %s"):format(pages, message))
        end
      end
      helpers.with_inventory({ path = path }, function(inv)
        stock_up(inv)
        check_orders(inv, 0)
      end)
    end)
  end)
end)

describe("a process that may not write larger files", function()
  local SELL = [[
    local path, first = ...
    local inv, message, code = quartermaster.open{ path = path, durability = "normal" }
    if not inv then
      say("not opened", code, message)
      return
    end
    if not inv.products:get("pen") then
      inv.products:save{ sku = "pen" }
      inv.items:save{ sku = "pen", qty = 100000, status = "in_stock" }
    end
    for number = tonumber(first), tonumber(first) + 5000 do
      local pen = { { sku = "pen", qty = 1 } }
      local answer, text, kind = inv:place{ id = "o" .. number, stock = 1, lines = pen }
      if not answer then
        say("refused", kind, text)
        break
      end
      say("placed", number)
    end
    local report, text, kind = inv:verify()
    say("verify", report and tostring(report.ok) or kind .. " " .. text)
    inv:close()
  ]]

  local function acknowledged(output)
    local count = 0
    for number in output:gmatch("placed (%d+)\n") do count = math.max(count, tonumber(number)) end
    return count
  end

  -- The limit counts blocks of 512 bytes; without the trap the signal would end the process.
  local function sell(directory, limit, first)
    local command = children.program(directory, "sell", SELL)
    return children.run(("sh -c \"trap '' XFSZ; ulimit -f %s; exec %s %s/shop.db %d\""):format(
      limit, command, directory, first))
  end

  it("is answered FULL, loses nothing acknowledged, and goes on with more space", function()
    children.with_directory(function(directory)
      local output, exit = sell(directory, 1000, 1)
      assert.equal(0, exit, output:sub(-300))
      assert.is_truthy(output:find("refused FULL ", 1, true), output:sub(-300))
      assert.is_truthy(output:find("verify true", 1, true), output:sub(-300))
      local count = acknowledged(output)
      assert.is_true(count > 20)
      helpers.with_inventory({ path = directory .. "/shop.db" }, function(inv)
        check_orders(inv, count)
      end)
      output = sell(directory, "unlimited", count + 1)
      assert.is_nil(output:find("refused", 1, true))
      helpers.with_inventory({ path = directory .. "/shop.db" }, function(inv)
        check_orders(inv, acknowledged(output))
      end)
    end)
  end)

  it("at any limit is refused clearly and leaves a file that opens and verifies", function()
    for _, limit in ipairs{ 0, 1, 8, 16, 64, 200, 320, 400, 640, 800 } do
      children.with_directory(function(directory)
        local output, exit = sell(directory, limit, 1)
        assert.equal(0, exit, output:sub(-300))
        local code = output:match("refused (%u+)") or output:match("not opened (%u+)")
        assert.equal("FULL", code, ("limit %d: %s"):format(limit, output:sub(-300)))
        local count = acknowledged(output)
        helpers.with_inventory({ path = directory .. "/shop.db" }, function(inv)
          if count > 0 then check_orders(inv, count) end
          assert.is_true(inv:verify().ok)
        end)
      end)
    end
  end)
end)
