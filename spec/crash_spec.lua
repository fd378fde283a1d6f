-- crash_spec.lua: processes that write are killed at random moments, several at once. What was
-- answered is there once, what was under way is there whole or not at all, and nobody is kept
-- waiting. QM_CRASH_ROUNDS says how often, QM_CRASH_SEED which requests.

local Audit = require "fire.audit"
local Crew = require "fire.crew"
local children = require "children"
local helpers = require "helpers"
local shop = require "fire.shop"
local worker = require "fire.worker"

local ROUNDS = tonumber(os.getenv("QM_CRASH_ROUNDS") or 20)
local SEED = tonumber(os.getenv("QM_CRASH_SEED") or 1)

local WRITERS, ROUNDS_OF_A_SHOP = 4, 20

-- Kills some of the writers at one moment, or one and soon after it others, or all; then a new
-- process writes, and those that are left go on until they are told to stop.
local function strike(crew, random, newcomer)
  local victims = worker.shuffled({ 1, 2, 3, 4 }, random)
  for _ = 1, random(0, 2) do table.remove(victims) end
  local dead = {}
  for _, number in ipairs(victims) do dead[number] = true end
  if random(1, 3) == 1 then crew:kill({ table.remove(victims) }, random(1, 60) / 1000) end
  crew:kill(victims, random(1, 80) / 1000)
  local last = crew:hire("fire.writer", newcomer, random(1, 1000000), 3, "full")
  if random(1, 2) == 1 then crew:wait(last) end
  crew:stop()
  for number, output in ipairs(crew:finish()) do
    local expected = dead[number] and "" or number == last and "ready\ndone\n" or "done\n"
    assert.equal(expected, output)
  end
end

local function round(directory, audit, number)
  local random, crew, logs = children.random(SEED * 1000 + number), Crew.new(directory), {}
  for i = 1, WRITERS do
    local name = ("r%d-w%d"):format(number, i)
    crew:hire("fire.writer", name, random(1, 1000000), 0, random(1, 2) == 1 and "full" or "normal")
    logs[i] = directory .. "/log-" .. name
  end
  local newcomer = ("r%d-new"):format(number)
  logs[WRITERS + 1] = directory .. "/log-" .. newcomer
  crew:begin()
  strike(crew, random, newcomer)
  helpers.with_inventory({ path = directory .. "/shop.db", durability = "normal" }, function(inv)
    audit:same_documents(inv, audit:take(inv, logs))
    audit:same_sums(inv)
  end)
end

describe("writers that are killed at random moments, several at once,", function()
  -- A shop serves some rounds, so that later ones find what earlier ones left.
  local function rounds(first, last)
    children.with_directory(function(directory)
      shop.fill(directory .. "/shop.db")
      local audit = Audit.new(shop.PLENTY)
      for number = first, last do
        local ok, problem = pcall(round, directory, audit, number)
        assert(ok, ("seed %d, round %d: %s"):format(SEED, number, tostring(problem)))
      end
      assert.is_true(audit.answered > 0)
      if ROUNDS > ROUNDS_OF_A_SHOP then
        print(("rounds %d to %d: %d requests answered, %d under way, of which %d were carried out")
          :format(first, last, audit.answered, audit.unknown, audit.found))
      end
    end)
  end

  it("leave each answered change once and no half one, and keep nobody waiting #slow", function()
    for first = 1, ROUNDS, ROUNDS_OF_A_SHOP do
      rounds(first, math.min(ROUNDS, first + ROUNDS_OF_A_SHOP - 1))
    end
  end)
end)
