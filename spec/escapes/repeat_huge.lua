-- Asks for 256 MiB in one call.
local function evaluate()
  return string.rep("x", 2 ^ 28)
end

return { evaluate = evaluate }
