-- runner.lua: does a list of commands with the engine and with the model at once and compares after
-- each. A list that fails is made as short as it can be.

local balances = require "model.balances"
local compare = require "model.compare"
local engine_of = require "model.engine"
local model_of = require "model.model"
local promises = require "model.promises"
local request_of = require "model.request"

local _M = {}

local EVERYTHING_EVERY = 40
_M.START = 1763900000 -- when every run begins

local abilities

function _M.abilities()
  abilities = abilities or engine_of.abilities()
  return abilities
end

local function remove_file(path)
  for _, suffix in ipairs{ "", "-wal", "-shm", "-lock" } do os.remove(path .. suffix) end
end

-- A run in progress: { engine, model, step, accepted, seen }. options: independent; file, to have
-- it in a file instead of in memory.
function _M.start(options)
  local begin = { independent = options.independent, now = _M.START }
  if options.file then
    begin.path = os.tmpname()
    remove_file(begin.path)
  end
  return { engine = engine_of.open(begin), model = model_of.new(begin, _M.abilities()), step = 0,
    accepted = 0, seen = 0, balances = {} }
end

local function take_step(run, command)
  local name, before = command[1], run.model.shop
  local special = engine_of.SPECIAL[name]
  if name == "clock" then
    run.model.shop.now = run.model.shop.now + command[2]
    promises.settle(run.model.shop) -- what holds free as they end
  end
  local expected = not special and model_of.apply(run.model, command)
  local value, second, code, detail = engine_of.call(run.engine, command)
  if expected then
    compare.answers(run.model, name, expected, value, second, code, detail)
    compare.oversold(run, expected.oversold or {})
    run.accepted = run.accepted + (#expected.codes == 0 and 1 or 0)
    run.refused = request_of.worst(expected.codes)
    balances.check(run, compare.touched(run.model, run.engine.inv, before, command))
  else
    balances.check(run, name ~= "clock" and {} or nil)
  end
end

-- One command. Raises when the engine and the model do not agree.
function _M.step(run, command)
  run.step = run.step + 1
  take_step(run, command)
  if run.step % EVERYTHING_EVERY == 0 or command[1] == "reopen" then
    compare.all(run.model, run.engine.inv)
  end
end

function _M.finish(run)
  compare.all(run.model, run.engine.inv)
end

function _M.close(run)
  engine_of.close(run.engine)
  if run.engine.path ~= ":memory:" then remove_file(run.engine.path) end
end

-- What a run that was broken off has to say, and of what kind it is.
function _M.problem(raised)
  if type(raised) == "table" then return raised.differs, "differs" end
  return tostring(raised), "broken"
end

-- A whole list. Returns nil when all agree, else what differs, and of what kind that is.
function _M.run(options, commands)
  local run = _M.start(options)
  local ok, raised = pcall(function()
    for _, command in ipairs(commands) do _M.step(run, command) end
    _M.finish(run)
  end)
  _M.close(run)
  if ok then return nil end
  return _M.problem(raised)
end

return _M
