-- network.lua: the example network: where people live, and where goods are.

local _M = {}

local ENVIRONMENT, OTHERWISE = "QM_US_NETWORK", "../shared/data/us-network"

-- Fields of each line; nil when there is no such file. The files begin with a byte order mark and
-- have no quotes.
local function rows(path)
  local file = io.open(path, "r")
  if not file then return nil end
  local list = {}
  for line in file:lines() do
    local fields = {}
    for field in line:gsub("^\239\187\191", ""):gsub("%s+$", ""):gmatch("[^,]+") do
      fields[#fields + 1] = field
    end
    if #fields > 0 then list[#list + 1] = fields end
  end
  file:close()
  return list
end

-- { cities = { { name, at, people } }, centres = { { code, at } } }; nil and why when it is not
-- there.
function _M.read()
  local directory = os.getenv(ENVIRONMENT) or OTHERWISE
  local cities = rows(directory .. "/cities.csv")
  local centres = rows(directory .. "/fulfillment_centers.csv")
  if not cities or not centres then
    return nil, ("%s lacks cities.csv or fulfillment_centers.csv; %s may name another directory")
      :format(directory, ENVIRONMENT)
  end
  local network = { cities = {}, centres = {} }
  for i, row in ipairs(cities) do
    network.cities[i] = { name = row[1], people = tonumber(row[5]),
      at = { latitude = tonumber(row[3]), longitude = tonumber(row[4]) } }
  end
  for i, row in ipairs(centres) do
    network.centres[i] = { code = row[1],
      at = { latitude = tonumber(row[3]), longitude = tonumber(row[4]) } }
  end
  return network
end

return _M
