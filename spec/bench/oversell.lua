-- oversell.lua: row 7: eight callers race for the last units of one product in each store; then
-- every store is counted: is each order that was acknowledged there once, with its line, its row of
-- the ledger and its units, and is more promised of anything than there is?

local callers = require "callers"
local report = require "report"
local servers = require "servers"
local shops = require "shops"
local stats = require "stats"
local stores = require "stores"

local _M = {}

local UNITS, CALLERS, LONGEST = 400, 8, 20

local NAMES = { ours = "Quartermaster", redis = "Redis", postgres = "PostgreSQL",
  magento = "Magento's statements" }

-- Sells the last units; every caller goes on until it is refused.
local function race(shop, store)
  if store == "ours" then
    shops.leave(shop.at.ours, UNITS)
  else
    stores[store].leave(shop.servers[store], UNITS)
  end
  local sum = callers.run({ program = store, at = shop.at[store], processes = CALLERS,
    options = { work = "place", skus = 1, stop = 1 } }, { seconds = LONGEST })
  shop.count{ store = store, options = {} }(sum)
  return sum.done
end

local function line_of_peer(shop, store)
  local sold = race(shop, store)
  local found = stores[store].check(shop.servers[store])
  local placed = shop.acknowledged[store] or 0
  local whole = found.orders == placed and found.lines == placed and found.ledger == placed
    and found.reserved == placed
  return { name = NAMES[store], oversold = found.oversold, fine = whole,
    text = ("%d of the last %d sold, oversold %d; %s orders acknowledged, %s"):format(sold, UNITS,
      found.oversold, stats.thousands(placed), whole and "all there, once"
      or ("but %d orders, %d lines, %d rows, %d units"):format(found.orders, found.lines,
        found.ledger, found.reserved)) }
end

-- Of all our files: what they oversold, and whether verify and the counts of orders agree.
local function line_of_ours(shop)
  local sold = race(shop, "ours")
  local oversold, placed, fine, wrong = 0, 0, true, nil
  for _, path in ipairs(shop.files) do
    local found = shops.check(path)
    local expected = shop.acknowledged[path] or 0
    oversold, placed = oversold + found.oversold, placed + expected
    if not found.verified or found.orders ~= expected then
      fine = false
      wrong = ("but in %s verify says %s and %d orders are %d"):format(path:match("[^/]+$"),
        found.verified and "well" or "wrong", expected, found.orders)
    end
  end
  return { name = NAMES.ours, ours = true, oversold = oversold, fine = fine,
    text = ("%d of the last %d sold, oversold %d; %s orders in %d files acknowledged, %s"):format(
      sold, UNITS, oversold, stats.thousands(placed), #shop.files,
      wrong or "all there, once; verify finds nothing wrong") }
end

function _M.run(shop)
  local lines = { line_of_ours(shop) }
  for _, peer in ipairs(servers.list) do lines[#lines + 1] = line_of_peer(shop, peer.store) end
  report.oversold({ row = 7, file = "row-7", title = ("Units oversold: %d callers and the last %d "
    .. "units of one product, and all that was done before"):format(CALLERS, UNITS) }, lines)
end

return _M
