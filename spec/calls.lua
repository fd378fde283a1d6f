-- calls.lua: what every public call takes, for specs that give it something else. A key's type is
-- the Lua type it must have; "quantity" stands for a number or a string, "inherit" for those and
-- the light userdata `quartermaster.inherit`. A table stands for a record of such keys, a table
-- with `list` for a list of records. A CHANNEL may be a string as well.

local CHANNEL = { type = "string", code = "string" }

local _M = { CHANNEL = CHANNEL }
local LINK = { code = "string", priority = "number" }
local WHERE = { stock = "number", channel = CHANNEL }

local function with(keys, more)
  local all = {}
  for key, kind in pairs(keys) do all[key] = kind end
  for key, kind in pairs(more) do all[key] = kind end
  return all
end

local LINE = { sku = "string", qty = "quantity", line = "number" }
local CHILD = { sku = "string", qty = "quantity" }
local ITEM_KEY = { sku = "string", source = "string" }
local DESTINATION = {
  country = "string", region = "string", city = "string", postcode = "string",
  latitude = "number", longitude = "number",
}

local SETTINGS = {
  manage_stock = "boolean", reserve_stock = "boolean", backorders = "string",
  out_of_stock_threshold = "inherit", out_of_stock_share = "inherit", notify_below = "inherit",
  max_sale_qty = "inherit", enable_qty_increments = "boolean", qty_increments = "inherit",
  decimal_qty = "boolean",
}

local SHOP_SETTINGS = with(SETTINGS, {
  b2b_default_only = "boolean", reservations = "boolean", holds = "boolean",
  source_selection = "boolean", import_export = "boolean",
})

local SOURCE = {
  code = "string", name = "string", country = "string", postcode = "string", enabled = "boolean",
  force = "boolean",
  description = "string", region = "string", region_id = "number", city = "string",
  street = "string", contact_name = "string", email = "string", phone = "string", fax = "string",
  latitude = "number", longitude = "number", pickup = "boolean", frontend_name = "string",
  frontend_description = "string",
}

