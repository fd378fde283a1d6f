-- growth.lua: row 6: do reading and placing slow down as orders pile up and as the catalogue grows?
--
-- Each line compares two files, or two products of a file, by the time one call takes. With past
-- orders the growth itself is judged: the balance is maintained, so there should be none. With
-- products it is judged relative to the growth of the bare loop on the same files: larger trees are
-- deeper and miss the caches more, whoever walks them. Placing is measured with durability =
-- "normal", where no flush hides it. A salable quantity that was read is kept in memory until
-- somebody commits, so reading 1k products again and again is that; `position` is always read from
-- the file.

local callers = require "callers"
local report = require "report"
local shops = require "shops"
local stats = require "stats"

local _M = {}

local MUST, GOAL = 1.3, 1.1
local MANY = 10000 -- products of the files that grow by orders
local SECONDS = 1

local WORKS = {
  { name = "read", ours = "read", bare = "read" },
  { name = "position", ours = "position", bare = "read" },
  { name = "place", ours = "place", bare = "place" },
}

local function file(shop, name, skus, past, past_skus)
  local path = ("%s/growth-%s.db"):format(shop.directory, name)
  report.say(("   making %s: %s products, %s past orders"):format(name, stats.thousands(skus),
    stats.thousands(past)))
  shops.make(path, skus, shop.on_hand)
  if past > 0 then shops.fill(path, past, past_skus or skus) end
  shop.files[#shop.files + 1] = path
  shop.acknowledged[path] = past
  return path
end

-- Rates of one file by work and by whom: cell(...).read.ours, .read.bare, .place.ours, ...
local function new_cell(path, skus, pick)
  local cell = { list = {} }
  for _, work in ipairs(WORKS) do
    cell[work.name] = {}
    for _, who in ipairs{ "ours", "bare" } do
      local contender = { program = who, at = path, store = path,
        options = { work = work[who], sync = "normal", skus = skus, pick = pick or "random" } }
      cell[work.name][who] = contender
      cell.list[#cell.list + 1] = contender
    end
  end
  return cell
end

local function line(name, small, large, relative)
  local ours = { small.ours.rate, large.ours.rate }
  local bare = { small.bare.rate, large.bare.rate }
  local grown = stats.median_ratio(small.ours.rates, large.ours.rates)
  local bare_grown = stats.median_ratio(small.bare.rates, large.bare.rates)
  return { name = name, ours = ours, bare = bare, grown = grown, bare_grown = bare_grown,
    judged = relative and grown / bare_grown or grown, must = MUST, goal = GOAL }
end

-- Pairs of cells that are compared: { name, small, large, relative }.
local function make_cells(shop, full)
  local few = file(shop, "orders-1k", MANY, 1000)
  local many = file(shop, "orders-1m", MANY, 1000000)
  local hot = file(shop, "hot-1m", MANY, 1000000, 1)
  local small = file(shop, "products-1k", 1000, 0)
  local large = file(shop, "products-1m", 1000000, 0)
  local base, base_one = new_cell(few, MANY), new_cell(few, 1)
  local pairs_of = {
    { "1k to 1M orders", base, new_cell(many, MANY) },
    { "none to 1M orders of one product", base_one, new_cell(hot, 1) },
  }
  if full then
    local most = new_cell(file(shop, "orders-10m", MANY, 10000000), MANY)
    table.insert(pairs_of, 2, { "1k to 10M orders", base, most })
  end
  for _, pick in ipairs{ "sequential", "random" } do
    pairs_of[#pairs_of + 1] = { "1k to 1M products, " .. pick, new_cell(small, 1000, pick),
      new_cell(large, 1000000, pick), true }
  end
  return pairs_of
end

function _M.run(shop, rounds, full)
  report.say("\n6. making files for growth")
  local pairs_of = make_cells(shop, full)
  local contenders, seen = {}, {}
  for _, pair in ipairs(pairs_of) do
    for _, cell in ipairs{ pair[2], pair[3] } do
      for _, contender in ipairs(seen[cell] and {} or cell.list) do
        contender.after = shop.count(contender)
        contenders[#contenders + 1] = contender
      end
      seen[cell] = true
    end
  end
  callers.compare(contenders, rounds, { seconds = SECONDS })
  local lines = {}
  for _, work in ipairs(WORKS) do
    for _, pair in ipairs(pairs_of) do
      lines[#lines + 1] = line(work.name .. ": " .. pair[1], pair[2][work.name],
        pair[3][work.name], pair[4])
    end
  end
  report.growth({ row = 6, file = "row-6", title = "Growth of reading and placing (durability = "
    .. "\"normal\", one caller)", judged = "for orders our growth, for products ours by the bare "
    .. "loop's" }, lines)
end

return _M
