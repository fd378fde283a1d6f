-- Random shops: after every few random changes the engine and a model that adds everything up anew
-- must give the same answers, and the file must verify. A failure names the seed of its shop.

local helpers = require "helpers"
local children = require "children"
local quartermaster = require "quartermaster"
local shop_model = require "shop_model"

local UNIT = 10000
local SHOPS, STEPS, CHECK_EVERY, VERIFY_EVERY = 300, 40, 4, 20
local SOURCES = { "a", "b", "c", "d" }
local SKUS = { "p", "q", "r" }
local STOCKS = { 2, 3 }

local inherit = quartermaster.inherit

-- Values that settings take, `inherit` included; quantities are multiples of 1/10000.
local VALUES = {
  manage_stock = { true, false, true, inherit },
  backorders = { "no", "allow", "notify", "no", inherit },
  out_of_stock_threshold = { -6.5, -2, 0, 1.25, 4, inherit },
  out_of_stock_share = { 0, 0.1, 0.3333, 1, inherit },
  notify_below = { 0, 1.5, 3, inherit },
  min_sale_qty = { 0.5, 1, 2, inherit },
  max_sale_qty = { 0, 5, 10000, inherit },
  enable_qty_increments = { true, false, inherit },
  qty_increments = { 0, 0.25, 2, inherit },
  decimal_qty = { true, false, inherit },
}

local NAMES = {}
for name in pairs(VALUES) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

