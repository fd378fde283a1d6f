-- Orders the keys of the largest table again and again.
local function evaluate()
  local list = {}
  for i = 1, 4096 do
    list["k" .. i] = i
  end
  while true do
    pairs(list)
  end
end

return { evaluate = evaluate }
