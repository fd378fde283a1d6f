-- client.lua: a worker that buys, holds, gives up, counts and looks, on few products of which there
-- are few, and writes down what it asked and was told. It also meddles with what others have made,
-- and some of its ids are used by everybody, for the same request.

local children = require "children"
local record = require "history.record"
local worker = require "fire.worker"

local Client = {}
Client.__index = Client

function Client:new_id(kind)
  self.counts[kind] = (self.counts[kind] or 0) + 1
  return self.name .. "-" .. kind .. self.counts[kind]
end

-- One of the last orders or holds of this client or, by a guess, of another one.
function Client:some_id(kind)
  local made, last = self.made[kind], math.max(1, self.counts[kind] or 0)
  if #made > 0 and self.random(1, 3) > 1 then
    return made[self.random(math.max(1, #made - 4), #made)]
  end
  return ("c%d-%s%d"):format(self.random(1, self.clients), kind,
    self.random(math.max(1, last - 6), last))
end

-- Sends a request, and once more if it is turned away, or does not.
function Client:ask(request)
  local answer = self.send(request)
  if answer.code == "BUSY" and self.random(1, 2) == 1 then answer = self.send(request) end
  local kind = request.op == "hold" and "h" or request.op == "place" and "o"
  if kind and answer.ok then table.insert(self.made[kind], request.id) end
end

local function some_lines(random, key, from, to)
  local skus, lines = worker.shuffled({ "pen", "ink", "cap" }, random), {}
  for i = 1, random(1, 2) do lines[i] = { sku = skus[i], [key] = random(from, to) } end
  return lines
end

local MAKE = {}

function MAKE.place(self)
  return { op = "place", id = self:new_id("o"), stock = 1,
    lines = some_lines(self.random, "qty", 1, 4) }
end

-- Everybody comes to these ids at some time, and all ask for the same then.
function MAKE.shared(self)
  local number = math.ceil(self.count / 6)
  return { op = "place", id = "shared-" .. number, stock = 1,
    lines = some_lines(children.random(number * 7919), "qty", 1, 3) }
end

function MAKE.hold(self)
  return { op = "hold", id = self:new_id("h"), stock = 1, ttl = self.random(1, 4),
    lines = some_lines(self.random, "qty", 1, 4) }
end

function MAKE.take(self)
  return { op = "place", id = self:new_id("o"), hold = self:some_id("h") }
end

function MAKE.release(self)
  return { op = "release", id = self:new_id("r"), hold = self:some_id("h") }
end

function MAKE.extend(self)
  return { op = "extend", id = self:new_id("x"), hold = self:some_id("h"),
    ttl = self.random(1, 4) }
end

function MAKE.cancel(self)
  return { op = "cancel", id = self:new_id("c"), order = self:some_id("o") }
end

function MAKE.adjust(self)
  local more = self.random(1, 2) == 1
  local lines = some_lines(self.random, "delta", more and 1 or -5, more and 5 or -1)
  for _, line in ipairs(lines) do line.least = not more and 0 or nil end
  return { op = "adjust", id = self:new_id("a"), lines = lines }
end

function MAKE.read(self)
  return { op = "read", sku = ({ "pen", "ink", "cap" })[self.random(1, 3)] }
end

local KINDS = { "place", "place", "place", "shared", "shared", "hold", "hold", "take", "release",
  "extend", "cancel", "cancel", "adjust", "adjust", "read", "read", "read" }

-- Goes on until it has asked `most` times or is told to stop. With a short busy_timeout it is
-- turned away now and then, and may ask once more.
return function(directory, name, clients, seed, most, durability, busy_timeout)
  local self = setmetatable({ name = name, clients = tonumber(clients), count = 0, counts = {},
    made = { o = {}, h = {} }, random = children.random(tonumber(seed)) }, Client)
  local history = directory .. "/history"
  local inv = worker.open(directory, { durability = durability,
    busy_timeout = tonumber(busy_timeout), clock = record.clock(history) })
  self.send = record.recorder(history, name, inv)
  local going = worker.going(directory)
  worker.begin(directory)
  while self.count < tonumber(most) and going() do
    self.count = self.count + 1
    self:ask(MAKE[KINDS[self.random(1, #KINDS)]](self))
  end
  inv:close()
  worker.say("done")
end
