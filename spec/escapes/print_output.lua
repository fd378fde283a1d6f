-- Writes where it should not.
local function evaluate()
  print("x")
end

return { evaluate = evaluate }
