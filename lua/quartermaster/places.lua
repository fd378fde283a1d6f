-- inv.places: where postcodes, cities and regions are, from files of GeoNames.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local outcome = require "quartermaster.outcome"

local _M = {}

local IMPORT = { country = "string", file = "string", progress = "function" }
local FIND = { country = "string", postcode = "string", city = "string", region = "string" }

-- The keys of the calls, for quartermaster.options.
_M.KEYS = { ["places:import"] = IMPORT, ["places:find"] = FIND }

local function write(inv, kind, request)
  return core.write(inv.store, "places_" .. kind, request, inv.clock())
end


-- What nobody looks at any more is removed a little at a time, so that nobody has to wait long.
-- What cannot be removed now, the next import or deletion removes.
local function sweep(inv)
  repeat
    local removed = write(inv, "sweep", {})
  until removed == nil or removed == 0
end


local function add_chunk(result, chunk)
  result.rows = result.rows + chunk.rows
  result.skipped = result.skipped + chunk.skipped
  for _, problem in ipairs(chunk.errors) do
    result.errors[#result.errors + 1] = problem
  end
end


-- Reads all of the file into a gazetteer of its own, which then takes the place of the country's.
local function import(inv, reader, request, state)
  local result = { rows = 0, skipped = 0, errors = {} }
  repeat
    local chunk, message, code, detail =
      core.geonames_add(inv.store, reader, state.gazetteer, inv.clock())
    if not chunk then
      return nil, message, code, detail
    end
    state.gazetteer = chunk.gazetteer
    add_chunk(result, chunk)
    if request.progress then
      request.progress(result.rows + result.skipped)
    end
  until chunk.ended
  if result.rows == 0 then
    local message = "no line of the file is a place of " .. request.country
    table.insert(result.errors, 1, { field = "file", code = "INVALID", message = message })
    return nil, message, "INVALID", result
  end
  local done, message, code, detail =
    write(inv, "finish", { country = request.country, gazetteer = state.gazetteer })
  if not done then
    return nil, message, code, detail
  end
  state.gazetteer = 0
  return result
end


function _M:import(request)
  check.keys("places:import", request, IMPORT, 2)
  check.value("places:import", "country", request.country, "string", 2)
  check.value("places:import", "file", request.file, "string", 2)
  if request.file:find("\0", 1, true) then
    error("places:import: file contains a NUL byte", 2)
  end
  local inv, state = self.inv, { gazetteer = 0 }
  local reader, message, code, detail = core.geofile_open(request.file, request.country)
  if not reader then
    return nil, message, code, detail
  end
  local ok, result
  ok, result, message, code, detail = pcall(import, inv, reader, request, state)
  reader:close() -- also when the caller's progress function raised
  if state.gazetteer > 0 then
    pcall(write, inv, "delete", { country = request.country, gazetteer = state.gazetteer })
  end
  pcall(sweep, inv)
  if not ok then
    error(result, 0)
  end
  return result, message, code, detail
end


function _M:find(address)
  check.keys("places:find", address, FIND, 2)
  return core.find_place(self.inv.store, address)
end


function _M:countries()
  return core.read(self.inv.store, "COUNTRIES")
end


function _M:delete(country)
  check.value("places:delete", "country", country, "string", 2)
  local done, message, code, detail = write(self.inv, "delete", { country = country })
  if not done then
    return nil, message, code, detail
  end
  sweep(self.inv)
  return outcome.done(done)
end


return _M
