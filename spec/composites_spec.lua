-- composites_spec.lua: saving and reading products that are made of others.

local composites = require "composite_kit"
local core = require "quartermaster.core"
local helpers = require "helpers"
local kit = require "order_kit"

local with_inventory = helpers.with_inventory
local refuses = composites.refuses

-- Runs fn(inv) in a shop with the products a, b, c and d.
local function with_parts(fn)
  with_inventory(nil, function(inv)
    assert(inv.products:save{ { sku = "a" }, { sku = "b", type = "virtual" },
      { sku = "c", type = "downloadable" }, { sku = "d" } })
    fn(inv)
    assert.same({}, inv:verify().problems)
  end)
end

local function refused(inv, expected, ...)
  return refuses(inv, expected, "products:save", { ... })
end

describe("products:save", function()
  it("saves the children of a configurable product, and get shows them", function()
    with_parts(function(inv)
      assert.equal(1, inv.products:save{ sku = "shirt", type = "configurable",
        children = { "b", { sku = "a" }, "c" } })
      local shirt = inv.products:get("shirt")
      assert.same({ { sku = "b" }, { sku = "a" }, { sku = "c" } }, shirt.children)
      assert.is_true(shirt.in_stock)
      assert.is_nil(shirt.ship_together)
      assert.is_nil(shirt.options)
    end)
  end)

  it("saves how many of each child of a grouped product are proposed, one by default", function()
    with_parts(function(inv)
      assert(inv.products:save{ sku = "set", type = "grouped",
        children = { { sku = "a", qty = "2.5" }, "b" } })
      assert.same({ { sku = "a", qty = 2.5 }, { sku = "b", qty = 1 } },
        inv.products:get("set").children)
    end)
  end)

  it("saves the options of a bundle with what each offers", function()
    with_parts(function(inv)
      assert(inv.products:save{ sku = "kit", type = "bundle", options = {
        { name = "frame", selections = { { sku = "a", qty = 3 }, "b" } },
        { required = false, selections = { { sku = "a", qty = "0.5", own_qty = true } } },
        { name = "later", required = false },
      } })
      local bundle = inv.products:get("kit")
      assert.same({
        { name = "frame", required = true, selections = {
          { sku = "a", qty = 3, own_qty = false }, { sku = "b", qty = 1, own_qty = false } } },
        { required = false, selections = { { sku = "a", qty = 0.5, own_qty = true } } },
        { name = "later", required = false, selections = {} },
      }, bundle.options)
      assert.same({ true, false }, { bundle.in_stock, bundle.ship_together })
      assert.is_nil(bundle.children)
    end)
  end)

  it("takes what get has shown", function()
    with_parts(function(inv)
      assert(inv.products:save{
        { sku = "shirt", type = "configurable", children = { "a", "b" }, in_stock = false },
        { sku = "set", type = "grouped", children = { "a", { sku = "b", qty = 2 } } },
        { sku = "kit", type = "bundle", ship_together = true,
          options = { { name = "x", selections = { "a", { sku = "b", own_qty = true } } } } },
      })
      for _, sku in ipairs{ "shirt", "set", "kit" } do
        local before = inv.products:get(sku)
        assert(inv.products:save{ sku = sku, children = before.children, options = before.options,
          ship_together = before.ship_together, in_stock = before.in_stock })
        assert.same(before, inv.products:get(sku))
      end
    end)
  end)

  it("shows composites in lists as get does", function()
    with_parts(function(inv)
      assert(inv.products:save{ { sku = "set", type = "grouped", children = { "a", "d" } },
        { sku = "kit", type = "bundle", options = { { selections = { "d" } } } } })
      local list = assert(inv.products:list())
      assert.same({ inv.products:get("a"), inv.products:get("set"), inv.products:get("kit") },
        { list[1], list[5], list[6] })
    end)
  end)

  it("leaves what is not given as it is, and replaces what is", function()
    with_parts(function(inv)
      assert(inv.products:save{ sku = "kit", type = "bundle", ship_together = true,
        in_stock = false, options = { { name = "x", selections = { "a", "b" } } } })
      local before = inv.products:get("kit")
      assert(inv.products:save{ sku = "kit", settings = { min_sale_qty = 2 } })
      assert(inv.products:save{ sku = "kit", in_stock = true })
      local after = inv.products:get("kit")
      assert.same(before.options, after.options)
      assert.same({ true, true }, { after.ship_together, after.in_stock })
      assert(inv.products:save{ sku = "kit", ship_together = false,
        options = { { name = "y", selections = { "c" } } } })
      after = inv.products:get("kit")
      assert.same({ { name = "y", required = true,
        selections = { { sku = "c", qty = 1, own_qty = false } } } }, after.options)
      assert.same({ false, true }, { after.ship_together, after.in_stock })
      assert(inv.products:save{ sku = "kit", options = {} })
      assert.same({}, inv.products:get("kit").options)
    end)
  end)

  it("takes parts that are saved by the same call, in any order", function()
    with_inventory(nil, function(inv)
      assert.equal(3, inv.products:save{
        { sku = "shirt", type = "configurable", children = { "s", "m" } }, { sku = "m" },
        { sku = "s", settings = { min_sale_qty = 3 } } })
      assert.same({ { sku = "s" }, { sku = "m" } }, inv.products:get("shirt").children)
    end)
  end)

  it("says the same product may be a part of several, and of several options of one", function()
    with_parts(function(inv)
      assert(inv.products:save{
        { sku = "kit", type = "bundle",
          options = { { selections = { "a" } }, { selections = { "a", "b" } } } },
        { sku = "set", type = "grouped", children = { "a" } } })
    end)
  end)

  it("makes no source item for a composite", function()
    with_parts(function(inv)
      assert(inv.products:save{ sku = "set", type = "grouped", children = { "a" } })
      assert.same({}, (inv.items:list{ sku = "set" }))
    end)
  end)
end)

