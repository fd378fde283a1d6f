-- Answers that could not be reproduced.
local function evaluate()
  return math.random()
end

return { evaluate = evaluate }
