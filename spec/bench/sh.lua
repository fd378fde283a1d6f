-- sh.lua: commands of the shell, for the harness of the benchmark.

local _M = {}

function _M.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- What a command prints, without the last end of line; an error with all of it when it fails.
function _M.output(command)
  local pipe = assert(io.popen("{ " .. command .. "\n} 2>&1; echo \"exit $?\""))
  local text, code = pipe:read("*a"):match("^(.*)exit (%d+)\n$")
  pipe:close()
  if code ~= "0" then error(("failed: %s\n%s"):format(command, text), 0) end
  return (text:gsub("\n$", ""))
end

-- The same, or nil when it fails.
function _M.try(command)
  local fine, text = pcall(_M.output, command)
  return fine and text or nil
end

function _M.write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
end

-- The first line of a file that matches; nil when none does.
function _M.find(path, pattern)
  local file = io.open(path, "r")
  if not file then return nil end
  for line in file:lines() do
    local found = line:match(pattern)
    if found then
      file:close()
      return found
    end
  end
  file:close()
  return nil
end

-- Starts a command in the background, its output in a file. Its process id is left beside that for
-- whoever has to stop it.
function _M.start(directory, name, command)
  _M.output(("cd %s && { %s >%s.log 2>&1 & echo $! >%s.pid; }"):format(_M.quote(directory), command,
    name, name))
end

return _M
