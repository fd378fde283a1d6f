-- What may be said about products that are made of others, and what may be chosen of them.

local model_of = require "model.model"
local parts = require "model.parts"
local shop_of = require "model.shop"

local UNIT = shop_of.UNIT

local TYPES = { crate = "bundle", shirt = "configurable", pans = "grouped", kit = "bundle" }
local NAMES = { "frame", "extras", "gift" }

-- ---- what they are made of ----

local function some_parts(world)
  local list, seen = {}, {}
  for _ = 1, world:pick{ 1, 2, 2, 3 } do
    local sku = world:once_in(60) and world.unknown or world:pick(world.skus)
    if world:once_in(60) then sku = world:pick(world.composites) end
    if not seen[sku] or world:once_in(20) then list[#list + 1] = { sku = sku } end
    seen[sku] = true
  end
  return list
end

local function selection(world, part)
  if world:once_in(2) then return part.sku end
  if world:once_in(2) then part.qty = world:pick{ 2, 3, world.decimals and 0.5 or 1 } end
  if world:once_in(4) then part.own_qty = world:once_in(2) end
  if world:once_in(60) then part.qty = 0 end
  return part
end

local function some_options(world)
  local options = {}
  for i = 1, world:pick{ 1, 2, 2, 3 } do
    local option = { selections = {} }
    for k, part in ipairs(some_parts(world)) do option.selections[k] = selection(world, part) end
    if world:once_in(2) then option.name = world:pick(NAMES) end
    if world:once_in(3) then option.required = false end
    if world:once_in(30) then option.selections = {} end
    options[i] = option
  end
  return options
end

local function children(world, type)
  local list = some_parts(world)
  for i, part in ipairs(list) do
    if type == "grouped" and world:once_in(3) then part.qty = world:pick{ 2, 3 } end
    if world:once_in(2) and not part.qty then list[i] = part.sku end
  end
  if type == "configurable" and world:once_in(60) then list[1] = { sku = world:sku(), qty = 1 } end
  return list
end

-- A row of products:save that says of which type a composite is, and of what it is made.
local function make(world, sku)
  local type = TYPES[sku] or "bundle"
  local row = { sku = sku, type = type }
  if type == "bundle" then
    row.options, row.ship_together = some_options(world), not world:once_in(3)
  else
    row.children = children(world, type)
  end
  return row
end

-- Some of what can be said, fitting or not.
local function change(world, sku)
  local row = make(world, sku)
  if not world:once_in(6) then row.type = nil end
  if world:once_in(2) then row.options, row.children = nil, nil end
  if world:once_in(2) then row.ship_together = nil end
  if world:once_in(3) then row.in_stock = not world:once_in(3) end
  if world:once_in(15) then
    row.type = world:pick{ "bundle", "grouped", "configurable", "simple" }
  end
  if world:once_in(30) then row.sku = world:sku() end
  return row
end

local function save(world)
  if #world.composites == 0 then return nil end
  local rows = { change(world, world:composite()) }
  if world:once_in(5) then
    local other = make(world, world:composite())
    if other.sku ~= rows[1].sku then rows[2] = other end
  end
  return { "products:save", rows }
end

-- ---- choosing ----

local function choice(world, offer, option)
  local given = { sku = world.shop.products[offer.product].sku }
  if offer.own_qty and world:once_in(2) then
    given.qty = world:pick{ 1, 2, world.decimals and 0.5 or 1 }
  elseif world:once_in(6) then
    given.qty = world:once_in(10) and 7 or offer.qty / UNIT
  end
  if option.name and world:once_in(4) then given.option = option.name end
  if world:once_in(60) then given.option = "nothing" end
  if world:once_in(60) then given.sku = world:sku() end
  return given
end

-- The offers of an option, those first that can be had where it is asked for.
local function best_first(world, offers, where, qty)
  local able, others = {}, {}
  for _, offer in ipairs(offers) do
    local answer = model_of.apply(world.model, { "can_sell",
      world.shop.products[offer.product].sku, where, qty * offer.qty / UNIT })
    table.insert(#answer.codes == 0 and able or others, offer)
  end
  for _, offer in ipairs(others) do able[#able + 1] = offer end
  return able
end

-- What may be chosen of a composite, mostly so that it can be ordered.
local function selections(world, number, where, qty)
  local shop, list = world.shop, {}
  local type = shop.products[number].type
  for _, option in ipairs(parts.of(shop, number).options) do
    local count = math.min(#option.offers, type == "grouped" and world:pick{ 1, 2, 3 } or 1)
    local skip = not option.required and world:once_in(2) and type ~= "grouped"
    if world:once_in(30) then count = count + 1 end
    local offers = best_first(world, option.offers, where, qty)
    for i = 1, skip and 0 or math.min(count, #offers) do
      list[#list + 1] = choice(world, offers[i], option)
    end
  end
  return (#list > 0 or world:once_in(2)) and list or nil
end

-- A line for an order, mostly of a composite that can be sold there.
local function line(world, where)
  if #world.composites == 0 then return nil end
  local sku, number
  for _ = 1, 4 do
    sku = world:composite()
    number = shop_of.find_product(world.shop, sku)
    local answer = model_of.apply(world.model, { "is_salable", sku, where })
    if answer.answer and answer.answer.value then break end
  end
  local row = { sku = sku, qty = world:once_in(6) and world:qty(3) or world:pick{ 1, 1, 2 } }
  row.selections = number and selections(world, number, where, row.qty)
  return row
end

return { save = save, make = make, line = line }
