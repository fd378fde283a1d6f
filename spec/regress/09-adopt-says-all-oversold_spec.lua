-- 09-adopt-says-all-oversold_spec.lua: of a product that an adoption names in one stock, then after
-- another product in a second stock, only the second was said to be promised too much.

local helpers = require "helpers"

describe("adopting a product for two stocks, with another one between", function()
  it("says what is promised too much in both", function()
    helpers.with_inventory(nil, function(inv)
      for id = 2, 3 do assert(inv.stocks:save{ id = id, name = "Stock " .. id }) end
      local function line(sku) return { sku = sku, qty = 1 } end
      local answer = assert(inv:adopt{ id = "a", orders = {
        { id = "o-1", stock = 2, lines = { line("book") } },
        { id = "o-2", stock = 3, lines = { line("sand"), line("book") } } } })
      local said = {}
      for i, row in ipairs(answer.over_promised) do said[i] = row.sku .. " " .. row.stock end
      table.sort(said)
      assert.same({ "book 2", "book 3", "sand 3" }, said)
      assert.equal(3, #helpers.ledger(inv, "oversold"))
    end)
  end)
end)
