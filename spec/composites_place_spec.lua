-- composites_place_spec.lua: an order of a composite becomes lines of what was chosen of it.

local composites = require "composite_kit"
local core = require "quartermaster.core"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, order, lines_of = composites.with_shop, composites.order, composites.lines_of

-- Places what must be refused with these problems.
local function refused(inv, stock, expected, ...)
  return composites.refuses(inv, expected, "place", { id = "n", stock = stock,
    lines = { ... } }, "n")
end

describe("an order", function()
  it("of a configurable product reserves the child", function()
    with_shop(function(inv, stock)
      local answer = order(inv, "o-1", stock, "shirt", 2, "shirt-m")
      assert.same({ "1 shirt 2", "2 shirt-m 2 of 1" }, lines_of(answer))
      assert.same({ 2, 0 }, { kit.reserved(inv, "shirt-m", stock),
        kit.reserved(inv, "shirt-s", stock) })
      assert.equal(13, inv:salable_qty("shirt-m", { stock = stock }))
      assert.same({ muc = 10, ham = 5 }, kit.quantities(inv, "shirt-m"))
    end)
  end)

  it("of a grouped product is of any of its children, as many of each as wanted", function()
    with_shop(function(inv, stock)
      assert.same({ "1 pans 1", "2 lid 3 of 1" },
        lines_of(order(inv, "o-1", stock, "pans", 1, { sku = "lid", qty = 3 })))
      assert.same({ "1 pans 2", "2 lid 4 of 1", "3 pan 2 of 1" },
        lines_of(order(inv, "o-2", stock, "pans", 2, "lid", "pan")))
    end)
  end)

  it("of a bundle is of what was chosen, so many for each", function()
    with_shop(function(inv, stock)
      assert.same({ "1 kit 3", "2 f-2 3 of 1", "3 bell 6 of 1" },
        lines_of(order(inv, "o-1", stock, "kit", 3, "f-2", "bell")))
      assert.same({ "1 kit 1", "2 bell 5 of 1", "3 f-1 1 of 1", "4 guide 1 of 1" },
        lines_of(order(inv, "o-2", stock, "kit", 1, { sku = "bell", qty = 5 },
          { sku = "f-1", option = "frame" }, "guide")))
    end)
  end)

  it("chooses by itself what is required and leaves no choice", function()
    with_shop(function(inv, stock)
      assert.same({ "1 kit 2", "2 f-1 2 of 1", "3 bell 4 of 1" },
        lines_of(order(inv, "o-1", stock, "kit", 2, "f-1")))
      assert(inv.products:save{ sku = "shirt", children = { "shirt-m" } })
      assert.same({ "1 shirt 1", "2 shirt-m 1 of 1" },
        lines_of(order(inv, "o-2", stock, "shirt", 1)))
      local answer = assert(inv:place{ id = "o-3", stock = stock,
        lines = { { sku = "shirt", qty = 1 } } })
      assert.same({ "1 shirt 1", "2 shirt-m 1 of 1" }, lines_of(answer))
    end)
  end)

  it("numbers the parts after the highest line, in the order of the lines", function()
    with_shop(function(inv, stock)
      local answer = assert(inv:place{ id = "o-1", stock = stock, lines = {
        { line = 40, sku = "shirt", qty = 1, selections = { "shirt-s" } },
        { line = 7, sku = "bell", qty = 1 },
        { line = 9, sku = "pans", qty = 1, selections = { "pan", "lid" } } } })
      assert.same({ "40 shirt 1", "7 bell 1", "9 pans 1", "41 shirt-s 1 of 40", "42 pan 1 of 9",
        "43 lid 2 of 9" }, lines_of(answer))
    end)
  end)

  it("shows its lines with parent, kind and counters", function()
    with_shop(function(inv, stock)
      order(inv, "o-1", stock, "kit", 2, "f-1", "guide")
      order(inv, "o-2", stock, "crate", 2, "f-1")
      order(inv, "o-3", stock, "shirt", 2, "shirt-s")
      local function seen(id)
        local list = {}
        for i, line in ipairs(inv.orders:get(id).lines) do
          list[i] = { line.line, line.sku, line.kind, line.ordered, line.open, line.tracked,
            line.parent }
        end
        return list
      end
      assert.same({ { 1, "kit", "parent", 2, 0, false }, { 2, "f-1", "goods", 2, 2, true, 1 },
        { 3, "guide", "virtual", 2, 2, true, 1 }, { 4, "bell", "goods", 4, 4, true, 1 } },
        seen("o-1"))
      assert.same({ { 1, "crate", "bundle", 2, 2, false }, { 2, "f-1", "goods", 2, 2, true, 1 },
        { 3, "bell", "goods", 4, 4, true, 1 } }, seen("o-2"))
      assert.same({ { 1, "shirt", "bundle", 2, 2, false },
        { 2, "shirt-s", "goods", 2, 2, true, 1 } },
        seen("o-3"))
    end)
  end)

  it("keeps the kind of its lines when the product changes", function()
    with_shop(function(inv, stock)
      order(inv, "o-1", stock, "crate", 1, "f-1")
      assert(inv.products:save{ sku = "crate", ship_together = false, options = {} })
      assert.equal("bundle", inv.orders:get("o-1").lines[1].kind)
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      assert.equal(0, kit.reserved(inv, "f-1", stock))
    end)
  end)

  it("writes one ledger row for each product, composites without a reservation", function()
    with_shop(function(inv, stock)
      order(inv, "o-1", stock, "shirt", 2, "shirt-s")
      local rows = kit.rows_of(inv, "o-1")
      assert.same({ { "shirt", 0, 2, 1 }, { "shirt-s", -2, 2, 2 } }, {
        { rows[1].sku, rows[1].reserved, rows[1].qty, rows[1].line },
        { rows[2].sku, rows[2].reserved, rows[2].qty, rows[2].line } })
      assert.equal(1, #assert(inv:reservations{ stock = stock }))
    end)
  end)
end)

describe("the check of an order", function()
  it("sums lines and parts of one SKU", function()
    with_shop(function(inv, stock)
      local lines = { { sku = "bell", qty = 6 }, { sku = "kit", qty = 3, selections = { "f-1" } },
        { sku = "crate", qty = 2, selections = { "f-2" } } }
      local detail = refused(inv, stock, { "1.sku NOT_ENOUGH", "1.sku NOT_ENOUGH",
        "1.qty NOT_ENOUGH" }, (table.unpack or unpack)(lines))
      assert.same({ 16, 15 }, { detail.errors[3].requested, detail.errors[3].available })
      lines[1].qty = 5
      assert(inv:place{ id = "n", stock = stock, lines = lines })
      assert.equal(15, kit.reserved(inv, "bell", stock))
    end)
  end)

  it("names the selection that cannot be had, or the line when it chose by itself", function()
    with_shop(function(inv, stock)
      local detail = refused(inv, stock, { "2.selections[2].sku NOT_ENOUGH",
        "2.selections[2].sku NOT_ENOUGH", "2.selections[2].qty NOT_ENOUGH" },
        { sku = "pan", qty = 1 },
        { sku = "kit", qty = 1, selections = { "f-1", { sku = "bell", qty = 16 } } })
      assert.same({ "bell", 2, 2 }, { detail.errors[3].sku, detail.errors[3].line,
        detail.errors[3].index })
      detail = refused(inv, stock, { "1.sku NOT_ENOUGH", "1.sku NOT_ENOUGH", "1.qty NOT_ENOUGH" },
        { sku = "kit", qty = 8, selections = { "f-1" } })
      assert.same({ "bell", 16 }, { detail.errors[3].sku, detail.errors[3].requested })
    end)
  end)

  it("holds the limits of sale against the parts, not against the whole", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ { sku = "bell", settings = { max_sale_qty = 5 } },
        { sku = "crate", settings = { max_sale_qty = 1, decimal_qty = false } } })
      refused(inv, stock, { "1.qty MAX_SALE_QTY" },
        { sku = "crate", qty = 3, selections = { "f-1" } })
      order(inv, "o-1", stock, "crate", "2.5", "f-1")
    end)
  end)

  it("says how much of each part has to wait", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ sku = "bell", settings = { backorders = "allow" } })
      local answer = order(inv, "o-1", stock, "crate", 8, "f-1")
      assert.same({ nil, nil, 1 }, { answer.lines[1].backordered, answer.lines[2].backordered,
        answer.lines[3].backordered })
    end)
  end)

  it("refuses what is marked out of stock, whatever its parts have", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ sku = "crate", in_stock = false })
      refused(inv, stock, { "1.sku OUT_OF_STOCK" },
        { sku = "crate", qty = 1, selections = { "f-1" } })
      refused(inv, stock, { "1.sku OUT_OF_STOCK", "1.selections INVALID" },
        { sku = "crate", qty = 1 })
    end)
  end)
