-- What may be said about other systems' promises and orders, and about the care of the ledger.

local shop_of = require "model.shop"

local UNIT = shop_of.UNIT

local function some_order(world)
  local orders = {}
  for _, order in ipairs(world.shop.orders) do
    if order.kind == "order" then orders[#orders + 1] = order end
  end
  return orders[math.max(1, #orders + 1 - world.random(1, 8))]
end

-- ---- adopting ----

local function reservation(world)
  local row = world:where{ sku = world:sku(), qty = world:qty() * world:pick{ -1, -1, 1 } }
  local order = some_order(world)
  if world:once_in(50) then row.sku = world.unknown end
  if world:once_in(6) then row.note = "from the old shop" end
  if world:once_in(2) then row.order = world:name(world:pick(world.foreign)) end
  if order and world:once_in(5) then row.order = order.id end
  return row
end

-- What a line may have come to, mostly without contradiction.
local function adopted_line(world)
  local ordered = world:units()
  local row, left = { sku = world:sku(), qty = ordered / UNIT }, ordered
  local function part(name, most)
    if most <= 0 or not world:once_in(2) then return 0 end
    local units = world:once_in(2) and most or math.min(most, world:units())
    if world:once_in(60) then units = most + 1 end
    row[name] = units / UNIT
    return units
  end
  left = left - part("cancelled", world:once_in(3) and left or 0)
  local invoiced, shipped = part("invoiced", left), part("shipped", left)
  local refunded = part("refunded", math.max(invoiced, shipped))
  if world:once_in(8) then part("released", math.min(refunded, left - shipped)) end
  part("returned", math.min(shipped, refunded))
  if shipped > 0 and world:once_in(2) then row.source = world:source() end
  if world:once_in(40) then row.returned = -1 end
  return row
end

local function adopted_order(world)
  local order = world:where{ id = world:id("a-"), lines = {} }
  if world:once_in(2) then order.id = world:name(world:pick(world.foreign)) end
  for i = 1, world:pick{ 1, 1, 2 } do order.lines[i] = adopted_line(world) end
  if world:once_in(40) then order.lines = {} end
  return order
end

local function adopt(world)
  local request = { id = world:id("adopt-") }
  local orders, known = world:pick{ 0, 0, 1, 2 }, world.adopted or {}
  world.adopted = known
  if world.has.compensate and orders > 0 then
    request.orders = {}
    for i = 1, orders do
      local again = #known > 0 and world:once_in(6)
      request.orders[i] = again and world:pick(known) or adopted_order(world)
      known[#known + 1] = request.orders[i]
    end
  end
  if not request.orders or world:once_in(2) then
    request.reservations = {}
    for i = 1, world:pick{ 0, 1, 1, 2 } do request.reservations[i] = reservation(world) end
  end
  if world.has.compensate and not world.narrow and world:once_in(8) then request.open = true end
  return { "adopt", request }
end

-- ---- settling ----

local function name_of(shop, document)
  for _, order in ipairs(shop.orders) do
    if order.document == document then return order.id end
  end
  for id, number in pairs(shop.foreign) do
    if number == document then return id end
  end
end

local function compensate_line(world)
  local row = world.shop.adopted[world.random(1, math.max(1, #world.shop.adopted))]
  local line = world:where{ order = world:name(world:pick(world.foreign)), sku = world:sku(),
    qty = world:qty() * world:pick{ 1, -1 } }
  if row and row.document and not world:once_in(8) then
    line.order, line.stock, line.channel = name_of(world.shop, row.document), row.stock, nil
    line.sku = world.shop.products[row.product].sku
    line.qty = math.min(math.abs(row.qty), world:units()) / UNIT * (row.qty > 0 and 1 or -1)
  end
  if world:once_in(40) then line.order = world.nobody end
  return line
end

local function compensate(world)
  local request = { id = world:id("k-"), lines = {} }
  for i = 1, world:pick{ 1, 1, 2 } do request.lines[i] = compensate_line(world) end
  if world:once_in(4) then request.force = true end
  if world:once_in(4) then request.dry_run = true end
  return { "compensate", request }
end

local function inconsistencies() return { "inconsistencies", { limit = 1000 } } end

local function compact(world)
  return { "compact", { limit = world:pick{ 1, 3, 1000 }, dry_run = world:once_in(4) or nil } }
end

return { adopt = { 4, adopt }, compensate = { 4, compensate, needs = "compensate" },
  inconsistencies = { 1, inconsistencies, needs = "compensate" },
  compact = { 2, compact, needs = "compact" } }
