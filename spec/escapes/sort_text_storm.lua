-- Sorts texts that differ in their last byte only.
local function evaluate()
  local list, prefix = {}, string.rep("x", 1000)
  for i = 1, 2000 do
    list[i] = prefix .. i
  end
  while true do
    table.sort(list)
  end
end

return { evaluate = evaluate }
