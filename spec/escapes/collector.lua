-- Drives the collector, once the way to objects freed too early.
local function evaluate()
  collectgarbage("generational")
  collectgarbage("count")
end

return { evaluate = evaluate }
