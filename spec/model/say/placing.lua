-- Requests that promise goods: orders, holds, and what happens to holds.

local composites = require "model.say.composites"
local model_of = require "model.model"
local shop_of = require "model.shop"

local UNIT = shop_of.UNIT

-- ---- placing ----

-- Mostly something that can be sold where it is asked for.
local function salable_line(world, where)
  local line = world:once_in(3) and composites.line(world, where)
  if line then return line end
  for _ = 1, 6 do
    line = { sku = world:sku(), qty = world:qty() }
    local answer = model_of.apply(world.model, { "can_sell", line.sku, where, line.qty })
    if #answer.codes == 0 then break end
  end
  return line
end

local function place_request(world)
  local request = world:where{}
  local where = { stock = request.stock, channel = request.channel }
  request.id, request.lines = world:id("o-"), {}
  for i = 1, world:pick{ 1, 1, 2, 3 } do
    request.lines[i] = world:once_in(10) and { sku = world:sku(), qty = world:qty() }
      or salable_line(world, where)
  end
  if world:once_in(8) then
    for i, line in ipairs(request.lines) do line.line = 10 - 2 * i end
  end
  if world:once_in(4) then request.destination = world:destination() end
  if world:once_in(6) then request.customer_group = world:pick{ "trade", "retail" } end
  if world.has.compensate and world:once_in(15) then
    request.id = world:name(world:pick(world.foreign))
  end
  if world:once_in(40) then request.lines[1].qty = world:pick{ 0, -1 } end
  if world:once_in(40) then request.lines[1].sku = world.unknown end
  if world:once_in(60) then request.lines[1].selections = {} end
  if world:once_in(60) then request.lines = {} end
  return request
end

-- ---- holds ----

local function a_hold(world)
  local holds = {}
  for _, order in ipairs(world.shop.orders) do
    local live = shop_of.is_live(world.shop, order)
    if order.kind == "hold" and (live or world:once_in(6)) then holds[#holds + 1] = order end
  end
  return holds[math.max(1, #holds + 1 - world.random(1, 4))]
end

local TIMES = { 1, 10, 60, 600, 600, 3600 }

local function ttl(world)
  return world:once_in(60) and world:pick{ 0, -1, 366 * 86400 + 1 } or world:pick(TIMES)
end

local function hold_request(world)
  local request = place_request(world)
  request.id, request.ttl, request.destination = world:id("h-"), ttl(world), nil
  return request
end

local function extend_request(world)
  local hold = a_hold(world)
  if not hold then return nil end
  return { id = world:id("e-"), hold = world:once_in(40) and world.nobody or hold.id,
    ttl = ttl(world) }
end

local function release_request(world)
  local hold = a_hold(world)
  if not hold then return nil end
  local request = { id = world:id("r-"), hold = world:once_in(40) and world.nobody or hold.id }
  if world:once_in(3) then return request end
  request.lines = {}
  for i = 1, world:pick{ 1, 1, 2 } do
    local line = world:pick(hold.lines)
    local row, open = { line = line.number, qty = world:qty() }, shop_of.open(line) / UNIT
    if open > 0 and not world:once_in(10) then row.qty = math.min(row.qty, open) end
    if world:once_in(4) then row.line, row.sku = nil, world.shop.products[line.product].sku end
    request.lines[i] = row
  end
  return request
end

-- An order from a hold: whole, a part of it, or more than it has.
local function place_hold_request(world)
  local hold = a_hold(world)
  if not hold then return nil end
  local request = { id = world:id("o-"), hold = world:once_in(40) and world.nobody or hold.id }
  if world:once_in(8) then request.stock = world:once_in(3) and world:stock() or hold.stock end
  if world:once_in(2) then return request end
  request.lines = {}
  for i, line in ipairs(hold.lines) do
    local open = shop_of.open(line) / UNIT
    request.lines[i] = { sku = world.shop.products[line.product].sku,
      qty = open > 0 and world:once_in(2) and open or world:qty() }
  end
  if world:once_in(4) then table.insert(request.lines, { sku = world:sku(), qty = world:qty() }) end
  return request
end

return { place = place_request, hold = hold_request, extend = extend_request,
  release = release_request, place_hold = place_hold_request }
