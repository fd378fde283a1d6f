-- A long loop inside one C function.
local function evaluate()
  table.move({}, 1, 3e7, 2)
end

return { evaluate = evaluate }
