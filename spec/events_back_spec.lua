-- events_back_spec.lua: refunds, goods that come back, and promises that become firm.

local kit = require "order_kit"

local with_shop, product, place, refused = kit.with_shop, kit.product, kit.place, kit.refused
local expect_line, reserved, quantities = kit.expect_line, kit.reserved, kit.quantities

local function ship(inv, id, source, qty)
  assert(inv:ship{ id = id, order = "o-1", lines = { { line = 1, qty = qty, source = source } } })
end

local function refund(inv, id, line)
  line.line = 1
  return assert(inv:refund{ id = id, order = "o-1", lines = { line } })
end

-- An order of 5 of muc 10, invoiced: 3 of them shipped.
local function invoiced(policy, fn)
  with_shop(function(inv, stock)
    assert(inv.policies:activate(policy))
    product(inv, "bike", { muc = 10 })
    place(inv, "o-1", stock, { "bike", 5 })
    assert(inv:invoice{ id = "i-1", order = "o-1" })
    ship(inv, "s-1", "muc", 3)
    fn(inv, stock)
  end)
end

-- Of 5 invoiced, 3 shipped from 10, refund 4: two that never left, two that did. What is then at
-- the source, how many are returned, and for sale.
local REFUNDS = {
  { "default", {}, 7, 0, 7 },
  { "default", { write_off = false }, 7, 0, 7 },
  { "default", { write_off = true }, 5, 0, 5 },
  { "default", { return_to_stock = true }, 9, 2, 9 },
  { "default", { return_to_stock = true, write_off = true }, 7, 2, 7 },
  { "default", { return_to_stock = false }, 7, 0, 7 },
  { "magento", {}, 5, 0, 5 },
  { "magento", { write_off = false }, 7, 0, 7 },
  { "magento", { write_off = true }, 5, 0, 5 },
  { "magento", { return_to_stock = true }, 9, 2, 9 },
  { "magento", { return_to = "muc" }, 9, 2, 9 },
  { "magento", { return_to_stock = true, write_off = true }, 7, 2, 7 },
}

