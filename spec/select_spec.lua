-- select_spec.lua: proposals from where to ship, why each source won or lost, and shipping by them.

local core = require "quartermaster.core"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, product, place, refused = kit.with_shop, kit.product, kit.place, kit.refused

local function select(inv, request)
  return assert(inv:select(request))
end

local function pick(line, sku, source, take, available)
  return { line = line, sku = sku, source = source, qty_to_deduct = take,
    qty_available = available }
end

local function free(stock, ...)
  local lines = {}
  for i, line in ipairs{ ... } do lines[i] = { sku = line[1], qty = line[2] } end
  return { stock = stock, lines = lines }
end

describe("select by priority", function()
  it("drains the sources in order", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2, ham = 4, ber = 9 })
      local plan = select(inv, free(stock, { "bike", 5 }))
      assert.same({ pick(1, "bike", "muc", 2, 2), pick(1, "bike", "ham", 3, 4) }, plan.picks)
      assert.same({ true, "priority", 2 }, { plan.shippable, plan.algorithm, plan.shipments })
      assert.same({}, plan.short)
      assert.is_nil(plan.order)
    end)
  end)

  it("follows the stock's priorities, and the code where they are equal", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 1, ham = 1, ber = 1 })
      assert(inv.stocks:link{ { stock = stock, source = "ber", priority = 2 },
        { stock = stock, source = "muc", priority = 5 } })
      local order = {}
      for i, row in ipairs(select(inv, free(stock, { "bike", 3 })).picks) do
        order[i] = row.source
      end
      assert.same({ "ber", "ham", "muc" }, order)
    end)
  end)

  it("gives lines of one SKU the same goods once", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 3, ham = 3 })
      local plan = select(inv, free(stock, { "bike", 2 }, { "bike", 2 }))
      assert.same({ pick(1, "bike", "muc", 2, 3), pick(2, "bike", "muc", 1, 1),
        pick(2, "bike", "ham", 1, 3) }, plan.picks)
    end)
  end)

  it("counts a source once as a shipment, whatever it sends", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 3 })
      product(inv, "bell", { muc = 3 })
      assert.equal(1, select(inv, free(stock, { "bike", 2 }, { "bell", 2 })).shipments)
    end)
  end)

  it("says what is short, after giving what there is", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2, ham = 1 })
      product(inv, "bell", { muc = 5 })
      local plan = select(inv, free(stock, { "bike", 5 }, { "bell", 5 }))
      assert.is_false(plan.shippable)
      assert.same({ { line = 1, sku = "bike", qty = 2 } }, plan.short)
      assert.same(3, #plan.picks)
    end)
  end)

  it("finds nothing of a SKU nobody knows", function()
    with_shop(function(inv, stock)
      local plan = select(inv, free(stock, { "nothing", 1 }))
      assert.same({ false, 0, {} }, { plan.shippable, plan.shipments, plan.picks })
      assert.same({ { line = 1, sku = "nothing", qty = 1 } }, plan.short)
      for _, why in ipairs(plan.why) do assert.equal("no_item", why.rule) end
    end)
  end)

  it("keeps the caller's line numbers", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 1 })
      local plan = select(inv, { channel = "eu", lines = { { line = 70, sku = "bike", qty = 2 } } })
      assert.same({ 70, 70, 70 }, { plan.picks[1].line, plan.short[1].line, plan.why[1].line })
      assert(stock)
    end)
  end)

  it("changes nothing", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      place(inv, "o-1", stock, { "bike", 2 })
      local before = kit.snapshot(inv)
      select(inv, { order = "o-1" })
      select(inv, free(stock, { "bike", 9 }))
      assert.same(before, kit.snapshot(inv))
    end)
  end)
end)

