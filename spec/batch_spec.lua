-- batch_spec.lua: many independent operations, one durable commit.

local core = require "quartermaster.core"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, product, place = kit.with_shop, kit.product, kit.place
local reserved, expect_line = kit.reserved, kit.expect_line

local function placing(id, stock, qty, sku)
  return { op = "place", id = id, stock = stock, lines = { { sku = sku or "bike", qty = qty } } }
end

describe("batch", function()
  it("answers each operation as its own call would", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 })
      local line = { { line = 1, qty = 1 } }
      local outcomes = assert(inv:batch{
        placing("o-1", stock, 5),
        { op = "invoice", id = "e-1", order = "o-1", lines = { { line = 1, qty = 3 } } },
        { op = "ship", id = "e-1", order = "o-1", source = "muc", lines = line },
        { op = "refund", id = "e-1", order = "o-1", lines = line },
        { op = "return_goods", id = "e-1", order = "o-1", lines = line },
        { op = "cancel", id = "e-1", order = "o-1" },
      })
      local answers = {}
      for i, outcome in ipairs(outcomes) do
        assert.is_true(outcome.ok, outcome.message)
        answers[i] = outcome.result
      end
      local released = { line = 1, sku = "bike", qty = 1 }
      local moved = { line = 1, sku = "bike", qty = 1, source = "muc" }
      assert.same({
        { id = "o-1", order = "o-1", lines = { { line = 1, sku = "bike", qty = 5 } } },
        { id = "e-1", order = "o-1", lines = { { line = 1, sku = "bike", qty = 3 } } },
        { id = "e-1", order = "o-1", lines = { moved } },
        { id = "e-1", order = "o-1", lines = { released } },
        { id = "e-1", order = "o-1", lines = { moved } },
        { id = "e-1", order = "o-1", lines = { { line = 1, sku = "bike", qty = 2 } } },
      }, answers)
      expect_line(inv, "o-1", 1, { ordered = 5, invoiced = 3, delivered = 1, refunded = 1,
        released = 1, returned = 1, cancelled = 2, open = 1 })
    end)
  end)

  it("lets a refused operation stop no other", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      local outcomes = assert(inv:batch{
        placing("o-1", stock, 3), placing("o-2", stock, 3), placing("o-3", stock, 2),
        { op = "cancel", id = "c-1", order = "o-9" },
      })
      assert.same({ true, false, true, false },
        { outcomes[1].ok, outcomes[2].ok, outcomes[3].ok, outcomes[4].ok })
      assert.equal(5, reserved(inv, "bike", stock))
      assert.is_nil((inv.orders:get("o-2")))
    end)
  end)

  it("explains a refusal as the call itself does", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      local requests = {
        { id = "o-1", stock = stock,
          lines = { { sku = "bike", qty = 9 }, { sku = "x", qty = 1 } } },
        { id = "o-1", stock = stock, lines = { { sku = "bike", qty = 9 } } },
        { stock = stock, lines = {} },
      }
      local batch = {}
      for i, request in ipairs(requests) do
        batch[i] = { op = "place" }
        for key, value in pairs(request) do batch[i][key] = value end
      end
      for i, outcome in ipairs(assert(inv:batch(batch))) do
        local _, message, code, detail = inv:place(requests[i])
        assert.same({ ok = false, message = message, code = code, detail = detail }, outcome)
      end
    end)
  end)

  it("undoes what a refused operation had begun, and only that", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 })
      place(inv, "o-1", stock, { "bike", 3 }, { "bike", 3 })
      local outcomes = assert(inv:batch{
        { op = "ship", id = "s-1", order = "o-1", source = "muc",
          lines = { { line = 1, qty = 1 } } },
        { op = "ship", id = "s-2", order = "o-1", source = "muc",
          lines = { { line = 2, qty = 3 }, { line = 1, qty = 3 } } },
        { op = "ship", id = "s-3", order = "o-1", source = "muc",
          lines = { { line = 1, qty = 2 } } },
      })
      assert.same({ true, false, true }, { outcomes[1].ok, outcomes[2].ok, outcomes[3].ok })
      assert.same({ muc = 6 }, kit.quantities(inv, "bike"))
      expect_line(inv, "o-1", 2, { ordered = 3, open = 3 })
      assert.same({}, kit.rows_of(inv, "s-2"))
    end)
  end)

  it("is not disturbed by rows that come after one that is wrong", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 })
      local wrong = { id = "c-1", order = "o-1", lines = { { sku = "nope", qty = 1 },
        { sku = "bike", qty = 4 }, { sku = "bike", qty = 4 } } }
      place(inv, "o-1", stock, { "bike", 5 })
      local errors = kit.refused(inv, "NOT_FOUND", "cancel", wrong)
      assert.same({ 1, 1, "sku", "nope" },
        { #errors, errors[1].line, errors[1].field, errors[1].sku })
      wrong.op = "cancel"
      local outcomes = assert(inv:batch{ placing("o-2", stock, 2), wrong,
        { op = "cancel", id = "c-2", order = "o-1", lines = { { sku = "bike", qty = 4 } } },
        wrong, placing("o-3", stock, 3) })
      assert.same({ true, false, true, false, true }, { outcomes[1].ok, outcomes[2].ok,
        outcomes[3].ok, outcomes[4].ok, outcomes[5].ok })
      assert.same({ "NOT_FOUND", "NOT_FOUND" }, { outcomes[2].code, outcomes[4].code })
      assert.equal(6, reserved(inv, "bike", stock))
      expect_line(inv, "o-1", 1, { ordered = 5, cancelled = 4, open = 1 })
      assert.same({}, kit.rows_of(inv, "c-1"))
    end)
  end)

  it("runs in the given order", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      place(inv, "o-1", stock, { "bike", 5 })
      local cancel = { op = "cancel", id = "c-1", order = "o-1" }
      assert.is_false(assert(inv:batch{ placing("o-2", stock, 5), cancel })[1].ok)
      assert.is_true(assert(inv:batch{ placing("o-2", stock, 5) })[1].ok)
      local outcomes = assert(inv:batch{
        { op = "cancel", id = "c-2", order = "o-2" }, placing("o-3", stock, 5) })
      assert.same({ true, true }, { outcomes[1].ok, outcomes[2].ok })
    end)
  end)

  it("replays and refuses ids among its own operations", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      local outcomes = assert(inv:batch{
        placing("o-1", stock, 2), placing("o-1", stock, 2), placing("o-1", stock, 1) })
      assert.is_nil(outcomes[1].result.replayed)
      assert.is_true(outcomes[2].result.replayed)
      assert.same({ false, "CONFLICT" }, { outcomes[3].ok, outcomes[3].code })
      assert.equal(2, reserved(inv, "bike", stock))
    end)
  end)

  it("makes waiting promises firm for the operations that follow", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 }, { backorders = "allow" })
      place(inv, "o-1", stock, { "bike", 5 })
      place(inv, "o-2", stock, { "bike", 2 })
      local outcomes = assert(inv:batch{
        { op = "cancel", id = "c-1", order = "o-1", lines = { { line = 1, qty = 3 } } },
        placing("o-3", stock, 2),
      })
      assert.equal(0, inv.orders:get("o-2").lines[1].backordered)
      assert.equal(1, outcomes[2].result.lines[1].backordered)
    end)
  end)

  it("does nothing for an empty list", function()
    with_shop(function(inv)
      local before = kit.snapshot(inv)
      assert.same({}, assert(inv:batch{}))
      assert.same(before, kit.snapshot(inv))
    end)
  end)

  it("takes a thousand operations", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 700 })
      local ops = {}
      for i = 1, 1000 do ops[i] = placing("o-" .. i, stock, 1) end
      local sold = 0
      for i, outcome in ipairs(assert(inv:batch(ops))) do
        assert.equal(i <= 700, outcome.ok)
        sold = sold + (outcome.ok and 1 or 0)
      end
      assert.same({ 700, 700 }, { sold, reserved(inv, "bike", stock) })
    end)
  end)

  it("takes as many operations as the limit says, and refuses one more", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      local ops = {}
      for i = 1, core.limits.batch do ops[i] = { op = "cancel", id = "c", order = "o-9" } end
      assert.equal(core.limits.batch, #assert(inv:batch(ops)))
      ops[#ops + 1] = placing("o-1", stock, 1)
      local before = kit.snapshot(inv)
      helpers.expect_error("LIMIT", inv:batch(ops))
      assert.same(before, kit.snapshot(inv))
    end)
  end)

  it("is one commit: when it fails, nothing of it was done", function()
    kit.with_path(function(path)
      local options = { path = path, durability = "normal", max_pages = 120 }
      helpers.with_inventory(options, function(inv)
        local stock = kit.furnish(inv)
        product(inv, "bike", { muc = 100000 })
        local ops = {}
        for i = 1, 9000 do ops[i] = placing("o-" .. i, stock, 1) end
        local before = kit.snapshot(inv)
        helpers.expect_error("FULL", inv:batch(ops))
        assert.same(before, kit.snapshot(inv))
        assert.is_nil((inv.orders:get("o-1")))
        place(inv, "o-1", stock, { "bike", 1 })
        assert.is_true(assert(inv:verify()).ok)
      end)
    end)
  end)
end)

