-- log_size_spec.lua: the write-ahead log stays small however many write, and is gone once the last
-- has closed the file. While anybody has it open it never shrinks, so that its size is the most it
-- ever was. QM_LOG_ORDERS says how many orders each of them places.

local children = require "children"
local helpers = require "helpers"

local WRITERS, MOST = 8, 4 * 1024 * 1024
local ORDERS = tonumber(os.getenv("QM_LOG_ORDERS") or 300)

local WRITER = [[
  local path, name, count, writers = ...
  local inv = assert(quartermaster.open{ path = path, durability = "normal", busy_timeout = 60 })
  assert(inv:place{ id = name, stock = 1, lines = { { sku = "p0", qty = 1 } } })
  assert(io.open(path .. "-" .. name, "w")):close()
  -- Who opens the file reads in the log; so all begin when all have.
  for i = 1, tonumber(writers) do
    local ready
    repeat ready = io.open(path .. "-w" .. i) until ready
    ready:close()
  end
  for i = 1, tonumber(count) do
    local lines = {}
    for k = 1, 5 do lines[k] = { sku = "p" .. (i * 7 + k * 31) % 200, qty = 1 } end
    assert(inv:place{ id = name .. "-" .. i, stock = 1, lines = lines })
  end
  inv:close()
  say("done")
]]

local function size_of(path)
  local file = io.open(path, "rb")
  if not file then return 0 end
  local size = file:seek("end")
  file:close()
  return size
end

local function furnish(inv)
  local products, items = {}, {}
  for i = 0, 199 do
    products[#products + 1] = { sku = "p" .. i, assign_default = false }
    items[#items + 1] = { sku = "p" .. i, qty = 1e6 }
  end
  assert(inv.products:save(products))
  assert(inv.items:save(items))
end

describe("the write-ahead log", function()
  it("is at most four megabytes while eight processes write, and gone afterwards", function()
    children.with_directory(function(directory)
      local path, words, size = directory .. "/shop.db", {}, nil
      helpers.with_inventory({ path = path, durability = "normal" }, function(inv)
        furnish(inv)
        for i = 1, WRITERS do
          words[i] = ("%s w%d %d %d"):format(path, i, ORDERS, WRITERS)
        end
        local program = children.program(directory, "writer", WRITER)
        for _, output in ipairs(children.together(program, words)) do
          assert.equal("done\n", output)
        end
        size = size_of(path .. "-wal")
        assert.is_true(inv:verify().ok)
      end)
      assert.is_true(size > 0 and size <= MOST, "the log had " .. size .. " bytes")
      assert.equal(0, size_of(path .. "-wal"))
    end)
  end)
end)
