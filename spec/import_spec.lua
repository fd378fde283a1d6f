-- import_spec.lua: the import of sources, stocks, products and stock from CSV files.

local core = require "quartermaster.core"
local importer = require "quartermaster.import"
local quartermaster = require "quartermaster"

local temporary = {}

local function csv_file(text)
  local path = os.tmpname()
  temporary[#temporary + 1] = path
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  return path
end

local function remove_files()
  for _, path in ipairs(temporary) do os.remove(path) end
  temporary = {}
end

-- An inventory that only records what an import asks of it, for rules that a real one meets rarely.
local function stub(save)
  local calls = {}
  local function remember(_, records)
    calls[#calls + 1] = records
    return save(records, #calls)
  end
  return {
    calls = calls,
    sources = { save = remember, get = function(_, code) return { code = code } end },
    stocks = { save = remember },
    products = { save = remember },
    items = { save = remember },
  }
end

local function run_stub(entity, text, save)
  local inv = stub(save or function() return 1 end)
  local result, message, code, detail =
    importer.run(inv, core, { entity = entity, file = csv_file(text) })
  return inv.calls, result, message, code, detail
end

local function numbered(count)
  local lines = { "source_code,sku,quantity" }
  for i = 1, count do lines[#lines + 1] = ("here,sku-%d,%d"):format(i, i) end
  return table.concat(lines, "\n")
end

describe("the import", function()
  after_each(remove_files)

  it("saves 500 rows at once", function()
    local calls, result = run_stub("stock_sources", numbered(1201))
    assert.same({ 500, 500, 201 }, { #calls[1], #calls[2], #calls[3] })
    assert.same({ rows = 1201, saved = 1201, failed = 0, errors = {} }, result)
  end)

  it("drops the rows that a refusal names and saves the others", function()
    local calls, result = run_stub("stock_sources", numbered(6), function(records)
      local errors = {}
      for position, record in ipairs(records) do
        if record.sku:find("[25]$") then
          local message = "bad " .. record.sku
          errors[#errors + 1] = { line = position, message = message, code = "INVALID" }
        end
      end
      if #errors > 0 then return nil, "bad", "INVALID", { errors = errors } end
      return #records
    end)
    assert.same({ 6, 4 }, { #calls[1], #calls[2] })
    assert.same({ 4, 2 }, { result.saved, result.failed })
    assert.same({
      { line = 3, message = "bad sku-2", code = "INVALID" },
      { line = 6, message = "bad sku-5", code = "INVALID" },
    }, result.errors)
  end)

  it("finds a bad row by halves when a refusal names none", function()
    local calls, result = run_stub("stock_sources", numbered(300), function(records)
      for _, record in ipairs(records) do
        if record.sku == "sku-77" then
          return nil, "no", "LIMIT", { errors = { { line = 999 } } }
        end
      end
      return #records
    end)
    assert.same({ rows = 300, saved = 299, failed = 1,
      errors = { { line = 78, message = "no", code = "LIMIT" } } }, result)
    assert.is_true(#calls < 25)
  end)

  it("stops while looking for a bad row by halves", function()
    local calls, result, _, code = run_stub("stock_sources", numbered(8), function(_, call)
      if call == 1 then return nil, "no", "LIMIT" end
      return nil, "another writer", "BUSY"
    end)
    assert.same({ 2, nil, "BUSY" }, { #calls, result, code })
  end)

  it("ends when everything is refused", function()
    local _, result = run_stub("products", "sku\n" .. ("a\n"):rep(1500), function()
      return nil, "no", "POLICY"
    end)
    assert.same({ 1500, 0, 1500 }, { result.rows, result.saved, result.failed })
    assert.equal(1000, #result.errors)
  end)

  it("stops at a failure that every row would meet, and says how far it came", function()
    local calls, result, message, code, detail = run_stub("products", "sku\n" .. ("a\n"):rep(900),
      function(records, call)
        if call == 2 then return nil, "another writer", "BUSY" end
        return #records
      end)
    assert.same({ 2, nil, "BUSY" }, { #calls, result, code })
    assert.matches("another writer .500 rows were saved before.", message)
    assert.same({ 500, 500, 0 }, { detail.rows, detail.saved, detail.failed })
  end)

  it("stops sources and stocks likewise", function()
    local calls, result, _, code, detail = run_stub("sources", "source_code\na\nb\nc\n",
      function(_, call)
        if call == 2 then return nil, "full", "FULL" end
        return "a"
      end)
    assert.same({ 2, nil, "FULL" }, { #calls, result, code })
    assert.equal(1, detail.saved)
  end)

  it("stops at malformed CSV after saving what is before it", function()
    local calls, result, message, code, detail = run_stub("products", 'sku\na\nb"c\nd\n')
    assert.same({ { { { sku = "a" } } }, nil, "INVALID" }, { calls, result, code })
    assert.matches("line 3", message)
    assert.same({ 3, 1, 1 }, { detail.line, detail.rows, detail.saved })
    assert.equal(3, detail.errors[1].line)
  end)

  it("closes the file when the progress function raises", function()
    local closed = false
    local wrapped = {
      csv_open = function(path)
        local reader = core.csv_open(path)
        return {
          read = function(_, max) return reader:read(max) end,
          close = function() closed = true return reader:close() end,
        }
      end,
    }
    local request = {
      entity = "products", file = csv_file("sku\na\n"), progress = function() error("stop", 0) end,
    }
    assert.has_error(function() importer.run(stub(function() return 1 end), wrapped, request) end,
      "stop")
    assert.is_true(closed)
  end)

  it("maps every column of a source", function()
    local calls = run_stub("sources", "fax,phone,email,contact_name,postcode,street,city,region,"
      .. "region_id,country_id,longitude,latitude,description,enabled,name,source_code,other\n"
      .. "f,p,e,c,01234,s,t,r,12,US,-74.5,0,d,0,n,a,ignored\n"
      .. ",,,,,,,,,,,,,,,b,\n")
    assert.same({
      { code = "a", name = "n", enabled = false, description = "d", latitude = 0, longitude = -74.5,
        country = "US", region_id = 12, region = "r", city = "t", street = "s", postcode = "01234",
        contact_name = "c", email = "e", phone = "p", fax = "f" },
      { code = "b" },
    }, calls)
  end)

  it("maps every column of a stock", function()
    local calls = run_stub("stocks", "stock_id,name,sales_channels,sources\n"
      .. "7,East,us|ca,new:york:1|atl:20\n,West,,\n")
    assert.same({
      { id = 7, name = "East", channels = { "us", "ca" },
        sources = { { code = "new:york", priority = 1 }, { code = "atl", priority = 20 } } },
      { name = "West" },
    }, calls)
  end)

  it("maps every column of a product, own values and inherited ones", function()
    local header = "sku,product_type,manage_stock,use_config_manage_stock,allow_backorders,"
      .. "use_config_backorders,out_of_stock_qty,use_config_min_qty,notify_on_stock_below,"
      .. "use_config_notify_stock_qty,min_cart_qty,use_config_min_sale_qty,max_cart_qty,"
      .. "use_config_max_sale_qty,qty_increments,use_config_qty_increments,enable_qty_increments,"
      .. "use_config_enable_qty_inc,is_qty_decimal\n"
    local calls = run_stub("products", header
      .. "own,virtual,0,0,2,0,-5,0,3.5,,2,,20,,6,,1,,1\n"
      .. "shop,,1,1,0,1,9,1,9,1,9,1,9,1,9,1,0,1,\n"
      .. "none,,,0,,,,,,,,,,,,,,,\n"
      .. "allow,,1,,1,,,,,,,,,,,,0,,0\n")
    local inherit = core.inherit
    assert.same({
      { sku = "own", type = "virtual", settings = {
        manage_stock = false, backorders = "notify", out_of_stock_threshold = "-5",
        notify_below = "3.5", min_sale_qty = "2", max_sale_qty = "20", qty_increments = "6",
        enable_qty_increments = true, decimal_qty = true } },
      { sku = "shop", settings = {
        manage_stock = inherit, backorders = inherit, out_of_stock_threshold = inherit,
        notify_below = inherit, min_sale_qty = inherit, max_sale_qty = inherit,
        qty_increments = inherit, enable_qty_increments = inherit } },
      { sku = "none" },
      { sku = "allow", settings = {
        manage_stock = true, backorders = "allow", enable_qty_increments = false,
        decimal_qty = false } },
    }, calls[1])
    assert.equal(quartermaster.inherit, calls[1][2].settings.backorders)
  end)

  it("maps every column of stock, status in stock unless said otherwise", function()
    local calls = run_stub("stock_sources",
      "quantity,sku,source_code,status\n1.5,01234,here,0\n-2,1234,here,\n3,\" x\",here,1\n")
    assert.same({ {
      { source = "here", sku = "01234", qty = "1.5", status = "out_of_stock" },
      { source = "here", sku = "1234", qty = "-2", status = "in_stock" },
      { source = "here", sku = " x", qty = "3", status = "in_stock" },
    } }, calls)
  end)

  local BAD_ROWS = {
    { "sources", "source_code,enabled", "a,yes", '"enabled" must be 0 or 1' },
    { "sources", "source_code,latitude", "a,1e3", '"latitude" must be a decimal number' },
    { "sources", "source_code,latitude", "a,.5", '"latitude" must be a decimal number' },
    { "sources", "source_code,longitude", "a,0x1F", '"longitude" must be a decimal number' },
    { "sources", "source_code,region_id", "a,1.5", '"region_id" must be a whole number' },
    { "sources", "source_code,name", ",x", 'Missing required column "source_code"' },
    { "stocks", "name,stock_id", "a,-1", '"stock_id" must be a whole number' },
    { "stocks", "name,stock_id", ",1", 'Missing required column "name"' },
    { "stocks", "name,sources", "a,b",
      '"sources" must be code:priority|code:priority, not "b"' },
    { "products", "sku,is_qty_decimal", "a,2", '"is_qty_decimal" must be 0 or 1' },
    { "products", "sku,allow_backorders", "a,3", '"allow_backorders" must be 0, 1 or 2' },
    { "products", "sku,use_config_min_qty", "a,x", '"use_config_min_qty" must be 0 or 1' },
    { "products", "sku,name", "a", "the row has 1 columns, the header has 2" },
    { "products", "sku,name", "a,b,c", "the row has 3 columns, the header has 2" },
    { "stock_sources", "source_code,sku,quantity,status", "a,b,1,2", '"status" must be 0 or 1' },
  }

  for _, case in ipairs(BAD_ROWS) do
    it(("refuses the row %q under %q"):format(case[3], case[2]), function()
      local calls, result = run_stub(case[1], case[2] .. "\n" .. case[3] .. "\n")
      assert.same({ rows = 1, saved = 0, failed = 1,
        errors = { { line = 2, message = case[4], code = "INVALID" } } }, result)
      assert.same({}, calls)
    end)
  end

  it("names every problem of a stock row, in a fixed order", function()
    local inv = stub(function() return 1 end)
    inv.sources.get = function() return nil, "unknown", "NOT_FOUND" end
    local file = csv_file("source_code,sku,quantity\n,,\nnowhere,,\n")
    local result = importer.run(inv, core, { entity = "stock_sources", file = file })
    assert.same({
      { line = 2, message = 'Missing required column "source_code"', code = "INVALID" },
      { line = 2, message = 'Missing required column "sku"', code = "INVALID" },
      { line = 2, message = 'Missing required column "quantity"', code = "INVALID" },
    }, { result.errors[1], result.errors[2], result.errors[3] })
    assert.same({ 2, 0, 2, 6 }, { result.rows, result.saved, result.failed, #result.errors })
    assert.same({ line = 3, message = 'Source code "nowhere" does not exists', code = "NOT_FOUND" },
      result.errors[6])
  end)

  -- How often an import of three rows asks for their source, and its answer's code.
  local function count_lookups(...)
    local answer, lookups = { ... }, 0
    local inv = stub(function(records) return #records end)
    inv.sources.get = function()
      lookups = lookups + 1
      return (table.unpack or unpack)(answer, 1, 3)
    end
    local request = { entity = "stock_sources", file = csv_file(numbered(3)) }
    local _, _, code = importer.run(inv, core, request)
    return lookups, code, #inv.calls
  end

  it("looks a source up once", function()
    assert.same({ 1, nil, 1 }, { count_lookups({ code = "here" }) })
  end)

  it("stops when sources cannot be looked up", function()
    assert.same({ 1, "IO", 0 }, { count_lookups(nil, "disk", "IO") })
  end)

  local BAD_HEADERS = {
    { "sources", "code,name", 'Missing required column "source_code"', "source_code" },
    { "stocks", "stock_id", 'Missing required column "name"', "name" },
    { "products", "product_type", 'Missing required column "sku"', "sku" },
    { "stock_sources", "sku,quantity", 'Missing required column "source_code"', "source_code" },
    { "stock_sources", "source_code,sku", 'Missing required column "quantity"', "quantity" },
    { "products", "sku,name,sku", 'The header names the column "sku" twice', "sku" },
  }

  for _, case in ipairs(BAD_HEADERS) do
    it(("refuses the header %q of %s"):format(case[2], case[1]), function()
      local calls, result, message, code, detail = run_stub(case[1], "\n" .. case[2] .. "\na,b,c\n")
      assert.same({ 0, nil, case[3], "INVALID" }, { #calls, result, message, code })
      assert.same({ 2, case[4] }, { detail.line, detail.field })
      assert.same({ { code = "INVALID", message = case[3], line = 2, field = case[4] } },
        detail.errors)
    end)
  end

  it("allows extra columns of one name", function()
    local calls = run_stub("products", "name,sku,name\nx,a,y\n")
    assert.same({ { { sku = "a" } } }, calls)
  end)

  it("refuses a file without a header line", function()
    local _, result, message, code = run_stub("products", "\n\n")
    assert.same({ nil, "INVALID" }, { result, code })
    assert.matches("header", message)
  end)
end)

describe("Inventory:import", function()
  local inv

  local function import(entity, text, progress)
    return inv:import { entity = entity, file = csv_file(text), progress = progress }
  end

  before_each(function()
    inv = assert(quartermaster.open { path = ":memory:" })
  end)

  after_each(function()
    inv:close()
    remove_files()
  end)

  local function import_places()
    assert.same({ rows = 2, saved = 2, failed = 0, errors = {} },
      import("sources", "source_code,name,country_id,postcode,latitude\n"
        .. "muc,Munich,DE,80331,48.14\nham,Hamburg,DE,20095,\n"))
    assert.equal(1, import("stocks",
      "name,sales_channels,sources\nEU,eu|de,muc:1|ham:2\n").saved)
  end

  it("brings in a whole shop", function()
    import_places()
    assert.equal(1, import("products", "sku,out_of_stock_qty\nbike,2\n").saved)
    assert.equal(3, import("stock_sources",
      "source_code,sku,status,quantity\nmuc,bike,1,7.5\nham,bike,1,3\nham,unknown,1,1\n").saved)
    assert.equal("80331", inv.sources:get("muc").postcode)
    assert.equal(inv.stocks:resolve("eu"), inv.stocks:resolve("de"))
    assert.equal(8.5, inv:salable_qty("bike", { channel = "eu" }))
  end)

  it("updates what is there and leaves absent cells as they are", function()
    import_places()
    assert.equal(1, import("sources", "source_code,city\nmuc,Munich\n").saved)
    local source = inv.sources:get("muc")
    assert.same({ "Munich", "80331", 48.14 }, { source.city, source.postcode, source.latitude })
    assert.equal(1, import("products", "sku,product_type,manage_stock\nbike,simple,0\n").saved)
    assert.equal(1, import("products", "sku,out_of_stock_qty\nbike,2\n").saved)
    local settings = inv.products:get("bike").settings
    assert.same({ false, 2 }, { settings.manage_stock, settings.out_of_stock_threshold })
    assert.equal(1, import("products", "sku,use_config_manage_stock\nbike,1\n").saved)
    assert.is_nil(inv.products:get("bike").settings.manage_stock)
  end)

  it("keeps the exact text of quantities", function()
    import_places()
    assert.equal(1, import("stock_sources",
      "source_code,sku,quantity\nmuc,bike,99999999999.0001\n").saved)
    inv:close()
    inv = assert(quartermaster.open { path = ":memory:", quantities = "string" })
    import_places()
    import("stock_sources", "source_code,sku,quantity\nmuc,bike,99999999999.0001\n")
    assert.equal("99999999999.0001", inv.items:get({ sku = "bike", source = "muc" }).qty)
  end)

  it("reports bad rows of a chunk by their lines and saves the others", function()
    import_places()
    local lines = { "source_code,sku,status,quantity" }
    for i = 1, 700 do lines[#lines + 1] = ("muc,sku-%d,1,%d"):format(i, i) end
    lines[11] = "muc,sku-10,1,1e3"
    lines[12] = "nowhere,sku-11,1,1"
    lines[602] = "muc,sku-601,1,0.00001"
    lines[603] = "muc," .. ("x"):rep(300) .. ",1,1"
    local result = import("stock_sources", table.concat(lines, "\n"))
    assert.same({ 700, 696, 4 }, { result.rows, result.saved, result.failed })
    local seen = {}
    for _, problem in ipairs(result.errors) do seen[problem.line] = problem.code end
    assert.equal("NOT_FOUND", seen[12])
    assert.is_truthy(seen[11] and seen[602] and seen[603])
    assert.equal(700, inv.items:get({ sku = "sku-700", source = "muc" }).qty)
    assert.is_nil((inv.items:get({ sku = "sku-10", source = "muc" })))
  end)

  it("takes the last of several rows about one thing", function()
    import_places()
    local result = import("stock_sources",
      "source_code,sku,quantity\nmuc,bike,1\nham,bike,5\nmuc,bike,2\n")
    assert.same({ 3, 0 }, { result.saved, result.failed })
    assert.equal(2, inv.items:get({ sku = "bike", source = "muc" }).qty)
  end)

  it("calls progress after each chunk with the rows so far", function()
    import_places()
    local seen = {}
    import("stock_sources", (numbered(1100):gsub("here,", "muc,")), function(rows)
      seen[#seen + 1] = rows
    end)
    assert.same({ 500, 1000, 1100 }, seen)
  end)

  it("answers for a file that is not there and an entity that does not exist", function()
    local result, _, code = inv:import { entity = "products", file = "./no/such.csv" }
    assert.same({ nil, "NOT_FOUND" }, { result, code })
    local message, detail
    result, message, code, detail = import("orders", "sku\n")
    assert.same({ nil, "INVALID" }, { result, code })
    assert.matches("orders", message)
    assert.equal("entity", detail.errors[1].field)
  end)

  it("raises on misuse", function()
    for _, request in ipairs {
      {}, { entity = "products" }, { file = "x" }, { entity = 1, file = "x" },
      { entity = "products", file = "x", progress = 1 },
      { entity = "products", file = "x", behaviour = "delete" },
    } do
      assert.has_error(function() inv:import(request) end)
    end
    assert.has_error(function() inv:import("products") end)
  end)
end)