describe("the type of a composite", function()
  it("may change; its parts are forgotten unless new ones are given", function()
    with_parts(function(inv)
      assert(inv.products:save{ sku = "x", type = "bundle", ship_together = true, in_stock = false,
        options = { { selections = { "a" } } } })
      assert(inv.products:save{ sku = "x", type = "grouped" })
      assert.same({ {}, true }, { inv.products:get("x").children, inv.products:get("x").in_stock })
      assert(inv.products:save{ sku = "x", type = "configurable", children = { "b" } })
      assert.same({ { sku = "b" } }, inv.products:get("x").children)
      assert(inv.products:save{ sku = "x", type = "bundle" })
      assert.same({ {}, false }, { inv.products:get("x").options,
        inv.products:get("x").ship_together })
    end)
  end)

  it("may become one without parts, which then may be parts of another", function()
    with_parts(function(inv)
      assert(inv.products:save{ sku = "x", type = "grouped", children = { "a" } })
      assert(inv.products:save{ { sku = "x", type = "simple" },
        { sku = "y", type = "grouped", children = { "x" } } })
      assert.is_nil(inv.products:get("x").children)
      assert(inv.products:save{ sku = "a", type = "virtual" })
    end)
  end)

  it("is refused for what is a part of another, which says so", function()
    with_parts(function(inv)
      assert(inv.products:save{ { sku = "n", assign_default = false },
        { sku = "x", type = "grouped", children = { "n" } } })
      refused(inv, { "1.sku IN_USE" }, { sku = "n", type = "bundle", assign_default = false })
      assert(inv.products:save{ sku = "x", children = { "b" } })
      assert(inv.products:save{ sku = "n", type = "bundle" })
    end)
  end)
end)

