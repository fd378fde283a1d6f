-- ledger_spec.lua: the ledger tells every reservation and every movement, in pages.

local core = require "quartermaster.core"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, product, place, all = kit.with_shop, kit.product, kit.place, kit.all

-- A row as one line: event, line, SKU, stock, source, reserved, moved, units of the line.
local function say(rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = ("%s %s %s %s %s %s %s %s"):format(row.event, row.line or "-", row.sku or "-",
      row.stock or "-", row.source or "-", row.reserved, row.moved, row.qty)
  end
  return list
end

-- A bit of everything: backorders, several sources and stocks, returns, write-offs, adoption.
local function busy_shop(fn)
  with_shop(function(inv, stock)
    product(inv, "bike", { muc = 5, ham = 5 }, { backorders = "allow" })
    product(inv, "book", { muc = 9 }, nil, "virtual")
    product(inv, "lamp", { default = 9 })
    product(inv, "sand", { muc = 9 }, { manage_stock = false })
    place(inv, "o-1", stock, { "bike", 7 }, { "book", 3 }, { "bike", 5 })
    place(inv, "o-2", stock, { "bike", 2 }, { "sand", 4 })
    place(inv, "o-3", 1, { "lamp", 4 })
    assert(inv:adopt{ id = "a-1", reservations = {
      { sku = "bike", stock = stock, qty = -3, note = "old" },
      { sku = "lamp", stock = 1, qty = -9 } } })
    assert(inv:ship{ id = "s-1", order = "o-1", lines = {
      { line = 1, qty = 3, source = "muc" }, { line = 1, qty = 2, source = "ham" } } })
    assert(inv:invoice{ id = "i-1", order = "o-1", lines = {
      { line = 1, qty = 6 }, { line = 2, qty = 2 } } })
    assert(inv:refund{ id = "r-1", order = "o-1", lines = {
      { line = 1, qty = 2, return_to_stock = true, write_off = true } } })
    assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { line = 1, qty = 2 } } })
    assert(inv:refund{ id = "r-2", order = "o-1", lines = { { line = 1, qty = 3 } } })
    assert(inv:invoice{ id = "i-2", order = "o-2", lines = { { line = 2, qty = 1 } } })
    assert(inv:refund{ id = "r-3", order = "o-2", lines = { { line = 2, qty = 1 } } })
    assert(inv:cancel{ id = "c-1", order = "o-1", lines = { { line = 3, qty = 4 } } })
    assert(inv:cancel{ id = "c-2", order = "o-2" })
    assert(inv.items:adjust{ id = "j-1", reason = "damage",
      lines = { { sku = "bike", source = "muc", delta = -1 } } })
    assert(inv.items:delete({ sku = "lamp" }, { force = true }))
    fn(inv, stock)
  end)
end

local ROWS = {
  ["o-1"] = { "order_placed - bike 2 - -12 0 12", "order_placed 2 book 2 - -3 0 3" },
  ["o-2"] = { "order_placed 1 bike 2 - -2 0 2", "order_placed 2 sand 2 - 0 0 4" },
  ["a-1"] = { "reservation_adopted - bike 2 - -3 0 0", "reservation_adopted - lamp 1 - -9 0 0",
    "oversold - lamp 1 - 0 0 0" },
  ["s-1"] = { "shipment_created 1 bike 2 muc 3 -3 3", "shipment_created 1 bike 2 ham 2 -2 2" },
  ["i-1"] = { "invoice_created 1 bike 2 - 0 0 6", "invoice_created 2 book 2 muc 2 -2 2" },
  ["r-1"] = { "creditmemo_created 1 bike 2 - 0 0 2", "written_off 1 bike 2 muc 1 -1 1",
    "goods_returned 1 bike 2 muc 0 1 1" },
  ["r-2"] = { "creditmemo_created 1 bike 2 - 0 0 3" },
  ["r-3"] = { "creditmemo_created 2 sand 2 - 0 0 1" },
  ["b-1"] = { "goods_returned 1 bike 2 muc 0 2 2" },
  ["c-1"] = { "order_canceled 3 bike 2 - 4 0 4" },
  ["c-2"] = { "order_canceled 1 bike 2 - 2 0 2", "order_canceled 2 sand 2 - 0 0 3" },
  ["j-1"] = { "quantity_adjusted - bike - muc 0 -1 0" },
}

