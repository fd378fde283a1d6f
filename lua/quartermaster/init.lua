-- Quartermaster: multi-source inventory. This is the facade; meta.lua describes every call.

local b2b = require "quartermaster.b2b"
local backorders = require "quartermaster.backorders"
local care = require "quartermaster.care"
local channels = require "quartermaster.channels"
local check = require "quartermaster.check"
local core = require "quartermaster.core"
local import = require "quartermaster.import"
local items = require "quartermaster.items"
local ledger = require "quartermaster.ledger"
local orders = require "quartermaster.orders"
local outcome = require "quartermaster.outcome"
local places = require "quartermaster.places"
local products = require "quartermaster.products"
local rules = require "quartermaster.rules"
local salable = require "quartermaster.salable"
local selection = require "quartermaster.selection"
local settings = require "quartermaster.settings"
local sources = require "quartermaster.sources"
local stocks = require "quartermaster.stocks"

local _M = {
  _VERSION = core.version,
  errors = core.errors,
  options = core.options,
  inherit = core.inherit,
  distance = selection.distance,
}

local OPEN_KEYS = {
  path = "string", create = "boolean", readonly = "boolean", durability = "string",
  quantities = "string", clock = "function", busy_timeout = "number", max_pages = "whole",
  shared_sources = "string",
}

_M.options.open = check.names(OPEN_KEYS)
_M.options.import = check.names(import.KEYS)
_M.options.list = check.names(check.LIST_OPTIONS)
_M.options["settings:set"] = check.names(settings.DEFINITIONS)
for _, part in ipairs{
  sources, stocks, channels, products, items, salable, backorders, selection, ledger, care, places,
} do
  for name, keys in pairs(part.KEYS) do
    _M.options[name] = check.names(keys)
  end
end

-- Each subject's calls are functions of its own file.
local Inventory = {
  salable_qty = salable.salable_qty, is_salable = salable.is_salable, can_sell = salable.can_sell,
  salable = salable.salable, position = salable.position, oversold = salable.oversold,
  backorder_qty = backorders.backorder_qty, waiting = backorders.waiting,
  place = orders.place, cancel = orders.cancel, ship = orders.ship, invoice = orders.invoice,
  refund = orders.refund, return_goods = orders.return_goods, allocate = orders.allocate,
  reassign = orders.reassign, adopt = orders.adopt,
  batch = orders.batch, hold = orders.hold, extend = orders.extend, release = orders.release,
  select = selection.select,
  events = ledger.events, reservations = ledger.reservations,
  inconsistencies = care.inconsistencies, compensate = care.compensate, compact = care.compact,
}
local GlobalSettings = {}
local Policies = {}

local groups -- by the name of a part of inv: the maker of it; filled at the end

local inventory_meta = {
  __index = Inventory,
  __close = function(inv) inv:close() end,
  __tostring = function(inv)
    local closed = tostring(inv.store):find("closed", 1, true) and " (closed)" or ""
    return "quartermaster inventory " .. inv.path .. closed
  end,
}


-- ---- opening ----

