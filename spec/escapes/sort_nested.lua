-- A comparison that sorts, which compares, which sorts: C calls Lua without end.
local function evaluate()
  local function less(a, b)
    table.sort({ b, a }, less)
    return a < b
  end
  table.sort({ 2, 1 }, less)
end

return { evaluate = evaluate }
