-- race_spec.lua: many want few units at the same moment. Exactly what is there is sold, whatever
-- the orders look like, and everybody gets a turn. QM_RACE_SECONDS says how long turns are counted.

local Crew = require "fire.crew"
local children = require "children"
local helpers = require "helpers"
local worker = require "fire.worker"

local PROCESSES = 8

-- A shop whose sources overlap in three stocks, with so many units of each product at each source.
local function fill(directory, skus, units)
  helpers.with_inventory({ path = directory .. "/shop.db", durability = "normal" }, function(inv)
    for _, code in ipairs{ "a", "b", "c" } do assert(inv.sources:save(helpers.source(code))) end
    for channel, sources in pairs{ eu = "ab", us = "bc", all = "abc" } do
      local links = {}
      for code in sources:gmatch(".") do
        links[#links + 1] = { code = code, priority = #links + 1 }
      end
      assert(inv.stocks:save{ name = channel, channels = { channel }, sources = links })
    end
    for _, sku in ipairs(skus) do
      assert(inv.products:save{ sku = sku, assign_default = false })
      for source, qty in pairs(units) do
        assert(inv.items:save{ sku = sku, source = source, qty = qty })
      end
    end
  end)
end

-- Lets a crew sell; calls look(inv, lines, tried): the lines that were sold, and how many orders
-- were tried.
local function sell(directory, arguments, look)
  local crew = Crew.new(directory)
  for i = 1, PROCESSES do crew:hire("fire.seller", "p" .. i, i, arguments) end
  crew:begin()
  local ids, lines, tried = {}, {}, 0
  for _, output in ipairs(crew:finish()) do
    assert.equal("done", output:match("(%S+)\n$"), output:sub(-300))
    tried = tried + output:match("\ntried (%d+)\n")
    for id in output:gmatch("sold (%S+)") do ids[#ids + 1] = id end
    for id, channel, qty, sku in output:gmatch("line (%S+) (%S+) (%d+) (%S+)") do
      lines[#lines + 1] = { order = id, channel = channel, qty = tonumber(qty), sku = sku }
    end
  end
  helpers.with_inventory({ path = directory .. "/shop.db" }, function(inv)
    local report = inv:verify()
    assert.same({ true, #ids }, { report.ok, report.orders })
    assert.same({}, inv:oversold())
    look(inv, lines, tried)
  end)
end

-- How much was sold by a key of the lines, such as "sku".
local function sums(lines, key)
  local sum = {}
  for _, line in ipairs(lines) do sum[line[key]] = (sum[line[key]] or 0) + line.qty end
  return sum
end

-- Every order that was said to be sold has its lines, all of them and no other, in their order.
local function same_orders(inv, lines)
  local expected, order = {}, nil
  for _, line in ipairs(lines) do
    if line.order ~= order then expected[line.order] = {} end
    order = line.order
    table.insert(expected[order], line.sku .. " " .. line.qty)
  end
  for id, wanted in pairs(expected) do
    local found = {}
    for i, line in ipairs(assert(inv.orders:get(id)).lines) do
      found[i] = ("%s %d"):format(line.sku, line.open)
    end
    assert.same(wanted, found, id)
  end
end

describe("eight processes that begin at the same moment", function()
  it("sell K units of one product to exactly K of many orders", function()
    children.with_directory(function(directory)
      fill(directory, { "pen" }, { a = 97 })
      sell(directory, "60 1 pen eu full", function(inv, lines, tried)
        assert.equal(97, #lines)
        assert.is_true(tried >= PROCESSES * 60)
        local at = inv:position{ sku = "pen", channel = "eu" }
        assert.same({ 97, 97, 0 }, { at.on_hand, at.reserved, at.salable })
        assert.equal(97, #inv:reservations{ sku = "pen" })
      end)
    end)
  end)

  it("sell K of each product in orders of several lines in any order, whole or not at all",
    function()
      children.with_directory(function(directory)
        local skus, expected = { "pen", "ink", "cap", "nib", "box", "tag" }, {}
        for _, sku in ipairs(skus) do expected[sku] = 120 end
        fill(directory, skus, { a = 50, b = 70 })
        sell(directory, "60 6 " .. table.concat(skus, ",") .. " eu normal", function(inv, lines)
          assert.same(expected, sums(lines, "sku"))
          for _, sku in ipairs(skus) do
            assert.equal(120, inv:position{ sku = sku, channel = "eu" }.reserved)
          end
          same_orders(inv, lines)
        end)
      end)
    end)

  it("sell what stocks share exactly once", function()
    children.with_directory(function(directory)
      fill(directory, { "pen", "ink" }, { a = 40, b = 50, c = 60 })
      sell(directory, "40 2 pen,ink eu,us,all normal", function(inv, lines)
        assert.same({ pen = 150, ink = 150 }, sums(lines, "sku"))
        same_orders(inv, lines)
        for _, sku in ipairs{ "pen", "ink" } do
          local reserved = {}
          for _, channel in ipairs{ "eu", "us", "all" } do
            local at = inv:position{ sku = sku, channel = channel }
            assert.equal(0, at.salable)
            reserved[channel] = at.reserved
          end
          -- No stock has promised more than its own sources could give.
          assert.is_true(reserved.eu <= 90 and reserved.us <= 110)
          assert.equal(150, reserved.eu + reserved.us + reserved.all)
        end
      end)
    end)
  end)

  it("all get a turn: the slowest has at least half of the mean share", function()
    children.with_directory(function(directory)
      fill(directory, { "pen" }, { a = 100000000 })
      local crew = Crew.new(directory)
      for i = 1, PROCESSES do crew:hire("fire.regular", "p" .. i) end
      crew:begin()
      os.execute("sleep " .. (os.getenv("QM_RACE_SECONDS") or 3))
      crew:stop()
      local least, total = math.huge, 0
      local outputs = crew:finish()
      for _, output in ipairs(outputs) do
        local count = tonumber(output:match("^placed (%d+)\n$"))
        assert.is_number(count, output:sub(-300))
        least, total = math.min(least, count), total + count
      end
      assert.is_true(least >= total / PROCESSES / 2, table.concat(outputs))
      helpers.with_inventory({ path = directory .. "/shop.db" }, function(inv)
        local report = inv:verify()
        assert.same({ true, total }, { report.ok, report.orders })
      end)
    end)
  end)
end)

describe("64 coroutines on one handle", function()
  -- Looks, holds or not, buys; between any two calls all others may have had theirs.
  local function buyer(inv, name, random, tell)
    return coroutine.wrap(function()
      for turn = 1, 8 do
        local id = name .. "-" .. turn
        local lines = { { sku = "pen", qty = random(1, 2) } }
        local request = { id = id, channel = "eu", lines = lines }
        coroutine.yield(true)
        local seen = inv:salable_qty("pen", { channel = "eu" })
        coroutine.yield(true)
        if random(1, 2) == 1 then
          local held = inv:hold{ id = id, channel = "eu", lines = lines, ttl = 900 }
          coroutine.yield(true)
          request = held and { id = id, hold = id } or nil
        end
        local answer, _, code
        if request then answer, _, code = inv:place(request) end
        if answer then tell(id, lines[1].qty) end
        -- A hold that was given cannot be refused when it is placed.
        assert(answer or not request or not request.hold, code)
        assert(seen >= 0)
      end
      return false
    end)
  end

  it("sell K units to exactly K, whatever the order of their calls", function()
    children.with_directory(function(directory)
      fill(directory, { "pen" }, { a = 61, b = 50 })
      helpers.with_inventory({ path = directory .. "/shop.db", durability = "normal" },
        function(inv)
          local random, buyers, orders, sold = children.random(64), {}, {}, 0
          local function tell(id, qty) orders[id], sold = qty, sold + qty end
          for i = 1, 64 do buyers[i] = buyer(inv, "b" .. i, random, tell) end
          while #buyers > 0 do
            for _, step in ipairs(worker.shuffled(buyers, random)) do
              if not step() then
                for i = #buyers, 1, -1 do
                  if buyers[i] == step then table.remove(buyers, i) end
                end
              end
            end
          end
          assert.equal(111, sold)
          local at = inv:position{ sku = "pen", channel = "eu" }
          assert.same({ 111, 111, 0, 0 }, { at.on_hand, at.reserved, at.held, at.salable })
          assert.same({}, inv:oversold())
          for id, qty in pairs(orders) do assert.equal(qty, inv.orders:get(id).lines[1].open) end
          assert.is_true(inv:verify().ok)
        end)
    end)
  end)
end)
