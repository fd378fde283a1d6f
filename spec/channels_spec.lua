-- Sales channels: listed, renamed and deleted; orders keep the channel they came through.

local helpers = require "helpers"
local kit = require "order_kit"

local expect_problems = helpers.expect_problems

-- Every channel as "type/code=stock", in order.
local function all(inv, limit)
  local rows = helpers.all_pages(function(filter) return inv.channels:list(filter) end,
    limit or 1000)
  for i, row in ipairs(rows) do rows[i] = ("%s/%s=%d"):format(row.type, row.code, row.stock) end
  return rows
end

-- Refused with these problems, and nothing has changed.
local function refused(inv, problems, call, argument)
  local before, ledger = all(inv), helpers.ledger_end(inv)
  local _, message = expect_problems(problems, inv.channels[call](inv.channels, argument))
  assert.same(before, all(inv))
  assert.equal(ledger, helpers.ledger_end(inv))
  return message
end

describe("channels:list", function()
  it("gives every channel with its stock, in pages", function()
    kit.with_shop(function(inv, stock)
      assert(inv.stocks:save{ id = stock, channels = {
        "eu", "de", { type = "store", code = "eu" }, { type = "app", code = "zz" },
      } })
      local expected = { "app/zz=2", "store/eu=2", "website/base=1", "website/de=2",
        "website/eu=2" }
      for limit = 1, 6 do assert.same(expected, all(inv, limit)) end
    end)
  end)

  it("gives the channels of one stock, and goes on after one", function()
    kit.with_shop(function(inv, stock)
      assert(inv.stocks:save{ id = stock, channels = { "eu", "de", "fr" } })
      assert.same({ "de", "eu", "fr" }, helpers.column(inv.channels:list{ stock = stock }, "code"))
      assert.same({ "base" }, helpers.column(inv.channels:list{ stock = 1 }, "code"))
      assert.same({}, inv.channels:list{ stock = 99 })
      assert.same({ "eu", "fr" }, helpers.column(inv.channels:list{ after = "de" }, "code"))
      assert.same({ "fr" },
        helpers.column(inv.channels:list{ after = { type = "website", code = "eu" } }, "code"))
      assert.has_error(function() inv.channels:list{ limit = 0 } end)
    end)
  end)
end)