end)

describe("what is chosen is refused", function()
  local CASES = {
    { "of a simple product", { "selections INVALID" }, "bell", { "pan" } },
    { "of a simple product, even nothing", { "selections INVALID" }, "bell", {} },
    { "unless it is one child of a configurable product", { "selections INVALID" }, "shirt",
      { "shirt-s", "shirt-m" } },
    { "when nothing of a configurable product is", { "selections INVALID" }, "shirt", {} },
    { "when nothing of a grouped product is", { "selections INVALID" }, "pans", {} },
    { "when nothing of a required option is", { "selections INVALID" }, "kit", { "bell" } },
    { "when it is no child", { "selections[2].sku NOT_FOUND" }, "pans", { "pan", "bell" } },
    { "when it is no product", { "selections[1].sku NOT_FOUND" }, "shirt", { "nothing" } },
    { "when its SKU is none", { "selections[1].sku INVALID", "selections[2].sku INVALID",
      "selections[3].sku LIMIT" }, "pans", { "", {}, ("x"):rep(256) } },
    { "when it is in another option", { "selections[1].sku NOT_FOUND" }, "kit",
      { { sku = "f-1", option = "bells" } } },
    { "when there is no such option", { "selections[1].option NOT_FOUND" }, "kit",
      { { sku = "f-1", option = "Frame" } } },
    { "when children have no options", { "selections[1].option NOT_FOUND" }, "pans",
      { { sku = "pan", option = "frame" } } },
    { "when it is chosen twice", { "selections[2].sku INVALID" }, "pans", { "pan", "pan" } },
    { "in another quantity than it comes in", { "selections[1].qty INVALID" }, "kit",
      { { sku = "f-1", qty = 2 } } },
    { "in a quantity other than one of a configurable product", { "selections[1].qty INVALID" },
      "shirt", { { sku = "shirt-s", qty = 2 } } },
    { "in a quantity of nothing", { "selections[1].qty INVALID" }, "pans",
      { { sku = "pan", qty = 0 } } },
    { "in less than nothing", { "selections[1].qty INVALID" }, "pans",
      { { sku = "pan", qty = -1 } } },
    { "in what is no quantity", { "selections[1].qty INVALID" }, "pans",
      { { sku = "pan", qty = "many" } } },
    { "in five decimals when multiplied", { "selections[1].qty INVALID" }, "pans",
      { { sku = "pan", qty = "0.0001" } }, "0.5" },
    { "in more than can be counted", { "selections[1].qty LIMIT" }, "pans",
      { { sku = "pan", qty = 1e6 } }, 1e6 },
  }

  for _, case in ipairs(CASES) do
    it(case[1], function()
      with_shop(function(inv, stock)
        local expected = {}
        for i, problem in ipairs(case[2]) do expected[i] = "2." .. problem end
        local detail = refused(inv, stock, expected, { sku = "lid", qty = 1 },
          { sku = case[3], qty = case[5] or 1, selections = case[4] })
        assert.equal(2, detail.errors[1].line)
      end)
    end)
  end

  it("with every problem of every line", function()
    with_shop(function(inv, stock)
      refused(inv, stock, { "1.sku NOT_FOUND", "2.qty INVALID",
        "3.selections[1].sku NOT_FOUND", "3.selections[2].qty INVALID",
        "3.selections[2].option NOT_FOUND", "4.selections INVALID" },
        { sku = "nothing", qty = 1 }, { sku = "shirt", qty = 0 },
        { sku = "kit", qty = 1, selections = { "pan", { sku = "bell", qty = -1, option = "x" } } },
        { sku = "shirt", qty = 1 })
    end)
  end)

  it("by its SKU taken from the first option that still offers it", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ sku = "kit", options = {
        { selections = { "bell", "pan" } },
        { selections = { { sku = "bell", qty = 3 }, "lid" } } } })
      assert.same({ "1 kit 1", "2 bell 1 of 1", "3 bell 3 of 1" },
        lines_of(order(inv, "o-1", stock, "kit", 1, "bell", "bell")))
      refused(inv, stock, { "1.selections[3].sku INVALID" },
        { sku = "kit", qty = 1, selections = { "bell", "bell", "bell" } })
    end)
  end)

  it("by its SKU first taken where something must be chosen", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ sku = "kit", options = {
        { required = false, selections = { "bell" } },
        { selections = { { sku = "bell", qty = 3 }, "lid" } } } })
      assert.same({ "1 kit 1", "2 bell 3 of 1" },
        lines_of(order(inv, "o-1", stock, "kit", 1, "bell")))
      assert.same({ "1 kit 1", "2 bell 3 of 1", "3 bell 1 of 1" },
        lines_of(order(inv, "o-2", stock, "kit", 1, "bell", "bell")))
    end)
  end)

  it("when a required option offers nothing", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ sku = "kit", options = { { selections = { "bell" } }, {} } })
      local detail = refused(inv, stock, { "1.selections INVALID" }, { sku = "kit", qty = 1 })
      assert.equal("nothing is chosen from option 2", detail.errors[1].message)
    end)
  end)
