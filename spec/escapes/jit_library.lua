-- Switches the compiler on, whose code looks at no hook.
local function evaluate()
  jit.on()
  while true do
  end
end

return { evaluate = evaluate }
