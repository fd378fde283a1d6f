-- Makes compiled code of itself.
local function evaluate()
  string.dump(function() end)
end

return { evaluate = evaluate }
