-- A loop whose end cannot be reached.
local function evaluate()
  for i = 1, math.huge do
    local _ = i
  end
end

return { evaluate = evaluate }
