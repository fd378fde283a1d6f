-- places_import_spec.lua: files of places, good and bad ones, and imports that come to nothing.

local children = require "children"
local core = require "quartermaster.core"
local helpers = require "helpers"
local kit = require "places_kit"
local order_kit = require "order_kit"
local quartermaster = require "quartermaster"

local found, line = kit.found, kit.line

-- "line CODE: message" of each line that was skipped.
local function skipped(result)
  local list = {}
  for i, problem in ipairs(result.errors) do
    list[i] = ("%d %s: %s"):format(problem.line, problem.code, problem.message)
  end
  return list
end

-- How many rows of places there are in a closed file, whoever may see them, and gazetteers.
local function stored(path)
  return children.shell(("sqlite3 '%s' 'SELECT count(*) FROM geoname; " ..
    "SELECT count(*) FROM gazetteer'"):format(path))
end

describe("a file of places", function()
  it("replaces those of its country", function()
    helpers.with_inventory(nil, function(inv)
      assert.same({ rows = 2, skipped = 0, errors = {} }, kit.import(inv, kit.many(2, 50)))
      assert(kit.import(inv, line("1010", "Wien", "Wien", 48, 16, "AT"), "AT"))
      assert.same({ rows = 1, skipped = 0, errors = {} }, kit.import(inv, kit.many(1, 40)))
      assert.equal("postcode 40 1", found(inv, { postcode = "10001" }))
      assert.equal("NOT_FOUND", found(inv, { postcode = "10002" }))
      assert.equal("postcode 48 16", found(inv, { country = "AT", postcode = "1010" }))
    end)
  end)

  local READ = {
    ["with CRLF"] = line("1", "a"):gsub("\n", "\r\n") .. line("2", "b"):gsub("\n", "\r\n"),
    ["without an end of its last line"] = (line("1", "a") .. line("2", "b")):sub(1, -2),
    ["with a byte order mark"] = "\239\187\191" .. line("1", "a") .. line("2", "b"),
    ["with blank lines"] = "\n\r\n  \n" .. line("1", "a") .. "\t\n\n" .. line("2", "b") .. "\n\n",
    ["with no more than eleven columns, and CRLF"] =
      (line("1", "a") .. line("2", "b")):gsub("\t4\n", "\r\n"),
  }
  for what, text in pairs(READ) do
    it(what .. " is read", function()
      helpers.with_inventory(nil, function(inv)
        assert.same({ rows = 2, skipped = 0, errors = {} }, kit.import(inv, text))
        assert.equal("postcode 50 10", found(inv, { postcode = "1" }))
        assert.equal("city 50 10", found(inv, { city = "b" }))
      end)
    end)
  end

  it("may have quotes, which mean nothing", function()
    helpers.with_inventory(nil, function(inv)
      assert.equal(2, kit.import(inv, line("1", '"a') .. line("2", 'b"')).rows)
      assert.equal("city 50 10", found(inv, { city = '"a' }))
    end)
  end)

  it("has its bad lines skipped, and says which and why", function()
    local long = ("x"):rep(256)
    local result
    helpers.with_inventory(nil, function(inv)
      result = kit.import(inv, "DE\t1\tshort\n" .. line("2", "b", "r", 91)
        .. line("3", "b", "r", 5, "x")
        .. line("4", "b\0", "r") .. line("5", long) .. line("6", "b", long) .. line(long)
        .. line("7", "b\195", "r") .. line("", "b", "r") .. line("8", "b", "r", 5, 5, "AT")
        .. line("9", ("y"):rep(70000)) .. "\n" .. line("10", "c") .. "DE\t11\tc\tr\t\195")
      assert.equal("city 50 10", found(inv, { city = "c" }))
      assert.equal("NOT_FOUND", found(inv, { city = "b" }))
    end)
    assert.same({ 1, 12 }, { result.rows, result.skipped })
    assert.same({
      "1 INVALID: a place has at least 11 columns, separated by tabs",
      "2 INVALID: a latitude is between -90 and 90",
      "3 INVALID: a longitude is between -180 and 180",
      "4 INVALID: the line contains a NUL byte",
      "5 LIMIT: the city is too long",
      "6 LIMIT: the region is too long",
      "7 LIMIT: the postcode is too long",
      "8 INVALID: the line is not UTF-8",
      "9 INVALID: a postcode is needed",
      "10 INVALID: the line is of another country: AT",
      "11 LIMIT: the line is too long",
      "14 INVALID: the line is not UTF-8",
    }, skipped(result))
  end)

  it("with many bad lines has a hundred of them told", function()
    helpers.with_inventory(nil, function(inv)
      local result = kit.import(inv, ("x\n"):rep(3000) .. line("1") .. ("y\n"):rep(2000))
      assert.same({ 1, 5000, 100, 100 }, { result.rows, result.skipped, #result.errors,
        result.errors[100].line })
    end)
  end)

  it("with no place of the country is refused, and what was there stays", function()
    helpers.with_inventory(nil, function(inv)
      assert(kit.import(inv, kit.many(2, 50)))
      local last = helpers.ledger_end(inv)
      for text, count in pairs{ [""] = 0, ["\n\n"] = 0, ["x\ny\n"] = 2, [kit.many(3, 1):gsub("DE",
        "FR")] = 3 } do
        local detail, message = helpers.expect_error("INVALID", kit.import(inv, text))
        assert.equal("no line of the file is a place of DE", message)
        assert.same({ 0, count, count + 1 }, { detail.rows, detail.skipped, #detail.errors })
        assert.equal("postcode 50 1", found(inv, { postcode = "10001" }))
      end
      assert.equal(last, helpers.ledger_end(inv))
    end)
  end)

  it("that cannot be read is refused", function()
    helpers.with_inventory(nil, function(inv)
      local _, message, code = inv.places:import{ country = "DE", file = "/no/such/file" }
      assert.equal("NOT_FOUND", code)
      assert.matches("/no/such/file", message)
      _, message, code = inv.places:import{ country = "DE", file = "/" }
      assert.equal("IO", code)
      assert.matches("line 1: reading failed", message)
      for _, country in ipairs{ "", "D", "DEU", "d1" } do
        helpers.expect_problems({ "country INVALID" },
          inv.places:import{ country = country, file = "examples/places.txt" })
      end
      assert.has_error(function() inv.places:import{ country = "DE", file = "a\0b" } end)
    end)
  end)

  it("of examples is read as it is", function()
    helpers.with_inventory(nil, function(inv)
      assert.same({ rows = 10, skipped = 0, errors = {} },
        inv.places:import{ country = "DE", file = "examples/places.txt" })
    end)
  end)
end)

describe("an import of places", function()
  it("says how far it is, and nobody sees its places before the last is in", function()
    helpers.with_inventory(nil, function(inv)
      assert(kit.import(inv, kit.many(1, 50)))
      local seen = {}
      assert(kit.import(inv, kit.many(4500, 40), "DE", function(lines)
        seen[#seen + 1] = lines .. " " .. found(inv, { postcode = "10001" })
          .. " " .. inv.places:countries()[1].rows
      end))
      assert.same({ "2000 postcode 50 1 1", "4000 postcode 50 1 1", "4500 postcode 50 1 1" }, seen)
      assert.equal("postcode 40 1", found(inv, { postcode = "10001" }))
    end)
  end)

  it("lets others write in between", function()
    order_kit.with_path(function(path)
      helpers.with_inventory({ path = path }, function(inv)
        helpers.with_inventory({ path = path, busy_timeout = 0 }, function(other)
          local writes = 0
          assert(kit.import(inv, kit.many(5000, 40), "DE", function()
            writes = writes + assert(other.items:save{ sku = "pen", qty = writes })
          end))
          assert.equal(3, writes)
          assert.equal("postcode 40 1", found(other, { postcode = "10001" }))
        end)
      end)
    end)
  end)

  it("leaves nothing behind of what it replaces", function()
    order_kit.with_path(function(path)
      helpers.with_inventory({ path = path }, function(inv)
        for _ = 1, 3 do assert(kit.import(inv, kit.many(4500, 50))) end
        assert(kit.import(inv, kit.many(10, 50)))
      end)
      assert.equal("10\n1\n", stored(path))
      helpers.with_inventory({ path = path }, function(inv)
        assert(inv.places:delete("DE"))
        assert(inv.places:delete("DE") == nil)
      end)
      assert.equal("0\n1\n", stored(path)) -- the newest number stays, lest it is used again
    end)
  end)

  it("that raises in between changes nothing, and closes its file", function()
    order_kit.with_path(function(path)
      helpers.with_inventory({ path = path }, function(inv)
        assert(kit.import(inv, kit.many(1, 50)))
        assert.has_error(function()
          kit.import(inv, kit.many(4500, 40), "DE", function() error("stop", 0) end)
        end, "stop")
        assert.equal("postcode 50 1", found(inv, { postcode = "10001" }))
        local _, open = children.shell("ls -l /proc/self/fd"):gsub("/lua_", "")
        assert.equal(0, open)
      end)
      assert.equal("1\n2\n", stored(path))
    end)
  end)

  it("that a later one has overtaken is refused at once, and the later one counts", function()
    order_kit.with_path(function(path)
      helpers.with_inventory({ path = path }, function(inv)
        local second, far
        local detail = helpers.expect_problems({ "country CONFLICT" },
          kit.import(inv, kit.many(6500, 40), "DE", function(lines)
            far = lines
            second = second or assert(kit.import(inv, kit.many(2500, 30)))
          end))
        assert.same({ "DE", 2000 }, { detail.errors[1].subject, far })
        assert.equal("postcode 30 1", found(inv, { postcode = "10001" }))
        assert.same({ { country = "DE", rows = 2500 } }, inv.places:countries())
      end)
      assert.equal("2500\n1\n", stored(path))
    end)
  end)

  it("is ended by deleting its country, of another country it is not", function()
    helpers.with_inventory(nil, function(inv)
      local austria, germany
      helpers.expect_problems({ "country CONFLICT" },
        kit.import(inv, kit.many(4500, 40), "DE", function()
          austria = austria or assert(kit.import(inv, line("1", "", "", 1, 1, "AT"), "AT"))
          germany = germany or assert(inv.places:delete("DE"))
        end))
      assert.same({ { country = "AT", rows = 1 } }, inv.places:countries())
    end)
  end)

  it("may be deleted behind its last line: then it has not been", function()
    helpers.with_inventory(nil, function(inv)
      helpers.expect_problems({ "country CONFLICT" },
        kit.import(inv, kit.many(5, 40), "DE", function() inv.places:delete("DE") end))
      assert.same({}, inv.places:countries())
    end)
  end)

  it("is refused by a handle that only reads, which still finds", function()
    order_kit.with_path(function(path)
      helpers.with_inventory({ path = path }, function(inv)
        assert(kit.import(inv, kit.many(1, 50)))
      end)
      helpers.with_inventory({ path = path, readonly = true }, function(inv)
        helpers.expect_error("READONLY", kit.import(inv, kit.many(1, 40)))
        helpers.expect_error("READONLY", inv.places:delete("DE"))
        assert.equal("postcode 50 1", found(inv, { postcode = "10001" }))
      end)
    end)
  end)

  it("for which there is no room leaves what was there", function()
    order_kit.with_path(function(path)
      helpers.with_inventory({ path = path, max_pages = 700 }, function(inv)
        assert(kit.import(inv, kit.many(100, 50)))
        helpers.expect_error("FULL", kit.import(inv, kit.many(20000, 40)))
        assert.equal("postcode 50 1", found(inv, { postcode = "10001" }))
        assert.same({ { country = "DE", rows = 100 } }, inv.places:countries())
        assert(kit.import(inv, kit.many(200, 40)))
        assert.equal("postcode 40 1", found(inv, { postcode = "10001" }))
        assert.is_true(inv:verify().ok)
      end)
    end)
  end)

  it("that is killed leaves what was there, and the next one removes what it had read", function()
    children.with_directory(function(directory)
      local path, file = directory .. "/shop.db", directory .. "/DE.txt"
      helpers.with_inventory({ path = path }, function(inv)
        assert(kit.import(inv, kit.many(100, 50)))
      end)
      children.write_file(file, kit.many(6500, 40))
      local program = children.program(directory, "import", [[
        local path, file = ...
        local inv = assert(quartermaster.open{ path = path })
        inv.places:import{ country = "DE", file = file, progress = function(lines)
          if lines == 4000 then os.execute("kill -9 $PPID") end
        end }
      ]])
      local _, code = children.run(("%s %s %s"):format(program, path, file))
      assert.equal(137, code)
      helpers.with_inventory({ path = path }, function(inv)
        assert.equal("postcode 50 1", found(inv, { postcode = "10001" }))
        assert.is_true(inv:verify().ok)
      end)
      assert.equal("4100\n2\n", stored(path))
      helpers.with_inventory({ path = path }, function(inv)
        assert(kit.import(inv, kit.many(7, 40)))
        assert.equal("postcode 40 1", found(inv, { postcode = "10001" }))
        assert.is_true(inv:verify().ok)
      end)
      assert.equal("7\n1\n", stored(path))
    end)
  end)

  it("goes along in a backup", function()
    children.with_directory(function(directory)
      helpers.with_inventory({ path = directory .. "/shop.db" }, function(inv)
        assert(kit.import(inv, kit.many(100, 50)))
        assert(inv:backup(directory .. "/copy.db"))
      end)
      helpers.with_inventory({ path = directory .. "/copy.db" }, function(inv)
        assert.equal("postcode 50 7", found(inv, { postcode = "10007" }))
      end)
    end)
  end)

  it("changes nothing that orders rely on", function()
    order_kit.with_path(function(path)
      local function catalogue()
        return children.shell(("sqlite3 '%s' 'SELECT catalogue FROM shop'"):format(path))
      end
      helpers.with_inventory({ path = path }, function() end)
      local before = catalogue()
      helpers.with_inventory({ path = path }, function(inv)
        assert(kit.import(inv, kit.many(2, 50)))
        assert(inv.places:delete("DE"))
      end)
      assert.equal(before, catalogue())
    end)
  end)
end)

it("places that are not on earth are damage", function()
  for _, damage in ipairs{ "latitude = 90.5", "longitude = 9e999" } do
    order_kit.with_path(function(path)
      helpers.with_inventory({ path = path }, function(inv)
        assert(kit.import(inv, kit.many(1, 50)))
      end)
      order_kit.tamper(path, "UPDATE geoname SET " .. damage)
      helpers.with_inventory({ path = path }, function(inv)
        helpers.expect_error("CORRUPT", inv.places:find{ country = "DE", postcode = "10001" })
      end)
    end)
  end
end)

it("a reader of places that is closed raises, and an inventory that is closed as well", function()
  local reader = assert(core.geofile_open("examples/places.txt", "DE"))
  reader:close()
  reader:close()
  helpers.with_inventory(nil, function(inv)
    assert.has_error(function() core.geonames_add(inv.store, reader, 0, 0) end)
    assert.has_error(function() core.geonames_add(inv.store, io.stdout, 0, 0) end)
  end)
  local inv = assert(quartermaster.open{ path = ":memory:" })
  inv:close()
  assert.has_error(function() inv.places:import{ country = "DE", file = "examples/places.txt" } end)
  assert.has_error(function() inv.places:find{ country = "DE", postcode = "1" } end)
end)

-- A sanitizer keeps what was freed for a while, so it says nothing about memory.
if not os.getenv("QM_BUILD") then
  local PROGRAM = [[
    local directory, count = ...
    local path = directory .. "/" .. count .. ".txt"
    local file = assert(io.open(path, "wb"))
    for i = 1, tonumber(count) do
      file:write(("DE\t%d\tCity %d\tRegion %d\t\t\t\t\t\t50.%04d\t10.5\t4\n"):format(10000 + i,
        i % 30000, i % 16, i % 10000))
    end
    file:close()
    local inv = assert(quartermaster.open{ path = directory .. "/" .. count .. ".db",
      durability = "normal" })
    assert(inv.places:import{ country = "DE", file = path }.rows == tonumber(count))
    assert(inv.places:find{ country = "DE", postcode = tostring(10000 + count) })
    assert(inv.places:delete("DE"))
    inv:close()
    for line in io.lines("/proc/self/status") do
      local peak = line:match("^VmHWM:%s+(%d+)")
      if peak then say(peak) end
    end
  ]]

  it("200,000 places need no more memory than 20,000 #slow", function()
    children.with_directory(function(directory)
      local program = children.program(directory, "import", PROGRAM)
      local peaks = {}
      for _, count in ipairs{ 20000, 200000 } do
        local output = children.run(("%s %s %d"):format(program, directory, count))
        peaks[count] = assert(tonumber(output:match("^(%d+)\n$")), output)
      end
      assert.is_true(peaks[200000] - peaks[20000] < 2048,
        ("%d KiB, then %d"):format(peaks[20000], peaks[200000]))
    end)
  end)
end
