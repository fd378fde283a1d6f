-- shared_sources_spec.lua: stocks that draw on the same sources see each other's promises, and what
-- is promised stays.

local helpers = require "helpers"

-- Sources x, y and z; stocks A (x, y), B (y) and C (z), by their ids. "bike": 5 at x, 5 at y.
local function with_shop(fn, options)
  return helpers.with_inventory(options, function(inv)
    for _, code in ipairs{ "x", "y", "z" } do assert(inv.sources:save(helpers.source(code))) end
    local function stock(name, ...)
      local links = {}
      for i, code in ipairs{ ... } do links[i] = { code = code, priority = i } end
      return assert(inv.stocks:save{ name = name, channels = { name }, sources = links })
    end
    local A, B, C = stock("A", "x", "y"), stock("B", "y"), stock("C", "z")
    assert(inv.products:save{ sku = "bike", assign_default = false })
    assert(inv.items:save{ { sku = "bike", source = "x", qty = 5 },
      { sku = "bike", source = "y", qty = 5 } })
    fn(inv, A, B, C)
    assert.same({}, inv:verify().problems)
  end)
end

local serial = 0
local function place(inv, stock, qty)
  serial = serial + 1
  return inv:place{ id = "o-" .. serial, stock = stock, lines = { { sku = "bike", qty = qty } } }
end

local function salable(inv, ...)
  local list = {}
  for i, stock in ipairs{ ... } do list[i] = inv:salable_qty("bike", { stock = stock }) end
  return list
end