describe("misuse of batch raises and writes nothing:", function()
  for what, wrong in pairs{
    ["an unknown operation"] = { op = "hold", id = "x", order = "o-1" },
    ["a call that is none of its operations"] = { op = "adopt", id = "x", reservations = {} },
    ["no operation"] = { id = "x", order = "o-1" },
    ["an operation that is no string"] = { op = 1, id = "x", order = "o-1" },
    ["an unknown key"] = { op = "cancel", id = "x", order = "o-1", why = "no" },
    ["a key of the wrong type"] = { op = "cancel", id = 7, order = "o-1" },
    ["an entry that is no table"] = "cancel",
  } do
    it(what, function()
      with_shop(function(inv, stock)
        product(inv, "bike", { muc = 5 })
        local before = kit.snapshot(inv)
        local ok, message = pcall(inv.batch, inv,
          { placing("o-1", stock, 1), wrong, placing("o-2", stock, 1) })
        assert.is_false(ok)
        assert.is_string(message)
        assert.same(before, kit.snapshot(inv))
        assert.is_nil((inv.orders:get("o-1")))
        place(inv, "o-1", stock, { "bike", 5 })
      end)
    end)
  end

  it("no list", function()
    with_shop(function(inv)
      assert.has_error(function() inv:batch("place") end)
      assert.has_error(function() inv:batch() end)
    end)
  end)
end)
