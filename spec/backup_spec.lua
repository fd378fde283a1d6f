-- backup_spec.lua: a copy of the file while others write to it.

local children = require "children"
local helpers = require "helpers"
local kit = require "order_kit"
local quartermaster = require "quartermaster"

local with_directory = children.with_directory

local WRITER = [[
  local path, stock = ...
  local inv = assert(quartermaster.open{ path = path, busy_timeout = 60 })
  for i = 1, 1e6 do
    assert(inv:place{ id = "o-" .. i, stock = tonumber(stock),
      lines = { { sku = "bike", qty = 1 } } })
    say(i)
  end
]]

-- Runs fn(inv, stock, directory) in a shop with a file and a million bikes.
local function with_file(fn)
  with_directory(function(directory)
    kit.with_shop(function(inv, stock)
      kit.product(inv, "bike", { muc = 1e6 })
      fn(inv, stock, directory)
    end, { path = directory .. "/shop.db", durability = "normal" })
  end)
end

-- What the shop has sold: the numbers of all orders, which must be 1 to n, and n.
local function orders_in(path)
  local inv = assert(quartermaster.open{ path = path, create = false })
  assert.same({}, assert(inv:verify()).problems)
  local numbers, after = {}, nil
  repeat
    local rows
    rows, after = assert(inv:reservations{ after = after, limit = 1000 })
    for _, row in ipairs(rows) do numbers[#numbers + 1] = tonumber(row.order:match("%d+$")) end
  until not after
  inv:close()
  for i, number in ipairs(numbers) do
    if number ~= i then error(("order %d is where %d should be"):format(number, i)) end
  end
  return #numbers
end

describe("a backup", function()
  it("is the inventory as it was, and a shop of its own", function()
    with_file(function(inv, stock, directory)
      kit.place(inv, "o-1", stock, { "bike", 3 })
      assert.is_true(inv:backup(directory .. "/copy.db"))
      kit.place(inv, "o-2", stock, { "bike", 4 })
      assert.equal(1, orders_in(directory .. "/copy.db"))
      local copy = assert(quartermaster.open{ path = directory .. "/copy.db" })
      assert.equal(3, kit.reserved(copy, "bike", stock))
      kit.place(copy, "o-2", stock, { "bike", 1 })
      copy:close()
      assert.equal(7, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("of a shop in memory is a file", function()
    with_directory(function(directory)
      kit.with_shop(function(inv, stock)
        kit.product(inv, "bike", { muc = 5 })
        kit.place(inv, "o-1", stock, { "bike", 3 })
        assert.is_true(inv:backup(directory .. "/copy.db"))
      end)
      assert.equal(1, orders_in(directory .. "/copy.db"))
    end)
  end)

  it("taken while others write has every order that was placed before, and no half one", function()
    with_file(function(inv, stock, directory)
      local program = children.program(directory, "writer", WRITER)
      local pipe, pid = children.start(("%s %s/shop.db %d"):format(program, directory, stock))
      for round = 1, 8 do
        local acknowledged = tonumber(pipe:read("*l"))
        local path = ("%s/copy-%d.db"):format(directory, round)
        assert.is_true(inv:backup(path))
        assert.is_true(orders_in(path) >= acknowledged)
      end
      os.execute("kill -9 " .. pid)
      pipe:close()
    end)
  end)

  it("overwrites nothing, and leaves nothing when it cannot be written", function()
    with_file(function(inv, _, directory)
      local there = directory .. "/there"
      children.write_file(there, "mine")
      helpers.expect_error("CONFLICT", inv:backup(there))
      assert.equal("mine", children.read_file(there))
      local nowhere = directory .. "/nowhere/copy.db"
      local _, message, code = inv:backup(nowhere)
      assert.same({ "NOT_FOUND", "the directory of " .. nowhere .. " does not exist" },
        { code, message })
      assert.has_error(function() inv:backup() end)
      assert.has_error(function() inv:backup("") end)
      assert.has_error(function() inv:backup("a\0b") end)
      assert.equal("", children.shell("ls " .. directory .. " | grep partial"))
    end)
  end)
end)
