-- peers.lua: the solver beside GLPK and CBC: runs build/bench/solvers for each kind of instance and
-- says what came out.

local parse = require "parse"
local report = require "report"
local sh = require "sh"
local stats = require "stats"
local svg = require "svg"

local _M = {}

local PROGRAM = "build/bench/solvers"
local LIMIT = 120 -- seconds for one instance

-- CBC is asked about the first `cbc` instances: of the large and dear ones each takes it seconds.
local KINDS = {
  { lines = 10, sources = 20, fixed = 500, cbc = 200 },
  { lines = 10, sources = 20, fixed = 100, cbc = 200 },
  { lines = 30, sources = 50, fixed = 500, cbc = 20 },
  { lines = 30, sources = 50, fixed = 100, cbc = 50 },
}
local PEERS = { { key = "glpk", name = "GLPK" }, { key = "cbc", name = "CBC" } }

local function say(...) report.say(string.format(...)) end

function _M.versions()
  return parse.words(sh.output(PROGRAM .. " version=1"))
end

-- Milliseconds of all instances that have the key, and ours of the same ones.
local function columns(results, key)
  local theirs, ours, proven = {}, {}, 0
  for _, result in ipairs(results) do
    if result[key] then
      theirs[#theirs + 1], ours[#ours + 1] = result[key], result.ours
      proven = proven + (result[key .. "_proven"] or result.proven)
    end
  end
  return theirs, ours, proven
end

local function run_kind(kind, count)
  local options = ("lines=%d sources=%d fixed=%d count=%d cbc=%d limit=%d"):format(kind.lines,
    kind.sources, kind.fixed, count, math.min(count, kind.cbc), LIMIT)
  local text = sh.output(PROGRAM .. " " .. options)
  local results = {}
  for line in text:gmatch("ours=[^\n]+") do results[#results + 1] = assert(parse.words(line)) end
  return results
end

local function say_solver(name, times, proven, more)
  say("   %-6s %9d %12.3f %12.3f %8.1f %%   %s", name, #times, stats.median(times),
    stats.percentile(times, 0.99), 100 * proven / #times, more)
end

-- The ratio that counts is against whichever peer is faster on the same instances.
local function say_kind(kind, results)
  local title = ("%d lines x %d sources, F = %d"):format(kind.lines, kind.sources, kind.fixed)
  local ours, _, proven = columns(results, "ours")
  local steps, fastest = {}, nil
  for i, result in ipairs(results) do steps[i] = result.steps end
  say("\n   %s", title)
  say("   %-6s %9s %12s %12s %10s", "", "instances", "median ms", "p99 ms", "proven")
  say_solver("ours", ours, proven, ("%.0f steps, %.0f at the most"):format(stats.median(steps),
    select(2, stats.range(steps))))
  local bars = { { label = "ours", value = stats.median(ours), ours = true,
    text = ("%.3f ms"):format(stats.median(ours)) } }
  for _, peer in ipairs(PEERS) do
    local theirs, same, done = columns(results, peer.key)
    local ratio = stats.median(theirs) / stats.median(same)
    say_solver(peer.name, theirs, done, ("%.0f times ours"):format(ratio))
    if not fastest or ratio < fastest.ratio then fastest = { name = peer.name, ratio = ratio } end
    bars[#bars + 1] = { label = peer.name, value = stats.median(theirs),
      text = ("%.1f ms (%.0f)"):format(stats.median(theirs), ratio) }
  end
  say("   the faster peer is %s: %.0f times our time", fastest.name, fastest.ratio)
  local file = ("sourcing-%dx%d-%d"):format(kind.lines, kind.sources, kind.fixed)
  sh.write(("build/bench/%s.svg"):format(file), svg.chart("Time to the proven optimum: " .. title,
    "milliseconds, median; in brackets how many times ours on the same instances", bars))
end

function _M.run(count)
  say("\n3. The solver beside GLPK and CBC, in one process; each instance is solved once by each")
  say("   All objectives are equal, else this ends here. Building a model is not counted. CBC gets")
  say("   fewer instances where it takes seconds for one.")
  for _, kind in ipairs(KINDS) do say_kind(kind, run_kind(kind, count)) end
end

return _M
