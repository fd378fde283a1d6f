-- Runs a program.
local function evaluate()
  os.execute("true")
end

return { evaluate = evaluate }
