-- idempotent_spec.lua: a caller's id is answered once. Said again with the same content it gets the
-- first answer, with other content it is refused, whatever has become of the shop since.

local helpers = require "helpers"
local kit = require "order_kit"
local quartermaster = require "quartermaster"

local with_shop, product, place, refused = kit.with_shop, kit.product, kit.place, kit.refused

-- The shop that the requests below are for: o-1 has 5 bikes invoiced and 3 of them shipped.
local function prepare(inv, stock)
  product(inv, "bike", { muc = 20, ham = 20 })
  product(inv, "bell", { muc = 20 }, { decimal_qty = true, backorders = "allow" })
  place(inv, "o-1", stock, { "bike", 8 }, { "bell", 2 })
  place(inv, "o-2", stock, { "bike", 8 })
  assert(inv:allocate{ id = "a-0", order = "o-2",
    lines = { { line = 1, qty = 4, source = "ham" } } })
  assert(inv:invoice{ id = "i-0", order = "o-1", lines = { { line = 1, qty = 5 } } })
  assert(inv:ship{ id = "s-0", order = "o-1", lines = { { line = 1, qty = 3, source = "ham" } } })
  assert(inv:adopt{ id = "a-0",
    reservations = { { order = "gone", sku = "bell", stock = stock, qty = -2 } } })
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local new = {}
  for key, inner in pairs(value) do new[key] = copy(inner) end
  return new
end

