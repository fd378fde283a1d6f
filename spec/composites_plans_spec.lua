-- composites_plans_spec.lua: bundles leave as a whole, also by a plan, which names their parts; and
-- their goods are allocated together.

local composites = require "composite_kit"

local with_shop, order, lines_of = composites.with_shop, composites.order, composites.lines_of
local counters, with_crates = composites.counters, composites.with_crates
local refused = composites.refuses_event

describe("a plan", function()
  local function pick(line, sku, source, qty)
    return { line = line, sku = sku, source = source, qty_to_deduct = qty, qty_available = qty }
  end

  local function ship(inv, ...)
    return inv:ship{ id = "s-1", order = "o-1", plan = { order = "o-1", picks = { ... } } }
  end

  local function refuse(inv, expected, ...)
    return refused(inv, expected, "ship",
      { order = "o-1", plan = { order = "o-1", picks = { ... } } })
  end

  it("names the parts of a bundle, source by source in proportion", function()
    with_crates(function(inv)
      local answer = assert(ship(inv, pick(2, "f-1", "muc", 3), pick(3, "bell", "muc", 6),
        pick(3, "bell", "ham", 2), pick(2, "f-1", "ham", 1)))
      assert.same({ "1 crate 3 from muc", "2 f-1 3 of 1 from muc", "3 bell 6 of 1 from muc",
        "1 crate 1 from ham", "2 f-1 1 of 1 from ham", "3 bell 2 of 1 from ham" },
        lines_of(answer))
      assert.same({ ordered = 4, delivered = 4 }, counters(inv, "o-1", 1))
    end)
  end)

  it("made by select ships composites", function()
    with_shop(function(inv, stock)
      assert(inv:place{ id = "o-1", stock = stock, lines = {
        { sku = "crate", qty = 2, selections = { "f-1" } },
        { sku = "shirt", qty = 1, selections = { "shirt-s" } }, { sku = "bell", qty = 1 },
        { sku = "pans", qty = 1, selections = { "pan" } } } })
      local plan = assert(inv:select{ order = "o-1" })
      assert.is_true(plan.shippable)
      assert(inv:ship{ id = "s-1", order = "o-1", plan = plan })
      for _, line in ipairs(inv.orders:get("o-1").lines) do assert.equal(0, line.open) end
      assert.is_true(inv:ship{ id = "s-1", order = "o-1", plan = plan }.replayed)
    end)
  end)

  it("made by select keeps bundles whole at each source", function()
    with_shop(function(inv, stock)
      -- Munich has bells for two crates only, Hamburg frames for five.
      assert(inv.items:save{ sku = "bell", source = "muc", qty = 5 })
      order(inv, "o-1", stock, "crate", 4, "f-1")
      local plan = assert(inv:select{ order = "o-1" })
      assert.is_true(plan.shippable)
      assert.same({ "1 crate 2 from muc", "2 f-1 2 of 1 from muc", "3 bell 4 of 1 from muc",
        "1 crate 2 from ham", "2 f-1 2 of 1 from ham", "3 bell 4 of 1 from ham" },
        lines_of(assert(inv:ship{ id = "s-1", order = "o-1", plan = plan })))
    end)
  end)

  it("may pick one part several times, and lists what it takes nothing of", function()
    with_crates(function(inv)
      assert(ship(inv, pick(3, "bell", "muc", 1), pick(2, "f-1", "muc", 1),
        pick(2, "f-1", "ham", 0),
        pick(3, "bell", "muc", 1)))
      assert.same({ ordered = 8, delivered = 2, open = 6 }, counters(inv, "o-1", 3))
    end)
  end)

  for what, picks in pairs{
    ["out of proportion"] = { pick(2, "f-1", "muc", 2), pick(3, "bell", "muc", 2) },
    ["without one of the parts"] = { pick(3, "bell", "muc", 2) },
    ["in proportion only over all sources"] =
      { pick(2, "f-1", "muc", 1), pick(3, "bell", "ham", 2) },
    ["more than a part has"] = { pick(2, "f-1", "muc", 5), pick(3, "bell", "muc", 10) },
  } do
    it("that picks " .. what .. " is INVALID", function()
      with_crates(function(inv)
        local _, _, code, detail = ship(inv, (table.unpack or unpack)(picks))
        assert.equal("INVALID", code)
        assert.equal("plan", detail.errors[1].field)
        assert.equal("crate", detail.errors[1].subject)
        for _, problem in ipairs(detail.errors) do assert.equal("INVALID", problem.code) end
        assert.same({ ordered = 4, open = 4 }, counters(inv, "o-1", 1))
      end)
    end)
  end

  it("that picks more than is open is refused", function()
    with_crates(function(inv)
      assert(ship(inv, pick(2, "f-1", "ham", 2), pick(3, "bell", "ham", 4)))
      refuse(inv, { "2.qty EXCEEDS" }, pick(2, "f-1", "muc", 3), pick(3, "bell", "muc", 6))
    end)
  end)

  it("lets parts that are not counted leave with those that are", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ sku = "bell", settings = { manage_stock = false } })
      order(inv, "o-1", stock, "crate", 12, "f-1")
      local plan = assert(inv:select{ order = "o-1" })
      assert(inv:ship{ id = "s-1", order = "o-1", plan = plan })
      for number, ordered in ipairs{ 12, 12, 24 } do
        assert.same({ ordered = ordered, delivered = ordered }, counters(inv, "o-1", number))
      end
    end)
  end)

  it("takes no more of what is not counted than goes with the bundles", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ sku = "bell", settings = { manage_stock = false } })
      order(inv, "o-1", stock, "crate", 4, "f-1")
      refuse(inv, { "3.plan INVALID" }, pick(3, "bell", "muc", 2))
      refuse(inv, { "2.plan INVALID" }, pick(2, "f-1", "muc", 1), pick(3, "bell", "ham", 99))
      assert(ship(inv, pick(2, "f-1", "muc", 1), pick(3, "bell", "ham", 2)))
      assert.same({ ordered = 8, delivered = 2, open = 6 }, counters(inv, "o-1", 3))
    end)
  end)

  it("ships a bundle of which nothing is counted", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ { sku = "bell", settings = { manage_stock = false } },
        { sku = "f-1", settings = { manage_stock = false } } })
      order(inv, "o-1", stock, "crate", 2, "f-1")
      assert(inv:ship{ id = "s-1", order = "o-1", plan = assert(inv:select{ order = "o-1" }) })
      assert.same({ ordered = 2, delivered = 2 }, counters(inv, "o-1", 1))
    end)
  end)

  it("of parts that move on their own is shipped part by part", function()
    with_shop(function(inv, stock)
      order(inv, "o-1", stock, "kit", 2, "f-1")
      assert(ship(inv, pick(2, "f-1", "muc", 2), pick(3, "bell", "ham", 1)))
      assert.same({ ordered = 4, delivered = 1, open = 3 }, counters(inv, "o-1", 3))
    end)
  end)
