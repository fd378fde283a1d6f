-- world.lua: a random shop, and what may be said about it next. A seed names a world: the same
-- commands on every host. What is said is mostly possible, now and then anything.

local children = require "children"
local composites = require "model.say.composites"
local model_of = require "model.model"
local shop_of = require "model.shop"

local _M = {}

-- Each gives a list of { weight, function(world) } by name; the function returns a command, or nil
-- when there is nothing of its kind to say.
local SUBJECTS = { "catalogue", "items", "orders", "care", "reads" }

local SOURCES = { "a", "b", "c", "d" } -- those of stocks with many orders first
local SKUS = { "bike", "bell", "book", "card", "sand", "tent" }
local COMPOSITES = { "crate", "shirt", "pans", "kit" }

-- ---- choosing ----

local World = {}
World.__index = World

-- One in n times.
function World:once_in(n) return self.random(1, n) == 1 end

function World:pick(list) return list[self.random(1, #list)] end

-- More often the first ones of a list.
function World:pick_early(list)
  return list[math.min(self.random(1, #list), self.random(1, #list))]
end

-- A product by the name it has now, now and then one that is made of others.
function World:sku()
  if #self.composites > 0 and self:once_in(20) then return self:composite() end
  return self:known_as(self:pick_early(self.skus))
end

function World:composite() return self:known_as(self:pick_early(self.composites)) end

function World:known_as(sku)
  for _ = 1, 5 do
    local known = not self.shop or shop_of.find_product(self.shop, sku)
    sku = not known and self.renamed[sku] or sku
  end
  return sku
end

function World:source() return self:pick_early(self.sources) end

function World:stock()
  if self:once_in(40) then return 9 end
  return self:pick_early(self.stocks)
end

-- A stock in one of the ways that callers name it.
function World:where(request)
  local stock = self:stock()
  local channel = stock == 2 and "eu" or stock == 3 and { code = "us" }
  if channel and self:once_in(4) then
    request.channel = channel
  else
    request.stock = stock
  end
  return request
end

-- A quantity in units, from 1/10000 where the world has fractions.
function World:units(most)
  local units = self.random(1, most or 5) * 10000
  if not self.decimals or self:once_in(2) then return units end
  return self:pick{ units - 5000, units - 7500, units - self.random(1, 9999), 1 }
end

function World:qty(most) return self:units(most) / 10000 end

-- A place on the globe, or where nobody knows where it is.
function World:destination()
  if self:once_in(4) then return { country = "DE", postcode = "80331" } end
  local place = { latitude = self.random(-2, 2), longitude = self.random(-3, 3) * 10.5 }
  if self:once_in(20) then place.latitude = self:pick{ 91, 0 } end
  if self:once_in(20) then place.longitude = nil end
  return place
end

function World:id(prefix)
  self.ids = self.ids + 1
  return (self.prefix or "") .. prefix .. self.ids
end

-- A name that is always the same in this world.
function World:name(name) return (self.prefix or "") .. name end

-- ---- the shop at its beginning ----

local KINDS = { book = "virtual", card = "downloadable" }

local function product_settings(world, sku)
  local settings = {}
  if sku == "bell" or world:once_in(4) then settings.backorders = "allow" end
  if sku == "book" and world:once_in(2) then settings.backorders = "notify" end
  if sku == "card" or world:once_in(12) then settings.manage_stock = false end
  if sku == "tent" then settings.reserve_stock = world:once_in(2) end
  if settings.backorders and world:once_in(3) then settings.out_of_stock_threshold = -4 end
  return settings
end

local function furnish(world)
  local list = {}
  local function say(...) list[#list + 1] = { ... } end
  for _, code in ipairs(SOURCES) do
    say("sources:save", { code = code, name = "Source " .. code, country = "DE",
      postcode = "80331" })
  end
  say("stocks:save", { id = 2, name = "EU", channels = { "eu" } })
  say("stocks:save", { id = 3, name = "US", channels = { "us" } })
  say("stocks:save", { id = 4, name = "Asia" })
  local links = { { 2, "a" }, { 2, "b" }, { 3, "c" }, { 4, "d" }, { 3, "b" }, { 4, "b" } }
  for i, link in ipairs(links) do
    local stock, code = link[1], link[2]
    if i < 4 or world:once_in(2) then
      say("stocks:link", { { stock = stock, source = code, priority = world.random(1, 3) } })
    end
  end
  if world:once_in(3) then say("policies:activate", "magento") end
  say("settings:set", { decimal_qty = world.decimals, min_sale_qty = world.decimals and 0 or 1 })
  for _, sku in ipairs(world.skus) do
    say("products:save", { { sku = sku, type = KINDS[sku], assign_default = world:once_in(4),
      settings = product_settings(world, sku) } })
  end
  for _, sku in ipairs(world.skus) do
    local items = {}
    for i = 1, world.random(2, 4) do
      items[i] = { sku = sku, source = world:source(), qty = world:qty(9) }
    end
    say("items:save", items)
  end
  for _, sku in ipairs(world.composites) do
    say("products:save", { composites.make(world, sku) })
  end
  return list
end

-- ---- what may be said ----

local function all_kinds(has, without)
  local names, kinds, total = {}, {}, 0
  for _, subject in ipairs(SUBJECTS) do
    for name, kind in pairs(require("model.say." .. subject)) do
      if (not kind.needs or has[kind.needs]) and not without[name] then
        names[#names + 1] = name
        kinds[name] = kind
      end
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do total = total + kinds[name][1] end
  return names, kinds, total
end

-- The world of a seed. `fixed` may give what is random otherwise: skus, composites, independent,
-- decimals, file; the kinds of commands it is to go without; a prefix for all ids; and narrow: no
-- request may be about all orders there are.
function _M.new(seed, has, fixed)
  fixed = fixed or {}
  local random = children.random(seed * 7919 + 17)
  for _ = 1, 3 do random(1, 2) end
  local world = setmetatable({ random = random, seed = seed, has = has, ids = 0, said = {},
    renamed = {}, foreign = { "x-1", "x-2", "x-3", "x-4" },
    unknown = "unknown", nobody = "nobody",
    sources = { "a", "b", "c", "d", "default" }, stocks = { 2, 2, 3, 3, 4, 1 } }, World)
  world.decimals = world:once_in(2)
  world.independent = world:once_in(3)
  world.file = world:once_in(4)
  world.skus = {}
  for i = 1, world.random(2, #SKUS) do world.skus[i] = SKUS[i] end
  world.composites = {}
  for i = 1, world:once_in(2) and world.random(1, #COMPOSITES) or 0 do
    world.composites[i] = COMPOSITES[i]
  end
  for name, value in pairs(fixed) do world[name] = value end
  world.names, world.kinds, world.total = all_kinds(has, fixed.without or {})
  world.beginning = furnish(world)
  return world
end

local function any_kind(world)
  local left = world.random(1, world.total)
  for _, name in ipairs(world.names) do
    left = left - world.kinds[name][1]
    if left <= 0 then return world.kinds[name] end
  end
end

-- The next command. The model says what is possible.
function World:next(model)
  if #self.beginning > 0 then return table.remove(self.beginning, 1) end
  self.model, self.shop = model, model.shop
  local command
  repeat command = any_kind(self)[2](self) until command
  if model_of.DOCUMENTS[command[1]] then self.said[#self.said + 1] = command end
  return command
end

return _M
