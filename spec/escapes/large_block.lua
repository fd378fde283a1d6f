-- Doubles a text until single instructions copy megabytes.
local function evaluate()
  local text = "x"
  for _ = 1, 22 do
    text = text .. text
  end
  while true do
    local _ = text .. 1
  end
end

return { evaluate = evaluate }
