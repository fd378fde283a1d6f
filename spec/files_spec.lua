-- files_spec.lua: files that cannot be opened, written or grown, and what each is answered with.

local children = require "children"
local core = require "quartermaster.core"
local helpers = require "helpers"
local quartermaster = require "quartermaster"

local run, program = children.run, children.program

-- Root may write anywhere, so that rights only show when it gives up the capability to ignore them.
local OBEDIENT = "setpriv --bounding-set=-dac_override,-dac_read_search"
  .. " --inh-caps=-dac_override,-dac_read_search "
if children.shell("id -u") ~= "0\n" then OBEDIENT = "" end

local function refused(code, options)
  local before = core.stats().open_handles
  local inv, message, got, detail = quartermaster.open(options)
  if inv then inv:close() end
  assert.is_nil(inv, options.path .. " was opened")
  assert.equal(code, got, message)
  assert.is_table(detail)
  assert.equal(before, core.stats().open_handles)
  return message
end

local function make_shop(path, orders)
  helpers.with_inventory({ path = path, durability = "normal" }, function(inv)
    assert(inv.products:save{ sku = "pen" })
    assert(inv.items:save{ sku = "pen", qty = 100000, status = "in_stock" })
    for i = 1, orders or 3 do
      assert(inv:place{ id = "o" .. i, stock = 1, lines = { { sku = "pen", qty = 1 } } })
    end
  end)
end

-- Runs fn(directory, path) with an inventory of a few orders at path.
local function with_shop(fn)
  children.with_directory(function(directory)
    local path = directory .. "/shop.db"
    make_shop(path)
    fn(directory, path)
  end)
end

