-- Exhausts the stack with few, large frames.
local function evaluate()
  local function down(...)
    return (down(1, 2, 3, 4, 5, 6, 7, 8, 9, ...))
  end
  return down()
end

return { evaluate = evaluate }