-- For each call a request, and every way to make another request of it: { path of keys, value },
-- no value meaning that the key is left out.
local KINDS = {
  place = { { channel = "eu", customer_group = "retail",
    destination = { country = "DE", region = "BY", city = "M", postcode = "1", latitude = 1.5,
      longitude = 2.5 },
    lines = { { line = 1, sku = "bike", qty = 2 }, { line = 2, sku = "bell", qty = 25 } } }, {
    { "channel", { code = "eu", type = "shop" } }, { "channel", "base" }, { "channel" },
    { "customer_group", "wholesale" }, { "customer_group" }, { "destination" },
    { "destination country", "FR" }, { "destination region", "BE" }, { "destination city", "N" },
    { "destination postcode", "2" }, { "destination latitude", 1.25 },
    { "destination longitude", 2.25 }, { "destination latitude" }, { "destination longitude" },
    { "lines 1 line", 3 }, { "lines 1 sku", "bell" }, { "lines 1 sku", "BIKE" },
    { "lines 1 qty", 3 }, { "lines 2" }, { "lines 3", { sku = "bike", qty = 1 } }, { "lines", {} },
    { "stock", 2 } } },
  cancel = { { order = "o-1", lines = { { line = 1, sku = "bike", qty = 1 } } }, {
    { "order", "o-2" }, { "order" }, { "lines" }, { "lines 1 line", 2 }, { "lines 1 line" },
    { "lines 1 sku", "bell" }, { "lines 1 sku" }, { "lines 1 qty", 2 },
    { "lines 2", { line = 2, qty = 1 } } } },
  ship = { { order = "o-1", source = "muc", lines = { { line = 1, sku = "bike", qty = 1,
    source = "ham" } } }, {
    { "order", "o-2" }, { "source", "ham" }, { "source" }, { "lines" }, { "lines 1 line" },
    { "lines 1 sku" }, { "lines 1 qty", 2 }, { "lines 1 source", "muc" }, { "lines 1 source" },
    { "lines 2", { line = 2, qty = 1 } }, { "force", true } } },
  invoice = { { order = "o-1", lines = { { line = 1, sku = "bike", qty = 1, source = "ham" } } }, {
    { "order", "o-2" }, { "lines" }, { "lines 1 line" }, { "lines 1 sku" }, { "lines 1 qty", 2 },
    { "lines 1 source", "muc" }, { "lines 1 source" }, { "force", true } } },
  refund = { { order = "o-1", lines = { { line = 1, sku = "bike", qty = 3, write_off = true,
    return_to_stock = true, return_to = "muc" } } }, {
    { "order", "o-2" }, { "lines 1 line" }, { "lines 1 sku" }, { "lines 1 qty", 2 },
    { "lines 1 write_off", false }, { "lines 1 write_off" }, { "lines 1 return_to_stock" },
    { "lines 1 return_to", "ham" }, { "lines 1 return_to" }, { "force", true } } },
  allocate = { { order = "o-2", force = true, lines = { { line = 1, sku = "bike", qty = 2,
    source = "muc" } } }, {
    { "order", "o-1" }, { "force", false }, { "force" }, { "lines 1 line" }, { "lines 1 sku" },
    { "lines 1 qty", 3 }, { "lines 1 source", "ham" }, { "lines 1 source" },
    { "lines 2", { line = 1, qty = 1, source = "muc" } } } },
  reassign = { { order = "o-2", force = true, lines = { { line = 1, sku = "bike", qty = 2,
    from = "ham", to = "muc" } } }, {
    { "order", "o-1" }, { "force", false }, { "force" }, { "lines 1 line" }, { "lines 1 sku" },
    { "lines 1 qty", 3 }, { "lines 1 from", "muc" }, { "lines 1 from" }, { "lines 1 to", "ham" },
    { "lines 1 to" }, { "lines 2", { line = 1, qty = 1 } } } },
  return_goods = { { order = "o-1", lines = { { line = 1, sku = "bike", qty = 2, to = "muc" } } }, {
    { "order", "o-2" }, { "lines 1 line" }, { "lines 1 sku" }, { "lines 1 qty", 1 },
    { "lines 1 to", "ham" }, { "lines 1 to" } } },
  compensate = { { lines = { { order = "gone", sku = "bell", qty = 1, channel = "eu" } } }, {
    { "lines 1 order", "o-1" }, { "lines 1 sku", "bike" }, { "lines 1 qty", 2 },
    { "lines 1 channel", "base" }, { "lines 1 stock", 2 }, { "force", true }, { "dry_run", true },
    { "lines 2", { order = "gone", sku = "bell", qty = 1, channel = "eu" } } } },
  adopt = { { open = true, orders = { { id = "old", channel = "eu", lines = { { sku = "bike",
    qty = 9, line = 1, cancelled = 1, invoiced = 5, shipped = 2, refunded = 3, released = 2,
    returned = 1, source = "ham" }, { sku = "bell", qty = 1 } } } },
    reservations = { { sku = "bike", qty = -50, channel = "eu", note = "cart 7" },
    { sku = "lamp", qty = -1, stock = 1 } } }, {
    { "reservations 1 sku", "bell" }, { "reservations 1 qty", -51 }, { "reservations 1 note" },
    { "reservations 1 note", "" }, { "reservations 1 channel", "base" },
    { "reservations 1 channel", { code = "eu", type = "shop" } }, { "reservations 2 stock", 2 },
    { "reservations 2" }, { "reservations 1 order", "old" }, { "open" }, { "orders" },
    { "orders 1 id", "new" }, { "orders 1 channel", "base" }, { "orders 1 stock", 2 },
    { "orders 1 lines 1 sku", "bell" }, { "orders 1 lines 1 qty", 8 },
    { "orders 1 lines 1 line", 3 }, { "orders 1 lines 1 cancelled" },
    { "orders 1 lines 1 invoiced", 6 }, { "orders 1 lines 1 shipped", 3 },
    { "orders 1 lines 1 refunded", 2 }, { "orders 1 lines 1 released", 1 },
    { "orders 1 lines 1 released" }, { "orders 1 lines 1 returned", 2 },
    { "orders 1 lines 1 source", "muc" }, { "orders 1 lines 1 source" }, { "orders 1 lines 2" },
    { "orders 1 lines 3", { sku = "bike", qty = 1 } },
    { "orders 2", { id = "new", channel = "eu", lines = { { sku = "bike", qty = 1 } } } } } },
  adjust = { { reason = "count", lines = { { sku = "bike", source = "muc", delta = -2 } } }, {
    { "reason" }, { "reason", "damage" }, { "lines 1 sku", "bell" }, { "lines 1 source", "ham" },
    { "lines 1 source" }, { "lines 1 delta", 2 },
    { "lines 2", { sku = "bell", source = "muc", delta = 1 } } } },
}

