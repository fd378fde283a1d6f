-- orders_walk_spec.lua: random walks over everything that can happen to orders, held after each
-- step against the naive model. A failure names the seed; QM_SEED=<seed> walks that one alone.

local kit = require "order_kit"
local model = require "order_model"

local STEPS, SEEDS = 400, 5

local PRODUCTS = {
  { "bike", {}, "simple" },
  { "bell", { backorders = "allow" }, "simple" },
  { "book", { backorders = "allow" }, "virtual" },
  { "card", { manage_stock = false }, "virtual" },
  { "sand", { manage_stock = false }, "simple" },
  { "tent", { reserve_stock = false }, "simple" },
}
local QUANTITIES = { 1, 2, 3, 4, 5, 0.5, 1.5, 0.0001 }
local SOURCES = { "muc", "ham", "ber", "far" }
local OFTEN = { "muc", "muc", "muc", "ham", "ham", "ham", "ber", "ber", "far" }
local COUNTERS = { "ordered", "cancelled", "invoiced", "delivered", "refunded", "released",
  "returned", "backordered" }

-- The same numbers on every host.
local function new_random(seed)
  local state = seed % 2147483646 + 1
  return function(n)
    state = state * 16807 % 2147483647
    return math.floor(state / 2147483647 * n) + 1
  end
end

-- ---- what to do next ----

