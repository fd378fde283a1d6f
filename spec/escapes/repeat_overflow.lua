-- Sizes whose product does not fit an integer.
local function evaluate()
  return string.rep("xxxxxxxxxxxxxxxx", 2 ^ 53)
end

return { evaluate = evaluate }
