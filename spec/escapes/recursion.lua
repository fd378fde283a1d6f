-- Exhausts the stack.
local function evaluate()
  local function down(n)
    return 1 + down(n + 1)
  end
  return down(0)
end

return { evaluate = evaluate }
