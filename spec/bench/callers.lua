-- callers.lua: runs callers, one or several processes of a client that begin at the same moment,
-- and compares contenders in rounds: each of them runs once in a round, a different one first each
-- time, so that neither a slow minute of the machine nor what the last one left behind is always
-- the same one's burden.

local kit = require "kit"
local parse = require "parse"
local sh = require "sh"
local stats = require "stats"

local _M = {}

-- Seconds until the callers must be ready: processes start one after the other on a small machine.
local READY, READY_EACH = 0.4, 0.06

local LONGEST = 120 -- seconds after which a caller must be hanging

local COMMANDS = { ours = "lua5.4 spec/bench/ours.lua" }

local runs = 0 -- makes the ids of every run its own

local function command_of(contender, common, index)
  local words = { "timeout -k 1 " .. LONGEST,
    COMMANDS[contender.program] or "build/bench/" .. contender.program }
  local function add(options)
    for key, value in pairs(options) do words[#words + 1] = key .. "=" .. value end
  end
  add(common)
  add(contender.options or {})
  add{ at = sh.quote(contender.at), name = ("r%dp%d"):format(runs, index),
    seed = runs * 1000 + index }
  return table.concat(words, " ") .. " 2>&1"
end

-- One run of a contender { program, at, options, processes }: what its processes did together.
function _M.run(contender, common)
  local processes = contender.processes or 1
  local pipes, results = {}, {}
  runs = runs + 1
  common.start = ("%.3f"):format(kit.now() + READY + READY_EACH * processes)
  for i = 1, processes do pipes[i] = assert(io.popen(command_of(contender, common, i))) end
  local problem
  for i, pipe in ipairs(pipes) do
    local result, why = parse.result(pipe:read("*a"))
    pipe:close()
    results[i] = result
    problem = problem or why
  end
  if problem then error(("%s: %s"):format(contender.program, problem), 0) end
  local sum = stats.together(results)
  sum.p50 = results[1].p50 -- microseconds; only the C clients say it
  return sum
end

-- Runs all contenders for so many rounds. Each gets its rates, their median and their range, and
-- the smallest share that one of its processes had; `before` and `after` of a contender are called
-- around each run, `after` with its sums.
function _M.compare(contenders, rounds, common)
  for round = 1, rounds do
    for step = 1, #contenders do
      local contender = contenders[(step + round - 2) % #contenders + 1]
      if contender.before then contender.before() end
      local sum = _M.run(contender, common)
      if contender.after then contender.after(sum) end
      contender.rates = contender.rates or {}
      contender.rates[#contender.rates + 1] = sum.rate
      contender.slowest = math.min(contender.slowest or 1, sum.slowest)
      contender.p50s = contender.p50s or {}
      contender.p50s[#contender.p50s + 1] = sum.p50
    end
  end
  for _, contender in ipairs(contenders) do
    contender.rate = stats.median(contender.rates)
    contender.p50 = stats.median(contender.p50s)
    contender.lowest, contender.highest = stats.range(contender.rates)
  end
end

return _M
