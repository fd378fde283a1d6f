-- Keeps nothing it makes, but makes without end.
local function evaluate()
  while true do
    local _ = string.rep("x", 1000) .. string.rep("y", 1000)
  end
end

return { evaluate = evaluate }
