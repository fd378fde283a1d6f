-- nginx_spec.lua: the example gateway in nginx, two workers, one inventory file.

local cjson = require "cjson"
local helpers = require "helpers"
local nginx = require "nginx.server"

local UNITS, BOLTS, ORDERS = 15, 80, 90

local function fill(inv)
  assert(inv.sources:save(helpers.source("muc")))
  assert(inv.sources:save(helpers.source("ham")))
  assert(inv.stocks:save{ name = "EU", channels = { "eu" },
    sources = { { code = "muc", priority = 1 }, { code = "ham", priority = 2 } } })
  assert(inv.products:save{
    { sku = "lamp", settings = { decimal_qty = true, min_sale_qty = 0.5, max_sale_qty = 100 } },
    { sku = "odd//sku +1", assign_default = false },
    { sku = "bolt", assign_default = false }, { sku = "nowhere", assign_default = false },
  })
  assert(inv.items:save{
    { sku = "lamp", source = "muc", qty = UNITS - 5 }, { sku = "lamp", source = "ham", qty = 5 },
    { sku = "odd//sku +1", source = "muc", qty = 2.25 },
    { sku = "bolt", source = "ham", qty = BOLTS },
  })
end

local function order(id, qty, changes)
  local request = { id = id, channel = "eu", lines = { { sku = "lamp", qty = qty } } }
  for key, value in pairs(changes or {}) do request[key] = value end
  return request
end

local function count(answers, key)
  local counts = {}
  for _, answer in ipairs(answers) do
    local value = answer[key]
    counts[value] = (counts[value] or 0) + 1
  end
  return counts
end

