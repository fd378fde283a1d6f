-- every_reading.lua: every kind of reading of the shop that every_op.lua makes, as it stands at the
-- end. An entry is a name and a function of the open inventory.

local WHERE = { channel = "eu" }

local function page(name, filter)
  return { name, function(inv) return inv[name](inv, filter) end }
end

local function list(name, filter)
  return { name .. " list", function(inv) return inv[name]:list(filter) end }
end

return {
  { "info", function(inv) return inv:info() end },
  { "salable_qty", function(inv) return inv:salable_qty("bike", WHERE) end },
  { "is_salable", function(inv) return inv:is_salable("tour", WHERE) ~= nil end },
  { "can_sell", function(inv) return inv:can_sell("bike", WHERE, 1) end },
  { "salable", function(inv)
    return inv:salable{ skus = { "bike", "pen", "tour" }, channel = "eu" }
  end },
  { "position", function(inv) return inv:position{ sku = "bike", channel = "eu" } end },
  { "backorder_qty", function(inv) return inv:backorder_qty("wait", WHERE, 4) end },
  { "select", function(inv) return inv:select{ order = "o-2" } end },
  { "select freely", function(inv)
    return inv:select{ stock = 2, lines = { { sku = "bike", qty = 3 } } }
  end },
  { "order", function(inv) return inv.orders:get("o-1") end },
  { "hold", function(inv) return inv.holds:get("bh-1") end },
  { "source", function(inv) return inv.sources:get("muc") end },
  { "stock", function(inv) return inv.stocks:get(2) end },
  { "product", function(inv) return inv.products:get("tour") end },
  { "item", function(inv) return inv.items:get{ sku = "bike", source = "muc" } end },
  { "settings", function(inv) return inv.settings:get() end },
  { "policies", function(inv) return inv.policies:list() end },
  { "select to an address", function(inv)
    return inv:select{ stock = 2, lines = { { sku = "bike", qty = 3 } },
      destination = { country = "DE", city = "Leipzig" } }
  end },
  { "select by distances", function(inv)
    return inv:select{ stock = 2, lines = { { sku = "bike", qty = 3 } }, algorithm = "distance",
      destination = { country = "DE", city = "Leipzig" }, distance = function() return 1 end }
  end },
  { "places", function(inv) return inv.places:countries() end },
  { "place", function(inv)
    local at, message, code = inv.places:find{ country = "FR", postcode = "75001" }
    return at or code == "NOT_FOUND", message, code
  end },
  { "verify", function(inv)
    local report, message, code = inv:verify()
    if report and not report.ok then error(report.problems[1].what) end
    return report, message, code
  end },
  page("waiting"), page("oversold"), page("reservations"), page("events", { limit = 20 }),
  page("inconsistencies"), list("sources"), list("stocks"), list("channels"), list("products"),
  list("items", { sku = "bike" }),
}