describe("products:save refuses", function()
  it("keys that the type does not have", function()
    with_parts(function(inv)
      refused(inv, { "1.children INVALID" }, { sku = "a", children = { "b" } })
      refused(inv, { "1.children INVALID" }, { sku = "n", type = "bundle", children = {} })
      refused(inv, { "1.options INVALID" }, { sku = "n", type = "grouped", options = {} })
      refused(inv, { "1.options INVALID", "2.ship_together INVALID", "3.in_stock INVALID" },
        { sku = "n", type = "configurable", options = {} },
        { sku = "m", type = "grouped", ship_together = false },
        { sku = "a", in_stock = true })
    end)
  end)

  for what, case in pairs{
    ["a child that does not exist"] = { "z", "sku NOT_FOUND" },
    ["a child without a SKU"] = { {}, "sku INVALID" },
    ["an empty SKU"] = { "", "sku INVALID" },
    ["a SKU that is too long"] = { ("x"):rep(256), "sku LIMIT" },
    ["a SKU with a space before it"] = { " a", "sku INVALID" },
    ["a child that is known from source items only"] = { "ghost", "sku NOT_FOUND" },
    ["a child that is made of others"] = { "set", "sku INVALID" },
    ["the product itself"] = { "n", "sku INVALID" },
    ["a quantity of zero"] = { { sku = "a", qty = 0 }, "qty INVALID" },
    ["a negative quantity"] = { { sku = "a", qty = -1 }, "qty INVALID" },
    ["five decimals"] = { { sku = "a", qty = "0.00001" }, "qty INVALID" },
    ["too large a quantity"] = { { sku = "a", qty = 2e11 }, "qty LIMIT" },
  } do
    it(what .. ", with the path of the child", function()
      with_parts(function(inv)
        assert(inv.items:save{ sku = "ghost", qty = 1 })
        assert(inv.products:save{ sku = "set", type = "grouped", children = { "a" } })
        local path, code = "children[2]", case[2]
        refused(inv, { ("1.%s.%s"):format(path, code) },
          { sku = "n", type = "grouped", children = { "b", case[1] } })
        refused(inv, { ("2.options[2].selections[1].%s"):format(code) }, { sku = "e" },
          { sku = "n", type = "bundle",
            options = { { selections = { "b" } }, { selections = { case[1] } } } })
      end)
    end)
  end

  it("the same child twice in one list", function()
    with_parts(function(inv)
      refused(inv, { "1.children[3].sku INVALID" },
        { sku = "n", type = "configurable", children = { "a", "b", "a" } })
      refused(inv, { "1.options[1].selections[2].sku INVALID" }, { sku = "n", type = "bundle",
        options = { { selections = { "a", "a" } }, { selections = { "a" } } } })
    end)
  end)

  it("a quantity of a configurable product's child", function()
    with_parts(function(inv)
      refused(inv, { "1.children[1].qty INVALID" },
        { sku = "n", type = "configurable", children = { { sku = "a", qty = 1 } } })
    end)
  end)

  it("names of options that are taken, too long, or have NUL bytes", function()
    with_parts(function(inv)
      refused(inv, { "1.options[2].name INVALID", "1.options[3].name LIMIT",
        "1.options[4].name INVALID" }, { sku = "n", type = "bundle", options = {
          { name = "x" }, { name = "x" }, { name = ("x"):rep(256) }, { name = "a\0b" } } })
      assert(inv.products:save{ sku = "n", type = "bundle",
        options = { {}, {}, { name = "x" }, { name = "X" } } })
    end)
  end)

  it("everything that is wrong at once, and saves nothing of the call", function()
    with_parts(function(inv)
      local owns = core.read(inv.store, "OWNS", 0, 1000)
      local detail = refused(inv, { "1.min_sale_qty INVALID", "2.children[1].sku NOT_FOUND",
        "2.children[2].qty INVALID", "2.children[2].sku INVALID", "3.type INVALID" },
        { sku = "d", settings = { min_sale_qty = "x" } },
        { sku = "n", type = "grouped", children = { "z", { sku = "n", qty = -1 } } },
        { sku = "m", type = "goods" })
      assert.equal("children[2]", detail.errors[3].path)
      assert.same(owns, core.read(inv.store, "OWNS", 0, 1000))
      helpers.expect_error("NOT_FOUND", inv.products:get("n"))
    end)
  end)

  it("a type word that is none, and still looks at the parts", function()
    with_parts(function(inv)
      refused(inv, { "1.type INVALID", "1.children[1].sku NOT_FOUND" },
        { sku = "n", type = "goods", children = { "z" } })
    end)
  end)
end)

