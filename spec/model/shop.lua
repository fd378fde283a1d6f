-- shop.lua: a shop as the naive model keeps it: what there is and what was said about it. Nothing
-- in it is a total; whoever wants one adds up. Quantities are whole numbers of 1/10000. Sources,
-- products and documents are numbered in the order they came, and everything else refers to these
-- numbers, so that renaming moves nothing.

local text = require "model.text"

local _M = {}

_M.UNIT = 10000
_M.DEFAULT_SOURCE, _M.DEFAULT_STOCK = 1, 1

function _M.new(options)
  return {
    policy = "default", independent = options.independent or false, now = options.now,
    settings = {}, document = 0,
    sources = { { code = "default", name = "Default Source", enabled = true, latitude = 0,
      longitude = 0 } },
    stocks = { { id = 1, name = "Default Stock" } },
    channels = { ["website base"] = 1 },
    links = { { stock = 1, source = 1, priority = 1 } },
    products = {}, items = {}, orders = {}, adopted = {}, documents = {}, foreign = {},
  }
end

-- Settings and answers are never changed once they are there, so copies may share them.
local DEEP = { "sources", "stocks", "links", "products", "items", "orders", "adopted" }
local SHALLOW = { "channels", "documents", "foreign" }
local SHARED = { own = true, made_of = true, destination = true, channel = true }

local function deep(value)
  if type(value) ~= "table" then return value end
  local new = {}
  for key, inner in pairs(value) do new[key] = SHARED[key] and inner or deep(inner) end
  return new
end

function _M.copy(shop)
  local new = {}
  for key, value in pairs(shop) do new[key] = value end
  for _, key in ipairs(DEEP) do new[key] = deep(shop[key]) end
  for _, key in ipairs(SHALLOW) do
    new[key] = {}
    for name, value in pairs(shop[key]) do new[key][name] = value end
  end
  return new
end

-- A quantity as callers write it, in units.
function _M.units(qty)
  return math.floor(tonumber(qty) * _M.UNIT + 0.5)
end

-- ---- names ----

function _M.find_product(shop, sku)
  for number, product in ipairs(shop.products) do
    if product.sku == sku and not product.deleted then return number, product end
  end
  return nil
end

function _M.find_source(shop, code)
  for number, source in ipairs(shop.sources) do
    if source.code == code then return number end
  end
  return nil
end

function _M.find_stock(shop, id)
  for _, stock in ipairs(shop.stocks) do
    if stock.id == id then return stock end
  end
  return nil
end

-- A place to sell: "website eu" for the channel "eu".
function _M.channel_key(channel)
  if type(channel) == "string" then channel = { code = channel } end
  return (channel.type or "website") .. " " .. channel.code
end

-- Orders and holds are kept in one list; a hold becomes visible under its own id only.
function _M.find_order(shop, id, kind)
  for _, order in ipairs(shop.orders) do
    if order.id == id and order.kind == (kind or "order") then return order end
  end
  return nil
end

function _M.find_line(order, number)
  for _, line in ipairs(order.lines) do
    if line.number == number then return line end
  end
  return nil
end

-- ---- items and links ----

function _M.item(shop, product, source)
  return shop.items[product * 65536 + source]
end

function _M.put_item(shop, product, source, item)
  shop.items[product * 65536 + source] = item
end

-- Something is written at a source: an item that is new, or was only assigned, is in stock.
function _M.touch_item(shop, product, source)
  local item = _M.item(shop, product, source)
  if not item then
    item = { qty = 0, status = "in_stock" }
    _M.put_item(shop, product, source, item)
  elseif item.assigned_only then
    item.assigned_only, item.status = nil, "in_stock"
  end
  return item
end

function _M.find_link(shop, stock, source)
  for i, link in ipairs(shop.links) do
    if link.stock == stock and link.source == source then return link, i end
  end
  return nil
end

