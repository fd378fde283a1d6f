-- Works inside a finalizer, where hooks sleep on Lua 5.4.
local function evaluate()
  setmetatable({}, { __gc = function()
    for _ = 1, 3e7 do
    end
  end })
  for _ = 1, 1e6 do
    local _ = {}
  end
end

return { evaluate = evaluate }
