-- import.lua: brings CSV files into an inventory, behind `inv:import`.
--
-- Imports add and update, they never delete. The file is read in chunks, so memory does not grow
-- with it. A row that cannot be used is reported with its line in the file and skipped; all other
-- rows are saved. A result means that the file was read to its end. What ends an import early (a
-- malformed file, a busy or full disk) returns nil, message, code, detail, where detail also holds
-- the counts up to there; rows carry absolute values, so importing the whole file again is safe.

local check = require "quartermaster.check"

local _M = {}

local CHUNK = 500 -- rows per commit
local ERRORS_MAX = 1000 -- problems kept for the result; the counts go on

-- Codes that concern the file on disk or the whole inventory: the next row would meet them as well.
local FATAL = {
  FORKED = true, FOREIGN = true, NEWER = true, CORRUPT = true, IO = true, FULL = true,
  READONLY = true, MEMORY = true, BUSY = true, STALE = true,
}

-- One row ---------------------------------------------------------------------------------------

-- A view of the current row: typed access by column name. An empty or absent cell is nil; a cell
-- that cannot be read as its type is a problem of the row, and nil.
local Row = {}
Row.__index = Row

function Row:fail(message, code)
  self.problems[#self.problems + 1] = {
    line = self.cells.line, message = message, code = code or "INVALID",
  }
end

function Row:text(column)
  local cell = self.cells[self.index[column]]
  if cell ~= "" then return cell end
end

function Row:choice(column, values, expected)
  local cell = self:text(column)
  if cell == nil then return nil end
  local value = values[cell]
  if value == nil then self:fail(('"%s" must be %s'):format(column, expected)) end
  return value
end

local FLAGS = { ["0"] = false, ["1"] = true }

function Row:flag(column)
  return self:choice(column, FLAGS, "0 or 1")
end

-- Reads a number written in decimal. Quantities do not pass through here: the engine takes their
-- text and reads it exactly.
function Row:number(column, pattern, expected)
  local cell = self:text(column)
  if cell == nil then return nil end
  if cell:find(pattern) then return tonumber(cell) end
  self:fail(('"%s" must be %s'):format(column, expected))
end

function Row:integer(column)
  return self:number(column, "^%d%d?%d?%d?%d?%d?%d?%d?%d?$", "a whole number")
end

function Row:decimal(column)
  local cell = self:text(column)
  local pattern = cell and cell:find(".", 1, true) and "^-?%d+%.%d+$" or "^-?%d+$"
  return self:number(column, pattern, "a decimal number")
end

