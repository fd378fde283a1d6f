-- Laws that need no model: what must not matter for the end. Lists of random commands are done in
-- two ways, and everything that can be read afterwards must be the same. QM_SEED=<seed> tries that
-- seed alone.

local engine_of = require "model.engine"
local kit = require "order_kit"
local model_of = require "model.model"
local runner = require "model.runner"
local text = require "model.text"
local world_of = require "model.world"

local SEEDS, LENGTH = 6, 90

-- What concerns every product at once, and what only asks.
local WIDE = { source = true, link = true, unlink = true, stock = true, delete_stock = true,
  settings = true, policy = true, switches = true, channel = true,
  compact = true }
local NO_CHANGE = { reopen = true, other = true, clock = true, can_sell = true, salable_qty = true,
  backorder_qty = true, waiting = true, oversold = true, select = true, inconsistencies = true }

local function with(...)
  local set = {}
  for _, names in ipairs{ ... } do
    for name in pairs(names) do set[name] = true end
  end
  return set
end

-- `length` more commands of a world, as the model would have them go; the model lives on.
local function more_commands(world, model, length)
  local commands = {}
  for i = 1, length do
    commands[i] = world:next(model)
    if not engine_of.SPECIAL[commands[i][1]] then model_of.apply(model, commands[i]) end
  end
  return commands
end

local function new_model(world)
  return model_of.new({ independent = world.independent, now = runner.START }, runner.abilities())
end

local function commands_of(seed, fixed)
  local world = world_of.new(seed, runner.abilities(), fixed)
  local commands = more_commands(world, new_model(world), LENGTH)
  return commands, { independent = world.independent }
end

local function without_order(rows)
  local list = {}
  for i, row in ipairs(rows) do
    row.seq, row.time = nil, nil
    list[i] = text.of(row)
  end
  table.sort(list)
  return list
end

-- Everything that can be read, the ledger's rows in any order.
local function end_state(inv)
  local seen = kit.snapshot(inv)
  seen.ledger = without_order(seen.ledger)
  seen.sources, seen.stocks = inv.sources:list(), inv.stocks:list()
  seen.products, seen.settings = inv.products:list(), inv.settings:get()
  seen.policies = inv.policies:list()
  local items = {}
  for i, item in ipairs(seen.items) do items[i] = text.of(item) end
  table.sort(items)
  seen.items = items
  table.sort(seen.products, function(a, b) return a.sku < b.sku end)
  assert.same({}, assert(inv:verify()).problems)
  return seen
end

-- Does the commands, each by `act` (the plain call if nil). Returns the end, as text.
local function live(options, commands, act)
  local path
  if options.file then
    path = os.tmpname()
    os.remove(path)
  end
  local engine = engine_of.open{ independent = options.independent, now = runner.START,
    path = path }
  for i, command in ipairs(commands) do
    if act then act(engine, command, i) else engine_of.call(engine, command) end
  end
  local state = end_state(engine.inv)
  engine_of.close(engine)
  for _, suffix in ipairs(path and { "", "-wal", "-shm", "-lock" } or {}) do
    os.remove(path .. suffix)
  end
  return state
end

