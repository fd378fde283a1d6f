-- place_spec.lua: placing an order checks every line and reserves, all or nothing.

local core = require "quartermaster.core"
local kit = require "order_kit"

local with_shop, product, place, refused = kit.with_shop, kit.product, kit.place, kit.refused
local expect_line, reserved = kit.expect_line, kit.reserved

describe("place", function()
  it("reserves in the stock and leaves the sources alone", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5, ham = 3 })
      place(inv, "o-1", stock, { "bike", 6 })
      assert.same({ muc = 5, ham = 3 }, kit.quantities(inv, "bike"))
      assert.equal(6, reserved(inv, "bike", stock))
      assert.equal(2, inv:salable_qty("bike", { stock = stock }))
    end)
  end)

  it("answers with the order's id and its lines", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      product(inv, "bell", { ham = 3 }, { decimal_qty = true, min_sale_qty = "0.5" })
      assert.same({ id = "o-1", order = "o-1", lines = {
        { line = 1, sku = "bike", qty = 5 }, { line = 2, sku = "bell", qty = 0.5 },
      } }, place(inv, "o-1", stock, { "bike", 5 }, { "bell", "0.5" }))
    end)
  end)

  it("reserves nothing at all when one line is refused", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      product(inv, "bell", { muc = 1 })
      local errors = refused(inv, "NOT_ENOUGH", "place", { id = "o-1", stock = stock,
        lines = { { sku = "bike", qty = 5 }, { sku = "bell", qty = 2 } } })
      for _, problem in ipairs(errors) do
        assert.same({ "bell", 2 }, { problem.sku, problem.line })
      end
      assert.equal(0, reserved(inv, "bike", stock))
      place(inv, "o-1", stock, { "bike", 5 })
    end)
  end)

  it("sums the lines of one SKU before it checks", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      local errors, message = refused(inv, "NOT_ENOUGH", "place", { id = "o-1", stock = stock,
        lines = { { sku = "bike", qty = 3 }, { sku = "bike", qty = 3 } } })
      assert.equal("5 of bike can be sold, 6 were asked for", message)
      assert.same({ 6, 5 }, { errors[#errors].requested, errors[#errors].available })
      place(inv, "o-2", stock, { "bike", 3 }, { "bike", 2 })
      assert.equal(5, reserved(inv, "bike", stock))
    end)
  end)

  it("sums the lines of one SKU for the limits of a sale too", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 50 }, { max_sale_qty = 4, min_sale_qty = 2 })
      refused(inv, "MAX_SALE_QTY", "place", { id = "o-1", stock = stock,
        lines = { { sku = "bike", qty = 3 }, { sku = "bike", qty = 3 } } })
      place(inv, "o-2", stock, { "bike", 1 }, { "bike", 1 })
    end)
  end)

  it("takes the same SKU in another case as another product", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      refused(inv, "NOT_FOUND", "place", { id = "o-1", stock = stock,
        lines = { { sku = "BIKE", qty = 1 } } })
    end)
  end)

  it("keeps no trace of a refused order's id", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 1 })
      refused(inv, "NOT_ENOUGH", "place", { id = "o-1", stock = stock,
        lines = { { sku = "bike", qty = 2 } } })
      assert.is_nil((inv.orders:get("o-1")))
      assert.is_nil(place(inv, "o-1", stock, { "bike", 1 }).replayed)
    end)
  end)
end)

