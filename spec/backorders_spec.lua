-- Backorders from end to end: what customers are told before they order, what waits, and how it is
-- served when goods arrive.

local helpers = require "helpers"
local kit = require "order_kit"
local quartermaster = require "quartermaster"

local all_pages, column, expect_error, expect_problems =
  helpers.all_pages, helpers.column, helpers.expect_error, helpers.expect_problems
local place, product, with_shop = kit.place, kit.product, kit.with_shop

-- 5 bikes in Munich, which may be ordered beyond that; where the spec says so, and by policy.
local function with_bikes(settings, fn, policy)
  with_shop(function(inv, stock)
    if policy then assert(inv.policies:activate(policy)) end
    product(inv, "bike", { muc = 5, ham = 0 }, settings)
    fn(inv, stock, { stock = stock })
  end)
end

local function asked(inv, where, qty)
  return { inv:backorder_qty("bike", where, qty) }
end

describe("backorder_qty", function()
  it("is what of a quantity is not there", function()
    with_bikes({ backorders = "allow" }, function(inv, _, where)
      assert.same({ 0, false }, asked(inv, where, 5))
      assert.same({ 1, false }, asked(inv, where, 6))
      assert.same({ 9995, false }, asked(inv, where, "10000"))
    end)
  end)

  it("says that customers are to be told, when some of it waits and backorders notify", function()
    with_bikes({ backorders = "notify" }, function(inv, _, where)
      assert.same({ 0, false }, asked(inv, where, 5))
      assert.same({ 2, true }, asked(inv, where, 7))
      assert.same({ 2, true }, asked(inv, { channel = "eu" }, 7))
    end)
  end)

  it("counts what others were promised before, waiting or not", function()
    with_bikes({ backorders = "notify" }, function(inv, stock, where)
      place(inv, "o-1", stock, { "bike", 4 })
      assert.same({ 2, true }, asked(inv, where, 3))
      place(inv, "o-2", stock, { "bike", 4 })
      assert.same({ 3, true }, asked(inv, where, 3))
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      assert.same({ 2, true }, asked(inv, where, 3))
    end)
  end)

  it("leaves out the allowance of a limit, and what may be sold at all to can_sell", function()
    with_bikes({ backorders = "notify", out_of_stock_threshold = -3 }, function(inv, _, where)
      assert.equal(8, inv:salable_qty("bike", where))
      assert.same({ 3, true }, asked(inv, where, 8))
      assert.same({ 4, true }, asked(inv, where, 9))
      expect_error("NOT_ENOUGH", inv:can_sell("bike", where, 9))
    end)
  end)

  for _, policy in ipairs{ "default", "magento" } do
    it("counts goods, not what a threshold keeps back, under policy " .. policy, function()
      with_bikes({ backorders = "allow", out_of_stock_threshold = 2, notify_below = 1 },
        function(inv, _, where)
          assert.equal(0, kit.position(inv, "bike", where.stock).floor)
          assert.same({ 1, false }, asked(inv, where, 6))
        end, policy)
    end)
  end

  it("is nothing without backorders, although the quantity is refused", function()
    with_bikes(nil, function(inv, _, where)
      assert.same({ 0, false }, asked(inv, where, 6))
      expect_error("NOT_ENOUGH", inv:can_sell("bike", where, 6))
    end)
  end)

  it("is nothing where stock is not managed", function()
    with_bikes({ backorders = "notify", manage_stock = false }, function(inv, _, where)
      assert.same({ 0, false }, asked(inv, where, 6))
    end)
  end)

  it("is nothing where no enabled source lists the product", function()
    with_bikes({ backorders = "notify" }, function(inv, _, where)
      assert.same({ 0, false }, asked(inv, { stock = 1 }, 6))
      for _, code in ipairs{ "muc", "ham" } do
        assert(inv.sources:save{ code = code, enabled = false })
      end
      assert.same({ 0, false }, asked(inv, where, 6))
    end)
  end)

  it("is exact to four decimals", function()
    with_bikes({ backorders = "allow", decimal_qty = true }, function(inv, _, where)
      assert(inv.items:save{ sku = "bike", source = "muc", qty = "0.3" })
      assert.same({ 0, false }, asked(inv, where, 0.1 + 0.2))
      assert.same({ 0.0001, false }, asked(inv, where, "0.3001"))
    end)
  end)

  it("is a string where the handle was opened so", function()
    helpers.with_inventory({ quantities = "string" }, function(inv)
      kit.furnish(inv)
      product(inv, "bike", { muc = 5 }, { backorders = "notify" })
      assert.same({ "1.5", true }, asked(inv, { channel = "eu" }, "6.5"))
    end)
  end)

  -- Several orders in a row in a random shop: what is asked beforehand is what place answers.
  it("is what place then records as waiting", function()
    with_bikes({ backorders = "allow" }, function(inv, stock, where)
      local seed = 7
      local function below(n)
        seed = (seed * 16807) % 2147483647
        return seed % n
      end
      for i = 1, 60 do
        local qty = 1 + below(6)
        local waiting = assert(inv:backorder_qty("bike", where, qty))
        local answer = place(inv, "o-" .. i, stock, { "bike", qty })
        assert.equal(waiting, answer.lines[1].backordered or 0)
        if below(3) == 0 then assert(inv:cancel{ id = "c-" .. i, order = "o-" .. i }) end
        if below(4) == 0 then
          assert(inv.items:adjust{ id = "a-" .. i,
            lines = { { sku = "bike", source = "ham", delta = below(9) } } })
        end
      end
    end)
  end)

  it("refuses an unknown product or stock, one made of others, and what is no quantity", function()
    with_bikes({ backorders = "allow" }, function(inv, _, where)
      assert(inv.products:save{ sku = "set", type = "bundle" })
      expect_problems({ "sku NOT_FOUND" }, inv:backorder_qty("kite", where, 1))
      expect_problems({ "sku UNSUPPORTED" }, inv:backorder_qty("set", where, 1))
      expect_problems({ "stock NOT_FOUND" }, inv:backorder_qty("bike", { stock = 99 }, 1))
      expect_problems({ "channel NOT_FOUND" }, inv:backorder_qty("bike", { channel = "x" }, 1))
      for _, qty in ipairs{ 0, -1, "1e3", 0.00001 } do
        expect_error("INVALID", inv:backorder_qty("bike", where, qty))
      end
    end)
  end)
end)

