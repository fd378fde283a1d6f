-- bench.lua: the benchmark of source selection: what each algorithm costs a merchant, and how quick
-- the solver is beside others. `make bench-sourcing` runs it.
--
-- In the environment: ORDERS (for each algorithm), INSTANCES (of each kind, for the solvers), SEED,
-- QM_US_NETWORK (a directory with the example network).

package.path = "./lua/?.lua;./lua/?/init.lua;./spec/?.lua;./spec/bench/?.lua;" .. package.path
package.cpath = "./build/lua5.4/?.so;./build/bench/?.so;" .. package.cpath

local kit = require "kit"
local machine = require "machine"
local merchant = require "sourcing.merchant"
local network = require "sourcing.network"
local peers = require "sourcing.peers"
local quartermaster = require "quartermaster"
local report = require "report"
local sh = require "sh"

local function fail(text)
  io.stderr:write("bench-sourcing: ", text, "\n")
  os.exit(1)
end

local function setting(name, otherwise)
  local text = os.getenv(name)
  if not text or text == "" then return otherwise end
  local number = tonumber(text)
  if not number or number < 1 or number % 1 ~= 0 then fail(name .. " must be a number above 0") end
  return math.floor(number)
end

local function describe()
  report.say("Machine")
  for _, pair in ipairs((machine.describe("."))) do
    if pair[1] ~= "file system" then report.say(("   %-14s %s"):format(pair[1], pair[2])) end
  end
  local versions = peers.versions()
  report.say(("   %-14s %s, %s; GLPK %s, CBC %s, both with presolving and cuts"):format("versions",
    quartermaster._VERSION, _VERSION, versions.glpk, versions.cbc))
end

local function main()
  local orders, instances = setting("ORDERS", 100000), setting("INSTANCES", 200)
  local began = kit.now()
  sh.output("mkdir -p build/bench")
  describe()
  local us, why = network.read()
  local fine = not us or merchant.run(us, orders, setting("SEED", 1))
  if not us then report.say("\n1, 2. Left out: " .. why) end
  peers.run(instances)
  report.say("\nCharts: build/bench/sourcing-*.svg")
  report.say(("It took %.0f s; load after: %.2f."):format(kit.now() - began, machine.load()))
  if not fine then fail("the cheapest is not the cheapest") end
end

local fine, problem = xpcall(main, function(text)
  return type(text) == "string" and text or tostring(text)
end)
if not fine then fail(problem) end
