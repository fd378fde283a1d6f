-- contention_spec.lua: what comes at the same moment is decided one after the other, and nobody is
-- left waiting for somebody who has gone to do something else.

local calls = require "calls"
local children = require "children"
local helpers = require "helpers"

local count_of, together = children.count_of, children.together

-- Runs fn(path) with a file that has so many of each product.
local function with_stock(quantities, fn)
  children.with_directory(function(directory)
    local path = directory .. "/shop.db"
    helpers.with_inventory({ path = path, durability = "normal" }, function(inv)
      for sku, qty in pairs(quantities) do
        assert(inv.products:save{ sku = sku })
        assert(inv.items:save{ sku = sku, qty = qty, status = "in_stock" })
      end
    end)
    fn(path, directory)
  end)
end

describe("buyers at the same moment", function()
  -- Everybody waits for the moment that the last one is ready.
  local BUY_ONE = [[
    local path, name, buyers = ...
    local inv = assert(quartermaster.open{ path = path, busy_timeout = 60 })
    assert(io.open(path .. ".ready-" .. name, "w")):close()
    for buyer = 1, tonumber(buyers) do
      while not io.open(path .. ".ready-" .. buyer) do os.execute("sleep 0.01") end
    end
    local answer, _, code = inv:place{ id = "o-" .. name, stock = 1,
      lines = { { sku = "pen", qty = 1 } } }
    say(answer and "placed" or code)
    inv:close()
  ]]

  it("of the last unit: exactly one gets it, the others are told", function()
    with_stock({ pen = 1 }, function(path, directory)
      local command, arguments = children.program(directory, "buy", BUY_ONE), {}
      for i = 1, 8 do arguments[i] = ("%s %d 8"):format(path, i) end
      local all = table.concat(together(command, arguments))
      assert.same({ 1, 7 }, { count_of(all, "placed\n"), count_of(all, "OUT_OF_STOCK\n")
        + count_of(all, "NOT_ENOUGH\n") })
      helpers.with_inventory({ path = path }, function(inv)
        local position = inv:position{ sku = "pen", stock = 1 }
        assert.same({ 1, 1, 0 }, { position.on_hand, position.reserved, position.salable })
        assert.equal(1, inv:verify().orders)
        -- Whoever was refused left no row, and so nothing to compensate.
        assert.equal(1, #inv:reservations())
      end)
    end)
  end)

  local BUY_BOTH = [[
    local path, first, second = ...
    local inv = assert(quartermaster.open{ path = path, durability = "normal", busy_timeout = 60 })
    for number = 1, 100 do
      assert(inv:place{ id = first .. number, stock = 1,
        lines = { { sku = first, qty = 1 }, { sku = second, qty = 1 } } })
    end
    inv:close()
    say("done")
  ]]

  it("of the same products in opposite order never lock each other up", function()
    with_stock({ pen = 1000, ink = 1000 }, function(path, directory)
      local command = children.program(directory, "both", BUY_BOTH)
      for _, output in ipairs(together(command, { path .. " pen ink", path .. " ink pen" })) do
        assert.equal("done\n", output)
      end
      helpers.with_inventory({ path = path }, function(inv)
        for _, sku in ipairs{ "pen", "ink" } do
          assert.equal(800, inv:salable_qty(sku, { stock = 1 }))
        end
        assert.is_true(inv:verify().ok)
      end)
    end)
  end)
end)

describe("another handle on the file", function()
  local function with_two(fn)
    with_stock({ pen = 1000 }, function(path, directory)
      helpers.with_inventory({ path = path, durability = "normal" }, function(inv)
        helpers.with_inventory({ path = path, durability = "normal", busy_timeout = 0 },
          function(other) fn(inv, other, directory) end)
      end)
    end)
  end

  it("sees an order as soon as it is acknowledged, by every way of reading", function()
    with_two(function(inv, other)
      for i = 1, 3 do
        assert(inv:place{ id = "o-" .. i, stock = 1, lines = { { sku = "pen", qty = 2 } } })
        local left = 1000 - 2 * i
        assert.equal(left, other:salable_qty("pen", { stock = 1 }))
        assert.equal(left, other:salable{ stock = 1, skus = { "pen" } }.pen.qty)
        assert.equal(2 * i, other:position{ sku = "pen", stock = 1 }.reserved)
        assert.equal("o-" .. i, other.orders:get("o-" .. i).id)
        assert.equal(i, #other:reservations())
      end
    end)
  end)

  local serial = 0

  -- Whatever a call was given and however it ended, the other handle need not wait at all.
  local function must_be_free(other, name)
    serial = serial + 1
    local saved, message = other.items:adjust{ id = "free-" .. serial,
      lines = { { sku = "pen", delta = 1 } } }
    assert(saved, name .. " leaves the file locked: " .. tostring(message))
  end

  it("may write after any call, done, refused or raised", function()
    with_two(function(inv, other)
      for _, case in ipairs(calls.TABLES) do
        pcall(calls.call, inv, case[1], calls.copy(case[3]))
        must_be_free(other, case[1])
        pcall(calls.call, inv, case[1], { nonsense = true })
        must_be_free(other, case[1] .. " with an unknown key")
      end
      for _, case in ipairs(calls.POSITIONAL) do
        pcall(calls.call, inv, case[1], (table.unpack or unpack)(case[3]))
        must_be_free(other, case[1])
      end
      for _, name in ipairs(calls.BARE) do
        calls.call(inv, name)
        must_be_free(other, name)
      end
    end)
  end)

  it("may write between the pages of a list that somebody reads", function()
    with_two(function(inv, other)
      for i = 1, 5 do
        assert(inv:place{ id = "o-" .. i, stock = 1, lines = { { sku = "pen", qty = 2 } } })
      end
      local seen, after = 0, nil
      repeat
        local rows
        rows, after = assert(inv:reservations{ limit = 2, after = after })
        seen = seen + #rows
        must_be_free(other, "a page of reservations")
      until not after
      assert.equal(5, seen)
    end)
  end)

  it("may write while somebody imports, between the chunks", function()
    with_two(function(inv, other, directory)
      local file, lines, chunks = directory .. "/products.csv", { "sku" }, 0
      for i = 1, 1200 do lines[i + 1] = "p-" .. i end
      children.write_file(file, table.concat(lines, "\n") .. "\n")
      assert(inv:import{ entity = "products", file = file, progress = function()
        chunks = chunks + 1
        must_be_free(other, "a chunk of an import")
      end })
      assert.equal(3, chunks)
    end)
  end)
end)
