-- places_kit.lua: files of places for specs.

local children = require "children"

local _M = {}

-- A line of a file: postcode, city, region, latitude, longitude; the country is DE unless said.
function _M.line(postcode, city, region, latitude, longitude, country)
  return table.concat({ country or "DE", postcode, city or "", region or "", "", "", "", "", "",
    tostring(latitude or 50), tostring(longitude or 10), "4" }, "\t") .. "\n"
end


-- Lines of lists of what a line takes.
function _M.lines(...)
  local lines = {}
  for i, fields in ipairs{ ... } do
    lines[i] = _M.line((table.unpack or unpack)(fields, 1, 6))
  end
  return table.concat(lines)
end


-- `count` places at the same latitude, with postcodes from 10001 on.
function _M.many(count, latitude)
  local lines = {}
  for i = 1, count do
    lines[i] = _M.line(10000 + i, "City " .. i % 100, "Region " .. i % 7, latitude, i % 180)
  end
  return table.concat(lines)
end


-- Runs fn(path) with a file of that text.
function _M.with_file(text, fn)
  local path = os.tmpname()
  children.write_file(path, text)
  local ok, problem = pcall(fn, path)
  os.remove(path)
  if not ok then error(problem, 0) end
end


-- Imports a text; returns what import does.
function _M.import(inv, text, country, progress)
  local results
  _M.with_file(text, function(path)
    results = { inv.places:import{ country = country or "DE", file = path, progress = progress } }
  end)
  return (table.unpack or unpack)(results, 1, 4)
end


-- "postcode 48 11", or the code of the refusal.
function _M.found(inv, address)
  address.country = address.country or "DE"
  local at, _, code = inv.places:find(address)
  return at and ("%s %g %g"):format(at.by, at.latitude, at.longitude) or code
end


return _M
