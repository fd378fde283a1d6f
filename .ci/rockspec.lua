-- Keeps the file lists of the rockspec equal to the tree.
--
--   lua5.4 .ci/rockspec.lua write     (make rockspec)
--   lua5.4 .ci/rockspec.lua check     exits with 1, and names what differs
--
-- Loaded by another script it returns { path = string, check = function }.
package.path = "./.ci/?.lua;" .. package.path
local files = require "files"

local FIRST, LAST = "-- Written by `make rockspec`.", "-- The end of what `make rockspec` writes."

local PATH = files.list("rockspec", "rockspec")[1] or "rockspec/*.rockspec"

-- The lines of the generated part.
local function module_lines()
  local out = {}
  local function add(format, ...) out[#out + 1] = ("    " .. format):format(...) end
  add('["quartermaster.core"] = {')
  add("  sources = {")
  for _, path in ipairs(files.list("src", "c")) do add('    "%s",', path) end
  add("  },")
  add('  libraries = { "sqlite3", "csv", "nettle", "m" },')
  for _, what in ipairs { "incdirs", "libdirs" } do
    local variable = what == "incdirs" and "INCDIR" or "LIBDIR"
    add('  %s = { "$(SQLITE_%s)", "$(CSV_%s)", "$(NETTLE_%s)" },', what, variable, variable,
      variable)
  end
  add("},")
  for _, path in ipairs(files.list("lua/quartermaster", "lua")) do
    local name = path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
    add('["%s"] = "%s",', name, path)
  end
  return out
end

local function set_of(lines)
  local set = {}
  for _, line in ipairs(lines) do set[line] = true end
  return set
end

-- nil when the rockspec is up to date, else which lines are missing or too much.
local function check()
  local before, part = files.between(files.read(PATH) or "", FIRST, LAST)
  if not before then return ("%s has no generated part"):format(PATH) end
  local wanted = table.concat(module_lines(), "\n") .. "\n"
  if part == wanted then return nil end
  local differences = {}
  local lines, wanted_lines = files.split(part), files.split(wanted)
  local set, wanted_set = set_of(lines), set_of(wanted_lines)
  for _, line in ipairs(wanted_lines) do
    if not set[line] then differences[#differences + 1] = "lacks" .. line:gsub("^%s*", " ") end
  end
  for _, line in ipairs(lines) do
    if not wanted_set[line] then
      differences[#differences + 1] = "has too much:" .. line:gsub("^%s*", " ")
    end
  end
  if #differences == 0 then differences[1] = "is in another order" end
  return ("%s %s; run `make rockspec`"):format(PATH, table.concat(differences, "; "))
end

local function write()
  local before, part, after = files.between(files.read(PATH) or "", FIRST, LAST)
  if not part then return check() end
  files.write(PATH, before .. table.concat(module_lines(), "\n") .. "\n" .. after)
  return nil
end

if ... == "rockspec" then return { path = PATH, check = check } end

local problem = (arg[1] == "write" and write or check)()
if problem then
  io.stderr:write("rockspec: ", problem, "\n")
  os.exit(1)
end
