-- children.lua: scratch directories, raw files, and programs in processes of their own, for specs
-- of what might crash, must be killed, or needs another process's limits or rights.

local _M = {}

_M.HOST = rawget(_G, "jit") and "luajit" or "lua5.4"

-- A program finds the module the way the specs do.
local PREAMBLE = [[
local settings = dofile(".busted")._all
package.path = settings.lpath .. ";" .. package.path
package.cpath = settings.cpath .. ";" .. package.cpath
local quartermaster = require "quartermaster"
local function say(...)
  io.stdout:write(table.concat({ ... }, " "), "\n")
  io.stdout:flush()
end
]]

function _M.shell(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

-- Runs fn(directory) and removes the directory, also when fn fails. Nothing in a name that is made
-- here needs quoting.
function _M.with_directory(fn)
  local directory = _M.shell("mktemp -d /tmp/quartermaster.XXXXXX"):match("^%S+")
  local results = { pcall(fn, assert(directory)) }
  os.execute("chmod -R u+w " .. directory .. "; rm -rf " .. directory)
  if not results[1] then error(results[2], 0) end
  return (table.unpack or unpack)(results, 2)
end

function _M.read_file(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local bytes = file:read("*a")
  file:close()
  return bytes
end

function _M.write_file(path, bytes)
  local file = assert(io.open(path, "wb"))
  assert(file:write(bytes))
  assert(file:close())
end

-- Writes a program and returns the command that runs it. The program has `quartermaster`, `say`,
-- which prints its words as one line at once, and `...`, its arguments.
function _M.program(directory, name, text)
  local path = directory .. "/" .. name .. ".lua"
  _M.write_file(path, PREAMBLE .. text)
  return "timeout -k 1 120 " .. _M.HOST .. " " .. path
end

-- Starts a program's command: the pipe of what it prints, and its process id. The shell says the id
-- and becomes the program.
function _M.start(command)
  local pipe = assert(io.popen("sh -c 'echo $$; exec " .. command:gsub("^timeout %-k 1 120 ", "")
    .. "' 2>/dev/null"))
  return pipe, assert(tonumber(pipe:read("*l")))
end

-- Starts the command with each list of arguments at the same time; returns what each printed.
function _M.together(command, arguments)
  local pipes, outputs = {}, {}
  for i, words in ipairs(arguments) do
    pipes[i] = assert(io.popen(command .. " " .. words .. " 2>&1"))
  end
  for i, pipe in ipairs(pipes) do
    outputs[i] = pipe:read("*a")
    pipe:close()
  end
  return outputs
end

function _M.count_of(text, pattern)
  local _, count = text:gsub(pattern, "")
  return count
end

-- Runs a command to its end: what it printed, and its exit code (128 + N when signal N ended it).
function _M.run(command)
  local output = _M.shell("{ " .. command .. "; } 2>&1; echo \"exit $?\"")
  local text, code = output:match("^(.*)exit (%d+)\n$")
  return text, tonumber(code)
end

function _M.lines(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do list[#list + 1] = line end
  return list
end

-- Random numbers that are the same on every host, so that a seed names a run.
function _M.random(seed)
  local state = seed % 2147483646 + 1
  return function(from, to)
    state = state * 48271 % 2147483647
    return from + state % (to - from + 1)
  end
end

return _M