local function pick(walk, list)
  return list[walk.random(#list)]
end

-- Multiples of 1/10000 as decimal text, so that neither side adds noise; the model counts in units.
local function units(qty)
  return math.floor(qty * 10000 + 0.5)
end

-- The lines of an order that may have the event now.
local function candidates(order, kind)
  local list = {}
  for number, line in ipairs(order.lines) do
    if model.limit(kind, line) > 0 then list[#list + 1] = number end
  end
  return list
end

-- Mostly what the model allows, now and then anything.
local function line_and_quantity(walk, kind, order, row)
  local list = candidates(order, kind)
  row.qty = pick(walk, QUANTITIES)
  local number = walk.random(4)
  if #list > 0 and walk.random(8) > 1 then number = pick(walk, list) end
  local line = order.lines[number]
  if line and walk.random(8) > 1 then
    local limit = model.limit(kind, line, row) / 10000
    if limit > 0 then row.qty = math.min(row.qty, limit) end
  end
  row.line = number
  if line and walk.random(4) == 1 then row.line, row.sku = nil, line.sku end
  return row
end

local function any_line(walk, kind, order)
  local row = {}
  if kind == "reassign" then
    if walk.random(3) == 1 then row.from = pick(walk, OFTEN) end
    if walk.random(3) > 1 then row.to = pick(walk, OFTEN) end
  end
  line_and_quantity(walk, kind, order, row)
  if kind == "allocate" then
    row.source = pick(walk, OFTEN)
  elseif kind == "ship" and walk.random(20) > 1 or kind == "invoice" and walk.random(3) == 1 then
    row.source = pick(walk, OFTEN)
  elseif kind == "refund" then
    if walk.random(2) == 1 then row.return_to_stock = true end
    if walk.random(5) == 1 then row.return_to = pick(walk, SOURCES) end
    if walk.random(3) == 1 then row.write_off = walk.random(2) == 1 end
  elseif kind == "return_goods" and walk.random(3) == 1 then
    row.to = pick(walk, SOURCES)
  end
  return row
end

local KINDS = { "place", "place", "cancel", "invoice", "invoice", "ship", "ship", "ship", "refund",
  "refund", "refund", "return_goods", "return_goods", "adjust", "allocate", "allocate", "allocate",
  "reassign", "reassign" }

-- These may take what is promised to others: that rule has specs of its own.
local FORCED = { ship = true, invoice = true, refund = true, allocate = true, reassign = true }

-- What may be said of a whole order.
local WHOLE = { cancel = true, invoice = true, ship = true }

-- One of the newest orders, if possible one that may have the event.
local function any_order(walk, kind)
  local orders, order = walk.shop.orders, nil
  for _ = 1, 5 do
    order = orders[math.max(1, #orders + 1 - walk.random(6))]
    if #candidates(order, kind) > 0 then break end
  end
  return order
end

local function next_request(walk)
  local kind = pick(walk, KINDS)
  local request = { id = "d-" .. walk.step }
  if kind == "place" or #walk.shop.orders == 0 then
    request.id, request.stock, request.lines = "o-" .. walk.step, walk.stock, {}
    for i = 1, walk.random(3) do
      request.lines[i] = { sku = pick(walk, PRODUCTS)[1], qty = pick(walk, QUANTITIES) }
    end
    return "place", request
  end
  if kind == "adjust" then
    request.lines = { { sku = pick(walk, PRODUCTS)[1], source = pick(walk, SOURCES),
      delta = pick(walk, QUANTITIES) * pick(walk, { 2, 2, -1 }) } }
    return kind, request
  end
  local order = any_order(walk, kind)
  request.order, request.force = order.id, FORCED[kind]
  if walk.random(15) == 1 and WHOLE[kind] then
    if kind == "ship" then request.source = pick(walk, OFTEN) end
    return kind, request
  end
  request.lines = {}
  for i = 1, pick(walk, { 1, 1, 2 }) do request.lines[i] = any_line(walk, kind, order) end
  return kind, request
end

-- ---- comparing ----

local function model_request(request)
  local new = {}
  for key, value in pairs(request) do new[key] = value end
  if not request.lines then return new end
  new.lines = {}
  for i, line in ipairs(request.lines) do
    new.lines[i] = {}
    for key, value in pairs(line) do
      local quantity = key == "qty" or key == "delta"
      new.lines[i][key] = quantity and units(value) or value
    end
  end
  return new
end

local function compare(what, expected, found)
  if expected ~= found then
    error(("%s is %s, should be %s"):format(what, tostring(found), tostring(expected)), 0)
  end
end

local function compare_order(inv, order)
  local found = assert(inv.orders:get(order.id)).lines
  compare("lines of " .. order.id, #order.lines, #found)
  for i, line in ipairs(order.lines) do
    local where = order.id .. " line " .. i .. " (" .. line.sku .. "): "
    compare(where .. "allocated", model.allocated(line), units(found[i].allocated))
    compare(where .. "sources allocated at", #line.allocations, #found[i].allocations)
    for _, at in ipairs(found[i].allocations) do
      compare(where .. "allocated at " .. at.source, model.allocated(line, at.source),
        units(at.qty))
    end
    compare(where .. "open", model.open(line), units(found[i].open))
    for _, name in ipairs(COUNTERS) do
      compare(where .. name, line[name], units(found[i][name]))
    end
  end
end

local function compare_product(walk, sku)
  local inv, shop = walk.inv, walk.shop
  local position = kit.position(inv, sku, walk.stock)
  compare("reserved of " .. sku, model.reserved(shop, sku), units(position.reserved))
  compare("salable quantity of " .. sku, model.salable(shop, sku),
    units(assert(inv:salable_qty(sku, { stock = walk.stock }))))
  for _, at in ipairs(position.sources) do
    compare(sku .. " allocated at " .. at.source, model.allocated_at(shop, sku, at.source),
      units(at.allocated))
  end
  local found = kit.quantities(inv, sku)
  for _, source in ipairs(SOURCES) do
    compare(sku .. " at " .. source, shop.items[sku][source],
      found[source] and units(found[source]))
  end
end

-- Only the newest orders still change, but for what becomes firm.
local function compare_all(walk)
  for i = math.max(1, #walk.shop.orders - 12), #walk.shop.orders do
    compare_order(walk.inv, walk.shop.orders[i])
  end
  for _, product in ipairs(PRODUCTS) do compare_product(walk, product[1]) end
end

-- ---- walking ----

local function call(inv, kind, request)
  if kind == "adjust" then return inv.items:adjust(request) end
  return inv[kind](inv, request)
end

local function refused_for(detail, code)
  for _, problem in ipairs(detail.errors) do
    if problem.code == code then return true end
  end
  return false
end

local function take_step(walk)
  local kind, request = next_request(walk)
  walk.doing = kind
  local shop, code = model.apply(walk.shop, kind, model_request(request))
  local answer, message, got, detail = call(walk.inv, kind, request)
  if shop then
    if not answer then error("refused: " .. message, 0) end
    walk.shop = shop
    if walk.random(10) == 1 then
      compare("replayed", true, assert(call(walk.inv, kind, request)).replayed)
    end
  elseif answer then
    error("accepted instead of " .. code, 0)
  elseif not refused_for(detail, code) then
    error(("refused with %s instead of %s: %s"):format(got, code, message), 0)
  end
  walk.done = walk.done + (shop and 1 or 0)
  compare_all(walk)
end

local function furnish(inv, policy)
  local products, items = {}, {}
  local stock = kit.furnish(inv)
  assert(inv.policies:activate(policy))
  assert(inv.settings:set{ decimal_qty = true, min_sale_qty = 0 })
  for _, product in ipairs(PRODUCTS) do
    local sku, settings, kind = product[1], product[2], product[3]
    kit.product(inv, sku, { muc = 6, ham = 9, ber = 3 }, settings, kind)
    products[sku] = { virtual = kind == "virtual", managed = settings.manage_stock ~= false,
      reserves = settings.reserve_stock ~= false, unlimited = settings.backorders ~= nil }
    items[sku] = { muc = 60000, ham = 90000, ber = 30000 }
  end
  return stock, model.new(policy, products, items)
end

local function walk_along(inv, policy, seed)
  local walk = { inv = inv, random = new_random(seed), done = 0 }
  walk.stock, walk.shop = furnish(inv, policy)
  for step = 1, STEPS do
    walk.step = step
    local ok, problem = pcall(take_step, walk)
    if not ok then
      error(("QM_SEED=%d, policy %s, step %d, %s: %s"):format(seed, policy, step,
        tostring(walk.doing), tostring(problem)), 0)
    end
  end
  for _, order in ipairs(walk.shop.orders) do compare_order(inv, order) end
  assert.same({}, assert(inv:verify()).problems)
  return walk.done
end

describe("a random walk over orders", function()
  for _, policy in ipairs{ "default", "magento" } do
    it("does what the model does, under policy " .. policy, function()
      local only = tonumber(os.getenv("QM_SEED") or "")
      for seed = only or 1, only or SEEDS do
        require("helpers").with_inventory({}, function(inv)
          local done = walk_along(inv, policy, seed)
          assert.is_true(done > STEPS / 2, "too little was accepted to mean anything")
        end)
      end
    end)
  end
end)
