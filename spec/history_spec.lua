-- history_spec.lua: what many clients were told about few products can be put into one order in
-- which it is right, also when some of them were killed, or turned away because others were busy;
-- and no id was applied twice. QM_HISTORY_ROUNDS says how many histories, QM_HISTORY_CALLS how many
-- calls a client makes in each, QM_HISTORY_PATIENCE how many seconds half of the clients wait
-- before they are turned away; with QM_HISTORY_STRICT nothing is tolerated (see counter.lua).

local Crew = require "fire.crew"
local checker = require "history.checker"
local children = require "children"
local helpers = require "helpers"
local record = require "history.record"
local worker = require "fire.worker"

local ROUNDS = tonumber(os.getenv("QM_HISTORY_ROUNDS") or 4)
local CALLS = tonumber(os.getenv("QM_HISTORY_CALLS") or 60)
local SEED = tonumber(os.getenv("QM_HISTORY_SEED") or 1)

local PATIENCE = tonumber(os.getenv("QM_HISTORY_PATIENCE") or 60)

local STRICT = os.getenv("QM_HISTORY_STRICT") ~= nil

local CLIENTS, UNITS, SKUS = 6, 12, { "pen", "ink", "cap" }

local function fill(path)
  helpers.with_inventory({ path = path, durability = "normal" }, function(inv)
    for _, sku in ipairs(SKUS) do
      assert(inv.products:save{ sku = sku })
      assert(inv.items:save{ sku = sku, qty = UNITS, status = "in_stock" })
    end
  end)
end

-- Sends once more what the killed clients had asked, in another order than they had; while the
-- others go on, if there are any.
local function ask_again(inv, path, killed, random)
  local ask, open = record.recorder(path, "again", inv), {}
  for _, op in ipairs(record.read(path)) do
    if killed[op.client] and not op.answer and op.request.id then open[#open + 1] = op.request end
  end
  for _, request in ipairs(worker.shuffled(open, random)) do ask(request) end
  for _, sku in ipairs(SKUS) do ask{ op = "read", sku = sku } end
end

-- Lets clients work and kills some, or none; returns the history, and who was killed.
local function live(directory, random)
  local crew, path = Crew.new(directory), directory .. "/history"
  assert(io.open(path, "w")):close()
  for i = 1, CLIENTS do
    crew:hire("history.client", "c" .. i, CLIENTS, random(1, 1000000), CALLS,
      random(1, 2) == 1 and "full" or "normal", random(1, 2) == 1 and 60 or PATIENCE)
  end
  crew:begin()
  local victims, killed = worker.shuffled({ 1, 2, 3, 4, 5, 6 }, random), {}
  for _ = 1, random(3, 6) do table.remove(victims) end
  for _, number in ipairs(victims) do killed["c" .. number] = true end
  if #victims > 0 then crew:kill(victims, random(1, 150) / 1000) end
  local options = { path = directory .. "/shop.db", busy_timeout = 60,
    clock = record.clock(path) }
  helpers.with_inventory(options, function(inv)
    ask_again(inv, path, killed, random)
    for number, output in ipairs(crew:finish()) do
      -- One that was to be killed may have been through before.
      if not killed["c" .. number] or output ~= "" then assert.equal("done\n", output) end
    end
    local ask = record.recorder(path, "last", inv)
    for _, sku in ipairs(SKUS) do ask{ op = "read", sku = sku } end
  end)
  return record.read(path), killed
end

-- Each id that reserves did so for what it asked for, once, whoever sent it and how often.
local function applied_once(inv, history)
  local sums, asked = {}, {}
  for _, row in ipairs(helpers.all_pages(function(page) return inv:events(page) end, 1000)) do
    if row.event == "order_placed" or row.event == "hold_placed" then
      local key = row.event .. " " .. row.document .. " " .. row.sku
      sums[key] = (sums[key] or 0) - row.reserved
    end
  end
  for _, op in ipairs(history) do
    local request = op.request
    local event = request.op == "hold" and "hold_placed" or request.op == "place" and "order_placed"
    for _, line in ipairs(event and request.lines or {}) do
      local key = event .. " " .. request.id .. " " .. line.sku
      asked[key] = line.qty
      if op.answer and op.answer.ok then assert.equal(line.qty, sums[key], key) end
    end
  end
  for key, qty in pairs(sums) do assert.is_true(asked[key] == nil or asked[key] == qty, key) end
end

local function round(number)
  children.with_directory(function(directory)
    local path = directory .. "/shop.db"
    fill(path)
    local history, killed = live(directory, children.random(SEED * 1000 + number))
    local tolerated = STRICT and {} or { passed_on = next(killed) ~= nil, waited = true }
    local all, overlaps = 0, 0
    assert.same({}, record.strangers(history))
    for _, sku in ipairs(SKUS) do
      local ops = record.project(history, sku, tolerated)
      local ok, problem = checker.linearizable(ops, UNITS)
      assert.is_true(ok, ("seed %d, round %d, %s: %s"):format(SEED, number, sku, tostring(problem)))
      all, overlaps = all + #ops, overlaps + record.overlaps(ops)
    end
    helpers.with_inventory({ path = path }, function(inv)
      applied_once(inv, history)
      assert.is_true(inv:verify().ok)
    end)
    if ROUNDS > 4 and number % 10 == 0 then
      print(("history %d: %d operations on one product, %d begun while another was under way")
        :format(number, all, overlaps))
    end
  end)
end

describe("what several clients are told at the same time", function()
  it("can be put into one order in which it is right, whoever is killed #slow", function()
    for number = 1, ROUNDS do round(number) end
  end)
end)
