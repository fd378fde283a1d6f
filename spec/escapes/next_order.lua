-- Depends on the order in which a host keeps keys.
local function evaluate()
  return next({ a = 1, b = 2 })
end

return { evaluate = evaluate }
