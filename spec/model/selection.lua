-- selection.lua: proposing sources. They are drained one after the other, each for all lines.

local geography = require "model.geography"
local request_of = require "model.request"
local shop_of = require "model.shop"

local _M = {}

local note, refuse = request_of.note, request_of.refuse

-- ---- the request ----

-- The lines to fill: an order's open goods, or the request's own. `unit` is what a source gives a
-- multiple of, `own` what the line has allocated by source.
local function lines_of_order(shop, order)
  local lines = {}
  for _, line in ipairs(order.lines) do
    local product, parent = shop.products[line.product], shop_of.find_line(order, line.parent)
    if line.kind == "goods" and shop_of.open(line) > 0 then
      local own, whole = {}, parent and parent.kind == "bundle"
      for _, allocation in ipairs(line.allocations) do
        own[allocation.source] = (own[allocation.source] or 0) + allocation.qty
      end
      lines[#lines + 1] = { number = line.number, sku = product.sku, product = line.product,
        need = shop_of.open(line), own = own, uncounted = line.tracked == "nothing",
        gone = product.deleted and line.tracked ~= "nothing",
        group = whole and parent.number or nil, of = whole and parent.ordered,
        parts = whole and line.ordered }
    end
  end
  return lines
end

local function lines_of_request(request, given)
  local lines, before = {}, #request.codes
  for i, row in ipairs(given.lines) do
    local need = request_of.qty(request, row.qty, true)
    if need and need < 0 then note(request, "INVALID") end
    lines[i] = { number = row.line or i, sku = row.sku, need = need, own = {}, group = row.group,
      product = shop_of.find_product(request.shop, row.sku), whole = row.splittable == false }
  end
  if #lines == 0 and #request.codes == before then note(request, "INVALID") end
  return lines
end

local ALGORITHMS = { priority = true, distance = true }

local function check_options(request, given, destination)
  local algorithm = given.algorithm or "priority"
  if not ALGORITHMS[algorithm] then note(request, "NOT_FOUND") end
  if destination then
    geography.check(request, destination)
  elseif algorithm == "distance" and not given.distances then
    note(request, "INVALID")
  end
  return algorithm
end

-- The stock, the lines, and where the goods go.
local function read(request, given)
  local order = given.order and shop_of.find_order(request.shop, given.order)
  if given.order and not order then refuse("NOT_FOUND") end
  local destination = given.destination or order and order.destination
  local half = order and destination and not geography.is_known(destination)
  local asked = { algorithm = check_options(request, given,
    half and destination == order.destination and {} or destination), at = destination,
    physical = given.availability == "physical", all = given.rows == "all",
    measured = given.distances ~= nil }
  asked.lines = order and lines_of_order(request.shop, order) or lines_of_request(request, given)
  if #request.codes > 0 then refuse() end
  asked.stock = order and order.stock or request_of.stock(request, given)
  if not asked.stock or shop_of.find_stock(request.shop, asked.stock).deleted then
    refuse("NOT_FOUND")
  end
  return asked
end

-- ---- sources in order ----

-- How far each source is, as the request has it.
local function told(request, given, asked)
  local metres = {}
  for code, far in pairs(given.distances) do
    local source = shop_of.find_source(request.shop, code)
    if source and shop_of.find_link(request.shop, asked.stock, source) then
      metres[source] = far * 1000
    else
      note(request, "NOT_FOUND")
    end
  end
  return metres
end

