-- malformed_plans_spec.lua: what a plan may not be, whoever made it. Each kind is refused with its
-- reason, or raises where a program is wrong, by ship and by allocate alike, and changes nothing.

local kit = require "order_kit"

local with_shop, product, place, refused = kit.with_shop, kit.product, kit.place, kit.refused

local function pick(line, sku, source, take)
  return { line = line, sku = sku, source = source, qty_to_deduct = take }
end

local function times(count, row)
  local list = {}
  for i = 1, count do list[i] = row end
  return list
end

local NO_LINE = "the plan picks for a line that the order does not have"
local NO_QTY = "this is not a quantity: at most four decimals, no other signs"

-- What is wrong, the picks, the code, and the message where both calls say the same.
local REFUSED = {
  { "no picks", {}, "INVALID", "the list is empty" },
  { "only picks that take nothing", { pick(1, "bike", "muc", 0), pick(2, "bell", "ham", 0) },
    "INVALID", "the list is empty" },
  { "too many picks", times(4001, pick(1, "bike", "muc", 1)), "LIMIT",
    "there are too many entries; split the request" },
  { "a pick of nothing", { {} }, "INVALID", "a quantity is needed" },
  { "no quantity", { pick(1, "bike", "muc") }, "INVALID", "a quantity is needed" },
  { "a negative quantity", { pick(1, "bike", "muc", -1) }, "INVALID",
    "the quantity may not be negative" },
  { "five decimals", { pick(1, "bike", "muc", 0.00001) }, "INVALID", NO_QTY },
  { "a quantity that is no number", { pick(1, "bike", "muc", 0 / 0) }, "INVALID", NO_QTY },
  { "an endless quantity", { pick(1, "bike", "muc", 1 / 0) }, "INVALID", NO_QTY },
  { "a quantity beyond all bounds", { pick(1, "bike", "muc", 2 ^ 60) }, "LIMIT",
    "the quantity is beyond 100000000000" },
  { "words for a quantity", { pick(1, "bike", "muc", "two") }, "INVALID", NO_QTY },
  { "a hexadecimal quantity", { pick(1, "bike", "muc", "0x1") }, "INVALID", NO_QTY },
  { "a quantity with an exponent", { pick(1, "bike", "muc", "1e0") }, "INVALID", NO_QTY },
  { "a line that is not there", { pick(9, "bike", "muc", 1) }, "INVALID", NO_LINE },
  { "line 0", { pick(0, "bike", "muc", 1) }, "INVALID", NO_LINE },
  { "a negative line", { pick(-1, "bike", "muc", 1) }, "INVALID", NO_LINE },
  { "a line beyond all bounds", { pick(2 ^ 53, "bike", "muc", 1) }, "INVALID" },
  { "neither line nor SKU", { pick(nil, nil, "muc", 1) }, "INVALID", "a SKU is needed" },
  { "another line's SKU", { pick(2, "bike", "ham", 1) }, "NOT_FOUND",
    "the order has no such line" },
  { "a SKU nobody knows", { pick(1, "boat", "muc", 1) }, "NOT_FOUND",
    "the order has no such line" },
  { "an empty SKU", { pick(1, "", "muc", 1) }, "NOT_FOUND", "the order has no such line" },
  { "a SKU with a space", { pick(1, "bike ", "muc", 1) }, "NOT_FOUND",
    "the order has no such line" },
  { "a SKU with a NUL", { pick(1, "bi\0ke", "muc", 1) }, "NOT_FOUND",
    "the order has no such line" },
  { "a SKU that is too long", { pick(1, ("x"):rep(256), "muc", 1) }, "NOT_FOUND",
    "the order has no such line" },
  { "no source", { pick(1, "bike", nil, 1) }, "INVALID" },
  { "a source nobody knows", { pick(1, "bike", "x", 1) }, "NOT_FOUND", "there is no source x" },
  { "an empty source", { pick(1, "bike", "", 1) }, "NOT_FOUND" },
  { "a source with a NUL", { pick(1, "bike", "mu\0c", 1) }, "NOT_FOUND" },
  { "a source that is too long", { pick(1, "bike", ("s"):rep(256), 1) }, "NOT_FOUND" },
  { "a source without the product", { pick(2, "bell", "muc", 1) }, "NOT_FOUND",
    "there is no source item of bell at that source" },
  { "more than the line needs", { pick(1, "bike", "muc", 2), pick(1, "bike", "ham", 2) },
    "EXCEEDS" },
  { "more than the source has", { pick(1, "bike", "muc", 3) }, "NOT_ENOUGH" },
  { "more than the source has in two picks",
    { pick(1, "bike", "muc", 2), pick(1, "bike", "muc", 1) }, "NOT_ENOUGH" },
  { "a good pick before a bad one", { pick(1, "bike", "muc", 1), pick(2, "bell", "ham", 99) },
    "EXCEEDS" },
}

local RAISES = {
  { "a broken line number", { pick(1.5, "bike", "muc", 1) }, "line must be a whole number" },
  { "a line number in words", { pick("1", "bike", "muc", 1) }, "line must be a whole number" },
  { "a pick that is no table", { 5 }, "must be a table" },
  { "a quantity that is a table", { pick(1, "bike", "muc", {}) }, "must be a quantity" },
  { "a source that is a number", { pick(1, "bike", 5, 1) }, "source must be a string" },
  { "a SKU that is a number", { pick(1, 5, "muc", 1) }, "sku must be a string" },
  { "a key nobody knows", { { line = 1, sku = "bike", source = "muc", qty = 1 } }, "no key 'qty'" },
  { "picks that are no list", "all", "picks must be a list" },
}

local function ordered(fn)
  with_shop(function(inv, stock)
    product(inv, "bike", { muc = 2, ham = 4 })
    product(inv, "bell", { ham = 4 })
    place(inv, "o-1", stock, { "bike", 3 }, { "bell", 2 })
    place(inv, "o-2", stock, { "bike", 1 })
    fn(inv)
  end)
end

for _, call in ipairs{ "ship", "allocate" } do
  describe(call .. " by a plan", function()
    local function request(picks, order)
      return { id = "x-1", order = "o-1", plan = { picks = picks, order = order } }
    end

    for _, case in ipairs(REFUSED) do
      it("with " .. case[1] .. " is refused", function()
        ordered(function(inv)
          local _, message = refused(inv, case[3], call, request(case[2]))
          if case[4] then assert.equal(case[4], message) end
        end)
      end)
    end

    it("for another order is refused", function()
      ordered(function(inv)
        local _, message = refused(inv, "INVALID", call, request({ pick(1, "bike", "muc", 1) },
          "o-2"))
        assert.equal("the plan was made for another order than o-1", message)
      end)
    end)

    for _, case in ipairs(RAISES) do
      it("with " .. case[1] .. " raises", function()
        ordered(function(inv)
          local before = kit.snapshot(inv)
          local ok, message = pcall(inv[call], inv, request(case[2]))
          assert.is_false(ok)
          assert.is_truthy(tostring(message):find(case[3], 1, true), tostring(message))
          assert.same(before, kit.snapshot(inv))
        end)
      end)
    end
  end)
end
