-- Quartermaster: multi-source inventory. This is the facade; meta.lua describes every call.

local catalog = require "quartermaster.catalog"
local check = require "quartermaster.check"
local core = require "quartermaster.core"
local import = require "quartermaster.import"
local rules = require "quartermaster.rules"
local settings = require "quartermaster.settings"

local _M = {
  _VERSION = core.version,
  errors = core.errors,
  options = core.options,
  inherit = core.inherit,
}

local OPEN_KEYS = {
  path = "string", create = "boolean", readonly = "boolean", durability = "string",
  quantities = "string", clock = "function", busy_timeout = "number", max_pages = "whole",
  shared_sources = "string",
}

local WHERE = { stock = "whole", channel = "channel" }
local WHERE_GROUP = { stock = "whole", channel = "channel", customer_group = "string" }
local SALABLE = { stock = "whole", channel = "channel", skus = "list" }
local POSITION = { stock = "whole", channel = "channel", sku = "string" }
local PAGE = { after = "whole", limit = "whole" }
local RESERVATIONS = {
  sku = "string", stock = "whole", channel = "channel", after = "whole", limit = "whole",
}
local SELECT = {
  order = "string", stock = "whole", channel = "channel", lines = "list", algorithm = "string",
  sources = "list", availability = "string", rows = "string",
}
local SELECT_LINE = { sku = "string", qty = "quantity", line = "whole" }

local KINDS = { [0] = "goods", "virtual", "parent", "bundle" }

for name, keys in pairs{
  open = OPEN_KEYS, select = SELECT, salable = SALABLE, position = POSITION, events = PAGE,
  reservations = RESERVATIONS, import = import.KEYS, ["settings:set"] = settings.DEFINITIONS,
} do
  _M.options[name] = check.names(keys)
end
for name, keys in pairs(catalog.KEYS) do
  _M.options[name] = check.names(keys)
end

local Inventory = {}
local GlobalSettings = {}
local Policies = {}
local Orders = {}


local global_settings = catalog.group(GlobalSettings)
local policies = catalog.group(Policies)
local orders = catalog.group(Orders)

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
  inv.sources, inv.stocks = catalog.sources(inv), catalog.stocks(inv)
  inv.products, inv.items = catalog.products(inv), catalog.items(inv)
  inv.settings, inv.policies, inv.orders = global_settings(inv), policies(inv), orders(inv)
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


-- ---- salable ----

local function first_stand(inv, sku, where, mode, qty)
  local stands, message, code, detail = core.stand(inv.store, where, { sku }, mode, qty)
  if not stands then
    return nil, message, code, detail
  end
  return stands[1]
end


local function refuse(stand, sku, magento)
  return nil, stand.message, stand.code, { errors = { {
    field = "sku", code = stand.code, message = stand.message, sku = sku, magento = magento,
  } } }
end

local UNKNOWN = { NOT_FOUND = "no_such_entity" }


function Inventory:salable_qty(sku, where)
  check.value("salable_qty", "sku", sku, "string", 2)
  check.keys("salable_qty", where, WHERE, 2)
  local stand, message, code, detail = first_stand(self, sku, where, "page")
  if not stand then
    return nil, message, code, detail
  end
  if stand.code then
    return refuse(stand, sku, UNKNOWN[stand.code] or "input-type_without_source_items")
  end
  return stand.qty
end


function Inventory:is_salable(sku, where)
  check.value("is_salable", "sku", sku, "string", 2)
  check.keys("is_salable", where, WHERE, 2)
  local stand, message, code, detail = first_stand(self, sku, where, "page")
  if not stand then
    return nil, message, code, detail
  end
  if stand.code then
    return refuse(stand, sku, UNKNOWN[stand.code] or "input-type_without_source_items")
  end
  return stand.salable
end


function Inventory:can_sell(sku, where, qty)
  check.value("can_sell", "sku", sku, "string", 2)
  check.keys("can_sell", where, WHERE_GROUP, 2)
  check.value("can_sell", "qty", qty, "quantity", 2)
  local stand, message, code, detail = first_stand(self, sku, where, "check", qty)
  if not stand then
    return nil, message, code, detail
  end
  if stand.code then
    return refuse(stand, sku, UNKNOWN[stand.code] or "localized-type_without_source_items")
  end
  if #stand.errors == 0 then
    return true
  end
  local best = stand.errors[1]
  for _, problem in ipairs(stand.errors) do
    if core.errors[problem.code].precedence <= core.errors[best.code].precedence then
      best = problem
    end
  end
  return nil, best.message, best.code, { errors = stand.errors }
end


function Inventory:salable(request)
  check.keys("salable", request, SALABLE, 2)
  check.value("salable", "skus", request.skus, "list", 2)
  for _, sku in ipairs(request.skus) do
    check.value("salable", "an entry of skus", sku, "string", 2)
  end
  local where = { stock = request.stock, channel = request.channel }
  local stands, message, code, detail = core.stand(self.store, where, request.skus, "page")
  if not stands then
    return nil, message, code, detail
  end
  local page = {}
  for i, stand in ipairs(stands) do
    page[request.skus[i]] = stand
  end
  return page
end


function Inventory:position(request)
  check.keys("position", request, POSITION, 2)
  check.value("position", "sku", request.sku, "string", 2)
  local where = { stock = request.stock, channel = request.channel }
  local stand, message, code, detail = first_stand(self, request.sku, where, "whole")
  if not stand then
    return nil, message, code, detail
  end
  if stand.code then
    return refuse(stand, request.sku, UNKNOWN[stand.code])
  end
  local places
  places, message, code, detail = core.read(self.store, "POSITION", stand.stock, stand.product)
  if not places then
    return nil, message, code, detail
  end
  for _, place in ipairs(places) do
    place.status = catalog.STATUS[place.status]
  end
  stand.sku, stand.sources, stand.product = request.sku, places, nil
  stand.is_salable, stand.salable, stand.qty = stand.salable, stand.qty, nil
  return stand
