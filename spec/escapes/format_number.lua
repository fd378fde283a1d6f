-- Number formatting once overflowed its buffer.
local function evaluate()
  string.format("%99.99f", 1e308)
end

return { evaluate = evaluate }
