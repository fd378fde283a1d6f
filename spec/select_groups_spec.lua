-- select_groups_spec.lua: lines that ship together, and lines that may not be split.

local helpers = require "helpers"
local kit = require "order_kit"

local with_shop, product = kit.with_shop, kit.product

-- "line source quantity" of each pick.
local function picks(plan)
  local list = {}
  for i, pick in ipairs(plan.picks) do
    list[i] = ("%d %s %s"):format(pick.line, pick.source, tostring(pick.qty_to_deduct))
  end
  return list
end

local function short(plan)
  local list = {}
  for i, line in ipairs(plan.short) do list[i] = ("%d %s"):format(line.line, tostring(line.qty)) end
  return list
end

local function rule_of(plan, line, source)
  for _, why in ipairs(plan.why) do
    if why.line == line and why.source == source then return why.rule, why.detail end
  end
end

local function together(stock, ...)
  local lines = {}
  for i, line in ipairs{ ... } do lines[i] = { sku = line[1], qty = line[2], group = 7 } end
  return { stock = stock, lines = lines }
end

describe("lines of a group", function()
  it("leave each source in whole units", function()
    with_shop(function(inv, stock)
      product(inv, "frame", { muc = 7, ham = 9 })
      product(inv, "wheel", { muc = 5, ham = 30 })
      local plan = assert(inv:select(together(stock, { "frame", 8 }, { "wheel", 12 })))
      -- a unit is 2 frames and 3 wheels
      assert.same({ "1 muc 2", "2 muc 3", "1 ham 6", "2 ham 9" }, picks(plan))
      assert.is_true(plan.shippable)
    end)
  end)

  it("are short in whole units, and the sources with parts say why", function()
    with_shop(function(inv, stock)
      product(inv, "frame", { muc = 3, ham = 2 })
      product(inv, "wheel", { muc = 2, ber = 9 })
      local plan = assert(inv:select(together(stock, { "frame", 4 }, { "wheel", 8 })))
      assert.same({ "1 muc 1", "2 muc 2" }, picks(plan))
      assert.same({ "1 3", "2 6" }, short(plan))
      assert.is_false(plan.shippable)
      local rule, detail = rule_of(plan, 1, "ham")
      assert.same({ "group", "what is left there is not a whole unit of what ships together" },
        { rule, detail })
      assert.equal("group", (rule_of(plan, 2, "ber")))
      assert.equal("priority", (rule_of(plan, 2, "muc")))
      assert.equal("no_item", (rule_of(plan, 2, "ham")))
    end)
  end)

  it("have the smallest unit that is in proportion and needs no more decimals", function()
    local UNITS = { -- what is asked for, what is there, what leaves
      { { 6, 9 }, { 5, 99 }, { "1 muc 4", "2 muc 6" } },
      { { 5, 7 }, { 99, 6 }, {} },
      { { "1.5", 3 }, { 99, 2 }, { "1 muc 1.0", "2 muc 2" } },
      { { "2.5", 5 }, { "0.9", 99 }, { "1 muc 0.5", "2 muc 1" } },
      { { "0.25", 1 }, { "0.24", 99 }, {} },
      { { "0.03", "0.02" }, { "0.02", 99 }, {} },
      { { "0.04", "0.02" }, { "0.03", 99 }, { "1 muc 0.02", "2 muc 0.01" } },
      { { 3, 0 }, { 2, 0 }, { "1 muc 2" } },
    }
    with_shop(function(inv, stock)
      for i, case in ipairs(UNITS) do
        local one, other = "one-" .. i, "other-" .. i
        product(inv, one, { muc = case[2][1] })
        product(inv, other, { muc = case[2][2] })
        local plan = assert(inv:select(together(stock, { one, case[1][1] }, { other, case[1][2] })))
        local found = picks(plan)
        for n, pick in ipairs(found) do found[n] = pick:gsub("%.0$", "") end
        for n, pick in ipairs(case[3]) do case[3][n] = pick:gsub("%.0$", "") end
        assert.same(case[3], found)
      end
    end)
  end)

  it("may draw on the same goods", function()
    with_shop(function(inv, stock)
      product(inv, "wheel", { muc = 14, ham = 99 })
      local plan = assert(inv:select(together(stock, { "wheel", 8 }, { "wheel", 12 })))
      assert.same({ "1 muc 4", "2 muc 6", "1 ham 4", "2 ham 6" }, picks(plan))
      assert.same({ 14, 10 }, { plan.picks[1].qty_available, plan.picks[2].qty_available })
    end)
  end)

  it("leave what is no part of them alone", function()
    with_shop(function(inv, stock)
      product(inv, "frame", { muc = 3, ham = 9 })
      product(inv, "wheel", { muc = 3, ham = 9 })
      local free = together(stock, { "frame", 2 }, { "wheel", 4 }, { "frame", 3 })
      free.lines[3].group = nil
      local plan = assert(inv:select(free))
      assert.same({ "1 muc 1", "2 muc 2", "3 muc 2", "1 ham 1", "2 ham 2", "3 ham 1" },
        picks(plan))
    end)
  end)

  it("make several groups by their numbers", function()
    with_shop(function(inv, stock)
      product(inv, "frame", { muc = 2 })
      product(inv, "wheel", { muc = 2 })
      local free = together(stock, { "frame", 1 }, { "frame", 1 }, { "wheel", 2 }, { "wheel", 1 })
      free.lines[2].group, free.lines[4].group = -1, -1
      local plan = assert(inv:select(free))
      assert.same({ "1 muc 1", "3 muc 2" }, picks(plan))
      assert.same({ "2 1", "4 1" }, short(plan))
    end)
  end)

  it("appear with rows = \"all\" where nothing of them is taken", function()
    with_shop(function(inv, stock)
      product(inv, "frame", { muc = 1, ham = 9 })
      product(inv, "wheel", { muc = 1, ham = 9 })
      local free = together(stock, { "frame", 1 }, { "wheel", 2 })
      free.rows = "all"
      assert.same({ "1 muc 0", "2 muc 0", "1 ham 1", "2 ham 2" }, picks(assert(inv:select(free))))
    end)
  end)

  it("go to the nearest source that has a whole unit", function()
    with_shop(function(inv, stock)
      assert(inv.sources:save{ code = "muc", latitude = 48, longitude = 11 })
      assert(inv.sources:save{ code = "ham", latitude = 53, longitude = 10 })
      assert(inv.sources:save{ code = "ber", latitude = 52, longitude = 13 })
      product(inv, "frame", { muc = 9, ham = 9, ber = 9 })
      product(inv, "wheel", { muc = 9, ham = 9, ber = 1 })
      local free = together(stock, { "frame", 1 }, { "wheel", 2 })
      free.algorithm, free.destination = "distance", { latitude = 52, longitude = 13 }
      local plan = assert(inv:select(free))
      assert.same({ "1 ham 1", "2 ham 2" }, picks(plan))
      assert.equal("group", (rule_of(plan, 1, "ber")))
    end)
  end)
end)

