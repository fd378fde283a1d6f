-- What may be said about goods at sources.

local quartermaster = require "quartermaster"

local function signed(world, units)
  if world:once_in(10) then units = -units end
  if world:once_in(12) then units = 0 end
  return units / 10000
end

local function save(world)
  local items = {}
  for i = 1, world:pick{ 1, 1, 1, 2, 3 } do
    local item = { sku = world:sku(), source = world:source(),
      qty = signed(world, world:units(9)) }
    if item.source == "default" and world:once_in(2) then item.source = nil end
    if world:once_in(4) then item.status = world:pick{ "in_stock", "in_stock", "out_of_stock" } end
    if world:once_in(8) then
      item.notify_below = world:pick{ 2, 0.5, 0, quartermaster.inherit }
    end
    if world:once_in(12) then item.expected = world:pick{ 0, 1, 2, 3 } end
    if world:once_in(40) then item.source = "nowhere" end
    if world:once_in(50) then item.sku = world.unknown end
    items[i] = item
  end
  return { "items:save", items, world:once_in(4) and { force = true } or nil }
end

local function adjust(world)
  local lines = {}
  for i = 1, world:pick{ 1, 1, 2 } do
    local delta = world:units(4) * world:pick{ 1, 1, 1, -1 }
    lines[i] = { sku = world:sku(), source = world:source(), delta = delta / 10000 }
    if world:once_in(6) then lines[i].least = world:pick{ 0, 1, 2.5 } end
    if world:once_in(40) then lines[i].source = "nowhere" end
    if world:once_in(50) then lines[i].sku = world.unknown end
  end
  return { "items:adjust", { id = world:id("adjust-"), lines = lines } }
end

local function delete(world)
  local items = {}
  for i = 1, world:pick{ 1, 1, 2 } do
    items[i] = { sku = world:sku(), source = world:source() }
  end
  return { "items:delete", items, world:once_in(3) and { force = true } or nil }
end

return { save = { 8, save }, adjust = { 8, adjust }, delete = { 1, delete } }
