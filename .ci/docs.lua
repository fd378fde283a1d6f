-- Writes the API table of README.md from lua/quartermaster/meta.lua and the parts in meta/.
--
--   lua5.4 .ci/docs.lua write     (make docs)
--   lua5.4 .ci/docs.lua check     exits with 1, and says why, when the table is not up to date
--
-- Loaded by another script it returns { methods = function, check = function }.
package.path = "./.ci/?.lua;" .. package.path
local files = require "files"

local SOURCE, TARGET = "lua/quartermaster/meta.lua", "README.md"
local PARTS = "lua/quartermaster/meta"
local FIRST, LAST = "<!-- api -->", "<!-- /api -->"

-- The end of the first sentence: a mark followed by white space or nothing.
local function first_sentence(text)
  return text:match("^(.-[.?!])%f[%s\0]") or text
end

-- What a call without a sentence of its own returns: of "integer|nil id, string?" the first part.
local function describe_return(annotation)
  local kind, rest = annotation:match("^(%b{}[%[%]]*)(.*)$")
  if not kind then kind, rest = annotation:match("^([%w_.%[%]|]+)(.*)$") end
  kind = kind:gsub("|nil", "")
  local name = rest:match("^ (%a[%w_]*)")
  return ("Returns `%s`%s."):format(kind, name and (" (%s)"):format(name) or "")
end

-- How callers reach each class: its name in the file -> "quartermaster", "inv", "inv.sources".
local function find_paths(text)
  local paths = { quartermaster = "quartermaster", Inventory = "inv" }
  local fields, class = {}, nil
  for line in text:gmatch("[^\n]+") do
    local field, kind = line:match("^%-%-%-@field (%w+) (qm%.%w+)$")
    if field then fields[kind] = field end
    class = line:match("^%-%-%-@class ([%w.]+)") or class
    local name = line:match("^local (%w+) = {}$")
    if name and fields[class] then paths[name] = "inv." .. fields[class] end
  end
  return paths
end

-- The description with its parts, one after the other.
local function read_source()
  local texts = { assert(files.read(SOURCE), SOURCE .. " is missing") }
  for _, path in ipairs(files.list(PARTS, "lua")) do texts[#texts + 1] = files.read(path) end
  return table.concat(texts, "\n")
end

-- Functions of one object stand together, in their order.
local function by_path(found)
  local order, lists, all = {}, {}, {}
  for _, method in ipairs(found) do
    if not lists[method.path] then
      lists[method.path] = {}
      order[#order + 1] = lists[method.path]
    end
    table.insert(lists[method.path], method)
  end
  for _, list in ipairs(order) do table.move(list, 1, #list, #all + 1, all) end
  return all
end

-- Every function that is described: { path, separator, name, arguments, text }.
local function methods()
  local text = read_source()
  local paths = find_paths(text)
  local found, comment, returns = {}, {}, nil
  for line in text:gmatch("[^\n]*") do
    local class, separator, name, arguments = line:match("^function (%w+)([.:])([%w_]+)(%b()) end$")
    local words = line:match("^%-%-%-([^@].*)$")
    if words then
      comment[#comment + 1] = words
    elseif line:find("^%-%-%-@return ") then
      returns = returns or line:match("^%-%-%-@return (.*)$")
    elseif name then
      local path = assert(paths[class], class .. " is not reachable from the inventory")
      local said = table.concat(comment, " ")
      found[#found + 1] = {
        path = path, separator = separator, name = name, arguments = arguments,
        text = said ~= "" and first_sentence(said) or returns and describe_return(returns) or "",
      }
    end
    if not line:find("^%-%-%-") then comment, returns = {}, nil end
  end
  return by_path(found)
end

local function table_text()
  local out, path = {}, nil
  for _, method in ipairs(methods()) do
    if method.path ~= path then
      path = method.path
      if #out > 0 then out[#out + 1] = "" end
      out[#out + 1] = ("| `%s` | |"):format(path)
      out[#out + 1] = "|---|---|"
    end
    out[#out + 1] = ("| `%s%s%s%s` | %s |"):format(method.path, method.separator, method.name,
      method.arguments, (method.text:gsub("|", "\\|")))
  end
  return table.concat(out, "\n") .. "\n"
end

-- nil when README.md is up to date, else why it is not.
local function check()
  local readme = files.read(TARGET)
  if not readme then return TARGET .. " does not exist" end
  local _, now = files.between(readme, FIRST, LAST)
  if not now then return ("%s has no lines %s and %s"):format(TARGET, FIRST, LAST) end
  if now ~= table_text() then
    return ("the API table of %s differs from %s; run `make docs`"):format(TARGET, SOURCE)
  end
  return nil
end

local function write()
  local readme = files.read(TARGET)
  local before, now, after = files.between(readme or "", FIRST, LAST)
  if not now then return check() end
  files.write(TARGET, before .. table_text() .. after)
  return nil
end

if ... == "docs" then return { methods = methods, check = check } end

local problem = (arg[1] == "write" and write or check)()
if problem then
  io.stderr:write("docs: ", problem, "\n")
  os.exit(1)
end
