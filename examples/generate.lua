-- generate.lua: makes the example shop's CSV files, the same bytes on every host.
--
--   lua5.4 examples/generate.lua [directory]
--
-- Larkspur Cycles is invented; the places and their coordinates are real. Run this again after
-- changing it and commit the files: a spec compares them.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local directory = arg[1] or here

-- A small random generator of our own, because math.random differs between Lua versions. All values
-- stay below 2^46, where integers and doubles compute the same.
local state = 20240229
local function random(n)
  state = state * 16807 % 2147483647
  return state % n + 1
end

local function quoted(cell)
  if cell:find('[",]') then return '"' .. cell:gsub('"', '""') .. '"' end
  return cell
end

local function write_csv(name, header, rows)
  local lines = { header }
  for _, row in ipairs(rows) do
    local cells = {}
    for position, cell in ipairs(row) do cells[position] = quoted(cell) end
    lines[#lines + 1] = table.concat(cells, ",")
  end
  local file = assert(io.open(directory .. "/" .. name, "wb"))
  assert(file:write(table.concat(lines, "\n"), "\n"))
  assert(file:close())
end

local function centre(code, name, state_name, city, postcode, latitude, longitude)
  return {
    code = code, name = name, state = state_name, city = city, postcode = postcode,
    latitude = latitude, longitude = longitude,
  }
end

-- Fulfilment centres. Each stock draws on its own five, in this order of priority.
local EAST = {
  centre("newark", "Newark Hub", "New Jersey", "Newark", "07102", "40.7357", "-74.1724"),
  centre("joliet", "Chicagoland", "Illinois", "Joliet", "60432", "41.5250", "-88.0817"),
  centre("atlanta", "Atlanta South", "Georgia", "Atlanta", "30303", "33.7490", "-84.3880"),
  centre("dallas", "Dallas Rail", "Texas", "Dallas", "75201", "32.7767", "-96.7970"),
  centre("memphis", "Memphis River", "Tennessee", "Memphis", "38103", "35.1495", "-90.0490"),
}
local WEST = {
  centre("ontario", "Inland Empire", "California", "Ontario", "91761", "34.0633", "-117.6509"),
  centre("reno", "Truckee Meadows", "Nevada", "Reno", "89501", "39.5296", "-119.8138"),
  centre("kent", "Puget Sound", "Washington", "Kent", "98032", "47.3809", "-122.2348"),
  centre("denver", "Front Range", "Colorado", "Denver", "80202", "39.7392", "-104.9903"),
  centre("phoenix", "Sonoran", "Arizona", "Phoenix", "85004", "33.4484", "-112.0740"),
}

-- Where customers live: city, state, latitude, longitude, and a rough population in thousands.
local CITIES = [[
New York,NY,40.71,-74.01,8804
Los Angeles,CA,34.05,-118.24,3899
Chicago,IL,41.88,-87.63,2746
Houston,TX,29.76,-95.37,2305
Phoenix,AZ,33.45,-112.07,1608
Philadelphia,PA,39.95,-75.17,1604
San Antonio,TX,29.42,-98.49,1435
San Diego,CA,32.72,-117.16,1387
Dallas,TX,32.78,-96.80,1304
San Jose,CA,37.34,-121.89,1013
Austin,TX,30.27,-97.74,962
Jacksonville,FL,30.33,-81.66,950
Fort Worth,TX,32.76,-97.33,919
Columbus,OH,39.96,-83.00,906
Indianapolis,IN,39.77,-86.16,888
Charlotte,NC,35.23,-80.84,875
San Francisco,CA,37.77,-122.42,874
Seattle,WA,47.61,-122.33,737
Denver,CO,39.74,-104.99,716
Washington,DC,38.91,-77.04,690
Nashville,TN,36.16,-86.78,689
Oklahoma City,OK,35.47,-97.52,681
El Paso,TX,31.76,-106.49,679
Boston,MA,42.36,-71.06,676
Portland,OR,45.52,-122.68,653
Las Vegas,NV,36.17,-115.14,642
Detroit,MI,42.33,-83.05,639
Memphis,TN,35.15,-90.05,633
Louisville,KY,38.25,-85.76,633
Baltimore,MD,39.29,-76.61,586
Milwaukee,WI,43.04,-87.91,577
Albuquerque,NM,35.08,-106.65,565
Tucson,AZ,32.22,-110.97,543
Fresno,CA,36.74,-119.79,542
Sacramento,CA,38.58,-121.49,525
Kansas City,MO,39.10,-94.58,508
Mesa,AZ,33.42,-111.83,504
Atlanta,GA,33.75,-84.39,499
Omaha,NE,41.26,-95.94,486
Colorado Springs,CO,38.83,-104.82,479
Raleigh,NC,35.78,-78.64,468
Long Beach,CA,33.77,-118.19,467
Virginia Beach,VA,36.85,-75.98,459
Miami,FL,25.76,-80.19,442
Oakland,CA,37.80,-122.27,441
Minneapolis,MN,44.98,-93.27,430
Tulsa,OK,36.15,-95.99,413
Bakersfield,CA,35.37,-119.02,403
Wichita,KS,37.69,-97.34,398
Arlington,TX,32.74,-97.11,394
Aurora,CO,39.73,-104.83,386
Tampa,FL,27.95,-82.46,385
New Orleans,LA,29.95,-90.07,384
Cleveland,OH,41.50,-81.69,373
Honolulu,HI,21.31,-157.86,351
Anaheim,CA,33.84,-117.91,347
Lexington,KY,38.04,-84.50,323
Stockton,CA,37.96,-121.29,321
Corpus Christi,TX,27.80,-97.40,318
Henderson,NV,36.04,-114.98,318
Riverside,CA,33.95,-117.40,315
Newark,NJ,40.74,-74.17,312
Saint Paul,MN,44.95,-93.09,312
Cincinnati,OH,39.10,-84.51,309
Irvine,CA,33.68,-117.83,308
Orlando,FL,28.54,-81.38,308
Pittsburgh,PA,40.44,-80.00,303
St. Louis,MO,38.63,-90.20,302
Greensboro,NC,36.07,-79.79,299
Jersey City,NJ,40.73,-74.08,292
Anchorage,AK,61.22,-149.90,291
Lincoln,NE,40.81,-96.68,291
Plano,TX,33.02,-96.70,285
Durham,NC,35.99,-78.90,284
Buffalo,NY,42.89,-78.88,278
Chandler,AZ,33.31,-111.84,276
Madison,WI,43.07,-89.40,270
Reno,NV,39.53,-119.81,264
Lubbock,TX,33.58,-101.86,257
Winston-Salem,NC,36.10,-80.24,250
Norfolk,VA,36.85,-76.29,238
Boise,ID,43.62,-116.20,236
Spokane,WA,47.66,-117.43,229
Richmond,VA,37.54,-77.44,227
Baton Rouge,LA,30.45,-91.19,227
Tacoma,WA,47.25,-122.44,219
Des Moines,IA,41.59,-93.62,214
Rochester,NY,43.16,-77.61,211
Worcester,MA,42.26,-71.80,207
Little Rock,AR,34.75,-92.29,203
Birmingham,AL,33.52,-86.80,201
Salt Lake City,UT,40.76,-111.89,200
Grand Rapids,MI,42.96,-85.67,199
Sioux Falls,SD,43.55,-96.70,193
Providence,RI,41.82,-71.41,191
Knoxville,TN,35.96,-83.92,191
Eugene,OR,44.05,-123.09,177
Charleston,SC,32.78,-79.93,150
Savannah,GA,32.08,-81.09,148
Fargo,ND,46.88,-96.79,126
Billings,MT,45.78,-108.50,117
Portland,ME,43.66,-70.26,68
]]

-- The range: 39 families of 10 models in 5 variants, and 50 special articles below.
local SIZES = { "xs", "s", "m", "l", "xl" }
local COLOURS = { "black", "white", "red", "blue", "green" }
local WIDTHS = { "25", "28", "32", "38", "44" }
local MODELS = {
  "swift", "heron", "finch", "osprey", "plover", "wren", "kestrel", "martin", "dipper", "curlew",
}
local FAMILIES = {
  { SIZES, { "roadbike", "gravelbike", "citybike", "mtb", "ebike", "frame", "jersey", "shorts",
    "bibs", "tights", "jacket", "vest", "gloves", "socks", "shoes", "helmet", "cap", "overshoe" } },
  { COLOURS, { "saddle", "grips", "bartape", "stem", "seatpost", "pedals", "bottle", "cage", "bell",
    "light", "lock", "pump", "bag", "rack", "fender" } },
  { WIDTHS, { "tire", "tube", "rim", "wheel", "rimtape", "sealant" } },
}

local products, skus = {}, {}

-- One line of products.csv; absent settings stay empty, which leaves the shop's value in force.
local function add_product(sku, name, settings)
  settings = settings or {}
  skus[#skus + 1] = { sku = sku, settings = settings }
  local function cell(key) return settings[key] or "" end
  products[#products + 1] = {
    sku, name, cell("type"), cell("manage_stock"), cell("backorders"),
    settings.backorders and "0" or "1", cell("threshold"), settings.threshold and "0" or "1",
    cell("min"), cell("max"), cell("increments"), settings.increments and "1" or "",
    cell("decimal"),
  }
end

local function capitalised(word) return (word:gsub("^%l", string.upper)) end

local function ordinary_settings(family)
  local settings = {}
  local dice = random(100)
  if dice <= 5 then
    settings.threshold = tostring(random(4)) -- the last ones stay in the shop window
  elseif dice <= 8 then
    settings.backorders = tostring(random(2))
    settings.threshold = "-20" -- up to 20 may be promised beyond what is there
  elseif dice == 9 then
    settings.backorders = "2"
  end
  if family:find("bike$") then settings.max = "3" end
  return settings
end

for _, group in ipairs(FAMILIES) do
  for _, family in ipairs(group[2]) do
    for _, model in ipairs(MODELS) do
      for _, variant in ipairs(group[1]) do
        add_product(family .. "-" .. model .. "-" .. variant,
          ("%s %s %s"):format(capitalised(model), family, variant), ordinary_settings(family))
      end
    end
  end
end

for _, colour in ipairs(COLOURS) do
  for _, kind in ipairs { "brake-cable", "shift-cable", "brake-hose", "outer-casing" } do
    add_product(kind .. "-" .. colour, ("%s, %s, by the metre"):format(capitalised(kind), colour),
      { decimal = "1", min = "0.5", increments = "0.25", max = "50" })
  end
  for _, kind in ipairs { "bolt-m5", "bolt-m6", "spoke-nipple" } do
    add_product(kind .. "-" .. colour, ("%s, %s, in tens"):format(capitalised(kind), colour),
      { increments = "10" })
  end
  for _, kind in ipairs { "bar", "gel" } do
    add_product("energy-" .. kind .. "-" .. colour, ("Energy %s, %s label"):format(kind, colour),
      { increments = "6" })
  end
end
for _, value in ipairs { "25", "50", "100", "200" } do
  add_product("gift-card-" .. value, ("Gift card, %s dollars"):format(value), { type = "virtual" })
end
add_product("gift-card-any", "Gift card of any value", { type = "virtual", manage_stock = "0" })

-- What lies where. Each article is kept in two or three centres of each half of the country.
local function quantity_of(product, nth)
  local settings = product.settings
  if settings.decimal then return ("%d.%02d"):format(20 + random(180), random(4) * 25 - 25) end
  if settings.type == "virtual" then return tostring(100 * random(3)) end
  if settings.increments then return tostring(100 + 10 * random(40)) end
  if random(20) == 1 then return "0" end
  return tostring(nth == 1 and 4 + random(12) or random(9))
end

local items = {}
for _, product in ipairs(skus) do
  for _, half in ipairs { EAST, WEST } do
    local first, count = random(#half), 1 + random(2)
    for nth = 1, count do
      local place = half[(first + nth - 2) % #half + 1]
      local status = random(50) == 1 and "0" or "1" -- some wait for inspection
      items[#items + 1] = { place.code, product.sku, status, quantity_of(product, nth) }
    end
  end
end

local sources, stocks = {}, {}
for _, half in ipairs { { "East", EAST }, { "West", WEST } } do
  local links = {}
  for priority, place in ipairs(half[2]) do
    sources[#sources + 1] = {
      place.code, place.name, "1", place.latitude, place.longitude, "US", place.state, place.city,
      place.postcode, ("ship-%s@larkspur.example"):format(place.code),
    }
    links[#links + 1] = place.code .. ":" .. priority
  end
  stocks[#stocks + 1] = { half[1], "shop-" .. half[1]:lower(), table.concat(links, "|") }
end

local cities = {}
for line in CITIES:gmatch("[^\n]+") do
  local row = {}
  for cell in line:gmatch("[^,]+") do row[#row + 1] = cell end
  cities[#cities + 1] = row
end

write_csv("sources.csv",
  "source_code,name,enabled,latitude,longitude,country_id,region,city,postcode,email", sources)
write_csv("stocks.csv", "name,sales_channels,sources", stocks)
write_csv("products.csv", "sku,name,product_type,manage_stock,allow_backorders,"
  .. "use_config_backorders,out_of_stock_qty,use_config_min_qty,min_cart_qty,max_cart_qty,"
  .. "qty_increments,enable_qty_increments,is_qty_decimal", products)
write_csv("stock_sources.csv", "source_code,sku,status,quantity", items)
write_csv("cities.csv", "city,state,latitude,longitude,weight", cities)
