-- balances.lua: every balance after every command. Those that a command speaks of, or that have
-- changed in the model, are compared with the model itself; all others must be as they were.

local disagree = require("model.differ").disagree
local request_of = require "model.request"

local _M = {}

local FIGURES = { "on_hand", "reserved", "firm", "held", "allocated", "backordered", "adopted",
  "claimed", "floor", "salable", "over_promised" }

-- What the engine says of a product in a stock.
local function words_of(position)
  local words = { tostring(position.is_salable) }
  for _, name in ipairs(FIGURES) do words[#words + 1] = ("%.14g"):format(position[name]) end
  for _, place in ipairs(position.sources) do
    words[#words + 1] = ("%s %.14g %.14g %s"):format(place.source, place.qty, place.allocated,
      place.status)
  end
  return table.concat(words, " ")
end

-- By product and stock, in words. Composites have no balances.
local function look(model, inv)
  local seen, shop = {}, model.shop
  for number, product in ipairs(shop.products) do
    local counted = product.declared and not product.deleted
    for _, stock in ipairs(shop.stocks) do
      if counted and not stock.deleted and not request_of.is_composite(shop, number) then
        local position = assert(inv:position{ sku = product.sku, stock = stock.id })
        seen[number * 65536 + stock.id] = words_of(position)
      end
    end
  end
  return seen
end

-- touched: the products that may have moved; nil: any may have.
function _M.check(run, touched)
  local before, now = run.balances, look(run.model, run.engine.inv)
  run.balances = now
  for key, words in pairs(touched and before or {}) do
    local number = math.floor(key / 65536)
    if not touched[number] and now[key] and now[key] ~= words then
      disagree(("%s in stock %d, which nothing was said of, was %s and is %s"):format(
        run.model.shop.products[number].sku, key % 65536, words, now[key]))
    end
  end
end

return _M
