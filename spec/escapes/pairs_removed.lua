-- An iterator that has thousands of removed keys to skip, at every call.
local function evaluate()
  local list = {}
  for i = 1, 3000 do
    list[i] = i
  end
  local following = pairs(list)
  for i = 1, 3000 do
    list[i] = nil
  end
  while true do
    following()
  end
end

return { evaluate = evaluate }
