-- bad_names_spec.lua: SKUs and ids as bytes, requests that are too long, and names of nothing.

local core = require "quartermaster.core"
local helpers = require "helpers"

local LIMITS = core.limits

local LEGAL_SKUS = {
  "a", ("a"):rep(255), "a\0b", "\0", "\0a", "O'Brien", 'say "hi"', "`x`", "a;DROP TABLE product;--",
  "01234", "1234", "1234.0", "1e3", "1000", "0x1A", "26", "inf", "nan", "true", "null", "-1",
  "Pen", "pen", "PEN", "a b", "a  b", "\195\164", "a\204\136", "\195\132", "\255\254\128", "%s%n",
  "../x",
  "a/b", "a=b", "a\nb", "a\tb", "a,b", "$1", "?1", ":a", "@a",
}

local ILLEGAL_SKUS = {
  { "", "INVALID" }, { " ", "INVALID" }, { "   ", "INVALID" }, { " a", "INVALID" },
  { "a ", "INVALID" }, { " a ", "INVALID" }, { ("a"):rep(256), "LIMIT" },
  { ("\0"):rep(256), "LIMIT" }, { ("a"):rep(1000000), "LIMIT" },
}

-- Every call that writes by SKU.
local WRITES = {
  ["products:save"] = function(inv, sku) return inv.products:save{ sku = sku } end,
  ["items:save"] = function(inv, sku) return inv.items:save{ sku = sku, qty = 1 } end,
  ["items:adjust"] = function(inv, sku)
    return inv.items:adjust{ id = "n", lines = { { sku = sku, delta = 1 } } }
  end,
  place = function(inv, sku)
    return inv:place{ id = "n", stock = 1, lines = { { sku = sku, qty = 1 } } }
  end,
  adopt = function(inv, sku)
    return inv:adopt{ id = "n", reservations = { { sku = sku, qty = 1, stock = 1 } } }
  end,
  ["adopt, of an order,"] = function(inv, sku)
    return inv:adopt{ id = "n", orders = { { id = "n", stock = 1,
      lines = { { sku = sku, qty = 1 } } } } }
  end,
}