local function expect_same(seed, expected, found)
  if text.of(expected) == text.of(found) then return end
  local list = text.differences(expected, found)
  error(("seed %d: %s"):format(seed, table.concat(list, "\n", 1, math.min(#list, 12))), 0)
end

local function each_seed(act)
  local only = tonumber(os.getenv("QM_SEED") or "")
  for seed = only or 1, only or SEEDS do act(seed) end
end

-- Two lists shuffled into one; the order within each stays.
local function merge(a, b, random)
  local list, i, j = {}, 1, 1
  while i <= #a or j <= #b do
    if j > #b or i <= #a and random() then
      list[#list + 1], i = a[i], i + 1
    else
      list[#list + 1], j = b[j], j + 1
    end
  end
  return list
end

-- A beginning, and two lists of commands that have no product, order or id in common.
local function independent_lists(seed)
  local has, without = runner.abilities(), with(WIDE, NO_CHANGE)
  local whole = world_of.new(seed, has, { skus = { "bike", "bell", "book", "card", "sand" },
    independent = seed % 2 == 0 })
  local begin = new_model(whole)
  local beginning = more_commands(whole, begin, #whole.beginning)
  local lists = {}
  for i, skus in ipairs{ { "bike", "book" }, { "bell", "card", "sand" } } do
    local world = world_of.new(seed * 100 + i, has, { skus = skus, prefix = "list" .. i .. "-",
      unknown = "unknown" .. i, nobody = "nobody" .. i, without = without, narrow = true,
      independent = whole.independent })
    world.beginning = {}
    lists[i] = more_commands(world, { shop = begin.shop, has = has }, LENGTH)
  end
  return beginning, lists[1], lists[2], { independent = whole.independent }
end

local function joined(...)
  local list = {}
  for _, part in ipairs{ ... } do
    for _, entry in ipairs(part) do list[#list + 1] = entry end
  end
  return list
end

describe("what does not matter for the end", function()
  it("is the order of commands that have nothing in common", function()
    each_seed(function(seed)
      local beginning, a, b, options = independent_lists(seed)
      local random = require("children").random(seed)
      local expected = live(options, joined(beginning, a, b))
      expect_same(seed, expected, live(options, joined(beginning, b, a)))
      local shuffled = merge(a, b, function() return random(1, 2) == 1 end)
      expect_same(seed, expected, live(options, joined(beginning, shuffled)))
    end)
  end)

  it("is how operations are gathered into batches", function()
    local BATCHED = { place = true, cancel = true, ship = true, invoice = true, refund = true,
      return_goods = true }
    each_seed(function(seed)
      local commands, options = commands_of(seed)
      local waiting, random = {}, require("children").random(seed)
      local function flush(engine)
        if #waiting > 0 then assert(engine.inv:batch(waiting)) end
        waiting = {}
      end
      local expected = live(options, commands, function(engine, command)
        if command[1] ~= "batch" then return engine_of.call(engine, command) end
        for _, op in ipairs(command[2]) do
          local request = text.copy(op)
          request.op = nil
          engine_of.call(engine, { op.op, request })
        end
      end)
      local found = live(options, commands, function(engine, command, i)
        local ops = command[1] == "batch" and command[2] or {}
        if BATCHED[command[1]] then
          ops = { text.copy(command[2]) }
          ops[1].op = command[1]
        end
        if #ops == 0 then flush(engine) end
        for _, op in ipairs(ops) do waiting[#waiting + 1] = op end
        if #ops == 0 then engine_of.call(engine, command) end
        if random(1, 4) == 1 or i == #commands then flush(engine) end
      end)
      expect_same(seed, expected, found)
    end)
  end)

  it("is that requests come again with the same ids", function()
    each_seed(function(seed)
      local commands, options = commands_of(seed)
      local accepted, random = {}, require("children").random(seed)
      local function again(engine, command, first)
        local second = assert(engine_of.call(engine, command))
        assert.is_true(second.replayed)
        second.replayed = first.replayed
        assert.equal(text.of(first), text.of(second))
      end
      local found = live(options, commands, function(engine, command)
        local answer = engine_of.call(engine, command)
        if not model_of.DOCUMENTS[command[1]] or not answer then return end
        again(engine, command, answer)
        accepted[#accepted + 1] = command
        local older = accepted[random(1, #accepted)]
        assert.is_true(assert(engine_of.call(engine, older)).replayed)
      end)
      expect_same(seed, live(options, commands), found)
    end)
  end)

  it("is where the file is closed and opened again", function()
    each_seed(function(seed)
      local commands, options = commands_of(seed)
      local expected = live(options, commands)
      options.file = true
      expect_same(seed, expected, live(options, commands, function(engine, command)
        engine_of.call(engine, command)
        engine_of.call(engine, { "reopen" })
      end))
    end)
  end)
end)