describe("the ledger", function()
  for document, expected in pairs(ROWS) do
    it("has the rows of " .. document, function()
      busy_shop(function(inv)
        assert.same(expected, say(kit.rows_of(inv, document)))
      end)
    end)
  end

  it("names the order of each document, and its time", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      place(inv, "o-1", stock, { "bike", 2 })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      for _, row in ipairs(all(inv, "reservations")) do
        assert.same({ "o-1", 777 }, { row.order, row.time })
      end
    end, { clock = function() return 777 end })
  end)

  it("lists as reservations the rows that change one, and no others", function()
    busy_shop(function(inv)
      local kept = {}
      for _, row in ipairs(all(inv, "events")) do
        if row.reserved ~= 0 then kept[#kept + 1] = row end
      end
      assert.same(kept, all(inv, "reservations"))
      assert.is_true(#kept < #all(inv, "events"))
    end)
  end)

  it("tells every counter of every line by its units", function()
    busy_shop(function(inv)
      local COUNTER = { order_placed = "ordered", order_canceled = "cancelled",
        invoice_created = "invoiced", creditmemo_created = "refunded", goods_returned = "returned",
        shipment_created = "delivered" }
      local told = {}
      for _, row in ipairs(all(inv, "events")) do
        local counter = row.order and COUNTER[row.event]
        if counter then
          local key = row.order .. " " .. row.sku .. " " .. counter
          told[key] = (told[key] or 0) + row.qty
          -- The invoice of what is virtual delivers it.
          if row.event == "invoice_created" and row.sku == "book" then
            local delivered = row.order .. " book delivered"
            told[delivered] = (told[delivered] or 0) + row.qty
          end
        end
      end
      for _, id in ipairs{ "o-1", "o-2", "o-3" } do
        for _, line in ipairs(inv.orders:get(id).lines) do
          for _, counter in pairs(COUNTER) do
            local key = id .. " " .. line.sku .. " " .. counter
            told[key] = (told[key] or 0) - line[counter]
          end
        end
      end
      for key, left in pairs(told) do assert.equal(0, left, key) end
    end)
  end)

  it("adds up to what is reserved, for every product and stock", function()
    busy_shop(function(inv)
      local sums = {}
      for _, row in ipairs(all(inv, "reservations")) do
        local key = row.sku .. " " .. row.stock
        sums[key] = (sums[key] or 0) - row.reserved
      end
      for _, sku in ipairs{ "bike", "book", "lamp", "sand" } do
        for _, stock in ipairs{ 1, 2 } do
          local position = kit.position(inv, sku, stock)
          assert.equal(position.reserved, sums[sku .. " " .. stock] or 0)
        end
      end
    end)
  end)

  it("adds up to what is at every source", function()
    busy_shop(function(inv)
      local sums = {}
      for _, row in ipairs(all(inv, "events")) do
        if row.source and row.moved ~= 0 then
          local key = row.sku .. " " .. row.source
          sums[key] = (sums[key] or 0) + row.moved
        end
      end
      for _, item in ipairs((assert(inv.items:list()))) do
        local key = item.sku .. " " .. item.source
        assert.equal(item.qty, sums[key])
        sums[key] = nil
      end
      for _, left in pairs(sums) do assert.equal(0, left) end
    end)
  end)

  it("has one sequence that only grows", function()
    busy_shop(function(inv)
      local last = 0
      for _, row in ipairs(all(inv, "events")) do
        assert.is_true(row.seq > last)
        last = row.seq
      end
    end)
  end)

  it("has no row of what was refused", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      place(inv, "o-1", stock, { "bike", 2 })
      local before = #all(inv, "events")
      inv:ship{ id = "s-1", order = "o-1", source = "muc",
        lines = { { line = 1, qty = 1 }, { line = 1, qty = 2 } } }
      assert.equal(before, #all(inv, "events"))
    end)
  end)
end)

describe("a page", function()
  it("of any size leads to the same rows", function()
    busy_shop(function(inv)
      for _, call in ipairs{ "events", "reservations" } do
        local whole = all(inv, call)
        assert.is_true(#whole > 10)
        for _, limit in ipairs{ 1, 2, 3, #whole - 1, #whole, #whole + 1, 1000 } do
          assert.same(whole, all(inv, call, { limit = limit }))
        end
      end
    end)
  end)

  it("has a next cursor only when more follows", function()
    busy_shop(function(inv)
      for _, call in ipairs{ "events", "reservations" } do
        local whole = all(inv, call)
        local page, after = inv[call](inv, { limit = #whole })
        assert.same({ #whole, nil }, { #page, after })
        page, after = inv[call](inv, { limit = #whole - 1 })
        assert.same({ #whole - 1, page[#page].seq }, { #page, after })
        page, after = inv[call](inv, { after = whole[#whole].seq })
        assert.same({ 0, nil }, { #page, after })
      end
    end)
  end)

  it("after a cursor has what was written since", function()
    busy_shop(function(inv, stock)
      local whole = all(inv, "events")
      place(inv, "o-9", stock, { "book", 1 })
      local page = assert(inv:events{ after = whole[#whole].seq })
      assert.same({ "order_placed 1 book 2 - -1 0 1" }, say(page))
    end)
  end)

  it("has a hundred rows by default, and at most a thousand", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9000 })
      local ops = {}
      for i = 1, 1100 do
        ops[i] = { op = "place", id = "o-" .. i, stock = stock,
          lines = { { sku = "bike", qty = 1 } } }
      end
      assert(inv:batch(ops))
      for _, call in ipairs{ "events", "reservations" } do
        assert.equal(100, #assert(inv[call](inv)))
        assert.equal(core.limits.page, #assert(inv[call](inv, { limit = 5000 })))
      end
      assert.equal(1100, #all(inv, "reservations"))
    end)
  end)

  it("of reservations is of one SKU, one stock, or one channel on request", function()
    busy_shop(function(inv, stock)
      local function expect(filter, keep)
        local wanted = {}
        for _, row in ipairs(all(inv, "reservations")) do
          if keep(row) then wanted[#wanted + 1] = row end
        end
        assert.is_true(#wanted > 0)
        assert.same(wanted, all(inv, "reservations", filter))
        filter.limit = 1
        assert.same(wanted, all(inv, "reservations", filter))
      end
      expect({ sku = "book" }, function(row) return row.sku == "book" end)
      expect({ stock = 1 }, function(row) return row.stock == 1 end)
      expect({ channel = "eu" }, function(row) return row.stock == stock end)
      expect({ sku = "bike", stock = stock }, function(row) return row.sku == "bike" end)
      assert.same({}, all(inv, "reservations", { sku = "book", stock = 1 }))
      assert.same({}, all(inv, "reservations", { sku = "BOOK" }))
      assert.same({}, all(inv, "reservations", { sku = "" }))
    end)
  end)

  it("of an unknown channel is refused", function()
    with_shop(function(inv)
      helpers.expect_error("NOT_FOUND", inv:reservations{ channel = "us" })
    end)
  end)

  it("takes no other keys and no silly sizes", function()
    with_shop(function(inv)
      for _, filter in ipairs{ { limit = 0 }, { limit = 1.5 }, { limit = "2" }, { page = 2 } } do
        assert.has_error(function() inv:events(filter) end)
        assert.has_error(function() inv:reservations(filter) end)
      end
      assert.has_error(function() inv:events{ sku = "bike" } end)
    end)
  end)
end)
