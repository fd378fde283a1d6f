-- adopted_verify_spec.lua: verify is as exact for what was adopted, compensated and compacted as
-- for everything else: whatever does not fit is named.

local helpers = require "helpers"
local kit = require "order_kit"

-- o-1 has 10 bikes: 1 cancelled, 6 invoiced, 4 shipped from ham, 3 refunded (2 of them released),
-- 1 returned, 3 open, of which reservations promised 2; one more is compensated. o-2 is closed.
local function fill(inv)
  local stock = kit.furnish(inv)
  kit.product(inv, "bike", { muc = 9, ham = 9 })
  kit.product(inv, "book", { muc = 9 }, nil, "virtual")
  assert(inv:adopt{ id = "a-1", orders = {
    { id = "o-1", stock = stock, lines = { { sku = "bike", qty = 10, cancelled = 1, invoiced = 6,
      shipped = 4, refunded = 3, returned = 1, source = "ham" } } },
    { id = "o-2", stock = stock, lines = { { sku = "bike", qty = 5, shipped = 5, invoiced = 5 },
      { sku = "book", qty = 2, invoiced = 2 } } },
  }, reservations = { { order = "o-1", sku = "bike", stock = stock, qty = -2 } } })
  assert(inv:compensate{ id = "k-1",
    lines = { { order = "o-1", sku = "bike", stock = stock, qty = -0.5 } } })
  return stock
end

local function expect_found(prepare, sql, wanted)
  kit.with_path(function(path)
    helpers.with_inventory({ path = path }, function(inv)
      prepare(inv)
      assert.same({}, inv:verify().problems)
    end)
    kit.tamper(path, sql)
    helpers.with_inventory({ path = path, readonly = true }, function(inv)
      local list = {}
      for i, problem in ipairs(assert(inv:verify()).problems) do
        list[i] = ("%s %s %s %s"):format(problem.what, problem.order or problem.sku or "-",
          problem.expected or "-", problem.found or "-")
      end
      for _, one in ipairs(wanted) do
        local there = false
        for _, problem in ipairs(list) do there = there or problem == one end
        assert.is_true(there, one .. " is not among\n" .. table.concat(list, "\n"))
      end
    end)
  end)
end

local LINE = " WHERE id = 4096 * (SELECT id FROM document" ..
  " WHERE kind = 1 AND ext_id = CAST('o-1' AS BLOB)) + 1"

-- What is changed, and what verify says of o-1: name, what the ledger tells, what it has.
local PLANTED = {
  { "ordered", 10 }, { "cancelled", 1 }, { "invoiced", 6 }, { "refunded", 3 },
  { "delivered", 4 }, { "returned", 1 },
}

describe("verify finds in an adopted order", function()
  for _, case in ipairs(PLANTED) do
    it("another number of " .. case[1] .. " units", function()
      local told = case[1]
      if told == "delivered" or told == "returned" then told = told .. " by the ledger" end
      expect_found(fill, ("UPDATE line SET %s = %s + 5000"):format(case[1], case[1]) .. LINE,
        { ("%s o-1 %s %s"):format(told, case[2], case[2] + 0.5) })
    end)

    it("a lost row of " .. case[1] .. " units", function()
      local told = case[1]
      if told == "delivered" or told == "returned" then told = told .. " by the ledger" end
      expect_found(fill, ("DELETE FROM ledger WHERE event = 27 AND line = 1 AND note = '%s'" ..
        " AND document = (SELECT id FROM document WHERE ext_id = CAST('o-1' AS BLOB))")
        :format(case[1]), { ("%s o-1 0 %s"):format(told, case[2]) })
    end)
  end

  it("another number of released units", function()
    expect_found(fill, "UPDATE line SET released = released + 5000" .. LINE,
      { "open o-1 3 2.5", "firm bike 2.5 3" })
  end)

  it("a lost delivery", function()
    expect_found(fill, "DELETE FROM delivery", { "delivered o-1 0 4", "returned o-1 0 1",
      "delivered o-2 0 5" })
  end)

  it("a lost reservation, correction or compensation", function()
    expect_found(fill, "DELETE FROM ledger WHERE event = 10 AND reserved < 0",
      { "adopted bike -2.5 -0.5", "reserved bike 0.5 2.5" })
    expect_found(fill, "DELETE FROM ledger WHERE event = 10 AND reserved > 0",
      { "adopted bike 2.5 -0.5", "reserved bike 5.5 2.5" })
    expect_found(fill, "DELETE FROM ledger WHERE event = 28",
      { "adopted bike -1 -0.5", "reserved bike 2 2.5" })
  end)

  it("a line that reserves since it was asked to, without a row that says so", function()
    expect_found(function(inv)
      local stock = kit.furnish(inv)
      kit.product(inv, "tent", { muc = 9 }, { reserve_stock = false })
      kit.place(inv, "o-1", stock, { "tent", 4 })
      assert(inv.products:save{ sku = "tent", settings = { reserve_stock = true } })
      assert(inv:adopt{ id = "a-1", open = true })
    end, "DELETE FROM ledger WHERE event = 27", { "open o-1 0 4", "reserved tent 0 4" })
  end)
end)

describe("verify finds in a compacted ledger", function()
  local function compacted(inv)
    local stock = kit.furnish(inv)
    kit.product(inv, "bike", { muc = 9, ham = 9 })
    kit.place(inv, "o-1", stock, { "bike", 5 })
    assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
    assert(inv:invoice{ id = "i-1", order = "o-1" })
    assert.equal(1, assert(inv:compact()).orders)
    assert(inv:refund{ id = "r-1", order = "o-1",
      lines = { { line = 1, qty = 2, return_to = "ham" } } })
  end

  it("a sum that is lost or changed", function()
    expect_found(compacted, "DELETE FROM ledger WHERE event = 29", { "quantity bike 9 4" })
    expect_found(compacted, "UPDATE ledger SET moved = moved - 10000 WHERE event = 29" ..
      " AND stock = 2", { "quantity bike 3 4" })
    expect_found(compacted, "UPDATE ledger SET reserved = -10000 WHERE event = 29 AND stock = 2",
      { "reserved bike 1 0", "open o-1 1 0" })
  end)

  it("a line that is open, and deliveries that are lost", function()
    expect_found(compacted, "UPDATE line SET delivered = delivered - 10000, returned = 0",
      { "open o-1 0 1", "delivered o-1 5 4", "returned o-1 2 0" })
    expect_found(compacted, "DELETE FROM delivery", { "delivered o-1 0 5" })
  end)

  -- What the ledger told of o-1 before it was compacted, and by the refund after it.
  for name, told in pairs{ ordered = 5, cancelled = 0, invoiced = 5, refunded = 2 } do
    it("another number of " .. name .. " units", function()
      expect_found(compacted, ("UPDATE line SET %s = %s + 5000"):format(name, name),
        { ("%s o-1 %s %s"):format(name, told, told + 0.5) })
    end)
  end

  it("a counter whose sum is lost or changed", function()
    expect_found(compacted, "DELETE FROM carried WHERE event = 4", { "invoiced o-1 0 5" })
    expect_found(compacted, "UPDATE carried SET qty = qty + 10000", { "ordered o-1 6 5",
      "invoiced o-1 6 5", "delivered by the ledger o-1 6 5" })
    expect_found(compacted, "UPDATE carried SET event = 7 WHERE event = 4",
      { "invoiced o-1 0 5", "nothing o-1 5 0" })
  end)
end)
