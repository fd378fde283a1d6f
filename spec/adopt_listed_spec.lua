-- adopt_listed_spec.lua: orders that are adopted together with the reservations of the other
-- system. Then these are what is promised, whatever the orders say; and lines of this shop that
-- were placed while nothing was reserved are adopted as well, when they are asked for.

local care = require "care_kit"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, product, place = kit.with_shop, kit.product, kit.place
local refused, expect_line = kit.refused, kit.expect_line
local order, row = care.order, care.row

describe("orders with a list of reservations", function()
  it("promise exactly what the list says", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 20 })
      local answer = assert(inv:adopt{ id = "a-1",
        orders = { order("o-1", { sku = "bike", qty = 5, shipped = 2 }),
          order("o-2", { sku = "bike", qty = 4 }) },
        reservations = { row("o-1", "bike", -5), row("o-1", "bike", 2), row("o-2", "bike", -3),
          row(nil, "bike", -1) } })
      assert.same({ 2, 4, {} }, { answer.orders, answer.taken, answer.over_promised })
      local position = kit.position(inv, "bike", stock)
      assert.same({ 7, 7, 0, 13 },
        { position.reserved, position.firm, position.adopted, position.salable })
    end)
  end)

  it("promise nothing when the list is empty", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      assert.same({}, assert(inv:adopt{ id = "a-1", reservations = {},
        orders = { order("o-1", { sku = "bike", qty = 9 }) } }).over_promised)
      local position = kit.position(inv, "bike", stock)
      assert.same({ 0, 9, -9, 5 },
        { position.reserved, position.firm, position.adopted, position.salable })
    end)
  end)

  it("say what the list promises too much", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 })
      assert.same({ { sku = "bike", stock = stock, qty = 2 } }, assert(inv:adopt{ id = "a-1",
        orders = { order("o-1", { sku = "bike", qty = 3 }) },
        reservations = { row("o-1", "bike", -7) } }).over_promised)
    end)
  end)

  it("wait as if the list were not there", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 5 }, { backorders = "allow" })
      -- The reservations come first, so that they take what is there; then the order they are of.
      assert(inv:adopt{ id = "a-1", reservations = { row("o-1", "bike", -8) } })
      assert(inv:adopt{ id = "a-2", orders = { order("o-1", { sku = "bike", qty = 8 }) },
        reservations = {} })
      expect_line(inv, "o-1", 1, { ordered = 8, open = 8, backordered = 3 })
      local position = kit.position(inv, "bike", stock)
      assert.same({ 8, 0 }, { position.reserved, position.adopted })
    end)
  end)

  it("have their rows under their own id in the ledger", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 20 })
      place(inv, "own", stock, { "bike", 2 })
      assert(inv:adopt{ id = "a-1", orders = { order("o-1", { sku = "bike", qty = 4 }) },
        reservations = { row("o-1", "bike", -3, "old"), row("own", "bike", -1),
          row("gone", "bike", -1), row(nil, "bike", -1) } })
      local function rows(id)
        local list = {}
        for i, one in ipairs(kit.rows_of(inv, id)) do
          list[i] = ("%s %s %s %s"):format(one.event, one.order or "-", one.reserved,
            one.note or "-")
        end
        return list
      end
      assert.same({ "order_adopted o-1 -4 ordered", "reservation_adopted o-1 4 -",
        "reservation_adopted o-1 -3 old" }, rows("o-1"))
      assert.same({ "order_placed own -2 -", "reservation_adopted own -1 -" }, rows("own"))
      assert.same({ "reservation_adopted gone -1 -" }, rows("gone"))
      assert.same({ "reservation_adopted - -1 -" }, rows("a-1"))
    end)
  end)

  it("make an order of a name that was known from its reservations only", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 20 })
      assert(inv:adopt{ id = "a-1", reservations = { row("o-1", "bike", -3) } })
      helpers.expect_error("NOT_FOUND", inv.orders:get("o-1"))
      refused(inv, "NOT_FOUND", "cancel", { id = "c-1", order = "o-1" })
      assert(inv:adopt{ id = "a-2", orders = { order("o-1", { sku = "bike", qty = 3 }) },
        reservations = {} })
      assert.same({ 3, 0 }, { kit.reserved(inv, "bike", stock),
        kit.position(inv, "bike", stock).adopted })
      assert.equal("reservation_adopted", kit.rows_of(inv, "o-1")[1].event)
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      assert.equal(0, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("go on as orders do, and leave what does not fit behind", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 20 })
      assert(inv:adopt{ id = "a-1", orders = { order("o-1", { sku = "bike", qty = 4 }) },
        reservations = { row("o-1", "bike", -3) } })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc" })
      assert.equal(-1, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("count as known in a later call, whose rows are added all the same", function()
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 20 })
      local orders = { order("o-1", { sku = "bike", qty = 4 }) }
      assert(inv:adopt{ id = "a-1", orders = orders, reservations = { row("o-1", "bike", -3) } })
      local answer = assert(inv:adopt{ id = "a-2", orders = orders,
        reservations = { row("o-1", "bike", -1) } })
      assert.same({ 0, 1, 1 }, { answer.orders, answer.known, answer.taken })
      assert.equal(4, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("have no row of what is not counted", function()
    with_shop(function(inv, stock)
      product(inv, "sand", { muc = 5 }, { manage_stock = false })
      product(inv, "tent", { muc = 5 }, { reserve_stock = false })
      local answer = assert(inv:adopt{ id = "a-1",
        orders = { order("o-1", { sku = "sand", qty = 4 }, { sku = "tent", qty = 4 }) },
        reservations = { row("o-1", "sand", -4), row("gone", "tent", -4) } })
      assert.same({ 0, 2 }, { answer.taken, answer.skipped })
      assert.same({ 0, 0 }, { kit.reserved(inv, "sand", stock), kit.reserved(inv, "tent", stock) })
      assert.same({}, kit.rows_of(inv, "gone"))
    end)
  end)
end)