local function word(options, key, allowed)
  local value = options[key]
  if value == nil or allowed[value] then
    return
  end
  local words = {}
  for name in pairs(allowed) do
    words[#words + 1] = name
  end
  table.sort(words)
  error(("open: %s must be one of: %s"):format(key, table.concat(words, ", ")), 4)
end


local function in_range(options, key, most)
  local number = options[key] or 0
  if not (number >= 0 and number <= most) then
    error(("open: %s must be between 0 and %.0f"):format(key, most), 4)
  end
end


local function check_options(options)
  check.keys("open", options, OPEN_KEYS, 3)
  if not options.path or options.path == "" then
    error("open: path is needed (a file, or \":memory:\")", 3)
  end
  if options.path:find("\0", 1, true) then
    error("open: path contains a NUL byte", 3)
  end
  in_range(options, "busy_timeout", 86400)
  in_range(options, "max_pages", 2 ^ 32 - 2)
  word(options, "durability", { full = true, normal = true })
  word(options, "quantities", { number = true, string = true })
  word(options, "shared_sources", { independent = true })
end


-- A new file gets the policy of the merchant guide and its first rules.
local function first_rules(inv)
  local shop, message, code, detail = rules.shop(inv)
  if not shop then
    return nil, message, code, detail
  end
  if shop.policy then
    return true
  end
  return rules.activate(inv, "default")
end


function _M.open(options)
  check_options(options)
  local clock = options.clock or core.clock
  local store, message, code, detail = core.open{
    path = options.path, create = options.create ~= false, readonly = options.readonly or false,
    full = options.durability ~= "normal", text_quantities = options.quantities == "string",
    busy_ms = (options.busy_timeout or 5) * 1000, max_pages = options.max_pages or 0,
    independent = options.shared_sources == "independent", now = clock(),
  }
  if not store then
    return nil, message, code, detail
  end
  local inv = setmetatable({ store = store, path = options.path, clock = clock,
    durability = options.durability or "full" }, inventory_meta)
  for name, make in pairs(groups) do
    inv[name] = make(inv)
  end
  local ready
  ready, message, code, detail = first_rules(inv)
  if not ready then
    inv:close()
    return nil, message, code, detail
  end
  return inv
end


function Inventory:close()
  core.close(self.store)
end


function Inventory:info()
  local shop, message, code, detail = rules.shop(self)
  if not shop then
    return nil, message, code, detail
  end
  return {
    path = self.path, version = core.version, schema = core.schema, sqlite = core.sqlite,
    durability = self.durability, policy = shop.policy, generation = shop.generation,
    shared_sources = shop.independent and "independent" or nil,
  }
end


-- ---- the whole file ----

function Inventory:verify()
  local report, message, code, detail = core.verify(self.store)
  if not report then
    return nil, message, code, detail
  end
  local done
  done, message, code, detail = rules.verify(self, report.problems)
  if not done then
    return nil, message, code, detail
  end
  report.ok = #report.problems == 0
  return report
end


function Inventory:backup(path)
  check.value("backup", "path", path, "string", 2)
  if path == "" or path:find("\0", 1, true) then
    error("backup: path must name a file", 2)
  end
  return core.backup(self.store, path)
end


function Inventory:import(request)
  check.keys("import", request, import.KEYS, 2)
  local on, message, code, detail = core.part(self.store, "import_export")
  if not on then
    return nil, message, code, detail
  end
  return import.run(self, core, request)
end


-- ---- settings and policies ----

function GlobalSettings:get(name)
  local shop, message, code, detail = rules.shop(self.inv)
  if not shop then
    return nil, message, code, detail
  end
  local all = settings.public(settings.effective({}, shop.settings))
  if name == nil then
    return all
  end
  if not settings.DEFINITIONS[name] then
    error("settings:get: there is no setting '" .. tostring(name) .. "'", 2)
  end
  return all[name]
end


function GlobalSettings:set(given)
  local changes, problems = settings.parse("settings:set", given, settings.DEFINITIONS)
  if not changes then
    return outcome.refuse(problems)
  end
  local done, message, code, detail = rules.change_settings(self.inv, changes)
  if not done then
    return nil, message, code, detail
  elseif changes.b2b_default_only then -- true, or back to the default, which is true
    return true, (b2b.elsewhere(self.inv))
  end
  return true
end


function Policies:activate(name)
  check.value("policies:activate", "name", name, "string", 2)
  return rules.activate(self.inv, name)
end


function Policies:list()
  local shop, message, code, detail = rules.shop(self.inv)
  if not shop then
    return nil, message, code, detail
  end
  local list = {}
  for i, name in ipairs(rules.names()) do
    list[i] = { name = name, active = name == shop.policy }
  end
  return list
end


-- ---- the parts ----

-- A maker of inv.sources, inv.stocks and the like: an object with a part's functions as methods.
local function group(part)
  local methods = {}
  for name, value in pairs(part) do
    methods[name] = type(value) == "function" and value or nil
  end
  local index = { __index = methods }
  return function(inv)
    return setmetatable({ inv = inv }, index)
  end
end

groups = {
  sources = group(sources), stocks = group(stocks), channels = group(channels),
  products = group(products), items = group(items), orders = group(orders.orders),
  holds = group(orders.holds), places = group(places), settings = group(GlobalSettings),
  policies = group(Policies),
}


return _M
