-- Products for businesses: at the default source, and so in the default stock, only; unless the
-- shop's setting b2b_default_only is off.

local children = require "children"
local helpers = require "helpers"
local kit = require "order_kit"

local expect_problems = helpers.expect_problems

local function mark(inv, sku, changes)
  local product = { sku = sku, b2b = true, assign_default = false }
  for key, value in pairs(changes or {}) do product[key] = value end
  return inv.products:save(product)
end

-- A shop with the marked product "p": 5 at the default source.
local function with_marked(fn)
  kit.with_shop(function(inv, stock)
    assert(mark(inv, "p"))
    assert(inv.items:save{ sku = "p", qty = 5 })
    fn(inv, stock)
  end)
end

-- The rule is switched off, the product goes to muc, and the rule is switched on again.
local function with_strayed(fn)
  with_marked(function(inv, stock)
    assert(inv.settings:set{ b2b_default_only = false })
    assert(inv.items:save{ sku = "p", source = "muc", qty = 3 })
    assert(inv.settings:set{ b2b_default_only = true })
    fn(inv, stock)
  end)
end

describe("the mark b2b", function()
  it("is refused while the product is at other sources, each of which is named", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a", { default = 1, muc = 5, far = 0 })
      kit.product(inv, "b", { ham = 1 })
      local detail, message = expect_problems(
        { "1.b2b CONFLICT", "1.b2b CONFLICT", "3.b2b CONFLICT" },
        inv.products:save{ { sku = "a", b2b = true }, { sku = "c", b2b = true },
          { sku = "b", b2b = true } })
      assert.same({ "muc", "far", "ham" }, helpers.column(detail.errors, "subject"))
      assert.is_truthy(message:find("b2b_default_only", 1, true), message)
      assert.is_false(inv.products:get("a").b2b)
      helpers.expect_error("NOT_FOUND", inv.products:get("c"))
      assert(inv.items:delete{ { sku = "a", source = "muc" }, { sku = "a", source = "far" } })
      assert(mark(inv, "a"))
      assert.is_true(inv.products:get("a").b2b)
    end)
  end)

  it("is refused together with what else is wrong", function()
    kit.with_shop(function(inv)
      kit.product(inv, "a", { muc = 5 })
      expect_problems({ "1.b2b CONFLICT", "2.max_sale_qty INVALID" }, inv.products:save{
        { sku = "a", b2b = true }, { sku = "b", settings = { max_sale_qty = -1 } } })
      expect_problems({ "1.type UNSUPPORTED", "1.b2b CONFLICT" },
        inv.products:save{ sku = "a", b2b = true, type = "bundle" })
    end)
  end)

  it("may be set on what is new, at the default source, or only known from items there", function()
    kit.with_shop(function(inv)
      assert(mark(inv, "new", { assign_default = true }))
      kit.product(inv, "a", { default = 4 })
      assert(mark(inv, "a"))
      assert(inv.items:save{ { sku = "ghost", qty = 2 },
        { sku = "stray", source = "muc", qty = 1 } })
      assert(mark(inv, "ghost"))
      expect_problems({ "1.b2b CONFLICT" }, mark(inv, "stray"))
      assert.same({ default = 0 }, kit.quantities(inv, "new"))
    end)
  end)

  it("may be taken away, and the product is free to go anywhere", function()
    with_marked(function(inv)
      assert(inv.products:save{ sku = "p", b2b = false })
      assert(inv.items:save{ sku = "p", source = "muc", qty = 1 })
    end)
  end)

  it("does not matter to a product that is deleted or renamed", function()
    with_marked(function(inv)
      assert(inv.products:rename("p", "q"))
      expect_problems({ "1.source CONFLICT" },
        inv.items:save{ sku = "q", source = "muc", qty = 1 })
      assert(inv.products:delete("q"))
      assert(inv.items:save{ sku = "q", source = "muc", qty = 1 })
    end)
  end)
end)