describe("opening", function()
  it("a missing file with create = false is NOT_FOUND and creates nothing", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      local message = refused("NOT_FOUND", { path = path, create = false })
      assert.is_truthy(message:find(path, 1, true))
      refused("NOT_FOUND", { path = path, readonly = true })
      assert.equal("", children.shell("ls -A " .. directory))
    end)
  end)

  it("a file in a missing directory is NOT_FOUND", function()
    children.with_directory(function(directory)
      refused("NOT_FOUND", { path = directory .. "/no/such/shop.db" })
      refused("NOT_FOUND", { path = directory .. "/no/such/shop.db", create = false })
    end)
  end)

  it("a file below a file is NOT_FOUND", function()
    children.with_directory(function(directory)
      children.write_file(directory .. "/file", "")
      refused("NOT_FOUND", { path = directory .. "/file/shop.db" })
    end)
  end)

  it("a directory or a device is FOREIGN", function()
    children.with_directory(function(directory)
      refused("FOREIGN", { path = directory })
      refused("FOREIGN", { path = directory, readonly = true })
      refused("FOREIGN", { path = "/dev/null" })
      refused("FOREIGN", { path = "/dev/zero", readonly = true })
    end)
  end)

  it("a text file is FOREIGN and leaves it as it is", function()
    children.with_directory(function(directory)
      for _, text in ipairs{ "x", "no database", ("no database\n"):rep(1000), ("\0"):rep(5000) } do
        local path = directory .. "/text"
        children.write_file(path, text)
        refused("FOREIGN", { path = path })
        refused("FOREIGN", { path = path, readonly = true })
        assert.equal(text, children.read_file(path))
      end
    end)
  end)

  it("another program's database is FOREIGN and leaves it as it is", function()
    with_shop(function(directory, path)
      local bytes = children.read_file(path)
      local function with_words(application, version)
        local file = directory .. "/other.db"
        children.write_file(file, bytes:sub(1, 60) .. version .. bytes:sub(65, 68) .. application
          .. bytes:sub(73))
        return file
      end
      for _, words in ipairs{ { "\0\0\0\0", "\0\0\0\0" }, { "\0\0\0\0", "\0\0\0\1" },
        { "GPKG", "\0\0\39\216" }, { "\255\255\255\255", bytes:sub(61, 64) } } do
        local other = with_words(words[1], words[2])
        local before = children.read_file(other)
        refused("FOREIGN", { path = other })
        refused("FOREIGN", { path = other, readonly = true })
        assert.is_true(before == children.read_file(other))
      end
    end)
  end)

  it("a newer schema is NEWER and says both versions", function()
    with_shop(function(_, path)
      local bytes = children.read_file(path)
      children.write_file(path, bytes:sub(1, 60) .. "\0\0\3\7" .. bytes:sub(65))
      local before = children.read_file(path)
      local message = refused("NEWER", { path = path })
      assert.is_truthy(message:find("775", 1, true), message)
      assert.is_truthy(message:find("%f[%d]" .. core.schema .. "%f[%D]"), message)
      refused("NEWER", { path = path, readonly = true })
      assert.is_true(before == children.read_file(path))
    end)
  end)

  it("a negative schema version is CORRUPT or NEWER, never taken for an old one", function()
    with_shop(function(_, path)
      local bytes = children.read_file(path)
      for _, version in ipairs{ "\255\255\255\255", "\128\0\0\0", "\0\0\0\0" } do
        children.write_file(path, bytes:sub(1, 60) .. version .. bytes:sub(65))
        refused("CORRUPT", { path = path })
      end
    end)
  end)

  it("an empty file makes an inventory of it, unless nothing may be created", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      children.write_file(path, "")
      refused("FOREIGN", { path = path, readonly = true })
      refused("FOREIGN", { path = path, create = false })
      assert.equal("", children.read_file(path))
      helpers.with_inventory({ path = path }, function(inv)
        assert.is_true(inv:verify().ok)
      end)
    end)
  end)

  it("a path with a NUL byte is refused instead of cut", function()
    children.with_directory(function(directory)
      local ok, inv = pcall(quartermaster.open, { path = directory .. "/shop.db\0.txt" })
      if ok and inv then inv:close() end
      assert.is_true(not ok or inv == nil)
      assert.equal("", children.shell("ls -A " .. directory))
    end)
  end)

  it("a path that is too long, or a loop of links, is an error and no crash", function()
    children.with_directory(function(directory)
      local long = { directory .. "/" .. ("x"):rep(300), "/" .. ("x/"):rep(3000) .. "db" }
      for _, path in ipairs(long) do
        local inv, message, code = quartermaster.open{ path = path }
        assert.is_nil(inv)
        assert.is_truthy(code == "IO" or code == "NOT_FOUND", message)
      end
      os.execute("ln -s loop " .. directory .. "/loop")
      local inv, message, code = quartermaster.open{ path = directory .. "/loop" }
      assert.is_nil(inv)
      assert.is_truthy(code == "IO" or code == "NOT_FOUND", message)
    end)
  end)

  it("with numbers that are none is refused", function()
    local wrong = { 0 / 0, 1 / 0, -1 / 0, -1, 1e300 }
    for _, key in ipairs{ "busy_timeout", "max_pages" } do
      for _, number in ipairs(wrong) do
        local options = { path = ":memory:", [key] = number }
        local ok, inv, message, code = pcall(quartermaster.open, options)
        if ok and inv then inv:close() end
        local text = ("%s = %s"):format(key, number)
        assert.is_true(not ok or inv == nil, text)
        assert.is_truthy(tostring(ok and message or inv):find(key, 1, true), text)
        assert.is_true(not ok or code == "INVALID" or code == "LIMIT", text)
      end
    end
  end)
end)

