-- session.lua: shop after shop, each a list of random commands.

local runner = require "model.runner"
local shrink = require "model.shrink"
local world_of = require "model.world"

local _M = {}

local LENGTH = 200 -- commands of one shop

-- Lives one shop of a seed. Returns the number of commands, and what differs, or nil.
function _M.live(seed, length)
  local world, commands = world_of.new(seed, runner.abilities()), {}
  local options = { independent = world.independent, file = world.file }
  local run = runner.start(options)
  local ok, raised = pcall(function()
    for i = 1, length do
      commands[i] = world:next(run.model)
      runner.step(run, commands[i])
    end
    runner.finish(run)
  end)
  runner.close(run)
  local result = { seed = seed, commands = commands, options = options, accepted = run.accepted,
    problem = not ok and runner.problem(raised) or nil }
  return result
end

-- What differs, and the shortest list of commands that shows it, as a program.
function _M.report(result, say)
  say(("the shop of seed %d differs after %d commands: %s"):format(result.seed, #result.commands,
    result.problem))
  say("making it short ...")
  local commands, problem = shrink.list(result.options, result.commands)
  say(shrink.program(result.options, commands, result.seed, problem))
end

function _M.run(seed, steps, say)
  local passed, failed, done, accepted, began = 0, 0, 0, 0, os.time()
  while done < steps and failed < 3 do
    local result = _M.live(seed, math.min(LENGTH, math.max(60, steps - done)))
    done, accepted = done + #result.commands, accepted + result.accepted
    if result.problem then
      failed = failed + 1
      _M.report(result, say)
    else
      passed = passed + 1
    end
    if (passed + failed) % 50 == 0 then
      say(("seed %d: %d commands, %d accepted, %d s"):format(seed, done, accepted,
        os.time() - began))
    end
    seed = seed + 1
  end
  say(("%d commands in %d shops up to seed %d, %d accepted, %d s"):format(done, passed + failed,
    seed - 1, accepted, os.time() - began))
  return passed, failed
end

return _M