-- name, the keys of its one table; `valid` is what the others are while one of them is wrong.
_M.TABLES = {
  { "place", with(WHERE, {
    id = "string", hold = "string", customer_group = "string", destination = DESTINATION,
    lines = { list = with(LINE, { selections = { list = with(CHILD, { option = "string" }) } }) },
  }), { id = "x", stock = 1, lines = { { sku = "pen", qty = 1 } } } },
  { "hold", with(WHERE, { id = "string", customer_group = "string", ttl = "number",
    lines = { list = LINE } }),
    { id = "x", stock = 1, ttl = 60, lines = { { sku = "pen", qty = 1 } } } },
  { "extend", { id = "string", hold = "string", ttl = "number" },
    { id = "x", hold = "h", ttl = 60 } },
  { "release", { id = "string", hold = "string", lines = { list = LINE } },
    { id = "x", hold = "h" } },
  { "cancel", { id = "string", order = "string", lines = { list = LINE } },
    { id = "x", order = "o" } },
  { "ship", {
    id = "string", order = "string", source = "string", force = "boolean",
    lines = { list = with(LINE, { source = "string" }) },
  }, { id = "x", order = "o", source = "default" } },
  { "invoice", {
    id = "string", order = "string", force = "boolean",
    lines = { list = with(LINE, { source = "string" }) },
  }, { id = "x", order = "o" } },
  { "refund", { id = "string", order = "string", force = "boolean", lines = { list = with(LINE, {
    return_to_stock = "boolean", return_to = "string", write_off = "boolean",
  }) } }, { id = "x", order = "o" } },
  { "return_goods", {
    id = "string", order = "string", lines = { list = with(LINE, { to = "string" }) },
  }, { id = "x", order = "o" } },
  { "allocate", {
    id = "string", order = "string", force = "boolean",
    lines = { list = with(LINE, { source = "string" }) },
  }, { id = "x", order = "o" } },
  { "reassign", {
    id = "string", order = "string", force = "boolean",
    lines = { list = with(LINE, { from = "string", to = "string" }) },
  }, { id = "x", order = "o" } },
  { "adopt", {
    id = "string", open = "boolean",
    orders = { list = with(WHERE, { id = "string", lines = { list = with(LINE, {
      cancelled = "quantity", invoiced = "quantity", shipped = "quantity", refunded = "quantity",
      released = "quantity", returned = "quantity", source = "string",
    }) } }) },
    reservations = { list = with(WHERE, {
      sku = "string", qty = "quantity", note = "string", order = "string",
    }) },
  }, { id = "x" } },
  { "inconsistencies", { after = "string", limit = "number" }, {} },
  { "compensate", {
    id = "string", dry_run = "boolean", force = "boolean",
    lines = { list = with(WHERE, { order = "string", sku = "string", qty = "quantity" }) },
  }, { id = "x" } },
  { "compact", { before = "number", limit = "number", dry_run = "boolean" }, {} },
  { "select", with(WHERE, {
    order = "string", algorithm = "string", availability = "string", rows = "string",
    sources = "table", destination = DESTINATION, distances = "table", distance = "function",
    lines = { list = with(LINE, { group = "number", splittable = "boolean" }) },
  }), { stock = 1, lines = { { sku = "pen", qty = 1 } } } },
  { "salable", with(WHERE, { skus = "table" }), { stock = 1, skus = { "pen" } } },
  { "position", with(WHERE, { sku = "string" }), { stock = 1, sku = "pen" } },
  { "oversold", with(WHERE, { after = "number", limit = "number" }), {} },
  { "reservations", with(WHERE, { sku = "string", after = "number", limit = "number" }), {} },
  { "waiting", with(WHERE, { sku = "string", after = "number", limit = "number" }), {} },
  { "events", { after = "number", limit = "number" }, {} },
  { "import", { entity = "string", file = "string", progress = "function" },
    { entity = "sources", file = "/dev/null" } },
  { "sources:save", SOURCE, {} },
  { "sources:list", { stock = "number", after = "string", limit = "number" }, {} },
  { "stocks:save", {
    id = "number", name = "string", channels = { list = CHANNEL }, sources = { list = LINK },
    force = "boolean",
  }, { name = "x" } },
  { "stocks:list", { after = "number", limit = "number" }, {} },
  { "stocks:link", { stock = "number", source = "string", priority = "number" }, {} },
  { "stocks:unlink", { stock = "number", source = "string" }, {} },
  { "channels:list", { stock = "number", after = CHANNEL, limit = "number" }, {} },
  { "channels:rename", { from = CHANNEL, to = "string" }, { from = "eu", to = "de" } },
  { "products:save", {
    sku = "string", type = "string", settings = SETTINGS, b2b = "boolean",
    assign_default = "boolean", children = { list = CHILD },
    options = { list = {
      name = "string", required = "boolean",
      selections = { list = with(CHILD, { own_qty = "boolean" }) },
    } }, ship_together = "boolean", in_stock = "boolean",
  }, { sku = "pen" } },
  { "products:list", { after = "number", limit = "number" }, {} },
  { "items:save", {
    sku = "string", source = "string", qty = "quantity", status = "string",
    notify_below = "inherit", expected = "quantity",
  }, { sku = "pen", qty = 1 } },
  { "items:get", ITEM_KEY, { sku = "pen" } },
  { "items:list", {
    sku = "string", source = "string", after = "number", limit = "number",
  }, {} },
  { "items:delete", ITEM_KEY, { sku = "pen" } },
  { "items:adjust", { id = "string", reason = "string", lines = { list = {
    sku = "string", source = "string", delta = "quantity", least = "quantity",
  } } }, { id = "x" } },
  { "settings:set", SHOP_SETTINGS, {} },
  { "places:import", { country = "string", file = "string", progress = "function" },
    { country = "DE", file = "/dev/null" } },
  { "places:find", { country = "string", postcode = "string", city = "string", region = "string" },
    { country = "DE", postcode = "80331" } },
}

-- name, what each of its arguments must be, in order.
_M.POSITIONAL = {
  { "salable_qty", { "string", "table" }, { "pen", { stock = 1 } } },
  { "is_salable", { "string", "table" }, { "pen", { stock = 1 } } },
  { "can_sell", { "string", "table", "quantity" }, { "pen", { stock = 1 }, 1 } },
  { "backorder_qty", { "string", "table", "quantity" }, { "pen", { stock = 1 }, 1 } },
  { "batch", { "table" }, { {} } },
  { "backup", { "string" }, { "/no/such/directory/x" } },
  { "sources:get", { "string" }, { "default" } },
  { "stocks:get", { "number" }, { 1 } },
  { "stocks:delete", { "number" }, { 99 } },
  { "stocks:resolve", { "channel" }, { "eu" } },
  { "channels:delete", { "channel" }, { "eu" } },
  { "products:get", { "string" }, { "pen" } },
  { "products:rename", { "string", "string" }, { "pen", "ink" } },
  { "products:delete", { "strings", "table" }, { "pen", { force = true } } },
  { "settings:get", { "setting" }, { "backorders" } },
  { "policies:activate", { "string" }, { "default" } },
  { "orders:get", { "string" }, { "o" } },
  { "holds:get", { "string" }, { "h" } },
  { "places:delete", { "string" }, { "DE" } },
}

-- Calls without an argument.
_M.BARE = { "verify", "info", "sources:single", "policies:list", "places:countries" }

-- Calls name on inv with the arguments.
function _M.call(inv, name, ...)
  local group, method = name:match("^(%a+):([%a_]+)$")
  if group then return inv[group][method](inv[group], ...) end
  return inv[name](inv, ...)
end

function _M.copy(value)
  if type(value) ~= "table" then return value end
  local twin = {}
  for key, inner in pairs(value) do twin[key] = _M.copy(inner) end
  return twin
end

return _M
