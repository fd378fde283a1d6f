-- writer.lua: a worker that changes everything that can be changed in its orders and holds, and
-- writes down each request before it is sent and each answer after it has come. Whoever is killed
-- leaves at most one request of which nobody knows whether it was carried out.

local Book = require "fire.book"
local children = require "children"
local cjson = require "cjson"
local worker = require "fire.worker"

local Writer = {}
Writer.__index = Writer

function Writer:id()
  self.serial = self.serial + 1
  return self.name .. "-" .. self.serial
end

function Writer:lines()
  local lines = {}
  for i = 1, self.random(1, 4) do
    lines[i] = { sku = Book.SKUS[self.random(1, #Book.SKUS)], qty = self.random(1, 3) }
  end
  return lines
end

-- One of those that pass, or nil. Sorted, so that the seed alone decides.
function Writer:pick(map, passes)
  local ids = {}
  for id, value in pairs(map) do
    if passes(value) then ids[#ids + 1] = id end
  end
  table.sort(ids)
  return ids[#ids > 0 and self.random(1, #ids)]
end

-- An order that has open units, and some of its open units as lines of a step.
function Writer:open_part()
  local function is_open(order)
    for _, line in ipairs(order) do
      if line.open > 0 then return true end
    end
    return false
  end
  local id, lines = self:pick(self.book.orders, is_open), {}
  if not id then return nil end
  for number, line in ipairs(self.book.orders[id]) do
    if line.open > 0 and (#lines == 0 or self.random(1, 2) == 1) then
      lines[#lines + 1] = { line = number, qty = self.random(1, line.open) }
    end
  end
  return id, lines
end

function Writer:held() return self:pick(self.book.holds, function(hold) return #hold > 0 end) end

local MAKE = {}

function MAKE.place(self) return { stock = 2, lines = self:lines() } end

function MAKE.hold(self) return { stock = 2, ttl = 900, lines = self:lines() } end

function MAKE.place_held(self)
  local id = self:held()
  return id and { op = "place", hold = id }
end

function MAKE.release(self)
  local id = self:held()
  return id and { hold = id }
end

function MAKE.extend(self)
  local id = self:held()
  return id and { hold = id, ttl = self.random(900, 999) }
end

function MAKE.cancel(self)
  local order, lines = self:open_part()
  return order and { order = order, lines = lines }
end

function MAKE.ship(self)
  local order, lines = self:open_part()
  for _, line in ipairs(lines or {}) do line.source = Book.SOURCES[self.random(1, 2)] end
  return order and { order = order, lines = lines }
end

function MAKE.adjust(self)
  local lines = {}
  for i = 1, self.random(1, 3) do
    lines[i] = { sku = Book.SKUS[self.random(1, #Book.SKUS)], delta = self.random(-3, 9),
      source = Book.SOURCES[self.random(1, 2)] }
    if lines[i].delta == 0 then lines[i].delta = 1 end
  end
  return { lines = lines }
end

local KINDS = { "place", "place", "hold", "place_held", "release", "extend", "cancel", "ship",
  "ship", "adjust" }

-- A request that the book allows, and which it then takes as carried out.
function Writer:one(in_batch)
  local kind, request
  repeat
    kind = KINDS[self.random(1, #KINDS)]
    request = not (in_batch and kind == "adjust") and MAKE[kind](self)
  until request
  request.op, request.id = request.op or kind, self:id()
  self.book:apply(request)
  return request
end

function Writer:next()
  if self.random(1, 5) > 1 then return self:one() end
  local ops = {}
  for i = 1, self.random(2, 6) do ops[i] = self:one(true) end
  return { op = "batch", ops = ops }
end

-- Each line reaches the file in one piece: a buffer is emptied by one call of the system.
function Writer:note(word, value)
  self.log:write(word, " ", cjson.encode(value), "\n")
  self.log:flush()
end

-- Writes until it is told to stop, or `most` requests; 0 is without end.
return function(directory, name, seed, most, durability)
  local self = setmetatable({ name = name, serial = 0, book = Book.new(),
    random = children.random(tonumber(seed)) }, Writer)
  self.log = assert(io.open(directory .. "/log-" .. name, "w"))
  self.log:setvbuf("full", 65536)
  local inv = worker.open(directory, { durability = durability })
  local going, count = worker.going(directory), 0
  worker.begin(directory)
  while (most == "0" or count < tonumber(most)) and going() do
    count = count + 1
    local request = self:next()
    self:note("ask", request)
    local answer, message, code = Book.send(inv, request)
    if not answer then error(("%s: %s\n%s"):format(code, message, cjson.encode(request))) end
    self:note("ok", answer)
  end
  inv:close()
  worker.say("done")
end