end)

describe("quantities of parts", function()
  it("are exact products", function()
    with_shop(function(inv, stock)
      for _, case in ipairs{ { "0.5", "0.5", 0.25 }, { "1.2", "2.5", 3 },
        { "0.01", "0.01", 1e-4 } } do
        local id = "o-" .. case[1] .. case[2]
        local answer = order(inv, id, stock, "pans", case[1], { sku = "pan", qty = case[2] })
        assert.equal(case[3], answer.lines[2].qty)
      end
      assert(inv.products:save{ sku = "pan",
        settings = { backorders = "allow", max_sale_qty = 0 } })
      local large = order(inv, "o-1", stock, "pans", 316227, { sku = "pan", qty = 316227 })
      assert.equal(99999515529, large.lines[2].qty)
    end)
  end)

  it("may not add up to more than can be counted", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ sku = "pan",
        settings = { backorders = "allow", max_sale_qty = 0 } })
      local half = { sku = "pans", qty = 1, selections = { { sku = "pan", qty = 6e10 } } }
      refused(inv, stock, { "2.selections[1].qty LIMIT" }, half, half)
    end)
  end)
end)

describe("the lines of an order with parts", function()
  local function many(inv, count)
    local list, options = {}, {}
    for i = 1, count do
      list[i] = { sku = "p" .. i, assign_default = false, settings = { manage_stock = false } }
      options[i] = { selections = { "p" .. i } }
    end
    list[#list + 1] = { sku = "many", type = "bundle", options = options }
    assert(inv.products:save(list))
    for i = 1, count do list[i] = { sku = "p" .. i, source = "muc", qty = 1 } end
    list[#list] = nil
    assert(inv.items:save(list))
  end

  it("are at most as many as the limit says", function()
    with_shop(function(inv, stock)
      many(inv, 1999)
      local line = { sku = "many", qty = 1 }
      assert.equal(core.limits.lines,
        #assert(inv:place{ id = "o-1", stock = stock, lines = { line, line } }).lines)
      helpers.expect_problems({ "lines LIMIT" }, inv:place{ id = "o-2", stock = stock,
        lines = { line, { sku = "bell", qty = 1 }, line } })
      assert.is_nil((inv.orders:get("o-2")))
    end)
  end)

  it("need numbers that are left", function()
    with_shop(function(inv, stock)
      local line = { sku = "kit", qty = 1, selections = { "f-1" } }
      line.line = 4094
      refused(inv, stock, { "4094.line LIMIT" }, line)
      line.line = 4093
      local answer = assert(inv:place{ id = "o-1", stock = stock, lines = { line } })
      assert.equal(4095, answer.lines[3].line)
    end)
  end)
end)

describe("an order that is sent again", function()
  local function request(stock, ...)
    return { id = "o-1", stock = stock, lines = { { sku = "kit", qty = 2, selections = { ... } } } }
  end

  it("is answered as before, with its parts", function()
    with_shop(function(inv, stock)
      local first = assert(inv:place(request(stock, "f-1", { sku = "bell", qty = "0.5" })))
      local second = assert(inv:place(request(stock, "f-1", { sku = "bell", qty = "0.5" })))
      assert.is_true(second.replayed)
      second.replayed = nil
      assert.same(first, second)
      assert.equal(2, kit.reserved(inv, "f-1", stock))
      assert(inv.products:save{ sku = "kit", options = {} })
      assert.is_true(inv:place(request(stock, "f-1", { sku = "bell", qty = "0.5" })).replayed)
    end)
  end)

  it("is a CONFLICT when anything else was chosen", function()
    with_shop(function(inv, stock)
      assert(inv:place(request(stock, "f-1", { sku = "bell", qty = 2 })))
      for _, other in ipairs{ { "f-2", { sku = "bell", qty = 2 } }, { "f-1" },
        { "f-1", { sku = "bell", qty = 3 } }, { { sku = "bell", qty = 2 }, "f-1" }, {},
        { "f-1", { sku = "bell", qty = 2, option = "bells" } },
        { "f-1", { sku = "bell", qty = 2 }, "guide" } } do
        helpers.expect_error("CONFLICT", inv:place(request(stock, (table.unpack or unpack)(other))))
      end
      local bare = request(stock)
      bare.lines[1].selections = nil
      helpers.expect_error("CONFLICT", inv:place(bare))
    end)
  end)
end)

describe("batch", function()
  it("places composites beside other orders", function()
    with_shop(function(inv, stock)
      local outcomes = assert(inv:batch{
        { op = "place", id = "o-1", stock = stock,
          lines = { { sku = "shirt", qty = 15, selections = { "shirt-s" } } } },
        { op = "place", id = "o-2", stock = stock,
          lines = { { sku = "shirt", qty = 1, selections = { "shirt-s" } } } },
        { op = "ship", id = "s-1", order = "o-1", source = "ham",
          lines = { { sku = "shirt", qty = 5 } } },
      })
      assert.same({ true, false, true }, { outcomes[1].ok, outcomes[2].ok, outcomes[3].ok })
      assert.equal("selections[1]", outcomes[2].detail.errors[1].path)
    end)
  end)
end)
