-- What busted prints: a dot for each test that holds, everything about each that does not, and at
-- the end the line "N passed, N failed". A pending test counts as failed: it checks nothing.
local busted = require "busted"
local pretty = require "pl.pretty"

local function text_of(message)
  if type(message) == "string" then return message end
  return message == nil and "no message" or pretty.write(message)
end

local function describe_problem(kind, entry)
  local trace = entry.element.trace or entry.trace or {}
  local place = trace.short_src and ("%s:%s: "):format(trace.short_src, trace.currentline) or ""
  local text = text_of(entry.message)
  if text:sub(1, #place) == place then place = "" end
  return ("\n%s: %s\n%s%s\n"):format(kind, entry.name, place, text)
end

return function()
  local handler = require "busted.outputHandlers.base"()
  local dots = 0

  local function print_mark(mark)
    dots = dots + 1
    io.stdout:write(mark, dots % 80 == 0 and "\n" or "")
    io.stdout:flush()
  end

  local function test_end(_, _, status)
    print_mark(status == "success" and "." or status == "pending" and "P" or "F")
    return nil, true
  end

  -- An error outside of a test: a file that does not load, a setup that raises.
  local function error_outside(element)
    if element.descriptor ~= "it" then print_mark("E") end
    return nil, true
  end

  local function suite_end()
    local out = io.stdout
    out:write("\n")
    for _, entry in ipairs(handler.pendings) do out:write(describe_problem("PENDING", entry)) end
    for _, entry in ipairs(handler.failures) do out:write(describe_problem("FAILED", entry)) end
    for _, entry in ipairs(handler.errors) do out:write(describe_problem("ERROR", entry)) end
    out:write(("%d passed, %d failed\n"):format(handler.successesCount,
      #handler.pendings + #handler.failures + #handler.errors))
    out:flush()
    return nil, true
  end

  busted.subscribe({ "test", "end" }, test_end)
  busted.subscribe({ "error" }, error_outside)
  busted.subscribe({ "failure" }, error_outside)
  busted.subscribe({ "suite", "end" }, suite_end)
  return handler
end
