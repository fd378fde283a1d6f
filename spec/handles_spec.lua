-- handles_spec.lua: the life of a handle: what works on a closed one, and that none leaks.

local calls = require "calls"
local children = require "children"
local core = require "quartermaster.core"
local helpers = require "helpers"
local quartermaster = require "quartermaster"

local function open_handles()
  return core.stats().open_handles
end

local function collect()
  for _ = 1, 3 do collectgarbage() end
end

local function closed_inventory()
  local inv = assert(quartermaster.open{ path = ":memory:" })
  inv:close()
  return inv
end

describe("a closed handle", function()
  local function must_say_closed(name, ...)
    local ok, message = pcall(calls.call, closed_inventory(), name, ...)
    assert.is_false(ok, name .. " works on a closed handle")
    assert.is_truthy(tostring(message):find("closed", 1, true), tostring(message))
  end

  local LISTS = { ["stocks:link"] = true, ["stocks:unlink"] = true }

  for _, case in ipairs(calls.TABLES) do
    it("raises on " .. case[1], function()
      local request = case[3]
      if LISTS[case[1]] then request = { { stock = 1, source = "default" } } end
      if case[1] == "import" then
        children.with_directory(function(directory)
          children.write_file(directory .. "/s.csv", "source_code,sku,quantity\ndefault,a,1\n")
          must_say_closed("import",
            { entity = "stock_sources", file = directory .. "/s.csv" })
        end)
        return
      end
      must_say_closed(case[1], request)
    end)
  end

  for _, case in ipairs(calls.POSITIONAL) do
    it("raises on " .. case[1], function()
      must_say_closed(case[1], (table.unpack or unpack)(case[3]))
    end)
  end

  for _, name in ipairs(calls.BARE) do
    it("raises on " .. name, function() must_say_closed(name) end)
  end

  it("raises on every method that the inventory and its groups have", function()
    local known = { close = true }
    for _, list in ipairs{ calls.TABLES, calls.POSITIONAL } do
      for _, case in ipairs(list) do known[case[1]] = true end
    end
    for _, name in ipairs(calls.BARE) do known[name] = true end
    local inv = closed_inventory()
    local missing = {}
    local function look(prefix, object)
      for name in pairs(getmetatable(object).__index) do
        if not known[prefix .. name] then missing[#missing + 1] = prefix .. name end
      end
    end
    look("", inv)
    for _, group in ipairs{
      "sources", "stocks", "channels", "products", "items", "settings", "policies", "orders",
      "holds",
    } do
      look(group .. ":", inv[group])
    end
    assert.same({}, missing) -- of the tables in calls.lua
  end)

  it("may be closed again", function()
    local inv = closed_inventory()
    local before = open_handles()
    inv:close()
    inv:close()
    assert.equal(before, open_handles())
  end)

  it("says that it is closed", function()
    local inv = assert(quartermaster.open{ path = ":memory:" })
    local text = tostring(inv)
    inv:close()
    assert.is_truthy(text:find("quartermaster", 1, true))
    assert.is_truthy(text:find(":memory:", 1, true))
    assert.is_nil(text:find("closed", 1, true))
    assert.is_truthy(tostring(inv):find("closed", 1, true), tostring(inv))
  end)
end)

describe("a handle", function()
  it("that nobody holds any more is closed by the collector", function()
    collect()
    local before = open_handles()
    for _ = 1, 5 do assert(quartermaster.open{ path = ":memory:" }) end
    assert.is_true(open_handles() > before)
    collect()
    assert.equal(before, open_handles())
  end)

  it("that was closed is collected without harm", function()
    collect()
    local before = open_handles()
    for _ = 1, 5 do closed_inventory() end
    collect()
    assert.equal(before, open_handles())
  end)

  it("is collected although its groups refer to it", function()
    collect()
    local weak = setmetatable({}, { __mode = "k" })
    weak[assert(quartermaster.open{ path = ":memory:" })] = true
    collect()
    assert.is_nil(next(weak))
  end)

  it("gives the file free when the collector closes it", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      local inv = assert(quartermaster.open{ path = path })
      assert(inv.products:save{ sku = "pen" })
      inv = nil -- luacheck: ignore
      collect()
      helpers.with_inventory({ path = path }, function(again)
        assert.equal("pen", again.products:get("pen").sku)
      end)
    end)
  end)

  if _VERSION == "Lua 5.4" then
    it("is closed at the end of its scope when it is a to-be-closed variable", function()
      local before = open_handles()
      local chunk = assert(load([[
        local quartermaster, core = ...
        local kept
        do
          local inv <close> = assert(quartermaster.open{ path = ":memory:" })
          kept = inv
          assert(core.stats().open_handles > 0)
        end
        return kept
      ]]))
      local inv = chunk(quartermaster, core)
      assert.equal(before, open_handles())
      assert.has_error(function() inv:verify() end)
    end)

    it("is closed when an error leaves its scope", function()
      local before = open_handles()
      local chunk = assert(load([[
        local quartermaster = ...
        local inv <close> = assert(quartermaster.open{ path = ":memory:" })
        error("left")
      ]]))
      assert.has_error(function() chunk(quartermaster) end)
      assert.equal(before, open_handles())
    end)
  end

  it("may be closed in the middle of a page, and pages that were read stay", function()
    local inv = assert(quartermaster.open{ path = ":memory:" })
    for i = 1, 5 do assert(inv.products:save{ sku = "p" .. i }) end
    local page, after = inv.products:list{ limit = 2 }
    inv:close()
    assert.equal("p2", page[2].sku)
    assert.has_error(function() inv.products:list{ limit = 2, after = after } end)
  end)
end)

