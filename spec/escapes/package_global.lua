-- A forgotten library global once gave scripts the whole machine.
local function evaluate()
  package.loadlib("libc.so.6", "system")
end

return { evaluate = evaluate }
