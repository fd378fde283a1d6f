-- network.lua: the example network: where people live, and where goods are.

local _M = {}

local ENVIRONMENT, OTHERWISE = "QM_US_NETWORK", "../shared/data/us-network"

-- Fields of each line; the files begin with a byte order mark and have no quotes.
local function rows(path)
  local file = io.open(path, "r")
  if not file then
    error(("there is no %s: %s names a directory with cities.csv and fulfillment_centers.csv")
      :format(path, ENVIRONMENT), 0)
  end
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

-- { cities = { { name, at, people } }, centres = { { code, at } } }
function _M.read()
  local directory = os.getenv(ENVIRONMENT) or OTHERWISE
  local network = { cities = {}, centres = {} }
  for i, row in ipairs(rows(directory .. "/cities.csv")) do
    network.cities[i] = { name = row[1], people = tonumber(row[5]),
      at = { latitude = tonumber(row[3]), longitude = tonumber(row[4]) } }
  end
  for i, row in ipairs(rows(directory .. "/fulfillment_centers.csv")) do
    network.centres[i] = { code = row[1],
      at = { latitude = tonumber(row[3]), longitude = tonumber(row[4]) } }
  end
  return network
end

return _M
