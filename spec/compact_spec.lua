-- compact_spec.lua: what the ledger tells of finished orders becomes sums; nothing that can be
-- added up changes, and who reads the ledger as it grows counts nothing twice.

local care = require "care_kit"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, product, place, refused = kit.with_shop, kit.product, kit.place, kit.refused

local function all_events(inv) return kit.all(inv, "events", { limit = 1000 }) end

-- The ledger's rows of an order as "event sku source reserved moved".
local function rows_of_order(inv, order)
  local list = {}
  for _, row in ipairs(all_events(inv)) do
    if row.order == order then
      list[#list + 1] = ("%s %s %s %s %s"):format(row.event, row.sku, row.source or "-",
        row.reserved, row.moved)
    end
  end
  return list
end

-- Sums of reserved by order, stock and SKU, and of moved by SKU and source.
local function sums(inv)
  local all = {}
  local function add(key, qty)
    all[key] = (all[key] or 0) + math.floor(qty * 10000 + 0.5)
    if all[key] == 0 then all[key] = nil end
  end
  for _, row in ipairs(all_events(inv)) do
    local sku = tostring(row.sku)
    add(("reserved %s %s %s"):format(row.order or "-", row.stock or "-", sku), row.reserved)
    add(("moved %s %s"):format(sku, row.source or "-"), row.moved)
  end
  return all
end

-- o-1: shipped from two sources, one unit back. o-2: cancelled. o-3: open. o-4: virtual.
local function fill(inv, stock)
  product(inv, "bike", { muc = 9, ham = 9 })
  product(inv, "bell", { muc = 9 })
  product(inv, "book", { ber = 9 }, nil, "virtual")
  place(inv, "o-1", stock, { "bike", 5 }, { "bell", 2 })
  place(inv, "o-2", stock, { "bike", 3 })
  place(inv, "o-3", stock, { "bike", 2 })
  place(inv, "o-4", stock, { "book", 2 })
  assert(inv:ship{ id = "s-1", order = "o-1", lines = { { line = 1, qty = 2, source = "muc" },
    { line = 1, qty = 3, source = "ham" }, { line = 2, qty = 1, source = "muc" } } })
  assert(inv:cancel{ id = "c-1", order = "o-1" })
  assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { line = 1, qty = 1 } } })
  assert(inv:cancel{ id = "c-2", order = "o-2" })
  assert(inv:ship{ id = "s-3", order = "o-3", lines = { { line = 1, qty = 1, source = "ham" } } })
  assert(inv:invoice{ id = "i-4", order = "o-4" })
end

