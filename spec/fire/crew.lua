-- crew.lua: processes that work on one file at the same time, for specs of what happens then. They
-- begin at one moment, can be killed, and are told to stop; see worker.lua for their side.
--
--   local crew = Crew.new(directory)
--   crew:hire("fire.seller", "p1")     -- require("fire.seller")(directory, "p1") in a process
--   crew:begin()                       -- all are ready, and begin now
--   local outputs = crew:finish()

local children = require "children"

local Crew = {}
Crew.__index = Crew

function Crew.new(directory)
  local self = setmetatable({ directory = directory, pipes = {}, pids = {}, outputs = {} },
    Crew)
  self.command = children.program(directory, "worker",
    "require(arg[2])(arg[1], (table.unpack or unpack)(arg, 3))"):gsub("^timeout %-k 1 120 ", "")
  os.execute(("rm -f %s/gate %s/stop; mkfifo %s/gate"):format(directory, directory, directory))
  return self
end

-- Starts a process that runs what the module returns, a function, with the directory and the words.
-- The shell says its process id and becomes the program.
function Crew:hire(module, ...)
  local words = table.concat({ self.directory, module, ... }, " ")
  local pipe = assert(io.popen(("echo $$; exec %s %s 2>&1"):format(self.command, words)))
  self.pipes[#self.pipes + 1] = pipe
  self.pids[#self.pids + 1] = assert(tonumber(pipe:read("*l")))
  return #self.pids
end

-- Waits until every worker is ready, and lets them all begin. The gate stays open, for whoever has
-- said that it is ready but not yet reached it.
function Crew:begin()
  for _, pipe in ipairs(self.pipes) do
    local line = pipe:read("*l")
    if line ~= "ready" then error("a worker did not begin: " .. tostring(line), 2) end
  end
  self.gate = assert(io.open(self.directory .. "/gate", "r+"))
end

-- Kills workers by number, at the same moment, in so many seconds.
function Crew:kill(numbers, seconds)
  local pids = {}
  for i, number in ipairs(numbers) do pids[i] = self.pids[number] end
  os.execute(("sleep %.3f; kill -KILL %s 2>/dev/null")
    :format(seconds or 0, table.concat(pids, " ")))
end

function Crew:stop()
  assert(io.open(self.directory .. "/stop", "w")):close()
end

-- Waits for the end of a worker; returns what it said since it began.
function Crew:wait(number)
  if not self.outputs[number] then
    self.outputs[number] = self.pipes[number]:read("*a")
    self.pipes[number]:close()
  end
  return self.outputs[number]
end

-- Waits for the end of all; returns what each said.
function Crew:finish()
  for number in ipairs(self.pipes) do self:wait(number) end
  self.gate:close()
  return self.outputs
end

return Crew