local NAMES = {}
for name in pairs(KINDS) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

local function call(inv, name, request)
  if name == "adjust" then return inv.items:adjust(request) end
  return inv[name](inv, request)
end

local function request_of(name, id)
  local request = copy(KINDS[name][1])
  request.id = id or "x-1"
  return request
end

-- Another request: the value at the path is replaced or left out.
local function changed(name, change)
  local request = request_of(name)
  local at, last = request, nil
  for key in change[1]:gmatch("%S+") do
    key = tonumber(key) or key
    if last then at = at[last] end
    last = key
  end
  at[last] = copy(change[2])
  return request
end

local function show(value)
  if type(value) ~= "table" then return tostring(value) end
  return value.type and value.type .. " " .. value.code or value.sku or "something"
end

-- The world after the first answer: nothing of what it was made of is as it was.
local function turn_over(inv)
  assert(inv.policies:activate("magento"))
  assert(inv.settings:set{ manage_stock = false, min_sale_qty = 100 })
  assert(inv.sources:save{ code = "ham", enabled = false })
  local other = assert(inv.stocks:save{ name = "Other", channels = { "eu" } })
  assert(inv.stocks:link{ { stock = 2, source = "ber", priority = 1 } })
  assert(other ~= 2)
  for _, id in ipairs{ "o-1", "o-2" } do inv:cancel{ id = "turn " .. id, order = id } end
  assert(inv.items:delete{ { sku = "bike", source = "muc" }, { sku = "bike", source = "ham" } })
end

local function expect_replay(inv, name, first)
  local before = kit.snapshot(inv)
  local again = assert(call(inv, name, request_of(name)))
  assert.is_true(again.replayed)
  again.replayed = nil
  assert.same(first, again)
  assert.same(before, kit.snapshot(inv))
end

