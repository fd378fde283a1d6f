-- fire_audit_spec.lua: the audit of crash_spec.lua finds what it is there to find.

local Audit = require "fire.audit"
local Crew = require "fire.crew"
local cjson = require "cjson"
local children = require "children"
local helpers = require "helpers"
local shop = require "fire.shop"

-- Lets a writer send some requests; spoil(inv, text) changes the file or what it wrote down, and
-- returns the latter. Returns whether the audit is content, and what it says.
local function audited(spoil)
  return children.with_directory(function(directory)
    local path, log = directory .. "/shop.db", directory .. "/log-w"
    shop.fill(path)
    local crew = Crew.new(directory)
    crew:hire("fire.writer", "w", 5, 30, "normal")
    crew:begin()
    assert.equal("done\n", crew:finish()[1])
    return helpers.with_inventory({ path = path }, function(inv)
      children.write_file(log, spoil(inv, children.read_file(log)))
      local audit = Audit.new(shop.PLENTY)
      local ok, problem = pcall(function()
        audit:same_documents(inv, audit:take(inv, { log }))
        audit:same_sums(inv)
      end)
      return ok, tostring(type(problem) == "table" and problem.message or problem)
    end)
  end)
end

local PEN = { { sku = "pen", qty = 1 } }

local function ask(request) return "ask " .. cjson.encode(request) .. "\n" end

describe("the audit of a file", function()
  it("is content with what a writer did, and with a last request that lacks its answer", function()
    assert.same({ true, "nil" }, { audited(function(_, text) return text end) })
    assert.same({ true, "nil" }, { audited(function(_, text)
      return (text:gsub("ok [^\n]*\n$", ""))
    end) })
    assert.same({ true, "nil" }, { audited(function(_, text)
      return text .. ask{ op = "place", id = "w-last", stock = 2, lines = PEN }
    end) })
  end)

  local function finds(what, spoil)
    local ok, problem = audited(spoil)
    assert.is_false(ok)
    assert.is_truthy(problem:find(what, 1, true), problem)
  end

  it("finds an answered change that is lost", function()
    finds("is lost", function(_, text)
      return text .. ask{ op = "place", id = "w-last", stock = 2, lines = PEN } .. "ok {}\n"
    end)
  end)

  it("finds a change that nobody asked for", function()
    finds("extra", function(inv, text)
      assert(inv:place{ id = "extra", stock = 2, lines = PEN })
      return text
    end)
  end)

  it("finds a change that was carried out otherwise than it was asked for", function()
    finds("w-last", function(inv, text)
      assert(inv:place{ id = "w-last", stock = 2, lines = PEN })
      return text .. ask{ op = "place", id = "w-last", stock = 2,
        lines = { { sku = "pen", qty = 2 } } }
    end)
  end)

  it("finds half a batch", function()
    finds("1 of 2 of a batch", function(inv, text)
      assert(inv:place{ id = "w-1st", stock = 2, lines = PEN })
      return text .. ask{ op = "batch", ops = {
        { op = "place", id = "w-1st", stock = 2, lines = PEN },
        { op = "place", id = "w-2nd", stock = 2, lines = PEN } } }
    end)
  end)

  it("finds an answer that is another one when it is asked for again", function()
    finds("the same", function(_, text) return (text:gsub('"qty":%d', '"qty":77', 1)) end)
    finds("the same", function(_, text) return (text:gsub('(ok [^\n]*"qty":)%d', "%177", 1)) end)
  end)

  it("finds a quantity that is not the sum of what happened", function()
    finds("Expected", function(inv, text)
      assert(inv.items:save{ sku = "pen", source = "muc", qty = 5 })
      return text
    end)
  end)
end)
