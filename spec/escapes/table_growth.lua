-- Grows one table.
local function evaluate()
  local list = {}
  for i = 1, 1e9 do
    list[i] = i
  end
end

return { evaluate = evaluate }
