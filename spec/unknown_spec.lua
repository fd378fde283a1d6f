-- unknown_spec.lua: names of things that do not exist, each NOT_FOUND with the field that names it.

local helpers = require "helpers"

local function with_shop(fn)
  helpers.with_inventory({}, function(inv)
    assert(inv.sources:save{ code = "a", name = "A", country = "DE", postcode = "1" })
    assert(inv.sources:save{ code = "b", name = "B", country = "DE", postcode = "1" })
    assert(inv.sources:save{ code = "c", name = "C", country = "DE", postcode = "1" })
    local stock = assert(inv.stocks:save{ name = "EU", channels = { "eu" }, sources = {
      { code = "a", priority = 1 }, { code = "c", priority = 2 },
    } })
    assert(inv.products:save{ { sku = "pen" }, { sku = "ink" } })
    assert(inv.items:save{
      { sku = "pen", source = "a", qty = 10 }, { sku = "ink", source = "b", qty = 10 },
    })
    assert(inv:place{ id = "o", channel = "eu", lines = { { sku = "pen", qty = 4 } } })
    assert(inv:ship{ id = "s", order = "o", source = "a", lines = { { line = 1, qty = 2 } } })
    assert(inv:invoice{ id = "i", order = "o", lines = { { line = 1, qty = 2 } } })
    assert(inv:allocate{ id = "a", order = "o", lines = { { line = 1, qty = 1, source = "a" } } })
    fn(inv, stock)
  end)
end

local PEN = { { sku = "pen", qty = 1 } }