local function words(line)
  local list = {}
  for _, key in ipairs{ "return_to_stock", "return_to", "write_off" } do
    if line[key] ~= nil then list[#list + 1] = key .. " = " .. tostring(line[key]) end
  end
  return #list > 0 and table.concat(list, ", ") or "nothing said"
end

describe("a refund", function()
  for _, case in ipairs(REFUNDS) do
    it(("under policy %s with %s"):format(case[1], words(case[2])), function()
      invoiced(case[1], function(inv, stock)
        local line = { qty = 4 }
        for key, value in pairs(case[2]) do line[key] = value end
        refund(inv, "r-1", line)
        assert.same({ muc = case[3] }, quantities(inv, "bike"))
        expect_line(inv, "o-1", 1, { ordered = 5, invoiced = 5, delivered = 3, refunded = 4,
          released = 2, returned = case[4] })
        assert.equal(0, reserved(inv, "bike", stock))
        assert.equal(case[5], inv:salable_qty("bike", { stock = stock }))
      end)
    end)
  end

  it("answers what was released apart from what came back", function()
    invoiced("default", function(inv)
      assert.same({ { line = 1, sku = "bike", qty = 2 },
        { line = 1, sku = "bike", qty = 2, source = "ham" } },
        refund(inv, "r-1", { qty = 4, return_to = "ham" }).lines)
      assert.same({ muc = 7, ham = 2 }, quantities(inv, "bike"))
    end)
  end)

  it("writes off by priority, and from several sources", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 1, ham = 1, ber = 5 })
      place(inv, "o-1", stock, { "bike", 4 })
      assert(inv:invoice{ id = "i-1", order = "o-1" })
      assert.same({ { line = 1, sku = "bike", qty = 3 } },
        refund(inv, "r-1", { qty = 3, write_off = true }).lines)
      assert.same({ muc = 0, ham = 0, ber = 4 }, quantities(inv, "bike"))
      local events = {}
      for i, row in ipairs(kit.rows_of(inv, "r-1")) do
        events[i] = { row.event, row.source or false, row.moved, row.reserved, row.qty }
      end
      assert.same({ { "creditmemo_created", false, 0, 0, 3 }, { "written_off", "muc", -1, 1, 1 },
        { "written_off", "ham", -1, 1, 1 }, { "written_off", "ber", -1, 1, 1 } }, events)
    end)
  end)

  it("that would write off more than there is, is refused", function()
    invoiced("magento", function(inv)
      assert(inv.items:save{ sku = "bike", source = "muc", qty = 1 })
      local errors, message = refused(inv, "NOT_ENOUGH", "refund",
        { id = "r-1", order = "o-1", lines = { { line = 1, qty = 2 } } })
      assert.equal("the sources of the stock have 1 of bike, 2 are needed", message)
      assert.same({ 2, 1 }, { errors[1].requested, errors[1].available })
    end)
  end)

  it("may not return what has come back before", function()
    invoiced("default", function(inv)
      assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { line = 1, qty = 2 } } })
      refused(inv, "EXCEEDS", "refund", { id = "r-1", order = "o-1",
        lines = { { line = 1, qty = 4, return_to_stock = true } } })
      refund(inv, "r-1", { qty = 4 })
      expect_line(inv, "o-1", 1, { ordered = 5, invoiced = 5, delivered = 3, refunded = 4,
        released = 2, returned = 2 })
    end)
  end)

  it("spreads a SKU over its lines, and returns each to its own source", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5, ham = 5 })
      place(inv, "o-1", stock, { "bike", 2 }, { "bike", 3 })
      assert(inv:ship{ id = "s-1", order = "o-1", lines = {
        { line = 1, qty = 2, source = "muc" }, { line = 2, qty = 3, source = "ham" } } })
      assert.same({ { line = 1, sku = "bike", qty = 2, source = "muc" },
        { line = 2, sku = "bike", qty = 1, source = "ham" } },
        assert(inv:refund{ id = "r-1", order = "o-1",
          lines = { { sku = "bike", qty = 3, return_to_stock = true } } }).lines)
      assert.same({ muc = 5, ham = 3 }, quantities(inv, "bike"))
    end)
  end)

  it("to an unknown source is refused", function()
    invoiced("default", function(inv)
      refused(inv, "NOT_FOUND", "refund", { id = "r-1", order = "o-1",
        lines = { { line = 1, qty = 1, return_to = "nowhere" } } })
      refused(inv, "NOT_FOUND", "return_goods", { id = "b-1", order = "o-1",
        lines = { { line = 1, qty = 1, to = "nowhere" } } })
    end)
  end)

  it("of units that never left releases backordered ones first", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 2 }, { backorders = "allow" })
      place(inv, "o-1", stock, { "bike", 5 })
      assert(inv:invoice{ id = "i-1", order = "o-1" })
      refund(inv, "r-1", { qty = 2 })
      expect_line(inv, "o-1", 1,
        { ordered = 5, invoiced = 5, refunded = 2, released = 2, open = 3, backordered = 1 })
      assert.equal(3, reserved(inv, "bike", stock))
    end)
  end)
end)

