-- bundles.lua: lines that move together. What happens to a bundle happens to its line and, in
-- proportion, to the lines of its parts. Parts that are no goods stay out of what is only about
-- goods; the invoice delivers them.

local lines_of = require "model.lines"
local request_of = require "model.request"
local shop_of = require "model.shop"

local _M = {}

local refuse = request_of.refuse

local ABOUT_GOODS = { ship = true, return_goods = true, allocate = true, reassign = true }
local NOT_COUNTED = { allocate = true, reassign = true } -- by the whole

function _M.parts_of(order, whole)
  local list = {}
  for _, line in ipairs(order.lines) do
    if line.parent == whole.number then list[#list + 1] = line end
  end
  return list
end

-- Is anything left of a line of a hold? If its parts move on their own, while of any of these.
function _M.is_left(hold, line)
  if line.kind ~= "parent" then return shop_of.open(line) > 0 end
  for _, part in ipairs(_M.parts_of(hold, line)) do
    if shop_of.open(part) > 0 then return true end
  end
  return false
end

local function has_goods(parts)
  for _, part in ipairs(parts) do
    if part.kind == "goods" then return true end
  end
  return false
end

-- ---- how far an event may go ----

local function common_divisor(a, b)
  while b ~= 0 do a, b = b, a % b end
  return a
end

-- In whole steps of a bundle that leave no fraction of the part.
local function units_within(limit, part, whole)
  local divisor = common_divisor(part.ordered, whole.ordered)
  return math.floor(limit / (part.ordered / divisor)) * (whole.ordered / divisor)
end

-- The counters of a bundle follow those of its goods, if it has any.
local function with_kind(whole, parts, act)
  local kind = whole.kind
  if not has_goods(parts) then whole.kind = "virtual" end
  local result = { act() }
  whole.kind = kind
  return (table.unpack or unpack)(result)
end

local function scope_of_whole(kind, order, whole, row)
  local parts = _M.parts_of(order, whole)
  local only_goods = has_goods(parts) and ABOUT_GOODS[kind]
  local least, barred = math.huge, nil
  for _, part in ipairs(parts) do
    local bar = lines_of.barred(kind, part)
    if only_goods and part.kind ~= "goods" then bar = "apart" end
    if bar and bar ~= "apart" then barred = bar end
    if not bar then
      least = math.min(least, units_within(lines_of.limit(kind, part, row), part, whole))
    end
  end
  if least == math.huge then return barred or "UNSUPPORTED", 0 end
  if NOT_COUNTED[kind] then return nil, least end
  return nil, with_kind(whole, parts, function()
    return math.min(least, lines_of.limit(kind, whole, row))
  end)
end

function _M.is_of_bundle(order, line)
  local parent = shop_of.find_line(order, line.parent)
  return parent ~= nil and parent.kind == "bundle"
end

-- Why a line can never have the event by itself, and else how far it may go.
function _M.scope(kind, order, line, row)
  if line.kind == "bundle" then return scope_of_whole(kind, order, line, row) end
  if line.kind == "parent" then return "UNSUPPORTED", 0 end -- its parts move on their own
  if _M.is_of_bundle(order, line) then return "UNSUPPORTED", 0 end -- it moves with that
  local barred = lines_of.barred(kind, line)
  return barred, barred and 0 or lines_of.limit(kind, line, row)
end

function _M.limit(kind, order, line, row)
  return select(2, _M.scope(kind, order, line, row))
end

-- ---- moving ----

-- What of a part moves with qty of the whole.
local function share_of(kind, parts, part, whole, qty, row)
  local share = qty * part.ordered / whole.ordered
  local stays = ABOUT_GOODS[kind] and part.kind ~= "goods" and has_goods(parts)
  if share % 1 ~= 0 then refuse("INVALID") end
  if lines_of.barred(kind, part) or stays and kind ~= "return_goods" then return 0 end
  local limit = lines_of.limit(kind, part, row)
  if stays then return math.min(share, limit) end -- it comes back as far as it was delivered
  if share > limit then refuse("EXCEEDS") end
  return share
end

-- change(line, qty) does it to one line; the whole comes first.
function _M.change(request, kind, order, whole, qty, row, change)
  local parts, before = _M.parts_of(order, whole), #request.codes
  for _, part in ipairs(parts) do share_of(kind, parts, part, whole, qty, row) end
  if NOT_COUNTED[kind] then
    lines_of.tell(request, whole, row.source, qty)
  else
    with_kind(whole, parts, function() change(whole, qty) end)
  end
  for _, part in ipairs(parts) do
    local share = share_of(kind, parts, part, whole, qty, row)
    if share > 0 and #request.codes == before then change(part, share) end
  end
end

-- ---- by a plan ----

-- The picks of each bundle from each source, in that order: { parent, source, [line] = qty }.
local function parcels_of(picks)
  local list, by_key = {}, {}
  for _, pick in ipairs(picks) do
    local key = pick.line.parent .. " " .. pick.source
    if not by_key[key] then
      by_key[key] = { parent = pick.line.parent, source = pick.source }
      list[#list + 1] = by_key[key]
    end
    by_key[key][pick.line.number] = (by_key[key][pick.line.number] or 0) + pick.qty
  end
  table.sort(list, function(a, b)
    if a.parent ~= b.parent then return a.parent < b.parent end
    return a.source < b.source
  end)
  return list
end

-- How many bundles a parcel holds by those parts that are goods and counted, or else by those that
-- are not: nil when there are none of these, false when they are not in proportion.
local function bundles_in(parcel, parts, whole, counted)
  local units
  for _, part in ipairs(parts) do
    if part.kind == "goods" and (part.tracked ~= "nothing") == counted then
      local taken = parcel[part.number] or 0
      local these = taken * whole.ordered / part.ordered
      if taken > part.ordered or these % 1 ~= 0 or units and units ~= these then return false end
      units = these
    end
  end
  return units
end

local function move_parcel(request, kind, order, parcel, row, change)
  local whole = shop_of.find_line(order, parcel.parent)
  local parts = _M.parts_of(order, whole)
  local units = bundles_in(parcel, parts, whole, true)
  if units == nil then units = bundles_in(parcel, parts, whole, false) end
  if units == false then refuse("INVALID") end
  if not units or units == 0 then return 0 end
  if units > _M.limit(kind, order, whole, row) then refuse("EXCEEDS") end
  _M.change(request, kind, order, whole, units, row, change)
  return units
end

-- Parts that nobody counts go with the bundles, and no more of them.
local function check_loose(order, picks, moved)
  for parent, units in pairs(moved) do
    local whole, taken = shop_of.find_line(order, parent), {}
    for _, pick in ipairs(picks) do
      taken[pick.line.number] = (taken[pick.line.number] or 0) + pick.qty
    end
    for _, part in ipairs(_M.parts_of(order, whole)) do
      local share = units * part.ordered / whole.ordered
      if (taken[part.number] or 0) > share then refuse("INVALID") end
    end
  end
end

-- picks: { line, source, qty } of parts of bundles. find() finds the order as it is at that moment;
-- change(order, line, qty, row) does it to one line.
function _M.picked(request, kind, picks, force, find, change)
  local moved, clean = {}, #request.codes
  request_of.each(request, parcels_of(picks), function(parcel)
    local order, row = find(), { source = parcel.source, force = force, planned = true }
    local units = move_parcel(request, kind, order, parcel, row, function(line, qty)
      change(order, line, qty, row)
    end)
    moved[parcel.parent] = (moved[parcel.parent] or 0) + units
  end)
  if #request.codes == clean then check_loose(find(), picks, moved) end
end

return _M
