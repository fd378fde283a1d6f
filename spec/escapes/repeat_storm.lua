-- Many legal texts of the largest size.
local function evaluate()
  while true do
    string.rep("x", 65536)
  end
end

return { evaluate = evaluate }
