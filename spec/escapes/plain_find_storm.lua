-- Plain finds whose simple algorithm would take text times needle steps.
local function evaluate()
  local text = string.rep("a", 65536)
  local needle = string.rep("a", 255) .. "b"
  while true do
    text:find(needle, 1, true)
  end
end

return { evaluate = evaluate }
