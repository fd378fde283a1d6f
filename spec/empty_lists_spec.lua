-- empty_lists_spec.lua: a list without entries is refused, and the problem names the list's key.

local kit = require "order_kit"

local REQUESTS = {
  place = { id = "x", stock = 2 }, cancel = { id = "x", order = "o-1" },
  ship = { id = "x", order = "o-1", source = "muc" }, invoice = { id = "x", order = "o-1" },
  refund = { id = "x", order = "o-1" }, return_goods = { id = "x", order = "o-1" },
  allocate = { id = "x", order = "o-1" }, reassign = { id = "x", order = "o-1" },
  adopt = { id = "x" }, adjust = { id = "x" }, compensate = { id = "x" },
}

-- Without any list these are refused the same way; the others then mean everything.
local NEEDED = {
  place = true, refund = true, return_goods = true, allocate = true, reassign = true,
  adopt = true, adjust = true, compensate = true,
}

local function refuse(call, list)
  kit.with_shop(function(inv, stock)
    kit.product(inv, "bike", { muc = 5 })
    kit.place(inv, "o-1", stock, { "bike", 2 })
    local key = call == "adopt" and "reservations" or "lines"
    local request = { [key] = list }
    for name, value in pairs(REQUESTS[call]) do request[name] = value end
    local before = kit.snapshot(inv)
    local object = call == "adjust" and inv.items or inv
    local value, message, code, detail = object[call](object, request)
    assert.same({ nil, "the list is empty", "INVALID" }, { value, message, code })
    assert.same({ { code = "INVALID", field = key, message = message,
      magento = "Input data is empty" } }, detail.errors)
    assert.same(before, kit.snapshot(inv))
  end)
end

describe("an empty list is refused by its key", function()
  for call in pairs(REQUESTS) do
    it("in " .. call, function() refuse(call, {}) end)
  end
end)

describe("a missing list is refused by its key", function()
  for call in pairs(NEEDED) do
    it("in " .. call, function() refuse(call, nil) end)
  end
end)
