-- bad_values_spec.lua: quantities that are none, too fine or too large, in every call that takes
-- one. Each is refused with the code it must have and changes nothing.

local helpers = require "helpers"

local HUGE = ("9"):rep(1000000)

-- No quantity at all, or finer than 1/10000.
local MALFORMED = {
  0 / 0, 1 / 0, -1 / 0, 0.00004, 1.23456, 0.1 + 0.00001,
  "", " ", "nan", "inf", "-inf", "1e3", "0x1A", " 1", "1 ", "1,5", "1.", ".5", ".", "-", "+",
  "--1", "+-1", "1.2.3", "0.00001", "1.00005", "12a", "1\0", "\0", "１", "1_000", "½", HUGE .. "x",
  "0." .. ("0"):rep(100000) .. "1",
}

-- Quantities beyond 10^11.
local TOO_LARGE = {
  100000000001, 100000000000.5, 1e12, 2 ^ 53, 2 ^ 63, 1e300, "100000000000.0001", "100000000001",
  "9223372036854775808", "18446744073709551617", HUGE, -100000000001, -1e300, "-" .. HUGE,
}

if _VERSION == "Lua 5.4" then -- integers that doubles do not hold
  TOO_LARGE[#TOO_LARGE + 1] = tonumber("9223372036854775807")
  TOO_LARGE[#TOO_LARGE + 1] = tonumber("-9223372036854775807") - 1
end

local NEGATIVE = { -1, -0.5, "-1", "-0.0001", -1e11, "-100000000000" }
-- What is left of 0.3 - 0.2 - 0.1 is noise, and zero.
local ZERO = { 0, "0", "-0", "0.0000", "00", "+0", -0.0, 0.3 - 0.2 - 0.1, 1e-300 }

-- Every place that takes a quantity: its key and the call; `signed` ones may be zero or negative.
-- The shop has order "o": 4 pens ordered, 2 shipped and invoiced.
local CALLS = {
  { "place", "qty", function(inv, qty)
    return inv:place{ id = "n", stock = 1, lines = { { sku = "pen", qty = qty } } }
  end },
  { "can_sell", "qty", function(inv, qty) return inv:can_sell("pen", { stock = 1 }, qty) end },
  { "cancel", "qty", function(inv, qty)
    return inv:cancel{ id = "n", order = "o", lines = { { sku = "pen", qty = qty } } }
  end },
  { "ship", "qty", function(inv, qty)
    local lines = { { sku = "pen", qty = qty, source = "default" } }
    return inv:ship{ id = "n", order = "o", lines = lines }
  end },
  { "ship's plan", "qty", function(inv, qty)
    local pick = { line = 1, sku = "pen", source = "default", qty_to_deduct = qty }
    return inv:ship{ id = "n", order = "o", plan = { picks = { pick } } }
  end, zero = true }, -- a plan may list sources of which it takes nothing
  { "invoice", "qty", function(inv, qty)
    return inv:invoice{ id = "n", order = "o", lines = { { sku = "pen", qty = qty } } }
  end },
  { "refund", "qty", function(inv, qty)
    return inv:refund{ id = "n", order = "o", lines = { { sku = "pen", qty = qty } } }
  end },
  { "return_goods", "qty", function(inv, qty)
    return inv:return_goods{ id = "n", order = "o", lines = { { sku = "pen", qty = qty } } }
  end },
  { "allocate", "qty", function(inv, qty)
    local lines = { { sku = "pen", qty = qty, source = "default" } }
    return inv:allocate{ id = "n", order = "o", lines = lines }
  end },
  { "allocate's plan", "qty", function(inv, qty)
    local pick = { line = 1, sku = "pen", source = "default", qty_to_deduct = qty }
    return inv:allocate{ id = "n", order = "o", plan = { picks = { pick } } }
  end, zero = true },
  { "reassign", "qty", function(inv, qty)
    return inv:reassign{ id = "n", order = "o", lines = { { sku = "pen", qty = qty } } }
  end },
  { "select", "qty", function(inv, qty)
    return inv:select{ stock = 1, lines = { { sku = "pen", qty = qty } } }
  end, zero = true },
  { "adopt", "qty", function(inv, qty)
    return inv:adopt{ id = "n", reservations = { { sku = "pen", qty = qty, stock = 1 } } }
  end, signed = true },
  { "items:save", "qty", function(inv, qty)
    return inv.items:save{ sku = "pen", qty = qty }
  end, signed = true },
  { "items:save's notify_below", "notify_below", function(inv, qty)
    return inv.items:save{ sku = "pen", qty = 98, notify_below = qty }
  end, signed = true },
  { "items:save's expected", "expected", function(inv, qty)
    return inv.items:save{ sku = "pen", qty = 98, expected = qty }
  end, signed = true },
  { "items:adjust", "delta", function(inv, qty)
    return inv.items:adjust{ id = "n", lines = { { sku = "pen", delta = qty } } }
  end, signed = true },
}

for _, name in ipairs{
  "out_of_stock_threshold", "notify_below", "min_sale_qty", "max_sale_qty", "qty_increments",
} do
  CALLS[#CALLS + 1] = { "products:save's " .. name, name, function(inv, qty)
    return inv.products:save{ sku = "pen", settings = { [name] = qty } }
  end, signed = true, setting = true }
  CALLS[#CALLS + 1] = { "settings:set's " .. name, name, function(inv, qty)
    return inv.settings:set{ [name] = qty }
  end, signed = true, setting = true }
end

CALLS[#CALLS + 1] = { "a customer group's min_sale_qty", "min_sale_qty", function(inv, qty)
  return inv.settings:set{ min_sale_qty = { all = 1, staff = qty } }
end, signed = true, setting = true }

local function with_shop(fn)
  helpers.with_inventory({}, function(inv)
    assert(inv.products:save{ sku = "pen", settings = { decimal_qty = true } })
    assert(inv.items:save{ sku = "pen", qty = 100, status = "in_stock" })
    assert(inv:place{ id = "o", stock = 1, lines = { { sku = "pen", qty = 4 } } })
    assert(inv:ship{ id = "s", order = "o", source = "default", lines = { { line = 1, qty = 2 } } })
    assert(inv:invoice{ id = "i", order = "o", lines = { { line = 1, qty = 2 } } })
    fn(inv)
  end)
end

local function snapshot(inv)
  return {
    inv:position{ sku = "pen", stock = 1 }, inv.orders:get("o"), inv:events{ limit = 1000 },
    inv.products:get("pen"), inv.settings:get(), inv.items:get{ sku = "pen" },
  }
end

local function show(value)
  local text = tostring(value)
  return #text > 40 and text:sub(1, 40) .. "..." or text
end

-- Every value must be refused with this code, naming the key, and nothing may change.
local function all_refused(call, values, code, key)
  with_shop(function(inv)
    local before = snapshot(inv)
    for _, value in ipairs(values) do
      local ok, fault = pcall(function()
        local detail = helpers.expect_error(code, call[3](inv, value))
        assert(detail.errors and detail.errors[1], "no detail.errors")
        local field = detail.errors[1].field
        assert(field == key, ("field is %s, not %s"):format(tostring(field), key))
      end)
      assert(ok, ("%s of %s: %s"):format(call[1], show(value), tostring(fault)))
    end
    assert.same(before, snapshot(inv))
    assert.is_true(inv:verify().ok)
  end)
end

describe("a quantity", function()
  for _, call in ipairs(CALLS) do
    it("that is none, or too fine, is INVALID in " .. call[1], function()
      all_refused(call, MALFORMED, "INVALID", call[2])
    end)

    it("beyond the bound is LIMIT in " .. call[1], function()
      all_refused(call, TOO_LARGE, "LIMIT", call[2])
    end)

    if not call.signed then
      it("below zero is INVALID in " .. call[1], function()
        all_refused(call, NEGATIVE, "INVALID", call[2])
      end)

      if not call.zero then
        it("of zero is INVALID in " .. call[1], function()
          all_refused(call, ZERO, "INVALID", call[2])
        end)
      end
    end
  end

  it("below zero is INVALID where a setting cannot be negative", function()
    for _, call in ipairs(CALLS) do
      if call.setting and (call[2] == "max_sale_qty" or call[2] == "qty_increments") then
        all_refused(call, NEGATIVE, "INVALID", call[2])
      end
    end
  end)

  it("that is missing is INVALID", function()
    for _, call in ipairs(CALLS) do
      if call[2] == "qty" and call[1] ~= "can_sell" then
        with_shop(function(inv)
          local ok, fault = pcall(function()
            helpers.expect_error("INVALID", call[3](inv, nil))
          end)
          assert(ok, call[1] .. ": " .. tostring(fault))
        end)
      end
    end
  end)

  it("of a share is between 0 and 1", function()
    with_shop(function(inv)
      for _, share in ipairs{ -0.0001, 1.0001, 2, "1.5", "-1" } do
        local detail = helpers.expect_error("INVALID",
          inv.products:save{ sku = "pen", settings = { out_of_stock_share = share } })
        assert.equal("out_of_stock_share", detail.errors[1].field)
      end
      for _, share in ipairs{ 0, 1, "0.5", 0.0001 } do
        assert(inv.products:save{ sku = "pen", settings = { out_of_stock_share = share } })
      end
    end)
  end)

  it("that would make a sum overflow is LIMIT and changes nothing", function()
    with_shop(function(inv)
      assert(inv.items:save{ sku = "pen", qty = 1e11 })
      local before = snapshot(inv)
      helpers.expect_error("LIMIT",
        inv.items:adjust{ id = "more", lines = { { sku = "pen", delta = "0.0001" } } })
      local half = { sku = "pen", qty = 6e10, stock = 1 }
      assert(inv:adopt{ id = "a", reservations = { half } })
      assert(inv:adopt{ id = "b", reservations = { { sku = "pen", qty = -6e10, stock = 1 } } })
      before[3] = inv:events{ limit = 1000 }
      half.qty = -6e10
      helpers.expect_error("LIMIT", inv:adopt{ id = "c", reservations = { half, half } })
      helpers.expect_error("LIMIT", inv:place{ id = "d", stock = 1, lines = {
        { sku = "pen", qty = 6e10 }, { sku = "pen", qty = 6e10 },
      } })
      assert.same(before, snapshot(inv))
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("of two sources together that overflows a stock is LIMIT", function()
    helpers.with_inventory({}, function(inv)
      for _, code in ipairs{ "a", "b" } do
        assert(inv.sources:save{ code = code, name = code, country = "DE", postcode = "1" })
      end
      local stock = assert(inv.stocks:save{ name = "EU", sources = {
        { code = "a", priority = 1 }, { code = "b", priority = 2 },
      } })
      assert(inv.products:save{ sku = "pen", assign_default = false })
      assert(inv.items:save{ sku = "pen", source = "a", qty = 1e11 })
      helpers.expect_error("LIMIT", inv.items:save{ sku = "pen", source = "b", qty = 1 })
      assert.equal(1e11, inv:position{ sku = "pen", stock = stock }.on_hand)
      assert.is_true(inv:verify().ok)
    end)
  end)
end)

-- The ways to write a quantity, and what comes back as a number and as a string.
local FORMS = {
  { 1, 1, "1" }, { 1.0, 1, "1" }, { 2.5, 2.5, "2.5" }, { 0.0001, 0.0001, "0.0001" },
  { "2.5", 2.5, "2.5" }, { "2.5000", 2.5, "2.5" }, { "0002.5", 2.5, "2.5" }, { "+3", 3, "3" },
  { "1." .. ("0"):rep(5000), 1, "1" }, { 0.1 + 0.2, 0.3, "0.3" }, { "-7.25", -7.25, "-7.25" },
  { 99999999999.9999, 99999999999.9999, "99999999999.9999" },
  { 1e11, 100000000000, "100000000000" },
  { "100000000000", 100000000000, "100000000000" }, { 33333.3333, 33333.3333, "33333.3333" },
  { -1e11, -100000000000, "-100000000000" }, { "-0", 0, "0" }, { -0.0, 0, "0" },
  { ("0"):rep(100000) .. "5", 5, "5" },
}

describe("a legal quantity", function()
  it("comes back exactly, as a number", function()
    helpers.with_inventory({}, function(inv)
      for _, form in ipairs(FORMS) do
        assert(inv.items:save{ sku = "pen", qty = form[1] })
        local qty = inv.items:get{ sku = "pen" }.qty
        assert.equal(form[2], qty, show(form[1]))
        if math.type and form[2] % 1 == 0 then assert.equal("integer", math.type(qty)) end
      end
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("comes back exactly, as a string", function()
    helpers.with_inventory({ quantities = "string" }, function(inv)
      for _, form in ipairs(FORMS) do
        assert(inv.items:save{ sku = "pen", qty = form[1] })
        assert.equal(form[3], inv.items:get{ sku = "pen" }.qty, show(form[1]))
      end
    end)
  end)
end)
