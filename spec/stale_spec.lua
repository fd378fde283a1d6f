-- Two handles on one file change settings, stocks and the policy at the same moment: rules are
-- worked out outside of transactions, and none that is out of date may stay. The clock of a handle
-- is asked between working rules out and writing them, so it is where the other handle steps in.

local helpers = require "helpers"
local children = require "children"
local quartermaster = require "quartermaster"

-- Runs fn(mine, other, meanwhile): what `meanwhile` is given runs when `mine` next asks the time.
local function with_two_handles(fn)
  children.with_directory(function(directory)
    local path, step = directory .. "/shop.db", nil
    local function clock()
      local run = step
      step = nil
      if run then run() end
      return 1700000000
    end
    helpers.with_inventory({ path = path, clock = clock }, function(mine)
      local other = assert(quartermaster.open{ path = path })
      assert(mine.sources:save(helpers.source("a")))
      assert.equal(2, mine.stocks:save{ name = "Two", sources = { { code = "a", priority = 1 } } })
      assert(mine.products:save{ { sku = "p", assign_default = false },
        { sku = "q", assign_default = false, settings = { max_sale_qty = 7 } } })
      assert(mine.items:save{ { sku = "p", source = "a", qty = 20 },
        { sku = "q", source = "a", qty = 20 } })
      local problem
      local ok, failure = pcall(fn, mine, other, function(run)
        step = function() problem = select(2, pcall(run)) end
      end)
      other:close()
      assert(ok, failure)
      assert(step == nil, "the clock was never asked")
      assert(problem == nil, problem)
    end)
  end)
end

-- Everything that is shown, in every stock.
local function picture(inv)
  local list = {}
  for _, stock in ipairs(inv.stocks:list()) do
    for _, sku in ipairs{ "p", "q" } do
      local _, _, code, detail = inv:can_sell(sku, { stock = stock.id }, 8)
      list[#list + 1] = ("%d %s %s %s %s"):format(stock.id, sku,
        inv:salable_qty(sku, { stock = stock.id }), code or "sold",
        detail and detail.errors[#detail.errors].available or "")
    end
  end
  return table.concat(list, "\n")
end

-- Working everything out once more must change nothing.
local function expect_current(inv)
  local before = picture(inv)
  assert(inv.policies:activate(inv:info().policy))
  assert.equal(before, picture(inv))
  assert.is_true(inv:verify().ok)
end

-- What one handle does while the other does the next thing of this list; and what shows that it was
-- done.
local CHANGES = {
  { "a shop-wide setting",
    function(inv) assert(inv.settings:set{ notify_below = 3 }) end,
    function(inv) assert.equal(3, inv.settings:get("notify_below")) end },
  { "another shop-wide setting",
    function(inv) assert(inv.settings:set{ out_of_stock_threshold = 2 }) end,
    function(inv) assert.equal(2, inv.settings:get("out_of_stock_threshold")) end },
  { "new settings of a product",
    function(inv) assert(inv.products:save{ sku = "p", settings = { max_sale_qty = 5 } }) end,
    function(inv) assert.equal(5, inv.products:get("p").settings.max_sale_qty) end },
  { "a new stock",
    function(inv) assert(inv.stocks:save{ name = "Three" }) end,
    function(inv) assert.equal("Three", inv.stocks:get(3).name) end },
  { "another policy",
    function(inv) assert(inv.policies:activate("magento")) end,
    function(inv) assert.equal("magento", inv:info().policy) end },
}

describe("two handles on one file", function()
  for _, first in ipairs(CHANGES) do
    for _, second in ipairs(CHANGES) do
      if first ~= second then
        it(("keep both: %s, and meanwhile %s"):format(first[1], second[1]), function()
          with_two_handles(function(mine, other, meanwhile)
            meanwhile(function() second[2](other) end)
            first[2](mine)
            for _, inv in ipairs{ mine, other } do
              first[3](inv)
              second[3](inv)
            end
            assert.equal(picture(mine), picture(other))
            expect_current(other)
          end)
        end)
      end
    end
  end

  it("that set the same setting keep the value that was written last", function()
    with_two_handles(function(mine, other, meanwhile)
      meanwhile(function() assert(other.settings:set{ notify_below = 9 }) end)
      assert(mine.settings:set{ notify_below = 4 })
      assert.equal(4, other.settings:get("notify_below"))
      assert.equal(16, other:salable_qty("p", { stock = 2 }))
    end)
  end)

  it("see each other's settings at once", function()
    with_two_handles(function(mine, other)
      assert(mine.settings:set{ notify_below = 4 })
      assert.equal(16, other:salable_qty("p", { stock = 2 }))
      assert(other.policies:activate("magento"))
      assert.equal(20, mine:salable_qty("p", { stock = 2 }))
      assert(mine.settings:set{ out_of_stock_threshold = 1 })
      assert.equal(19, other:salable_qty("p", { stock = 2 }))
    end)
  end)

  it("end with STALE, which is transient, when one never gets its turn", function()
    children.with_directory(function(directory)
      local path, other, turns = directory .. "/shop.db", nil, 0
      local function clock()
        if other then
          turns = turns + 1
          assert(other.settings:set{ max_sale_qty = turns })
        end
        return 1700000000
      end
      helpers.with_inventory({ path = path, clock = clock }, function(mine)
        other = assert(quartermaster.open{ path = path })
        local _, _, code = mine.settings:set{ notify_below = 4 }
        local closing = other
        other = nil
        closing:close()
        assert.equal("STALE", code)
        assert.is_true(quartermaster.errors.STALE.transient)
        assert.truthy(turns > 1)
        assert.is_nil(mine.settings:get("notify_below"))
        assert.is_true(mine.settings:set{ notify_below = 4 })
      end)
    end)
  end)
end)
