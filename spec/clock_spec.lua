-- clock_spec.lua: what happened first is first in the ledger, whatever a clock said at the time.

local helpers = require "helpers"
local kit = require "order_kit"

-- Runs fn(inv, stock, set) in a shop whose clock says what was set last.
local function with_clock(fn)
  local now = 1000000
  kit.with_shop(function(inv, stock)
    kit.product(inv, "bike", { muc = 2 }, { backorders = "allow" })
    fn(inv, stock, function(time) now = time end)
  end, { clock = function() return now end })
end

describe("a clock that goes back", function()
  it("changes neither the order of the ledger nor what is reserved", function()
    with_clock(function(inv, stock, set)
      kit.place(inv, "o-1", stock, { "bike", 1 })
      set(5)
      kit.place(inv, "o-2", stock, { "bike", 1 })
      assert(inv:cancel{ id = "c-1", order = "o-1" })
      set(2000000)
      assert(inv:ship{ id = "s-1", order = "o-2", source = "muc" })
      local rows = inv:reservations()
      assert.same({ "o-1", "o-2", "o-1", "o-2" }, helpers.column(rows, "order"))
      assert.same({ 1000000, 5, 5, 2000000 }, helpers.column(rows, "time"))
      assert.equal(0, kit.reserved(inv, "bike", stock))
    end)
  end)

  it("lets nobody pass in the queue for goods", function()
    with_clock(function(inv, stock, set)
      kit.place(inv, "o-1", stock, { "bike", 4 })
      set(5)
      kit.place(inv, "o-2", stock, { "bike", 2 })
      assert.same({ "o-1", "o-2" }, helpers.column(inv:waiting(), "order"))
      assert(inv.items:adjust{ id = "a-1",
        lines = { { sku = "bike", source = "muc", delta = 2 } } })
      assert.same({ "o-2" }, helpers.column(inv:waiting(), "order"))
    end)
  end)

  it("revives no hold that has been given up", function()
    with_clock(function(inv, stock, set)
      local bike = { { sku = "bike", qty = 1 } }
      for _, id in ipairs{ "h-1", "h-2" } do
        assert(inv:hold{ id = id, stock = stock, ttl = 10, lines = bike })
      end
      set(1000010)
      kit.place(inv, "o-1", stock, { "bike", 1 })
      assert.equal(1, kit.reserved(inv, "bike", stock))
      set(1000005)
      kit.refused(inv, "EXPIRED", "extend", { id = "e-1", hold = "h-1", ttl = 60 })
      kit.refused(inv, "EXPIRED", "release", { id = "r-1", hold = "h-1" })
      assert(inv:place{ id = "o-2", hold = "h-1" })
      assert.equal(2, kit.reserved(inv, "bike", stock))
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("lets nothing expire among what has expired", function()
    with_clock(function(inv, stock, set)
      local bike = { { sku = "bike", qty = 1 } }
      assert(inv:hold{ id = "h-1", stock = stock, ttl = 10, lines = bike })
      set(1000010)
      kit.place(inv, "o-1", stock, { "bike", 1 })
      set(1000005)
      assert.equal(1000015, assert(inv:hold{ id = "h-2", stock = stock, ttl = 5,
        lines = bike }).expires)
      assert.is_true(inv:verify().ok)
      assert(inv:place{ id = "o-2", hold = "h-2" })
      assert.is_true(inv:verify().ok)
    end)
  end)

  -- One write takes out no more than 256 seconds; what it sells of the others is gone as well.
  it("sells nothing twice of what hundreds of holds had", function()
    with_clock(function(inv, stock, set)
      kit.product(inv, "bell", { muc = 300 })
      for i = 1, 300 do
        assert(inv:hold{ id = "h-" .. i, stock = stock, ttl = i,
          lines = { { sku = "bell", qty = 1 } } })
      end
      set(1000300)
      kit.place(inv, "o-1", stock, { "bell", 300 })
      set(1000260)
      for _, id in ipairs{ "h-256", "h-257", "h-300" } do
        helpers.expect_error("NOT_ENOUGH", inv:place{ id = "o-" .. id, hold = id })
      end
      assert.same({}, (inv:oversold()))
      assert.equal(300, kit.reserved(inv, "bell", stock))
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("shows no hold as live whose goods were given to others", function()
    with_clock(function(inv, stock, set)
      assert(inv:hold{ id = "h-1", stock = stock, ttl = 10, lines = { { sku = "bike", qty = 1 } } })
      set(1000005)
      assert.is_true(inv.holds:get("h-1").live)
      set(1000010)
      kit.place(inv, "o-1", stock, { "bike", 2 })
      set(1000005)
      local hold = inv.holds:get("h-1")
      assert.is_false(hold.live)
      assert.is_nil(hold.given_up)
    end)
  end)
end)