describe("select for an order", function()
  it("is for its open goods", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      product(inv, "book", { muc = 5 }, nil, "virtual")
      product(inv, "sand", { muc = 5 }, { manage_stock = false })
      product(inv, "bell", { muc = 5, ham = 5 })
      assert(inv:place{ id = "o-1", stock = stock, lines = { { line = 5, sku = "bike", qty = 4 },
        { line = 6, sku = "book", qty = 1 }, { line = 7, sku = "sand", qty = 1 },
        { line = 8, sku = "bell", qty = 6 } } })
      assert(inv:cancel{ id = "c-1", order = "o-1", lines = { { line = 5, qty = 1 } } })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc",
        lines = { { line = 5, qty = 1 } } })
      local plan = select(inv, { order = "o-1" })
      assert.same({ pick(5, "bike", "muc", 2, 4), pick(8, "bell", "muc", 5, 5),
        pick(8, "bell", "ham", 1, 5), pick(7, "sand", "muc", 1, 1) }, plan.picks)
      assert.same({ "o-1", true, 2 }, { plan.order, plan.shippable, plan.shipments })
    end)
  end)

  it("takes what is not counted from where the first pick is from, and says why", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { ham = 5 })
      product(inv, "sand", { ber = 1 }, { manage_stock = false })
      place(inv, "o-1", stock, { "sand", 3 }, { "bike", 2 })
      local plan = select(inv, { order = "o-1" })
      assert.same({ pick(2, "bike", "ham", 2, 5), pick(1, "sand", "ham", 3, 3) }, plan.picks)
      assert.same({ true, 1, {} }, { plan.shippable, plan.shipments, plan.short })
      local why = plan.why[#plan.why]
      assert.same({ 1, "ham", true, "untracked" }, { why.line, why.source, why.used, why.rule })
      assert.is_true(#why.detail > 0)
      assert(inv:ship{ id = "s-1", order = "o-1", plan = plan })
      kit.expect_line(inv, "o-1", 1, { ordered = 3, delivered = 3 })
      assert.same({ ber = 1 }, kit.quantities(inv, "sand"))
    end)
  end)

  it("takes what is not counted from the stock's first source when nothing else is open", function()
    with_shop(function(inv, stock)
      product(inv, "sand", { ber = 1 }, { manage_stock = false })
      assert(inv.stocks:link{ { stock = stock, source = "ham", priority = 1 },
        { stock = stock, source = "muc", priority = 2 } })
      place(inv, "o-1", stock, { "sand", 3 }, { "sand", 4 })
      local plan = select(inv, { order = "o-1" })
      assert.same({ pick(1, "sand", "ham", 3, 3), pick(2, "sand", "ham", 4, 4) }, plan.picks)
      assert.same({ "untracked", "untracked" }, helpers.column(plan.why, "rule"))
      assert.same({ true, 1 }, { plan.shippable, plan.shipments })
    end)
  end)

  it("has nothing to say when nothing is open", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      place(inv, "o-1", stock, { "bike", 1 })
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      assert.same({ shippable = true, algorithm = "priority", order = "o-1", shipments = 0,
        picks = {}, sources = {}, short = {}, why = {} }, select(inv, { order = "o-1" }))
    end)
  end)

  it("is short of a product that was deleted, and takes no other one for it", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      product(inv, "bell", { muc = 5 })
      place(inv, "o-1", stock, { "bike", 1 }, { "bell", 2 })
      assert(inv.products:delete("bike", { force = true }))
      product(inv, "bike", { muc = 5 })
      local plan = select(inv, { order = "o-1" })
      assert.same({ pick(2, "bell", "muc", 2, 5) }, plan.picks)
      assert.same({ { line = 1, sku = "bike", qty = 1 } }, plan.short)
      assert.same({ 1, "muc", "no_item", false }, { plan.why[1].line, plan.why[1].source,
        plan.why[1].rule, plan.why[1].used })
      assert.is_false(plan.shippable)
    end)
  end)

  it("uses the order's own stock, whatever its channel is now", function()
    with_shop(function(inv)
      product(inv, "bike", { muc = 5 })
      assert(inv:place{ id = "o-1", channel = "eu", lines = { { sku = "bike", qty = 1 } } })
      assert(inv.stocks:save{ name = "Other", channels = { "eu" } })
      assert.equal("muc", select(inv, { order = "o-1" }).picks[1].source)
    end)
  end)

  it("returns quantities as the shop wants them", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = "5.5" })
      place(inv, "o-1", stock, { "bike", 2 })
      assert.same({ pick(1, "bike", "muc", "2", "5.5") }, select(inv, { order = "o-1" }).picks)
    end, { quantities = "string" })
  end)
end)

