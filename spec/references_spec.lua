-- references_spec.lua: verify finds rows that refer to what is not there, counters that the ledger
-- does not tell, and rules that are not what the policy says.

local verify_kit = require "verify_kit"

local PRODUCT = " WHERE sku = CAST('%s' AS BLOB)"
local DOCUMENT = "(SELECT id FROM document WHERE kind = 1 AND ext_id = CAST('%s' AS BLOB))"
local LINE = " WHERE id = 4096 * " .. DOCUMENT:format("o-1") .. " + 1"

-- What is lost, how, and the problems that must be among those found: what, sku, stock, source,
-- order, and of what has a SKU how many rows should be there and how many are.
local LOST = {
  { "settings", "UPDATE product SET own = 99" .. PRODUCT:format("bike"), {
    { "settings of a product", "bike", nil, nil, nil, 1, 0 },
    { "rule of a product", "bike", 1, nil, nil, 1, 0 },
    { "rule of a product", "bike", 2, nil, nil, 1, 0 } } },
  { "a rule", "DELETE FROM rule WHERE id & 65535 = 2", {
    { "rule of a product", "bike", 2, nil, nil, 1, 0 },
    { "rule of a product", "bell", 2, nil, nil, 1, 0 }, { "rule of the policy", nil, 2 } } },
  { "a product", "DELETE FROM product" .. PRODUCT:format("bike"), {
    { "product of an item", nil, nil, "muc" }, { "product of an item", nil, nil, "ham" },
    { "product of a balance", nil, 2 }, { "product of a line", nil, nil, nil, "o-1" } } },
  { "a source", "DELETE FROM source WHERE code = 'muc'", {
    { "source of an item", "bike", nil, nil, nil, 1, 0 }, { "source of a link", nil, 2 } } },
  { "a stock", "DELETE FROM stock WHERE id = 2", {
    { "stock of a balance", "bike", 2, nil, nil, 1, 0 }, { "stock of a link", nil, 2, "muc" },
    { "stock of a channel", nil, 2 } } },
  { "a stock that is deleted in name only", "UPDATE stock SET deleted = 1 WHERE id = 2", {
    { "stock of a balance", "bike", 2, nil, nil, 1, 0 }, { "stock of a link", nil, 2, "ber" },
    { "stock of a channel", nil, 2 } } },
  { "an order", "DELETE FROM document WHERE id = " .. DOCUMENT:format("o-2"), {
    { "order of a line", "lamp", nil, nil, nil, 1, 0 },
    { "document of a ledger row", "lamp", 1, nil, nil, 1, 0 } } },
  { "a shipment's document",
    "DELETE FROM document WHERE ext_id = CAST('s-1' AS BLOB)", {
      { "document of a ledger row", "bike", 2, "muc", nil, 1, 0 },
      { "document of a ledger row", "sand", 2, nil, nil, 1, 0 } } },
  { "a line with an allocation", "DELETE FROM line WHERE allocated > 0", {
    { "line of an allocation", "lamp", nil, "default", "o-2", 1, 0 },
    { "allocated by line", "lamp", nil, nil, "o-2", 1, 0 } } },
  { "a source item with an allocation", "DELETE FROM item WHERE allocated > 0", {
    { "item of an allocation", "lamp", nil, "default", "o-2", 1, 0 },
    { "allocated at source", "lamp", nil, "default", nil, 1, 0 } } },
  { "an allocation's document", "DELETE FROM document WHERE ext_id = CAST('l-1' AS BLOB)", {
    { "document of an allocation", "lamp", nil, "default", "o-2", 1, 0 } } },
  { "a gazetteer", "INSERT INTO geoname VALUES (4294967297, 1, '1', '', '', 0, 0)", {
    { "gazetteer of a place" } } },
  { "a line", "DELETE FROM line" .. LINE, {
    { "line of a delivery", nil, nil, "muc", "o-1" },
    { "line of a ledger row", "bike", 2, nil, "o-1", 1, 0 },
    { "line of a ledger row", "bike", 2, "muc", "o-1", 1, 0 } } },
}

describe("verify finds what refers to", function()
  for _, case in ipairs(LOST) do
    it(case[1] .. " that is lost", function()
      verify_kit.expect_found(case[2], case[3])
    end)
  end

  it("a line of another product", function()
    verify_kit.expect_found(
      "UPDATE ledger SET line = 2 WHERE event = 3 AND line = 1",
      { { "line of a ledger row", "bike", 2, "muc", "o-1", 1, 0 } })
  end)
end)

-- A counter of line 1 of o-1, what verify calls it, and what the ledger tells.
local COUNTERS = {
  { "ordered", "ordered", 6 }, { "cancelled", "cancelled", 0 }, { "invoiced", "invoiced", 6 },
  { "refunded", "refunded", 2 }, { "delivered", "delivered by the ledger", 2 },
  { "returned", "returned by the ledger", 1 },
}

describe("verify finds a counter that the ledger does not tell:", function()
  for _, case in ipairs(COUNTERS) do
    it(case[1], function()
      verify_kit.expect_found(("UPDATE line SET %s = %s + 5000"):format(case[1], case[1]) .. LINE,
        { { case[2], "bike", nil, nil, "o-1", case[3], case[3] + 0.5 } })
    end)
  end

  it("also of a line that is not counted", function()
    verify_kit.expect_found("UPDATE line SET invoiced = 80000 WHERE id & 4095 = 4",
      { { "invoiced", "sand", nil, nil, "o-1", 9, 8 } })
  end)

  it("also where it is the ledger that lost the row", function()
    verify_kit.expect_found("DELETE FROM ledger WHERE event = 4 AND line = 1",
      { { "invoiced", "bike", nil, nil, "o-1", 0, 6 } })
    verify_kit.expect_found("DELETE FROM ledger WHERE event = 5 AND line = 1",
      { { "refunded", "bike", nil, nil, "o-1", 0, 2 } })
  end)
end)

-- Every column of a rule, with a value that no product of the shop has.
local RULE = {
  managed = "1 - managed", reserves = "1 - reserves", backorders = "2", unlimited = "1 - unlimited",
  exempt = "1 - exempt", write_off = "1 - write_off", return_priority = "1 - return_priority",
  decimal_qty = "1 - decimal_qty", floor = "floor + 10000", share = "17", gate = "90000",
  notify_at = "90000", min_sale = "30000", min_sale_groups = "'all=3'", max_sale = "70000",
  increments = "20000",
}

describe("verify finds a rule that is not what the policy says:", function()
  for column, value in pairs(RULE) do
    it(column, function()
      local problems = verify_kit.expect_found(
        ("UPDATE rule SET %s = %s WHERE id = 65536 + 2"):format(column, value),
        { { "rule of the policy", nil, 2 } })
      assert.equal(1, #problems)
    end)
  end

  it("under a shop-wide setting that was not evaluated", function()
    verify_kit.expect_found("INSERT INTO setting (name, value) VALUES ('backorders', 'allow')",
      { { "rule of the policy", nil, 1 }, { "rule of the policy", nil, 2 } })
  end)

  it("of a product whose settings are another product's", function()
    verify_kit.expect_found("UPDATE own SET settings = 'max_sale_qty=7' WHERE id = 1",
      { { "rule of the policy", nil, 1 }, { "rule of the policy", nil, 2 } })
  end)
end)
