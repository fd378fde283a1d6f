-- bench.lua: the benchmark: starts the peers, fills all stores alike, runs the rows that are
-- wanted and says what came out. `make bench` runs it through spec/bench/run, which gives it a
-- directory and cleans up after it.
--
--   lua5.4 spec/bench/bench.lua DIRECTORY
--
-- In the environment: ROWS (such as 1,3), BENCH_FULL (not empty: growth to 10M orders),
-- BENCH_SECONDS and BENCH_ROUNDS (how long one run takes, and how many of each).

package.path = "./lua/?.lua;./lua/?/init.lua;./spec/bench/?.lua;" .. package.path
package.cpath = "./build/lua5.4/?.so;./build/bench/?.so;" .. package.cpath

local callers = require "callers"
local growth = require "growth"
local kit = require "kit"
local machine = require "machine"
local oversell = require "oversell"
local parse = require "parse"
local quartermaster = require "quartermaster"
local report = require "report"
local rows = require "rows"
local servers = require "servers"
local sh = require "sh"
local shops = require "shops"
local stats = require "stats"
local stores = require "stores"

local ROWS, GROWTH, OVERSOLD = 7, 6, 7
local BUSY = 0.5 -- processes that run already
local SKUS, ON_HAND = 100000, 10000000

local function fail(text)
  io.stderr:write("bench: ", text, "\n")
  os.exit(1)
end

local function setting(name, otherwise)
  local text = os.getenv(name)
  if not text or text == "" then return otherwise end
  local number = tonumber(text)
  if not number or number <= 0 then fail(name .. " must be a number above 0") end
  return number
end

local function say_pairs(list)
  for _, pair in ipairs(list) do report.say(("   %-14s %s"):format(pair[1], pair[2])) end
end

local function describe(directory)
  local lines, durable = machine.describe(directory)
  report.say("Machine")
  say_pairs(lines)
  if not durable then
    report.say("   This file system is in memory: nothing here is durable. Set TMPDIR to a disk.")
  end
  if machine.load() > BUSY then
    report.say("   The machine is busy with something else: the numbers below say little.")
  end
  local flush = { program = "flush", at = directory .. "/flush" }
  callers.compare({ flush }, 3, { seconds = 1 })
  report.say(("   %-14s overwrite 4 KiB + fdatasync: half within %.0f us; %s/s (%s - %s)"):format(
    "flush latency", flush.p50, stats.thousands(flush.rate), stats.thousands(flush.lowest),
    stats.thousands(flush.highest)))
end

local function say_versions(with_servers)
  local info = shops.info()
  local list = {
    { "Quartermaster", ("%s, %s; full: synchronous=FULL, normal: synchronous=NORMAL, both WAL")
      :format(quartermaster._VERSION, _VERSION) },
    { "SQLite", info.sqlite },
  }
  for _, peer in ipairs(with_servers and servers.list or {}) do
    list[#list + 1] = { peer.name, peer.server.version() .. "; " .. peer.server.settings }
  end
  report.say("Versions and durability")
  say_pairs(list)
end

-- The stores of this run, and how many orders were acknowledged in each. Of our own files the path
-- is the key, since there are several.
local function new_shop(directory)
  local shop = { directory = directory, on_hand = ON_HAND, servers = {}, files = {},
    acknowledged = {}, at = { flush = directory .. "/flush" } }

  -- What to do after a run of a contender.
  function shop.count(contender)
    local store = contender.store
    if store == "ours" or store == "bare" then store = shop.at[store] end
    local work = contender.options.work or "place"
    return function(sum)
      if work == "read" or work == "page" then return end
      shop.acknowledged[store] = (shop.acknowledged[store] or 0) + sum.done
    end
  end

  return shop
end

local function fill(shop)
  report.say(("\nFilling every store with %s products"):format(stats.thousands(SKUS)))
  shop.at.ours, shop.at.bare = shop.directory .. "/shop.db", shop.directory .. "/bare.db"
  shops.make(shop.at.ours, SKUS, ON_HAND)
  shops.copy(shop.at.ours, shop.at.bare)
  shop.files = { shop.at.ours, shop.at.bare }
  for _, peer in ipairs(servers.list) do
    local store = peer.store
    shop.servers[store] = peer.server.start(shop.directory)
    shop.at[store] = shop.servers[store].at
    stores[store].load(shop.servers[store], SKUS, ON_HAND)
  end
end

local function run_rates(shop, wanted, rounds, seconds)
  for _, t in ipairs(rows.tables(shop, wanted)) do
    for _, contender in ipairs(t) do contender.after = shop.count(contender) end
    callers.compare(t, rounds, { seconds = seconds, skus = SKUS })
    report.rates(t, t, rounds)
  end
end

local function main(directory)
  local wanted, why = parse.rows(os.getenv("ROWS"), ROWS)
  if not wanted then fail(why) end
  local rounds, seconds = setting("BENCH_ROUNDS", 3), setting("BENCH_SECONDS", 2)
  local full = (os.getenv("BENCH_FULL") or "") ~= ""
  local with_servers = false
  for row in pairs(wanted) do with_servers = with_servers or row ~= GROWTH end
  local began = kit.now()
  sh.output("mkdir -p build/bench")
  describe(directory)
  say_versions(with_servers)
  local shop = new_shop(directory)
  if with_servers then fill(shop) end
  run_rates(shop, wanted, rounds, seconds)
  if wanted[GROWTH] then growth.run(shop, rounds, full) end
  if wanted[OVERSOLD] then oversell.run(shop) end
  report.summary()
  report.say(("It took %.0f s."):format(kit.now() - began))
end

local fine, problem = xpcall(main, function(text)
  return type(text) == "string" and text or tostring(text)
end, arg[1] or fail("usage: bench.lua DIRECTORY"))
if not fine then fail(problem) end
