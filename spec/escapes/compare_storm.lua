-- Compares long texts that are equal but not the same.
local function evaluate()
  local a, b = string.rep("x", 60000), string.rep("x", 59999)
  a, b = a .. "y", b .. "xz"
  while true do
    local _ = a < b or a == b
  end
end

return { evaluate = evaluate }