-- Those that may be asked, in order of preference, and the others of the stock.
local function rank(request, given, asked)
  local shop, named, list, others = request.shop, {}, {}, {}
  local links = shop_of.links_of(shop, asked.stock)
  for _, code in ipairs(given.sources or {}) do
    local source = shop_of.find_source(shop, code)
    if not source or not shop_of.find_link(shop, asked.stock, source) then
      note(request, "NOT_FOUND")
    elseif not named[source] then
      named[source], list[#list + 1] = true, source
    end
  end
  for _, link in ipairs(links) do
    local to = not given.sources and list or not named[link.source] and others or {}
    to[#to + 1] = link.source
  end
  asked.metres = given.distances and told(request, given, asked)
    or geography.metres(shop, asked.at)
  if asked.algorithm == "distance" then geography.nearest_first(list, asked.metres) end
  asked.list, asked.others, asked.named = list, others, {}
  for _, source in ipairs(list) do asked.named[source] = true end
end

-- ---- goods ----

-- What a source has that any line may take, nil if it is no candidate; taken: what is gone of it.
local function shared(shop, asked, line, source)
  local enabled = asked.named[source] and shop.sources[source].enabled
  if line.gone or not enabled then return nil end
  if line.uncounted then return math.huge end
  local item = line.product and shop_of.item(shop, line.product, source)
  if not item or item.status ~= "in_stock" then return nil end
  local claimed = asked.physical and 0 or shop_of.allocated_at(shop, line.product, source)
  return math.max(0, item.qty - claimed) - (asked.taken[line.product .. " " .. source] or 0)
end

-- What of the line's own allocation at a source is there.
local function own_at(shop, asked, line, source)
  local item = line.product and shop_of.item(shop, line.product, source)
  if asked.physical or line.uncounted or not item then return 0 end
  local missing = math.max(0, shop_of.allocated_at(shop, line.product, source) - item.qty)
  return math.max(0, (line.own[source] or 0) - missing)
end

local function has(shop, asked, line, source)
  local there = shared(shop, asked, line, source)
  return there and there + own_at(shop, asked, line, source)
end

-- ---- what ships together ----

local function common_divisor(a, b)
  while b ~= 0 do a, b = b, a % b end
  return a
end

-- Without the decimals that a quantity does not need.
local function short_number(qty)
  local step = shop_of.UNIT
  while qty % step ~= 0 do step = step / 10 end
  return qty / step
end

-- Lines of one group are one parcel after the other: each list of lines, by its first line.
local function parcels(lines)
  local list, by_group = {}, {}
  for _, line in ipairs(lines) do
    local parcel = line.group and by_group[line.group] or { units = 0, lines = {} }
    if #parcel.lines == 0 then list[#list + 1] = parcel end
    if line.group then
      by_group[line.group] = parcel
      line.parts = line.parts or line.need
      if line.of then parcel.units = common_divisor(parcel.units, short_number(line.of)) end
      parcel.units = common_divisor(parcel.units,
        line.of and line.parts or short_number(line.parts))
    end
    parcel.whole = parcel.whole or line.whole
    table.insert(parcel.lines, line)
  end
  for _, parcel in ipairs(list) do
    for _, line in ipairs(parcel.lines) do
      line.together = #parcel.lines > 1
      line.unit = parcel.whole and line.need
        or line.group and line.parts / math.max(1, parcel.units) or 1
    end
    parcel.loose = #parcel.lines == 1 and parcel.lines[1].uncounted
  end
  return list
end

-- Are so many units of a parcel at a source? Lines of one product share its goods.
local function makes(shop, asked, parcel, source, units)
  local left = {}
  for _, line in ipairs(parcel.lines) do
    local take = units * line.unit
    local key = line.uncounted and line or line.product or line
    left[key] = left[key] or shared(shop, asked, line, source) or -1
    left[key] = left[key] - math.max(0, take - own_at(shop, asked, line, source))
    if take > 0 and left[key] < 0 then return false end
  end
  return true
end

local function units_at(shop, asked, parcel, source)
  local most
  for _, line in ipairs(parcel.lines) do
    if line.unit > 0 then
      local there = math.max(0, has(shop, asked, line, source) or 0)
      local units = math.floor(math.min(there, line.need) / line.unit)
      most = math.min(most or units, units)
    end
  end
  most = most or 0
  while #parcel.lines > 1 and most > 0 and not makes(shop, asked, parcel, source, most) do
    most = most - 1
  end
  return most
end

local function take(shop, asked, parcel, source, units)
  for _, line in ipairs(parcel.lines) do
    local qty, there = units * line.unit, has(shop, asked, line, source)
    if qty > 0 or asked.all and there then
      table.insert(asked.picks, { line = line.number, sku = line.sku, source = source,
        qty_to_deduct = qty, qty_available = line.uncounted and qty or there })
      if line.product and not line.uncounted then
        local key = line.product .. " " .. source
        asked.taken[key] = (asked.taken[key] or 0)
          + math.max(0, qty - own_at(shop, asked, line, source))
      end
      line.need = line.need - qty
      line.from[source] = qty
    end
  end
end

-- Goods that nobody counts leave from where the first parcel leaves, else from the first source
-- that may send them.
local function loose_source(shop, asked, line)
  for _, pick in ipairs(asked.picks) do
    if pick.qty_to_deduct > 0 and shared(shop, asked, line, pick.source) then return pick.source end
  end
  for _, source in ipairs(asked.list) do
    if shared(shop, asked, line, source) then return source end
  end
end

local function fill(shop, asked)
  local list = parcels(asked.lines)
  asked.picks, asked.taken = {}, {}
  for _, line in ipairs(asked.lines) do line.from = {} end
  for _, source in ipairs(asked.list) do
    for _, parcel in ipairs(list) do
      if not parcel.loose then
        take(shop, asked, parcel, source, units_at(shop, asked, parcel, source))
      end
    end
  end
  for _, parcel in ipairs(list) do
    local source = parcel.loose and loose_source(shop, asked, parcel.lines[1])
    if source then take(shop, asked, parcel, source, units_at(shop, asked, parcel, source)) end
  end
end

-- ---- the plan ----

-- How many sources were asked until the line was filled.
local function needed(asked, line)
  if line.need > 0 then return #asked.list end
  local last = 0
  for i, source in ipairs(asked.list) do
    if (line.from[source] or 0) > 0 then last = i end
  end
  return last
end

local function why(shop, asked, line, source, at)
  if line.uncounted then return "untracked" end
  if line.gone then return "no_item" end
  if (line.from[source] or 0) > 0 then
    return asked.algorithm == "distance" and asked.metres[source] and "distance" or "priority"
  end
  local item = line.product and shop_of.item(shop, line.product, source)
  if not asked.named[source] then return "not_named" end
  if not item then return "no_item" end
  if not shop.sources[source].enabled then return "disabled" end
  if item.status ~= "in_stock" then return "out_of_stock" end
  if has(shop, asked, line, source) <= 0 then return "empty" end
  if at > needed(asked, line) then return "filled" end
  return line.together and "group" or "whole"
end

local function explain(shop, asked)
  local reasons = {}
  for _, uncounted in ipairs{ false, true } do
    for _, line in ipairs(asked.lines) do
      local function add(source, at)
        local used = (line.from[source] or 0) > 0
        if uncounted and not used then return end
        reasons[#reasons + 1] = { line = line.number, source = source, used = used,
          rule = why(shop, asked, line, source, at) }
      end
      if (line.uncounted or false) == uncounted then
        for at, source in ipairs(asked.list) do add(source, at) end
        for _, source in ipairs(asked.others) do add(source, #asked.list + 1) end
      end
    end
  end
  return reasons
end

local function km(metres) return metres and metres / 1000 end

-- The sources that are used, and how far all of them are, if that is known.
local function add_sources(plan, asked)
  local used, total = {}, 0
  for _, pick in ipairs(asked.picks) do
    used[pick.source] = used[pick.source] or pick.qty_to_deduct > 0
  end
  plan.sources = {}
  for _, source in ipairs(asked.list) do
    if used[source] then
      table.insert(plan.sources, { source = source, distance_km = km(asked.metres[source]) })
      total = total and asked.metres[source] and total + asked.metres[source]
    end
  end
  plan.shipments = #plan.sources
  local known = geography.is_known(asked.at)
  plan.distance_km = (known or asked.measured) and total and km(total) or nil
  plan.destination = known and { by = "coordinates", latitude = asked.at.latitude,
    longitude = asked.at.longitude } or nil
end

function _M.select(request, given)
  local shop = request.shop
  if not request_of.is_on(shop, "source_selection") then refuse("DISABLED") end
  local asked = read(request, given)
  rank(request, given, asked)
  if #request.codes > 0 then return end
  fill(shop, asked)
  local plan = { algorithm = asked.algorithm, order = given.order, picks = asked.picks, short = {},
    why = explain(shop, asked) }
  for _, line in ipairs(asked.lines) do
    if line.need > 0 then
      table.insert(plan.short, { line = line.number, sku = line.sku, qty = line.need })
    end
  end
  plan.shippable = #plan.short == 0
  add_sources(plan, asked)
  request.answer.plan = plan
end

return _M
