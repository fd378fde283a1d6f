-- geography.lua: where places are, and how far from each other.

local request_of = require "model.request"

local _M = {}

local RADIUS = 6371000 -- metres

function _M.is_known(place)
  return place ~= nil and place.latitude ~= nil and place.longitude ~= nil
end

-- Coordinates come together or not at all, and lie on the globe.
function _M.check(request, place)
  local latitude, longitude = place.latitude, place.longitude
  if latitude and math.abs(latitude) > 90 then request_of.note(request, "INVALID") end
  if longitude and math.abs(longitude) > 180 then request_of.note(request, "INVALID") end
  if (latitude == nil) ~= (longitude == nil) then request_of.note(request, "INVALID") end
end

-- Metres along the great circle.
local function distance(from, to)
  local a, b = math.rad(from.latitude), math.rad(to.latitude)
  local across = math.sin(math.rad(to.longitude - from.longitude) / 2)
  local h = math.sin((b - a) / 2) ^ 2 + math.cos(a) * math.cos(b) * across ^ 2
  return math.floor(2 * RADIUS * math.asin(math.sqrt(math.min(1, h))) + 0.5)
end

-- How far each source is from a place; nothing for those of which nobody knows.
function _M.metres(shop, place)
  local metres = {}
  for source, at in ipairs(shop.sources) do
    if _M.is_known(place) and _M.is_known(at) then metres[source] = distance(at, place) end
  end
  return metres
end

-- The nearest first, those at an unknown distance last, equal ones as they were.
function _M.nearest_first(list, metres)
  local position = {}
  for i, source in ipairs(list) do position[source] = i end
  table.sort(list, function(a, b)
    local far, other = metres[a] or math.huge, metres[b] or math.huge
    if far ~= other then return far < other end
    return position[a] < position[b]
  end)
end

return _M