end)

describe("the goods of a bundle", function()
  local function allocated(inv, sku)
    local by_source = {}
    for _, item in ipairs((assert(inv.items:list{ sku = sku }))) do
      by_source[item.source] = item.allocated
    end
    return by_source
  end

  it("are allocated with it, all at one source", function()
    with_crates(function(inv)
      local answer = assert(inv:allocate{ id = "a-1", order = "o-1",
        lines = { { sku = "crate", qty = 2, source = "ham" } } })
      assert.same({ "1 crate 2 from ham", "2 f-1 2 of 1 from ham", "3 bell 4 of 1 from ham" },
        lines_of(answer))
      assert.same({ muc = 0, ham = 4 }, allocated(inv, "bell"))
      assert.same({ muc = 0, ham = 0 }, allocated(inv, "guide"))
      local detail = refused(inv, { "1.qty NOT_ENOUGH" }, "allocate",
        { order = "o-1", lines = { { line = 1, qty = 1, source = "ham" } } })
      assert.equal("bell", detail.errors[1].sku)
      refused(inv, { "1.qty EXCEEDS" }, "allocate",
        { order = "o-1", lines = { { line = 1, qty = 3, source = "muc" } } })
      refused(inv, { "3.sku UNSUPPORTED" }, "allocate",
        { order = "o-1", lines = { { line = 3, qty = 2, source = "muc" } } })
    end)
  end)

  it("move from source to source with it, and are shipped from there", function()
    with_crates(function(inv)
      assert(inv:allocate{ id = "a-1", order = "o-1",
        lines = { { line = 1, qty = 2, source = "ham" } } })
      assert(inv:reassign{ id = "m-1", order = "o-1",
        lines = { { line = 1, qty = 1, from = "ham", to = "muc" } } })
      assert.same({ muc = 2, ham = 2 }, allocated(inv, "bell"))
      assert.same({ muc = 1, ham = 1 }, allocated(inv, "f-1"))
      assert(inv:ship{ id = "s-1", order = "o-1", source = "ham",
        lines = { { line = 1, qty = 1 } } })
      assert(inv:reassign{ id = "m-2", order = "o-1", lines = { { sku = "crate", qty = 1 } } })
      assert.same({ muc = 0, ham = 0 }, allocated(inv, "bell"))
    end)
  end)

  it("are allocated by a plan, source by source in proportion", function()
    with_crates(function(inv)
      local function pick(line, sku, source, qty)
        return { line = line, sku = sku, source = source, qty_to_deduct = qty, qty_available = qty }
      end
      local function plan(...) return { order = "o-1", picks = { ... } } end
      refused(inv, { "2.plan INVALID" }, "allocate", { order = "o-1",
        plan = plan(pick(2, "f-1", "muc", 2), pick(3, "bell", "muc", 3)) })
      assert(inv:allocate{ id = "a-1", order = "o-1", plan = plan(pick(2, "f-1", "muc", 2),
        pick(3, "bell", "muc", 4), pick(3, "bell", "ham", 2), pick(2, "f-1", "ham", 1)) })
      assert.same({ muc = 4, ham = 2 }, allocated(inv, "bell"))
    end)
  end)

  it("are not allocated where nothing of it is counted", function()
    with_shop(function(inv, stock)
      assert(inv.products:save{ sku = "f-1", settings = { manage_stock = false } })
      order(inv, "o-1", stock, "crate", 1, "f-1")
      assert.same({ "1 crate 1 from muc", "3 bell 2 of 1 from muc" }, lines_of(assert(inv:allocate{
        id = "a-1", order = "o-1", lines = { { line = 1, qty = 1, source = "muc" } } })))
      assert(inv.products:save{ sku = "bell", settings = { manage_stock = false } })
      order(inv, "o-2", stock, "crate", 1, "f-1")
      refused(inv, { "1.sku UNSUPPORTED" }, "allocate",
        { order = "o-2", lines = { { line = 1, qty = 1, source = "muc" } } })
    end)
  end)
end)