describe("splittable = false", function()
  it("takes a line whole, from the first source that has it all", function()
    with_shop(function(inv, stock)
      product(inv, "rope", { muc = 3, ham = 4, ber = 9 })
      local plan = assert(inv:select{ stock = stock,
        lines = { { sku = "rope", qty = 4, splittable = false } } })
      assert.same({ "1 ham 4" }, picks(plan))
      assert.equal("whole", (rule_of(plan, 1, "muc")))
      assert.equal("filled", (rule_of(plan, 1, "ber")))
    end)
  end)

  it("leaves a line short that no source has whole, and says why", function()
    with_shop(function(inv, stock)
      product(inv, "rope", { muc = 3, ham = 4 })
      local plan = assert(inv:select{ stock = stock, lines = {
        { sku = "rope", qty = 5, splittable = false }, { sku = "rope", qty = 5, splittable = true },
      } })
      assert.same({ "2 muc 3", "2 ham 2" }, picks(plan))
      assert.same({ "1 5" }, short(plan))
      local rule, detail = rule_of(plan, 1, "ham")
      assert.same({ "whole", "the line may not be split, and not all of it is there" },
        { rule, detail })
    end)
  end)

  it("of one line keeps its whole group together", function()
    with_shop(function(inv, stock)
      product(inv, "frame", { muc = 3, ham = 4 })
      product(inv, "wheel", { muc = 9, ham = 8 })
      local free = together(stock, { "frame", 4 }, { "wheel", 8 })
      free.lines[2].splittable = false
      assert.same({ "1 ham 4", "2 ham 8" }, picks(assert(inv:select(free))))
    end)
  end)

  it("asks nothing of a line of nothing", function()
    with_shop(function(inv, stock)
      product(inv, "rope", { muc = 3 })
      local plan = assert(inv:select{ stock = stock,
        lines = { { sku = "rope", qty = 0, splittable = false } } })
      assert.same({ true, {} }, { plan.shippable, plan.picks })
    end)
  end)
end)

