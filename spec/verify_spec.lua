-- verify_spec.lua: the file is recomputed from its own ledger, and whatever does not fit is named.

local helpers = require "helpers"
local kit = require "order_kit"
local verify_kit = require "verify_kit"

local fill = verify_kit.fill

local function busy(inv)
  fill(inv)
  assert(inv.sources:save{ code = "ber", enabled = false, force = true })
  assert(inv.items:save({ sku = "bike", source = "ham", qty = 5, status = "out_of_stock" },
    { force = true }))
  assert(inv.items:save{ sku = "bike", source = "ber", qty = -5 })
  assert(inv.stocks:unlink({ { stock = 2, source = "muc" } }, { force = true }))
  assert(inv.policies:activate("magento"))
  assert(inv.settings:set{ backorders = "allow" })
end

describe("verify", function()
  it("finds nothing wrong with a new file", function()
    helpers.with_inventory(nil, function(inv)
      local report = assert(inv:verify())
      assert.same({ true, {}, 0, 0, 0 },
        { report.ok, report.problems, report.products, report.balances, report.orders })
    end)
  end)

  it("finds nothing wrong after all kinds of work, and counts what it read", function()
    helpers.with_inventory(nil, function(inv)
      busy(inv)
      local report = assert(inv:verify())
      assert.same({}, report.problems)
      assert.same({ true, 7, 2, #kit.all(inv, "events") },
        { report.ok, report.products, report.orders, report.ledger })
      assert.is_true(report.balances >= 7)
    end)
  end)

  it("finds nothing wrong when the file was opened again", function()
    kit.with_path(function(path)
      helpers.with_inventory({ path = path }, busy)
      helpers.with_inventory({ path = path, readonly = true }, function(inv)
        assert.is_true(assert(inv:verify()).ok)
      end)
    end)
  end)
end)

local ITEM = " WHERE product = (SELECT id FROM product WHERE sku = CAST('bike' AS BLOB))" ..
  " AND id & 65535 = (SELECT id FROM source WHERE code = 'muc')"
local BALANCE = " WHERE product = (SELECT id FROM product WHERE sku = CAST('%s' AS BLOB))" ..
  " AND id & 65535 = 2"
local LINE = " WHERE id = 4096 * (SELECT id FROM document" ..
  " WHERE kind = 1 AND ext_id = CAST('o-1' AS BLOB)) + 1"

-- What is changed, and the problems that must be among those found: what, sku, stock, source,
-- order, expected, found. At muc are 3.5 bikes; 2 of the 6 are still open, one more is adopted.
local PLANTED = {
  { "a quantity at a source", "UPDATE item SET qty = qty + 10000" .. ITEM, {
    { "quantity", "bike", nil, "muc", nil, 3.5, 4.5 },
    { "on hand", "bike", 2, nil, nil, 9.5, 8.5 } } },
  { "an allocation at a source", "UPDATE item SET allocated = 20000" .. ITEM,
    { { "allocated at source", "bike", nil, "muc", nil, 0, 2 } } },
  { "a status", "UPDATE item SET status = 0" .. ITEM,
    { { "on hand", "bike", 2, nil, nil, 5, 8.5 }, { "in stock", "bike", 2, nil, nil, 1, 2 } } },
  { "a source item that is lost", "DELETE FROM item" .. ITEM,
    { { "quantity", "bike", nil, "muc", nil, 3.5, 0 },
      { "assigned", "bike", 2, nil, nil, 1, 2 } } },
  { "a source that is disabled", "UPDATE source SET enabled = 0 WHERE code = 'muc'",
    { { "active", "bike", 2, nil, nil, 1, 2 }, { "in stock", "bike", 2, nil, nil, 1, 2 },
      { "on hand", "bike", 2, nil, nil, 5, 8.5 } } },
  { "a link that is lost", "DELETE FROM link WHERE stock = 2 AND source = 2",
    { { "assigned", "bike", 2, nil, nil, 1, 2 }, { "on hand", "bike", 2, nil, nil, 5, 8.5 } } },
  { "the units on hand", "UPDATE balance SET on_hand = on_hand + 10000" .. BALANCE:format("bike"),
    { { "on hand", "bike", 2, nil, nil, 8.5, 9.5 } } },
  { "the firm promises", "UPDATE balance SET firm = firm + 10000" .. BALANCE:format("bike"),
    { { "firm", "bike", 2, nil, nil, 2, 3 }, { "reserved", "bike", 2, nil, nil, 3, 4 } } },
  { "the promises that wait",
    "UPDATE balance SET backordered = backordered + 10000" .. BALANCE:format("bell"),
    { { "backordered", "bell", 2, nil, nil, 1, 2 }, { "reserved", "bell", 2, nil, nil, 2, 3 } } },
  { "the allocated promises", "UPDATE balance SET allocated = 10000" .. BALANCE:format("bike"),
    { { "allocated", "bike", 2, nil, nil, 0, 1 }, { "reserved", "bike", 2, nil, nil, 3, 4 } } },
  { "the adopted promises", "UPDATE balance SET adopted = 0" .. BALANCE:format("bike"),
    { { "adopted", "bike", 2, nil, nil, 1, 0 }, { "reserved", "bike", 2, nil, nil, 3, 2 } } },
  { "the number of items", "UPDATE balance SET assigned = 7" .. BALANCE:format("bike"),
    { { "assigned", "bike", 2, nil, nil, 2, 7 } } },
  { "the number of items at enabled sources",
    "UPDATE balance SET active = 1, in_stock = 1" .. BALANCE:format("bike"),
    { { "active", "bike", 2, nil, nil, 2, 1 }, { "in stock", "bike", 2, nil, nil, 2, 1 } } },
  { "a balance that is lost", "DELETE FROM balance" .. BALANCE:format("bike"),
    { { "firm", "bike", 2, nil, nil, 2, 0 }, { "on hand", "bike", 2, nil, nil, 8.5, 0 } } },
  { "the cancelled units of a line", "UPDATE line SET cancelled = cancelled + 10000" .. LINE,
    { { "open", "bike", nil, nil, "o-1", 2, 1 }, { "firm", "bike", 2, nil, nil, 1, 2 } } },
  { "the delivered units of a line", "UPDATE line SET delivered = delivered + 10000" .. LINE,
    { { "delivered", "bike", nil, nil, "o-1", 2, 3 },
      { "open", "bike", nil, nil, "o-1", 2, 1 } } },
  { "the released units of a line", "UPDATE line SET released = released + 10000" .. LINE,
    { { "open", "bike", nil, nil, "o-1", 2, 1 } } },
  { "the returned units of a line", "UPDATE line SET returned = 0" .. LINE,
    { { "returned", "bike", nil, nil, "o-1", 1, 0 } } },
  { "more invoiced units than a line has", "UPDATE line SET invoiced = 990000" .. LINE,
    { { "invoiced", "bike", nil, nil, "o-1", 6, 99 } } },
  { "more refunded units than a line has", "UPDATE line SET refunded = 990000" .. LINE,
    { { "refunded", "bike", nil, nil, "o-1", 2, 99 } } },
  { "more allocated units than a line has", "UPDATE line SET allocated = 990000" .. LINE,
    { { "allocated", "bike", 2, nil, nil, 99, 0 }, { "firm", "bike", 2, nil, nil, -97, 2 } } },
  { "the waiting units of a line",
    "UPDATE line SET backordered = 0 WHERE backordered > 0",
    { { "backordered", "bell", 2, nil, nil, 0, 1 }, { "firm", "bell", 2, nil, nil, 2, 1 } } },
  { "an allocated quantity", "UPDATE allocation SET qty = 20000", {
    { "allocated by line", "lamp", nil, nil, "o-2", 2, 1 },
    { "allocated at source", "lamp", nil, "default", nil, 2, 1 } } },
  { "an allocation that is lost", "DELETE FROM allocation", {
    { "allocated by line", "lamp", nil, nil, "o-2", 0, 1 },
    { "allocated at source", "lamp", nil, "default", nil, 0, 1 } } },
  { "allocations of one product that are exchanged between two lines", [[
    INSERT INTO line SELECT id + 1, product, stock, parent, kind, tracked, ordered, cancelled,
      invoiced, delivered, refunded, released, returned, 0, backordered FROM line
      WHERE allocated > 0;
    UPDATE allocation SET id = id + 65536]], {
    { "allocated by line", "lamp", nil, nil, "o-2", 0, 1 },
    { "allocated by line", "lamp", nil, nil, "o-2", 1, 0 } } },
  { "an allocation at another source than its item's",
    "UPDATE allocation SET id = id + 1", {
      { "line of an allocation", "lamp", nil, "muc", "o-2", 1, 0 } } },
  { "a line that is lost", "DELETE FROM line" .. LINE,
    { { "open", "bike", nil, nil, "o-1", 2, 0 }, { "firm", "bike", 2, nil, nil, 0, 2 } } },
  { "a delivered quantity", "UPDATE delivery SET qty = qty + 10000 WHERE line & 4095 = 1",
    { { "delivered", "bike", nil, nil, "o-1", 3, 2 } } },
  { "a delivery that is lost", "DELETE FROM delivery WHERE line & 4095 = 1",
    { { "delivered", "bike", nil, nil, "o-1", 0, 2 },
      { "returned", "bike", nil, nil, "o-1", 0, 1 } } },
  { "what of a delivery came back", "UPDATE delivery SET returned = 0 WHERE line & 4095 = 1",
    { { "returned", "bike", nil, nil, "o-1", 0, 1 } } },
  { "a reservation", "UPDATE ledger SET reserved = -20000 WHERE reserved = -60000",
    { { "reserved", "bike", 2, nil, nil, -1, 3 }, { "open", "bike", nil, nil, "o-1", -2, 2 } } },
  { "a movement", "UPDATE ledger SET moved = 25000 WHERE moved = 15000",
    { { "quantity", "bike", nil, "muc", nil, 4.5, 3.5 } } },
  { "a ledger row that is lost", "DELETE FROM ledger WHERE moved = 15000",
    { { "quantity", "bike", nil, "muc", nil, 2, 3.5 } } },
  { "an order that is lost",
    "DELETE FROM document WHERE kind = 1 AND ext_id = CAST('o-2' AS BLOB)",
    { { "order of a line", "lamp", nil, nil, nil, 1, 0 },
      { "document of a ledger row", "lamp", 1, nil, nil, 1, 0 } } },
}

describe("verify finds", function()
  for _, case in ipairs(PLANTED) do
    it(case[1], function()
      verify_kit.expect_found(case[2], case[3])
    end)
  end

  it("an index that does not fit its table", function()
    kit.with_path(function(path)
      helpers.with_inventory({ path = path }, fill)
      kit.tamper(path, "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema" ..
        " WHERE name = 'line_waiting'")
      helpers.with_inventory({ path = path }, function(inv)
        local report = assert(inv:verify())
        assert.is_false(report.ok)
        assert.is_true(#report.problems[1].what > 0)
      end)
    end)
  end)
end)

describe("an order line whose allocations are damaged", function()
  local DAMAGES = {
    { "lost", "DELETE FROM allocation" }, { "less than nothing", "UPDATE allocation SET qty = 0" },
    { "more than the line's", "UPDATE allocation SET qty = 990000" },
    { "not what the source item says", "UPDATE item SET allocated = 0 WHERE allocated > 0" },
  }
  for _, case in ipairs(DAMAGES) do
    it("is not worked with any more: " .. case[1], function()
      kit.with_path(function(path)
        helpers.with_inventory({ path = path }, fill)
        kit.tamper(path, case[2])
        helpers.with_inventory({ path = path }, function(inv)
          local before = kit.snapshot(inv, "o-2")
          local ship = { id = "s-9", order = "o-2", source = "default" }
          if case[1] ~= "lost" then assert.equal("CORRUPT", (select(3, inv:ship(ship)))) end
          local reassign = { id = "r-9", order = "o-2", lines = { { line = 1, qty = 1 } } }
          if case[1] ~= "more than the line's" then
            assert.equal("CORRUPT", (select(3, inv:cancel{ id = "c-9", order = "o-2" })))
            assert.equal("CORRUPT", (select(3, inv:reassign(reassign))))
          end
          assert.same(before, kit.snapshot(inv, "o-2"))
        end)
      end)
    end)
  end
end)

describe("an order line that contradicts itself", function()
  it("is not worked with any more", function()
    kit.with_path(function(path)
      helpers.with_inventory({ path = path }, fill)
      kit.tamper(path, "UPDATE line SET returned = 990000" .. LINE)
      helpers.with_inventory({ path = path }, function(inv)
        local _, _, code = inv:cancel{ id = "c-9", order = "o-1" }
        assert.equal("CORRUPT", code)
      end)
    end)
  end)
end)