describe("goods that come back", function()
  -- 6 of one line: 1 from muc, then 2 from ber, then 3 from ham.
  local function shipped(policy, fn)
    with_shop(function(inv, stock)
      assert(inv.policies:activate(policy))
      product(inv, "bike", { muc = 1, ham = 3, ber = 2 })
      place(inv, "o-1", stock, { "bike", 6 })
      ship(inv, "s-1", "muc", 1)
      ship(inv, "s-2", "ber", 2)
      ship(inv, "s-3", "ham", 3)
      fn(inv, stock)
    end)
  end

  local function give_back(inv, id, qty, to)
    return assert(inv:return_goods{ id = id, order = "o-1",
      lines = { { sku = "bike", qty = qty, to = to } } }).lines
  end

  it("go to the latest deliveries first", function()
    shipped("default", function(inv)
      assert.same({ { line = 1, sku = "bike", qty = 2, source = "ham" } }, give_back(inv, "b-1", 2))
      assert.same({ { line = 1, sku = "bike", qty = 1, source = "ham" },
        { line = 1, sku = "bike", qty = 1, source = "ber" } }, give_back(inv, "b-2", 2))
      give_back(inv, "b-3", 2)
      assert.same({ muc = 1, ham = 3, ber = 2 }, quantities(inv, "bike"))
    end)
  end)

  it("go to the source of best priority that delivered any, under policy magento", function()
    shipped("magento", function(inv)
      assert.same({ { line = 1, sku = "bike", qty = 4, source = "muc" } }, give_back(inv, "b-1", 4))
      give_back(inv, "b-2", 2)
      assert.same({ muc = 6, ham = 0, ber = 0 }, quantities(inv, "bike"))
      refused(inv, "EXCEEDS", "return_goods",
        { id = "b-3", order = "o-1", lines = { { line = 1, qty = 1 } } })
    end)
  end)

  it("follow the priorities of the stock as they are now, under policy magento", function()
    shipped("magento", function(inv, stock)
      assert(inv.stocks:link{ { stock = stock, source = "ber", priority = 1 },
        { stock = stock, source = "muc", priority = 9 } })
      assert.equal("ber", give_back(inv, "b-1", 1)[1].source)
      assert(inv.stocks:unlink{ { stock = stock, source = "ber" } })
      assert.equal("ham", give_back(inv, "b-2", 1)[1].source)
    end)
  end)

  it("go where they are told, also where they never were", function()
    shipped("default", function(inv)
      give_back(inv, "b-1", 2, "muc")
      give_back(inv, "b-2", 1, "far")
      assert.same({ muc = 2, ham = 0, ber = 0, far = 1 }, quantities(inv, "bike"))
    end)
  end)

  it("that were told to go to a source leave the other deliveries as they are", function()
    shipped("default", function(inv)
      give_back(inv, "b-1", 1, "ber")
      give_back(inv, "b-2", 4)
      assert.same({ muc = 0, ham = 3, ber = 2 }, quantities(inv, "bike"))
    end)
  end)

  it("make the source's item again when it was removed", function()
    shipped("default", function(inv, stock)
      assert(inv.items:delete{ sku = "bike", source = "ham" })
      give_back(inv, "b-1", 1)
      assert.equal(1, quantities(inv, "bike").ham)
      assert.equal(1, inv:salable_qty("bike", { stock = stock }))
    end)
  end)

  it("can be sold again", function()
    shipped("default", function(inv, stock)
      assert.equal(0, inv:salable_qty("bike", { stock = stock }))
      give_back(inv, "b-1", 2)
      assert.equal(2, inv:salable_qty("bike", { stock = stock }))
      place(inv, "o-2", stock, { "bike", 2 })
    end)
  end)
end)

