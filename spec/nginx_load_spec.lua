-- nginx_load_spec.lua: under load nginx is told to reload, its workers are killed, and clients go
-- away in the middle of a call; orders are placed in the event loop and in threads. No order that
-- was acknowledged is lost, and none is placed twice.

local cjson = require "cjson"
local children = require "children"
local helpers = require "helpers"
local nginx = require "nginx.server"

local UNITS, ORDERS = 70, 160

local function fill(inv)
  assert(inv.sources:save(helpers.source("muc")))
  assert(inv.stocks:save{ name = "EU", channels = { "eu" },
    sources = { { code = "muc", priority = 1 } } })
  assert(inv.products:save{ { sku = "lamp", assign_default = false } })
  assert(inv.items:save{ sku = "lamp", source = "muc", qty = UNITS })
end

local function orders_to(path)
  local requests = {}
  for i = 1, ORDERS do
    requests[i] = { "POST", path, cjson.encode{ id = "o-" .. i, channel = "eu",
      lines = { { sku = "lamp", qty = 1 } } } }
  end
  return requests
end

-- Sends orders, with clients of so much patience, while disturb(server) has its effect; sends all
-- of them again until each has its answer, and counts.
local function once_each(path, disturb, patience)
  local sold = {}
  nginx.with_server(fill, function(server)
    local requests = orders_to(path)
    local calm = disturb(server)
    local first = server:send(requests, patience)
    if calm then calm() end
    for i, again in ipairs(server:send_all(requests)) do
      if first[i].status == 201 then assert.equal(200, again.status, "o-" .. i .. " is lost") end
      if again.status == 200 or again.status == 201 then
        sold[#sold + 1] = "o-" .. i
      else
        assert.equal(409, again.status)
      end
    end
    assert.equal("0", server:get("/salable/lamp?channel=eu").body.qty)
  end, function(inv)
    assert.equal(UNITS, #sold)
    for _, id in ipairs(sold) do assert.equal(1, inv.orders:get(id).lines[1].open) end
    assert.equal(UNITS, #inv:reservations())
    assert.equal(UNITS, inv:position{ sku = "lamp", channel = "eu" }.reserved)
    assert.same({}, inv:oversold())
  end)
end

for _, path in ipairs{ "/orders", "/thread-orders" } do
  local place = path == "/orders" and "in the event loop" or "in threads"

  describe("orders placed " .. place, function()
    it("are placed once while nginx is told to reload, twice", function()
      once_each(path, function(server)
        local worker = server:get("/salable/lamp?channel=eu").worker
        server:when_answered(20, "kill -HUP " .. server.pid)
        server:when_answered(90, "kill -HUP " .. server.pid)
        return function() assert.is_true(nginx.has_ended(worker)) end
      end)
    end)

    it("are placed once when a worker is killed in the middle of its work", function()
      once_each(path, function(server)
        -- One that has just answered: the other one may have nothing to do. The newest files may be
        -- of requests that wait for their answers.
        for count = 30, 110, 40 do
          server:when_answered(count, [[
            worker=$(cat $(ls -t out/* | head -n 200) | sed -n 's/^X-Worker: \([0-9]*\).*/\1/p')
            for pid in $worker; do kill -KILL $pid && echo $pid >>killed; break; done]])
        end
        return function()
          local killed = assert(children.read_file(server.directory .. "/killed"))
          for pid in killed:gmatch("%d+") do assert.is_true(nginx.has_ended(pid)) end
        end
      end)
    end)

    it("are placed once when clients do not wait for their answers", function()
      once_each(path, function() end, 0.02)
    end)

    it("are placed once when clients go away while their calls wait for a writer", function()
      once_each(path, function(server)
        local few = {}
        for i, request in ipairs(orders_to(path)) do few[i] = i <= 6 and request or nil end
        server:with_writer(function()
          for _, answer in ipairs(server:send(few, 0.1)) do
            assert.is_true(answer.status == 0 or answer.status == 503, answer.status)
          end
        end)
      end)
    end)
  end)
end