describe("select with sources", function()
  it("takes them in that order and no others", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5, ham = 2, ber = 2 })
      local request = free(stock, { "bike", 5 })
      request.sources = { "ber", "ham" }
      local plan = select(inv, request)
      assert.same({ pick(1, "bike", "ber", 2, 2), pick(1, "bike", "ham", 2, 2) }, plan.picks)
      assert.same({ { line = 1, sku = "bike", qty = 1 } }, plan.short)
      assert.same({ "ber", "ham", "muc" },
        { plan.why[1].source, plan.why[2].source, plan.why[3].source })
      assert.equal("not_named", plan.why[3].rule)
    end)
  end)

  it("refuses one that is not of the stock", function()
    with_shop(function(inv, stock)
      for _, code in ipairs{ "far", "nowhere" } do
        local request = free(stock, { "bike", 1 })
        request.sources = { "muc", code }
        local detail, message = helpers.expect_error("NOT_FOUND", inv:select(request))
        assert.equal("source " .. code .. " does not belong to this stock", message)
        assert.equal("sources", detail.errors[1].field)
      end
    end)
  end)
end)

describe("select with rows = \"all\"", function()
  it("lists the candidates of which nothing is taken as well", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 0, ham = 4, ber = 2 })
      local request = free(stock, { "bike", 1 })
      request.rows = "all"
      local plan = select(inv, request)
      assert.same({ pick(1, "bike", "muc", 0, 0), pick(1, "bike", "ham", 1, 4),
        pick(1, "bike", "ber", 0, 2) }, plan.picks)
      assert.same({ true, 1 }, { plan.shippable, plan.shipments })
    end)
  end)

  it("gives a plan to ship by, too", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 0, ham = 4, ber = 2 })
      place(inv, "o-1", stock, { "bike", 3 })
      local plan = select(inv, { order = "o-1", rows = "all" })
      assert.equal(3, #plan.picks)
      local answer = assert(inv:ship{ id = "s-1", order = "o-1", plan = plan })
      assert.same({ { line = 1, sku = "bike", qty = 3, source = "ham" } }, answer.lines)
    end)
  end)
end)

describe("select with availability = \"physical\"", function()
  it("is the same while nothing is allocated", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2, ham = 4 })
      local request = free(stock, { "bike", 5 })
      local residual = select(inv, request)
      request.availability = "physical"
      assert.same(residual, select(inv, request))
      request.availability = "residual"
      assert.same(residual, select(inv, request))
    end)
  end)

  it("counts units that are allocated to others", function()
    kit.with_path(function(path)
      local request
      helpers.with_inventory({ path = path }, function(inv)
        request = free(kit.furnish(inv), { "bike", 4 })
        product(inv, "bike", { muc = 5 })
      end)
      kit.tamper(path, "UPDATE item SET allocated = 30000 WHERE qty = 50000")
      helpers.with_inventory({ path = path }, function(inv)
        assert.same({ pick(1, "bike", "muc", 2, 2) }, select(inv, request).picks)
        request.availability = "physical"
        assert.same({ pick(1, "bike", "muc", 4, 5) }, select(inv, request).picks)
      end)
    end)
  end)
end)

