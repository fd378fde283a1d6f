-- Byte loops over long texts.
local function evaluate()
  local text = string.rep("x", 65536)
  while true do
    text:upper():lower():reverse()
  end
end

return { evaluate = evaluate }