describe("stocks that share a source", function()
  it("take from each other only what they must", function()
    with_shop(function(inv, A, B)
      assert.same({ 10, 5 }, salable(inv, A, B))
      assert(place(inv, A, 4)) -- x has these
      assert.same({ 6, 5 }, salable(inv, A, B))
      assert(place(inv, A, 3)) -- two of seven must come from y
      assert.same({ 3, 3 }, salable(inv, A, B))
      assert(place(inv, B, 3))
      assert.same({ 0, 0 }, salable(inv, A, B))
      helpers.expect_error("NOT_ENOUGH", place(inv, A, 1))
      helpers.expect_error("NOT_ENOUGH", place(inv, B, 1))
    end)
  end)

  it("say in the position what others claim", function()
    with_shop(function(inv, A, B)
      assert(place(inv, A, 7))
      local position = assert(inv:position{ sku = "bike", stock = B })
      assert.same({ 5, 0, 2, 3, 0 }, { position.on_hand, position.reserved, position.claimed,
        position.salable, position.over_promised })
      assert.equal(0, inv:position{ sku = "bike", stock = A }.claimed)
    end)
  end)

  it("give back what is cancelled and shipped to whom it is for", function()
    with_shop(function(inv, A, B)
      assert(inv:place{ id = "a", stock = A, lines = { { sku = "bike", qty = 8 } } })
      assert.same({ 2, 2 }, salable(inv, A, B))
      assert(inv:ship{ id = "s", order = "a", source = "x", lines = { { line = 1, qty = 5 } } })
      assert.same({ 2, 2 }, salable(inv, A, B))
      assert(inv:cancel{ id = "c", order = "a" })
      assert.same({ 5, 5 }, salable(inv, A, B))
    end)
  end)

  it("are checked by batch, page and can_sell alike", function()
    with_shop(function(inv, A, B)
      assert(place(inv, A, 9))
      assert.equal(1, inv:salable{ stock = B, skus = { "bike" } }.bike.qty)
      local detail = helpers.expect_error("NOT_ENOUGH", inv:can_sell("bike", { channel = "B" }, 2))
      assert.equal(1, detail.errors[#detail.errors].available)
      local outcomes = assert(inv:batch{
        { op = "place", id = "b-1", stock = B, lines = { { sku = "bike", qty = 1 } } },
        { op = "place", id = "b-2", stock = A, lines = { { sku = "bike", qty = 1 } } } })
      assert.same({ true, false }, { outcomes[1].ok, outcomes[2].ok })
    end)
  end)

  it("promise as if alone in a file of independent stocks", function()
    with_shop(function(inv, A, B)
      assert(place(inv, A, 10))
      assert(place(inv, B, 5))
      assert(inv.sources:save{ code = "y", enabled = false })
      assert(inv.stocks:unlink{ { stock = B, source = "y" } })
      assert(inv.items:delete{ sku = "bike", source = "x" })
    end, { shared_sources = "independent" })
  end)
end)

describe("waiting orders", function()
  local function backorders(inv)
    assert(inv.products:save{ sku = "bike", settings = { backorders = "allow" } })
  end

  it("of unlimited neighbours take no goods from others", function()
    with_shop(function(inv, A, B)
      backorders(inv)
      assert.equal(95, assert(place(inv, B, 100)).lines[1].backordered)
      assert.equal(5, inv:position{ sku = "bike", stock = B }.firm)
      assert.equal(5, inv:salable_qty("bike", { stock = A }))
      assert.equal(1, assert(place(inv, A, 6)).lines[1].backordered)
    end)
  end)

  it("become firm oldest first, in whichever stock they are", function()
    with_shop(function(inv, A, B)
      backorders(inv)
      assert(place(inv, A, 10))
      assert(inv:place{ id = "b-1", stock = B, lines = { { sku = "bike", qty = 2 } } })
      assert(inv:place{ id = "a-2", stock = A, lines = { { sku = "bike", qty = 2 } } })
      assert(inv:place{ id = "b-3", stock = B, lines = { { sku = "bike", qty = 2 } } })
      local function waits(id) return inv.orders:get(id).lines[1].backordered end
      assert.same({ 2, 2, 2 }, { waits "b-1", waits "a-2", waits "b-3" })
      assert(inv.items:adjust{ id = "j-1", lines = { { sku = "bike", source = "y", delta = 3 } } })
      assert.same({ 0, 1, 2 }, { waits "b-1", waits "a-2", waits "b-3" })
      -- x is for A alone; what it frees of y is for B.
      assert(inv.items:adjust{ id = "j-2", lines = { { sku = "bike", source = "x", delta = 2 } } })
      assert.same({ 0, 0, 1 }, { waits "b-1", waits "a-2", waits "b-3" })
    end)
  end)
end)

describe("goods that are promised", function()
  -- Each would leave B's four without goods. A promises nothing, so x does not matter.
  local CHANGES = {
    { "disabling their source", function(inv, _, force)
      return inv.sources:save{ code = "y", enabled = false, force = force }
    end },
    { "unlinking it", function(inv, B, force)
      return inv.stocks:unlink({ { stock = B, source = "y" } }, { force = force })
    end },
    { "saving the stock without it", function(inv, B, force)
      return inv.stocks:save{ id = B, sources = { { code = "z", priority = 1 } }, force = force }
    end },
    { "removing the item", function(inv, _, force)
      return inv.items:delete({ sku = "bike", source = "y" }, { force = force })
    end },
    { "a status", function(inv, _, force)
      return inv.items:save({ sku = "bike", source = "y", qty = 5, status = "out_of_stock" },
        { force = force })
    end },
  }
  for _, case in ipairs(CHANGES) do
    it("are kept from " .. case[1] .. ", which is forced if need be", function()
      with_shop(function(inv, _, B)
        assert(place(inv, B, 4))
        local before = helpers.ledger_end(inv)
        local detail = helpers.expect_error("PROMISED", case[2](inv, B))
        assert.same({ "bike", B, 4 }, { detail.errors[1].sku, detail.errors[1].stock,
          detail.errors[1].available })
        assert.equal(before, helpers.ledger_end(inv))
        assert.same({}, assert(inv:oversold()))
        assert(case[2](inv, B, true))
        local rows = helpers.ledger(inv, "oversold")
        assert.same({ "bike", B, "4" }, { rows[1].sku, rows[1].stock, rows[1].note })
        assert.equal(4, assert(inv:oversold())[1].qty)
      end)
    end)
  end

  it("are judged by what a stock's new sources are in the end", function()
    with_shop(function(inv, A, B)
      assert(inv.stocks:save{ id = A, sources = { { code = "y", priority = 1 } } })
      assert(place(inv, A, 1))
      assert(place(inv, B, 4))
      assert(inv.items:save{ { sku = "bike", source = "x", qty = 3 },
        { sku = "bike", source = "y", qty = 4 } }) -- one is lost
      -- B is served no worse from x, and A better: the one that is missing is B's now.
      assert(inv.stocks:save{ id = B, sources = { { code = "x", priority = 1 } } })
      assert.same({ B }, helpers.column(assert(inv:oversold()), "stock"))
      helpers.expect_error("PROMISED", inv.stocks:save{ id = B, sources = {} })
      assert(inv.stocks:save{ id = B, force = true, sources = {} })
    end)
  end)

  it("may change their sources when others cover them", function()
    with_shop(function(inv, A, B)
      assert(place(inv, A, 5)) -- x or y
      assert(inv.sources:save{ code = "y", enabled = false })
      assert(inv.sources:save{ code = "y", enabled = true })
      assert(place(inv, B, 5))
      helpers.expect_error("PROMISED", inv.sources:save{ code = "x", enabled = false })
      assert(inv.items:save{ sku = "bike", source = "z", qty = 5 })
      assert(inv.stocks:save{ id = B, sources = { { code = "z", priority = 1 } } })
      assert(inv.sources:save{ code = "x", enabled = false })
    end)
  end)

  it("hinder nothing that does not take from them", function()
    with_shop(function(inv, A, B)
      assert(place(inv, A, 5))
      assert(place(inv, B, 3))
      assert(inv.items:save{ sku = "bike", source = "z", qty = 5 })
      assert(inv.items:save{ sku = "bike", source = "z", qty = 5, status = "out_of_stock" })
      assert(inv.items:delete{ sku = "bike", source = "z" })
      assert(inv.sources:save{ code = "z", enabled = false })
    end)
  end)

  it("that are lost already do not make everything else impossible", function()
    with_shop(function(inv, A, B)
      assert(place(inv, B, 4))
      assert(inv.items:save{ sku = "bike", source = "y", qty = 1 }) -- three are lost
      assert(inv.sources:save{ code = "x", enabled = false })
      assert(inv.items:save{ sku = "bike", source = "x", qty = 5, status = "out_of_stock" })
      local detail = helpers.expect_error("PROMISED",
        inv.items:delete{ sku = "bike", source = "y" })
      assert.equal(1, detail.errors[1].available)
      assert.equal(0, inv:salable_qty("bike", { stock = A }))
    end)
  end)

  it("are kept from a stock that is linked to their source and lacks goods itself", function()
    with_shop(function(inv, A, B, C)
      assert(inv.items:save{ sku = "bike", source = "z", qty = 2 })
      assert(place(inv, C, 2))
      assert(place(inv, B, 5))
      assert(inv.items:save{ sku = "bike", source = "z", qty = 0 })
      local link = { { stock = C, source = "y", priority = 9 } }
      helpers.expect_error("PROMISED", inv.stocks:link(link))
      assert.same({ 5, 0 }, salable(inv, A, B))
      assert(inv.stocks:link(link, { force = true }))
    end)
  end)

  it("of products that nobody counts any more bind nothing, also where all lack goods", function()
    with_shop(function(inv, A, B)
      assert(place(inv, A, 7))
      assert(place(inv, B, 3))
      assert(inv.items:save{ { sku = "bike", source = "x", qty = 0 },
        { sku = "bike", source = "y", qty = 2 } })
      local out = { sku = "bike", source = "y", qty = 2, status = "out_of_stock" }
      helpers.expect_error("PROMISED", inv.items:save(out))
      assert(inv.products:save{ sku = "bike", settings = { manage_stock = false } })
      assert(inv.items:save(out))
      assert(inv.sources:save{ code = "y", enabled = false })
      assert(inv.items:delete{ sku = "bike", source = "y" })
    end)
  end)

  it("of products that are not managed are no promises", function()
    with_shop(function(inv, _, B)
      assert(place(inv, B, 4))
      assert(inv.products:save{ sku = "bike", settings = { manage_stock = false } })
      assert(inv.sources:save{ code = "y", enabled = false })
    end)
  end)
end)

describe("a line", function()
  -- B's four rest on y; A's order of six has five at x and needs one of y.
  local function promised(fn)
    with_shop(function(inv, A, B)
      assert(inv:place{ id = "b", stock = B, lines = { { sku = "bike", qty = 4 } } })
      assert(inv:place{ id = "a", stock = A, lines = { { sku = "bike", qty = 6 } } })
      fn(inv, A, B)
    end)
  end
  local function ship(inv, order, source, qty, force)
    return inv:ship{ id = order .. source .. qty .. tostring(force), order = order, force = force,
      lines = { { line = 1, qty = qty, source = source } } }
  end

  it("is not shipped with goods that another stock was promised", function()
    promised(function(inv, _, B)
      local detail = helpers.expect_error("PROMISED", ship(inv, "a", "y", 2))
      assert.same({ "bike", B, 1 }, { detail.errors[1].sku, detail.errors[1].stock,
        detail.errors[1].line })
      assert(ship(inv, "a", "y", 1))
      assert(ship(inv, "a", "x", 5))
      assert(ship(inv, "b", "y", 4))
    end)
  end)

  it("may be shipped so by force, and what that takes away is said", function()
    promised(function(inv, A, B)
      assert(ship(inv, "a", "y", 3, true))
      assert.same({ B, "2" }, (function()
        local row = helpers.ledger(inv, "oversold")[1]
        return { row.stock, row.note }
      end)())
      helpers.expect_error("NOT_ENOUGH", ship(inv, "b", "y", 4))
      assert.equal(2, inv:salable_qty("bike", { stock = A }))
    end)
  end)

  it("claims no goods that another stock was promised", function()
    promised(function(inv)
      local function allocate(id, order, source, qty, force)
        return inv:allocate{ id = id, order = order, force = force,
          lines = { { line = 1, qty = qty, source = source } } }
      end
      helpers.expect_error("PROMISED", allocate("l-1", "a", "y", 2))
      assert(allocate("l-2", "a", "y", 1))
      assert(allocate("l-3", "a", "x", 4))
      helpers.expect_error("PROMISED", inv:reassign{ id = "m-1", order = "a",
        lines = { { line = 1, qty = 1, from = "x", to = "y" } } })
      assert(inv:reassign{ id = "m-2", order = "a", lines = { { line = 1, qty = 1, from = "y" } } })
      assert(ship(inv, "a", "x", 4)) -- allocated there: nobody is asked
      assert(allocate("l-4", "b", "y", 4))
      assert(ship(inv, "b", "y", 4))
      assert(ship(inv, "a", "x", 1))
      assert(ship(inv, "a", "y", 1))
    end)
  end)

  it("is not written off with them either", function()
    promised(function(inv, A)
      assert(inv:invoice{ id = "i", order = "a" })
      assert(inv.stocks:link{ stock = A, source = "x", priority = 3 }) -- so that y comes first
      local lines = { { line = 1, qty = 2, write_off = true } }
      helpers.expect_error("PROMISED", inv:refund{ id = "r", order = "a", lines = lines })
      lines[1].write_off = false
      assert(inv:refund{ id = "r", order = "a", lines = lines })
    end)
  end)

  it("that waits does not overtake others' promises, in one stock either", function()
    with_shop(function(inv, _, _, C)
      assert(inv.products:save{ sku = "bike", settings = { backorders = "allow" } })
      assert(inv.items:save{ sku = "bike", source = "z", qty = 3 })
      assert(inv:place{ id = "first", stock = C, lines = { { sku = "bike", qty = 3 } } })
      assert(inv:place{ id = "late", stock = C, lines = { { sku = "bike", qty = 2 } } })
      helpers.expect_error("PROMISED", ship(inv, "late", "z", 1))
      helpers.expect_error("PROMISED", inv:allocate{ id = "l", order = "late",
        lines = { { line = 1, qty = 1, source = "z" } } })
      assert(inv:cancel{ id = "c", order = "first", lines = { { line = 1, qty = 1 } } })
      assert(ship(inv, "late", "z", 1))
      helpers.expect_error("PROMISED", ship(inv, "late", "z", 1, false))
      assert(ship(inv, "late", "z", 1, true))
      helpers.expect_error("NOT_ENOUGH", ship(inv, "first", "z", 2))
    end)
  end)

  it("whose virtual goods an invoice would take from others is refused", function()
    with_shop(function(inv, A, B)
      assert(inv.products:save{ sku = "book", type = "virtual", assign_default = false })
      assert(inv.items:save{ { sku = "book", source = "x", qty = 2 },
        { sku = "book", source = "y", qty = 2 } })
      assert(inv:place{ id = "a", stock = A, lines = { { sku = "book", qty = 2 } } })
      assert(inv:place{ id = "b", stock = B, lines = { { sku = "book", qty = 2 } } })
      helpers.expect_error("PROMISED", inv:invoice{ id = "i-1", order = "a",
        lines = { { line = 1, qty = 1, source = "y" } } })
      assert(inv:invoice{ id = "i-2", order = "a" })
      assert(inv:invoice{ id = "i-3", order = "b" })
    end)
  end)

  it("gives up its claims at a source that leaves the stock, when others can keep them", function()
    promised(function(inv, A)
      assert(inv:allocate{ id = "l", order = "a",
        lines = { { line = 1, qty = 5, source = "x" } } })
      local unlink = { { stock = A, source = "x" } }
      helpers.expect_error("PROMISED", inv.stocks:unlink(unlink))
      assert(inv.stocks:link{ stock = A, source = "z", priority = 3 })
      assert(inv.items:save{ sku = "bike", source = "z", qty = 5 })
      assert(inv.stocks:unlink(unlink))
      assert.equal(0, inv.orders:get("a").lines[1].allocated)
      assert(inv.items:delete{ sku = "bike", source = "x" })
    end)
  end)
end)

describe("a source item that is taken out of stock while its quantity is said", function()
  it("loses what lay there before, not what comes in", function()
    with_shop(function(inv, A)
      assert(place(inv, A, 10))
      assert(inv.items:save{ sku = "bike", source = "x", qty = 0 }) -- five are lost
      assert(inv.items:save{ sku = "bike", source = "x", qty = 8, status = "out_of_stock" })
      assert.same({ 8, "out_of_stock" }, (function(item) return { item.qty, item.status } end)(
        inv.items:list{ sku = "bike" }[1]))
      assert.equal(5, assert(inv:oversold())[1].qty)
      helpers.expect_error("PROMISED",
        inv.items:save{ sku = "bike", source = "y", qty = 9, status = "out_of_stock" })
      assert(inv.items:save{ sku = "bike", source = "y", qty = 0, status = "out_of_stock" })
    end)
  end)

  it("by force with others says what the whole call takes, not what each row does", function()
    with_shop(function(inv, A, B)
      assert(place(inv, A, 5))
      assert(place(inv, B, 5))
      assert(inv.stocks:unlink({ { stock = A, source = "x" }, { stock = A, source = "y" } },
        { force = true }))
      local rows = helpers.ledger(inv, "oversold")
      assert.same({ { A, "5" } }, { { rows[1].stock, rows[1].note }, rows[2] })
    end)
  end)

  it("by force says once what that takes from promises", function()
    with_shop(function(inv, A)
      assert(place(inv, A, 10))
      assert(inv.items:save({ sku = "bike", source = "x", qty = 3, status = "out_of_stock" },
        { force = true }))
      assert.same({ "5" }, helpers.column(helpers.ledger(inv, "oversold"), "note"))
    end)
  end)
end)

describe("a fact", function()
  it("is accepted, and what it takes from promises is said once", function()
    with_shop(function(inv, A, B)
      assert(place(inv, A, 7))
      assert(place(inv, B, 3))
      assert(inv.items:save{ sku = "bike", source = "y", qty = 4 })
      local rows = helpers.ledger(inv, "oversold")
      assert.same({ { A, "1" }, { B, "1" } },
        { { rows[1].stock, rows[1].note }, { rows[2].stock, rows[2].note } })
      assert.equal(2, #rows)
      assert(inv.items:adjust{ id = "j", lines = { { sku = "bike", source = "y", delta = 1 },
        { sku = "bike", source = "x", delta = -1 } } })
      assert.equal(2, #helpers.ledger(inv, "oversold")) -- no more than before
      assert.same({ A, B }, helpers.column(assert(inv:oversold()), "stock"))
      assert.equal(1, assert(inv:oversold{ stock = A })[1].qty)
    end)
  end)

  it("that only moves goods about says nothing", function()
    with_shop(function(inv, A)
      assert(place(inv, A, 10))
      assert(inv.items:save{ { sku = "bike", source = "x", qty = 2 },
        { sku = "bike", source = "y", qty = 8 } })
      assert.same({}, helpers.ledger(inv, "oversold"))
      assert(inv.items:save{ { sku = "bike", source = "y", qty = 6 },
        { sku = "bike", source = "y", qty = 8 } })
      assert.same({}, helpers.ledger(inv, "oversold"))
    end)
  end)

  it("within the limit of backorders is no oversale", function()
    with_shop(function(inv, _, B)
      assert(inv.products:save{ sku = "bike",
        settings = { backorders = "allow", out_of_stock_threshold = -3 } })
      assert(place(inv, B, 5))
      assert(inv.items:save{ sku = "bike", source = "y", qty = 2 })
      assert.same({}, helpers.ledger(inv, "oversold"))
      assert(inv.items:save{ sku = "bike", source = "y", qty = 1 })
      assert.equal("1", helpers.ledger(inv, "oversold")[1].note)
    end)
  end)
end)

describe("the report of what is oversold", function()
  it("comes in pages", function()
    with_shop(function(inv, _, B)
      for i = 1, 7 do
        local sku = "p-" .. i
        assert(inv.products:save{ sku = sku, assign_default = false })
        assert(inv.items:save{ sku = sku, source = "y", qty = 2 })
        assert(inv:place{ id = "o-" .. sku, stock = B, lines = { { sku = sku, qty = 2 } } })
        if i % 2 == 1 then assert(inv.items:save{ sku = sku, source = "y", qty = 0 }) end
      end
      local rows = helpers.all_pages(function(filter) return inv:oversold(filter) end, 2)
      assert.same({ "p-1", "p-3", "p-5", "p-7" }, helpers.column(rows, "sku"))
      assert.same({ 2, 2, 2, 2 }, helpers.column(rows, "qty"))
    end)
  end)
end)
