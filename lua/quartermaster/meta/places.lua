---@meta quartermaster
-- The part of meta.lua about where postcodes, cities and regions are.

---@class qm.Places
local Places = {}

---@class qm.PlacesImport
---@field country string two letters
---@field file string a file of postal codes as GeoNames has them (https://download.geonames.org/export/zip): a line for each place, columns separated by tabs, of which these are read: 1 country, 2 postcode, 3 city, 4 region, 10 latitude, 11 longitude
---@field progress? fun(lines: integer) called with the lines read so far, blank ones left out, between commits

---Replaces the places of a country by those of a file; constant memory, many small commits.
---Until the last commit, which puts all of them in force at once, look-ups find the old ones, and a failed or interrupted import
---leaves those. A line that is no place is skipped and reported; a file of nothing else is refused. Who imports the same country
---meanwhile takes over: the earlier import is refused as CONFLICT.
---@param request qm.PlacesImport
---@return { rows: integer, skipped: integer, errors: qm.Problem[] }|nil errors: the first 100 lines that were skipped, string?, string?, table?
function Places:import(request) end

---Where an address is: by its postcode, else by a city that begins like its own, else by its region.
---Postcodes are compared without white space; postcodes, cities and regions without regard to the case of ASCII letters, while
---other letters must be the same bytes. Of several places the first counts: by city, then postcode, then line of the file.
---@param address { country: string, postcode: string?, city: string?, region: string? }
---@return { latitude: number, longitude: number, by: "postcode"|"city"|"region" }|nil, string?, string?, table?
function Places:find(address) end

---The countries whose places were imported, with how many each has.
---@return { country: string, rows: integer }[]|nil, string?, string?, table?
function Places:countries() end

---Deletes the places of a country, and what an import of it that is under way has read.
---@param country string
---@return true|nil, string?, string?, table?
function Places:delete(country) end
