-- holds_processes_spec.lua: carts of several processes hold, buy, give up and are left standing;
-- some of them are killed. Every unit is sold once or still there.

local children = require "children"
local helpers = require "helpers"
local kit = require "order_kit"

local UNITS = 40

-- Carts one after the other. Of each four, one buys, one gives up, one is left to end by itself
-- within a second, and one buys after its hold has ended.
local SHOP = [[
  local path, name, count = ...
  local inv = assert(quartermaster.open{ path = path, durability = "normal", busy_timeout = 60 })
  local pen = { { sku = "pen", qty = 1 } }
  local function tell(what, id, answer, message, code)
    say(answer and what or "refused", id, answer and "" or code .. " " .. message)
  end
  say("ready")
  for number = 1, tonumber(count) do
    local id, turn = name .. "-" .. number, number % 4
    local hold = { id = id, stock = 1, lines = pen, ttl = turn < 2 and 60 or 1 }
    local held = inv:hold(hold)
    if held then say("held", id) end
    if held and turn == 0 then tell("placed", id, inv:place{ id = id, hold = id }) end
    if held and turn == 1 then tell("released", id, inv:release{ id = id .. "-r", hold = id }) end
    if held and turn == 3 then
      os.execute("sleep 1.1")
      tell("placed", id, inv:place{ id = id, hold = id })
    end
  end
  inv:close()
  say("done")
]]

local function stock_up(path)
  helpers.with_inventory({ path = path, durability = "normal" }, function(inv)
    assert(inv.products:save{ sku = "pen" })
    assert(inv.items:save{ sku = "pen", qty = UNITS, status = "in_stock" })
  end)
end

local function placed_of(output)
  local list = {}
  for id in output:gmatch("placed (%S+)") do list[#list + 1] = id end
  return list
end

-- Nothing is held any more: what was not placed can be sold, to the last unit and not beyond.
local function sell_out(inv, placed)
  assert.equal(UNITS - placed, inv:salable_qty("pen", { stock = 1 }))
  local rest = { { sku = "pen", qty = UNITS - placed } }
  assert(inv:place{ id = "rest", stock = 1, lines = rest })
  kit.refused(inv, "NOT_ENOUGH", "place", { id = "more", stock = 1,
    lines = { { sku = "pen", qty = 1 } } })
  assert.is_true(inv:verify().ok)
end

describe("carts in several processes", function()
  it("sell no unit twice and lose none, whether held, bought, given up or left", function()
    children.with_directory(function(directory)
      local path, arguments = directory .. "/shop.db", {}
      stock_up(path)
      for i = 1, 4 do arguments[i] = ("%s p%d 16"):format(path, i) end
      local placed = {}
      for _, output in ipairs(children.together(children.program(directory, "shop", SHOP),
        arguments)) do
        assert.is_truthy(output:find("done\n$"), output:sub(-300))
        assert.is_nil(output:find("refused", 1, true), output:sub(-300))
        for _, id in ipairs(placed_of(output)) do placed[#placed + 1] = id end
      end
      os.execute("sleep 1.1")
      helpers.with_inventory({ path = path }, function(inv)
        for _, id in ipairs(placed) do assert.equal(1, #assert(inv.orders:get(id)).lines) end
        assert.is_true(#placed >= 16, #placed)
        sell_out(inv, #placed)
      end)
    end)
  end)

  it("killed in the middle keep what was acknowledged, and no hold outlives its time", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      stock_up(path)
      local program = children.program(directory, "shop", (SHOP:gsub("and 60 or 1", "and 2 or 1")))
      local acknowledged, released = {}, 0
      for round = 1, 4 do
        local pipe, pid = children.start(("%s %s r%d 1000"):format(program, path, round))
        local text = {}
        for _ = 1, 3 + 2 * round do text[#text + 1] = pipe:read("*l") end
        os.execute("kill -9 " .. pid)
        text[#text + 1] = pipe:read("*a")
        pipe:close()
        local output = table.concat(text, "\n")
        released = released + children.count_of(output, "released ")
        for _, id in ipairs(placed_of(output)) do acknowledged[#acknowledged + 1] = id end
      end
      os.execute("sleep 2.1")
      helpers.with_inventory({ path = path }, function(inv)
        local report = inv:verify()
        assert.is_true(report.ok)
        for _, id in ipairs(acknowledged) do assert.is_table(inv.orders:get(id), id) end
        assert.is_true(#acknowledged > 0 and released > 0)
        local reserved = inv:position{ sku = "pen", stock = 1 }.reserved
        -- The order under way when a process died may have been made durable but not said.
        assert.is_true(reserved >= #acknowledged and reserved <= #acknowledged + 4, reserved)
        sell_out(inv, reserved)
      end)
    end)
  end)
end)