describe("compact", function()
  it("makes one row of each product and source of a finished order", function()
    with_shop(function(inv, stock)
      fill(inv, stock)
      local open = rows_of_order(inv, "o-3")
      assert.same({ orders = 3, rows = 6, left = 0 }, assert(inv:compact()))
      assert.same({ "ledger_compacted bike muc 0 -1", "ledger_compacted bike ham 0 -3",
        "ledger_compacted bell muc 0 -1" }, rows_of_order(inv, "o-1"))
      assert.same({ "ledger_compacted bike - 0 0" }, rows_of_order(inv, "o-2"))
      assert.same({ "ledger_compacted book ber 0 -2" }, rows_of_order(inv, "o-4"))
      assert.same(open, rows_of_order(inv, "o-3"))
    end)
  end)

  it("keeps no row of a source where nothing was moved in all", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9, ham = 9 })
      place(inv, "o-1", stock, { "bike", 5 })
      assert(inv:allocate{ id = "l-1", order = "o-1",
        lines = { { line = 1, qty = 5, source = "muc" } } })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "ham" })
      assert(inv:compact())
      assert.same({ "ledger_compacted bike ham 0 -5" }, rows_of_order(inv, "o-1"))
      assert(inv:return_goods{ id = "b-1", order = "o-1", lines = { { line = 1, qty = 5 } } })
      assert(inv:compact())
      assert.same({ "ledger_compacted bike ham 0 0" }, rows_of_order(inv, "o-1"))
    end)
  end)

  it("leaves only what is still reserved among the reservations", function()
    with_shop(function(inv, stock)
      fill(inv, stock)
      assert.is_true(#kit.all(inv, "reservations") > 2)
      assert(inv:compact())
      local rows = kit.all(inv, "reservations")
      assert.same({ "o-3", -2, "o-3", 1 },
        { rows[1].order, rows[1].reserved, rows[2].order, rows[2].reserved })
      assert.equal(2, #rows)
    end)
  end)

  it("changes no order, no quantity and no balance", function()
    with_shop(function(inv, stock)
      fill(inv, stock)
      local before, sum = kit.snapshot(inv, "o-1", "o-2", "o-3", "o-4"), sums(inv)
      assert(inv:compact())
      local after = kit.snapshot(inv, "o-1", "o-2", "o-3", "o-4")
      before.ledger, after.ledger = nil, nil
      assert.same(before, after)
      assert.same(sum, sums(inv))
    end)
  end)

  it("run dry says what it would do and does nothing", function()
    with_shop(function(inv, stock)
      fill(inv, stock)
      local before = kit.snapshot(inv)
      local dry = assert(inv:compact{ dry_run = true, limit = 2 })
      assert.same({ orders = 2, rows = 5, left = 1, dry_run = true }, dry)
      assert.same(before, kit.snapshot(inv))
      dry.dry_run = nil
      assert.same(dry, assert(inv:compact{ limit = 2 }))
    end)
  end)

  it("does so many orders and says how many are left", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 99 })
      for i = 1, 7 do
        place(inv, "o-" .. i, stock, { "bike", 1 })
        if i ~= 4 then assert(inv:cancel{ id = "c-" .. i, order = "o-" .. i }) end
      end
      local sum, seen = sums(inv), {}
      repeat
        local report = assert(inv:compact{ limit = 2 })
        seen[#seen + 1] = report.orders .. " " .. report.left
        assert.same({}, inv:verify().problems)
      until report.left == 0
      assert.same({ "2 4", "2 2", "2 0" }, seen)
      assert.same(sum, sums(inv))
      assert.same({ orders = 0, rows = 0, left = 0 }, assert(inv:compact()))
    end)
  end)

  it("leaves orders alone about which anything is as young as `before`", function()
    local now = 1000
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 99 })
      place(inv, "o-1", stock, { "bike", 1 })
      place(inv, "o-2", stock, { "bike", 1 })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      now = 2000
      assert(inv:ship{ id = "s-2", order = "o-2", source = "muc" })
      now = 3000
      assert.equal(0, assert(inv:compact{ before = 1000 }).orders)
      assert.same({ orders = 1, rows = 1, left = 0 }, assert(inv:compact{ before = 2000 }))
      assert.equal("order_placed bike - -1 0", rows_of_order(inv, "o-2")[1])
      assert.equal(1, assert(inv:compact{ before = 2001 }).orders)
    end, { clock = function() return now end })
  end)

  it("keeps the time of the first row", function()
    local now = 1000
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 99 })
      place(inv, "o-1", stock, { "bike", 1 })
      now = 2000
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      now = 3000
      assert(inv:compact())
      local rows = helpers.ledger(inv, "ledger_compacted")
      assert.same({ 1000, 3000 }, { rows[1].time, rows[2].time })
    end, { clock = function() return now end })
  end)

  it("leaves a row that says so, with the number of orders", function()
    with_shop(function(inv, stock)
      fill(inv, stock)
      assert(inv:compact())
      local rows = all_events(inv)
      local last = rows[#rows]
      last.seq, last.time = nil, nil
      assert.same({ event = "ledger_compacted", note = "3", reserved = 0, moved = 0, qty = 0 },
        last)
    end)
  end)

  it("leaves alone what does not fit in adopted reservations until it is settled", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 })
      assert(inv:adopt{ id = "a-1", orders = { { id = "o-1", stock = stock, lines = {
        { sku = "bike", qty = 3, shipped = 3 } } } }, reservations = {
        { order = "o-1", sku = "bike", stock = stock, qty = -1 },
        { order = "gone", sku = "bike", stock = stock, qty = -1 },
        { order = "even", sku = "bike", stock = stock, qty = -1 },
        { order = "even", sku = "bike", stock = stock, qty = 1 } } })
      assert.same({ orders = 1, rows = 1, left = 0 }, assert(inv:compact()))
      assert.same({ "ledger_compacted bike - 0 0" }, rows_of_order(inv, "even"))
      assert(inv:compensate{ id = "k-1", lines = {
        { order = "o-1", sku = "bike", stock = stock, qty = 1 },
        { order = "gone", sku = "bike", stock = stock, qty = 1 } } })
      assert.equal(2, assert(inv:compact()).orders)
      assert.same({}, (assert(inv:inconsistencies())))
    end)
  end)

  it("takes no other keys and no silly values", function()
    with_shop(function(inv)
      for _, request in ipairs{ { limit = 0 }, { limit = 1.5 }, { limit = "2" }, { before = "now" },
        { before = 1.5 }, { dry_run = 1 }, { id = "x" } } do
        assert.has_error(function() inv:compact(request) end)
      end
      assert.equal(0, assert(inv:compact{ before = -2 ^ 50, limit = 2 ^ 50 }).orders)
    end)
  end)