describe("a product", function()
  it("is made of at most 4000 others, in at most 4095 options", function()
    with_inventory(nil, function(inv)
      local parts, options, children = {}, {}, {}
      for i = 1, core.limits.lines + 1 do
        parts[i], children[i] = { sku = "p" .. i, assign_default = false }, "p" .. i
      end
      assert(inv.products:save(parts))
      for i = 1, 4096 do options[i] = { required = false } end
      helpers.expect_problems({ "1.children LIMIT" },
        inv.products:save{ sku = "n", type = "grouped", children = children })
      helpers.expect_problems({ "1.options LIMIT" },
        inv.products:save{ sku = "m", type = "bundle", options = options })
      children[#children], options[#options] = nil, nil
      options[1].selections = children
      assert(inv.products:save{ { sku = "n", type = "grouped", children = children } })
      assert(inv.products:save{ sku = "m", type = "bundle", options = options })
      assert.equal(core.limits.lines, #inv.products:get("n").children)
      assert.equal(4095, #inv.products:get("m").options)
      options[2].selections = { "p4001" }
      helpers.expect_problems({ "1.options LIMIT" },
        inv.products:save{ sku = "m", options = options })
      helpers.expect_error("LIMIT", inv.products:save{ { sku = "m", options = options },
        { sku = "l", type = "grouped", children = children } })
      assert.is_true(inv:verify().ok)
    end)
  end)
end)

describe("a bundle", function()
  -- Half of what a bundle of two needs is at each source.
  local function with_halves(together, fn)
    kit.with_shop(function(inv, stock)
      kit.product(inv, "f", { muc = 1 })
      kit.product(inv, "g", { ham = 1 })
      assert(inv.products:save{ sku = "kit", type = "bundle", ship_together = together,
        options = { { selections = { "f" } }, { selections = { "g" } } } })
      assert(inv:place{ id = "o-1", stock = stock, lines = { { sku = "kit", qty = 1 } } })
      fn(inv)
    end)
  end

  it("whose parts are sent separately may draw on two sources", function()
    with_halves(false, function(inv)
      assert(inv:ship{ id = "s-1", order = "o-1", lines = {
        { sku = "f", qty = 1, source = "muc" }, { sku = "g", qty = 1, source = "ham" } } })
      assert.same({ 0, 0 }, { inv.orders:get("o-1").lines[2].open,
        inv.orders:get("o-1").lines[3].open })
    end)
  end)

  it("whose parts are sent together draws on one source", function()
    with_halves(true, function(inv)
      for _, source in ipairs{ "muc", "ham" } do
        refuses(inv, { "1.source NOT_FOUND" },
          "ship", { id = "s-1", order = "o-1",
            lines = { { sku = "kit", qty = 1, source = source } } }, "o-1")
      end
      assert(inv.items:save{ sku = "g", source = "muc", qty = 1 })
      assert(inv:ship{ id = "s-1", order = "o-1",
        lines = { { sku = "kit", qty = 1, source = "muc" } } })
      for _, line in ipairs(inv.orders:get("o-1").lines) do assert.equal(0, line.open) end
    end)
  end)
end)

describe("misuse of composites raises:", function()
  for what, product in pairs{
    ["children that are no list"] = { children = { sku = "a" } },
    ["children that are a text"] = { children = "a" },
    ["a child that is a number"] = { children = { 5 } },
    ["an unknown key of a child"] = { children = { { sku = "a", own_qty = true } } },
    ["an option that is a text"] = { options = { "frame" } },
    ["an unknown key of an option"] = { options = { { sku = "a" } } },
    ["selections that are a text"] = { options = { { selections = "a" } } },
    ["a selection that is a boolean"] = { options = { { selections = { true } } } },
    ["an unknown key of a selection"] = { options = { { selections = { { name = "a" } } } } },
    ["ship_together that is a text"] = { ship_together = "yes" },
    ["in_stock that is a word"] = { in_stock = "in_stock" },
  } do
    it(what, function()
      with_parts(function(inv)
        product.sku, product.type = "n", product.options and "bundle" or "grouped"
        local ok, message = pcall(inv.products.save, inv.products, product)
        assert.is_false(ok)
        assert.truthy(tostring(message):find("products:save", 1, true))
        helpers.expect_error("NOT_FOUND", inv.products:get("n"))
      end)
    end)
  end
end)
