-- processes_spec.lua: several processes work on one file. Nothing is lost, nothing is sold twice,
-- whoever is killed.

local children = require "children"
local helpers = require "helpers"
local quartermaster = require "quartermaster"

local count_of, start, together = children.count_of, children.start, children.together

local PEN = { { sku = "pen", qty = 1 } }

local function stock_up(path, qty)
  helpers.with_inventory({ path = path, durability = "normal" }, function(inv)
    assert(inv.products:save{ sku = "pen" })
    assert(inv.items:save{ sku = "pen", qty = qty, status = "in_stock" })
  end)
end

-- Places orders NAME-1 ... NAME-COUNT, and says what became of each.
local SELL = [[
  local path, name, count, durability = ...
  local inv = assert(quartermaster.open{ path = path, durability = durability, busy_timeout = 60 })
  say("ready")
  for number = 1, tonumber(count) do
    local id = name .. "-" .. number
    local pen = { { sku = "pen", qty = 1 } }
    local answer, message, code = inv:place{ id = id, stock = 1, lines = pen }
    if answer then say("placed", id) else say("refused", code, message) end
  end
  inv:close()
  say("done")
]]

describe("writers in several processes", function()
  it("lose no order and place none twice", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      stock_up(path, 10000)
      local command = children.program(directory, "sell", SELL)
      local outputs = together(command, { path .. " a 150 full", path .. " b 150 full" })
      for _, output in ipairs(outputs) do
        assert.equal(150, count_of(output, "placed "), output:sub(-300))
      end
      helpers.with_inventory({ path = path }, function(inv)
        local report = inv:verify()
        assert.is_true(report.ok)
        assert.equal(300, report.orders)
        assert.equal(9700, inv:salable_qty("pen", { stock = 1 }))
        for number = 1, 150 do
          assert.is_table(inv.orders:get("a-" .. number))
          assert.is_table(inv.orders:get("b-" .. number))
        end
      end)
    end)
  end)

  it("sell K units to exactly K of N orders", function()
    children.with_directory(function(directory)
      local path, units = directory .. "/shop.db", 137
      stock_up(path, units)
      local command, arguments = children.program(directory, "sell", SELL), {}
      for i = 1, 4 do arguments[i] = ("%s p%d 60 normal"):format(path, i) end
      local placed, refused = 0, 0
      for _, output in ipairs(together(command, arguments)) do
        assert.is_truthy(output:find("done\n$"), output:sub(-300))
        placed = placed + count_of(output, "placed ")
        refused = refused + count_of(output, "refused OUT_OF_STOCK")
          + count_of(output, "refused NOT_ENOUGH")
      end
      assert.equal(units, placed)
      assert.equal(240 - units, refused)
      helpers.with_inventory({ path = path }, function(inv)
        local at = inv:position{ sku = "pen", stock = 1 }
        assert.same({ units, units, 0 }, { at.on_hand, at.reserved, at.salable })
        local report = inv:verify()
        assert.is_true(report.ok)
        assert.equal(units, report.orders)
      end)
    end)
  end)

  it("that open a new file at the same time make one inventory", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      local command = children.program(directory, "open", [[
        local path, name = ...
        local inv = assert(quartermaster.open{ path = path, busy_timeout = 60 })
        assert(inv.sources:save{ code = name, name = name, country = "DE", postcode = "1" })
        assert(inv.products:save{ sku = name, settings = { out_of_stock_threshold = 3 } })
        inv:close()
        say("done")
      ]])
      for round = 1, 10 do -- the moment to get wrong is short
        local arguments = {}
        for i = 1, 6 do arguments[i] = ("%s%d n%d"):format(path, round, i) end
        for _, output in ipairs(together(command, arguments)) do assert.equal("done\n", output) end
        helpers.with_inventory({ path = path .. round }, function(inv)
          assert.equal(7, #inv.sources:list())
          assert.equal(6, #inv.products:list())
          assert.is_true(inv:verify().ok)
        end)
      end
    end)
  end)

  it("settle the same id once: one is placed, the others are answered the same", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      stock_up(path, 10000)
      local command = children.program(directory, "sell", SELL)
      local outputs = together(command, { path .. " x 60 normal", path .. " x 60 normal" })
      for _, output in ipairs(outputs) do
        assert.equal(60, count_of(output, "placed "), output:sub(-300))
      end
      helpers.with_inventory({ path = path }, function(inv)
        assert.equal(60, inv:verify().orders)
        assert.equal(9940, inv:salable_qty("pen", { stock = 1 }))
      end)
    end)
  end)
end)