describe("an open that fails", function()
  it("leaves no handle, whatever the reason", function()
    children.with_directory(function(directory)
      children.write_file(directory .. "/text", ("no database\n"):rep(500))
      local before = open_handles()
      local cases = {
        { path = directory .. "/none.db", create = false },
        { path = directory .. "/no/such/shop.db" },
        { path = directory },
        { path = directory .. "/text" },
        { path = directory .. "/none.db", readonly = true },
        { path = "/proc/shop.db" },
        { path = directory .. "/small.db", max_pages = 3 },
      }
      for _ = 1, 3 do
        for _, options in ipairs(cases) do
          local inv, message, code = quartermaster.open(options)
          assert.is_nil(inv, options.path)
          assert.is_string(message)
          assert.is_table(quartermaster.errors[code], tostring(code))
          assert.equal(before, open_handles(), options.path)
        end
      end
    end)
  end)

  it("because the clock raises leaves no handle", function()
    local before = open_handles()
    assert.has_error(function()
      quartermaster.open{ path = ":memory:", clock = function() error("no time") end }
    end)
    collect()
    assert.equal(before, open_handles())
  end)

  it("leaves no descriptor open", function()
    children.with_directory(function(directory)
      children.write_file(directory .. "/text", ("no database\n"):rep(500))
      local program = children.program(directory, "open", [[
        local path = ...
        -- Not through a pipe, whose ends would be counted or not, as it happens.
        local function descriptors()
          collectgarbage()
          collectgarbage()
          os.execute("ls /proc/$PPID/fd | wc -l > " .. path .. ".count")
          local file = assert(io.open(path .. ".count"))
          local count = file:read("*n")
          file:close()
          return assert(count)
        end
        local before = descriptors()
        for _ = 1, 20 do assert(not quartermaster.open{ path = path }) end
        for _ = 1, 20 do assert(quartermaster.open{ path = path .. ".db" }):close() end
        say(math.max(descriptors() - before, 0))
      ]])
      assert.equal("0\n", (children.run(program .. " " .. directory .. "/text")))
    end)
  end)
end)