-- Each waiting line as "order.line sku qty/ordered".
local function waiting(inv, filter)
  local list = {}
  for i, row in ipairs((assert(inv:waiting(filter)))) do
    list[i] = ("%s.%d %s %s/%s"):format(row.order, row.line, row.sku, row.qty, row.ordered)
  end
  return list
end

describe("waiting", function()
  -- The stock EU with 5 bikes and no bells, the stock US of the far source with 1 bike; in turn
  -- o-1 waits for 1 of 6 bikes, o-2 for 2 bells and 2 bikes, o-3 for 2 of 3 bikes in the US.
  local function with_queue(fn)
    local now = 1000
    with_shop(function(inv, eu)
      local us = assert(inv.stocks:save{ name = "US", channels = { "us" },
        sources = { { code = "far", priority = 1 } } })
      product(inv, "bike", { muc = 5, far = 1 }, { backorders = "allow" })
      product(inv, "bell", { ham = 0 }, { backorders = "allow" })
      place(inv, "o-1", eu, { "bike", 6 })
      now = 2000
      place(inv, "o-2", eu, { "bell", 2 }, { "bike", 2 })
      place(inv, "o-3", us, { "bike", 3 })
      fn(inv, eu, us)
    end, { clock = function() return now end })
  end

  it("lists the lines that wait, oldest first", function()
    with_queue(function(inv, eu, us)
      local rows, cursor = assert(inv:waiting())
      assert.is_nil(cursor)
      assert.same({
        { order = "o-1", line = 1, sku = "bike", stock = eu, qty = 1, ordered = 6, time = 1000 },
        { order = "o-2", line = 1, sku = "bell", stock = eu, qty = 2, ordered = 2, time = 2000 },
        { order = "o-2", line = 2, sku = "bike", stock = eu, qty = 2, ordered = 2, time = 2000 },
        { order = "o-3", line = 1, sku = "bike", stock = us, qty = 2, ordered = 3, time = 2000 },
      }, rows)
    end)
  end)

  it("is of one product, one stock, one channel, or one product there on request", function()
    with_queue(function(inv, eu, us)
      place(inv, "o-4", eu, { "bike", 1 })
      local bikes = { "o-1.1 bike 1/6", "o-2.2 bike 2/2", "o-3.1 bike 2/3", "o-4.1 bike 1/1" }
      assert.same(bikes, waiting(inv, { sku = "bike" }))
      assert.same({ bikes[1], "o-2.1 bell 2/2", bikes[2], bikes[4] }, waiting(inv, { stock = eu }))
      assert.same({ bikes[3] }, waiting(inv, { channel = "us" }))
      assert.same({ bikes[1], bikes[2], bikes[4] }, waiting(inv, { sku = "bike", channel = "eu" }))
      assert.same({ bikes[3] }, waiting(inv, { sku = "bike", stock = us }))
      assert.same({}, waiting(inv, { sku = "bell", stock = us }))
      assert.same({}, waiting(inv, { sku = "kite" }))
    end)
  end)

  it("comes in pages of any size, with the same rows in the same order", function()
    with_queue(function(inv, eu)
      for i = 1, 7 do place(inv, "p-" .. i, eu, { "bike", 1 }, { "bell", 1 }) end
      for _, filter in ipairs{ {}, { sku = "bike" }, { stock = eu },
        { sku = "bell", stock = eu } } do
        local function list(page)
          return inv:waiting{ sku = filter.sku, stock = filter.stock, after = page.after,
            limit = page.limit }
        end
        local whole = assert(list{})
        for limit = 1, #whole + 1 do assert.same(whole, all_pages(list, limit)) end
        local _, cursor = list{ limit = #whole }
        assert.is_nil(cursor)
      end
    end)
  end)

  it("goes on where it was, although lines before the cursor stopped waiting", function()
    with_queue(function(inv, eu)
      local _, cursor = inv:waiting{ limit = 2 }
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      place(inv, "o-4", eu, { "bell", 1 })
      assert.same({ "o-3.1 bike 2/3", "o-4.1 bell 1/1" }, waiting(inv, { after = cursor }))
    end)
  end)

  it("shrinks when goods arrive, from its oldest end", function()
    with_queue(function(inv, eu)
      local function arrive(id, delta)
        assert(inv.items:adjust{ id = id,
          lines = { { sku = "bike", source = "ham", delta = delta } } })
      end
      arrive("a-1", 2)
      assert.same({ "o-2.2 bike 1/2" }, waiting(inv, { sku = "bike", stock = eu }))
      arrive("a-2", 5)
      assert.same({}, waiting(inv, { sku = "bike", stock = eu }))
      assert.equal(4, inv:salable_qty("bike", { stock = eu }))
    end)
  end)

  it("shrinks when a line that waits is cancelled or refunded", function()
    with_queue(function(inv)
      assert(inv:cancel{ id = "c-1", order = "o-3", lines = { { line = 1, qty = 1 } } })
      assert.same({ "o-3.1 bike 1/3" }, waiting(inv, { channel = "us" }))
      assert(inv:invoice{ id = "i-1", order = "o-2" })
      assert(inv:refund{ id = "r-1", order = "o-2", lines = { { sku = "bell", qty = 2 } } })
      assert.same({}, waiting(inv, { sku = "bell" }))
    end)
  end)

  it("adds up to what each product's position has as backordered", function()
    with_queue(function(inv, eu, us)
      for _, stock in ipairs{ eu, us } do
        local sums = { bike = 0, bell = 0 }
        for _, row in ipairs((inv:waiting{ stock = stock })) do
          sums[row.sku] = sums[row.sku] + row.qty
        end
        for sku, sum in pairs(sums) do
          assert.equal(sum, kit.position(inv, sku, stock).backordered)
        end
      end
    end)
  end)

  it("is empty in a shop where nothing waits", function()
    with_bikes(nil, function(inv, stock)
      place(inv, "o-1", stock, { "bike", 5 })
      assert.same({}, (assert(inv:waiting())))
    end)
  end)

  it("has a hundred rows by default, and at most a thousand", function()
    with_bikes({ backorders = "allow" }, function(inv, stock)
      local lines = {}
      for i = 1, 1001 do lines[i] = { sku = "bike", qty = 1 } end
      assert(inv:place{ id = "o-0", stock = stock, lines = lines })
      place(inv, "o-1", stock, { "bike", 6 })
      assert.equal(100, #inv:waiting())
      assert.equal(996, #inv:waiting{ limit = 996 })
      local rows, cursor = inv:waiting{ limit = 5000 }
      assert.same({ 997, "o-1" }, { #rows, rows[997].order })
      assert.is_nil(cursor)
      place(inv, "o-2", stock, { "bike", 4 }, { "bike", 4 }, { "bike", 4 }, { "bike", 4 })
      rows, cursor = inv:waiting{ limit = 5000 }
      assert.equal(1000, #rows)
      assert.same({ "o-2" }, column(inv:waiting{ after = cursor }, "order"))
    end)
  end)

  it("is refused for an unknown stock or channel, and takes no other keys", function()
    with_queue(function(inv)
      expect_problems({ "stock NOT_FOUND" }, inv:waiting{ stock = 99 })
      expect_problems({ "channel NOT_FOUND" }, inv:waiting{ channel = "nowhere" })
      expect_problems({ "stock INVALID" }, inv:waiting{ stock = 1, channel = "eu" })
      for _, wrong in ipairs{ { order = "o-1" }, { limit = 0 }, { after = "x" }, { sku = 1 } } do
        assert.has_error(function() inv:waiting(wrong) end)
      end
    end)
  end)
end)

describe("a backorder", function()
  it("without a limit is shipped when its goods arrive, the oldest first", function()
    with_bikes({ backorders = "allow" }, function(inv, stock, where)
      place(inv, "o-1", stock, { "bike", 7 })
      place(inv, "o-2", stock, { "bike", 3 })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc",
        lines = { { line = 1, qty = 5 } } })
      local plan = assert(inv:select{ order = "o-1" })
      assert.same({ { line = 1, sku = "bike", qty = 2 } }, plan.short)

      assert(inv.items:adjust{ id = "a-1",
        lines = { { sku = "bike", source = "ham", delta = 4 } } })
      assert.same({ "o-2.1 bike 1/3" }, waiting(inv))
      plan = assert(inv:select{ order = "o-1" })
      assert.is_true(plan.shippable)
      assert(inv:ship{ id = "s-2", order = "o-1", plan = plan })
      kit.expect_line(inv, "o-1", 1, { ordered = 7, delivered = 7 })

      assert(inv:ship{ id = "s-3", order = "o-2", source = "ham",
        lines = { { line = 1, qty = 2 } } })
      assert.same({ "o-2.1 bike 1/3" }, waiting(inv))
      assert.equal(-1, inv:salable_qty("bike", where))
      assert.same({ muc = 0, ham = 0 }, kit.quantities(inv, "bike"))
    end)
  end)

  it("with a limit may be ordered again as far as goods came", function()
    with_bikes({ backorders = "notify", out_of_stock_threshold = -2 }, function(inv, stock, where)
      place(inv, "o-1", stock, { "bike", 7 })
      expect_error("NOT_ENOUGH", inv:can_sell("bike", where, 1))
      assert(inv.items:save{ sku = "bike", source = "muc", qty = 6 })
      assert.same({ "o-1.1 bike 1/7" }, waiting(inv))
      assert.same({ 1, true }, asked(inv, where, 1))
      place(inv, "o-2", stock, { "bike", 1 })
      assert.same({ "o-1.1 bike 1/7", "o-2.1 bike 1/1" }, waiting(inv))
      expect_error("NOT_ENOUGH", inv:can_sell("bike", where, 1))
    end)
  end)

  it("that waits stays a promise when backorders are switched off", function()
    with_bikes({ backorders = "allow" }, function(inv, stock, where)
      place(inv, "o-1", stock, { "bike", 8 })
      assert(inv.products:save{ sku = "bike", settings = { backorders = quartermaster.inherit } })
      assert.equal(0, inv:salable_qty("bike", where))
      assert.same({ "o-1.1 bike 3/8" }, waiting(inv))
      assert(inv.items:save{ sku = "bike", source = "muc", qty = 8 })
      assert.same({}, waiting(inv))
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      assert.equal(0, kit.position(inv, "bike", stock).on_hand)
    end)
  end)
end)
