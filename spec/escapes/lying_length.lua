-- A table that claims thirty million elements.
local function evaluate()
  local list = setmetatable({}, { __len = function() return 3e7 end })
  table.insert(list, 1, true)
end

return { evaluate = evaluate }
