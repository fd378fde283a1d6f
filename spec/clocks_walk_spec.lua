-- clocks_walk_spec.lua: random walks by three handles of one file whose clocks are apart and at
-- times go back, over holds, orders and composites of shared sources. Whatever is answered, nothing
-- is ever taken for damage, and the file adds up. A failure names the seed; QM_SEED=<seed> walks
-- that one alone.

local children = require "children"
local quartermaster = require "quartermaster"

local SEEDS, STEPS, VERIFIED_EACH = 40, 400, 40
local START = 1763900000
local SOURCES = { "muc", "ham", "ber" }
local PARTS = { "bike", "bell", "book" }
-- What may be ordered, and what is chosen of it.
local GOODS = {
  { "bike" }, { "bell" }, { "book" }, { "bike" }, { "bell" },
  { "shirt", { "bike" } }, { "shirt", { "bell" } }, { "pans", { "bell", "book" } }, { "crate" },
  { "kit", { "bike" } }, { "kit", { "book" } },
}

local function fill(inv)
  for _, code in ipairs(SOURCES) do
    assert(inv.sources:save{ code = code, name = code, country = "DE", postcode = "1" })
  end
  local stocks = {}
  for i, near in ipairs{ "muc", "ber" } do
    stocks[i] = assert(inv.stocks:save{ name = near,
      sources = { { code = near, priority = 1 }, { code = "ham", priority = 2 } } })
  end
  assert(inv.products:save{
    { sku = "bike" }, { sku = "bell", settings = { backorders = "allow" } },
    { sku = "book", type = "virtual" },
    { sku = "shirt", type = "configurable", children = { "bike", "bell" } },
    { sku = "pans", type = "grouped", children = { { sku = "bell", qty = 2 }, "book" } },
    { sku = "crate", type = "bundle", ship_together = true, options = {
      { selections = { "bike" } }, { selections = { { sku = "bell", qty = 2 } } } } },
    { sku = "kit", type = "bundle", options = {
      { selections = { "bike", "book" } },
      { selections = { { sku = "bell", qty = 2, own_qty = true } } } } } })
  return stocks
end

