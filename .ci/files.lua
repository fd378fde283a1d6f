-- What the scripts here share: listing, reading and writing the files of the tree.
local M = {}

-- Lines of what a command prints.
function M.lines(command)
  local pipe = assert(io.popen(command, "r"))
  local lines = {}
  for line in pipe:lines() do lines[#lines + 1] = line end
  pipe:close()
  return lines
end

-- Files below the given directories whose name ends in one of the extensions, sorted.
function M.list(directories, extensions)
  local names = {}
  for extension in extensions:gmatch("%S+") do
    names[#names + 1] = ("-name '*.%s'"):format(extension)
  end
  return M.lines(("find %s -type f \\( %s \\) 2>/dev/null | LC_ALL=C sort")
    :format(directories, table.concat(names, " -o ")))
end

-- The text of a file, or nil when there is none.
function M.read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text
end

function M.write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- The lines of a text, without the ends of line.
function M.split(text)
  local lines = {}
  if text ~= "" and text:sub(-1) ~= "\n" then text = text .. "\n" end
  for line in text:gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
  return lines
end

-- What stands between two lines of a text: the text before, the part, the text after.
function M.between(text, first, last)
  local _, from = text:find(first .. "\n", 1, true)
  local to = from and text:find(last, from + 1, true)
  if not to then return nil end
  local line = text:sub(1, to - 1):match("()[^\n]*$")
  return text:sub(1, from), text:sub(from + 1, line - 1), text:sub(line)
end

return M
