-- Stocks: channels, links to sources, what the default stock may not do, deletion.

local helpers = require "helpers"

local with_inventory, with_shop = helpers.with_inventory, helpers.with_shop
local expect_problems, expect_error = helpers.expect_problems, helpers.expect_error
local source = helpers.source

-- Runs fn(inv) with the sources a, b, c and d.
local function with_sources(options, fn)
  with_inventory(options, function(inv)
    for _, code in ipairs{ "a", "b", "c", "d" } do assert(inv.sources:save(source(code))) end
    fn(inv)
  end)
end

local function priorities(inv, stock)
  local list = {}
  for i, link in ipairs(inv.stocks:get(stock).sources) do
    list[i] = link.code .. "=" .. link.priority
  end
  return table.concat(list, " ")
end

local function channels(inv, stock)
  local list = {}
  for i, channel in ipairs(inv.stocks:get(stock).channels) do
    list[i] = channel.type .. "/" .. channel.code
  end
  return table.concat(list, " ")
end

describe("stocks:save", function()
  it("gives a new stock a number and keeps its name, channels and links", function()
    with_sources(nil, function(inv)
      local id = inv.stocks:save{ name = "EU", channels = { "eu", { code = "de" },
        { type = "market", code = "fairs" } },
        sources = { { code = "b", priority = 2 }, { code = "a", priority = 1 } } }
      assert.equal(2, id)
      assert.same({ id = 2, name = "EU",
        channels = { { type = "market", code = "fairs" }, { type = "website", code = "de" },
          { type = "website", code = "eu" } },
        sources = { { code = "a", priority = 1 }, { code = "b", priority = 2 } } },
        inv.stocks:get(id))
    end)
  end)

  it("takes the number of a stock that does not exist yet", function()
    with_inventory(nil, function(inv)
      assert.equal(10, inv.stocks:save{ id = 10, name = "EU" })
      assert.equal(11, inv.stocks:save{ name = "US" })
      assert.equal(65535, inv.stocks:save{ id = 65535, name = "Last" })
      assert.equal("EU", inv.stocks:get(10).name)
    end)
  end)

  it("finds a free number when the last one is taken", function()
    with_inventory(nil, function(inv)
      assert(inv.stocks:save{ id = 65535, name = "Last" })
      assert.equal(2, inv.stocks:save{ name = "Next" })
      assert.equal(3, inv.stocks:save{ name = "And next" })
    end)
  end)

  it("leaves channels and links alone when their list is absent", function()
    with_sources(nil, function(inv)
      local id = inv.stocks:save{ name = "EU", channels = { "eu" },
        sources = { { code = "a", priority = 1 } } }
      assert.equal(id, inv.stocks:save{ id = id, name = "Europe" })
      assert.equal("website/eu", channels(inv, id))
      assert.equal("a=1", priorities(inv, id))
      assert.equal(id, inv.stocks:save{ id = id, channels = { "eu", "fr" } })
      assert.equal("Europe", inv.stocks:get(id).name)
      assert.equal("a=1", priorities(inv, id))
    end)
  end)

  it("removes all channels and all links for an empty list", function()
    with_sources(nil, function(inv)
      local id = inv.stocks:save{ name = "EU", channels = { "eu" },
        sources = { { code = "a", priority = 1 } } }
      assert(inv.stocks:save{ id = id, channels = {}, sources = {} })
      assert.same({ id = id, name = "EU", channels = {}, sources = {} }, inv.stocks:get(id))
    end)
  end)

  it("replaces the links by the list, in its priorities", function()
    with_sources(nil, function(inv)
      local id = inv.stocks:save{ name = "EU", sources = { { code = "a", priority = 1 },
        { code = "b", priority = 2 }, { code = "c", priority = 3 } } }
      assert(inv.stocks:save{ id = id, sources = { { code = "d", priority = 1 },
        { code = "b", priority = 9 } } })
      assert.equal("d=1 b=9", priorities(inv, id))
    end)
  end)

  it("lets a source move to the stock once its own no longer has it", function()
    with_sources(nil, function(inv)
      local one = inv.stocks:save{ name = "One", sources = { { code = "a", priority = 1 } } }
      assert(inv.stocks:save{ id = one, sources = {} })
      assert(inv.stocks:save{ name = "Two", sources = { { code = "a", priority = 1 } } })
      assert.equal("", priorities(inv, one))
    end)
  end)

  it("refuses a name that another stock has, and lets a stock keep its own", function()
    with_inventory(nil, function(inv)
      local id = inv.stocks:save{ name = "EU" }
      local detail = expect_problems({ "name CONFLICT" }, inv.stocks:save{ name = "EU" })
      assert.equal("could_not_save", detail.errors[1].magento)
      expect_problems({ "name CONFLICT" }, inv.stocks:save{ id = id, name = "Default Stock" })
      assert(inv.stocks:save{ id = id, name = "EU" })
    end)
  end)

  -- A save, and the problems it must name.
  local CASES = {
    { {}, "name INVALID" },
    { { name = " \t" }, "name INVALID" },
    { { id = 1, name = "" }, "name INVALID" },
    { { name = ("n"):rep(256) }, "name LIMIT" },
    { { name = "a\0b" }, "name INVALID" },
    { { id = 0, name = "X" }, "id INVALID" },
    { { id = -1, name = "X" }, "id INVALID" },
    { { id = 65536, name = "X" }, "id INVALID" },
    { { name = "X", channels = { { type = "", code = "x" } } }, "1.type INVALID" },
    { { name = "X", channels = { "eu", "x\0" } }, "2.code INVALID" },
    { { name = "X", sources = { { code = "", priority = 1 } } }, "1.code INVALID" },
    { { name = "X", sources = { { priority = 1 } } }, "1.code INVALID" },
    { { name = "X", sources = { { code = "a", priority = 0 } } }, "1.priority INVALID" },
    { { name = "X", sources = { { code = "a", priority = -1 } } }, "1.priority INVALID" },
    { { name = "X", sources = { { code = "a" } } }, "1.priority INVALID" },
    { { name = "X", sources = { { code = "a", priority = 2 ^ 31 } } }, "1.priority INVALID" },
    { { name = "X", sources = { { code = "z", priority = 1 } } }, "1.code NOT_FOUND" },
    { { name = "X", sources = { { code = "default", priority = 1 } } }, "1.code PROTECTED" },
    { { name = "X", sources = { { code = "a", priority = 1 }, { code = "z", priority = 1 } } },
      "2.code NOT_FOUND" },
    { { name = "X", channels = { "x", "y" }, sources = { { code = "z", priority = 1 } } },
      "1.code NOT_FOUND" },
  }

  for number, case in ipairs(CASES) do
    it(("refuses with '%s', case %d, and saves nothing"):format(case[2], number), function()
      with_sources(nil, function(inv)
        local detail = expect_problems({ case[2] }, inv.stocks:save(case[1]))
        assert.equal(1, #detail.errors)
        assert.same({ "Default Stock" }, helpers.column(inv.stocks:list(), "name"))
        expect_error("NOT_FOUND", inv.stocks:resolve("x"))
      end)
    end)
  end

  it("reports what is wrong with the name, the channels and the links at once", function()
    with_sources(nil, function(inv)
      local detail = expect_error("INVALID", inv.stocks:save{ name = "", channels = { "" },
        sources = { { code = "a", priority = 0 }, { code = "z", priority = 1 } } })
      local found = {}
      for _, problem in ipairs(helpers.problems(detail)) do found[problem] = true end
      assert.is_true(found["name INVALID"])
      assert.is_true(found["1.code INVALID"])
      assert.is_true(found["1.priority INVALID"])
      assert.is_true(found["2.code NOT_FOUND"])
    end)
  end)

  it("gives both of MSI's messages for a channel without a code", function()
    with_inventory(nil, function(inv)
      local detail = expect_problems({ "1.code INVALID", "1.code INVALID" },
        inv.stocks:save{ name = "X", channels = { "" } })
      assert.same({ '"code" can not be empty.', 'The website with code "" does not exist.' },
        helpers.column(detail.errors, "magento"))
    end)
  end)

  it("raises on what is no stock", function()
    with_inventory(nil, function(inv)
      local save = function(stock) return function() inv.stocks:save(stock) end end
      assert.has_error(save("EU"))
      assert.has_error(save{ name = "EU", colour = "blue" })
      assert.has_error(save{ name = 5 })
      assert.has_error(save{ id = "2", name = "EU" })
      assert.has_error(save{ id = 2.5, name = "EU" })
      assert.has_error(save{ name = "EU", channels = "eu" })
      assert.has_error(save{ name = "EU", channels = { 5 } })
      assert.has_error(save{ name = "EU", channels = { { code = "eu", shop = 1 } } })
      assert.has_error(save{ name = "EU", sources = { "a" } })
      assert.has_error(save{ name = "EU", sources = { { code = "a", weight = 1 } } })
      assert.has_error(save{ name = "EU", sources = { code = "a", priority = 1 } })
    end)
  end)
end)

describe("a channel", function()
  it("resolves to its stock, by website code or by type and code", function()
    with_inventory(nil, function(inv)
      local id = inv.stocks:save{ name = "EU",
        channels = { "eu", { type = "market", code = "x" } } }
      assert.equal(id, inv.stocks:resolve("eu"))
      assert.equal(id, inv.stocks:resolve{ code = "eu" })
      assert.equal(id, inv.stocks:resolve{ type = "market", code = "x" })
      expect_problems({ "channel NOT_FOUND" }, inv.stocks:resolve("x"))
      assert.equal(1, inv.stocks:resolve("base"))
    end)
  end)

  it("moves to the stock that is saved with it", function()
    with_inventory(nil, function(inv)
      local one = inv.stocks:save{ name = "One", channels = { "eu", "us" } }
      local two = inv.stocks:save{ name = "Two", channels = { "us", "base" } }
      assert.equal("website/eu", channels(inv, one))
      assert.equal("website/base website/us", channels(inv, two))
      assert.equal("", channels(inv, 1))
    end)
  end)

  it("falls back to the default stock when its stock drops it", function()
    with_inventory(nil, function(inv)
      local id = inv.stocks:save{ name = "EU", channels = { "eu", "fr" } }
      assert(inv.stocks:save{ id = id, channels = { "fr" } })
      assert.equal(1, inv.stocks:resolve("eu"))
      assert.equal(id, inv.stocks:resolve("fr"))
    end)
  end)

  it("cannot be taken from the default stock by an empty list", function()
    with_inventory(nil, function(inv)
      assert(inv.stocks:save{ id = 1, channels = {} })
      assert.equal(1, inv.stocks:resolve("base"))
      assert(inv.stocks:save{ id = 1, channels = { "more" } })
      assert.equal("website/base website/more", channels(inv, 1))
    end)
  end)

  it("called admin is always the default stock's", function()
    with_inventory(nil, function(inv)
      local id = assert(inv.stocks:save{ name = "EU", channels = { "eu" } })
      for _, admin in ipairs{ "admin", { type = "website", code = "admin" }, { code = "admin" } } do
        assert.equal(1, inv.stocks:resolve(admin))
        expect_problems({ "1.code PROTECTED" }, inv.stocks:save{ name = "X", channels = { admin } })
        expect_problems({ "2.code PROTECTED" },
          inv.stocks:save{ id = id, channels = { "us", admin } })
        assert.equal("website/eu", channels(inv, id))
        assert(inv.stocks:save{ id = 1, channels = { admin } })
        assert.equal(1, inv.stocks:resolve(admin))
      end
      assert(inv.stocks:save{ id = id, channels = { { type = "till", code = "admin" } } })
      assert.equal(id, inv.stocks:resolve{ type = "till", code = "admin" })
    end)
  end)

  it("that nobody has is not found, and no channel at all is not valid", function()
    with_inventory(nil, function(inv)
      local detail = expect_problems({ "channel NOT_FOUND" }, inv.stocks:resolve("nowhere"))
      assert.equal("no_such_entity-no_linked_stock", detail.errors[1].magento)
      assert.has_error(function() inv.stocks:resolve(5) end)
      expect_problems({ "stock INVALID" }, inv.stocks:resolve{ type = "website" })
      expect_problems({ "stock INVALID" }, inv.stocks:resolve{})
      assert.has_error(function() inv.stocks:resolve{ code = "base", shop = 1 } end)
    end)
  end)
end)

describe("the default stock", function()
  it("is there from the start, linked with the default source", function()
    with_inventory(nil, function(inv)
      assert.same({ id = 1, name = "Default Stock",
        channels = { { type = "website", code = "base" } },
        sources = { { code = "default", priority = 1 } } }, inv.stocks:get(1))
    end)
  end)

  it("keeps its source whatever is saved", function()
    with_sources(nil, function(inv)
      expect_error("PROTECTED", inv.stocks:save{ id = 1, sources = {} })
      expect_error("PROTECTED",
        inv.stocks:save{ id = 1, sources = { { code = "a", priority = 1 } } })
      assert(inv.stocks:save{ id = 1, sources = { { code = "default", priority = 7 } } })
      assert.equal("default=7", priorities(inv, 1))
    end)
  end)

  it("may be renamed and cannot be deleted", function()
    with_inventory(nil, function(inv)
      assert(inv.stocks:save{ id = 1, name = "Head office" })
      local detail = expect_problems({ "id PROTECTED" }, inv.stocks:delete(1))
      assert.equal("Default Stock could not be deleted.", detail.errors[1].magento)
    end)
  end)
end)

describe("stocks:delete", function()
  it("removes a stock with its links", function()
    with_shop(nil, function(inv, shop)
      assert(inv.stocks:save{ id = shop.us, channels = {} })
      assert.is_true(inv.stocks:delete(shop.us))
      expect_error("NOT_FOUND", inv.stocks:get(shop.us))
      expect_error("NOT_FOUND", inv:salable_qty("sku-2", { stock = shop.us }))
      assert(inv.stocks:link{ stock = shop.eu, source = "us-1", priority = 5 })
      assert.equal(5, inv:salable_qty("sku-2", { stock = shop.eu }))
      assert.is_true(inv:verify().ok)
      assert.equal(1, #helpers.ledger(inv, "stock_deleted"))
    end)
  end)

  it("refuses while a channel sells from it", function()
    with_shop(nil, function(inv, shop)
      local detail = expect_problems({ "id IN_USE" }, inv.stocks:delete(shop.us))
      assert.equal("Stock has at least one sale channel and could not be deleted.",
        detail.errors[1].magento)
      assert(inv.stocks:get(shop.us))
    end)
  end)

  it("refuses while promises are open and says how many", function()
    with_shop(nil, function(inv, shop)
      assert(inv:place{ id = "1", stock = shop.us, lines = { { sku = "sku-2", qty = 2 } } })
      assert(inv.stocks:save{ id = shop.us, channels = {} })
      local detail = expect_problems({ "id IN_USE" }, inv.stocks:delete(shop.us))
      assert.equal(2, detail.errors[1].available)
      assert(inv:cancel{ id = "c", order = "1" })
      assert(inv.stocks:delete(shop.us))
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("refuses while promises of two products only seem to cancel out", function()
    with_shop(nil, function(inv, shop)
      assert(inv.stocks:save{ id = shop.us, channels = {} })
      assert(inv:adopt{ id = "a", reservations = { { sku = "sku-1", stock = shop.us, qty = -3 },
        { sku = "sku-2", stock = shop.us, qty = 3 } } })
      expect_problems({ "id IN_USE" }, inv.stocks:delete(shop.us))
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("leaves what was delivered from it open to refunds and returns", function()
    with_shop(nil, function(inv, shop)
      assert(inv:place{ id = "1", stock = shop.us, lines = { { sku = "sku-2", qty = 2 } } })
      assert(inv:ship{ id = "s", order = "1", lines = { { line = 1, qty = 2, source = "us-1" } } })
      assert(inv.stocks:save{ id = shop.us, channels = {} })
      assert(inv.stocks:delete(shop.us))
      assert(inv:return_goods{ id = "r", order = "1", lines = { { line = 1, qty = 1 } } })
      assert(inv:refund{ id = "f", order = "1",
        lines = { { line = 1, qty = 1, return_to_stock = true } } })
      assert.equal(5, inv.items:get{ sku = "sku-2", source = "us-1" }.qty)
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("gives the number to no other stock, and the name to any", function()
    with_shop(nil, function(inv, shop)
      assert(inv.stocks:save{ id = shop.us, channels = {} })
      assert(inv.stocks:delete(shop.us))
      local detail = expect_problems({ "id CONFLICT" },
        inv.stocks:save{ id = shop.us, name = "Again", channels = { "again" } })
      assert.truthy(detail.errors[1].message:find("was deleted", 1, true))
      helpers.expect_error("CONFLICT",
        inv.stocks:save{ id = shop.us, name = "Again", sources = {} })
      expect_problems({ "1.stock NOT_FOUND" },
        inv.stocks:link{ { stock = shop.us, source = "us-1", priority = 1 } })
      expect_problems({ "stock NOT_FOUND" }, inv.stocks:delete(shop.us))
      expect_problems({ "channel NOT_FOUND" }, inv.stocks:resolve("again"))
      assert.same({ 1, shop.eu }, helpers.column(inv.stocks:list(), "id"))
      assert.equal(shop.us + 1, inv.stocks:save{ name = "US" })
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("leaves its orders open to returns and refunds when settings change later", function()
    with_shop(nil, function(inv, shop)
      assert(inv:place{ id = "1", stock = shop.us, lines = { { sku = "sku-2", qty = 4 } } })
      assert(inv:ship{ id = "s", order = "1", lines = { { line = 1, qty = 4, source = "us-1" } } })
      assert(inv.stocks:save{ id = shop.us, channels = {} })
      assert(inv.stocks:delete(shop.us))
      local changes = {
        function() return inv.products:save{ sku = "sku-2", settings = { max_sale_qty = 3 } } end,
        function() return inv.settings:set{ backorders = "allow" } end,
        function() return inv.policies:activate("magento") end,
        function() return inv.products:save{ sku = "sku-2", settings = { notify_below = 2 } } end,
      }
      for i, change in ipairs(changes) do
        assert(change())
        if i % 2 == 0 then
          assert(inv:return_goods{ id = "r-" .. i, order = "1", lines = { { line = 1, qty = 1 } } })
        else
          assert(inv:refund{ id = "f-" .. i, order = "1",
            lines = { { line = 1, qty = 1, return_to = "us-1" } } })
        end
        assert.equal(1 + i, inv.items:get{ sku = "sku-2", source = "us-1" }.qty)
        assert.same({}, inv:verify().problems)
      end
      assert.equal(shop.us, inv.orders:get("1").stock)
      expect_error("NOT_FOUND", inv:salable_qty("sku-2", { stock = shop.us }))
    end)
  end)

  it("says that an unknown stock does not exist and raises on what is no number", function()
    with_inventory(nil, function(inv)
      expect_problems({ "stock NOT_FOUND" }, inv.stocks:delete(99))
      for _, wrong in ipairs{ "2", true, {}, 2.5 } do
        assert.has_error(function() inv.stocks:delete(wrong) end)
      end
      assert.has_error(function() inv.stocks:delete() end)
    end)
  end)
end)

describe("stocks:get and stocks:list", function()
  it("say that an unknown stock does not exist", function()
    with_inventory(nil, function(inv)
      local _, message = expect_problems({ "id NOT_FOUND" }, inv.stocks:get(7))
      assert.equal('Stock with id "7" does not exist.', message)
    end)
  end)

  it("list whole stocks by number, in pages", function()
    with_sources(nil, function(inv)
      for _, id in ipairs{ 9, 3, 20 } do assert(inv.stocks:save{ id = id, name = "S" .. id }) end
      assert(inv.stocks:save{ id = 9, channels = { "nine" },
        sources = { { code = "a", priority = 4 } } })
      for _, limit in ipairs{ 1, 2, 3, 4, 50 } do
        local all = helpers.all_pages(function(filter) return inv.stocks:list(filter) end, limit)
        assert.same({ 1, 3, 9, 20 }, helpers.column(all, "id"))
        assert.same(inv.stocks:get(9), all[3])
      end
    end)
  end)

  it("raise on wrong types and unknown keys", function()
    with_inventory(nil, function(inv)
      for _, wrong in ipairs{ "1", true, {}, 1.5, 0 / 0, math.huge } do
        assert.has_error(function() inv.stocks:get(wrong) end)
      end
      assert.has_error(function() inv.stocks:list{ page = 1 } end)
      assert.has_error(function() inv.stocks:list{ limit = "all" } end)
      assert.has_error(function() inv.stocks:list{ after = "1" } end)
    end)
  end)
end)
