-- Operations on products that are made of others.

local fixture = require "spec.conformance.fixture"
local json = require "spec.conformance.json"

local M = { operations = {} }
local op = M.operations

function op.bundle_is_salable(world, args)
  return world:call("is_salable", args.sku, { stock = json.value(args.stock_id) })
end

-- MSI's shop of its index tests, with all us-1 items out of stock: the one data set that the
-- vectors ask for, by no more than its name.
local function item(source, sku, status)
  return { source_code = source, sku = sku, quantity = 100, status = status }
end

local RULE = "legacy_in_stock AND any child salable on the stock"

local SHOP = {
  sources = {
    { source_code = "eu-1", name = "EU-source-1", country_id = "FR", postcode = "postcode" },
    { source_code = "us-1", name = "US-source-1", country_id = "US", postcode = "postcode" },
  },
  stocks = {
    { stock_id = 10, name = "EU-stock" }, { stock_id = 20, name = "US-stock" },
    { stock_id = 30, name = "Global-stock" },
  },
  links = {
    { stock_id = 10, source_code = "eu-1", priority = 1 },
    { stock_id = 20, source_code = "us-1", priority = 1 },
    { stock_id = 30, source_code = "us-1", priority = 1 },
    { stock_id = 30, source_code = "eu-1", priority = 2 },
  },
  products = {
    { sku = "simple_10", type = "simple" }, { sku = "simple_20", type = "simple" },
    { sku = "configurable", type = "configurable", children = { "simple_10", "simple_20" } },
  },
  source_items = {
    item("eu-1", "simple_10", 1), item("eu-1", "simple_20", 1),
    item("us-1", "simple_10", 0), item("us-1", "simple_20", 0),
  },
}

-- 1 or 0 by stock.
function op.composite_is_salable(world, args)
  if args.rule ~= RULE then error("unknown rule: " .. tostring(args.rule), 0) end
  fixture.load(world, SHOP)
  local salable = {}
  for _, stock in ipairs(SHOP.stocks) do
    local yes, failure = world:call("is_salable", "configurable", { stock = stock.stock_id })
    if yes == nil then return nil, failure end
    salable[tostring(stock.stock_id)] = yes and 1 or 0
  end
  return salable
end

return M
