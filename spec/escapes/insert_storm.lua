-- Shifts the longest list with every insertion.
local function evaluate()
  local list = {}
  for i = 1, 4095 do
    list[i] = i
  end
  while true do
    table.insert(list, 1, 0)
    table.remove(list, 1)
  end
end

return { evaluate = evaluate }
