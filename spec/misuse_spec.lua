-- misuse_spec.lua: a program that calls the engine wrongly is told so at once, by an error that
-- names the call and the key. Whatever else may be wrong is an outcome and has specs of its own.

local calls = require "calls"
local core = require "quartermaster.core"
local helpers = require "helpers"
local quartermaster = require "quartermaster"

local SAMPLES = {
  boolean = true, number = 12, string = "text", table = { {} }, ["function"] = print,
  thread = coroutine.create(print), userdata = quartermaster.inherit,
}

-- Which Lua types a key of this kind takes.
local ACCEPTED = {
  quantity = { number = true, string = true },
  inherit = { number = true, string = true, userdata = true },
  channel = { string = true, table = true },
  strings = { string = true, table = true },
  setting = { string = true },
}

local function accepts(kind, sample_type)
  if kind == calls.CHANNEL then kind = "channel" end
  if type(kind) == "table" then return sample_type == "table" end
  if ACCEPTED[kind] then return ACCEPTED[kind][sample_type] end
  return kind == sample_type
end

-- Lua types that a key must refuse, with a value of each.
local function wrong_values(kind)
  local list = {}
  for sample_type, value in pairs(SAMPLES) do
    if not accepts(kind, sample_type) then list[#list + 1] = { sample_type, value } end
  end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  return list
end

-- Notes into `faults` unless the call raises an error that contains all the words.
local function must_raise(faults, label, words, fn)
  local results = { pcall(fn) }
  if results[1] then
    faults[#faults + 1] = ("%s: not raised (%s)"):format(label, tostring(results[4]))
    return
  end
  for _, word in ipairs(words) do
    if not tostring(results[2]):find(word, 1, true) then
      faults[#faults + 1] = ("%s: '%s' is not in: %s"):format(label, word, tostring(results[2]))
      return
    end
  end
end

local check_keys

-- One record of `keys` wherever `put` places it in the call's request, each key wrong in turn.
local function check_record(faults, inv, name, path, keys, put)
  for key, kind in pairs(keys) do
    for _, wrong in ipairs(wrong_values(kind)) do
      if not (wrong[1] == "userdata" and path:find("settings")) then
        must_raise(faults, ("%s %s.%s = a %s"):format(name, path, key, wrong[1]), { name, key },
          function() return calls.call(inv, name, put{ [key] = wrong[2] }) end)
      end
    end
  end
  check_keys(faults, inv, name, path, keys, put)
end

-- The records inside a record.
function check_keys(faults, inv, name, path, keys, put)
  for key, kind in pairs(keys) do
    if type(kind) == "table" then
      local inner = kind.list or kind
      check_record(faults, inv, name, path .. "." .. key, inner, function(record)
        return put{ [key] = kind.list and { record } or record }
      end)
    end
  end
end

-- A maker of requests: the valid one with some keys replaced.
local function filler(valid)
  return function(record)
    local request = calls.copy(valid)
    for key, value in pairs(record) do request[key] = value end
    if record.channel ~= nil then request.stock = nil end
    if record.order ~= nil and request.lines then
      request.stock, request.lines = nil, nil
    end
    return request
  end
end

-- All are counted and enough are shown.
local function none(faults)
  table.sort(faults)
  assert.is_true(#faults == 0, ("%d faults, such as\n%s"):format(#faults,
    table.concat(faults, "\n", 1, math.min(#faults, 12))))
end

local function run(check)
  local faults = {}
  helpers.with_inventory({}, function(inv) check(inv, faults) end)
  none(faults)
end

describe("a wrong Lua type", function()
  for _, case in ipairs(calls.TABLES) do
    local name, keys, valid = case[1], case[2], case[3]
    it("of any key raises in " .. name .. ", naming the call and the key", function()
      run(function(inv, faults)
        local path = name == "settings:set" and "settings" or "request"
        check_record(faults, inv, name, path, keys, filler(valid))
      end)
    end)

    it("instead of the table raises in " .. name, function()
      run(function(inv, faults)
        for _, wrong in ipairs(wrong_values("table")) do
          must_raise(faults, name .. "(a " .. wrong[1] .. ")", { name },
            function() return calls.call(inv, name, wrong[2]) end)
        end
      end)
    end)
  end

  for _, case in ipairs(calls.POSITIONAL) do
    local name, kinds, valid = case[1], case[2], case[3]
    it("of any argument raises in " .. name, function()
      run(function(inv, faults)
        for position, kind in ipairs(kinds) do
          for _, wrong in ipairs(wrong_values(kind)) do
            must_raise(faults, ("%s argument %d = a %s"):format(name, position, wrong[1]), { name },
              function()
                local arguments = calls.copy(valid)
                arguments[position] = wrong[2]
                return calls.call(inv, name, (table.unpack or unpack)(arguments, 1, #kinds))
              end)
          end
        end
      end)
    end)

    it("cannot hide as a missing argument of " .. name, function()
      if name == "settings:get" then return end -- all of them
      run(function(inv, faults)
        must_raise(faults, name .. "()", { name }, function() return calls.call(inv, name) end)
      end)
    end)
  end

  it("of an option raises in open, naming the option", function()
    local options = {
      path = "string", create = "boolean", readonly = "boolean", durability = "string",
      quantities = "string", clock = "function", busy_timeout = "number", max_pages = "number",
      shared_sources = "string",
    }
    local faults = {}
    for key, kind in pairs(options) do
      for _, wrong in ipairs(wrong_values(kind)) do
        must_raise(faults, ("open %s = a %s"):format(key, wrong[1]), { "open", key }, function()
          local given = { path = ":memory:" }
          given[key] = wrong[2]
          return quartermaster.open(given)
        end)
      end
    end
    for _, wrong in ipairs(wrong_values("table")) do
      must_raise(faults, "open(a " .. wrong[1] .. ")", { "open" },
        function() return quartermaster.open(wrong[2]) end)
    end
    none(faults)
  end)

  it("of a list's entry raises in batch, salable, select, products:save and delete", function()
    run(function(inv, faults)
      for _, wrong in ipairs(wrong_values("table")) do
        must_raise(faults, "batch of a " .. wrong[1], { "batch" },
          function() return inv:batch{ wrong[2] } end)
        must_raise(faults, "products:save of a " .. wrong[1], { "products:save" },
          function() return inv.products:save{ wrong[2] } end)
        must_raise(faults, "select of a " .. wrong[1], { "select", "lines" },
          function() return inv:select{ stock = 1, lines = { wrong[2] } } end)
      end
      for _, wrong in ipairs(wrong_values("string")) do
        must_raise(faults, "salable of a " .. wrong[1], { "salable" },
          function() return inv:salable{ stock = 1, skus = { wrong[2] } } end)
        must_raise(faults, "products:delete of a " .. wrong[1], { "products:delete" },
          function() return inv.products:delete{ wrong[2] } end)
      end
    end)
  end)

  it("of an entry of select's sources raises", function()
    run(function(inv, faults)
      for _, wrong in ipairs(wrong_values("string")) do
        must_raise(faults, "a source that is a " .. wrong[1], { "select", "sources" }, function()
          return inv:select{ stock = 1, lines = { { sku = "pen", qty = 1 } },
            sources = { wrong[2] } }
        end)
      end
    end)
  end)

  it("of an operation's name raises in batch and names the operations", function()
    run(function(inv, faults)
      for _, op in ipairs{ "sell", 12, true, {}, "adopt" } do
        must_raise(faults, "op = " .. tostring(op), { "batch", "op" },
          function() return inv:batch{ { op = op, id = "x" } } end)
      end
      must_raise(faults, "no op", { "batch", "op" },
        function() return inv:batch{ { id = "x" } } end)
    end)
  end)

  it("of a setting in a map of customer groups raises", function()
    run(function(inv, faults)
      for _, wrong in ipairs{ true, print, { {} } } do
        must_raise(faults, "min_sale_qty to " .. type(wrong), { "settings:set", "min_sale_qty" },
          function() return inv.settings:set{ min_sale_qty = { all = wrong } } end)
      end
      must_raise(faults, "a group that is a number", { "settings:set", "min_sale_qty" },
        function() return inv.settings:set{ min_sale_qty = { [12] = 1 } } end)
    end)
  end)
end)

describe("a list with a hole", function()
  -- A list that is not a constant has the same length on every host.
  local function with_hole(entry) return { entry, nil, entry } end

  it("raises, naming the call, whatever comes behind it", function()
    run(function(inv, faults)
      local line, product = { sku = "pen", qty = 1 }, { sku = "pen" }
      for name, fn in pairs{
        ["select: lines"] = function() inv:select{ stock = 1, lines = with_hole(line) } end,
        ["select: an entry of sources"] = function()
          inv:select{ stock = 1, lines = { line }, sources = with_hole("default") }
        end,
        ["salable: an entry of skus"] = function()
          inv:salable{ stock = 1, skus = with_hole("pen") }
        end,
        ["products:save: entry 2"] = function() inv.products:save(with_hole(product)) end,
        ["products:delete: an entry of skus"] = function()
          inv.products:delete(with_hole("pen"))
        end,
        ["items:save"] = function() inv.items:save(with_hole(line)) end,
        ["batch: entry 2"] = function()
          inv:batch(with_hole{ op = "cancel", id = "x", order = "o" })
        end,
      } do
        must_raise(faults, name, { name }, fn)
      end
    end)
  end)
end)

describe("an unknown key", function()
  -- Every record of the call, the key added to each in turn.
  local function check(faults, inv, name, keys, put)
    local words = { name, "colour" }
    for key in pairs(keys) do words[#words + 1] = key end
    must_raise(faults, name, words,
      function() return calls.call(inv, name, put{ colour = "red" }) end)
    for key, kind in pairs(keys) do
      if type(kind) == "table" then
        local function inside(record)
          return put{ [key] = kind.list and { record } or record }
        end
        check(faults, inv, name, kind.list or kind, inside)
      end
    end
  end

  for _, case in ipairs(calls.TABLES) do
    it("raises in " .. case[1] .. " and names the known ones", function()
      run(function(inv, faults) check(faults, inv, case[1], case[2], filler(case[3])) end)
    end)
  end

  it("raises in where, in open and in the plan of ship and allocate", function()
    run(function(inv, faults)
      local where = { stock = 1, colour = "red" }
      must_raise(faults, "salable_qty", { "salable_qty", "colour", "stock", "channel" },
        function() return inv:salable_qty("pen", where) end)
      must_raise(faults, "can_sell", { "can_sell", "colour", "stock", "channel", "customer_group" },
        function() return inv:can_sell("pen", where, 1) end)
      must_raise(faults, "products:delete", { "products:delete", "colour", "force" },
        function() return inv.products:delete("pen", { colour = "red" }) end)
      must_raise(faults, "open", { "open", "colour", "path", "create", "readonly", "max_pages" },
        function() return quartermaster.open{ path = ":memory:", colour = "red" } end)
      for _, name in ipairs{ "ship", "allocate" } do
        must_raise(faults, name, { name .. ": plan", "colour", "qty_to_deduct" }, function()
          return inv[name](inv, { id = "x", order = "o",
            plan = { picks = { { colour = "red" } } } })
        end)
        for word, request in pairs{
          ["not both"] = { plan = { picks = {} }, lines = {} }, ["no picks"] = { plan = {} },
          ["must be a table"] = { plan = 5 },
        } do
          must_raise(faults, name, { name, word }, function() return inv[name](inv, request) end)
        end
      end
    end)
  end)

  it("is also one that is no string", function()
    run(function(inv, faults)
      for _, case in ipairs(calls.TABLES) do
        must_raise(faults, case[1], { case[1] }, function()
          return calls.call(inv, case[1], filler(case[3]){ [2.5] = "red" })
        end)
      end
    end)
  end)

  it("does not reach the engine through keys that only the facade may give", function()
    run(function(inv, faults)
      for _, key in ipairs{ "generation", "rules" } do
        must_raise(faults, key, { key },
          function() return inv.stocks:save{ name = "x", [key] = key == "rules" and {} or 1 } end)
      end
      must_raise(faults, "sku", { "sku" },
        function() return inv.channels:rename{ from = "eu", to = "de", sku = "x" } end)
      for _, key in ipairs{ "own", "was_own", "no_assign" } do
        must_raise(faults, key, { key },
          function() return inv.products:save{ sku = "x", [key] = 1 } end)
      end
    end)
  end)
end)

describe("the table of options", function()
  it("names the keys of every call that takes a table, and no others", function()
    for _, case in ipairs(calls.TABLES) do
      local known = quartermaster.options[case[1]]
      assert.is_table(known, case[1] .. " is not in quartermaster.options")
      local set = {}
      for _, key in ipairs(known) do set[key] = true end
      for key in pairs(case[2]) do
        assert.is_true(set[key], ("options['%s'] lacks %s"):format(case[1], key))
      end
      for _, key in ipairs{ "generation", "rules", "own", "was_own", "no_assign" } do
        assert.is_nil(set[key], ("options['%s'] has %s"):format(case[1], key))
      end
    end
  end)
end)

describe("misuse", function()
  it("changes nothing and leaves the handle usable", function()
    helpers.with_inventory({}, function(inv)
      local before = #inv:events()
      for _ = 1, 100 do
        pcall(inv.place, inv, { id = "x", stock = 1, lines = { { sku = "pen", qty = 1 }, 7 } })
        pcall(inv.items.save, inv.items, { { sku = "pen", qty = 1 }, { sku = 7 } })
        pcall(inv.batch, inv, { { op = "place", id = "y", stock = 1, lines = {} }, true })
      end
      assert.equal(before, #inv:events())
      assert.equal(1, inv.items:save{ sku = "pen", qty = 1 })
      assert.is_true(inv:verify().ok)
    end)
  end)

  it("of a handle that is none raises", function()
    for _, fn in ipairs{ core.write, core.read, core.stand, core.close, core.verify } do
      assert.has_error(function() fn({}) end)
      assert.has_error(function() fn(io.stdout) end)
    end
  end)
end)