local function pick(shop, list) return list[shop.random(1, #list)] end

-- A quantity in units: mostly whole, sometimes with all four decimals, sometimes negative.
local function some_qty(shop)
  local kind = shop.random(1, 10)
  local qty = shop.random(0, 12) * UNIT
  if kind > 7 then qty = qty + shop.random(0, UNIT - 1) end
  return kind == 1 and -qty or qty
end

local function random_settings(shop)
  local changes = {}
  for _ = 1, shop.random(1, 3) do
    local name = pick(shop, NAMES)
    changes[name] = pick(shop, VALUES[name])
  end
  return changes
end

local STATUS = { [true] = "in_stock", [false] = "out_of_stock" }

-- ---- what may happen: each does the same to the engine and to the model ----

local function save_items(shop)
  local items = {}
  for i = 1, shop.random(1, 3) do
    local sku, source, qty = pick(shop, SKUS), pick(shop, SOURCES), some_qty(shop)
    local in_stock
    if shop.random(1, 4) == 1 then in_stock = shop.random(1, 2) == 1 end
    items[i] = { sku = sku, source = source, qty = qty / UNIT, status = STATUS[in_stock] }
    shop.model:put_item(sku, source, qty, in_stock)
  end
  assert(shop.inv.items:save(items, { force = true }))
end

local function adjust_items(shop)
  local lines = {}
  for i = 1, shop.random(1, 2) do
    local sku, source, delta = pick(shop, SKUS), pick(shop, SOURCES), some_qty(shop)
    local item = shop.model:item(sku, source)
    lines[i] = { sku = sku, source = source, delta = delta / UNIT }
    shop.model:put_item(sku, source, (item and item.qty or 0) + delta)
  end
  shop.ids = shop.ids + 1
  local request = { id = "adjust-" .. shop.ids, lines = lines }
  assert(shop.inv.items:adjust(request))
  if shop.random(1, 4) == 1 then assert(shop.inv.items:adjust(request).replayed) end
end

local function delete_item(shop)
  local sku, source = pick(shop, SKUS), pick(shop, SOURCES)
  local there = shop.model:item(sku, source) and 1 or 0
  assert(shop.inv.items:delete({ sku = sku, source = source }, { force = true }) == there)
  shop.model:remove_item(sku, source)
end

local function toggle_source(shop)
  local source = pick(shop, SOURCES)
  local enabled = not shop.model.enabled[source]
  assert(shop.inv.sources:save{ code = source, enabled = enabled, force = true })
  shop.model.enabled[source] = enabled
end

local function toggle_link(shop)
  local source, stock = pick(shop, SOURCES), pick(shop, STOCKS)
  local linked = shop.model.links[source]
  if linked[stock] then
    assert(shop.inv.stocks:unlink({ stock = stock, source = source }, { force = true }) == 1)
    linked[stock] = nil
    return
  end
  local link = { stock = stock, source = source, priority = shop.random(1, 9) }
  if next(linked) == nil or shop.shared then
    assert(shop.inv.stocks:link(link))
    linked[stock] = true
  end
end

local function change_settings(shop)
  local changes = random_settings(shop)
  if shop.random(1, 3) == 1 then
    assert(shop.inv.settings:set(changes))
    shop.model:set_shop(changes, inherit)
  else
    local sku = pick(shop, SKUS)
    assert(shop.inv.products:save{ sku = sku, settings = changes, assign_default = false })
    shop.model:set_own(sku, changes, inherit)
  end
end

local function switch_policy(shop)
  local policy = pick(shop, { "default", "magento" })
  assert(shop.inv.policies:activate(policy))
  shop.model.policy = policy
end

local function place_order(shop)
  local sku, stock, qty = pick(shop, SKUS), pick(shop, STOCKS), math.abs(some_qty(shop))
  if qty == 0 then return end
  shop.ids = shop.ids + 1
  local expected = shop.model:can_sell(sku, stock, qty)
  local answer, _, code = shop.inv:place{ id = "order-" .. shop.ids, stock = stock,
    lines = { { sku = sku, qty = qty / UNIT } } }
  assert((answer and "OK" or code) == expected, "place: " .. expected .. ", got " .. tostring(code))
  if not answer or not shop.model:setting(sku, "manage_stock") then return end
  shop.model:reserve(sku, stock, qty)
  shop.open[#shop.open + 1] = { id = "order-" .. shop.ids, sku = sku, stock = stock, qty = qty }
end

local function cancel_order(shop)
  if #shop.open == 0 then return end
  local order = table.remove(shop.open, shop.random(1, #shop.open))
  assert(shop.inv:cancel{ id = "cancel-" .. order.id, order = order.id })
  shop.model:reserve(order.sku, order.stock, -order.qty)
end

-- Commoner ones are listed several times.
local EVENTS = { save_items, save_items, save_items, adjust_items, adjust_items, delete_item,
  toggle_source, toggle_link, change_settings, change_settings, change_settings, switch_policy,
  place_order, place_order, place_order, cancel_order }

-- ---- comparing ----

local function compare(what, expected, got)
  if expected ~= got then
    error(("%s: the model says %s, the engine %s"):format(what, tostring(expected),
      tostring(got)), 0)
  end
end

local function check_product(shop, sku, stock, entry)
  local model, what = shop.model, sku .. " in " .. stock .. ": "
  local where = { stock = stock }
  local total = model:sum(sku, stock)
  local position = assert(shop.inv:position{ sku = sku, stock = stock })
  compare(what .. "on_hand", total.on_hand / UNIT, position.on_hand)
  compare(what .. "reserved", total.reserved / UNIT, position.reserved)
  compare(what .. "salable", model:salable_qty(sku, stock) / UNIT, entry.qty)
  compare(what .. "is_salable", model:is_salable(sku, stock), entry.salable)
  compare(what .. "salable_qty", entry.qty, shop.inv:salable_qty(sku, where))
  compare(what .. "position.salable", entry.qty, position.salable)
  local qty = math.abs(some_qty(shop)) + shop.random(1, 2)
  if shop.random(1, 2) == 1 then qty = math.max(1, model:salable_qty(sku, stock)) end
  local sold, _, code = shop.inv:can_sell(sku, where, qty / UNIT)
  compare(what .. "can_sell " .. qty / UNIT, model:can_sell(sku, stock, qty), sold and "OK" or code)
end

local function check(shop)
  for _, stock in ipairs(STOCKS) do
    local page = assert(shop.inv:salable{ stock = stock, skus = SKUS })
    for _, sku in ipairs(SKUS) do check_product(shop, sku, stock, page[sku]) end
  end
end

local function build(shop)
  for _, code in ipairs(SOURCES) do
    assert(shop.inv.sources:save(helpers.source(code)))
    shop.model.enabled[code], shop.model.links[code] = true, {}
  end
  for _, stock in ipairs(STOCKS) do
    assert(shop.inv.stocks:save{ id = stock, name = "Stock " .. stock })
  end
  for _, sku in ipairs(SKUS) do
    assert(shop.inv.products:save{ sku = sku, assign_default = false })
  end
  for _ = 1, 4 do toggle_link(shop) end
end

local function live(shop)
  build(shop)
  for step = 1, STEPS do
    pick(shop, EVENTS)(shop)
    if step % CHECK_EVERY == 0 then check(shop) end
    if step % VERIFY_EVERY == 0 then
      local report = assert(shop.inv:verify())
      local first = report.problems[1]
      assert(report.ok, first and "verify: " .. first.what)
    end
  end
end

local function run(from, to, shared)
  for seed = from, to do
    helpers.with_inventory({ shared_sources = shared }, function(inv)
      local shop = { inv = inv, model = shop_model.new(), random = children.random(seed), ids = 0,
        open = {}, shared = shared }
      local ok, problem = pcall(live, shop)
      if not ok then error(("the shop of seed %d: %s"):format(seed, tostring(problem)), 0) end
    end)
  end
end

describe("the engine and a model that adds everything up agree", function()
  it("in random shops whose stocks have sources of their own", function()
    run(1, SHOPS / 2)
  end)

  it("in random shops whose stocks share sources independently", function()
    run(SHOPS / 2 + 1, SHOPS, "independent")
  end)
end)
