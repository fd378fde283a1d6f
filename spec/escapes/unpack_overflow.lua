-- Ranges whose size does not fit an integer.
local function evaluate()
  return table.unpack({}, -2 ^ 31, 2 ^ 31 - 1)
end

return { evaluate = evaluate }