describe("a SKU", function()
  it("is bytes: every legal one is a product of its own, from saving to shipping", function()
    helpers.with_inventory({}, function(inv)
      local stands = {}
      for i, sku in ipairs(LEGAL_SKUS) do
        assert.equal(1, inv.products:save{ sku = sku })
        assert(inv.items:save{ sku = sku, qty = i, status = "in_stock" })
        assert(inv:place{ id = "o" .. i, stock = 1, lines = { { sku = sku, qty = 1 } } })
        stands[sku] = i - 1
      end
      local page = inv:salable{ stock = 1, skus = LEGAL_SKUS }
      for i, sku in ipairs(LEGAL_SKUS) do
        assert.equal(sku, inv.products:get(sku).sku)
        assert.equal(i, inv.items:get{ sku = sku }.qty, sku)
        assert.equal(sku, inv.items:list{ sku = sku }[1].sku)
        assert.equal(stands[sku], inv:salable_qty(sku, { stock = 1 }), sku)
        assert.equal(stands[sku], page[sku].qty)
        assert.equal(sku, inv.orders:get("o" .. i).lines[1].sku)
        assert.equal(sku, inv:select{ order = "o" .. i }.picks[1].sku)
        assert.equal(-1, inv:reservations{ sku = sku }[1].reserved)
        assert(inv:ship{ id = "s" .. i, order = "o" .. i, source = "default", lines = {
          { sku = sku, qty = 1 },
        } })
      end
      assert.same(LEGAL_SKUS, helpers.column(inv.products:list{ limit = 1000 }, "sku"))
      assert.equal(#LEGAL_SKUS, inv:verify().products)
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("that differs in case or zeros only is another product", function()
    helpers.with_inventory({}, function(inv)
      assert(inv.products:save{ { sku = "Pen" }, { sku = "01234" } })
      for _, sku in ipairs{ "pen", "PEN", "1234", "001234", "Pen\0" } do
        helpers.expect_error("NOT_FOUND", inv.products:get(sku))
        helpers.expect_error("NOT_FOUND", inv:salable_qty(sku, { stock = 1 }))
        helpers.expect_error("NOT_FOUND", WRITES.place(inv, sku))
      end
    end)
  end)

  for name, write in pairs(WRITES) do
    it("of a wrong length or with spaces around it is refused by " .. name, function()
      helpers.with_inventory({}, function(inv)
        local before = inv:events()
        for _, case in ipairs(ILLEGAL_SKUS) do
          local ok, fault = pcall(function()
            local detail, message = helpers.expect_error(case[2], write(inv, case[1]))
            assert(detail.errors[1].field == "sku", "the field is not sku")
            assert(#message < 1000, "a message of " .. #message .. " bytes")
          end)
          assert(ok, ("%q: %s"):format(case[1]:sub(1, 20), tostring(fault)))
        end
        assert.same(before, inv:events())
        assert.equal(0, #inv.products:list())
      end)
    end)

    it("that is a number is misuse in " .. name, function()
      helpers.with_inventory({}, function(inv)
        for _, number in ipairs{ 1234, 12.5, 0 } do
          assert.has_error(function() write(inv, number) end)
        end
        assert.equal(0, #inv.products:list())
      end)
    end)
  end

  it("that no product can have is unknown to every read", function()
    helpers.with_inventory({}, function(inv)
      for _, case in ipairs(ILLEGAL_SKUS) do
        local sku, where = case[1], { stock = 1 }
        helpers.expect_error("NOT_FOUND", inv.products:get(sku))
        helpers.expect_error("NOT_FOUND", inv.items:get{ sku = sku })
        helpers.expect_error("NOT_FOUND", inv:salable_qty(sku, where))
        helpers.expect_error("NOT_FOUND", inv:is_salable(sku, where))
        helpers.expect_error("NOT_FOUND", inv:can_sell(sku, where, 1))
        helpers.expect_error("NOT_FOUND", inv:position{ sku = sku, stock = 1 })
        assert.is_false(inv:salable{ stock = 1, skus = { sku } }[sku].salable)
        assert.same({}, inv.items:list{ sku = sku })
      end
    end)
  end)
end)

-- Every call with an id of its own.
local DOCUMENTS = {
  place = function(inv, id)
    return inv:place{ id = id, stock = 1, lines = { { sku = "pen", qty = 1 } } }
  end,
  cancel = function(inv, id) return inv:cancel{ id = id, order = "o" } end,
  ship = function(inv, id)
    return inv:ship{ id = id, order = "o", source = "default", lines = { { line = 1, qty = 1 } } }
  end,
  invoice = function(inv, id) return inv:invoice{ id = id, order = "o" } end,
  refund = function(inv, id)
    return inv:refund{ id = id, order = "o", lines = { { line = 1, qty = 1 } } }
  end,
  allocate = function(inv, id)
    return inv:allocate{ id = id, order = "o", lines = { { line = 1, qty = 1,
      source = "default" } } }
  end,
  reassign = function(inv, id)
    return inv:reassign{ id = id, order = "o", lines = { { line = 1, qty = 1 } } }
  end,
  return_goods = function(inv, id)
    return inv:return_goods{ id = id, order = "o", lines = { { line = 1, qty = 1 } } }
  end,
  adopt = function(inv, id)
    return inv:adopt{ id = id, reservations = { { sku = "pen", qty = 1, stock = 1 } } }
  end,
  ["adopt, of orders"] = function(inv, id)
    return inv:adopt{ id = id, orders = { { id = "a", stock = 1,
      lines = { { sku = "pen", qty = 1 } } } } }
  end,
  compensate = function(inv, id)
    return inv:compensate{ id = id, force = true,
      lines = { { order = "o", sku = "pen", qty = 1, stock = 1 } } }
  end,
  ["items:adjust"] = function(inv, id)
    return inv.items:adjust{ id = id, lines = { { sku = "pen", delta = 1 } } }
  end,
}

-- An order of 10 pens of which 4 are shipped and invoiced, so that each document finds some.
local function with_order(fn)
  helpers.with_inventory({}, function(inv)
    assert(inv.products:save{ sku = "pen" })
    assert(inv.items:save{ sku = "pen", qty = 1000, status = "in_stock" })
    assert(inv:place{ id = "o", stock = 1, lines = { { sku = "pen", qty = 10 } } })
    assert(inv:ship{ id = "s", order = "o", source = "default", lines = { { line = 1, qty = 4 } } })
    assert(inv:invoice{ id = "i", order = "o", lines = { { line = 1, qty = 4 } } })
    assert(inv:allocate{ id = "a", order = "o", lines = { { line = 1, qty = 2,
      source = "default" } } })
    fn(inv)
  end)
end

describe("an id", function()
  for name, call in pairs(DOCUMENTS) do
    it("of 1 to 64 bytes without control characters serves " .. name, function()
      for _, id in ipairs{ "x", ("x"):rep(64), "'\"`;--", "\195\164 \255", " ", "1e3", "0x1" } do
        with_order(function(inv)
          assert.equal(id, assert(call(inv, id)).id)
          assert.is_true(call(inv, id).replayed)
          assert.is_true(inv:verify().ok)
        end)
      end
    end)

    it("of no byte, of too many, or with a control character is refused by " .. name, function()
      with_order(function(inv)
        local before = inv:events()
        for _, id in ipairs{ "", ("x"):rep(65), ("x"):rep(100000), "a\0b", "\0", "a\nb", "\127",
          "a\tb", "\27[0m" } do
          local detail = helpers.expect_error("INVALID", call(inv, id))
          assert.equal("id", detail.errors[1].field)
        end
        helpers.expect_error("INVALID", call(inv, nil))
        assert.same(before, inv:events())
      end)
    end)
  end
end)

describe("a request", function()
  local function rows(count, row)
    local list = {}
    for i = 1, count do list[i] = row(i) end
    return list
  end

  local function pens() return { sku = "pen", qty = 1 } end

  it("of 4000 lines is taken, of 4001 it is LIMIT", function()
    with_order(function(inv)
      local lines = rows(LIMITS.lines, pens)
      assert(inv.items:save{ sku = "pen", qty = 10000 })
      assert(inv:place{ id = "most", stock = 1, lines = lines })
      assert(inv:select{ order = "most" })
      assert(inv:select{ stock = 1, lines = lines })
      lines[LIMITS.lines + 1] = pens()
      assert.equal(4001, #lines)
      helpers.expect_error("LIMIT", inv:place{ id = "over", stock = 1, lines = lines })
      helpers.expect_error("LIMIT", inv:select{ stock = 1, lines = lines })
      helpers.expect_error("NOT_FOUND", inv.orders:get("over"))
      assert(inv:cancel{ id = "all", order = "most" })
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("of 4001 SKUs is LIMIT where 4000 are a page", function()
    with_order(function(inv)
      local skus = rows(LIMITS.lines, function(i) return "s" .. i end)
      assert.is_table(inv:salable{ stock = 1, skus = skus }.s4000)
      skus[#skus + 1] = "one more"
      helpers.expect_error("LIMIT", inv:salable{ stock = 1, skus = skus })
    end)
  end)

  local TENTHOUSAND = {
    ["items:save"] = function(inv, count)
      return inv.items:save(rows(count, function(i) return { sku = "p" .. i, qty = 1 } end))
    end,
    ["products:save"] = function(inv, count)
      return inv.products:save(rows(count, function(i) return { sku = "p" .. i } end))
    end,
    ["items:delete"] = function(inv, count)
      return inv.items:delete(rows(count, function(i) return { sku = "p" .. i } end))
    end,
    batch = function(inv, count)
      return inv:batch(rows(count, function(i)
        return { op = "place", id = "b" .. i, stock = 1, lines = { { sku = "none", qty = 1 } } }
      end))
    end,
  }

  for name, call in pairs(TENTHOUSAND) do
    it("of 10000 records is taken by " .. name .. ", of 10001 it is LIMIT", function()
      helpers.with_inventory({}, function(inv)
        assert(call(inv, LIMITS.batch))
        local before = #inv.products:list{ limit = 1000 }
        local ok, fault = pcall(function()
          helpers.expect_error("LIMIT", call(inv, LIMITS.batch + 1))
        end)
        assert(ok, fault)
        assert.equal(before, #inv.products:list{ limit = 1000 })
      end)
    end)
  end

  it("without lines is INVALID", function()
    with_order(function(inv)
      helpers.expect_error("INVALID", inv:place{ id = "n", stock = 1, lines = {} })
      helpers.expect_error("INVALID", inv:place{ id = "n", stock = 1 })
      helpers.expect_error("INVALID", inv:select{ stock = 1, lines = {} })
      helpers.expect_error("INVALID", inv:adopt{ id = "n", reservations = {} })
      helpers.expect_error("INVALID", inv.items:adjust{ id = "n", lines = {} })
      helpers.expect_error("INVALID", inv.items:save{})
      helpers.expect_error("INVALID", inv.items:delete{})
      helpers.expect_error("INVALID", inv.products:save{})
      helpers.expect_error("INVALID", inv.stocks:link{})
      helpers.expect_error("INVALID", inv.stocks:unlink{})
      assert.same({}, inv:batch{})
    end)
  end)
end)

describe("a line number", function()
  it("is 1 to 4095 and there once", function()
    with_order(function(inv)
      for _, numbers in ipairs{ { 0 }, { -1 }, { 4096 }, { 2 ^ 53 }, { 1, 1 }, { 2, 3, 2 } } do
        local lines = {}
        for i, number in ipairs(numbers) do lines[i] = { sku = "pen", qty = 1, line = number } end
        local detail = helpers.expect_error("INVALID",
          inv:place{ id = "n", stock = 1, lines = lines })
        assert.equal("line", detail.errors[1].field)
      end
      assert(inv:place{ id = "n", stock = 1, lines = { { sku = "pen", qty = 1, line = 4095 } } })
    end)
  end)
end)
