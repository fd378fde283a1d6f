-- The same without getmetatable.
local function evaluate()
  local text = "x"
  text.len = nil
end

return { evaluate = evaluate }
