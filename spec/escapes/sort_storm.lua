-- Sorts the longest list again and again.
local function evaluate()
  local list = {}
  for i = 1, 4096 do
    list[i] = (i * 7919) % 4096
  end
  while true do
    table.sort(list)
    list[1], list[4096] = list[4096], list[1]
  end
end

return { evaluate = evaluate }
