-- selection.lua: proposing sources. They are drained one after the other, each for all lines.

local request_of = require "model.request"
local shop_of = require "model.shop"

local _M = {}

local refuse = request_of.refuse

-- The lines to fill: an order's open goods, or the request's own. Of an order also those that
-- nothing is counted for, and those whose product was deleted.
local function wanted(request, given)
  local lines, untracked, gone = {}, {}, {}
  if not given.order then
    for i, row in ipairs(given.lines) do
      lines[i] = { number = row.line or i, sku = row.sku,
        need = request_of.qty(request, row.qty, true),
        product = shop_of.find_product(request.shop, row.sku) }
      if lines[i].need and lines[i].need < 0 then refuse("INVALID") end
    end
    if #lines == 0 then refuse("INVALID") end
    return lines, untracked, gone, request_of.stock(request, given)
  end
  local order = shop_of.find_order(request.shop, given.order)
  if not order then refuse("NOT_FOUND") end
  for _, line in ipairs(order.lines) do
    if line.kind == "goods" and shop_of.open(line) > 0 then
      local product = request.shop.products[line.product]
      local list = line.tracked == "nothing" and untracked or product.deleted and gone or lines
      list[#list + 1] = { number = line.number, sku = product.sku, product = line.product,
        need = shop_of.open(line) }
    end
  end
  local stock = order.stock
  if shop_of.find_stock(request.shop, stock).deleted then refuse("NOT_FOUND") end
  return lines, untracked, gone, stock
end

-- The stock's sources in order of preference, those that the request does not name last.
local function ranking(request, given, stock)
  local list, named = {}, {}
  local links = shop_of.links_of(request.shop, stock)
  for _, code in ipairs(given.sources or {}) do
    local source = shop_of.find_source(request.shop, code)
    if not shop_of.find_link(request.shop, stock, source) then refuse("NOT_FOUND") end
    if not named[source] then list[#list + 1] = source end
    named[source] = true
  end
  for _, link in ipairs(links) do
    if not named[link.source] then
      list[#list + 1] = link.source
      named[link.source] = not given.sources
    end
  end
  return list, named
end

-- What a source still has of a product while it is drained; nil: it is no candidate.
local function supply(shop, taken, product, source, physical)
  local item = product and shop_of.item(shop, product, source)
  if not item or item.status ~= "in_stock" or not shop.sources[source].enabled then return nil end
  local claimed = physical and 0 or shop_of.allocated_at(shop, product, source)
  return math.max(0, item.qty - claimed) - (taken[product .. " " .. source] or 0)
end

local function why(shop, line, source, named, used, left)
  if used then return "priority" end
  local item = line.product and shop_of.item(shop, line.product, source)
  if not named[source] then return "not_named" end
  if not item then return "no_item" end
  if not shop.sources[source].enabled then return "disabled" end
  if item.status ~= "in_stock" then return "out_of_stock" end
  return left > 0 and "filled" or "empty"
end

-- Drains the sources; returns the picks and what was taken of each product at each source.
local function drain(shop, given, lines, list, named)
  local picks, taken = {}, {}
  for _, source in ipairs(list) do
    for _, line in ipairs(lines) do
      local there = named[source]
        and supply(shop, taken, line.product, source, given.availability == "physical")
      local take = there and math.min(there, line.need)
      if take and (take > 0 or given.rows == "all") then
        picks[#picks + 1] = { line = line.number, sku = line.sku, source = source,
          qty_to_deduct = take, qty_available = there }
        local key = line.product .. " " .. source
        taken[key] = (taken[key] or 0) + take
        line.need = line.need - take
        line.used = line.used or {}
        line.used[source] = take > 0
      end
    end
  end
  return picks, taken
end

local function explain(shop, given, lines, list, named, taken)
  local reasons = {}
  for _, line in ipairs(lines) do
    for _, source in ipairs(list) do
      local used = line.used and line.used[source] or false
      local left = supply(shop, taken, line.product, source, given.availability == "physical")
      reasons[#reasons + 1] = { line = line.number, source = source, used = used,
        rule = why(shop, line, source, named, used, left or 0) }
    end
  end
  return reasons
end

-- Goods that are not counted leave from where the parcel leaves, or from the first enabled source.
local function add_untracked(shop, plan, stock, untracked)
  local source = plan.picks[1] and plan.picks[1].source
  if #untracked == 0 then return end
  if not source then
    for _, link in ipairs(shop_of.links_of(shop, stock)) do
      if shop.sources[link.source].enabled then source = source or link.source end
    end
    plan.shipments = source and 1 or 0
  end
  for _, line in ipairs(source and untracked or {}) do
    table.insert(plan.picks, { line = line.number, sku = line.sku, source = source,
      qty_to_deduct = line.need, qty_available = line.need })
    table.insert(plan.why, { line = line.number, source = source, used = true, rule = "untracked" })
  end
end

function _M.select(request, given)
  local shop = request.shop
  if not request_of.is_on(shop, "source_selection") then refuse("DISABLED") end
  local lines, untracked, gone, stock = wanted(request, given)
  if #request.codes > 0 then return end
  local list, named = ranking(request, given, stock)
  local picks, taken = drain(shop, given, lines, list, named)
  local plan = { algorithm = given.algorithm or "priority", order = given.order, picks = picks,
    short = {}, shippable = true, shipments = 0 }
  plan.why = explain(shop, given, lines, list, named, taken)
  local opened = {}
  for _, pick in ipairs(picks) do
    if pick.qty_to_deduct > 0 and not opened[pick.source] then
      opened[pick.source], plan.shipments = true, plan.shipments + 1
    end
  end
  for _, line in ipairs(lines) do
    if line.need > 0 then
      plan.shippable = false
      table.insert(plan.short, { line = line.number, sku = line.sku, qty = line.need })
    end
  end
  for _, line in ipairs(gone) do
    plan.shippable = false
    table.insert(plan.short, { line = line.number, sku = line.sku, qty = line.need })
  end
  add_untracked(shop, plan, stock, untracked)
  request.answer.plan = plan
end

return _M
