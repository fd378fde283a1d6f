-- ours.lua: one caller of Quartermaster, the counterpart of the C clients: a closed loop through
-- the public API that starts at an appointed moment and prints the same line of results.
--
--   lua5.4 spec/bench/ours.lua at=FILE work=place|batch|read|position|page [KEY=VALUE...]
--
-- The keys are those of loop.h; work=batch places batch= orders a call, and work=page reads as many
-- products.

package.path = "./lua/?.lua;./lua/?/init.lua;./spec/bench/?.lua;" .. package.path
package.cpath = "./build/lua5.4/?.so;./build/bench/?.so;" .. package.cpath

local kit = require "kit"
local parse = require "parse"
local quartermaster = require "quartermaster"

local options = parse.words(table.concat(arg, " "))
local name, skus = options.name or "order", options.skus or 1
local sequential, count = options.pick == "sequential", options.count
local batch, seconds = options.batch or 1, options.seconds or 1

local inv = assert(quartermaster.open{
  path = options.at, durability = options.sync or "full", busy_timeout = 60,
})
math.randomseed(math.floor(options.seed or 1))

local STOCK = { stock = 1 }
local asked, done, refused = 0, 0, 0

local function next_sku()
  asked = asked + 1
  return "sku-" .. (sequential and (asked - 1) % skus + 1 or math.random(skus))
end

local function next_order()
  local sku = next_sku()
  return { id = name .. "-" .. asked, stock = 1, lines = { { sku = sku, qty = 1 } } }
end

-- Anything but a shortage would make the rate meaningless.
local function refuse(message, code)
  if code ~= "NOT_ENOUGH" then error(("%s (%s)"):format(message, code)) end
  refused = refused + 1
end

local works = {}

function works.place()
  local answer, message, code = inv:place(next_order())
  if answer then done = done + 1 else refuse(message, code) end
end

function works.batch()
  local orders = {}
  for i = 1, batch do
    orders[i] = next_order()
    orders[i].op = "place"
  end
  for _, outcome in ipairs(assert(inv:batch(orders))) do
    if outcome.ok then done = done + 1 else refuse(outcome.message, outcome.code) end
  end
end

function works.read()
  assert(inv:salable_qty(next_sku(), STOCK))
  done = done + 1
end

-- What nothing is kept of: it is read from the file each time.
function works.position()
  assert(inv:position{ sku = next_sku(), stock = 1 })
  done = done + 1
end

function works.page()
  local list = {}
  for i = 1, batch do list[i] = next_sku() end
  assert(inv:salable{ stock = 1, skus = list })
  done = done + batch
end

local work = assert(works[options.work or "place"], "there is no such work")
local stop = options.stop == 1

if options.start and kit.now() > options.start then error("getting ready took too long") end
local began = kit.wait_until(options.start or 0)
local last = began + seconds
while true do
  if count and asked >= count or not count and kit.now() >= last then break end
  if stop and refused > 0 then break end
  work()
end
local took = kit.now() - began
inv:close()
print(("done=%d refused=%d seconds=%.6f"):format(done, refused, took))