local function keys(map)
  local list = {}
  for key in pairs(map) do list[#list + 1] = key end
  return list
end

-- N orders of one unit each, and as many questions in between.
local function rush(sku)
  local requests = {}
  for i = 1, ORDERS do
    local lines = { { sku = sku, qty = 1 } }
    requests[2 * i - 1] =
      { "POST", "/orders", cjson.encode{ id = "rush-" .. i, channel = "eu", lines = lines } }
    requests[2 * i] = { "GET", "/salable/" .. sku .. "?channel=eu" }
  end
  return requests
end

describe("the gateway in nginx", function()
  it("tells what may be promised and takes orders, quantities as text", function()
    nginx.with_server(fill, function(server)
      local answer = server:get("/salable/lamp?channel=eu")
      assert.equal(200, answer.status)
      assert.same({ sku = "lamp", channel = "eu", qty = "15", salable = true }, answer.body)

      answer = server:place(order("o-1", 2.5))
      assert.equal(201, answer.status)
      local line = { line = 1, sku = "lamp", qty = "2.5" }
      assert.same({ id = "o-1", order = "o-1", lines = { line } }, answer.body)
      assert.equal("12.5", server:get("/salable/lamp?channel=eu").body.qty)
    end)
  end)

  it("takes the bytes of a SKU from the address as they are", function()
    nginx.with_server(fill, function(server)
      for _, path in ipairs{ "odd//sku%20+1", "odd%2F%2fsku%20%2b1" } do
        local answer = server:get("/salable/" .. path .. "?channel=eu")
        assert.same({ sku = "odd//sku +1", channel = "eu", qty = "2.25", salable = true },
          answer.body)
      end
    end)
  end)

  it("sells K units by exactly K of many orders, over both workers", function()
    local ids = {}
    nginx.with_server(fill, function(server)
      local orders, questions = {}, {}
      for i, answer in ipairs(server:send_all(rush("lamp"))) do
        local list = i % 2 == 1 and orders or questions
        list[#list + 1] = answer
        if answer.status == 201 then ids[#ids + 1] = answer.body.id end
      end
      assert.same({ [201] = UNITS, [409] = ORDERS - UNITS }, count(orders, "status"))
      for _, answer in ipairs(orders) do
        assert.equal(answer.status == 409 and "NOT_ENOUGH" or nil, answer.body.code)
      end
      assert.same({ [200] = ORDERS }, count(questions, "status"))
      assert.equal(2, #keys(count(orders, "worker")))
      assert.equal("0", server:get("/salable/lamp?channel=eu").body.qty)
    end, function(inv)
      assert.equal(UNITS, #ids)
      for _, id in ipairs(ids) do assert(inv.orders:get(id)) end
      assert.equal(UNITS, inv:position{ sku = "lamp", channel = "eu" }.reserved)
    end)
  end)

  it("loses and repeats nothing when a worker is killed in the middle of its work", function()
    local sold = 0
    nginx.with_server(fill, function(server)
      local worker = server:get("/salable/lamp?channel=eu").worker
      nginx.kill_later(worker, 0.05)
      local first = server:send(rush("bolt"))
      assert.is_true(nginx.has_ended(worker))
      local again = server:send_all(rush("bolt"))
      for i = 1, 2 * ORDERS, 2 do
        local once, twice = first[i].status, again[i].status
        if once == 201 then assert.equal(200, twice) end -- what was acknowledged is still there
        if twice == 200 or twice == 201 then sold = sold + 1 end
      end
      assert.equal("0", server:get("/salable/bolt?channel=eu").body.qty)
    end, function(inv)
      assert.equal(BOLTS, sold)
      assert.equal(BOLTS, inv:position{ sku = "bolt", channel = "eu" }.reserved)
    end)
  end)

  it("answers an order that comes again as it did before, with replayed = true", function()
    nginx.with_server(fill, function(server)
      local first = server:place(order("o-1", 2))
      local body = cjson.encode(order("o-1", 2))
      local requests = {}
      for i = 1, 12 do requests[i] = { "POST", "/orders", body } end
      for _, answer in ipairs(server:send_all(requests)) do
        assert.equal(200, answer.status)
        assert.is_true(answer.body.replayed)
        answer.body.replayed = nil
        assert.same(first.body, answer.body)
      end
      assert.equal("13", server:get("/salable/lamp?channel=eu").body.qty)
    end)
  end)

  local NOWHERE = { lines = { { sku = "nowhere", qty = 1 } } }

  -- request, status, code
  local REFUSALS = {
    { { "POST", "/orders", "{" }, 400, "INVALID" },
    { { "POST", "/orders", "[]" }, 400, "INVALID" },
    { { "POST", "/orders", "7" }, 400, "INVALID" },
    { { "POST", "/orders", cjson.encode(order("r-1", 1, { surprise = 1 })) }, 400, "INVALID" },
    { { "POST", "/orders", cjson.encode(order("r-2", 1, { stock = 1 })) }, 400, "INVALID" },
    { { "POST", "/orders", cjson.encode(order("r-3", -1)) }, 400, "INVALID" },
    { { "POST", "/orders", cjson.encode(order("r-4", 1e12)) }, 400, "LIMIT" },
    { { "POST", "/orders", cjson.encode(order("r-5", 1, { channel = "x" })) }, 404, "NOT_FOUND" },
    { { "POST", "/orders", cjson.encode(order("r-6", 16)) }, 409, "NOT_ENOUGH" },
    { { "POST", "/orders", cjson.encode(order("r-7", 0.25)) }, 409, "MIN_SALE_QTY" },
    { { "POST", "/orders", cjson.encode(order("r-8", 101)) }, 409, "MAX_SALE_QTY" },
    { { "POST", "/orders", cjson.encode(order("taken", 2)) }, 409, "CONFLICT" },
    { { "POST", "/orders", cjson.encode(order("r-9", 1, NOWHERE)) }, 409, "NOT_ASSIGNED" },
    { { "GET", "/orders" }, 405, "INVALID" },
    { { "GET", "/salable/lamp" }, 400, "INVALID" },
    { { "GET", "/salable/lamp?channel=eu&channel=us" }, 400, "INVALID" },
    { { "GET", "/salable/?channel=eu" }, 404, "NOT_FOUND" },
    { { "GET", "/salable/ghost?channel=eu" }, 404, "NOT_FOUND" },
    { { "GET", "/salable/lamp?channel=mars" }, 404, "NOT_FOUND" },
  }

  it("answers each refusal with its code, a sentence, and the fitting status", function()
    nginx.with_server(fill, function(server)
      assert.equal(201, server:place(order("taken", 1)).status)
      local requests = {}
      for i, case in ipairs(REFUSALS) do requests[i] = case[1] end
      for i, answer in ipairs(server:send_all(requests)) do
        local request, status, code = REFUSALS[i][1], REFUSALS[i][2], REFUSALS[i][3]
        local what = table.concat(request, " ")
        assert.equal(code, answer.body.code, what)
        assert.equal(status, answer.status, what)
        assert.is_nil(answer.body.message:find(".lua", 1, true), answer.body.message)
      end
      assert.equal("14", server:get("/salable/lamp?channel=eu").body.qty)
    end)
  end)

  it("answers 503 while another writer keeps it waiting; the same order succeeds later", function()
    nginx.with_server(fill, function(server)
      server:with_writer(function()
        local answer = server:place(order("o-1", 1))
        assert.equal(503, answer.status)
        assert.equal("BUSY", answer.body.code)
        assert.equal("1", answer.retry_after)
        assert.equal("15", server:get("/salable/lamp?channel=eu").body.qty)
      end)
      assert.equal(201, server:place(order("o-1", 1)).status)
    end)
  end)

  it("goes on with the same file after a reload, in new workers", function()
    nginx.with_server(fill, function(server)
      local requests = {}
      for i = 1, 24 do
        requests[i] = { "POST", "/orders", cjson.encode(order("o-" .. i, 0.5)) }
      end
      local old = count(server:send_all(requests), "worker")
      server:reload(keys(old))
      for _, answer in ipairs(server:send_all(requests)) do
        assert.is_true(answer.body.replayed)
        assert.is_nil(old[answer.worker])
      end
      assert.equal("3", server:get("/salable/lamp?channel=eu").body.qty)
      assert.equal(201, server:place(order("o-25", 3)).status)
    end, function(inv)
      assert.equal(0, inv:salable_qty("lamp", { channel = "eu" }))
    end)
  end)
end)

describe("a handle opened before nginx forks its workers", function()
  it("is refused with FORKED there, and so is another one of that file", function()
    nginx.with_server(fill, function(server)
      local answer = server:get("/before-fork")
      assert.equal(200, answer.status)
      local expected = {}
      for call in ("salable_qty save place orders events verify open"):gmatch("%S+") do
        expected[call] = "FORKED"
      end
      assert.same(expected, answer.body)
      assert.equal(201, server:place(order("o-1", 1)).status) -- the worker's own works
    end)
  end)
end)
