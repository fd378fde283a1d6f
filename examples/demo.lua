-- demo.lua: a day at Larkspur Cycles, an invented shop with ten fulfilment centres.
--
--   lua5.4 examples/demo.lua [--orders N] [--seed N] [--keep FILE]        (luajit works as well)
--
-- It imports the shop from the CSV files beside it, streams orders through the whole life cycle and
-- prints what happened. The numbers depend on the seed only. Read it from the bottom: `main` tells
-- the story, the functions above it are its chapters.

-- Finds the module and the CSV files from this file's own place, so that no environment is needed.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
local root = here .. "/.."
local host = rawget(_G, "jit") and "luajit" or _VERSION:lower():gsub(" ", "")
package.path = ("%s/lua/?.lua;%s/lua/?/init.lua;%s"):format(root, root, package.path)
package.cpath = ("%s/build/%s/?.so;%s"):format(root, host, package.cpath)

local quartermaster = require "quartermaster"

local USAGE = [[
usage: demo.lua [--orders N] [--seed N] [--keep FILE]

  --orders N    how many orders customers send (default 1000)
  --seed N      which day it is: another seed, other orders (default 1)
  --keep FILE   keep the shop's inventory in FILE, which must not exist yet
]]

-- Tools -----------------------------------------------------------------------------------------

local function fail(text)
  io.stderr:write("demo: ", text, "\n")
  os.exit(1)
end

-- Calls of the API answer nil, message, code when they refuse. What this demo does not expect to be
-- refused goes through here.
local function expect(result, message, code)
  if result == nil then fail(("%s (%s)"):format(message, code)) end
  return result
end

local NUMBERS = { ["--orders"] = "orders", ["--seed"] = "seed" }

local function parse_arguments(arguments)
  local options = { orders = 1000, seed = 1 }
  local position = 1
  while arguments[position] do
    local name, value = arguments[position], arguments[position + 1] or ""
    if name == "--help" then
      io.stdout:write(USAGE)
      os.exit(0)
    elseif NUMBERS[name] and #value <= 6 and value:find("^%d+$") then
      options[NUMBERS[name]] = math.floor(tonumber(value))
    elseif name == "--keep" and value ~= "" then
      options.keep = value
    else
      io.stderr:write(USAGE)
      os.exit(2)
    end
    position = position + 2
  end
  return options
end

-- A random generator of our own: math.random differs between Lua versions.
local function new_random(seed)
  local state = (seed * 7919 + 12345) % 2147483646 + 1
  return function(n)
    state = state * 16807 % 2147483647
    return state % n + 1
  end
end

-- Seconds with a fraction where the system offers them; plain Lua has whole ones only.
local function now()
  local file = io.open("/proc/uptime", "r")
  local seconds = file and file:read("*l")
  if file then file:close() end
  return seconds and tonumber(seconds:match("^%S+")) or os.time()
end

local function file_exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- Importing -------------------------------------------------------------------------------------

