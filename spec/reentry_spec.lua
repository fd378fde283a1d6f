-- reentry_spec.lua: nothing of a program runs in the middle of a call. A finalizer that calls the
-- inventory there raises, and the tables of a request are read without their metamethods.

local core = require "quartermaster.core"
local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, product, place = kit.with_shop, kit.product, kit.place

local ROWS = 300

-- An object whose finalizer is fn, on either host.
local function finalized(fn)
  local newproxy = rawget(_G, "newproxy")
  if newproxy then
    local proxy = newproxy(true)
    getmetatable(proxy).__gc = fn
    return proxy
  end
  return setmetatable({}, { __gc = fn })
end

-- Calls work() again and again, at least ten times, while the collector never rests and finalizers
-- call act(), until some calls of act were refused because one of work's was under way. Any other
-- error of act is one of the spec.
local function with_finalizers(act, work)
  local running, refused, fault = true, 0, nil
  local function again()
    if not running then return end
    local ok, message = pcall(act)
    if not ok then
      local known = tostring(message):find("a finalizer c", 1, true)
        and tostring(message):find("in the middle of another call", 1, true)
      if known then refused = refused + 1 else fault = fault or message end
    end
    finalized(again)
  end
  for _ = 1, 64 do finalized(again) end
  -- LuaJIT's compiled code leaves a trace for each step of a collector with finalizers to run, and
  -- may never get on when it always has some.
  local jit = rawget(_G, "jit")
  local compiling = jit and jit.status()
  if compiling then jit.off() end
  -- In the large heap of a whole run LuaJIT's collector needs longer steps to come round at all.
  local pause = collectgarbage("setpause", 100)
  local step = collectgarbage("setstepmul", jit and 16000 or 400)
  local ok, message
  for round = 1, 20000 do
    ok, message = pcall(work)
    if not ok or fault or round >= 10 and refused >= 3 then break end
  end
  collectgarbage("setpause", pause)
  collectgarbage("setstepmul", step)
  if compiling then jit.on() end
  running = false
  collectgarbage()
  assert(ok, message)
  assert(not fault, fault)
  assert(refused >= 3, "no finalizer ran in the middle of a call")
end

local function with_orders(fn)
  with_shop(function(inv, stock)
    product(inv, "bike", { muc = 1000000 })
    for i = 1, ROWS do place(inv, "o-" .. i, stock, { "bike", 1 + i % 7 }) end
    fn(inv, stock)
  end)
end

-- What a finalizer may do; each must work between calls and raise in the middle of one.
local ACTS = {
  events = function(inv) assert(inv:events{ limit = 1 }) end,
  position = function(inv, stock) assert(inv:position{ sku = "bike", stock = stock }) end,
  select = function(inv) assert(inv:select{ order = "o-1" }) end,
  verify = function(inv) assert(inv:verify().ok) end,
  place = function(inv, stock)
    assert(inv:place{ id = "more", stock = stock, lines = { { sku = "bike", qty = 1 } } })
  end,
  batch = function(inv)
    assert(inv:batch{ { op = "cancel", id = "c-1", order = "o-1" } })
  end,
}

