-- every_op.lua: a small shop in which every kind of write happens at least once, step by step.
-- The tests of power cuts and of memory carry the steps out over and over, so each is small and
-- gives the same rows whenever it is carried out on the same shop. A step is a name and a function
-- of the open inventory; false instead of the function stands for what only the test can do.

local function lines(sku, qty) return { { sku = sku, qty = qty } } end

local function source(code, postcode)
  return { code = code, name = code, country = "DE", postcode = postcode }
end

local function products()
  local list = {
    { sku = "bike", settings = { out_of_stock_threshold = 2 } },
    { sku = "pen" }, { sku = "bell" }, { sku = "book", type = "downloadable" },
    { sku = "wait", settings = { backorders = "allow" } },
    { sku = "tour", type = "bundle", ship_together = true, options = {
      { name = "frame", selections = { "pen" } },
      { name = "bells", selections = { { sku = "bell", qty = 2, own_qty = true } } },
    } },
  }
  -- Enough for a page of the file to be split.
  for i = 1, 40 do list[#list + 1] = { sku = ("extra-%03d-%s"):format(i, ("x"):rep(60)) } end
  return list
end

local function items()
  local list = {
    { sku = "bike", source = "muc", qty = 40 }, { sku = "bike", source = "ham", qty = 30 },
    { sku = "pen", source = "muc", qty = 100 }, { sku = "pen", source = "ham", qty = 7.5 },
    { sku = "bell", source = "ham", qty = 60 }, { sku = "wait", source = "muc", qty = 1 },
    { sku = "shadow", source = "ham", qty = 3 }, { sku = "book", source = "muc", qty = 9 },
  }
  for i = 1, 40 do
    list[#list + 1] = { sku = ("extra-%03d-%s"):format(i, ("x"):rep(60)), source = "muc", qty = i }
  end
  return list
end

local function adopted()
  return {
    id = "old",
    orders = { { id = "old-1", channel = "eu", lines = { { sku = "bike", qty = 5, invoiced = 3,
      shipped = 1 } } } },
    reservations = { { order = "old-1", sku = "bike", channel = "eu", qty = -3 } },
  }
end

local function batch()
  local ops = {
    { op = "cancel", id = "c-2", order = "o-2", lines = lines("pen", 1) },
    { op = "place", id = "b-1", channel = "eu", lines = lines("bike", 2) },
    { op = "place", id = "b-2", channel = "eu", lines = lines("bike", 2000) }, -- refused
    { op = "ship", id = "bs-1", order = "b-1", source = "ham", lines = lines("bike", 2) },
    { op = "hold", id = "bh-1", channel = "eu", lines = lines("pen", 1), ttl = 900 },
  }
  for i = 1, 12 do
    ops[#ops + 1] = { op = "place", id = "bp-" .. i, channel = "eu", lines = lines("pen", 1) }
  end
  return ops
end

local function order_steps(step)
  step("place", function(inv)
    return inv:place{ id = "o-1", channel = "eu", lines = {
      { sku = "bike", qty = 3 }, { sku = "pen", qty = 2.5 }, { sku = "wait", qty = 3 } } }
  end)
  step("place in another stock", function(inv)
    return inv:place{ id = "o-2", channel = "us", lines = lines("pen", 3) }
  end)
  step("place a bundle", function(inv)
    return inv:place{ id = "o-3", channel = "eu", lines = { { sku = "tour", qty = 2,
      selections = { { sku = "bell", qty = 3 } } } } }
  end)
  step("place a download", function(inv)
    return inv:place{ id = "o-4", channel = "eu", lines = lines("book", 1) }
  end)
  step("a refused order", function(inv)
    return inv:place{ id = "o-5", channel = "eu", lines = lines("bike", 9999) }
  end)
  step("hold", function(inv)
    return inv:hold{ id = "h-1", channel = "eu", lines = lines("bike", 4), ttl = 900 }
  end)
  step("hold for a moment", function(inv)
    return inv:hold{ id = "h-2", channel = "us", lines = lines("pen", 1), ttl = 1 }
  end)
  step("extend", function(inv) return inv:extend{ id = "x-1", hold = "h-1", ttl = 1800 } end)
  step("release", function(inv)
    return inv:release{ id = "r-1", hold = "h-1", lines = lines("bike", 1) }
  end)
  step("place a hold", function(inv) return inv:place{ id = "o-6", hold = "h-1" } end)
  step("checkpoint", false)
  step("cancel", function(inv)
    return inv:cancel{ id = "c-1", order = "o-1", lines = lines("bike", 1) }
  end)
  step("allocate", function(inv)
    return inv:allocate{ id = "a-1", order = "o-6", lines = { { sku = "bike", qty = 2,
      source = "ham" } } }
  end)
  step("reassign", function(inv)
    return inv:reassign{ id = "ra-1", order = "o-6", lines = { { sku = "bike", qty = 1,
      from = "ham", to = "muc" } } }
  end)
end

local function delivery_steps(step)
  step("ship by a plan", function(inv)
    local plan, message, code = inv:select{ order = "o-6" }
    if not plan then return nil, message, code end
    return inv:ship{ id = "s-1", order = "o-6", plan = plan }
  end)
  step("ship", function(inv)
    return inv:ship{ id = "s-2", order = "o-1", source = "muc", lines = {
      { sku = "bike", qty = 2 }, { sku = "pen", qty = 1 } } }
  end)
  step("ship a bundle", function(inv)
    return inv:ship{ id = "s-3", order = "o-3", source = "ham", lines = lines("tour", 1) }
  end)
  step("invoice", function(inv) return inv:invoice{ id = "i-1", order = "o-1" } end)
  step("invoice a download", function(inv) return inv:invoice{ id = "i-2", order = "o-4" } end)
  step("refund", function(inv)
    return inv:refund{ id = "f-1", order = "o-1", lines = { { sku = "bike", qty = 1,
      return_to = "ham" } } }
  end)
  step("return", function(inv)
    return inv:return_goods{ id = "g-1", order = "o-1", lines = { { sku = "bike", qty = 1,
      to = "muc" } } }
  end)
  step("reopen", false)
  step("place as before", function(inv) return inv:place{ id = "o-6", hold = "h-1" } end)
  step("batch", function(inv) return inv:batch(batch()) end)
  step("checkpoint", false)
  step("adopt", function(inv) return inv:adopt(adopted()) end)
  step("compensate", function(inv)
    return inv:compensate{ id = "k-1", lines = { { order = "old-1", sku = "bike", stock = 2,
      qty = -1 } } }
  end)
  step("compact", function(inv) return inv:compact{} end)
end

local function catalogue_steps(step)
  step("sources", function(inv) return inv.sources:save(source("muc", "80331")) end)
  step("another source", function(inv) return inv.sources:save(source("ham", "20095")) end)
  step("stock", function(inv)
    return inv.stocks:save{ name = "EU", channels = { "eu", "shop" }, sources = {
      { code = "muc", priority = 1 }, { code = "ham", priority = 2 } } }
  end)
  step("another stock", function(inv)
    return inv.stocks:save{ name = "US", channels = { "us" }, sources = {
      { code = "ham", priority = 1 } } }
  end)
  step("products", function(inv) return inv.products:save(products()) end)
  step("items", function(inv) return inv.items:save(items()) end)
  step("adjust", function(inv)
    return inv.items:adjust{ id = "d-1", lines = { { sku = "bike", source = "muc", delta = -3 },
      { sku = "pen", source = "ham", delta = 4 } } }
  end)
  step("settings", function(inv)
    return inv.settings:set{ out_of_stock_threshold = 1, decimal_qty = true }
  end)
  step("policy", function(inv) return inv.policies:activate("magento") end)
  step("policy as before", function(inv) return inv.policies:activate("default") end)
end

local function tidying_steps(step)
  step("import", function(inv)
    return inv:import{ entity = "sources", file = "examples/sources.csv" }
  end)
  for _, name in ipairs{ "import places", "import places again" } do
    step(name, function(inv)
      return inv.places:import{ country = "DE", file = "examples/places.txt" }
    end)
  end
  step("delete places", function(inv) return inv.places:delete("DE") end)
  step("link", function(inv)
    return inv.stocks:link{ stock = 3, source = "muc", priority = 7 }
  end)
  step("unlink", function(inv)
    return inv.stocks:unlink({ stock = 3, source = "muc" }, { force = true })
  end)
  step("rename a product", function(inv) return inv.products:rename("bell", "bell-2") end)
  step("delete a product", function(inv)
    return inv.products:delete({ "extra-001-" .. ("x"):rep(60) })
  end)
  step("delete items", function(inv)
    return inv.items:delete{ { sku = "shadow", source = "ham" } }
  end)
  step("rename a channel", function(inv)
    return inv.channels:rename{ from = "shop", to = "market" }
  end)
  step("delete a channel", function(inv) return inv.channels:delete("market") end)
  step("a stock for a moment", function(inv) return inv.stocks:save{ name = "gone" } end)
  step("delete a stock", function(inv) return inv.stocks:delete(4) end)
end

local steps = {}
local function step(name, run) steps[#steps + 1] = { name, run } end
catalogue_steps(step)
order_steps(step)
delivery_steps(step)
tidying_steps(step)
return steps
