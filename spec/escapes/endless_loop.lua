-- The plainest of all: only the instruction budget ends it.
local function evaluate()
  while true do
  end
end

return { evaluate = evaluate }
