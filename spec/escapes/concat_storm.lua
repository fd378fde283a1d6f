-- Joins the longest list again and again.
local function evaluate()
  local list = {}
  for i = 1, 4096 do
    list[i] = "abcdefghijklmno"
  end
  while true do
    table.concat(list)
  end
end

return { evaluate = evaluate }
