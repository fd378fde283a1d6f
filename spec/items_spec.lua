-- Source items: absolute saves, compare-and-set, deletion, lists, and what they count in stocks.

local helpers = require "helpers"
local quartermaster = require "quartermaster"

local with_inventory, with_shop = helpers.with_inventory, helpers.with_shop
local expect_problems, source = helpers.expect_problems, helpers.source

-- Runs fn(inv) with the sources a and b in stock 2.
local function with_two(fn)
  with_inventory(nil, function(inv)
    assert(inv.sources:save(source("a")))
    assert(inv.sources:save(source("b")))
    assert.equal(2, inv.stocks:save{ name = "Two", sources = { { code = "a", priority = 1 },
      { code = "b", priority = 2 } } })
    assert(inv.products:save{ sku = "p", assign_default = false })
    fn(inv)
    local report = assert(inv:verify())
    assert.same({}, report.problems)
  end)
end

local function on_hand(inv) return inv:position{ sku = "p", stock = 2 }.on_hand end

-- What the ledger says of quantities, as "event sku source moved".
local function movements(inv, after)
  local list = {}
  for _, row in ipairs(assert(inv:events{ after = after, limit = 1000 })) do
    if row.moved ~= 0 or row.event == "item_removed" then
      list[#list + 1] = ("%s %s %s %s"):format(row.event, row.sku, row.source, row.moved)
    end
  end
  return list
end

describe("items:save", function()
  it("saves one item or a list and says how many", function()
    with_two(function(inv)
      assert.equal(1, inv.items:save{ sku = "p", source = "a", qty = 2 })
      assert.equal(2, inv.items:save{ { sku = "p", source = "a", qty = 3 },
        { sku = "p", source = "b", qty = "0.5" } })
      assert.equal(3.5, on_hand(inv))
    end)
  end)

  it("means the default source when none is named", function()
    with_two(function(inv)
      assert(inv.items:save{ sku = "p", qty = 4 })
      assert.equal(4, inv.items:get{ sku = "p" }.qty)
      assert.equal("default", inv.items:get{ sku = "p" }.source)
      assert.equal(4, inv:salable_qty("p", { stock = 1 }))
      assert.equal(0, on_hand(inv))
    end)
  end)

  it("puts a new item in stock and leaves the status of an old one", function()
    with_two(function(inv)
      assert(inv.items:save{ sku = "p", source = "a", qty = 1 })
      assert.equal("in_stock", inv.items:get{ sku = "p", source = "a" }.status)
      assert(inv.items:save{ sku = "p", source = "a", qty = 2, status = "out_of_stock" })
      assert(inv.items:save{ sku = "p", source = "a", qty = 3 })
      assert.equal("out_of_stock", inv.items:get{ sku = "p", source = "a" }.status)
      assert.equal(0, on_hand(inv))
      assert(inv.items:save{ sku = "p", source = "a", qty = 3, status = "in_stock" })
      assert.equal(3, on_hand(inv))
    end)
  end)

  it("leaves the status alone when a quantity reaches zero", function()
    with_two(function(inv)
      assert(inv.items:save{ sku = "p", source = "a", qty = 0 })
      assert.equal("in_stock", inv.items:get{ sku = "p", source = "a" }.status)
      helpers.expect_error("NOT_ENOUGH", inv:can_sell("p", { stock = 2 }, 1))
    end)
  end)

  it("keeps notify_below, until inherit clears it", function()
    with_two(function(inv)
      local key = { sku = "p", source = "a" }
      assert(inv.items:save{ sku = "p", source = "a", qty = 1, notify_below = 2.5 })
      assert(inv.items:save{ sku = "p", source = "a", qty = 2 })
      assert.equal(2.5, inv.items:get(key).notify_below)
      assert.equal(2.5, inv:position{ sku = "p", stock = 2 }.sources[1].notify_below)
      assert(inv.items:save{ sku = "p", source = "a", qty = 2, notify_below = 0 })
      assert.equal(0, inv.items:get(key).notify_below)
      assert(inv.items:save{ sku = "p", source = "a", qty = 2,
        notify_below = quartermaster.inherit })
      assert.is_nil(inv.items:get(key).notify_below)
    end)
  end)

  it("never lets a source's notify_below hold units back", function()
    with_two(function(inv)
      assert(inv.items:save{ sku = "p", source = "a", qty = 10, notify_below = 4 })
      assert.equal(10, inv:salable_qty("p", { stock = 2 }))
    end)
  end)

  it("counts a negative quantity as nothing, which never eats another source's units", function()
    with_two(function(inv)
      assert(inv.items:save{ { sku = "p", source = "a", qty = -7 },
        { sku = "p", source = "b", qty = 3 } })
      assert.equal(-7, inv.items:get{ sku = "p", source = "a" }.qty)
      assert.equal(3, on_hand(inv))
      assert.equal(3, inv:salable_qty("p", { stock = 2 }))
      assert(inv.items:adjust{ id = "1", lines = { { sku = "p", source = "a", delta = 8 } } })
      assert.equal(4, on_hand(inv))
      assert(inv.items:save{ sku = "p", source = "b", qty = -0.0001 })
      assert.equal(1, on_hand(inv))
    end)
  end)

  it("is a compare-and-set with expected", function()
    with_two(function(inv)
      assert(inv.items:save{ sku = "p", source = "a", qty = 5 })
      assert(inv.items:save{ sku = "p", source = "a", qty = 6, expected = 5 })
      local detail, message = expect_problems({ "1.expected CONFLICT" },
        inv.items:save{ sku = "p", source = "a", qty = 7, expected = 5 })
      assert.same({ 5, 6, "p", "a" }, { detail.errors[1].requested, detail.errors[1].available,
        detail.errors[1].sku or detail.errors[1].subject, detail.errors[1].source })
      assert.truthy(message:find("6", 1, true))
      assert.equal(6, inv.items:get{ sku = "p", source = "a" }.qty)
    end)
  end)

  it("takes an item that is not there for zero when comparing", function()
    with_two(function(inv)
      expect_problems({ "1.expected CONFLICT" },
        inv.items:save{ sku = "p", source = "a", qty = 7, expected = 1 })
      assert(inv.items:save{ sku = "p", source = "a", qty = 7, expected = 0 })
    end)
  end)

  -- Items that are wrong, and the problems, in order.
  local CASES = {
    { {}, { "- INVALID" } },
    { { { source = "a", qty = 1 } }, { "1.sku INVALID" } },
    { { { sku = " p", source = "a", qty = 1 } }, { "1.sku INVALID" } },
    { { { sku = ("x"):rep(256), source = "a", qty = 1 } }, { "1.sku LIMIT" } },
    { { { sku = "p", source = "a" } }, { "1.qty INVALID" } },
    { { { sku = "p", source = "a", qty = "many" } }, { "1.qty INVALID" } },
    { { { sku = "p", source = "a", qty = 0.00001 } }, { "1.qty INVALID" } },
    { { { sku = "p", source = "a", qty = 0 / 0 } }, { "1.qty INVALID" } },
    { { { sku = "p", source = "a", qty = 1e11 + 1 } }, { "1.qty LIMIT" } },
    { { { sku = "p", source = "a", qty = "-100000000000.0001" } }, { "1.qty LIMIT" } },
    { { { sku = "p", source = "", qty = 1 } }, { "1.source INVALID" } },
    { { { sku = "p", source = "z", qty = 1 } }, { "1.source NOT_FOUND" } },
    { { { sku = "p", source = "a", qty = 1, status = "gone" } }, { "1.status INVALID" } },
    { { { sku = "p", source = "a", qty = 1, status = "" } }, { "1.status INVALID" } },
    { { { sku = "p", source = "a", qty = 1, notify_below = "x" } }, { "1.notify_below INVALID" } },
    { { { sku = "p", source = "a", qty = 1, notify_below = 1e12 } }, { "1.notify_below LIMIT" } },
    { { { sku = "p", source = "a", qty = 1, expected = 0.00005 } }, { "1.expected INVALID" } },
    { { { sku = "kit", source = "a", qty = 1 } }, { "1.sku UNSUPPORTED" } },
    { { { sku = "", source = "z", qty = "x", status = "gone" } },
      { "1.sku INVALID", "1.source NOT_FOUND", "1.qty INVALID", "1.status INVALID" } },
    { { { sku = "p", source = "a", qty = 1 }, { sku = "p", source = "z", qty = 1 },
      { sku = "p", source = "b", qty = 2 }, { sku = "p", source = "a", qty = 3, expected = 9 } },
      { "2.source NOT_FOUND", "4.expected CONFLICT" } },
  }

  for number, case in ipairs(CASES) do
    it(("refuses with '%s', case %d, and changes nothing"):format(
      table.concat(case[2], ", "), number), function()
      with_two(function(inv)
        assert(inv.products:save{ sku = "kit", type = "bundle" })
        local last = helpers.ledger_end(inv)
        expect_problems(case[2], inv.items:save(case[1]))
        assert.same({}, inv.items:list())
        assert.equal(last, helpers.ledger_end(inv))
      end)
    end)
  end

  it("refuses quantities that would add up beyond the bound in a stock", function()
    with_two(function(inv)
      assert(inv.items:save{ sku = "p", source = "a", qty = 1e11 })
      local detail = helpers.expect_error("LIMIT",
        inv.items:save{ sku = "p", source = "b", qty = 0.0001 })
      assert.same({ "qty", "p" }, { detail.errors[1].field, detail.errors[1].sku })
      assert.equal(100000000000, on_hand(inv))
    end)
  end)

  it("raises on what is no item", function()
    with_two(function(inv)
      local save = function(given) return function() inv.items:save(given) end end
      assert.has_error(save("p"))
      assert.has_error(save{ "p" })
      assert.has_error(save{ sku = 5, source = "a", qty = 1 })
      assert.has_error(save{ sku = "p", source = 5, qty = 1 })
      assert.has_error(save{ sku = "p", source = "a", qty = true })
      assert.has_error(save{ sku = "p", source = "a", qty = 1, status = 1 })
      assert.has_error(save{ sku = "p", source = "a", qty = 1, notify_below = true })
      assert.has_error(save{ sku = "p", source = "a", quantity = 1 })
    end)
  end)

  it("leaves a ledger row for every quantity that appears or changes, and for no other", function()
    with_two(function(inv)
      local last = helpers.ledger_end(inv)
      assert(inv.items:save{ { sku = "p", source = "a", qty = 5 },
        { sku = "p", source = "b", qty = 0 } })
      assert(inv.items:save{ sku = "p", source = "a", qty = 3.25 })
      assert(inv.items:save{ sku = "p", source = "a", qty = 3.25, status = "out_of_stock" })
      assert.same({ "quantity_set p a 5", "quantity_set p a -1.75" }, movements(inv, last))
    end)
  end)
end)

describe("items:delete", function()
  it("removes items, forgives missing ones, and says how many went", function()
    with_two(function(inv)
      assert(inv.items:save{ { sku = "p", source = "a", qty = 5 },
        { sku = "p", source = "b", qty = 2 } })
      local last = helpers.ledger_end(inv)
      assert.equal(1, inv.items:delete{ { sku = "p", source = "a" }, { sku = "p" },
        { sku = "nothing", source = "a" }, { sku = "p", source = "nowhere" } })
      assert.equal(2, on_hand(inv))
      helpers.expect_error("NOT_FOUND", inv.items:get{ sku = "p", source = "a" })
      assert.same({ "item_removed p a -5" }, movements(inv, last))
      assert.equal(0, inv.items:delete{ sku = "p", source = "a" })
    end)
  end)

  it("ends the assignment with the last item", function()
    with_two(function(inv)
      assert(inv.items:save{ sku = "p", source = "a", qty = 5 })
      assert(inv.items:delete{ sku = "p", source = "a" })
      helpers.expect_error("NOT_ASSIGNED", inv:can_sell("p", { stock = 2 }, 1))
      assert.equal(0, inv:salable_qty("p", { stock = 2 }))
    end)
  end)

  it("leaves a ledger row also when nothing or less than nothing was there", function()
    with_two(function(inv)
      assert(inv.items:save{ { sku = "p", source = "a", qty = 0 },
        { sku = "p", source = "b", qty = -3 } })
      local last = helpers.ledger_end(inv)
      assert.equal(2, inv.items:delete{ { sku = "p", source = "a" }, { sku = "p", source = "b" } })
      assert.same({ "item_removed p a 0", "item_removed p b 3" }, movements(inv, last))
    end)
  end)

  it("refuses what names no SKU, and removes nothing then", function()
    with_two(function(inv)
      assert(inv.items:save{ sku = "p", source = "a", qty = 5 })
      expect_problems({ "- INVALID" }, inv.items:delete{})
      expect_problems({ "2.sku INVALID" },
        inv.items:delete{ { sku = "p", source = "a" }, { sku = "", source = "a" } })
      assert.equal(5, on_hand(inv))
      assert.has_error(function() inv.items:delete{ sku = "p", source = "a", qty = 1 } end)
      assert.has_error(function() inv.items:delete("p") end)
    end)
  end)
end)

describe("items:get and items:list", function()
  it("give an item as it was saved", function()
    with_two(function(inv)
      assert(inv.items:save{ sku = "p", source = "a", qty = 2.5, notify_below = 1,
        status = "out_of_stock" })
      assert.same({ sku = "p", source = "a", qty = 2.5, status = "out_of_stock", notify_below = 1,
        allocated = 0 }, inv.items:get{ sku = "p", source = "a" })
    end)
  end)

  it("say that a missing item does not exist", function()
    with_two(function(inv)
      for _, key in ipairs{ { sku = "p" }, { sku = "nothing", source = "a" },
        { sku = "p", source = "nowhere" } } do
        local detail = helpers.expect_error("NOT_FOUND", inv.items:get(key))
        assert.equal("no_such_entity-source_item", detail.errors[1].magento)
      end
    end)
  end)

  it("list the items of a SKU, of a source, or all, in pages", function()
    with_shop(nil, function(inv)
      local function all(filter, limit)
        local rows = helpers.all_pages(function(page)
          for key, value in pairs(filter) do page[key] = value end
          return inv.items:list(page)
        end, limit)
        for i, row in ipairs(rows) do rows[i] = row.sku .. "@" .. row.source end
        table.sort(rows)
        return table.concat(rows, " ")
      end
      for _, limit in ipairs{ 1, 2, 3, 7, 100 } do
        assert.equal("sku-1@eu-1 sku-1@eu-2 sku-1@eu-3 sku-1@eu-off", all({ sku = "sku-1" }, limit))
        assert.equal("sku-1@eu-2 sku-3@eu-2 sku-4@eu-2", all({ source = "eu-2" }, limit))
        assert.equal("sku-1@eu-1 sku-1@eu-2 sku-1@eu-3 sku-1@eu-off sku-2@us-1 sku-3@eu-2 " ..
          "sku-4@eu-2", all({}, limit))
      end
      assert.same({}, inv.items:list{ sku = "nothing" })
    end)
  end)

  it("raise on wrong types and unknown keys", function()
    with_two(function(inv)
      local get = function(key) return function() inv.items:get(key) end end
      local list = function(filter) return function() inv.items:list(filter) end end
      assert.has_error(get("p"))
      assert.has_error(get{})
      assert.has_error(get{ sku = 5 })
      assert.has_error(get{ sku = "p", source = 5 })
      assert.has_error(get{ sku = "p", stock = 1 })
      assert.has_error(list{ stock = 1 })
      assert.has_error(list{ sku = 5 })
      assert.has_error(list{ source = true })
      assert.has_error(list{ after = "p" })
      assert.has_error(list{ sku = "p", source = "a" })
    end)
  end)
end)