describe("channels:rename", function()
  it("keeps the stock, and frees the old code", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      assert.is_true(inv.channels:rename{ from = "eu", to = "europe" })
      assert.equal(stock, inv.stocks:resolve("europe"))
      helpers.expect_error("NOT_FOUND", inv.stocks:resolve("eu"))
      assert.equal(5, inv:salable_qty("a", { channel = "europe" }))
      assert(inv.stocks:save{ id = 1, channels = { "base", "eu" } })
      assert.equal(1, inv.stocks:resolve("eu"))
    end)
  end)

  it("leaves open orders their stock and the channel they came through", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      assert(inv:place{ id = "o", channel = "eu", lines = { { sku = "a", qty = 3 } } })
      assert(inv.channels:rename{ from = "eu", to = "europe" })
      local order = inv.orders:get("o")
      assert.same({ stock, { type = "website", code = "eu" } }, { order.stock, order.channel })
      assert(inv:ship{ id = "s", order = "o", source = "muc", lines = { { sku = "a", qty = 1 } } })
      assert(inv:cancel{ id = "c", order = "o" })
      assert.equal(0, kit.reserved(inv, "a", stock))
      -- The same order again is answered, though the channel has another name.
      assert.is_true(inv:place{ id = "o", channel = "eu",
        lines = { { sku = "a", qty = 3 } } }.replayed)
    end)
  end)

  it("changes the code of that type only", function()
    kit.with_shop(function(inv, stock)
      assert(inv.stocks:save{ id = stock, channels = { "eu", { type = "store", code = "eu" } } })
      assert(inv.channels:rename{ from = { type = "store", code = "eu" }, to = "x" })
      assert.same({ "store/x=2", "website/base=1", "website/eu=2" }, all(inv))
      assert(inv.channels:rename{ from = { code = "eu" }, to = "x" })
      assert.same({ "store/x=2", "website/base=1", "website/x=2" }, all(inv))
    end)
  end)

  it("to the code it has changes nothing", function()
    kit.with_shop(function(inv)
      local last = helpers.ledger_end(inv)
      assert.is_true(inv.channels:rename{ from = "eu", to = "eu" })
      assert.equal(last, helpers.ledger_end(inv))
    end)
  end)

  it("writes the old code into the ledger", function()
    kit.with_shop(function(inv, stock)
      assert(inv.channels:rename{ from = "eu", to = "europe" })
      local rows = helpers.ledger(inv, "channel_renamed")
      assert.same({ 1, "eu", stock }, { #rows, rows[1].note, rows[1].stock })
    end)
  end)

  it("refuses an unknown channel, and helps when the renaming was done before", function()
    kit.with_shop(function(inv)
      for _, from in ipairs{ "us", "", "EU", { type = "store", code = "eu" }, {} } do
        refused(inv, { "from NOT_FOUND" }, "rename", { from = from, to = "x" })
      end
      assert(inv.channels:rename{ from = "eu", to = "europe" })
      assert.equal("no stock sells through channel eu, but one does through the new code",
        refused(inv, { "from NOT_FOUND" }, "rename", { from = "eu", to = "europe" }))
    end)
  end)

  it("refuses a code that is taken, or that is none, all problems at once", function()
    kit.with_shop(function(inv)
      refused(inv, { "to CONFLICT" }, "rename", { from = "eu", to = "base" })
      refused(inv, { "to INVALID" }, "rename", { from = "eu", to = " " })
      refused(inv, { "to INVALID" }, "rename", { from = "eu", to = "a\0b" })
      refused(inv, { "to LIMIT" }, "rename", { from = "eu", to = ("x"):rep(256) })
      refused(inv, { "to INVALID", "from NOT_FOUND" }, "rename", { from = "us", to = "" })
    end)
  end)

  it("leaves the website admin alone", function()
    kit.with_shop(function(inv)
      assert(inv.stocks:save{ id = 1, channels = { "base", "admin" } })
      refused(inv, { "from PROTECTED" }, "rename", { from = "admin", to = "x" })
      refused(inv, { "to PROTECTED", "to CONFLICT" }, "rename", { from = "eu", to = "admin" })
      refused(inv, { "channel PROTECTED" }, "delete", "admin")
      assert(inv.stocks:save{ id = 1, channels = { { type = "store", code = "admin" } } })
      assert(inv.channels:rename{ from = { type = "store", code = "admin" }, to = "x" })
    end)
  end)
end)

describe("channels:delete", function()
  it("ends the selling, and frees the code", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      assert.is_true(inv.channels:delete("eu"))
      assert.same({ "website/base=1" }, all(inv))
      assert.same({}, inv.stocks:get(stock).channels)
      expect_problems({ "channel NOT_FOUND" },
        inv:place{ id = "o", channel = "eu", lines = { { sku = "a", qty = 3 } } })
      assert.equal(5, inv:salable_qty("a", { stock = stock }))
      assert(inv.stocks:save{ id = 1, channels = { "eu" } })
      assert.equal(1, inv.stocks:resolve("eu"))
    end)
  end)

  it("leaves open orders alone, which go on in their stock", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      assert(inv:place{ id = "o", channel = "eu", lines = { { sku = "a", qty = 3 } } })
      assert(inv.channels:delete("eu"))
      assert.same({ type = "website", code = "eu" }, inv.orders:get("o").channel)
      assert.equal(3, kit.reserved(inv, "a", stock))
      assert(inv:ship{ id = "s", order = "o", plan = inv:select{ order = "o" } })
      assert(inv:return_goods{ id = "b", order = "o", lines = { { sku = "a", qty = 1 } } })
      assert.same({ muc = 3 }, kit.quantities(inv, "a"))
    end)
  end)

  it("deletes the one of that type, and writes it into the ledger", function()
    kit.with_shop(function(inv, stock)
      assert(inv.stocks:save{ id = stock, channels = { "eu", { type = "store", code = "eu" } } })
      assert(inv.channels:delete{ type = "store", code = "eu" })
      assert.same({ "website/base=1", "website/eu=2" }, all(inv))
      local rows = helpers.ledger(inv, "channel_deleted")
      assert.same({ 1, "eu", stock }, { #rows, rows[1].note, rows[1].stock })
    end)
  end)

  it("refuses an unknown channel", function()
    kit.with_shop(function(inv)
      assert(inv.channels:delete("eu"))
      refused(inv, { "channel NOT_FOUND" }, "delete", "eu")
      refused(inv, { "channel NOT_FOUND" }, "delete", { type = "store", code = "base" })
    end)
  end)

  it("lets a stock go that has no other channel", function()
    kit.with_shop(function(inv, stock)
      helpers.expect_error("IN_USE", inv.stocks:delete(stock))
      assert(inv.channels:delete("eu"))
      assert(inv.stocks:delete(stock))
    end)
  end)
end)