describe("waiting promises become firm", function()
  -- 5 at muc: o-1 waits for 1 of 3, o-2 for 2, o-3 for 4.
  local function waiting(fn)
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5, ham = 0 }, { backorders = "allow" })
      place(inv, "o-0", stock, { "bike", 3 })
      place(inv, "o-1", stock, { "bike", 3 })
      place(inv, "o-2", stock, { "bike", 2 })
      place(inv, "o-3", stock, { "bike", 4 })
      fn(inv, stock, function()
        local list = {}
        for i = 1, 3 do list[i] = inv.orders:get("o-" .. i).lines[1].backordered end
        local position = kit.position(inv, "bike", stock)
        assert.equal(list[1] + list[2] + list[3], position.backordered)
        return list
      end)
    end)
  end

  local ARRIVALS = {
    { "a count finds more", function(inv)
      assert(inv.items:save{ sku = "bike", source = "muc", qty = 7 })
    end, { 0, 1, 4 } },
    { "goods arrive", function(inv)
      assert(inv.items:adjust{ id = "a-1",
        lines = { { sku = "bike", source = "ham", delta = 4 } } })
    end, { 0, 0, 3 } },
    { "all goods arrive", function(inv)
      assert(inv.items:save{ sku = "bike", source = "ham", qty = 100 })
    end, { 0, 0, 0 } },
    { "an older order is cancelled", function(inv)
      assert(inv:cancel{ id = "c-1", order = "o-0", lines = { { line = 1, qty = 2 } } })
    end, { 0, 1, 4 } },
    { "a waiting order is cancelled, for nobody else", function(inv)
      assert(inv:cancel{ id = "c-1", order = "o-2" })
    end, { 1, 0, 4 } },
    { "an older order is refunded before it left", function(inv)
      assert(inv:invoice{ id = "i-1", order = "o-0" })
      assert(inv:refund{ id = "r-1", order = "o-0", lines = { { line = 1, qty = 3 } } })
    end, { 0, 0, 4 } },
    { "shipped goods come back", function(inv)
      assert(inv:ship{ id = "s-1", order = "o-0", source = "muc" })
      assert(inv:return_goods{ id = "b-1", order = "o-0", lines = { { line = 1, qty = 1 } } })
    end, { 0, 2, 4 } },
    { "an adopted promise is released", function(inv, stock)
      assert(inv:adopt{ id = "a-1", reservations = { { sku = "bike", stock = stock, qty = -3 } } })
      assert(inv.items:save{ sku = "bike", source = "ham", qty = 3 })
      assert.equal(1, inv.orders:get("o-1").lines[1].backordered)
      assert(inv:adopt{ id = "a-2", reservations = { { sku = "bike", stock = stock, qty = 2 } } })
    end, { 0, 1, 4 } },
    { "a source is linked", function(inv, stock)
      assert(inv.items:save{ sku = "bike", source = "far", qty = 2 })
      assert(inv.stocks:link{ { stock = stock, source = "far", priority = 9 } })
    end, { 0, 1, 4 } },
    { "a source is enabled", function(inv)
      assert(inv.sources:save{ code = "ham", enabled = false })
      assert(inv.items:save{ sku = "bike", source = "ham", qty = 2 })
      assert.equal(1, inv.orders:get("o-1").lines[1].backordered)
      assert(inv.sources:save{ code = "ham", enabled = true })
    end, { 0, 1, 4 } },
    { "an item is in stock again", function(inv)
      assert(inv.items:save{ sku = "bike", source = "ham", qty = 2, status = "out_of_stock" })
      assert.equal(1, inv.orders:get("o-1").lines[1].backordered)
      assert(inv.items:save{ sku = "bike", source = "ham", qty = 2, status = "in_stock" })
    end, { 0, 1, 4 } },
  }
  for _, case in ipairs(ARRIVALS) do
    it("oldest first, when " .. case[1], function()
      waiting(function(inv, stock, list)
        assert.same({ 1, 2, 4 }, list())
        case[2](inv, stock)
        assert.same(case[3], list())
      end)
    end)
  end

  it("before anyone else can buy", function()
    waiting(function(inv, stock)
      assert(inv.items:save{ sku = "bike", source = "muc", qty = 12 })
      expect_line(inv, "o-3", 1, { ordered = 4, open = 4 })
      assert.equal(1, place(inv, "o-4", stock, { "bike", 1 }).lines[1].backordered)
    end)
  end)

  it("line by line of one order", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 0 }, { backorders = "allow" })
      place(inv, "o-1", stock, { "bike", 2 }, { "bike", 2 })
      assert(inv.items:save{ sku = "bike", source = "muc", qty = 3 })
      expect_line(inv, "o-1", 1, { ordered = 2, open = 2 })
      expect_line(inv, "o-1", 2, { ordered = 2, open = 2, backordered = 1 })
    end)
  end)

  it("and cancel gives up waiting units first, shipping covered ones first", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 3 }, { backorders = "allow" })
      place(inv, "o-1", stock, { "bike", 5 })
      assert(inv:cancel{ id = "c-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
      expect_line(inv, "o-1", 1, { ordered = 5, cancelled = 1, open = 4, backordered = 1 })
      ship(inv, "s-1", "muc", 3)
      expect_line(inv, "o-1", 1,
        { ordered = 5, cancelled = 1, delivered = 3, open = 1, backordered = 1 })
      refused(inv, "NOT_ENOUGH", "ship", { id = "s-2", order = "o-1", source = "muc" })
    end)
  end)
end)