for _, name in ipairs(NAMES) do
  describe(name .. " with an id that was used", function()
    it("gives the first answer again and does nothing", function()
      with_shop(function(inv, stock)
        prepare(inv, stock)
        local first = assert(call(inv, name, request_of(name)))
        assert.is_nil(first.replayed)
        expect_replay(inv, name, first)
        expect_replay(inv, name, first)
      end)
    end)

    it("does so after the file was opened again", function()
      kit.with_path(function(path)
        local first
        helpers.with_inventory({ path = path }, function(inv)
          prepare(inv, kit.furnish(inv))
          first = assert(call(inv, name, request_of(name)))
        end)
        helpers.with_inventory({ path = path }, function(inv) expect_replay(inv, name, first) end)
      end)
    end)

    it("does so when the world has changed", function()
      with_shop(function(inv, stock)
        prepare(inv, stock)
        local first = assert(call(inv, name, request_of(name)))
        turn_over(inv)
        expect_replay(inv, name, first)
      end)
    end)

    for _, change in ipairs(KINDS[name][2]) do
      it(("refuses %s = %s"):format(change[1], show(change[2])), function()
        with_shop(function(inv, stock)
          prepare(inv, stock)
          assert(call(inv, name, request_of(name)))
          local before = kit.snapshot(inv)
          local detail, message = helpers.expect_error("CONFLICT",
            call(inv, name, changed(name, change)))
          assert.equal("x-1 was already used for another request", message)
          assert.same({ 1, "id" }, { #detail.errors, detail.errors[1].field })
          assert.same(before, kit.snapshot(inv))
        end)
      end)
    end

    it("looks at the id before anything else in the request", function()
      with_shop(function(inv, stock)
        prepare(inv, stock)
        assert(call(inv, name, request_of(name)))
        local request = request_of(name)
        local list = request.lines or request.reservations
        list[1].sku, list[1].qty, list[1].delta = "nothing", nil, nil
        helpers.expect_error("CONFLICT", call(inv, name, request))
      end)
    end)
  end)
end

describe("ids", function()
  it("are apart for each kind of document", function()
    with_shop(function(inv, stock)
      prepare(inv, stock)
      for i = #NAMES, 1, -1 do -- what leaves nothing to sell, the adopted promises, comes late
        assert.is_nil(assert(call(inv, NAMES[i], request_of(NAMES[i], "same"))).replayed)
      end
      for _, name in ipairs(NAMES) do
        assert.is_true(assert(call(inv, name, request_of(name, "same"))).replayed)
      end
    end)
  end)

  it("are compared byte by byte", function()
    with_shop(function(inv, stock)
      prepare(inv, stock)
      for _, id in ipairs{ "a", "A", "01", "1", "a " } do
        assert.is_nil(assert(inv:cancel{ id = id, order = "o-1",
          lines = { { line = 1, qty = "0.5" } } }).replayed)
      end
    end)
  end)

  it("of refused requests may be used again, for the same or another request", function()
    with_shop(function(inv, stock)
      prepare(inv, stock)
      for _, qty in ipairs{ 100, 101 } do
        refused(inv, "EXCEEDS", "cancel",
          { id = "c-1", order = "o-1", lines = { { line = 1, qty = qty } } })
        refused(inv, "NOT_ENOUGH", "place",
          { id = "o-3", stock = stock, lines = { { sku = "bike", qty = qty } } })
      end
      assert(inv.items:save{ sku = "bike", source = "muc", qty = 500 })
      assert.is_nil(place(inv, "o-3", stock, { "bike", 100 }).replayed)
    end)
  end)

  it("are remembered across handles", function()
    kit.with_path(function(path)
      helpers.with_inventory({ path = path }, function(inv)
        prepare(inv, kit.furnish(inv))
        local other = assert(quartermaster.open{ path = path })
        assert(inv:cancel(request_of("cancel")))
        local again = assert(other:cancel(request_of("cancel")))
        other:close()
        assert.is_true(again.replayed)
      end)
    end)
  end)
end)

describe("the same request", function()
  it("may write its quantities in another way", function()
    with_shop(function(inv, stock)
      prepare(inv, stock)
      for i, qty in ipairs{ 2, "2", "2.0000", 2.0 } do
        local answer = assert(inv:cancel{ id = "c-1", order = "o-1",
          lines = { { line = 1, qty = qty } } })
        assert.equal(i > 1 or nil, answer.replayed)
      end
    end)
  end)

  it("may come at another time", function()
    local now = 1000
    with_shop(function(inv, stock)
      prepare(inv, stock)
      assert(inv:cancel(request_of("cancel")))
      now = 2000
      assert.is_true(assert(inv:cancel(request_of("cancel"))).replayed)
    end, { clock = function() return now end })
  end)

  it("may come with a plan that differs in what is not shipped by", function()
    with_shop(function(inv, stock)
      prepare(inv, stock)
      local plan = assert(inv:select{ order = "o-1" })
      assert(inv:ship{ id = "s-1", order = "o-1", plan = plan })
      plan.why, plan.short, plan.shippable, plan.algorithm = nil, nil, nil, "mine"
      for _, pick in ipairs(plan.picks) do pick.qty_available = 0 end
      assert.is_true(assert(inv:ship{ id = "s-1", order = "o-1", plan = plan }).replayed)
      plan.picks[1].source = "ber"
      helpers.expect_error("CONFLICT", inv:ship{ id = "s-1", order = "o-1", plan = plan })
    end)
  end)
end)
