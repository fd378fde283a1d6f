-- damage_spec.lua: one byte of the file is wrong, or its end is missing. Whatever byte it is: a
-- code that says so, a problem that verify reports, or numbers that are all still right. Never a
-- crash, never a hang, and never a wrong number that verify calls right.

local children = require "children"
local damage = require "damage"
local helpers = require "helpers"
local quartermaster = require "quartermaster"

local SEED = tonumber(os.getenv("QM_SEED") or "20240229")
local ROUNDS = tonumber(os.getenv("QM_ROUNDS") or "25") -- per kind of page

local directory, whole, bytes, pages
local quantities = {} -- on hand of some products; each takes three bytes in the file

setup(function()
  directory = children.shell("mktemp -d /tmp/quartermaster.XXXXXX"):match("^%S+")
  whole = directory .. "/whole.db"
  damage.build(whole)
  helpers.with_inventory({ path = whole, readonly = true }, function(inv)
    for i = 1, 10 do
      local at = inv:position{ sku = ("product-%02d"):format(i), stock = 2 }
      quantities[i] = at.on_hand
    end
  end)
  bytes = children.read_file(whole)
  pages = damage.pages(bytes)
end)

teardown(function() os.execute("rm -rf " .. directory) end)

-- Where in a page: often its header and the pointers behind it, which lead everything else.
local function place_in(random, page)
  local first = page == 0 and random(0, 1) * 100 or 0
  if random(1, 3) == 1 then return page * damage.PAGE + first + random(0, 31) end
  return page * damage.PAGE + random(0, damage.PAGE - 1)
end

local function change(random, offset)
  local old = bytes:byte(offset + 1)
  local new = random(1, 2) == 1 and (old + 2 ^ random(0, 7)) % 256 or (old + random(1, 255)) % 256
  return ("%d %d %d"):format(offset, old, new)
end

local function expect_no_faults(changes)
  local counts, faults = damage.run(directory, whole, changes)
  local total = 0
  for _, count in pairs(counts) do total = total + count end
  assert.is_true(#faults == 0, ("seed %d, %d faults, such as\n%s"):format(SEED, #faults,
    table.concat(faults, "\n", 1, math.min(#faults, 10))))
  assert.equal(#changes, total)
  return counts
end

describe("one wrong byte", function()
  for index, kind in ipairs{
    "header", "interior table", "leaf table", "interior index", "leaf index", "overflow",
    "free list",
  } do
    it("in a page of kind '" .. kind .. "' is never a wrong answer", function()
      assert.is_table(pages[kind], "the file has no such page")
      local random, changes = children.random(SEED + index), {}
      for i = 1, ROUNDS do
        local page = pages[kind][random(1, #pages[kind])]
        changes[i] = change(random, place_in(random, page))
      end
      expect_no_faults(changes)
    end)
  end

  -- Half of a page may be empty, so each page gets its share of bytes that mean something.
  it("in the records of any page is never a wrong answer", function()
    local random, changes = children.random(SEED - 1), {}
    for _, kind in ipairs{ "leaf table", "leaf index" } do
      for _, page in ipairs(pages[kind]) do
        local start = page == 0 and 108 or page * damage.PAGE
        local first = bytes:byte(start + 6) * 256 + bytes:byte(start + 7)
        for _ = 1, first < damage.PAGE and ROUNDS / 5 or 0 do
          changes[#changes + 1] = change(random, page * damage.PAGE + random(first, 4095))
        end
      end
    end
    expect_no_faults(changes)
  end)

  -- The schema's record of a table holds its name twice, its first page, and its text. A page that
  -- only leads to others says at byte 8 which is the last of them.
  local function last_page(name)
    local root = bytes:match(("table%s%s(.)CREATE TABLE"):format(name, name)):byte() - 1
    if bytes:byte(root * damage.PAGE + 1) == 13 then return root end
    local a, b = bytes:byte(root * damage.PAGE + 11, root * damage.PAGE + 12)
    return a * 256 + b - 1
  end

  for index, name in ipairs{
    "rule", "own", "link", "source", "shop", "item", "balance", "line", "ledger", "product",
  } do
    it("in a record of the table " .. name .. " is never a wrong answer", function()
      local start = last_page(name) * damage.PAGE
      assert.equal(13, bytes:byte(start + 1))
      local first = bytes:byte(start + 6) * 256 + bytes:byte(start + 7)
      local random, changes = children.random(SEED + 100 + index), {}
      for i = 1, ROUNDS * 2 do changes[i] = change(random, start + random(first, 4095)) end
      expect_no_faults(changes)
    end)
  end

  it("that turns the sign of a quantity is never a wrong answer, nor a crash", function()
    local changes = {}
    for _, on_hand in ipairs(quantities) do
      local units = on_hand * 10000
      local high = math.floor(units / 65536)
      local stored = string.char(high, math.floor(units / 256) % 256, units % 256)
      local at = bytes:find(stored, 1, true)
      while at do
        changes[#changes + 1] = ("%d %d %d"):format(at - 1, high, high + 128)
        at = bytes:find(stored, at + 1, true)
      end
    end
    assert.is_true(#changes >= #quantities)
    expect_no_faults(changes)
  end)

  it("anywhere in the first 100 bytes is never a wrong answer", function()
    local random, changes = children.random(SEED), {}
    for offset = 0, 99 do changes[#changes + 1] = change(random, offset) end
    expect_no_faults(changes)
  end)

  it("that is no damage at all is harmless", function()
    assert.same({ harmless = 1 }, expect_no_faults{ ("0 83 83") })
  end)
end)

describe("a file that is cut off", function()
  it("at any length is refused or reported", function()
    local random, changes = children.random(SEED), {}
    local lengths = { 2, 15, 16, 99, 100, 101, 511, 512, 1024, damage.PAGE - 1, damage.PAGE,
      damage.PAGE + 1, #bytes - 1, #bytes - damage.PAGE, #bytes - damage.PAGE + 1 }
    for _ = 1, 25 do lengths[#lengths + 1] = random(2, #bytes - 1) end
    for i, length in ipairs(lengths) do changes[i] = ("-1 0 %d"):format(length) end
    local counts = expect_no_faults(changes)
    assert.is_nil(counts.harmless)
  end)

  it("by a page or more is CORRUPT when it is opened, or FOREIGN, and stays as it is", function()
    local path = directory .. "/short.db"
    local page = damage.PAGE
    for _, length in ipairs{ #bytes - page, 3 * page, page, 1000, 99, 20, 2 } do
      children.write_file(path, bytes:sub(1, length))
      local inv, message, code = quartermaster.open{ path = path }
      assert.is_nil(inv)
      assert.is_truthy(code == "CORRUPT" or code == "FOREIGN" and length < page, message)
      assert.equal(length, #children.read_file(path))
    end
  end)
end)
