-- The rules of the tree that a program can check. Prints "ok NAME" or "FAILED NAME: why" for each
-- and at the end "N passed, N failed"; the exit code is 1 when one failed.
--
--   lua5.4 .ci/lint.lua [NAME...]     (make lint)
package.path = "./.ci/?.lua;" .. package.path
local files = require "files"
local docs = require "docs"
local pains = require "pains"
local rockspec = require "rockspec"

local FILE_LINES, FUNCTION_LINES, COLUMNS = 500, 70, 100

local checks = {}
local function check(name, run) checks[#checks + 1] = { name = name, run = run } end

-- A check returns a list of problems. Those of a command are what it prints.
local function run_command(command)
  if os.execute(command .. " >build/lint.log 2>&1") then return {} end
  return { (files.read("build/lint.log"):gsub("%s+$", "")) }
end

-- Outside tools --------------------------------------------------------------------------------

check("luacheck", function()
  return run_command("luacheck --formatter=plain lua spec examples .ci .busted")
end)

check("clang-format", function()
  local problems = {}
  for _, path in ipairs(files.list("src spec", "c h")) do
    if #run_command("clang-format --dry-run -Werror " .. path) > 0 then
      problems[#problems + 1] = path .. " is not formatted; run `make format`"
    end
  end
  return problems
end)

check("cppcheck", function()
  return run_command("cppcheck --enable=warning,performance,portability --inline-suppr " ..
    "--error-exitcode=1 --quiet --std=c11 -j2 -D__GNUC__ src spec/c spec/fuzz spec/bench")
end)

-- Layers ---------------------------------------------------------------------------------------

-- What each directory of src may include: of ours by directory, of the system's by exception.
local MAY = {
  core = { core = true },
  store = { core = true, store = true },
  sandbox = { core = true, sandbox = true },
  lua = { core = true, store = true, sandbox = true, lua = true },
}
-- The shim over the two Luas' own headers stands in for them, so the sandbox may have it too.
local SHIM = "src/lua/compat.h"

local LUA = { "lua.h", "lauxlib.h", "lualib.h", "luajit.h" }
local ACTS = { "stdlib.h", "malloc.h", "time.h", "unistd.h", "fcntl.h", "pthread.h", "errno.h" }
local SQLITE = { "sqlite3.h" }
local MAY_NOT = {
  core = { LUA, ACTS, SQLITE }, store = { LUA }, sandbox = { SQLITE }, lua = { SQLITE },
}

-- "src/core/select", "../qm.h" -> "src/core/qm.h"
local function resolve(directory, path)
  local parts = {}
  for part in (directory .. "/" .. path):gmatch("[^/]+") do
    if part == ".." then table.remove(parts) else parts[#parts + 1] = part end
  end
  return table.concat(parts, "/")
end

local function forbids(layer, header)
  if layer == "core" and header:find("^sys/") then return true end
  for _, list in ipairs(MAY_NOT[layer]) do
    for _, name in ipairs(list) do
      if name == header then return true end
    end
  end
  return false
end

local function layer_problem(path, layer, line)
  local system = line:match("^%s*#%s*include%s*<([^>]+)>")
  if system and forbids(layer, system) then return ("may not include <%s>"):format(system) end
  local own = line:match('^%s*#%s*include%s*"([^"]+)"')
  local target = own and resolve(path:match("^(.*)/"), own)
  local from = target and target:match("^src/(%w+)/")
  if own and not (MAY[layer][from] or (target == SHIM and layer == "sandbox")) then
    return ("%s may not include %s"):format(layer, target)
  end
  local call = layer == "core" and line:match("%f[%w_]([mc]alloc)%(")
  return call and "the core may not call " .. call or nil
end

check("layers", function()
  local problems = {}
  for _, path in ipairs(files.list("src", "c h def")) do
    local layer = path:match("^src/(%w+)/")
    if not MAY[layer] then problems[#problems + 1] = path .. " is in no layer" end
    for number, line in ipairs(files.split(files.read(path))) do
      local problem = MAY[layer] and layer_problem(path, layer, line)
      if problem then problems[#problems + 1] = ("%s:%d: %s"):format(path, number, problem) end
    end
  end
  return problems
end)

local SQL = { "^%s*SELECT ", "^%s*INSERT ", "^%s*UPDATE ", "^%s*DELETE FROM", "^%s*CREATE ",
  "^%s*BEGIN", "^%s*COMMIT", "^%s*PRAGMA ", "^%s*WITH " }

-- SQL is written down in src/store only. Specs may look into a file on their own.
check("sql", function()
  local problems = {}
  for _, path in ipairs(files.list("src lua", "c h def lua")) do
    for number, line in ipairs(files.split(path:find("^src/store/") and "" or files.read(path))) do
      for literal in line:gmatch('"([^"]*)"') do
        for _, pattern in ipairs(SQL) do
          if literal:find(pattern) then
            problems[#problems + 1] = ("%s:%d: SQL outside of src/store"):format(path, number)
          end
        end
      end
    end
  end
  return problems
end)

-- Sizes ----------------------------------------------------------------------------------------

-- The line that ends the function a line begins, as a pattern; nil when it begins none. Formatted C
-- begins a body with a brace that ends an unindented line or its continuation.
local function c_function_end(line, unindented)
  if unindented and line:find("%) {$") then return "^}" end
  return nil
end

local function lua_function_end(line)
  local indent = line:match("^(%s*)local function [^)]*%)%s*$") or
    line:match("^(%s*)function [^)]*%)%s*$") or line:match("^(%s*)[%w_.]+ = function%([^)]*%)%s*$")
  return indent and "^" .. indent .. "end%f[%W]" or nil
end

local function function_problems(path, text, problems)
  local lua = path:find("%.lua$")
  local began, closing, unindented
  for number, line in ipairs(files.split(text)) do
    if line:find("^[%a_]") then unindented = line:find("%(") and not line:find("^typedef") end
    if began and line:find(closing) then
      if number - began + 1 > FUNCTION_LINES then
        problems[#problems + 1] = ("%s:%d: a function of %d lines, the limit is %d"):format(path,
          began, number - began + 1, FUNCTION_LINES)
      end
      began = nil
    elseif not began then
      closing = lua and lua_function_end(line) or not lua and c_function_end(line, unindented)
      began = closing and number or nil
    end
  end
end

local function columns(line) return utf8.len(line) or #line end

check("sizes", function()
  local problems = {}
  for _, path in ipairs(files.list("src lua spec examples .ci", "c h lua")) do
    local text = files.read(path)
    local count = 0
    for number, line in ipairs(files.split(text)) do
      count = number
      -- Annotations and sentences for editors are not broken into lines.
      if columns(line) > COLUMNS and not line:find("^%-%-%-") and not path:find("/escapes/") then
        problems[#problems + 1] = ("%s:%d: %d columns, the limit is %d"):format(path, number,
          columns(line), COLUMNS)
      end
    end
    if count > FILE_LINES then
      problems[#problems + 1] = ("%s: %d lines, the limit is %d"):format(path, count, FILE_LINES)
    end
    function_problems(path, text, problems)
  end
  return problems
end)

-- Agreement ------------------------------------------------------------------------------------

check("docs", function() return { docs.check() } end)

-- The part of a call that a spec cannot avoid writing: "items:save", or ":place".
local function call_pattern(method)
  local object = method.path:match("([%w]+)$")
  if object == "inv" then object = "" end
  return object:gsub("^quartermaster$", "") .. "[.:]" .. method.name .. "%f[^%w_]"
end

check("specs", function()
  local text = {}
  for _, path in ipairs(files.list("spec", "lua")) do text[#text + 1] = files.read(path) end
  local all = table.concat(text, "\n")
  local problems = {}
  for _, method in ipairs(docs.methods()) do
    if not all:find(call_pattern(method)) then
      problems[#problems + 1] = ("no spec calls %s%s%s"):format(method.path, method.separator,
        method.name)
    end
  end
  return problems
end)

check("pains", pains.check)

check("rockspec", function() return { rockspec.check() } end)

check("version", function()
  local version = (files.read("src/core/qm.h") or ""):match('#define QM_VERSION "([^"]+)"')
  if not version then return { "src/core/qm.h defines no QM_VERSION" } end
  local problems = {}
  local function expect(where, found)
    if found ~= version then
      problems[#problems + 1] = ("%s says %s, src/core/qm.h says %s"):format(where,
        found or "nothing", version)
    end
  end
  expect("CHANGELOG.md", (files.read("CHANGELOG.md") or ""):match("\n## (%d[%w.%-]*)"))
  local text = files.read(rockspec.path) or ""
  expect(rockspec.path .. ": version", text:match('\nversion = "([^"]+)%-%d+"'))
  expect(rockspec.path .. ": tag", text:match('\n%s*tag = "v([^"]+)"'))
  expect("the rockspec's name", rockspec.path:match("quartermaster%-(.+)%-%d+%.rockspec$"))
  return problems
end)

-- Names of the top level, so that a stray file is noticed.
local TOP = {}
for name in ("src lua rockspec spec examples build Makefile README.md LICENSE CHANGELOG.md")
  :gmatch("%S+") do TOP[name] = true end

-- Patterns with a class in them do not find themselves.
local WORDS = {
  ["/[w]ork/"] = "a path of one machine", ["/[h]ome/%w"] = "a path of one machine",
  ["/[r]oot/"] = "a path of one machine", ["/[U]sers/%w"] = "a path of one machine",
  ["%f[%w]TO[D]O%f[%W]"] = "something undone", ["%f[%w]FIX[M]E%f[%W]"] = "something undone",
  ["%f[%w]XX[X]%f[%W]"] = "something undone",
}

check("words", function()
  local problems = {}
  for _, name in ipairs(files.lines("ls")) do
    if not TOP[name] then problems[#problems + 1] = name .. " does not belong at the top" end
  end
  local paths = files.lines("find . -path ./.git -prune -o -path ./build -prune -o -type f " ..
    "-not -path './spec/fuzz/corpus/*' -print | LC_ALL=C sort")
  for _, path in ipairs(paths) do
    for number, line in ipairs(files.split(files.read(path))) do
      for pattern, what in pairs(WORDS) do
        if line:find(pattern) then
          problems[#problems + 1] = ("%s:%d: %s"):format(path, number, what)
        end
      end
    end
  end
  return problems
end)

-- Running --------------------------------------------------------------------------------------

local function main(names)
  local wanted = {}
  for _, name in ipairs(names) do wanted[name] = true end
  os.execute("mkdir -p build")
  local passed, failed = 0, 0
  for _, entry in ipairs(checks) do
    if #names == 0 or wanted[entry.name] then
      local ok, problems = pcall(entry.run)
      if not ok then problems = { tostring(problems) } end
      if #problems == 0 then
        passed = passed + 1
        print("ok " .. entry.name)
      else
        failed = failed + 1
        local text = table.concat(problems, "\n"):gsub("\n", "\n  ")
        print(("FAILED %s: %s"):format(entry.name, text))
      end
      io.stdout:flush()
    end
  end
  print(("%d passed, %d failed"):format(passed, failed))
  os.exit(failed == 0 and passed > 0 and 0 or 1)
end

main(arg)
