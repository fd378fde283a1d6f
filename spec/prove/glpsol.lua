-- glpsol.lua: has GLPK's program `glpsol` solve what program.lua wrote down.

local _M = {}

local LIMIT = 60 -- seconds for one program

-- Terms in the order of the columns, so that a seed writes the same file everywhere.
local function sum_text(program, sum, scale)
  local parts = {}
  for _, column in ipairs(program.columns) do
    local factor = (sum.terms[column] or 0) * column.scale / scale
    if factor ~= 0 then parts[#parts + 1] = ("%+.12g %s"):format(factor, column.name) end
  end
  return table.concat(parts, "\n  ")
end

local function names_of(program, fits)
  local list = {}
  for _, column in ipairs(program.columns) do
    if fits(column) then list[#list + 1] = "  " .. column.name end
  end
  return table.concat(list, "\n")
end

-- In the format that CPLEX calls LP. `limits`: sums that may be no more than given.
function _M.text(program, goal, limits)
  local lines = { "Minimize", "  goal: " .. sum_text(program, goal, goal.scale), "Subject To" }
  local function add(sum, scale, most)
    local text = sum_text(program, sum, scale)
    if text ~= "" then
      lines[#lines + 1] = ("  r%d: %s <= %.12g"):format(#lines, text, most / scale)
    end
  end
  for _, row in ipairs(program.rows) do add(row, row.scale, row.most) end
  for _, limit in ipairs(limits) do
    add(limit.sum, limit.sum.scale, limit.most - limit.sum.constant)
  end
  lines[#lines + 1] = "Bounds"
  for _, column in ipairs(program.columns) do
    lines[#lines + 1] = ("  %.12g <= %s <= %.12g"):format((column.least or 0) / column.scale,
      column.name, column.most / column.scale)
  end
  lines[#lines + 1] = "Generals\n" .. names_of(program, function(c) return c.whole end)
  lines[#lines + 1] = "End\n"
  return table.concat(lines, "\n")
end

local function read(path)
  local file = io.open(path)
  if not file then return "" end
  local text = file:read("*a")
  file:close()
  return text
end

local function run(path, options)
  os.execute(("glpsol --lp %s %s --tmlim %d -w %s.out >%s.log 2>&1"):format(path, options, LIMIT,
    path, path))
  local status, value = read(path .. ".out"):match("\ns mip %d+ %d+ (%l) (%S+)")
  os.remove(path .. ".out")
  return status == "o" and tonumber(value) or nil
end

-- The least that the sum can be, in its own unit; nil and why when the program has not said so.
-- Cuts make it faster, but now and then an assertion of theirs fails, and it aborts.
function _M.least(program, goal, limits)
  if sum_text(program, goal, goal.scale) == "" then return goal.constant / goal.scale end
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  assert(file:write(_M.text(program, goal, limits)))
  assert(file:close())
  local value = run(path, "--cuts") or run(path, "")
  local log = read(path .. ".log")
  os.remove(path)
  os.remove(path .. ".log")
  if value then return value + goal.constant / goal.scale end
  return nil, "glpsol has no optimum: " .. (log:match("([^\n]*)\n[^\n]*$") or log)
end

return _M
