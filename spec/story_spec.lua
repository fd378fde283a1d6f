-- A story to read from top to bottom: a bicycle shop with warehouses in three countries sells in
-- Europe and in America. A customer in Europe orders bikes and shirts, thinks better of two bikes,
-- pays, gets two parcels from two countries, and sends one shirt back.
--
-- Each step begins where the one before ended.

local quartermaster = require "quartermaster"

describe("a bicycle shop", function()
  local inv, europe, america

  setup(function() inv = assert(quartermaster.open{ path = ":memory:" }) end)
  teardown(function() inv:close() end)

  -- What the shop sees of a product in a stock: on hand, reserved, salable.
  local function sees(sku, stock)
    local position = assert(inv:position{ sku = sku, stock = stock })
    return { on_hand = position.on_hand, reserved = position.reserved,
      salable = position.salable }
  end

  -- How many of a product are where.
  local function lies(sku)
    local at = {}
    for _, item in ipairs((inv.items:list{ sku = sku })) do at[item.source] = item.qty end
    return at
  end

  local function line(number)
    return inv.orders:get("1001").lines[number]
  end

  it("has warehouses in three countries and sells in two regions", function()
    assert(inv.sources:save{ code = "berlin", name = "Berlin", country = "DE", postcode = "10115" })
    assert(inv.sources:save{ code = "lyon", name = "Lyon", country = "FR", postcode = "69001" })
    assert(inv.sources:save{ code = "austin", name = "Austin", country = "US", postcode = "73301" })

    europe = assert(inv.stocks:save{ name = "Europe", channels = { "shop-europe" },
      sources = { { code = "berlin", priority = 1 }, { code = "lyon", priority = 2 } } })
    america = assert(inv.stocks:save{ name = "America", channels = { "shop-america" },
      sources = { { code = "austin", priority = 1 } } })

    assert.equal(europe, inv.stocks:resolve("shop-europe"))
    assert.equal(america, inv.stocks:resolve("shop-america"))
  end)

  it("stocks bikes, of which it keeps two back, and shirts", function()
    assert(inv.products:save{
      { sku = "bike", settings = { out_of_stock_threshold = 2 }, assign_default = false },
      { sku = "shirt", assign_default = false },
    })
    assert(inv.items:save{
      { sku = "bike", source = "berlin", qty = 6 }, { sku = "shirt", source = "berlin", qty = 10 },
      { sku = "bike", source = "lyon", qty = 8 }, { sku = "shirt", source = "lyon", qty = 5 },
      { sku = "bike", source = "austin", qty = 9 }, { sku = "shirt", source = "austin", qty = 20 },
    })

    assert.same({ on_hand = 14, reserved = 0, salable = 12 }, sees("bike", europe))
    assert.same({ on_hand = 15, reserved = 0, salable = 15 }, sees("shirt", europe))
    assert.same({ on_hand = 9, reserved = 0, salable = 7 }, sees("bike", america))
    assert.same({ on_hand = 20, reserved = 0, salable = 20 }, sees("shirt", america))
  end)

  it("promises ten bikes and three shirts to an order, and moves nothing", function()
    assert(inv:place{ id = "1001", channel = "shop-europe", lines = {
      { line = 1, sku = "bike", qty = 10 }, { line = 2, sku = "shirt", qty = 3 },
    } })

    assert.same({ on_hand = 14, reserved = 10, salable = 2 }, sees("bike", europe))
    assert.same({ on_hand = 15, reserved = 3, salable = 12 }, sees("shirt", europe))
    assert.same({ berlin = 6, lyon = 8, austin = 9 }, lies("bike"))
    assert.same({ berlin = 10, lyon = 5, austin = 20 }, lies("shirt"))
  end)

  it("tells the next customer that only two bikes are left in Europe", function()
    local _, message, code = inv:place{ id = "1002", channel = "shop-europe",
      lines = { { sku = "bike", qty = 3 } } }
    assert.equal("NOT_ENOUGH", code)
    assert.equal("2 of bike can be sold, 3 were asked for", message)
    assert.is_true(inv:can_sell("bike", { channel = "shop-america" }, 3))
  end)

  it("takes two bikes off the order before it is paid, and can sell them again", function()
    assert(inv:cancel{ id = "cancel-1", order = "1001", lines = { { line = 1, qty = 2 } } })

    assert.same({ on_hand = 14, reserved = 8, salable = 4 }, sees("bike", europe))
    assert.same({ on_hand = 15, reserved = 3, salable = 12 }, sees("shirt", europe))
    assert.equal(8, line(1).open)
  end)

  it("is paid for the rest, which changes no quantity", function()
    assert(inv:invoice{ id = "invoice-1", order = "1001" })

    assert.equal(8, line(1).invoiced)
    assert.equal(3, line(2).invoiced)
    assert.same({ on_hand = 14, reserved = 8, salable = 4 }, sees("bike", europe))
    local _, _, code = inv:cancel{ id = "cancel-2", order = "1001",
      lines = { { line = 1, qty = 1 } } }
    assert.equal("EXCEEDS", code)
  end)

  local plan

  it("needs two parcels: Berlin has too few bikes, and Lyon is next", function()
    plan = assert(inv:select{ order = "1001" })

    assert.is_true(plan.shippable)
    assert.equal(2, plan.shipments)
    local picks = {}
    for i, pick in ipairs(plan.picks) do
      picks[i] = ("%s: %d %s"):format(pick.source, pick.qty_to_deduct, pick.sku)
    end
    assert.same({ "berlin: 6 bike", "berlin: 3 shirt", "lyon: 2 bike" }, picks)
  end)

  it("sends the first parcel from Berlin, and what is salable stays the same", function()
    assert(inv:ship{ id = "parcel-1", order = "1001", source = "berlin",
      lines = { { line = 1, qty = 6 }, { line = 2, qty = 3 } } })

    assert.same({ on_hand = 8, reserved = 2, salable = 4 }, sees("bike", europe))
    assert.same({ on_hand = 12, reserved = 0, salable = 12 }, sees("shirt", europe))
    assert.same({ berlin = 0, lyon = 8, austin = 9 }, lies("bike"))
    assert.same({ berlin = 7, lyon = 5, austin = 20 }, lies("shirt"))
  end)

  it("sends the second parcel from Lyon, and owes nothing any more", function()
    assert(inv:ship{ id = "parcel-2", order = "1001", source = "lyon" })

    assert.same({ on_hand = 6, reserved = 0, salable = 4 }, sees("bike", europe))
    assert.same({ berlin = 0, lyon = 6, austin = 9 }, lies("bike"))
    assert.same({ 0, 0 }, { line(1).open, line(2).open })
    assert.same({}, inv:select{ order = "1001" }.picks)
  end)

  it("does not send a parcel twice when the news of it comes twice", function()
    assert.is_true(inv:ship{ id = "parcel-2", order = "1001", source = "lyon" }.replayed)
    assert.same({ berlin = 0, lyon = 6, austin = 9 }, lies("bike"))
  end)

  it("refunds one shirt, which comes back to Berlin and can be sold again", function()
    local answer = assert(inv:refund{ id = "refund-1", order = "1001",
      lines = { { line = 2, qty = 1, return_to_stock = true } } })

    assert.equal("berlin", answer.lines[1].source)
    assert.same({ on_hand = 13, reserved = 0, salable = 13 }, sees("shirt", europe))
    assert.same({ berlin = 8, lyon = 5, austin = 20 }, lies("shirt"))
    assert.same({ 3, 1, 1 }, { line(2).delivered, line(2).refunded, line(2).returned })
  end)

  it("did nothing of this in America", function()
    assert.same({ on_hand = 9, reserved = 0, salable = 7 }, sees("bike", america))
    assert.same({ on_hand = 20, reserved = 0, salable = 20 }, sees("shirt", america))
  end)

  it("can read it all in the ledger, and the books are in order", function()
    local story = {}
    for _, row in ipairs((inv:events{ limit = 1000 })) do
      if row.order == "1001" then
        story[#story + 1] = ("%s %d %s%s, reserved %+d, moved %+d"):format(row.event, row.qty,
          row.sku, row.source and " at " .. row.source or "", row.reserved, row.moved)
      end
    end
    assert.same({
      "order_placed 10 bike, reserved -10, moved +0",
      "order_placed 3 shirt, reserved -3, moved +0",
      "order_canceled 2 bike, reserved +2, moved +0",
      "invoice_created 8 bike, reserved +0, moved +0",
      "invoice_created 3 shirt, reserved +0, moved +0",
      "shipment_created 6 bike at berlin, reserved +6, moved -6",
      "shipment_created 3 shirt at berlin, reserved +3, moved -3",
      "shipment_created 2 bike at lyon, reserved +2, moved -2",
      "creditmemo_created 1 shirt, reserved +0, moved +0",
      "goods_returned 1 shirt at berlin, reserved +0, moved +1",
    }, story)
    assert.is_true(inv:verify().ok)
  end)
end)
