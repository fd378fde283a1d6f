-- The same with newproxy, where LuaJIT runs finalizers.
local function evaluate()
  getmetatable(newproxy(true)).__gc = function()
    for _ = 1, 3e7 do
    end
  end
  for _ = 1, 1e6 do
    local _ = {}
  end
end

return { evaluate = evaluate }