end)

describe("an order that was compacted", function()
  it("can still be refunded and returned, and compacted again", function()
    with_shop(function(inv, stock)
      fill(inv, stock)
      assert(inv:compact())
      assert(inv:invoice{ id = "i-1", order = "o-1", lines = { { line = 1, qty = 5 } } })
      assert(inv:refund{ id = "r-1", order = "o-1",
        lines = { { line = 1, qty = 2, return_to_stock = true } } })
      assert(inv:return_goods{ id = "b-2", order = "o-1", lines = { { line = 1, qty = 1 } } })
      assert.same({}, inv:verify().problems)
      local sum = sums(inv)
      assert.same({ orders = 1, rows = 6, left = 0 }, assert(inv:compact()))
      assert.same({ "ledger_compacted bike ham 0 -1",
        "ledger_compacted bell muc 0 -1" }, rows_of_order(inv, "o-1"))
      assert.same(sum, sums(inv))
      kit.expect_line(inv, "o-1", 1, { ordered = 5, invoiced = 5, delivered = 5, refunded = 2,
        returned = 4 })
    end)
  end)

  it("answers its documents again", function()
    with_shop(function(inv, stock)
      fill(inv, stock)
      assert(inv:compact())
      assert.is_true(place(inv, "o-2", stock, { "bike", 3 }).replayed)
      assert.is_true(assert(inv:cancel{ id = "c-2", order = "o-2" }).replayed)
      refused(inv, "CONFLICT", "place",
        { id = "o-2", stock = stock, lines = { { sku = "bike", qty = 1 } } })
    end)
  end)
end)

describe("who reads the ledger as it grows", function()
  it("misses nothing that is written after a compaction", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 })
      place(inv, "o-1", stock, { "bike", 1 })
      assert(inv:cancel{ id = "c-1", order = "o-1" }) -- the last row of the ledger
      local read = helpers.ledger_end(inv)
      assert(inv:compact())
      place(inv, "o-2", stock, { "bike", 1 })
      assert.equal("o-2", helpers.ledger(inv, "order_placed", read)[1].order)
    end)
  end)

  it("never meets a sum of what it has read", function()
    with_shop(function(inv, stock)
      fill(inv, stock)
      local rows = all_events(inv)
      for _, row in ipairs(rows) do
        -- For every place the reader may have got to, in a shop of its own.
        helpers.with_inventory({}, function(other)
          fill(other, kit.furnish(other))
          assert(other:compact())
          for _, after in ipairs(all_events(other)) do
            if after.seq > row.seq and after.event == "ledger_compacted" and after.order then
              for _, earlier in ipairs(rows) do
                assert.is_false(earlier.seq <= row.seq and earlier.order == after.order
                  and earlier.sku == after.sku and earlier.source == after.source)
              end
            end
          end
        end)
      end
    end)
  end)

  it("has the same quantities in the end, wherever it stood before `before`", function()
    local now = 1000
    with_shop(function(inv, stock)
      fill(inv, stock)
      local read, moved = helpers.ledger_end(inv), {}
      local function follow(after)
        for _, row in ipairs(all_events(inv)) do
          if row.seq > after and row.source and row.sku then
            local key = row.sku .. " " .. row.source
            moved[key] = (moved[key] or 0) + row.moved
          end
        end
      end
      follow(0)
      now = 2000
      assert(inv:ship{ id = "s-9", order = "o-3", source = "muc" })
      assert(inv:compact{ before = 2000 }) -- what the reader has read
      now = 3000
      assert(inv:return_goods{ id = "b-9", order = "o-1", lines = { { line = 1, qty = 1 } } })
      follow(read)
      for _, item in ipairs((assert(inv.items:list()))) do
        assert.equal(item.qty, moved[item.sku .. " " .. item.source])
      end
    end, { clock = function() return now end })
  end)