local function import_shop(inv)
  local report = {}
  for _, entity in ipairs { "sources", "stocks", "products", "stock_sources" } do
    local result = expect(inv:import {
      entity = entity,
      file = ("%s/%s.csv"):format(here, entity),
      progress = function(rows)
        io.stderr:write(("\rimporting %s: %d rows   "):format(entity, rows))
      end,
    })
    io.stderr:write("\n")
    report[#report + 1] = { entity = entity, result = result }
  end
  return report
end

local function read_cities()
  local cities, total = {}, 0
  local first = true
  for line in io.lines(here .. "/cities.csv") do
    local city, state, latitude, longitude, weight = line:match("^(.-),(.-),(.-),(.-),(.-)$")
    if not first then
      total = total + tonumber(weight)
      cities[#cities + 1] = {
        city = city, region = state, reach = total,
        latitude = tonumber(latitude), longitude = tonumber(longitude),
      }
    end
    first = false
  end
  return cities, total
end

-- All SKUs of the shop, page by page.
local function read_skus(inv)
  local skus, after = {}, nil
  repeat
    local page, cursor, code = inv.products:list { after = after, limit = 500 }
    expect(page, cursor, code) -- the second value is the next page's cursor, or a message
    for _, product in ipairs(page) do skus[#skus + 1] = product.sku end
    after = cursor
  until after == nil
  return skus
end

-- Customers -------------------------------------------------------------------------------------

-- Ranks the range by popularity, in an order that has nothing to do with the list.
local function popular_sku(skus, rank)
  return skus[rank * 733 % #skus + 1]
end

-- Half of all demand falls on forty articles, as in any shop.
local function choose_sku(random, skus)
  return popular_sku(skus, random(random(2) == 1 and 40 or #skus))
end

local function choose_qty(random, sku)
  if random(150) == 1 then return 400 end -- somebody tries to buy us out
  if sku:find("^brake%-") or sku:find("^shift%-") or sku:find("^outer%-") then
    return 0.25 * random(32) -- by the metre, in quarters; a single quarter is too short to sell
  end
  if sku:find("^bolt%-") or sku:find("^spoke%-") then
    return 5 * random(6) -- sold in tens, whatever customers wish
  end
  if sku:find("^energy%-") then return 6 * random(2) end
  return random(6) == 1 and 2 or 1
end

local function choose_city(random, cities, total)
  local point = random(total)
  for _, city in ipairs(cities) do
    if point <= city.reach then return city end
  end
end

local function new_order(day, number)
  local random = day.random
  local city = choose_city(random, day.cities, day.weight)
  local lines = {}
  for position = 1, random(4) do
    local sku = choose_sku(random, day.skus)
    -- Customers put the same thing into the cart twice; the engine adds such lines up.
    if position > 1 and random(12) == 1 then sku = lines[1].sku end
    lines[position] = { sku = sku, qty = choose_qty(random, sku) }
  end
  return {
    id = ("order-%05d"):format(number),
    channel = city.longitude > -100 and "shop-east" or "shop-west",
    lines = lines,
    destination = {
      country = "US", region = city.region, city = city.city,
      latitude = city.latitude, longitude = city.longitude,
    },
  }
end

-- The life of an order --------------------------------------------------------------------------

-- Counts a refusal under its code, and keeps the first sentence of each kind as an example.
local function note_refusal(day, order, message, code)
  local refused = day.refused[code]
  if refused == nil then
    refused = { code = code, count = 0, order = order.id, message = message }
    day.refused[code] = refused
    day.refusals[#day.refusals + 1] = refused
  end
  refused.count = refused.count + 1
end

local function count(day, what)
  day.done[what] = (day.done[what] or 0) + 1
end

local function ship(inv, day, order)
  local plan = expect(inv:select { order = order.id, algorithm = "priority" })
  if #plan.picks == 0 then return nil end -- all of it is backordered
  expect(inv:ship { id = order.id .. "-ship", order = order.id, plan = plan })
  count(day, plan.shippable and "shipped" or "shipped in part")
  local parcels = {}
  for _, pick in ipairs(plan.picks) do
    local from = day.shipped[pick.source] or { parcels = 0, units = 0 }
    day.shipped[pick.source] = from
    if not parcels[pick.source] then from.parcels = from.parcels + 1 end
    parcels[pick.source] = true
    from.units = from.units + pick.qty_to_deduct
  end
  return plan.picks[1]
end

local function process(inv, day, order)
  local placed, message, code = inv:place(order)
  if not placed then return note_refusal(day, order, message, code) end
  count(day, "sold")

  local fate = day.random(100)
  if fate <= 8 then
    expect(inv:cancel { id = order.id .. "-cancel", order = order.id })
    return count(day, "cancelled")
  elseif fate <= 14 then
    return count(day, "still open")
  end

  local pick = ship(inv, day, order)
  expect(inv:invoice { id = order.id .. "-invoice", order = order.id })
  count(day, "invoiced")
  if pick and fate > 90 then
    expect(inv:refund {
      id = order.id .. "-refund", order = order.id,
      lines = { { line = pick.line, qty = pick.qty_to_deduct, return_to_stock = true } },
    })
    count(day, "refunded")
  end
end

-- The report ------------------------------------------------------------------------------------

local function report_import(out, report)
  out("%-14s %8s %8s %8s", "Imported", "rows", "saved", "failed")
  for _, entry in ipairs(report) do
    local result = entry.result
    out("  %-12s %8d %8d %8d", entry.entity, result.rows, result.saved, result.failed)
  end
end

local function report_orders(out, day, orders)
  local done = day.done
  out("\nOrders: %d, of these %d sold and %d refused", orders, done.sold or 0,
    orders - (done.sold or 0))
  table.sort(day.refusals, function(a, b) return a.code < b.code end)
  for _, refused in ipairs(day.refusals) do
    out("  %4d  %-15s %s: %s", refused.count, refused.code, refused.order, refused.message)
  end
  out("Then: %d cancelled, %d shipped, %d shipped in part, %d invoiced, %d refunded, %d still open",
    done.cancelled or 0, done.shipped or 0, done["shipped in part"] or 0, done.invoiced or 0,
    done.refunded or 0, done["still open"] or 0)
end

local function report_shipments(out, inv, day)
  out("\n%-14s %-12s %8s %8s", "Shipped from", "city", "parcels", "units")
  for _, source in ipairs(expect(inv.sources:list())) do
    local from = day.shipped[source.code]
    if from then
      out("  %-12s %-12s %8d %8.2f", source.code, source.city, from.parcels, from.units)
    end
  end
end

-- What may be promised of a few popular articles; asked before and after the orders.
local function watch(inv, skus)
  local watched = {}
  for _, channel in ipairs { "shop-east", "shop-west" } do
    local chosen = { popular_sku(skus, 1), popular_sku(skus, 2), "brake-cable-red" }
    local answer = expect(inv:salable { channel = channel, skus = chosen })
    for _, sku in ipairs(chosen) do
      watched[#watched + 1] = { sku = sku, channel = channel, qty = answer[sku].qty }
    end
  end
  return watched
end

local function report_salable(out, before, after)
  out("\n%-27s %-10s %9s %9s", "Salable", "channel", "before", "after")
  for position, entry in ipairs(before) do
    out("  %-25s %-10s %9.2f %9.2f", entry.sku, entry.channel, entry.qty, after[position].qty)
  end
end

local function report_verify(out, inv)
  local checked = expect(inv:verify())
  out("\nVerified from the ledger: %s (%d products, %d balances, %d orders, %d ledger rows)",
    checked.ok and "ok" or "NOT OK", checked.products, checked.balances, checked.orders,
    checked.ledger)
  return checked.ok
end

-- The day ---------------------------------------------------------------------------------------

local function new_day(inv, seed)
  local cities, weight = read_cities()
  return {
    random = new_random(seed), skus = read_skus(inv), cities = cities, weight = weight,
    done = {}, refused = {}, refusals = {}, shipped = {},
  }
end

local function run(inv, options)
  local lines = {}
  local function out(format, ...) lines[#lines + 1] = format:format(...) end

  out("Larkspur Cycles, an invented shop: seed %d\n", options.seed)
  report_import(out, import_shop(inv))

  local day = new_day(inv, options.seed)
  local before = watch(inv, day.skus)
  local started = now()
  for number = 1, options.orders do process(inv, day, new_order(day, number)) end
  local seconds = math.max(now() - started, 0.01)

  report_orders(out, day, options.orders)
  report_shipments(out, inv, day)
  report_salable(out, before, watch(inv, day.skus))
  local ok = report_verify(out, inv)
  out("%d orders with all their documents in %.2f s: %.0f orders per second, each step durable",
    options.orders, seconds, options.orders / seconds)
  return lines, ok
end

local function main()
  local options = parse_arguments(arg)
  if options.keep and file_exists(options.keep) then fail(options.keep .. " exists already") end

  local path = options.keep
  local temporary = path == nil and os.tmpname() or nil -- made by this call; it marks our own name
  path = path or temporary .. ".db"

  local inv = expect(quartermaster.open { path = path })
  local lines, ok = run(inv, options)
  inv:close()

  if temporary then
    os.remove(temporary)
    for _, suffix in ipairs { "", "-wal", "-shm" } do os.remove(path .. suffix) end
  else
    lines[#lines + 1] = ("The inventory is kept in %s"):format(path)
  end
  lines[#lines + 1] = "Next: the tutorial in README.md builds such a shop step by step."
  io.stdout:write(table.concat(lines, "\n"), "\n")
  os.exit(ok and 0 or 1)
end

main()
