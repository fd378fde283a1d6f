-- tutorial_spec.lua: README.md keeps its word. Every Lua block in it runs, in order, in one
-- environment, and gives back what it says; its tables agree with the code; what it links to is
-- there.
--
-- In a block, a line that is followed by `--> VALUES`, at its end or on the next one, is an
-- expression, and must have these values: as tostring shows them, two spaces apart, with nil and
-- tables at the end left out. An expression is one line, since the prompt of Lua shows the values
-- of no longer one.

local children = require "children"
local core = require "quartermaster.core"
local helpers = require "helpers"
local quartermaster = require "quartermaster"
local settings = require "quartermaster.settings"

local README = "README.md"

-- Running blocks --------------------------------------------------------------------------------

-- The Lua blocks of a text, each a list of { number, line }.
local function blocks_of(text)
  local blocks, block, number = {}, nil, 0
  for line in text:gmatch("([^\n]*)\n") do
    number = number + 1
    if line == "```lua" then
      block = {}
      blocks[#blocks + 1] = block
    elseif line == "```" then
      block = nil
    elseif block then
      block[#block + 1] = { number = number, text = line }
    end
  end
  return blocks
end

-- Compiles lines under the number of the first one, so that errors name the line of the text.
local function compile(lines, prefix, environment)
  local texts, first = {}, lines[1].number
  for i, line in ipairs(lines) do texts[i] = line.text end
  local source = ("\n"):rep(first - 1) .. prefix .. table.concat(texts, "\n")
  if rawget(_G, "setfenv") then
    local chunk = assert(loadstring(source, "=" .. README)) -- luacheck: ignore 113
    return setfenv(chunk, environment) -- luacheck: ignore 113
  end
  return assert(load(source, "=" .. README, "t", environment))
end

local function shown(values, count)
  while count > 1 and (values[count] == nil or type(values[count]) == "table") do
    count = count - 1
  end
  local texts = {}
  for i = 1, count do texts[i] = tostring(values[i]) end
  return table.concat(texts, "  ")
end

local function pack(...)
  return { ... }, select("#", ...)
end

local function check_values(line, expected, environment)
  local values, count = pack(compile({ line }, "return ", environment)())
  local found = shown(values, count)
  if found ~= expected then
    error(("%s:%d: it says %q, but it is %q"):format(README, line.number, expected, found), 0)
  end
end

-- Runs one block and returns how many statements had their values checked.
local function run_block(block, environment)
  local checks, lines = 0, {}
  local function run(part)
    if #part > 0 then compile(part, "", environment)() end
  end
  for _, line in ipairs(block) do
    local code, expected = line.text:match("^(.-)%s*%-%->%s*(.-)%s*$")
    if code ~= "" then
      lines[#lines + 1] = { number = line.number, text = code or line.text }
    end
    if expected then
      local last = table.remove(lines)
      run(lines)
      check_values(last, expected, environment)
      checks, lines = checks + 1, {}
    end
  end
  run(lines)
  return checks
end

-- Runs all blocks of a text; files they open by name lie in the directory.
local function run_text(text, directory)
  local environment = setmetatable({}, { __index = _G })
  local checks = 0
  text = text:gsub('(path = ")([^":])', '%1' .. directory .. "/%2") -- :memory: is no file
  local ok, problem = pcall(function()
    for _, block in ipairs(blocks_of(text)) do
      checks = checks + run_block(block, environment)
    end
  end)
  for _, value in pairs(environment) do
    if type(value) == "table" and rawget(value, "store") then value:close() end
  end
  if not ok then error(problem, 0) end
  return checks
end

-- Reading tables --------------------------------------------------------------------------------

local function between(name)
  local text = children.read_file(README)
  local part = text:match("<!%-%- " .. name .. " %-%->\n(.-)<!%-%- /" .. name .. " %-%->")
  return assert(part, "README.md has no part " .. name)
end

-- The rows of a table, heading left out, as lists of cells.
local function rows_of(name)
  local rows = {}
  for line in between(name):gmatch("[^\n]+") do
    local cells = {}
    for cell in line:gsub("\\|", "\0"):gmatch("|%s*([^|]-)%s*%f[|]") do
      cells[#cells + 1] = cell:gsub("%z", "|")
    end
    rows[#rows + 1] = cells
  end
  return { (table.unpack or unpack)(rows, 3) }
end

-- The specs -------------------------------------------------------------------------------------

describe("the README's Lua", function()
  it("runs, and gives back what it says", function()
    local before = core.stats().open_handles
    children.with_directory(function(directory)
      local checks = run_text(children.read_file(README), directory)
      assert.is_true(checks >= 30, "only " .. checks .. " values are shown")
    end)
    assert.equal(before, core.stats().open_handles)
  end)

  it("is not believed when it is wrong", function()
    local function problem(text)
      local ok, message = pcall(run_text, "text\n```lua\n" .. text .. "\n```\n", "/nowhere")
      assert.is_false(ok)
      return tostring(message)
    end
    assert.equal('README.md:3: it says "2", but it is "3"', problem("1 + 2  --> 2"))
    assert.equal('README.md:4: it says "2", but it is "nil  x"',
      problem("a = 1\nselect(1, nil, 'x', {})\n--> 2"))
    assert.equal('README.md:3: it says "", but it is "1"', problem("math.max(1)  -->"))
    assert.truthy(problem("math.max(\n  1\n)  --> 1"):find("README.md:", 1, true))
    assert.equal("README.md:5: no", problem("local a = 1\n\nerror('no')"))
    assert.truthy(problem("a = = 1"):find("README.md:3:", 1, true))
  end)
end)

describe("the README's tables", function()
  it("names every setting with its default", function()
    local expected, found = {}, {}
    local defaults = settings.public(settings.effective({}, {}))
    for name in pairs(settings.DEFINITIONS) do
      local default = defaults[name]
      expected[name] = default == nil and "unset" or tostring(default)
    end
    for _, row in ipairs(rows_of("settings")) do found[row[1]:match("^`(.+)`$")] = row[2] end
    assert.same(expected, found)
  end)

  it("lists every code with its message, in order of precedence", function()
    local codes, lines = {}, {}
    for code in pairs(quartermaster.errors) do codes[#codes + 1] = code end
    table.sort(codes, function(a, b)
      return quartermaster.errors[a].precedence < quartermaster.errors[b].precedence
    end)
    for i, code in ipairs(codes) do
      local known = quartermaster.errors[code]
      lines[i] = ("| `%s` | %s | %s |\n"):format(code, known.transient and "yes" or "no",
        known.message)
    end
    assert.equal("| code | transient | meaning |\n|---|---|---|\n" .. table.concat(lines),
      between("errors"))
  end)

  it("states the limits that are in force", function()
    local NAMES = {
      ["bytes of a SKU"] = "sku_bytes", ["bytes of a code or name"] = "code_bytes",
      ["bytes of an `id`"] = "id_bytes", ["lines of one request"] = "lines",
      ["records of one batch or list"] = "batch", ["rows of one page"] = "page",
      ["sources, and stocks"] = "places", ["a quantity"] = "quantity",
    }
    local found, expected = {}, {}
    for what, name in pairs(NAMES) do expected[what] = ("%.0f"):format(core.limits[name]) end
    for _, row in ipairs(rows_of("limits")) do found[row[1]] = row[2] end
    assert.same(expected, found)
  end)

  it("names the columns of each file that are imported, and no other", function()
    local importer = children.read_file("lua/quartermaster/import.lua")
    local known, listed = {}, {}
    for column in importer:gmatch('"([%a_]+)"') do known[column] = true end
    for _, row in ipairs(rows_of("columns")) do
      local entity = row[1]:match("`(.+)`")
      local header = children.read_file(("examples/%s.csv"):format(entity)):match("^[^\r\n]+")
      for column in row[2]:gmatch("`([%a_]+)`") do
        listed[entity .. "." .. column] = true
        assert.truthy(known[column], column .. " is not imported")
      end
      for column in header:gmatch("[%a_]+") do
        assert.truthy(listed[entity .. "." .. column] or not known[column] or column == "name",
          ("%s of %s.csv is not listed"):format(column, entity))
      end
    end
  end)
end)

describe("the README", function()
  local text = children.read_file(README)

  it("names files, make targets and sections that exist", function()
    local function exists(path) return children.shell("ls -d " .. path .. " 2>/dev/null") ~= "" end
    local makefile, anchors = children.read_file("Makefile"), {}
    for heading in text:gmatch("\n##+ ([^\n]+)") do
      anchors["#" .. heading:lower():gsub(" ", "-")] = true
    end
    for target in text:gmatch("%]%(([^)]+)%)") do
      local found = target:sub(1, 1) == "#" and anchors[target] or exists(target)
      assert.truthy(found, "there is no " .. target)
    end
    for path in text:gmatch("`(spec/[%w_/.*]+)`") do assert.truthy(exists(path), "no " .. path) end
    for path in text:gmatch("rockspec/%S+%.rockspec") do
      assert.truthy(exists(path), "there is no " .. path)
    end
    for target in text:gmatch("%f[%w]make (%l[%w.]*)%s") do
      local line = "\n[^\n:=\t]*%f[%w]" .. target:gsub("%.", "%%.") .. "%f[^%w.][^\n:=]*:"
      assert.truthy(makefile:find(line), "there is no make " .. target)
    end
  end)

  it("says how many sources a stock may draw on", function()
    local most = tonumber(text:match("draws on up to (%d+) sources"))
    helpers.with_inventory(nil, function(inv)
      local links = {}
      for i = 1, most do
        links[i] = { code = "s-" .. i, priority = 1 }
        assert(inv.sources:save(helpers.source("s-" .. i)))
      end
      local stock = assert(inv.stocks:save{ name = "wide", sources = links })
      assert(inv.items:save{ sku = "lamp", source = "s-" .. most, qty = 1 })
      local request = { stock = stock, lines = { { sku = "lamp", qty = 1 } } }
      assert.is_true(inv:select(request).shippable)

      assert(inv.sources:save(helpers.source("one-more")))
      helpers.expect_error("LIMIT",
        inv.stocks:link{ { stock = stock, source = "one-more", priority = 1 } })
    end)
  end)

  it("says what happens when a second stock is linked to a source", function()
    assert.truthy(text:find('shared_sources = "independent"', 1, true))
    for _, shared in ipairs{ false, "independent" } do
      helpers.with_inventory({ shared_sources = shared or nil }, function(inv)
        assert(inv.sources:save(helpers.source("muc")))
        local links = { { code = "muc", priority = 1 } }
        local a = assert(inv.stocks:save{ name = "A", sources = links })
        local b = assert(inv.stocks:save{ name = "B", sources = links })
        assert(inv.items:save{ sku = "lamp", source = "muc", qty = 1 })
        assert(inv.products:save{ sku = "lamp" })
        local lines = { { sku = "lamp", qty = 1 } }
        assert(inv:place{ id = "o-1", stock = a, lines = lines })
        if shared then -- as if it were alone
          assert(inv:place{ id = "o-2", stock = b, lines = lines })
        else
          helpers.expect_error("NOT_ENOUGH", inv:place{ id = "o-2", stock = b, lines = lines })
        end
      end)
    end
  end)
end)