end)

describe("any shop", function()
  local function step(inv, stock, random, i)
    local skus, sources = { "bike", "bell", "book" }, { "muc", "ham", "ber" }
    local order, id = "o-" .. random(math.max(1, math.floor(i / 4))), "d-" .. i
    local line = { line = random(2), qty = random(3), source = sources[random(3)] }
    local kind = random(9)
    if i % 4 == 0 then
      inv:place{ id = ("o-%d"):format(i / 4), stock = stock, lines = {
        { sku = skus[random(3)], qty = random(4) }, { sku = skus[random(3)], qty = 1.5 } } }
    elseif kind <= 2 then
      inv:cancel{ id = id, order = order }
    elseif kind == 3 then
      inv:invoice{ id = id, order = order }
    elseif kind <= 5 then
      inv:ship{ id = id, order = order, source = line.source }
    elseif kind == 6 then
      inv:ship{ id = id, order = order, lines = { line } }
    elseif kind == 9 then
      inv:allocate{ id = id, order = order, lines = { line } }
    elseif kind == 7 then
      inv:refund{ id = id, order = order, lines = { { line = line.line, qty = line.qty,
        return_to_stock = random(2) == 1, write_off = random(3) == 1 } } }
    else
      inv:return_goods{ id = id, order = order, lines = { { line = line.line, qty = 1 } } }
    end
    return order
  end

  it("keeps every sum of order, product, stock and source", function()
    for seed = 1, 4 do
      with_shop(function(inv, stock)
        assert(inv.settings:set{ decimal_qty = true })
        product(inv, "bike", { muc = 40, ham = 40, ber = 40 })
        product(inv, "bell", { muc = 9, ham = 9 }, { backorders = "allow" })
        product(inv, "book", { ber = 30, muc = 3 }, nil, "virtual")
        local random, compacted = care.new_random(seed), 0
        for i = 1, 400 do
          step(inv, stock, random, i)
          if i % 40 == 0 then
            local sum = sums(inv)
            compacted = compacted + assert(inv:compact{ limit = random(10) }).orders
            assert.same(sum, sums(inv), "seed " .. seed)
            assert.same({}, inv:verify().problems)
          end
        end
        assert.is_true(compacted > 20, "too little was compacted to mean anything")
      end)
    end
  end)

  it("may be compacted through several handles", function()
    kit.with_path(function(path)
      helpers.with_inventory({ path = path }, function(inv)
        local stock = kit.furnish(inv)
        fill(inv, stock)
        helpers.with_inventory({ path = path }, function(other)
          assert(other:compact{ limit = 1 })
          assert(inv:compact{ limit = 1 })
          assert(other:return_goods{ id = "b-2", order = "o-1", lines = { { line = 1, qty = 1 } } })
          assert.same({ orders = 2, rows = 3, left = 0 }, assert(inv:compact()))
          assert.same({}, other:verify().problems)
        end)
      end)
    end)
  end)
end)