describe("without the right to write", function()
  -- Opens the file of its first argument and tries what the second says.
  local TRY = [[
    local path, readonly, create = ...
    local inv, message, code = quartermaster.open{
      path = path, readonly = readonly == "yes", create = create ~= "no",
    }
    if not inv then
      say(code, message)
      return
    end
    local orders = #inv:reservations()
    local pen = { { sku = "pen", qty = 1 } }
    local _, _, refusal = inv:place{ id = "new", stock = 1, lines = pen }
    local report = inv:verify()
    inv:close()
    say("open", orders, refusal or "placed", report and tostring(report.ok) or "unverified")
  ]]

  local function try(directory, path, arguments)
    local command = OBEDIENT .. program(directory, "try", TRY)
    return (run(command .. " " .. path .. " " .. (arguments or "no yes")))
  end

  it("in the directory, a new file is READONLY", function()
    children.with_directory(function(directory)
      os.execute("mkdir " .. directory .. "/fixed; chmod 555 " .. directory .. "/fixed")
      local output = try(directory, directory .. "/fixed/shop.db")
      assert.is_truthy(output:find("^READONLY .*shop.db"), output)
      assert.equal("", children.shell("ls -A " .. directory .. "/fixed"))
    end)
  end)

  it("in a kernel's directory, a new file is READONLY or IO", function()
    for _, path in ipairs{ "/proc/shop.db", "/sys/shop.db" } do
      local inv, message, code = quartermaster.open{ path = path }
      assert.is_nil(inv)
      assert.is_truthy(code == "READONLY" or code == "IO" or code == "NOT_FOUND", message)
    end
  end)

  it("in the file, it is READONLY and says what to do, and readonly = true reads it", function()
    with_shop(function(directory, path)
      os.execute("chmod 444 " .. path)
      local output = try(directory, path)
      assert.is_truthy(output:find("^READONLY .*readonly = true"), output)
      assert.equal("open 3 READONLY true\n", try(directory, path, "yes"))
    end)
  end)

  it("in the directory of a file that may be written, it is READONLY", function()
    with_shop(function(directory, path)
      os.execute(("mkdir %s/fixed; mv %s %s/fixed; chmod 555 %s/fixed"):format(
        directory, path, directory, directory))
      local output = try(directory, directory .. "/fixed/shop.db")
      assert.is_truthy(output:find("^READONLY "), output)
    end)
  end)

  it("in both, readonly = true is READONLY too, because readers keep a file beside it", function()
    with_shop(function(directory, path)
      os.execute(("mkdir %s/fixed; mv %s %s/fixed; chmod 444 %s/fixed/shop.db; chmod 555 %s/fixed")
        :format(directory, path, directory, directory, directory))
      local output = try(directory, directory .. "/fixed/shop.db", "yes")
      assert.is_truthy(output:find("^READONLY .*directory"), output)
      assert.equal("shop.db\n", children.shell("ls -A " .. directory .. "/fixed"))
    end)
  end)

  it("or to read, it is READONLY or IO, never FOREIGN", function()
    with_shop(function(directory, path)
      os.execute("chmod 000 " .. path)
      for _, arguments in ipairs{ "no yes", "yes no" } do
        local output = try(directory, path, arguments)
        assert.is_truthy(output:find("^READONLY ") or output:find("^IO "), output)
      end
    end)
  end)

  it("every write is READONLY on a handle opened with readonly = true, every read works", function()
    with_shop(function(_, path)
      helpers.with_inventory({ path = path, readonly = true }, function(inv)
        local pen = { { sku = "pen", qty = 1 } }
        local writes = {
          function() return inv:place{ id = "n", stock = 1, lines = pen } end,
          function() return inv:cancel{ id = "n", order = "o1" } end,
          function() return inv:batch{ { op = "cancel", id = "n", order = "o1" } } end,
          function() return inv.products:save{ sku = "ink" } end,
          function() return inv.products:save{ sku = "pen", settings = { notify_below = 3 } } end,
          function() return inv.items:save{ sku = "pen", qty = 1 } end,
          function() return inv.items:delete{ sku = "pen" } end,
          function() return inv.stocks:save{ name = "EU" } end,
          function() return inv.stocks:delete(2) end,
          function() return inv.sources:save{ code = "a", name = "a", country = "DE",
            postcode = "1" } end,
          function() return inv.settings:set{ backorders = "allow" } end,
          function() return inv.policies:activate("magento") end,
          function() return inv:adopt{ id = "n", reservations = {
            { sku = "pen", qty = -1, stock = 1 },
          } } end,
          function() return inv:compensate{ id = "n", force = true, lines = {
            { order = "o1", sku = "pen", qty = -1, stock = 1 },
          } } end,
          function() return inv:compact() end,
        }
        for i, write in ipairs(writes) do
          local value, message, code = write()
          assert.is_nil(value, "write " .. i)
          assert.equal("READONLY", code, message)
        end
        assert.equal(99997, inv:salable_qty("pen", { stock = 1 }))
        assert.equal("o2", inv.orders:get("o2").id)
        assert.is_true(inv:verify().ok)
        assert.is_table(inv:info())
      end)
    end)
  end)
end)

describe("a file beside which no queue can be", function()
  it("is written all the same, by several processes too", function()
    with_shop(function(directory, path)
      os.remove(path .. "-lock")
      os.execute("mkdir " .. path .. "-lock")
      local command = program(directory, "buy", [[
        local path, name = ...
        local inv = assert(quartermaster.open{ path = path, busy_timeout = 60 })
        for i = 1, 20 do
          assert(inv:place{ id = name .. i, stock = 1, lines = { { sku = "pen", qty = 1 } } })
        end
        say("done")
      ]])
      local outputs = children.together(command, { path .. " a", path .. " b" })
      assert.same({ "done\n", "done\n" }, outputs)
      local inv = assert(quartermaster.open{ path = path })
      assert.equal(100000 - 43, inv:salable_qty("pen", { stock = 1 }))
      assert.is_true(inv:verify().ok)
      inv:close()
    end)
  end)
end)