-- What is unknown, the field that must be named, and the call.
local CASES = {
  { "source of sources:get", "code", function(inv) return inv.sources:get("x") end },
  { "source of sources:get, empty", "code", function(inv) return inv.sources:get("") end },
  { "source of sources:get, in another case", "code", function(inv)
    return inv.sources:get("A")
  end },
  { "source of sources:get, with a NUL", "code", function(inv) return inv.sources:get("a\0") end },
  { "stock of stocks:get", "id", function(inv) return inv.stocks:get(99) end },
  { "stock 0 of stocks:get", "id", function(inv) return inv.stocks:get(0) end },
  { "stock -1 of stocks:get", "id", function(inv) return inv.stocks:get(-1) end },
  { "stock of stocks:delete", "stock", function(inv) return inv.stocks:delete(99) end },
  { "stock of stocks:link", "stock", function(inv)
    return inv.stocks:link{ { stock = 99, source = "a", priority = 1 } }
  end },
  { "source of stocks:link", "source", function(inv, stock)
    return inv.stocks:link{ { stock = stock, source = "x", priority = 1 } }
  end },
  { "source of stocks:save", "code", function(inv)
    return inv.stocks:save{ name = "US", sources = { { code = "x", priority = 1 } } }
  end },
  { "channel of stocks:resolve", "channel", function(inv) return inv.stocks:resolve("us") end },
  { "channel of another type", "channel", function(inv)
    return inv.stocks:resolve{ type = "store", code = "eu" }
  end },
  { "SKU of products:get", "sku", function(inv) return inv.products:get("x") end },
  { "SKU of items:get", "sku", function(inv) return inv.items:get{ sku = "x", source = "a" } end },
  { "source of items:get", "sku", function(inv)
    return inv.items:get{ sku = "pen", source = "x" }
  end },
  { "source of items:save", "source", function(inv)
    return inv.items:save{ sku = "pen", source = "x", qty = 1 }
  end },
  { "source of items:adjust", "source", function(inv)
    return inv.items:adjust{ id = "n", lines = { { sku = "pen", source = "x", delta = 1 } } }
  end },
  { "SKU of salable_qty", "sku", function(inv) return inv:salable_qty("x", { stock = 1 }) end },
  { "stock of salable_qty", "stock", function(inv)
    return inv:salable_qty("pen", { stock = 99 })
  end },
  { "channel of is_salable", "channel", function(inv)
    return inv:is_salable("pen", { channel = "us" })
  end },
  { "SKU of can_sell", "sku", function(inv) return inv:can_sell("x", { channel = "eu" }, 1) end },
  { "stock of salable", "stock", function(inv)
    return inv:salable{ stock = 99, skus = { "pen" } }
  end },
  { "SKU of position", "sku", function(inv) return inv:position{ sku = "x", stock = 1 } end },
  { "channel of position", "channel", function(inv)
    return inv:position{ sku = "pen", channel = "" }
  end },
  { "channel of reservations", "channel", function(inv)
    return inv:reservations{ channel = "us" }
  end },
  { "SKU of place", "sku", function(inv)
    return inv:place{ id = "n", stock = 1, lines = { { sku = "x", qty = 1 } } }
  end },
  { "stock of place", "stock", function(inv)
    return inv:place{ id = "n", stock = 99, lines = PEN }
  end },
  { "stock of place, too large for one", "stock", function(inv)
    return inv:place{ id = "n", stock = 65536 + 2, lines = PEN }
  end },
  { "channel of place", "channel", function(inv)
    return inv:place{ id = "n", channel = "EU", lines = PEN }
  end },
  { "stock of adopt", "stock", function(inv)
    return inv:adopt{ id = "n", reservations = { { sku = "pen", qty = -1, stock = 99 } } }
  end },
  { "stock of an adopted order", "stock", function(inv)
    return inv:adopt{ id = "n", orders = { { id = "a", stock = 99, lines = PEN } } }
  end },
  { "source of an adopted order", "source", function(inv)
    return inv:adopt{ id = "n", orders = { { id = "a", stock = 1,
      lines = { { sku = "pen", qty = 2, shipped = 1, source = "x" } } } } }
  end },
  { "order of compensate", "order", function(inv)
    return inv:compensate{ id = "n", lines = { { order = "x", sku = "pen", qty = 1, stock = 1 } } }
  end },
  { "SKU of compensate", "sku", function(inv)
    return inv:compensate{ id = "n", lines = { { order = "o", sku = "x", qty = 1, stock = 1 } } }
  end },
  { "order of orders:get", "id", function(inv) return inv.orders:get("x") end },
  { "order of orders:get, being a shipment", "id", function(inv) return inv.orders:get("s") end },
  { "order of select", "id", function(inv) return inv:select{ order = "x" } end },
  { "stock of select", "stock", function(inv) return inv:select{ stock = 99, lines = PEN } end },
  { "algorithm of select", "algorithm", function(inv)
    return inv:select{ order = "o", algorithm = "nearest" }
  end },
  { "algorithm of select, with a NUL", "algorithm", function(inv)
    return inv:select{ order = "o", algorithm = "priority\0" }
  end },
  { "source of select", "sources", function(inv)
    return inv:select{ order = "o", sources = { "a", "x" } }
  end },
  { "source of select, of another stock", "sources", function(inv)
    return inv:select{ order = "o", sources = { "b" } }
  end },
  { "source of ship", "source", function(inv)
    return inv:ship{ id = "n", order = "o", source = "x", lines = { { line = 1, qty = 1 } } }
  end },
  { "source of ship's lines", "source", function(inv)
    return inv:ship{ id = "n", order = "o", lines = { { line = 1, qty = 1, source = "x" } } }
  end },
  { "source of refund's return_to", "return_to", function(inv)
    return inv:refund{ id = "n", order = "o", lines = { { line = 1, qty = 1, return_to = "x" } } }
  end },
  { "source of return_goods", "to", function(inv)
    return inv:return_goods{ id = "n", order = "o", lines = { { line = 1, qty = 1, to = "x" } } }
  end },
  { "source of allocate", "source", function(inv)
    return inv:allocate{ id = "n", order = "o", lines = { { line = 1, qty = 1, source = "x" } } }
  end },
  { "source of allocate, of another stock", "source", function(inv)
    return inv:allocate{ id = "n", order = "o", lines = { { line = 1, qty = 1, source = "b" } } }
  end },
  { "source of allocate, where it is not kept", "source", function(inv)
    return inv:allocate{ id = "n", order = "o", lines = { { line = 1, qty = 1, source = "c" } } }
  end },
  { "source that reassign takes from", "from", function(inv)
    return inv:reassign{ id = "n", order = "o", lines = { { line = 1, qty = 1, from = "x" } } }
  end },
  { "source that reassign moves to", "to", function(inv)
    return inv:reassign{ id = "n", order = "o", lines = { { line = 1, qty = 1, to = "x" } } }
  end },
  { "source of another stock that reassign moves to", "to", function(inv)
    return inv:reassign{ id = "n", order = "o", lines = { { line = 1, qty = 1, to = "b" } } }
  end },
  { "policy of policies:activate", "name", function(inv) return inv.policies:activate("x") end },
  { "policy of policies:activate, a path", "name", function(inv)
    return inv.policies:activate("../settings")
  end },
}

local EVENTS = {
  "cancel", "ship", "invoice", "refund", "return_goods", "allocate", "reassign",
}

for _, name in ipairs(EVENTS) do
  local source = name == "ship" and "a" or nil
  local function call(inv, order, line)
    if name == "allocate" then line.source = "a" end
    return inv[name](inv, { id = "n", order = order, source = source, lines = { line } })
  end
  CASES[#CASES + 1] = { "order of " .. name, "order", function(inv)
    return call(inv, "x", { line = 1, qty = 1 })
  end }
  CASES[#CASES + 1] = { "order of " .. name .. ", being a shipment", "order", function(inv)
    return call(inv, "s", { line = 1, qty = 1 })
  end }
  CASES[#CASES + 1] = { "line of " .. name, "line", function(inv)
    return call(inv, "o", { line = 2, qty = 1 })
  end }
  CASES[#CASES + 1] = { "line of " .. name .. ", of another order by number", "line", function(inv)
    return call(inv, "o", { line = 4096 + 1, qty = 1 })
  end }
  CASES[#CASES + 1] = { "SKU of " .. name, "sku", function(inv)
    return call(inv, "o", { sku = "ink", qty = 1 })
  end }
