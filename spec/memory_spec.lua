-- memory_spec.lua: what reads everything reads it piece by piece. A shop with four times the orders
-- needs no more memory to be verified, or to be read page by page.

local children = require "children"

local FILL = [[
  local path, orders = ...
  local inv = assert(quartermaster.open{ path = path, durability = "normal" })
  for i = 1, 20 do
    assert(inv.products:save{ sku = "p" .. i, settings = { backorders = "allow" } })
    assert(inv.items:save{ sku = "p" .. i, qty = 10, status = "in_stock" })
  end
  for from = 1, tonumber(orders), 1000 do
    local ops = {}
    for i = from, from + 999 do
      ops[#ops + 1] = { op = "place", id = "o" .. i, stock = 1, lines = {
        { sku = "p" .. i % 20 + 1, qty = 1 }, { sku = "p" .. (i + 7) % 20 + 1, qty = 2 } } }
    end
    assert(inv:batch(ops))
    -- Reservations of another system: too many for each order, and some that are settled.
    local rows = {}
    for i = from, from + 999 do
      rows[#rows + 1] = { order = "o" .. i, sku = "p1", qty = -1, stock = 1 }
      rows[#rows + 1] = { order = "x" .. i, sku = "p2", qty = -1, stock = 1 }
      rows[#rows + 1] = { order = "x" .. i, sku = "p2", qty = 1, stock = 1 }
    end
    assert(inv:adopt{ id = "a" .. from, reservations = rows })
  end
  inv:close()
]]

-- Says how many rows were seen and how many KiB the process had at most.
local READ = [[
  local path, what = ...
  local inv, rows = assert(quartermaster.open{ path = path }), 0
  if what == "verify" then
    local report = assert(inv:verify())
    assert(report.ok)
    rows = report.ledger
  elseif what == "compact" then
    local report = assert(inv:compact{ dry_run = true, limit = 1 })
    rows = report.orders + report.left
  else
    local filter = { limit = 500 }
    repeat
      local page
      page, filter.after = inv[what](inv, filter)
      rows = rows + #assert(page, filter.after)
    until not filter.after
  end
  inv:close()
  for line in io.lines("/proc/self/status") do
    local peak = line:match("^VmHWM:%s+(%d+)")
    if peak then say(rows, peak) end
  end
]]

local SMALL, LARGE = 5000, 20000

-- A sanitizer keeps what was freed for a while, so it says nothing about memory.
if not os.getenv("QM_BUILD") then
  describe("four times the orders need no more memory", function()
    local directory, reader

    setup(function()
      directory = children.shell("mktemp -d /tmp/quartermaster.XXXXXX"):match("^%S+")
      local filler = children.program(directory, "fill", FILL)
      reader = children.program(directory, "read", READ)
      for _, orders in ipairs{ SMALL, LARGE } do
        local output, code =
          children.run(("%s %s/%d.db %d"):format(filler, directory, orders, orders))
        assert.same({ "", 0 }, { output, code })
      end
    end)

    teardown(function() os.execute("rm -rf " .. directory) end)

    local function measure(orders, what)
      local output = children.run(("%s %s/%d.db %s"):format(reader, directory, orders, what))
      local rows, peak = output:match("^(%d+) (%d+)\n$")
      assert(rows, output)
      return tonumber(rows), tonumber(peak)
    end

    local MORE = { verify = 30000, events = 30000, reservations = 30000, waiting = 25000,
      inconsistencies = 15000, compact = 15000 }
    for what, least in pairs(MORE) do
      it("in " .. what, function()
        local few, before = measure(SMALL, what)
        local many, after = measure(LARGE, what)
        assert.is_true(many - few >= least, ("%d rows, then %d"):format(few, many))
        assert.is_true(after - before < 2048, ("%d KiB, then %d"):format(before, after))
      end)
    end
  end)
end