describe("adopting open lines", function()
  local function switched_off(fn)
    with_shop(function(inv, stock)
      product(inv, "bike", { muc = 9 })
      product(inv, "bell", { muc = 2 }, { backorders = "allow" })
      product(inv, "sand", { muc = 9 }, { manage_stock = false })
      product(inv, "tent", { muc = 9 }, { reserve_stock = false })
      assert(inv.settings:set{ reserve_stock = false })
      place(inv, "o-1", stock, { "bike", 5 }, { "sand", 2 }, { "bell", 3 })
      place(inv, "o-2", stock, { "bike", 4 }, { "tent", 4 })
      place(inv, "o-3", stock, { "bike", 1 })
      assert(inv:ship{ id = "s-1", order = "o-1", source = "muc",
        lines = { { line = 1, qty = 2 } } })
      assert(inv:cancel{ id = "c-1", order = "o-3" })
      fn(inv, stock)
    end)
  end

  it("reserves what was placed while reservations were off", function()
    switched_off(function(inv, stock)
      assert(inv.settings:set{ reserve_stock = true })
      place(inv, "o-4", stock, { "bike", 2 })
      assert.equal(2, kit.reserved(inv, "bike", stock))
      local answer = assert(inv:adopt{ id = "a-1", open = true })
      assert.same({ id = "a-1", orders = 0, known = 0, opened = 3, taken = 0, skipped = 0,
        over_promised = { { sku = "bike", stock = stock, qty = 2 } } }, answer)
      assert.same({ 9, 3, 0, 0 }, { kit.reserved(inv, "bike", stock),
        kit.reserved(inv, "bell", stock), kit.reserved(inv, "tent", stock),
        kit.reserved(inv, "sand", stock) })
      expect_line(inv, "o-1", 3, { ordered = 3, open = 3, backordered = 1 })
      assert(inv:ship{ id = "s-2", order = "o-1", source = "muc",
        lines = { { line = 1, qty = 3 } } })
      assert(inv:cancel{ id = "c-2", order = "o-2" })
      assert.equal(2, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("tells so in the orders' ledger", function()
    switched_off(function(inv)
      assert(inv.settings:set{ reserve_stock = true })
      assert(inv:adopt{ id = "a-1", open = true })
      local rows = kit.rows_of(inv, "o-1")
      local last = rows[#rows - 1]
      assert.same({ document = "o-1", order = "o-1", event = "order_adopted", note = "open",
        sku = "bike", line = 1, stock = 2, reserved = -3, moved = 0, qty = 0 }, last)
    end)
  end)

  it("does nothing while they are still off, and nothing twice", function()
    switched_off(function(inv, stock)
      assert.equal(0, assert(inv:adopt{ id = "a-1", open = true }).opened)
      assert.equal(0, kit.reserved(inv, "bike", stock))
      assert(inv.settings:set{ reserve_stock = true })
      assert.equal(3, assert(inv:adopt{ id = "a-2", open = true }).opened)
      assert.equal(0, assert(inv:adopt{ id = "a-3", open = true }).opened)
      local again = assert(inv:adopt{ id = "a-2", open = true })
      assert.same({ 3, true }, { again.opened, again.replayed })
      assert.equal(7, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("comes with orders and reservations in one call", function()
    switched_off(function(inv, stock)
      assert(inv.settings:set{ reserve_stock = true })
      local answer = assert(inv:adopt{ id = "a-1", open = true, orders = {
        order("old", { sku = "bike", qty = 1 }) }, reservations = { row("old", "bike", -1) } })
      assert.same({ 1, 3, 1 }, { answer.orders, answer.opened, answer.taken })
      assert.equal(8, kit.reserved(inv, "bike", stock))
      assert.same({}, (assert(inv:inconsistencies())))
    end)
  end)
end)
