-- What may be said about orders and holds: making them, and everything that happens to them.

local events = require "model.say.events"
local placing = require "model.say.placing"
local text = require "model.text"

-- ---- saying things again, and several at once ----

local function again(world)
  local said = world.said[math.max(1, #world.said + 1 - world.random(1, 30))]
  if not said then return nil end
  local command = text.copy(said)
  local rows = command[2].lines
  if world:once_in(4) and rows and rows[1] and rows[1].qty then rows[1].qty = rows[1].qty + 1 end
  return command
end

local BATCHED = { "place", "place", "cancel", "ship", "invoice", "refund", "return_goods",
  "allocate", "reassign" }
local OF_HOLDS = { "hold", "hold", "extend", "release" }

local function batch(world)
  local ops = {}
  for _ = 1, world.random(1, 4) do
    local op = world:pick(BATCHED)
    if world.has.hold and world:once_in(5) then op = world:pick(OF_HOLDS) end
    local request = (placing[op] or events.makers[op])(world)
    if request then
      request.op = op
      ops[#ops + 1] = request
    end
  end
  return #ops > 0 and { "batch", ops } or nil
end

local function say(call, make)
  return function(world)
    local request = make(world)
    return request and { call, request }
  end
end

local kinds = { place = 22, hold = 9, extend = 3, release = 4, cancel = 8, invoice = 10, ship = 14,
  refund = 8, return_goods = 8, allocate = 9, reassign = 6 }

for name, weight in pairs(kinds) do
  kinds[name] = { weight, say(name, placing[name] or events.makers[name]) }
end

kinds.place_hold = { 8, say("place", placing.place_hold) }
for _, name in ipairs{ "hold", "extend", "release", "place_hold" } do kinds[name].needs = "hold" end
kinds.by_plan, kinds.again = { 6, events.by_plan }, { 3, again }
kinds.batch = { 4, batch }

return kinds
