-- What may be asked, and what happens to the file meanwhile.

local function can_sell(world)
  local where = world:where{}
  if world:once_in(4) then where.customer_group = "trade" end
  return { "can_sell", world:once_in(40) and world.unknown or world:sku(), where, world:qty(9) }
end

local function backorder_qty(world)
  return { "backorder_qty", world:sku(), world:where{}, world:qty(9) }
end

local function filter_of(world)
  local filter = { limit = 1000 }
  if world:once_in(2) then world:where(filter) end
  return filter
end

local function waiting(world)
  local filter = filter_of(world)
  if world:once_in(2) then filter.sku = world:sku() end
  return { "waiting", filter }
end

local function oversold(world) return { "oversold", filter_of(world) } end

local function salable_qty(world) return { "salable_qty", world:sku(), world:where{} } end

local function some_orders(world)
  local list = {}
  for _, order in ipairs(world.shop.orders) do
    if order.kind == "order" then list[#list + 1] = order end
  end
  return list
end

local function select(world)
  local request, orders = {}, some_orders(world)
  if #orders > 0 and world:once_in(2) then
    request.order = orders[math.max(1, #orders + 1 - world.random(1, 8))].id
  else
    world:where(request)
    request.lines = {}
    for i = 1, world:pick{ 1, 1, 2, 3 } do
      local line = { sku = world:sku(), qty = world:qty(9) }
      if world:once_in(3) then line.group = world:pick{ 7, 7, 8 } end
      if world:once_in(6) then line.splittable = world:once_in(3) end
      request.lines[i] = line
    end
  end
  if world:once_in(2) then request.algorithm = "distance" end
  if world:once_in(30) then request.algorithm = "magic" end
  if world:once_in(2) then request.destination = world:destination() end
  if world:once_in(4) then request.availability = "physical" end
  if world:once_in(4) then request.rows = "all" end
  if world:once_in(6) then request.sources = { world:source(), world:source() } end
  if world:once_in(30) and request.sources then request.sources[1] = "nowhere" end
  if world:once_in(6) then
    request.distances = { [world:source()] = world.random(0, 8) / 4, [world:source()] = 1 }
    if world:once_in(10) then request.distances.nowhere = 1 end
  end
  return { "select", request }
end

local function reopen() return { "reopen" } end

local function other() return { "other" } end

local function clock(world) return { "clock", world:pick{ 1, 30, 60, 600 } } end

return { can_sell = { 4, can_sell }, salable_qty = { 1, salable_qty }, select = { 5, select },
  backorder_qty = { 2, backorder_qty }, waiting = { 1, waiting }, oversold = { 1, oversold },
  reopen = { 1, reopen }, other = { 1, other }, clock = { 2, clock } }