-- A walk: the words that its commands are made of, all by one random number after the other.
local function new_walk(seed)
  local walk = { random = children.random(seed), ids = 0, orders = {}, holds = {}, now = START }
  function walk.pick(list) return list[walk.random(1, #list)] end
  function walk.one_in(n) return walk.random(1, n) == 1 end
  function walk.id(list)
    walk.ids = walk.ids + 1
    if list then list[#list + 1] = "n" .. walk.ids end
    return "n" .. walk.ids
  end
  function walk.goods()
    local lines = {}
    for i = 1, walk.random(1, 2) do
      local what = walk.pick(GOODS)
      lines[i] = { sku = what[1], qty = walk.random(1, 3), selections = what[2] }
    end
    return lines
  end
  function walk.rows(key, value)
    local rows = {}
    for i = 1, walk.random(1, 2) do
      rows[i] = { line = walk.random(1, 4), qty = walk.random(1, 2) }
      if key then rows[i][key] = value end
      if key and value == nil then rows[i][key] = walk.pick(SOURCES) end
    end
    return rows
  end
  return walk
end

-- Commands about an order or a hold that there may be: name = function(walk): its lines or source.
local LATER = {
  cancel = function(walk) return walk.one_in(2) and { lines = walk.rows() } or {} end,
  ship = function(walk)
    return walk.one_in(2) and { lines = walk.rows("source") } or { source = walk.pick(SOURCES) }
  end,
  allocate = function(walk) return { lines = walk.rows("source") } end,
  reassign = function(walk)
    return { lines = walk.one_in(3) and walk.rows() or walk.rows("to") }
  end,
  invoice = function(walk) return walk.one_in(2) and { lines = walk.rows() } or {} end,
  refund = function(walk) return { lines = walk.rows("return_to_stock", walk.one_in(2)) } end,
  return_goods = function(walk) return { lines = walk.rows() } end,
}
local HOLDS = {
  extend = function(walk) return { ttl = walk.random(1, 60) } end,
  release = function(walk) return walk.one_in(2) and { lines = walk.rows() } or {} end,
  place = function(walk) return walk.one_in(3) and { lines = walk.goods() } or {} end,
}

local function names_of(makers)
  local names = {}
  for name in pairs(makers) do names[#names + 1] = name end
  table.sort(names) -- a seed means the same walk everywhere
  return names
end

local NAMES = { order = names_of(LATER), hold = names_of(HOLDS) }

local function about(walk, what, makers, known)
  local name = walk.pick(NAMES[what])
  local request = makers[name](walk)
  request.id, request[what] = walk.id(name == "place" and walk.orders or nil), walk.pick(known)
  return name, request
end

local function change(walk, inv)
  return walk.pick{
    function()
      return inv.items:adjust{ id = walk.id(), lines = {
        { sku = walk.pick(PARTS), source = walk.pick(SOURCES), delta = walk.random(-3, 6) } } }
    end,
    function() return inv.stocks:unlink({ { stock = walk.pick(walk.stocks), source = "ham" } },
      { force = walk.one_in(2) }) end,
    function() return inv.stocks:link{ { stock = walk.pick(walk.stocks), source = "ham",
      priority = walk.random(1, 3) } } end,
    function() return inv.sources:save{ code = "ham", enabled = walk.one_in(2),
      force = walk.one_in(2) } end,
    function() return inv.items:save{ sku = walk.pick(PARTS), source = walk.pick(SOURCES),
      qty = walk.random(0, 9) } end,
    function() return inv:compact() end,
  }()
end

local function step(walk, inv)
  local kind = walk.random(1, 10)
  if kind <= 2 then
    return inv:place{ id = walk.id(walk.orders), stock = walk.pick(walk.stocks),
      lines = walk.goods() }
  elseif kind <= 4 then
    return inv:hold{ id = walk.id(walk.holds), stock = walk.pick(walk.stocks),
      lines = walk.goods(), ttl = walk.random(1, 60) }
  elseif kind <= 6 and #walk.holds > 0 then
    local name, request = about(walk, "hold", HOLDS, walk.holds)
    return inv[name](inv, request)
  elseif kind <= 8 and #walk.orders > 0 then
    local name, request = about(walk, "order", LATER, walk.orders)
    return inv[name](inv, request)
  end
  walk.now = walk.now + walk.random(-15, 30)
  return change(walk, inv)
end

local function go(seed, directory)
  local walk, accepted = new_walk(seed), 0
  local path = ("%s/%d.db"):format(directory, seed)
  local function open(behind)
    return assert(quartermaster.open{ path = path, durability = "normal",
      clock = function() return walk.now - behind end })
  end
  local handles = { open(0), open(0), open(walk.random(0, 3) * 20) }
  walk.stocks = fill(handles[1])
  for number = 1, STEPS do
    local answer, message, code = step(walk, walk.pick(handles))
    local where = ("seed %d, step %d: %s"):format(seed, number, tostring(message))
    assert.is_true(code ~= "CORRUPT", where)
    accepted = accepted + (answer and 1 or 0)
    if number % VERIFIED_EACH == 0 then assert.is_true(handles[1]:verify().ok, where) end
  end
  for _, inv in ipairs(handles) do inv:close() end
  return accepted
end

describe("holds under clocks that are apart", function()
  it("are never taken for damage, and all adds up", function()
    children.with_directory(function(directory)
      local given, accepted = tonumber(os.getenv("QM_SEED") or ""), 0
      for seed = given or 1, given or SEEDS do accepted = accepted + go(seed, directory) end
      assert.is_true(accepted > (given and 1 or SEEDS) * STEPS / 4, accepted)
    end)
  end)
end)