-- The links of a stock, most preferred first.
function _M.links_of(shop, stock)
  local list = {}
  for _, link in ipairs(shop.links) do
    if link.stock == stock then list[#list + 1] = link end
  end
  table.sort(list, function(a, b)
    if a.priority ~= b.priority then return a.priority < b.priority end
    return shop.sources[a.source].code < shop.sources[b.source].code
  end)
  return list
end

-- ---- lines ----

function _M.open(line)
  return line.ordered - line.cancelled - line.delivered - line.released
end

-- Is it a line by itself, not that of a composite, whose parts have lines of their own?
function _M.is_single(line) return line.kind == "goods" or line.kind == "virtual" end

-- What callers are told is open: a line whose parts move on their own counts nothing itself.
function _M.open_to_see(line) return line.kind == "parent" and 0 or _M.open(line) end

function _M.allocated(line)
  local total = 0
  for _, allocation in ipairs(line.allocations) do total = total + allocation.qty end
  return total
end

-- Open units that are promised and neither waiting nor allocated.
function _M.covered(line)
  return _M.open(line) - line.backordered - _M.allocated(line)
end

-- A line as it is when it has just been placed.
function _M.new_line(number, product, kind, tracked, ordered)
  return { number = number, product = product, kind = kind, tracked = tracked, ordered = ordered,
    cancelled = 0, invoiced = 0, delivered = 0, refunded = 0, released = 0, returned = 0,
    backordered = 0, allocations = {}, deliveries = {} }
end

-- ---- sums ----

-- Orders live for ever; a hold until its second comes.
function _M.is_live(shop, order)
  return order.expires == nil or order.expires > shop.now
end

-- what(line, order) added up over the lines that reserve a product in a stock; stock nil: in all.
function _M.sum(shop, product, stock, what)
  local total = 0
  for _, order in ipairs(shop.orders) do
    if _M.is_live(shop, order) and (not stock or order.stock == stock) then
      for _, line in ipairs(order.lines) do
        if line.product == product and line.tracked == "all" then
          total = total + what(line, order)
        end
      end
    end
  end
  return total
end

-- What is allocated of a product at a source, to whichever line.
function _M.allocated_at(shop, product, source)
  return _M.sum(shop, product, nil, function(line)
    local total = 0
    for _, allocation in ipairs(line.allocations) do
      if allocation.source == source then total = total + allocation.qty end
    end
    return total
  end)
end

-- What lines have claimed at a source is claimed no longer: of one product or all, of one stock's
-- orders or everybody's.
function _M.drop_allocations(shop, product, source, stock)
  for _, order in ipairs(shop.orders) do
    for _, line in ipairs(order.lines) do
      local matches = (not product or line.product == product)
        and (not stock or order.stock == stock)
      for i = #line.allocations, 1, -1 do
        if matches and line.allocations[i].source == source then
          table.remove(line.allocations, i)
        end
      end
    end
  end
end

-- What of a product at a source can be sold: nothing of what is out of stock, disabled or negative.
function _M.countable(shop, product, source)
  local item = _M.item(shop, product, source)
  if not item or item.status ~= "in_stock" or not shop.sources[source].enabled then return 0 end
  return math.max(0, item.qty)
end

-- What lies at the sources of a stock, and how many of its items there are of each kind.
function _M.hand(shop, product, stock)
  local hand = { on_hand = 0, assigned = 0, active = 0, in_stock = 0 }
  for _, link in ipairs(shop.links) do
    local item = link.stock == stock and _M.item(shop, product, link.source)
    if item then
      hand.assigned = hand.assigned + 1
      if shop.sources[link.source].enabled then
        hand.active = hand.active + 1
        if item.status == "in_stock" then hand.in_stock = hand.in_stock + 1 end
      end
      hand.on_hand = hand.on_hand + _M.countable(shop, product, link.source)
    end
  end
  return hand
end

local function adopted_of(shop, product, stock)
  local total = 0
  for _, row in ipairs(shop.adopted) do
    if row.product == product and row.stock == stock then total = total + row.qty end
  end
  return total
end

-- What is promised of a product in a stock, by kind.
function _M.promised(shop, product, stock)
  local sums = {
    firm = _M.sum(shop, product, stock, _M.covered),
    backordered = _M.sum(shop, product, stock, function(line) return line.backordered end),
    allocated = _M.sum(shop, product, stock, _M.allocated),
    held = _M.sum(shop, product, stock, function(line, order)
      return order.kind == "hold" and _M.open(line) or 0
    end),
    adopted = adopted_of(shop, product, stock),
  }
  sums.reserved = sums.firm + sums.backordered + sums.allocated + sums.adopted
  return sums
end

_M.same_value = function(a, b) return text.of(a) == text.of(b) end

return _M
