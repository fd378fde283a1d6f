-- An error value that is no text.
local function evaluate()
  error({ toString = "x" })
end

return { evaluate = evaluate }
