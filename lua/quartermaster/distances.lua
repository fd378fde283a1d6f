-- Distances that a request of select brings along: a table of kilometres by source, or a function
-- that is asked for each source before anything is read for the selection itself.

local check = require "quartermaster.check"
local core = require "quartermaster.core"

local _M = {}

local ADDRESS = { "country", "region", "city", "postcode", "latitude", "longitude" }

-- { code = km } as a list for the core, in the order of the codes.
local function listed(distances)
  local list = {}
  for source, km in pairs(distances) do
    list[#list + 1] = { source = source, km = km }
  end
  table.sort(list, function(a, b) return a.source < b.source end)
  return list
end


-- Raises unless the request has distances as they must be, and in one way only.
function _M.check(request, level)
  for source, km in pairs(request.distances or {}) do
    check.value("select: distances", "a source", source, "string", level + 1)
    check.value("select: distances", source, km, "number", level + 1)
  end
  if request.distances and request.distance then
    error("select takes distances or a function distance, not both", level + 1)
  end
end


-- Gives a place its coordinates where it has none and its address is known. Or nil, message, code,
-- detail.
local function locate(inv, place)
  local at, message, code, detail = core.locate(inv.store, place)
  if at == nil then
    return nil, message, code, detail
  elseif at then
    place.latitude, place.longitude = at.latitude, at.longitude
  end
  return place
end


-- The sources of a stock or channel; none when there is no such, which select will say.
local function sources_of(inv, where)
  local stock = where.stock
  if where.channel then
    stock = not stock and inv.stocks:resolve(where.channel) or nil
  end
  if not stock then
    return {}
  end
  local sources, message, code, detail = core.read(inv.store, "STOCK_SOURCES", stock)
  for _, source in ipairs(sources or {}) do
    if not (source.latitude and source.longitude) then -- half a place is none
      source.latitude, source.longitude = nil, nil
      local located
      located, message, code, detail = locate(inv, source)
      if not located then
        return nil, message, code, detail
      end
    end
  end
  return sources, message, code, detail
end


-- Asks the request's function about every source of the stock. Without a destination it is not
-- asked, which select refuses.
function _M.ask(inv, request, where, destination)
  if not destination then
    return {}
  end
  local to = {}
  for _, key in ipairs(ADDRESS) do
    to[key] = destination[key]
  end
  local located, message, code, detail = locate(inv, to)
  if not located then
    return nil, message, code, detail
  end
  local sources
  sources, message, code, detail = sources_of(inv, where)
  if not sources then
    return nil, message, code, detail
  end
  local far = {}
  for _, source in ipairs(sources) do
    local name = source.code
    far[name] = request.distance(source, to)
    if far[name] ~= nil then
      check.value("select: distance", "the answer for " .. name, far[name], "number", 3)
    end
  end
  return listed(far)
end


-- What the request says itself; nil when it says nothing.
function _M.given(request)
  return request.distances and listed(request.distances)
end


return _M