describe("backorders", function()
  local function backorder_shop(fn)
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 }, { backorders = "allow" })
      fn(inv, stock)
    end)
  end

  it("say how much of each line has to wait", function()
    backorder_shop(function(inv, stock)
      local answer = place(inv, "o-1", stock, { "bike", 3 }, { "bike", 4 }, { "bike", 1 })
      assert.same({
        { line = 1, sku = "bike", qty = 3 }, { line = 2, sku = "bike", qty = 4, backordered = 2 },
        { line = 3, sku = "bike", qty = 1, backordered = 1 },
      }, answer.lines)
      expect_line(inv, "o-1", 2, { ordered = 4, open = 4, backordered = 2 })
      local position = kit.position(inv, "bike", stock)
      assert.same({ 8, 3 }, { position.reserved, position.backordered })
    end)
  end)

  it("have no limit at a threshold of zero", function()
    backorder_shop(function(inv, stock)
      assert.equal(9995, place(inv, "o-1", stock, { "bike", 10000 }).lines[1].backordered)
    end)
  end)

  it("end where a negative threshold says", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 }, { backorders = "notify", out_of_stock_threshold = -2 })
      refused(inv, "NOT_ENOUGH", "place", { id = "o-1", stock = stock,
        lines = { { sku = "bike", qty = 8 } } })
      assert.equal(2, place(inv, "o-1", stock, { "bike", 7 }).lines[1].backordered)
      refused(inv, "NOT_ENOUGH", "place", { id = "o-2", stock = stock,
        lines = { { sku = "bike", qty = 1 } } })
    end)
  end)
end)

describe("line numbers", function()
  it("are kept as they are given, in any order", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      product(inv, "bell", { muc = 5 })
      local answer = assert(inv:place{ id = "o-1", stock = stock, lines = {
        { line = 4095, sku = "bike", qty = 1 }, { line = 7, sku = "bell", qty = 2 } } })
      assert.same({ { line = 4095, sku = "bike", qty = 1 }, { line = 7, sku = "bell", qty = 2 } },
        answer.lines)
      local lines = inv.orders:get("o-1").lines
      assert.same({ 7, 4095 }, { lines[1].line, lines[2].line })
      assert.same({ "bell", "bike" }, { lines[1].sku, lines[2].sku })
    end)
  end)

  it("count up from one by default", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      local lines = place(inv, "o-1", stock, { "bike", 1 }, { "bike", 1 }, { "bike", 1 }).lines
      for i = 1, 3 do assert.equal(i, lines[i].line) end
    end)
  end)

  for _, numbers in ipairs{ { 0 }, { 4096 }, { -1 }, { 3, 3 }, { 2, 1, 2 } } do
    it("are refused when they are " .. table.concat(numbers, ", "), function()
      with_shop(function(inv, stock)
        product(inv, "bike", { muc = 5 })
        local lines = {}
        for i, number in ipairs(numbers) do lines[i] = { line = number, sku = "bike", qty = 1 } end
        local errors, message =
          refused(inv, "INVALID", "place", { id = "o-1", stock = stock, lines = lines })
        assert.equal("line numbers are 1 to 4095, each once", message)
        assert.equal("line", errors[1].field)
      end)
    end)
  end

  it("that are given may not meet a default one", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      refused(inv, "INVALID", "place", { id = "o-1", stock = stock,
        lines = { { line = 2, sku = "bike", qty = 1 }, { sku = "bike", qty = 1 } } })
    end)
  end)

  it("allow as many lines as the limit says, and one more is refused", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9000 })
      local lines = {}
      for i = 1, core.limits.lines + 1 do lines[i] = { sku = "bike", qty = 1 } end
      refused(inv, "LIMIT", "place", { id = "o-1", stock = stock, lines = lines })
      lines[#lines] = nil
      local answer = assert(inv:place{ id = "o-1", stock = stock, lines = lines })
      assert.equal(core.limits.lines, #answer.lines)
    end)
  end)
end)

