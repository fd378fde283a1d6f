-- Makes every insertion reorganise a large table.
local function evaluate()
  local list = {}
  for i = 1, 4096 do
    list["k" .. i] = i
  end
  for i = 1, 1e9 do
    list["k" .. i] = nil
    list["k" .. (i + 4096)] = i
  end
end

return { evaluate = evaluate }
