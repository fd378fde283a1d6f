-- busy_spec.lua: who is told BUSY is told that nothing was changed, and nothing is changed later on
-- either.

local Crew = require "fire.crew"
local children = require "children"
local helpers = require "helpers"

local PEN = { { sku = "pen", qty = 1 } }

describe("an order that was turned away with BUSY", function()
  it("is not placed afterwards by somebody else's write", function()
    children.with_directory(function(directory)
      local path = directory .. "/shop.db"
      helpers.with_inventory({ path = path }, function(inv)
        assert(inv.products:save{ sku = "pen" })
        assert(inv.items:save{ sku = "pen", qty = 10 })
        local held = directory .. "/held"
        local foreign = assert(io.popen(("sqlite3 %s >%s"):format(path, held), "w"))
        foreign:write("BEGIN IMMEDIATE;\nSELECT 'held';\n")
        foreign:flush()
        while (children.read_file(held) or "") == "" do os.execute("sleep 0.02") end

        -- The first leads, and waits for the foreign transaction in vain; the second leads after it
        -- and takes the third's order along, which is turned away before the second is.
        local crew = Crew.new(directory)
        crew:hire("fire.patient", "first", 1, 0)
        crew:hire("fire.patient", "second", 3, 0.3)
        crew:hire("fire.patient", "third", 1, 0.5)
        crew:begin()
        for number = 1, 3 do assert.equal("BUSY", crew.pipes[number]:read("*l")) end
        foreign:write("ROLLBACK;\n")
        foreign:close()
        assert(inv:place{ id = "other", stock = 1, lines = PEN })
        local missing = { inv.orders:get("third") }
        crew:stop()
        crew:finish()
        helpers.expect_error("NOT_FOUND", (table.unpack or unpack)(missing, 1, 4))
        assert.equal(1, inv:position{ sku = "pen", stock = 1 }.reserved)
      end)
    end)
  end)
end)