describe("a marked product", function()
  it("is counted at the default source as any other", function()
    with_marked(function(inv)
      assert(inv.items:adjust{ id = "1", lines = { { sku = "p", delta = 2 } } })
      assert(inv.items:save{ sku = "p", source = "default", qty = 9 })
      assert.equal(9, inv:salable_qty("p", { stock = 1 }))
      helpers.expect_error("NOT_ASSIGNED", inv:can_sell("p", { channel = "eu" }, 1))
    end)
  end)

  it("is refused at other sources by items:save and items:adjust, which change nothing", function()
    with_marked(function(inv)
      kit.product(inv, "a")
      local before = kit.snapshot(inv)
      local detail = expect_problems({ "2.source CONFLICT", "3.source CONFLICT" }, inv.items:save{
        { sku = "a", source = "muc", qty = 1 }, { sku = "p", source = "muc", qty = 1 },
        { sku = "p", source = "far", qty = 0, status = "out_of_stock" } })
      assert.same({ "muc", "far" }, helpers.column(detail.errors, "source"))
      assert.equal("p", detail.errors[1].subject)
      expect_problems({ "1.source CONFLICT" }, inv.items:adjust{ id = "1", lines = {
        { sku = "p", source = "muc", delta = 1 }, { sku = "a", source = "muc", delta = 1 } } })
      assert.same(before, kit.snapshot(inv))
    end)
  end)

  it("is refused at other sources by an import, row by row", function()
    with_marked(function(inv)
      children.with_directory(function(directory)
        local file = directory .. "/items.csv"
        children.write_file(file, "source_code,sku,status,quantity\n" ..
          "default,p,1,8\nmuc,p,1,7\nmuc,q,1,6\n")
        local result = assert(inv:import{ entity = "stock_sources", file = file })
        assert.same({ 3, 2, 1 }, { result.rows, result.saved, result.failed })
        assert.same({ 3, "CONFLICT" }, { result.errors[1].line, result.errors[1].code })
        assert.same({ default = 8 }, kit.quantities(inv, "p"))
      end)
    end)
  end)

  it("comes back to the default source, wherever it was delivered from", function()
    kit.with_shop(function(inv, stock)
      kit.product(inv, "a", { muc = 5 })
      kit.place(inv, "o", stock, { "a", 3 })
      assert(inv:ship{ id = "s", order = "o", source = "muc" })
      assert(inv.items:delete{ sku = "a", source = "muc" })
      assert(mark(inv, "a"))
      local lines = { { sku = "a", qty = 1 } }
      kit.refused(inv, "CONFLICT", "return_goods", { id = "b", order = "o", lines = lines })
      lines[1].to = "default"
      assert(inv:return_goods{ id = "b", order = "o", lines = lines })
      assert.same({ default = 1 }, kit.quantities(inv, "a"))
    end)
  end)
end)

describe("the setting b2b_default_only", function()
  it("allows everything while it is off", function()
    with_marked(function(inv)
      assert(inv.settings:set{ b2b_default_only = false })
      assert(inv.items:save{ sku = "p", source = "muc", qty = 3 })
      assert(inv.items:adjust{ id = "1", lines = { { sku = "p", source = "ham", delta = 1 } } })
      assert.equal(4, inv:salable_qty("p", { channel = "eu" }))
      kit.product(inv, "a", { ham = 1 })
      assert(mark(inv, "a"))
    end)
  end)

  it("says what breaks the rule when it is switched on, or back to its default", function()
    with_marked(function(inv)
      assert(inv.settings:set{ b2b_default_only = false })
      assert.equal(1, select("#", inv.settings:set{ b2b_default_only = false }))
      assert(inv.items:save{ sku = "p", source = "muc", qty = 3 })
      kit.product(inv, "a", { ham = 1 })
      kit.product(inv, "b", { ham = 1 })
      assert(mark(inv, "a"))
      for _, on in ipairs{ true, require("quartermaster").inherit } do
        local done, elsewhere = inv.settings:set{ b2b_default_only = on }
        assert.is_true(done)
        assert.same({ { sku = "p", source = "muc", qty = 3 },
          { sku = "a", source = "ham", qty = 1 } }, elsewhere)
      end
      assert(inv.items:delete{ { sku = "p", source = "muc" }, { sku = "a", source = "ham" } })
      local done, elsewhere = inv.settings:set{ b2b_default_only = true }
      assert.same({ true, nil }, { done, elsewhere })
    end)
  end)

  it("switched on leaves what is there, which can be sold, counted and taken away", function()
    with_strayed(function(inv, stock)
      assert.equal(3, inv:salable_qty("p", { stock = stock }))
      kit.place(inv, "o", stock, { "p", 2 })
      assert(inv:ship{ id = "s", order = "o", source = "muc" })
      assert(inv:return_goods{ id = "b", order = "o", lines = { { sku = "p", qty = 1 } } })
      assert(inv.items:save{ sku = "p", source = "muc", qty = 9 })
      assert(inv.items:adjust{ id = "1", lines = { { sku = "p", source = "muc", delta = -1 } } })
      assert(inv.products:save{ sku = "p", b2b = true, settings = { max_sale_qty = 3 } })
      assert(inv.items:delete{ sku = "p", source = "muc" })
      expect_problems({ "1.source CONFLICT" }, inv.items:save{ sku = "p", source = "muc", qty = 9 })
    end)
  end)

  it("switched on lets nothing new be made elsewhere", function()
    with_strayed(function(inv)
      expect_problems({ "1.source CONFLICT" }, inv.items:save{ sku = "p", source = "ham", qty = 1 })
    end)
  end)
end)