describe("a finalizer in the middle of a call", function()
  for name, act in pairs(ACTS) do
    it("raises when it calls " .. name .. ", and the call answers as if it were alone", function()
      with_orders(function(inv, stock)
        local expected = assert(inv:events{ limit = ROWS })
        local pages = {}
        with_finalizers(function() act(inv, stock) end, function()
          pages[#pages % 20 + 1] = assert(inv:events{ limit = ROWS })
        end)
        for _, page in ipairs(pages) do assert.same(expected, page) end
      end)
    end)
  end

  it("cannot close the inventory", function()
    with_orders(function(inv)
      local expected = assert(inv:events{ limit = ROWS })
      local before = core.stats().open_handles
      local under_way, page = false, nil
      -- Between calls it could, and that is not what this is about.
      with_finalizers(function() if under_way then inv:close() end end, function()
        under_way = true
        page = core.read(inv.store, "LEDGER", 0, ROWS)
        under_way = false
      end)
      assert.equal(ROWS, #page)
      assert.equal(before, core.stats().open_handles)
      assert.same(expected, (assert(inv:events{ limit = ROWS })))
    end)
  end)

  it("leaves writes whole", function()
    with_orders(function(inv, stock)
      local answers = {}
      with_finalizers(function() ACTS.events(inv) end, function()
        local lines, i = {}, #answers + 1
        for line = 1, 50 do lines[line] = { sku = "bike", qty = 1 + line % 3 } end
        answers[i] = assert(inv:place{ id = "long-" .. i, stock = stock, lines = lines })
      end)
      for _, answer in ipairs(answers) do
        for line = 1, 50 do
          assert.same({ line = line, sku = "bike", qty = 1 + line % 3 }, answer.lines[line])
        end
      end
      assert.equal(50, #inv.orders:get("long-10").lines)
    end)
  end)

  it("leaves the inventory free when the call itself raises", function()
    with_orders(function(inv)
      assert.has_error(function() inv:place{ id = "x", lines = { { sku = 5 } } } end)
      assert.has_error(function() inv:batch{ { op = "place", id = {} } } end)
      assert.equal(1, #assert(inv:events{ limit = 1 }))
    end)
  end)
end)

-- Requests that are read by the store's side, each wrapped at every level.
local REQUESTS = {
  place = { id = "x-1", stock = 2, destination = { country = "DE" },
    lines = { { sku = "bike", qty = 1 } } },
  cancel = { id = "x-1", order = "o-1", lines = { { line = 1, qty = 1 } } },
  ship = { id = "x-1", order = "o-1", lines = { { line = 1, qty = 1, source = "muc" } } },
  invoice = { id = "x-1", order = "o-1" },
  refund = { id = "x-1", order = "o-2", lines = { { line = 1, qty = 1 } } },
  return_goods = { id = "x-1", order = "o-2", lines = { { line = 1, qty = 1 } } },
  allocate = { id = "x-1", order = "o-1", lines = { { line = 1, qty = 1, source = "muc" } } },
  reassign = { id = "x-1", order = "o-3", lines = { { line = 1, qty = 1, from = "muc" } } },
  adopt = { id = "x-1", reservations = { { sku = "bike", channel = { code = "eu" }, qty = -1 } } },
  batch = { { op = "cancel", id = "x-1", order = "o-1" } },
}

local function prepared(fn)
  with_shop(function(inv, stock)
    product(inv, "bike", { muc = 9 })
    place(inv, "o-1", stock, { "bike", 2 })
    place(inv, "o-2", stock, { "bike", 2 })
    assert(inv:ship{ id = "s-2", order = "o-2", source = "muc" })
    assert(inv:invoice{ id = "i-2", order = "o-2" })
    place(inv, "o-3", stock, { "bike", 2 })
    assert(inv:allocate{ id = "a-3", order = "o-3", lines = { { line = 1, qty = 1,
      source = "muc" } } })
    fn(inv)
  end, { clock = function() return 777 end })
end

-- A copy in which every table has metamethods that note that they were asked.
local function nosy(value, asked)
  if type(value) ~= "table" then return value end
  local twin, meta = {}, {}
  for key, inner in pairs(value) do twin[key] = nosy(inner, asked) end
  for _, event in ipairs{ "__index", "__len", "__pairs", "__newindex", "__eq" } do
    meta[event] = function(_, key)
      asked[#asked + 1] = event .. " " .. tostring(key)
      return event == "__len" and 0 or nil
    end
  end
  return setmetatable(twin, meta)
end

describe("the metamethods of a request", function()
  for call, request in pairs(REQUESTS) do
    it("of " .. call .. " are not asked", function()
      local plain
      prepared(function(inv) plain = assert(inv[call](inv, request)) end)
      prepared(function(inv)
        local asked = {}
        assert.same(plain, (assert(inv[call](inv, nosy(request, asked)))))
        assert.same({}, asked)
      end)
    end)
  end

  it("add no key that the table itself has not", function()
    prepared(function(inv)
      local hidden = { __index = { lines = { { sku = "bike", qty = 1 } } } }
      helpers.expect_problems({ "lines INVALID" },
        inv:place(setmetatable({ id = "x", stock = 2 }, hidden)))
      helpers.expect_problems({ "1.qty INVALID" }, inv:place{ id = "x", stock = 2, lines = {
        setmetatable({ sku = "bike" }, { __index = { qty = 1 } }) } })
      assert.has_error(function()
        inv:batch{ setmetatable({ id = "x", order = "o-1" }, { __index = { op = "cancel" } }) }
      end)
    end)
  end)
end)