describe("a file that another process holds", function()
  -- A batch large enough to hold the write lock for a while, one after the other.
  local HOLD = [[
    local path = ...
    local inv = assert(quartermaster.open{ path = path, durability = "normal", busy_timeout = 60 })
    local stop = path .. ".stop"
    local round = 0
    while not io.open(stop) do
      round = round + 1
      local ops = {}
      for i = 1, 10000 do
        ops[i] = { op = "place", id = round .. "-" .. i, stock = 1,
          lines = { { sku = "pen", qty = 1 } } }
      end
      assert(inv:batch(ops))
      if round == 1 then assert(io.open(path .. ".ready", "w")):close() end
    end
    inv:close()
  ]]

  local function wait_for(path)
    for _ = 1, 600 do
      local file = io.open(path)
      if file then return file:close() end
      os.execute("sleep 0.05")
    end
    error(path .. " never came")
  end

  it("is BUSY, which is transient, soon after busy_timeout, and works later", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      stock_up(path, 10000000)
      local pipe = io.popen(children.program(directory, "hold", HOLD) .. " " .. path .. " 2>&1")
      wait_for(path .. ".ready")
      helpers.with_inventory({ path = path, busy_timeout = 0 }, function(inv)
        local busy, other = 0, nil
        for number = 1, 400 do
          local answer, message, code = inv:place{ id = "n" .. number, stock = 1, lines = PEN }
          if code == "BUSY" then busy = busy + 1 end
          if not answer and code ~= "BUSY" then other = message end
          if busy > 5 or other then break end
          os.execute("sleep 0.02") -- whoever never rests starves the other
        end
        assert(inv:salable_qty("pen", { stock = 1 })) -- reading does not wait for writers
        assert(io.open(path .. ".stop", "w")):close()
        local output = pipe:read("*a")
        pipe:close()
        assert.same({ "", true }, { output, busy > 0 })
        assert.is_nil(other)
        assert.is_true(quartermaster.errors.BUSY.transient)
        assert(inv:place{ id = "later", stock = 1, lines = PEN })
        assert.is_true(inv:verify().ok)
      end)
    end)
  end)

  it("is waited for as long as busy_timeout says", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      stock_up(path, 10000000)
      local pipe = io.popen(children.program(directory, "hold", HOLD) .. " " .. path .. " 2>&1")
      wait_for(path .. ".ready")
      local placed, busy = 0, 0
      helpers.with_inventory({ path = path, busy_timeout = 60 }, function(inv)
        for number = 1, 10 do
          local answer = inv:place{ id = "n" .. number, stock = 1, lines = PEN }
          if answer then placed = placed + 1 else busy = busy + 1 end
        end
      end)
      assert(io.open(path .. ".stop", "w")):close()
      pipe:read("*a")
      pipe:close()
      assert.same({ 10, 0 }, { placed, busy })
    end)
  end)
end)

describe("a writer that is killed", function()
  it("in the middle, five times, leaves every acknowledged order exactly once", function()
    children.with_directory(function(directory)
      local path, random = directory .. "/shop.db", children.random(7)
      stock_up(path, 100000)
      local command = children.program(directory, "sell", SELL)
      local acknowledged, total = {}, 0
      for round = 1, 5 do
        local pipe, pid = start(("%s %s r%d 100000 %s"):format(command, path, round,
          round % 2 == 0 and "full" or "normal"))
        local wait = random(20, 120)
        for _ = 1, wait do
          local id = (pipe:read("*l") or ""):match("^placed (%S+)$")
          if id then acknowledged[#acknowledged + 1] = id end
        end
        os.execute("kill -9 " .. pid)
        for line in pipe:lines() do
          local id = line:match("^placed (%S+)$")
          if id then acknowledged[#acknowledged + 1] = id end
        end
        pipe:close()
        helpers.with_inventory({ path = path }, function(inv)
          local report = inv:verify()
          assert.is_true(report.ok)
          -- The order under way when the process died may have been made durable but not said.
          assert.is_true(report.orders >= #acknowledged)
          assert.is_true(report.orders <= #acknowledged + round, report.orders)
          assert.equal(100000 - report.orders, inv:salable_qty("pen", { stock = 1 }))
          for _, id in ipairs(acknowledged) do
            assert.is_table(inv.orders:get(id), id)
            assert.is_true(inv:place{ id = id, stock = 1, lines = PEN }.replayed)
          end
          assert.equal(report.orders, inv:verify().orders)
          total = report.orders
        end)
      end
      assert.is_true(total >= 100)
    end)
  end)

  it("does not keep the others waiting", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      stock_up(path, 100000)
      local pipe, pid = start(children.program(directory, "sell", SELL) .. " " .. path
        .. " k 100000 normal")
      for _ = 1, 30 do pipe:read("*l") end
      helpers.with_inventory({ path = path, busy_timeout = 5 }, function(inv)
        os.execute("kill -9 " .. pid)
        assert(inv:place{ id = "after", stock = 1, lines = PEN })
        assert.is_true(inv:verify().ok)
      end)
      pipe:close()
    end)
  end)
end)

describe("the log beside the file", function()
  -- Asked of another process: closing the file here would give up the locks held on it.
  local function size_of(path)
    return tonumber(children.shell("stat -c %s " .. path .. " 2>/dev/null")) or 0
  end

  it("stays under 8 MiB over 3000 orders, and a reopened file has them all", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      stock_up(path, 100000)
      local inv = assert(quartermaster.open{ path = path, durability = "normal" })
      local largest = 0
      for number = 1, 3000 do
        assert(inv:place{ id = "o" .. number, stock = 1, lines = PEN })
        if number % 100 == 0 then largest = math.max(largest, size_of(path .. "-wal")) end
      end
      inv:close()
      assert.is_true(largest > 0 and largest < 8 * 1024 * 1024, largest)
      assert.is_true(size_of(path) > 3000 * 50)
      helpers.with_inventory({ path = path, create = false }, function(again)
        assert.equal(3000, again:verify().orders)
        assert(again:place{ id = "after", stock = 1, lines = PEN })
      end)
    end)
  end)

  it("is not needed after the last clean close", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      stock_up(path, 100000)
      helpers.with_inventory({ path = path, durability = "normal" }, function(inv)
        for number = 1, 50 do assert(inv:place{ id = "o" .. number, stock = 1, lines = PEN }) end
      end)
      children.write_file(directory .. "/moved.db", children.read_file(path))
      helpers.with_inventory({ path = directory .. "/moved.db", create = false }, function(inv)
        local report = inv:verify()
        assert.same({ true, 50 }, { report.ok, report.orders })
      end)
    end)
  end)
end)
