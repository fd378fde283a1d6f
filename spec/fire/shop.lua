-- shop.lua: a shop in which nothing runs out, for writers of book.lua.

local Book = require "fire.book"
local assert = require "luassert"
local helpers = require "helpers"

local _M = {}

_M.PLENTY = 10000000

-- Stock 2 sells from two sources.
function _M.fill(path)
  helpers.with_inventory({ path = path, durability = "normal" }, function(inv)
    local links = {}
    for i, code in ipairs(Book.SOURCES) do
      assert(inv.sources:save(helpers.source(code)))
      links[i] = { code = code, priority = i }
    end
    assert.equal(2, inv.stocks:save{ name = "EU", sources = links })
    for _, sku in ipairs(Book.SKUS) do
      assert(inv.products:save{ sku = sku, assign_default = false })
      for _, code in ipairs(Book.SOURCES) do
        assert(inv.items:save{ sku = sku, source = code, qty = _M.PLENTY })
      end
    end
  end)
end

return _M