end

describe("an unknown", function()
  for _, case in ipairs(CASES) do
    it(case[1] .. " is NOT_FOUND and changes nothing", function()
      with_shop(function(inv, stock)
        local before = inv:events()
        local detail, message = helpers.expect_error("NOT_FOUND", case[3](inv, stock))
        assert.equal(case[2], detail.errors and detail.errors[1].field, message)
        assert.same(before, inv:events())
        assert.is_true(inv:verify().ok)
      end)
    end)
  end

  it("setting's value is INVALID, an unknown setting's name is misuse", function()
    with_shop(function(inv)
      helpers.expect_error("INVALID", inv.settings:set{ backorders = "maybe" })
      helpers.expect_error("INVALID",
        inv.products:save{ sku = "pen", settings = { backorders = "maybe" } })
      helpers.expect_error("INVALID", inv.products:save{ sku = "pen", type = "liquid" })
      helpers.expect_error("INVALID", inv.items:save{ sku = "pen", qty = 1, status = "sold" })
      assert.has_error(function() inv.settings:get("colour") end)
    end)
  end)

  it("stock that is no whole number is never rounded to one that exists", function()
    local uses = {
      function(inv, stock) return inv.stocks:get(stock) end,
      function(inv, stock) return inv.stocks:delete(stock) end,
      function(inv, stock) return inv:salable_qty("pen", { stock = stock }) end,
      function(inv, stock) return inv:salable{ stock = stock, skus = { "pen" } } end,
      function(inv, stock) return inv:position{ sku = "pen", stock = stock } end,
      function(inv, stock) return inv:place{ id = "n", stock = stock, lines = PEN } end,
      function(inv, stock) return inv:select{ stock = stock, lines = PEN } end,
      function(inv, stock) return (inv:reservations{ stock = stock } or {})[1] end,
      function(inv, stock) return inv.sources:list{ stock = stock }[1] end,
    }
    with_shop(function(inv, stock)
      for i, use in ipairs(uses) do
        for _, number in ipairs{ stock + 0.5, stock + 2 ^ 32, 1 / 0, -1 / 0, 0 / 0, 1e300 } do
          local ok, value, message = pcall(use, inv, number)
          assert.is_true(not ok or value == nil, ("use %d of stock %s"):format(i, number))
          if not ok then
            assert.is_truthy(tostring(value):find("stock", 1, true), tostring(value))
            assert.is_nil(tostring(value):find("bad argument", 1, true), tostring(value))
          end
          assert.is_not.equal("", message)
        end
      end
    end)
  end)

  it("entity of import is INVALID, a missing file NOT_FOUND", function()
    with_shop(function(inv)
      helpers.expect_error("INVALID", inv:import{ entity = "orders", file = "/dev/null" })
      local _, message, code = inv:import{ entity = "sources", file = "/no/such/file.csv" }
      assert.equal("NOT_FOUND", code, message)
    end)
  end)

  it("place to look is refused when both or none are named", function()
    with_shop(function(inv, stock)
      for _, where in ipairs{ {}, { stock = stock, channel = "eu" } } do
        helpers.expect_error("INVALID", inv:salable_qty("pen", where))
        helpers.expect_error("INVALID", inv:is_salable("pen", where))
        helpers.expect_error("INVALID", inv:can_sell("pen", where, 1))
        helpers.expect_error("INVALID", inv:salable{ stock = where.stock, channel = where.channel,
          skus = { "pen" } })
        helpers.expect_error("INVALID", inv:position{ stock = where.stock,
          channel = where.channel, sku = "pen" })
        helpers.expect_error("INVALID", inv:place{ id = "n", stock = where.stock,
          channel = where.channel, lines = PEN })
        helpers.expect_error("INVALID", inv:select{ stock = where.stock, channel = where.channel,
          lines = PEN })
        helpers.expect_error("INVALID", inv:adopt{ id = "n", reservations = {
          { sku = "pen", qty = -1, stock = where.stock, channel = where.channel },
        } })
        helpers.expect_error("INVALID", inv:adopt{ id = "n", orders = {
          { id = "a", stock = where.stock, channel = where.channel, lines = PEN },
        } })
        helpers.expect_error("INVALID", inv:compensate{ id = "n", lines = {
          { order = "o", sku = "pen", qty = -1, stock = where.stock, channel = where.channel },
        } })
      end
    end)
  end)
end)
