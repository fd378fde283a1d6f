-- A slice of the random shops of spec/model/run.lua, and that a difference would be found, made
-- short and printed. QM_SEED=<seed> runs that shop alone.

local runner = require "model.runner"
local session = require "model.session"
local shrink = require "model.shrink"
local text = require "model.text"

local SHOPS, COMMANDS = 4, 200

-- The engine and the model disagree when the model is told something else.
local function run_forgetful(options, commands)
  local run = runner.start(options)
  local ok, raised = pcall(function()
    for _, command in ipairs(commands) do
      local before = run.model.shop
      runner.step(run, command)
      if command[1] == "cancel" then run.model.shop = before end
    end
    runner.finish(run)
  end)
  runner.close(run)
  if ok then return nil end
  return runner.problem(raised)
end

local COMMANDS_WITH_CANCEL = {
  { "sources:save", { code = "a", name = "Source a", country = "DE", postcode = "80331" } },
  { "sources:save", { code = "b", name = "Source b", country = "DE", postcode = "80331" } },
  { "stocks:save", { id = 2, name = "EU" } },
  { "stocks:link", { { stock = 2, source = "a", priority = 1 } } },
  { "products:save", { { sku = "bike", assign_default = false } } },
  { "items:save", { { sku = "bike", source = "a", qty = 8 } } },
  { "items:adjust", { id = "d-1", lines = { { sku = "bike", source = "a", delta = 2 } } } },
  { "place", { id = "o-1", stock = 2, lines = { { sku = "bike", qty = 3 } } } },
  { "can_sell", "bike", { stock = 2 }, 2 },
  { "cancel", { id = "c-1", order = "o-1", lines = { { line = 1, qty = 2 } } } },
  { "clock", 60 },
}

describe("the engine and the naive model", function()
  it("agree in random shops on every answer and every balance", function()
    local only = tonumber(os.getenv("QM_SEED") or "")
    local accepted = 0
    for seed = only or 1, only or SHOPS do
      local result = session.live(seed, COMMANDS)
      if result.problem then
        local report = {}
        session.report(result, function(words) report[#report + 1] = words end)
        error(table.concat(report, "\n"), 0)
      end
      accepted = accepted + result.accepted
    end
    assert.is_true(only ~= nil or accepted > SHOPS * COMMANDS / 2)
  end)

  it("say the same for a seed on every host", function()
    local first, second = session.live(3, 60), session.live(3, 60)
    assert.equal(text.of(first.commands), text.of(second.commands))
  end)
end)

describe("a list of commands that fails", function()
  it("is made as short as it can be", function()
    local commands, problem =
      shrink.list({}, text.copy(COMMANDS_WITH_CANCEL), run_forgetful)
    local names = {}
    for i, command in ipairs(commands) do names[i] = command[1] end
    assert.same({ "sources:save", "stocks:save", "stocks:link", "products:save", "items:save",
      "place", "cancel" }, names)
    assert.equal(1, commands[6][2].lines[1].qty)
    assert.matches("firm: the model says 1, the engine 0", problem)
  end)

  it("is printed as a program that runs", function()
    local said = {}
    local program = shrink.program({}, COMMANDS_WITH_CANCEL, 1, "nothing")
    local chunk = assert((rawget(_G, "loadstring") or load)(
      "local print = ...\n" .. program .. "\ninv:close()"))
    chunk(function(...) said[#said + 1] = { ... } end)
    assert.equal(#COMMANDS_WITH_CANCEL - 1, #said)
    for _, results in ipairs(said) do assert.is_truthy(results[1], results[2]) end
  end)

  it("that breaks the model itself is not taken for a difference", function()
    local _, kind = runner.run({}, { { "no_such_call" } })
    assert.equal("broken", kind)
  end)
end)