-- Runs fn(inv) on an order that was made a bundle's behind the engine's back: line 1 is the bundle,
-- lines 2 and 3 are its parts, line 4 stands alone.
local function with_bundle(quantities, goods, change, fn)
  kit.with_path(function(path)
    helpers.with_inventory({ path = path }, function(inv)
      local stock, lines = kit.furnish(inv), {}
      for i, sku in ipairs{ "kit", "frame", "wheel", "bell" } do
        product(inv, sku, { default = 1 }, { backorders = "allow", decimal_qty = true })
        for source, qty in pairs(goods[sku] or { muc = 9 }) do
          assert(inv.items:save{ sku = sku, source = source, qty = qty })
        end
        lines[i] = { sku = sku, qty = quantities[i] }
      end
      assert(inv:place{ id = "o-1", stock = stock, lines = lines })
    end)
    kit.tamper(path, "UPDATE line SET kind = 3, tracked = 0 WHERE (id & 4095) = 1")
    kit.tamper(path, "UPDATE line SET parent = 1 WHERE (id & 4095) IN (2, 3)")
    if change then kit.tamper(path, change) end
    helpers.with_inventory({ path = path }, fn)
  end)
end

describe("a bundle of an order", function()
  local GOODS = { frame = { muc = 3, ham = 9 }, wheel = { muc = 9, ham = 9 } }

  it("ships together in the proportion in which it was ordered", function()
    with_bundle({ 2, 4, 6, 1 }, GOODS, nil, function(inv)
      local plan = assert(inv:select{ order = "o-1" })
      assert.same({ "2 muc 2", "3 muc 3", "4 muc 1", "2 ham 2", "3 ham 3" }, picks(plan))
      assert.same({ 1, 1 }, { inv.orders:get("o-1").lines[2].parent,
        inv.orders:get("o-1").lines[3].parent })
      assert.is_nil(inv.orders:get("o-1").lines[4].parent)
    end)
  end)

  it("does not come in halves, though its parts could be halved", function()
    with_bundle({ 1, 4, 6, 1 }, GOODS, nil, function(inv)
      assert.same({ "4 muc 1", "2 ham 4", "3 ham 6" }, picks(assert(inv:select{ order = "o-1" })))
    end)
  end)

  it("may be made of fractions", function()
    with_bundle({ 2, "1.5", 1, 1 }, { frame = { muc = 1, ham = 9 } }, nil, function(inv)
      local plan = assert(inv:select{ order = "o-1" })
      assert.same({ "2 muc 0.75", "3 muc 0.5", "4 muc 1" }, picks(plan))
      assert.same({ "2 0.75", "3 0.5" }, short(plan))
    end)
  end)

  it("that is shipped in part goes on in the same proportion", function()
    with_bundle({ 3, 6, 9, 1 }, GOODS,
      "UPDATE line SET delivered = ordered / 3 WHERE (id & 4095) < 4", function(inv)
        assert.same({ "2 muc 2", "3 muc 3", "4 muc 1", "2 ham 2", "3 ham 3" },
          picks(assert(inv:select{ order = "o-1" })))
      end)
  end)

  it("takes parts that are not counted from where its other parts leave", function()
    with_bundle({ 2, 4, 6, 1 }, GOODS, "UPDATE line SET tracked = 0, backordered = 0"
      .. " WHERE (id & 4095) IN (3, 4)", function(inv)
        local plan = assert(inv:select{ order = "o-1" })
        assert.same({ "2 muc 2", "3 muc 3", "2 ham 2", "3 ham 3", "4 muc 1" }, picks(plan))
        assert.same({ 3, 3 }, { plan.picks[2].qty_available, plan.picks[4].qty_available })
        assert.equal("untracked", (rule_of(plan, 3, "muc")))
        assert.is_nil((rule_of(plan, 3, "ber")))
        assert.is_true(plan.shippable)
      end)
  end)
end)

describe("misuse of groups raises:", function()
  for what, line in pairs{
    ["a group that is no whole number"] = { sku = "rope", qty = 1, group = 1.5 },
    ["a group that is a name"] = { sku = "rope", qty = 1, group = "a" },
    ["splittable that is no boolean"] = { sku = "rope", qty = 1, splittable = 0 },
  } do
    it(what, function()
      with_shop(function(inv, stock)
        assert.has_error(function() inv:select{ stock = stock, lines = { line } } end)
      end)
    end)
  end
end)
