-- promise_rule_spec.lua: random shops whose stocks share sources. Every figure follows the formula
-- of the promise rule, and no promise that could be served ceases to be, unless by force or fact.

local children = require "children"
local helpers = require "helpers"
local network = require "network"

local serial = 0
local function place(inv, stock, qty)
  serial = serial + 1
  return inv:place{ id = "o-" .. serial, stock = stock, lines = { { sku = "bike", qty = qty } } }
end

describe("the promise rule", function()
  local SOURCES, STOCKS, STEPS, SHOPS = { "x", "y", "z" }, 3, 60, 30

  local function random_shop(inv, random)
    local stocks = {}
    assert(inv.products:save{ sku = "bike", assign_default = false,
      settings = { backorders = random(1, 3) == 1 and "allow" or "no" } })
    for _, code in ipairs(SOURCES) do
      assert(inv.sources:save(helpers.source(code)))
      if random(1, 4) > 1 then
        assert(inv.items:save{ sku = "bike", source = code, qty = random(0, 6) })
      end
    end
    for i = 1, STOCKS do
      local links = {}
      for _, code in ipairs(SOURCES) do
        if random(1, 3) > 1 then links[#links + 1] = { code = code, priority = #links + 1 } end
      end
      stocks[i] = assert(inv.stocks:save{ name = "S" .. i, sources = links })
    end
    return stocks
  end

  local orders = 0
  local function ship_some(inv, random)
    orders = orders + 1
    return inv:ship{ id = "s-" .. orders, order = "o-" .. random(serial - 8, serial),
      lines = { { line = 1, qty = random(1, 3), source = SOURCES[random(1, 3)] } } }
  end
  local VOLUNTARY = {
    function(inv, random, stock) return place(inv, stock, random(1, 4)) end,
    function(inv, random, stock) return place(inv, stock, random(1, 4)) end,
    function(inv, random)
      orders = orders + 1
      return inv:cancel{ id = "c-" .. orders, order = "o-" .. random(serial - 8, serial) }
    end,
    function(inv, random)
      return ship_some(inv, random)
    end,
    function(inv, random)
      return inv.sources:save{ code = SOURCES[random(1, 3)], enabled = random(1, 2) == 1 }
    end,
    function(inv, random, stock)
      return inv.stocks:unlink{ { stock = stock, source = SOURCES[random(1, 3)] } }
    end,
    function(inv, random, stock)
      return inv.stocks:link{ { stock = stock, source = SOURCES[random(1, 3)], priority = 1 } }
    end,
    function(inv, random)
      return inv.items:delete{ sku = "bike", source = SOURCES[random(1, 3)] }
    end,
    function(inv, random) -- a status alone: the quantity stays
      local source = SOURCES[random(1, 3)]
      local item = inv.items:get{ sku = "bike", source = source }
      return item and inv.items:save{ sku = "bike", source = source, qty = item.qty,
        status = random(1, 2) == 1 and "in_stock" or "out_of_stock" }
    end,
  }
  local function fact(inv, random)
    return inv.items:save{ sku = "bike", source = SOURCES[random(1, 3)], qty = random(-1, 7) }
  end

  local function measure(inv, stocks)
    local supply, links, demand = network.read(inv, "bike", stocks)
    local seen = { deficiency = network.deficiency(stocks, supply, links, demand), served = {} }
    for _, stock in ipairs(stocks) do
      local capacity = network.capacity(stocks, supply, links, demand, stock)
      local position = assert(inv:position{ sku = "bike", stock = stock })
      seen.served[stock] = capacity >= demand[stock]
      assert.equal(capacity - position.firm - position.backordered,
        position.on_hand - position.claimed - position.reserved)
      if position.backordered > 0 then
        assert.is_true(capacity <= position.firm, "goods lie idle while an order waits")
      end
    end
    return seen
  end

  it("holds in random shops", function()
    local refused, accepted = 0, 0
    for seed = 1, SHOPS do
      helpers.with_inventory(nil, function(inv)
        local random = children.random(seed)
        local stocks = random_shop(inv, random)
        local before = measure(inv, stocks)
        for step = 1, STEPS do
          local is_fact = random(1, 6) == 1
          local change = is_fact and fact or VOLUNTARY[random(1, #VOLUNTARY)]
          local done, _, code = change(inv, random, stocks[random(1, STOCKS)])
          local now = measure(inv, stocks)
          if not is_fact and done then
            local where = ("seed %d, step %d"):format(seed, step)
            assert.is_true(now.deficiency <= before.deficiency, where)
            for _, stock in ipairs(stocks) do
              assert.is_true(now.served[stock] or not before.served[stock], where)
            end
            accepted = accepted + 1
          end
          if code == "PROMISED" then refused = refused + 1 end
          before = now
        end
        assert.same({}, inv:verify().problems)
      end)
    end
    assert.is_true(refused > 20 and accepted > 200, refused .. " " .. accepted)
  end)
end)