-- Splits a cell such as "a|b|c" and hands each part to `read`; absent when the cell is.
function Row:list(column, read)
  local cell = self:text(column)
  if cell == nil then return nil end
  local list = {}
  for part in cell:gmatch("[^|]+") do list[#list + 1] = read(part) end
  return list
end

-- The entities ----------------------------------------------------------------------------------
-- Each has the columns its header must name, all columns it knows, `read(row, context)` that makes
-- the record for the API, and `save`, which takes a list of records (`list`) or one record.

local sources = {
  required = { "source_code" },
  columns = {
    "source_code", "name", "enabled", "description", "latitude", "longitude", "country_id",
    "region_id", "region", "city", "street", "postcode", "contact_name", "email", "phone", "fax",
  },
}

function sources.read(row)
  return {
    code = row:text("source_code"),
    name = row:text("name"),
    enabled = row:flag("enabled"),
    description = row:text("description"),
    latitude = row:decimal("latitude"),
    longitude = row:decimal("longitude"),
    country = row:text("country_id"),
    region_id = row:integer("region_id"),
    region = row:text("region"),
    city = row:text("city"),
    street = row:text("street"),
    postcode = row:text("postcode"),
    contact_name = row:text("contact_name"),
    email = row:text("email"),
    phone = row:text("phone"),
    fax = row:text("fax"),
  }
end

function sources.save(inv, source)
  return inv.sources:save(source)
end

local stocks = {
  required = { "name" },
  columns = { "stock_id", "name", "sales_channels", "sources" },
}

function stocks.read(row)
  return {
    id = row:integer("stock_id"),
    name = row:text("name"),
    channels = row:list("sales_channels", function(code) return code end),
    sources = row:list("sources", function(link)
      local code, priority = link:match("^(.+):(%d%d?%d?%d?%d?)$")
      if code == nil then
        row:fail(('"sources" must be code:priority|code:priority, not "%s"'):format(link))
      end
      return { code = code, priority = tonumber(priority) }
    end),
  }
end

function stocks.save(inv, stock)
  return inv.stocks:save(stock)
end

local BACKORDERS = { ["0"] = "no", ["1"] = "allow", ["2"] = "notify" }

-- Product settings: the engine's key, the column of the value, the column that says "use the shop's
-- value instead", and how the value is read (as text unless told otherwise).
local SETTINGS = {
  { "manage_stock", "manage_stock", "use_config_manage_stock", Row.flag },
  { "backorders", "allow_backorders", "use_config_backorders", function(row, column)
    return row:choice(column, BACKORDERS, "0, 1 or 2")
  end },
  { "out_of_stock_threshold", "out_of_stock_qty", "use_config_min_qty" },
  { "notify_below", "notify_on_stock_below", "use_config_notify_stock_qty" },
  { "min_sale_qty", "min_cart_qty", "use_config_min_sale_qty" },
  { "max_sale_qty", "max_cart_qty", "use_config_max_sale_qty" },
  { "qty_increments", "qty_increments", "use_config_qty_increments" },
  { "enable_qty_increments", "enable_qty_increments", "use_config_enable_qty_inc", Row.flag },
  { "decimal_qty", "is_qty_decimal", nil, Row.flag },
}

local products = {
  list = true,
  required = { "sku" },
  columns = { "sku", "product_type" },
}

for _, setting in ipairs(SETTINGS) do
  products.columns[#products.columns + 1] = setting[2]
  products.columns[#products.columns + 1] = setting[3]
end

function products.read(row, context)
  local settings = {}
  for _, setting in ipairs(SETTINGS) do
    local key, column, use_config, read = setting[1], setting[2], setting[3], setting[4] or Row.text
    if use_config and row:flag(use_config) then
      settings[key] = context.inherit
    else
      settings[key] = read(row, column)
    end
  end
  return {
    sku = row:text("sku"),
    type = row:text("product_type"),
    settings = next(settings) and settings or nil,
  }
end

function products.save(inv, list)
  return inv.products:save(list)
end

local stock_sources = {
  list = true,
  required = { "source_code", "sku", "quantity" },
  columns = { "source_code", "sku", "status", "quantity" },
}

local STATUS = { ["0"] = "out_of_stock", ["1"] = "in_stock" }

-- Asks once per source. Only codes that exist are remembered, so memory stays bounded.
local function source_exists(context, code)
  if context.known[code] then return true end
  local source, message, failure = context.inv.sources:get(code)
  if source then
    context.known[code] = true
    return true
  end
  if FATAL[failure] then context.fatal = { message, failure } end
  return false
end

function stock_sources.read(row, context)
  local source = row:text("source_code")
  if source and not source_exists(context, source) then
    row:fail(('Source code "%s" does not exists'):format(source), "NOT_FOUND") -- clients know it so
  end
  return {
    source = source,
    sku = row:text("sku"),
    qty = row:text("quantity"),
    status = row:choice("status", STATUS, "0 or 1") or "in_stock",
  }
end

function stock_sources.save(inv, list)
  return inv.items:save(list)
end

local ENTITIES = {
  sources = sources, stocks = stocks, products = products, stock_sources = stock_sources,
}

-- Saving ----------------------------------------------------------------------------------------

local function report(result, problem)
  if #result.errors < ERRORS_MAX then result.errors[#result.errors + 1] = problem end
end

local function refuse(result, line, message, code)
  result.failed = result.failed + 1
  report(result, { line = line, message = message, code = code })
end

-- Reports the records that a refused list save names and returns the others; nil if it names none.
local function drop_named(result, chunk, detail)
  local named, count = {}, 0
  for _, problem in ipairs(type(detail) == "table" and detail.errors or {}) do
    local position = problem.line
    local line = position and chunk.lines[position]
    if line then
      if not named[position] then
        named[position] = true
        count = count + 1
      end
      report(result, { line = line, message = problem.message, code = problem.code })
    end
  end
  if count == 0 then return nil end
  result.failed = result.failed + count
  local rest = { records = {}, lines = {} }
  for position, record in ipairs(chunk.records) do
    if not named[position] then
      rest.records[#rest.records + 1] = record
      rest.lines[#rest.lines + 1] = chunk.lines[position]
    end
  end
  return rest
end

local function slice(chunk, from, to)
  local part = { records = {}, lines = {} }
  for position = from, to do
    part.records[#part.records + 1] = chunk.records[position]
    part.lines[#part.lines + 1] = chunk.lines[position]
  end
  return part
end

-- Saves a list that is all or nothing: without the records that a refusal names, or, when it names
-- none, in halves. Each attempt is shorter than the one before, so this ends. Returns what must end
-- the import, else nothing.
local function save_list(inv, entity, chunk, result)
  while #chunk.records > 0 do
    local saved, message, code, detail = entity.save(inv, chunk.records)
    if saved then
      result.saved = result.saved + #chunk.records
      return nil
    end
    if FATAL[code] then return { message, code, detail } end
    local rest = drop_named(result, chunk, detail)
    if rest == nil and #chunk.records == 1 then
      refuse(result, chunk.lines[1], message, code)
      return nil
    elseif rest == nil then
      local middle = math.floor(#chunk.records / 2)
      local fatal = save_list(inv, entity, slice(chunk, 1, middle), result)
      if fatal then return fatal end
      rest = slice(chunk, middle + 1, #chunk.records)
    end
    chunk = rest
  end
end

local function save_each(inv, entity, chunk, result)
  for position, record in ipairs(chunk.records) do
    local saved, message, code, detail = entity.save(inv, record)
    if saved then
      result.saved = result.saved + 1
    elseif FATAL[code] then
      return { message, code, detail }
    else
      refuse(result, chunk.lines[position], message, code)
    end
  end
end

-- Reading ---------------------------------------------------------------------------------------

-- Turns rows of the file into records with their lines; rows that cannot be are reported.
local function convert(context, rows)
  local entity, row, result = context.entity, context.row, context.result
  local chunk = { records = {}, lines = {} }
  for _, cells in ipairs(rows) do
    row.cells, row.problems = cells, {}
    local record
    if #cells ~= context.width then
      row:fail(("the row has %d columns, the header has %d"):format(#cells, context.width))
    else
      for _, column in ipairs(entity.required) do
        if row:text(column) == nil then
          row:fail(('Missing required column "%s"'):format(column))
        end
      end
      record = entity.read(row, context)
    end
    if context.fatal then break end
    if #row.problems == 0 then
      chunk.records[#chunk.records + 1] = record
      chunk.lines[#chunk.lines + 1] = cells.line
    else
      result.failed = result.failed + 1
      for _, problem in ipairs(row.problems) do report(result, problem) end
    end
  end
  return chunk
end

-- Maps column names to positions. A column that the file lacks gets position 0, which no row has.
local function read_header(entity, cells)
  local index = {}
  for _, column in ipairs(entity.columns) do index[column] = 0 end
  for position, column in ipairs(cells) do
    if index[column] and index[column] > 0 then
      return nil, column, ('The header names the column "%s" twice'):format(column)
    end
    if index[column] then index[column] = position end
  end
  for _, column in ipairs(entity.required) do
    if index[column] == 0 then
      return nil, column, ('Missing required column "%s"'):format(column)
    end
  end
  return index
end

local function invalid(message, line, field)
  local problem = { code = "INVALID", message = message, line = line, field = field }
  return nil, message, "INVALID", { line = line, field = field, errors = { problem } }
end

-- What ended the import early, with the counts up to there.
local function stopped(result, message, code, detail)
  local answer = {
    line = type(detail) == "table" and detail.line or nil,
    rows = result.saved + result.failed, saved = result.saved, failed = result.failed,
    errors = result.errors,
  }
  answer.errors[#answer.errors + 1] = { line = answer.line, message = message, code = code }
  return nil, ("%s (%d rows were saved before)"):format(message, result.saved), code, answer
end

local function import(context, reader, progress)
  local rows, message, code, detail = reader:read(1)
  if rows == nil and message then return stopped(context.result, message, code, detail) end
  if rows == nil then return invalid("the file is empty; it needs a header line", 1) end

  local index, column, problem = read_header(context.entity, rows[1])
  if index == nil then return invalid(problem, rows[1].line, column) end
  context.width = #rows[1]
  context.row = setmetatable({ index = index }, Row)

  local result = context.result
  local save = context.entity.list and save_list or save_each
  while true do
    rows, message, code, detail = reader:read(CHUNK)
    if rows == nil then break end
    local chunk = convert(context, rows)
    local fatal = context.fatal or save(context.inv, context.entity, chunk, result)
    if fatal then return stopped(result, fatal[1], fatal[2], fatal[3]) end
    result.rows = result.rows + #rows
    if progress then progress(result.rows) end
  end
  if message then return stopped(result, message, code, detail) end
  return result
end

-- The keys of the request.
_M.KEYS = { entity = "string", file = "string", progress = "function" }

-- Implements Inventory:import of the public API. `core` supplies csv_open and the inherit mark.
function _M.run(inv, core, request)
  check.value("import", "entity", request.entity, "string", 3)
  check.value("import", "file", request.file, "string", 3)
  local entity = ENTITIES[request.entity]
  if entity == nil then
    local known = "sources, stocks, products and stock_sources"
    local reason = ('"%s" cannot be imported, only %s'):format(request.entity, known)
    return invalid(reason, nil, "entity")
  end
  local reader, message, code = core.csv_open(request.file)
  if reader == nil then return nil, message, code end

  local context = {
    inv = inv, entity = entity, inherit = core.inherit, known = {},
    result = { rows = 0, saved = 0, failed = 0, errors = {} },
  }
  local ok, result, reason, why, detail = pcall(import, context, reader, request.progress)
  reader:close() -- also when the caller's progress function raised
  if not ok then error(result, 0) end
  return result, reason, why, detail
end

return _M