end


-- ---- orders ----

for _, name in ipairs{ "place", "cancel", "ship", "invoice", "refund", "return_goods", "adopt" } do
  Inventory[name] = function(self, request)
    return core.write(self.store, name, request, self.clock())
  end
end


function Inventory:batch(ops)
  check.value("batch", "its argument", ops, "list", 2)
  return core.batch(self.store, ops, self.clock())
end


-- Moves the destination's keys into a table of their own, as place takes it; nil without any.
local function take_destination(order)
  local destination
  for _, key in ipairs{ "country", "region", "city", "postcode", "latitude", "longitude" } do
    if order[key] ~= nil then
      destination = destination or {}
      destination[key], order[key] = order[key], nil
    end
  end
  return destination
end


function Orders:get(id)
  check.value("orders:get", "id", id, "string", 2)
  local store = self.inv.store
  local rows, message, code, detail = core.read(store, "ORDER", id)
  if not rows then
    return nil, message, code, detail
  end
  local order = rows[1]
  if not order then
    return catalog.not_found("id", "there is no order " .. id)
  end
  order.lines, message, code, detail = core.read(store, "LINES", order.key)
  if not order.lines then
    return nil, message, code, detail
  end
  for _, line in ipairs(order.lines) do
    line.kind, line.kind_number = KINDS[line.kind_number], nil
    line.tracked = line.tracked ~= 0
  end
  if order.channel_code then
    order.channel = { type = order.channel_type, code = order.channel_code }
  end
  order.key, order.channel_type, order.channel_code = nil, nil, nil
  order.destination = take_destination(order)
  return order
end


-- ---- selection ----

-- The open goods of an order, in lines for selection, and those that nothing is counted for.
local function open_lines(order)
  local lines, untracked = {}, {}
  for _, line in ipairs(order.lines) do
    if line.kind == "goods" and tonumber(line.open) > 0 then
      local list = line.tracked and lines or untracked
      list[#list + 1] = { line = line.line, sku = line.sku, qty = line.open }
    end
  end
  return lines, untracked
end


-- Goods that are not counted may leave from anywhere: from where the parcel leaves, else from the
-- stock's first source.
local function add_untracked(inv, plan, stock, untracked)
  if #untracked == 0 then
    return plan
  end
  local source = plan.picks[1] and plan.picks[1].source
  if not source then
    local links, message, code, detail = core.read(inv.store, "LINKS", stock)
    if not links then
      return nil, message, code, detail
    end
    source = links[1] and links[1].code
    plan.shipments = source and 1 or 0
  end
  for _, line in ipairs(source and untracked or {}) do
    plan.picks[#plan.picks + 1] = { line = line.line, sku = line.sku, source = source,
      qty_to_deduct = line.qty, qty_available = line.qty }
    plan.why[#plan.why + 1] = { line = line.line, source = source, used = true,
      rule = "untracked", detail = "its stock is not counted, so it may leave from anywhere" }
  end
  return plan
end


function Inventory:select(request)
  check.keys("select", request, SELECT, 2)
  check.entries("select: lines", request.lines or {}, SELECT_LINE, 2)
  local where, lines = { stock = request.stock, channel = request.channel }, request.lines
  local untracked, order = {}, nil
  if request.order then
    if request.stock or request.channel or lines then
      error("select takes an order, or a stock or channel with lines, not both", 2)
    end
    local message, code, detail
    order, message, code, detail = self.orders:get(request.order)
    if not order then
      return nil, message, code, detail
    end
    where = { stock = order.stock }
    lines, untracked = open_lines(order)
  else
    check.value("select", "lines", lines, "list", 2)
  end
  local plan, message, code, detail = core.select(self.store, where, lines, {
    algorithm = request.algorithm, sources = request.sources, may_be_empty = order ~= nil,
    availability = request.availability, rows = request.rows,
  })
  if not plan then
    return nil, message, code, detail
  end
  plan.order = request.order
  return add_untracked(self, plan, order and order.stock, untracked)
end


-- ---- the ledger ----

local function ledger_page(rows, size)
  local last
  rows, last = catalog.page(rows, size, "seq")
  for _, row in ipairs(rows) do
    row.event, row.event_number = core.events[row.event_number], nil
  end
  return rows, last
end


function Inventory:events(filter)
  filter = filter == nil and {} or filter
  check.keys("events", filter, PAGE, 2)
  local size = catalog.page_size("events", filter)
  local rows, message, code, detail = core.read(self.store, "LEDGER", filter.after or 0, size + 1)
  if not rows then
    return nil, message, code, detail
  end
  return ledger_page(rows, size)
end


function Inventory:reservations(filter)
  filter = filter == nil and {} or filter
  check.keys("reservations", filter, RESERVATIONS, 2)
  local size, stock = catalog.page_size("reservations", filter), 0
  local message, code, detail
  if filter.channel or filter.stock then
    stock, message, code, detail =
      catalog.stock_of(self, { stock = filter.stock, channel = filter.channel })
    if not stock then
      return nil, message, code, detail
    end
  end
  local rows
  rows, message, code, detail =
    core.read(self.store, "RESERVATIONS", filter.after or 0, filter.sku or false, stock, size + 1)
  if not rows then
    return nil, message, code, detail
  end
  return ledger_page(rows, size)
end


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


function Inventory:import(request)
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
  local changes, problems = settings.parse("settings:set", given)
  if not changes then
    return settings.refuse(problems)
  end
  return rules.change_settings(self.inv, changes)
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


return _M
