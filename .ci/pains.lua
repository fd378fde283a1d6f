-- Checks the list of spec/pains.lua: every number is there once and in order, every entry says what
-- makes it impossible or why that is not needed, and every spec that it names exists by that name.
--
-- Loaded by another script it returns { check = function }.
package.path = "./.ci/?.lua;" .. package.path
local files = require "files"

local LIST, COUNT = "spec/pains.lua", 56

local KEYS = { true, true, true, -- the number, what happened, the reports of it
  specs = true, out = true, later = true }

-- What the names on a line of a spec look like, if it has any: texts where an `it` or a `describe`
-- begins, the C tests that are run.
local function name_pattern(path, line)
  if path:find("%.c$") then return "%f[%w]RUN%(([%w_]+)%)" end
  local begins = line:find("%f[%w]it%(") or line:find("%f[%w]describe%(")
  return begins and '"([^"]*)"' or nil
end

-- The names of a file's specs, or nil when there is no such file.
local function names(path)
  local text = files.read(path)
  if not text then return nil end
  local found = {}
  for _, line in ipairs(files.split(text)) do
    local pattern = name_pattern(path, line)
    if pattern then
      for name in line:gmatch(pattern) do found[name] = true end
    end
  end
  return found
end

local function blank(value) return type(value) ~= "string" or not value:find("%S") end

local function specs_problems(specs, say)
  for path, wanted in pairs(specs) do
    local found = names(path)
    if not found then
      say("there is no " .. path)
    elseif #wanted == 0 then
      say("names no spec of " .. path)
    end
    for _, name in ipairs(found and wanted or {}) do
      if not found[name] then say(("%s has no spec named '%s'"):format(path, name)) end
    end
  end
end

local function entry_problems(entry, say)
  for key in pairs(entry) do
    if not KEYS[key] then say("has no key " .. tostring(key)) end
  end
  if blank(entry[2]) or blank(entry[3]) then say("says not what happened, or to whom") end
  if not (entry.specs and next(entry.specs) or entry.out or entry.later) then
    say("has neither specs nor a reason")
  end
  if entry.out and not tostring(entry.out):find("^because ") then say("out gives no reason") end
  if entry.later and not tostring(entry.later):find("^part %d: %S") then
    say("later names no part")
  end
  specs_problems(entry.specs or {}, say)
end

-- A list of what is wrong.
local function check()
  local problems = {}
  if not files.read(LIST) then return { LIST .. " does not exist" } end
  local list = dofile(LIST)
  for number = 1, math.max(COUNT, #list) do
    local entry = list[number]
    local found = {}
    local function say(problem) found[#found + 1] = ("%d: %s"):format(number, problem) end
    if not entry or entry[1] ~= number or number > COUNT then
      say(number > COUNT and "there are only " .. COUNT or "is missing, or not in its place")
    else
      entry_problems(entry, say)
    end
    table.sort(found)
    for _, problem in ipairs(found) do problems[#problems + 1] = problem end
  end
  return problems
end

return { check = check }