describe("the stock of an order", function()
  local function order(extra)
    local request = { id = "o-1", lines = { { sku = "bike", qty = 1 } } }
    for key, value in pairs(extra) do request[key] = value end
    return request
  end

  local function stocked(fn)
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      fn(inv, stock)
    end)
  end

  it("is named by its id, a website's code, or a channel", function()
    stocked(function(inv, stock)
      local channel = { type = "website", code = "eu" }
      for i, where in ipairs{ { stock = stock }, { channel = "eu" }, { channel = channel },
        { channel = { code = "eu" } } } do
        where.id = "o-" .. i
        assert(inv:place(order(where)))
        assert.equal(stock, inv.orders:get("o-" .. i).stock)
      end
    end)
  end)

  it("is the default stock for the website admin", function()
    stocked(function(inv)
      product(inv, "lamp", { default = 5 })
      assert(inv:place{ id = "o-1", channel = "admin", lines = { { sku = "lamp", qty = 1 } } })
      assert.equal(1, inv.orders:get("o-1").stock)
    end)
  end)

  local WRONG = {
    { "nothing names it", {}, "INVALID", "stock", "name a stock or a channel" },
    { "an id and a channel name it", { stock = 2, channel = "eu" }, "INVALID", "stock",
      "name a stock or a channel, not both" },
    { "it is unknown", { stock = 99 }, "NOT_FOUND", "stock", "there is no stock 99",
      "no_such_entity" },
    { "the website is unknown", { channel = "us" }, "NOT_FOUND", "channel",
      "no stock sells through channel us", "no_such_entity-no_linked_stock" },
    { "the channel is of another type", { channel = { type = "shop", code = "eu" } }, "NOT_FOUND",
      "channel", "no stock sells through channel eu", "no_such_entity-no_linked_stock" },
  }

  for _, case in ipairs(WRONG) do
    it("is refused when " .. case[1], function()
      stocked(function(inv)
        local errors, message = refused(inv, case[3], "place", order(case[2]))
        assert.same({ { code = case[3], field = case[4], message = case[5], magento = case[6] } },
          { { code = errors[1].code, field = errors[1].field, message = errors[1].message,
            magento = errors[1].magento } })
        assert.equal(case[5], message)
      end)
    end)
  end

  it("stays the order's own when the channel moves to another stock", function()
    stocked(function(inv, stock)
      assert(inv:place(order{ channel = "eu" }))
      local other = assert(inv.stocks:save{ name = "Other", channels = { "eu" } })
      assert.equal(other, inv.stocks:resolve("eu"))
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      assert.equal(0, reserved(inv, "bike", stock))
      assert.equal(stock, inv.orders:get("o-1").stock)
    end)
  end)
end)

describe("an order remembers", function()
  it("its stock, channel, customer group, destination and time", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      assert(inv:place{ id = "o-1", channel = "eu", customer_group = "wholesale",
        destination = { country = "FR", region = "Alsace", city = "Strasbourg", postcode = "67000",
          latitude = 48.58, longitude = 0 }, lines = { { sku = "bike", qty = 1 } } })
      local order = assert(inv.orders:get("o-1"))
      order.lines = nil
      assert.same({ id = "o-1", stock = stock, time = 1234567,
        channel = { type = "website", code = "eu" }, customer_group = "wholesale",
        destination = { country = "FR", region = "Alsace", city = "Strasbourg", postcode = "67000",
          latitude = 48.58, longitude = 0 } }, order)
    end, { clock = function() return 1234567 end })
  end)

  it("nothing that was not said", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      place(inv, "o-1", stock, { "bike", 1 })
      local order = assert(inv.orders:get("o-1"))
      order.lines, order.time = nil, nil
      assert.same({ id = "o-1", stock = stock }, order)
    end)
  end)

  it("what kind of thing each line is, and whether it is counted", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      product(inv, "book", { muc = 5 }, nil, "downloadable")
      product(inv, "card", { muc = 5 }, { manage_stock = false }, "virtual")
      place(inv, "o-1", stock, { "bike", 1 }, { "book", 1 }, { "card", 1 })
      local seen = {}
      for i, line in ipairs(inv.orders:get("o-1").lines) do
        seen[i] = { line.sku, line.kind, line.tracked }
      end
      assert.same({ { "bike", "goods", true }, { "book", "virtual", true },
        { "card", "virtual", false } }, seen)
    end)
  end)

  it("its id byte by byte", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 })
      for _, id in ipairs{ "01234", "1234", "a'b\"c", "A", "a", ("x"):rep(core.limits.id_bytes) } do
        assert.is_nil(place(inv, id, stock, { "bike", 1 }).replayed)
        assert.equal(id, inv.orders:get(id).id)
      end
    end)
  end)
end)
