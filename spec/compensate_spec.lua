-- compensate_spec.lua: settling what does not fit in adopted reservations. A dry run shows it
-- first; each compensation is a row of its own, and none goes past what is left over.

local care = require "care_kit"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, product, refused = kit.with_shop, kit.product, kit.refused
local order, row, found = care.order, care.row, care.found

describe("compensate", function()
  local function shop(fn)
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 20 })
      assert(inv:adopt{ id = "a-1", orders = { order("less", { sku = "bike", qty = 5 }),
        order("more", { sku = "bike", qty = 5 }) }, reservations = { row("less", "bike", -2),
        row("more", "bike", -6), row("gone", "bike", -4) } })
      fn(inv, stock)
    end)
  end

  it("appends a row under the order and says what it was for", function()
    shop(function(inv, stock)
      local answer = assert(inv:compensate{ id = "k-1", lines = { row("less", "bike", -3),
        { order = "more", sku = "bike", channel = "eu", qty = 1 } } })
      assert.same({ id = "k-1", over_promised = {}, lines = {
        { order = "less", sku = "bike", stock = stock, qty = -3 },
        { order = "more", sku = "bike", stock = stock, qty = 1 } } }, answer)
      local rows = kit.rows_of(inv, "less")
      assert.same({ event = "manual_compensation", document = "less", order = "less", sku = "bike",
        stock = stock, reserved = -3, moved = 0, qty = 0, note = "k-1" }, rows[#rows])
      assert.same({ "gone bike 2 -4 unknown" }, found(inv))
      assert.equal(14, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("may settle a part, and the rest later", function()
    shop(function(inv)
      assert(inv:compensate{ id = "k-1",
        lines = { row("gone", "bike", 1), row("gone", "bike", 2) } })
      assert(inv:compensate{ id = "k-2", lines = { row("gone", "bike", 1) } })
      assert.same({ "less bike 2 3 open", "more bike 2 -1 open" }, found(inv))
    end)
  end)

  it("shows what it would do, and does exactly that", function()
    shop(function(inv)
      local before = kit.snapshot(inv)
      local request = { id = "k-1", dry_run = true, lines = { row("less", "bike", -3) } }
      local dry = assert(inv:compensate(request))
      assert.is_true(dry.dry_run)
      assert.same(before, kit.snapshot(inv))
      assert.same(dry, assert(inv:compensate(request)))
      request.dry_run, dry.dry_run = nil, nil
      assert.same(dry, assert(inv:compensate(request)))
    end)
  end)

  it("answers the same request again, and no other under its id", function()
    shop(function(inv)
      local request = { id = "k-1", lines = { row("less", "bike", -3) } }
      local first = assert(inv:compensate(request))
      local before = kit.snapshot(inv)
      local again = assert(inv:compensate(request))
      assert.is_true(again.replayed)
      again.replayed = nil
      assert.same(first, again)
      request.lines[1].qty = -2
      helpers.expect_error("CONFLICT", inv:compensate(request))
      request.lines[1].qty, request.lines[1].order = -3, "more"
      helpers.expect_error("CONFLICT", inv:compensate(request))
      assert.same(before, kit.snapshot(inv))
    end)
  end)

  it("says what is promised too much by now", function()
    shop(function(inv, stock)
      assert(inv.items:save{ sku = "bike", source = "muc", qty = 13 })
      local answer = assert(inv:compensate{ id = "k-1", lines = { row("less", "bike", -3) } })
      assert.same({ { sku = "bike", stock = stock, qty = 2 } }, answer.over_promised)
      assert.equal("2", helpers.ledger(inv, "oversold")[1].note)
    end)
  end)

  local TOO_MUCH = {
    { "of the wrong sign", row("less", "bike", 3), -3 },
    { "that goes too far", row("less", "bike", -3.5), -3 },
    { "that releases too much", row("more", "bike", 2), 1 },
    { "of what fits", row("less", "bell", -1), 0 },
    { "in another stock", { order = "less", sku = "bike", stock = 1, qty = -3 }, 0 },
  }
  for _, case in ipairs(TOO_MUCH) do
    it("is refused " .. case[1] .. ", unless it is forced", function()
      shop(function(inv)
        product(inv, "bell", { muc = 1 })
        local errors, message = refused(inv, "EXCEEDS", "compensate",
          { id = "k-1", lines = { case[2] } })
        assert.equal(("the reservations of %s for this order are settled by %d, %s were asked for")
          :format(case[2].sku, case[3], case[2].qty), message)
        assert.same({ "qty", "order", case[2].order, case[3] },
          { errors[1].field, "order", errors[1].order, errors[1].available })
        assert(inv:compensate{ id = "k-1", force = true, lines = { case[2] } })
      end)
    end)
  end

  it("is refused for a product made of others, forced or not", function()
    shop(function(inv)
      assert(inv.products:save{ sku = "set", type = "grouped", children = { "bike" } })
      for _, force in ipairs{ false, true } do
        helpers.expect_problems({ "1.sku UNSUPPORTED" },
          inv:compensate{ id = "k-1", force = force, lines = { row("less", "set", -1) } })
      end
      assert(inv.products:delete("set"))
    end)
  end)

  it("is refused with every problem there is", function()
    shop(function(inv, stock)
      local before = kit.snapshot(inv)
      helpers.expect_problems({ "1.order INVALID", "2.order NOT_FOUND", "3.sku NOT_FOUND",
        "4.qty INVALID", "5.qty INVALID", "6.stock INVALID", "7.stock NOT_FOUND", "8.sku INVALID",
        "9.qty INVALID", "11.qty EXCEEDS" }, inv:compensate{ id = "k-1", lines = {
        row(nil, "bike", 1), row("never", "bike", 1), row("less", "nothing", -1),
        row("less", "bike", 0), row("less", "bike", "x"),
        { order = "less", sku = "bike", qty = -1 },
        { order = "less", sku = "bike", qty = -1, stock = 99 }, row("less", "", -1),
        { order = "less", sku = "bike", stock = stock }, row("less", "bike", -3),
        row("more", "bike", 9) } })
      helpers.expect_problems({ "lines INVALID" }, inv:compensate{ id = "k-1", lines = {} })
      helpers.expect_problems({ "lines INVALID" }, inv:compensate{ id = "k-1" })
      helpers.expect_problems({ "id INVALID" }, inv:compensate{ lines = {} })
      assert.same(before, kit.snapshot(inv))
    end)
  end)
end)

-- Orders that have got anywhere, and reservations that mostly fit them.
local function random_shop(random)
  local orders, rows, left = {}, {}, {}
  for i = 1, 25 do
    local id, lines = "o-" .. i, {}
    for n = 1, random(3) do
      local sku, qty = random(2) == 1 and "bike" or "bell", random(9)
      local cancelled = random(4) == 1 and random(qty) or 0
      local shipped = random(2) == 1 and random(qty - cancelled + 1) - 1 or 0
      lines[n] = { sku = sku, qty = qty, cancelled = cancelled, shipped = shipped,
        invoiced = shipped }
      left[id .. sku] = (left[id .. sku] or 0) + qty - cancelled - shipped
      rows[#rows + 1] = row(id, sku, -qty)
      rows[#rows + 1] = row(id, sku, cancelled + shipped - (random(4) == 1 and 1 or 0)
        + (random(5) == 1 and 2 or 0))
    end
    if random(6) > 1 then orders[#orders + 1] = order(id, (table.unpack or unpack)(lines)) end
  end
  local kept = {}
  for _, one in ipairs(rows) do
    if random(10) > 1 then kept[#kept + 1] = one end
  end
  return orders, kept, left
end

-- What the list must say, worked out from the lists that were given.
local function expected_of(orders, rows, left)
  local sums = {}
  for _, one in ipairs(orders) do
    for _, sku in ipairs{ "bike", "bell" } do sums[one.id .. sku] = left[one.id .. sku] end
  end
  for _, one in ipairs(rows) do
    sums[one.order .. one.sku] = (sums[one.order .. one.sku] or 0) + one.qty
  end
  local list = {}
  for key, sum in pairs(sums) do
    if sum ~= 0 then list[#list + 1] = key .. " " .. sum end
  end
  table.sort(list)
  return list
end

describe("compensating all inconsistencies", function()
  it("leaves none, and reserves what is open", function()
    for seed = 1, 6 do
      with_shop(function(inv, stock)
        product(inv, "bike", { muc = 60 }, { backorders = "allow" })
        product(inv, "bell", { ham = 90 })
        local orders, rows, left = random_shop(care.new_random(seed))
        assert(inv:adopt{ id = "a-1", orders = orders, reservations = rows })
        local lines, list, open = {}, {}, { bike = 0, bell = 0 }
        for i, one in ipairs(kit.all(inv, "inconsistencies", { limit = 7 })) do
          lines[i] = { order = one.order, sku = one.sku, stock = one.stock, qty = -one.qty }
          list[i] = one.order .. one.sku .. " " .. one.qty
        end
        table.sort(list)
        assert.same(expected_of(orders, rows, left), list, "seed " .. seed)
        assert.is_true(#lines > 5)
        assert(inv:compensate{ id = "k-1", lines = lines, dry_run = true })
        assert(inv:compensate{ id = "k-1", lines = lines })
        assert.same({}, found(inv))
        for _, one in ipairs(orders) do
          for _, sku in ipairs{ "bike", "bell" } do
            open[sku] = open[sku] + (left[one.id .. sku] or 0)
          end
        end
        assert.same(open, { bike = kit.reserved(inv, "bike", stock),
          bell = kit.reserved(inv, "bell", stock) })
        for _, sku in ipairs{ "bike", "bell" } do
          assert.equal(0, kit.position(inv, sku, stock).adopted)
        end
      end)
    end
  end)
end)
