-- The same by its usual name.
local function evaluate()
  for name in pairs(_G) do
    _G[name] = nil
  end
end

return { evaluate = evaluate }
