-- What may be said about sources, stocks, products and settings.

local composites = require "model.say.composites"
local quartermaster = require "quartermaster"

local inherit = quartermaster.inherit

local VALUES = {
  manage_stock = { true, true, false, inherit },
  reserve_stock = { true, true, false, inherit },
  backorders = { "no", "allow", "notify", inherit },
  out_of_stock_threshold = { -6.5, -2, 0, 0, 1.25, inherit },
  out_of_stock_share = { 0, 0.1, 0.3333, inherit },
  notify_below = { 0, 1.5, 3, inherit },
  min_sale_qty = { 0, 0.5, 1, { all = 1, trade = 2 }, inherit },
  max_sale_qty = { 0, 50, 10000, inherit },
  enable_qty_increments = { true, false, false, inherit },
  qty_increments = { 0, 0.25, 1, 2, inherit },
  decimal_qty = { true, true, false, inherit },
}

local NAMES = {}
for name in pairs(VALUES) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

-- The second argument of calls that take a list.
local function options(world)
  return world:once_in(4) and { force = true } or world:once_in(8) and { force = false } or nil
end

local function some_settings(world)
  local changes = {}
  for _ = 1, world:pick{ 1, 1, 2 } do
    local name = world:pick(NAMES)
    changes[name] = world:pick(VALUES[name])
  end
  return changes
end

local function source(world)
  local code = world:source()
  local given = { code = code }
  if world:once_in(30) then given.code = "e" end
  if world:once_in(15) then given.name = world:pick{ "Source a", "Another name" } end
  if world:once_in(4) then
    given.latitude, given.longitude = world.random(-1, 1), world.random(-3, 3) * 10.5
  end
  if not world:once_in(10) then given.enabled = not world:once_in(3) end
  if world:once_in(4) then given.force = true end
  return { "sources:save", given }
end

local function link(world)
  local links = {}
  for i = 1, world:pick{ 1, 1, 2 } do
    links[i] = world:where{ source = world:source(), priority = world.random(1, 5) }
    links[i].channel = nil
    links[i].stock = links[i].stock or 2
    if world:once_in(60) then links[i].priority = 0 end
    if world:once_in(60) then links[i].source = "nowhere" end
  end
  return { "stocks:link", links, options(world) }
end

local function unlink(world)
  local links = {}
  for i = 1, world:pick{ 1, 1, 2 } do
    links[i] = { stock = world:stock(), source = world:source() }
  end
  return { "stocks:unlink", links, options(world) }
end

local function stock(world)
  local id = world:pick{ 2, 3, 3, 1, 4 }
  local given = { id = id, name = world:once_in(2) and "Stock " .. id or nil }
  if world:once_in(3) then
    given.channels = {}
    for _, channel in ipairs{ "eu", "us", "asia" } do
      if world:once_in(3) then table.insert(given.channels, channel) end
    end
  end
  if world:once_in(4) then
    given.sources = {}
    for i, code in ipairs(world.sources) do
      if world:once_in(2) then table.insert(given.sources, { code = code, priority = i }) end
    end
    if world:once_in(3) then given.force = true end
  end
  return { "stocks:save", given }
end

local function delete_stock(world)
  return { "stocks:delete", world:pick{ 4, 4, 4, 3, 2, 1 } }
end

local function product(world)
  local list, seen = {}, {}
  for _ = 1, world:pick{ 1, 1, 2 } do
    local sku = world:once_in(40) and world.unknown or world:sku()
    if not seen[sku] then
      local given = { sku = sku, settings = some_settings(world) }
      if not world:once_in(4) then given.assign_default = false end
      if world:once_in(10) then given.type = world:pick{ "simple", "virtual" } end
      if world:once_in(80) then given.type = world:pick{ "bundle", "grouped" } end
      if world:once_in(8) then given.b2b = world:once_in(2) end
      list[#list + 1] = given
    end
    seen[sku] = true
  end
  return { "products:save", list }
end

local function settings(world) return { "settings:set", some_settings(world) } end

-- What a shop leaves to other systems; soon on again.
local function switches(world)
  local name = world:pick{ "reservations", "reservations", "b2b_default_only", "source_selection",
    "holds" }
  return { "settings:set", { [name] = world:pick{ true, true, false, inherit } } }
end

local function rename(world)
  local sku = world:once_in(20) and world.unknown or world:sku()
  local to = world:once_in(4) and world:sku() or sku .. "-" .. world.random(2, 9)
  if world:once_in(20) then to = world:pick{ " ", to .. " ", sku } end
  world.renamed[sku] = to
  return { "products:rename", sku, to }
end

local function delete_product(world)
  local skus = { world:sku() }
  if world:once_in(4) then skus[2] = world:once_in(10) and world.unknown or world:sku() end
  return { "products:delete", skus, world:once_in(4) and { force = true } or nil }
end

local CHANNELS = { "eu", "us", "asia", "eu-2" }

local function channel(world)
  local from = world:pick{ "eu", "us", "asia", "eu-2", "admin", { code = "us" },
    { type = "app", code = "eu" } }
  if world:once_in(4) then return { "channels:delete", from } end
  return { "channels:rename", { from = from, to = world:once_in(15) and world:pick{ "", "admin" }
    or world:pick(CHANNELS) } }
end

local function policy(world) return { "policies:activate", world:pick{ "default", "magento" } } end

return { source = { 4, source }, link = { 4, link }, unlink = { 2, unlink }, stock = { 2, stock },
  delete_stock = { 1, delete_stock }, product = { 4, product }, settings = { 2, settings },
  policy = { 1, policy }, composite = { 4, composites.save }, switches = { 2, switches },
  rename = { 2, rename }, delete_product = { 1, delete_product }, channel = { 1, channel } }