describe("why", function()
  it("explains every line and source, by one rule each", function()
    with_shop(function(inv, stock)
      for i = 1, 4 do
        assert(inv.sources:save{ code = "s" .. i, name = "S" .. i, country = "DE",
          postcode = "1" })
        assert(inv.stocks:link{ { stock = stock, source = "s" .. i, priority = i + 10 } })
      end
      assert(inv.sources:save{ code = "s1", enabled = false })
      product(inv, "bike", { muc = 0, ham = 3, ber = 3, s1 = 9 })
      assert(inv.items:save{ sku = "bike", source = "s2", qty = 9, status = "out_of_stock" })
      assert(inv.items:save{ sku = "bike", source = "s4", qty = -2 })
      local plan = select(inv, free(stock, { "bike", 2 }, { "bike", 2 }))
      local seen = {}
      for i, why in ipairs(plan.why) do
        seen[i] = ("%d %s %s %s"):format(why.line, why.source, why.rule, tostring(why.used))
        assert.is_true(type(why.detail) == "string" and #why.detail > 10)
      end
      assert.same({
        "1 muc empty false", "1 ham priority true", "1 ber filled false", "1 s1 disabled false",
        "1 s2 out_of_stock false", "1 s3 no_item false", "1 s4 empty false",
        "2 muc empty false", "2 ham priority true", "2 ber priority true", "2 s1 disabled false",
        "2 s2 out_of_stock false", "2 s3 no_item false", "2 s4 empty false",
      }, seen)
    end)
  end)
end)

describe("shipping by a plan", function()
  local function planned(fn)
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2, ham = 4 })
      product(inv, "bell", { ham = 4 })
      place(inv, "o-1", stock, { "bike", 5 }, { "bell", 2 })
      fn(inv, select(inv, { order = "o-1" }), stock)
    end)
  end

  it("takes what the plan says, in one document", function()
    planned(function(inv, plan)
      local answer = assert(inv:ship{ id = "s-1", order = "o-1", plan = plan })
      assert.same({ { line = 1, sku = "bike", qty = 2, source = "muc" },
        { line = 1, sku = "bike", qty = 3, source = "ham" },
        { line = 2, sku = "bell", qty = 2, source = "ham" } }, answer.lines)
      assert.same({ muc = 0, ham = 1 }, kit.quantities(inv, "bike"))
      assert.same({}, select(inv, { order = "o-1" }).picks)
    end)
  end)

  it("ships the part that a short plan has", function()
    planned(function(inv)
      assert(inv.items:save{ sku = "bike", source = "ham", qty = 1 })
      local plan = select(inv, { order = "o-1" })
      assert.is_false(plan.shippable)
      assert(inv:ship{ id = "s-1", order = "o-1", plan = plan })
      kit.expect_line(inv, "o-1", 1, { ordered = 5, delivered = 3, open = 2 })
    end)
  end)

  local STALE = {
    { "goods have left the source", function(inv)
      assert(inv.items:save{ sku = "bike", source = "ham", qty = 1 })
    end, "NOT_ENOUGH", "that source has 1 of bike, 3 were asked for" },
    { "units were cancelled", function(inv)
      assert(inv:cancel{ id = "c-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
    end, "EXCEEDS", "2 of bike are still to ship, 3 were asked for" },
    { "it was shipped by before", function(inv, plan)
      assert(inv:ship{ id = "s-0", order = "o-1", plan = plan })
    end, "EXCEEDS", "0 of bike are still to ship, 2 were asked for" },
    { "the item was removed", function(inv)
      assert(inv.items:delete({ sku = "bell", source = "ham" }, { force = true }))
    end, "NOT_FOUND", "there is no source item of bell at that source" },
  }
  for _, case in ipairs(STALE) do
    it("is refused when " .. case[1] .. ", and changes nothing", function()
      planned(function(inv, plan)
        case[2](inv, plan)
        local _, message = refused(inv, case[3], "ship", { id = "s-1", order = "o-1", plan = plan })
        assert.equal(case[4], message)
      end)
    end)
  end

  local BROKEN = {
    { "an empty list of picks", {}, "INVALID", "the list is empty" },
    { "a line that is not there", { pick(9, "bike", "muc", 1) }, "INVALID",
      "the plan picks for a line that the order does not have" },
    { "a SKU that is another line's", { pick(2, "bike", "ham", 1) }, "NOT_FOUND",
      "the order has no such line" },
    { "more than the line needs", { pick(1, "bike", "muc", 2), pick(1, "bike", "ham", 4) },
      "EXCEEDS", "3 of bike are still to ship, 4 were asked for" },
    { "more than the source has", { pick(1, "bike", "muc", 3) }, "NOT_ENOUGH",
      "that source has 2 of bike, 3 were asked for" },
    { "more than the source has in two picks",
      { pick(1, "bike", "muc", 2), pick(1, "bike", "muc", 1) }, "NOT_ENOUGH",
      "that source has 0 of bike, 1 were asked for" },
    { "a source nobody knows", { pick(1, "bike", "x", 1) }, "NOT_FOUND", "there is no source x" },
    { "a source without the product", { pick(2, "bell", "muc", 1) }, "NOT_FOUND",
      "there is no source item of bell at that source" },
    { "no source", { pick(1, "bike", nil, 1) }, "INVALID",
      "name the source bike is shipped from, or ship by a plan" },
    { "a negative quantity", { pick(1, "bike", "muc", -1) }, "INVALID",
      "the quantity may not be negative" },
    { "no quantity", { pick(1, "bike", "muc") }, "INVALID", "a quantity is needed" },
    { "five decimals", { pick(1, "bike", "muc", 0.00001) }, "INVALID",
      "this is not a quantity: at most four decimals, no other signs" },
  }
  for _, case in ipairs(BROKEN) do
    it("made by hand with " .. case[1] .. " is refused", function()
      planned(function(inv)
        local _, message = refused(inv, case[3], "ship",
          { id = "s-1", order = "o-1", plan = { picks = case[2] } })
        assert.equal(case[4], message)
      end)
    end)
  end

  it("that has no picks at all is refused, not taken as everything", function()
    with_shop(function(inv)
      product(inv, "lamp", { default = 5 })
      place(inv, "o-1", 1, { "lamp", 2 })
      local before = kit.snapshot(inv)
      local ok, answer = pcall(inv.ship, inv, { id = "s-1", order = "o-1", plan = {} })
      assert.is_true(not ok or answer == nil, "a plan without picks has shipped the order")
      assert.same(before, kit.snapshot(inv))
    end)
  end)

  it("may not come with lines", function()
    planned(function(inv, plan)
      assert.has_error(function()
        inv:ship{ id = "s-1", order = "o-1", plan = plan, lines = { { line = 1, qty = 1 } } }
      end)
    end)
  end)
end)

describe("select refuses", function()
  local function lines(qty) return { { sku = "bike", qty = qty } } end
  for what, case in pairs{
    ["an unknown order"] = { { order = "o-9" }, "NOT_FOUND" },
    ["an unknown stock"] = { { stock = 99, lines = lines(1) }, "NOT_FOUND" },
    ["an unknown channel"] = { { channel = "us", lines = lines(1) }, "NOT_FOUND" },
    ["neither stock nor channel"] = { { lines = lines(1) }, "INVALID" },
    ["stock and channel"] = { { stock = 2, channel = "eu", lines = lines(1) }, "INVALID" },
    ["an empty list"] = { { stock = 2, lines = {} }, "INVALID" },
    ["a line without a SKU"] = { { stock = 2, lines = { { qty = 1 } } }, "INVALID" },
    ["a line without a quantity"] = { { stock = 2, lines = { { sku = "bike" } } }, "INVALID" },
    ["a negative quantity"] = { { stock = 2, lines = lines(-1) }, "INVALID" },
    ["a fifth decimal"] = { { stock = 2, lines = lines("0.00001") }, "INVALID" },
    ["a quantity beyond the bound"] = { { stock = 2, lines = lines(2e11) }, "LIMIT" },
    ["an unknown algorithm"] = { { stock = 2, lines = lines(1), algorithm = "x" }, "NOT_FOUND" },
  } do
    it(what, function()
      with_shop(function(inv)
        product(inv, "bike", { muc = 5 })
        helpers.expect_error(case[2], inv:select(case[1]))
      end)
    end)
  end

  it("more lines than the limit", function()
    with_shop(function(inv, stock)
      local request = { stock = stock, lines = {} }
      for i = 1, core.limits.lines + 1 do request.lines[i] = { sku = "bike", qty = 1 } end
      helpers.expect_error("LIMIT", inv:select(request))
    end)
  end)
end)

describe("misuse of select raises:", function()
  for what, request in pairs{
    ["an order and lines"] = { order = "o-1", lines = {} },
    ["an unknown key"] = { order = "o-1", speed = 1 },
    ["an unknown key of a line"] = { stock = 2, lines = { { sku = "bike", qty = 1, price = 1 } } },
    ["no lines"] = { stock = 2 },
    ["another availability"] = { stock = 2, lines = { { sku = "bike", qty = 1 } },
      availability = "some" },
    ["other rows"] = { stock = 2, lines = { { sku = "bike", qty = 1 } }, rows = "few" },
    ["a line that is no table"] = { stock = 2, lines = { "bike" } },
    ["no table"] = "o-1",
  } do
    it(what, function()
      with_shop(function(inv, stock)
        product(inv, "bike", { muc = 5 })
        place(inv, "o-1", stock, { "bike", 1 })
        assert.has_error(function() inv:select(request) end)
      end)
    end)
  end
end)
