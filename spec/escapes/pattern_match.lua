-- The same through the other pattern functions.
local function evaluate()
  string.match(string.rep("a", 28), string.rep("a?", 28) .. string.rep("a", 28))
end

return { evaluate = evaluate }
