-- Verifies a shop with so many rows in its ledger in no more memory than a small one.
--
--   lua5.4 spec/soak/verify.lua [ROWS]
--
-- Says how long it took and how much memory the process had at most. Ends with the line
-- "N passed, N failed".

local settings = dofile(".busted")._all
package.path = settings.lpath .. ";" .. package.path
package.cpath = settings.cpath .. ";" .. package.cpath

local children = require "children"
local quartermaster = require "quartermaster"

local ROWS, SMALL = tonumber(arg[1] or 10000000), 100000
local PRODUCTS, LINES, BATCH = 5000, 100, 50
local MORE = 8 -- megabytes that a larger ledger may take

local VERIFY = [[
  local inv = assert(quartermaster.open{ path = ..., readonly = true })
  local began = os.time()
  local report = assert(inv:verify())
  for line in io.lines("/proc/self/status") do
    local kilobytes = line:match("^VmHWM:%s+(%d+)")
    if kilobytes then
      say(tostring(report.ok), ("%d %d %d"):format(report.ledger, kilobytes, os.time() - began))
    end
  end
]]

local function furnish(inv)
  local products, items = {}, {}
  for i = 1, PRODUCTS do
    products[i] = { sku = "p" .. i, assign_default = false }
    items[i] = { sku = "p" .. i, qty = 1e9 }
  end
  assert(inv.products:save(products))
  assert(inv.items:save(items))
end

-- Orders of LINES products, a row of the ledger for each line, from one number to another.
local function fill(inv, first, last)
  for number = first, last, BATCH do
    local orders = {}
    for i = 1, BATCH do
      local lines = {}
      for k = 1, LINES do
        lines[k] = { sku = "p" .. ((number + i) * 7 + k * 13) % PRODUCTS + 1, qty = 1 }
      end
      orders[i] = { op = "place", id = "o-" .. number + i, stock = 1, lines = lines }
    end
    for _, outcome in ipairs(assert(inv:batch(orders))) do assert(outcome.ok, outcome.message) end
  end
end

-- The most memory it took, in megabytes.
local function verified(command, path)
  local output = children.shell(command .. " " .. path .. " 2>&1")
  local ok, rows, kilobytes, seconds = output:match("^(%a+) (%d+) (%d+) (%d+)")
  assert(ok == "true", output)
  print(("%d rows: %d s, %.1f MB"):format(rows, seconds, kilobytes / 1024))
  return kilobytes / 1024
end

local fine
children.with_directory(function(directory)
  local path = directory .. "/shop.db"
  local command = children.program(directory, "verify", VERIFY):gsub("^timeout %-k 1 120 ", "")
  local inv = assert(quartermaster.open{ path = path, durability = "normal" })
  furnish(inv)
  local few, all = math.floor(SMALL / LINES), math.floor(ROWS / LINES)
  fill(inv, 1, few)
  local small = verified(command, path)
  fill(inv, few + 1, all)
  inv:close()
  fine = verified(command, path) <= small + MORE
end)
print(("%d passed, %d failed"):format(fine and 1 or 0, fine and 0 or 1))
os.exit(fine and 0 or 1)
