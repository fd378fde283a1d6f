-- Requests about what happens to orders.

local bundles = require "model.bundles"
local lines_of = require "model.lines"
local model_of = require "model.model"
local shop_of = require "model.shop"

local UNIT = shop_of.UNIT

-- ---- events ----

-- used: what the request already takes of each line.
local function lines_that_may(order, kind, used)
  local list = {}
  for _, line in ipairs(order.lines) do
    if bundles.limit(kind, order, line) > (used and used[line] or 0) then list[#list + 1] = line end
  end
  return list
end

-- An order, rather a new one, mostly one that may have the event.
local function any_order(world, kind)
  local all, able = {}, {}
  for _, order in ipairs(world.shop.orders) do
    if order.kind == "order" then
      all[#all + 1] = order
      if #lines_that_may(order, kind) > 0 then able[#able + 1] = order end
    end
  end
  local list = world:once_in(25) and all or able
  return list[math.max(1, #list + 1 - world.random(1, 8))]
end

local function a_row(world, kind, order, used)
  local list, row = lines_that_may(order, kind, used), { qty = world:qty() }
  local line = world:pick(order.lines)
  if #list > 0 and not world:once_in(15) then line = world:pick(list) end
  local limit = (bundles.limit(kind, order, line) - (used[line] or 0)) / UNIT
  if limit > 0 and not world:once_in(15) then
    row.qty = world:once_in(3) and limit or math.min(row.qty, limit)
  end
  used[line] = (used[line] or 0) + math.floor(row.qty * UNIT + 0.5)
  row.line = line.number
  if world:once_in(4) then row.line, row.sku = nil, world.shop.products[line.product].sku end
  if world:once_in(40) then row.line, row.sku = 77, nil end
  return row, line
end

-- Does a source have the goods of a line, or those of a bundle's parts?
local function has_goods(world, order, line, source, units)
  if line.kind ~= "bundle" then
    return line.tracked == "nothing" or (lines_of.there_for(world.shop, line, source) or 0) >= units
  end
  for _, part in ipairs(bundles.parts_of(order, line)) do
    local share = units * part.ordered / line.ordered
    if part.kind == "goods" and not has_goods(world, order, part, source, share) then
      return false
    end
  end
  return true
end

-- Mostly a source that has the goods.
local function source_for(world, line, qty, order)
  local code
  for _ = 1, 5 do
    code = world:source()
    local source = shop_of.find_source(world.shop, code)
    if has_goods(world, order, line, source, qty * UNIT) then break end
  end
  return world:once_in(50) and "nowhere" or code
end

-- Mostly one of the stock's sources.
local function linked_source(world, line, qty, order)
  local code
  for _ = 1, 6 do
    code = source_for(world, line, qty, order)
    local source = shop_of.find_source(world.shop, code)
    if source and shop_of.find_link(world.shop, order.stock, source) then break end
  end
  return code
end

local function add_source(world, kind, row, line, order)
  if kind == "ship" and not world:once_in(20) or kind == "invoice" and world:once_in(4) then
    row.source = source_for(world, line, row.qty, order)
  elseif kind == "refund" then
    if world:once_in(2) then row.return_to_stock = true end
    if world:once_in(5) then row.return_to = world:source() end
    if world:once_in(3) then row.write_off = world:once_in(2) end
  elseif kind == "return_goods" and world:once_in(3) then
    row.to = world:source()
  elseif kind == "allocate" and not world:once_in(30) then
    row.source = linked_source(world, line, row.qty, order)
  elseif kind == "reassign" then
    local claims = line.kind == "bundle" and bundles.parts_of(order, line)[1] or line
    local allocation = claims.allocations[1]
    if world:once_in(2) then row.from = world:source() end
    if allocation and world:once_in(2) then
      row.from = world.shop.sources[allocation.source].code
    end
    if world:once_in(3) then row.to = linked_source(world, line, row.qty, order) end
  end
end

local FORCED = { ship = true, invoice = true, refund = true, allocate = true, reassign = true }
local WHOLE = { cancel = true, ship = true, invoice = true } -- may come without lines

local function event_request(world, kind)
  local order = any_order(world, kind)
  if not order then return nil end
  local request = { id = world:id(kind:sub(1, 1) .. "-"), order = order.id }
  if world:once_in(60) then request.order = world.nobody end
  if FORCED[kind] and world:once_in(5) then request.force = true end
  if world:once_in(12) and WHOLE[kind] then
    if kind == "ship" then request.source = world:source() end
    return request
  end
  request.lines = {}
  local used = {}
  for i = 1, world:pick{ 1, 1, 2, 3 } do
    if i > 1 and #lines_that_may(order, kind, used) == 0 then break end
    local row, line = a_row(world, kind, order, used)
    request.lines[i] = row
    add_source(world, kind, row, line, order)
  end
  return request
end

-- Shipping or allocating by a plan: what the model proposes, as select would.
local function by_plan(world)
  local kind = world:pick{ "ship", "ship", "allocate" }
  local order = any_order(world, kind)
  if not order then return nil end
  local proposal = model_of.apply(world.model, { "select", { order = order.id } })
  if not proposal.answer then return nil end
  local plan = { order = order.id, picks = {} }
  for i, pick in ipairs(proposal.answer.plan.picks) do
    plan.picks[i] = { line = pick.line, sku = pick.sku,
      source = world.shop.sources[pick.source].code, qty_to_deduct = pick.qty_to_deduct / UNIT }
  end
  if #plan.picks == 0 then return nil end
  if world:once_in(10) then table.remove(plan.picks, world.random(1, #plan.picks)) end
  return { kind, { id = world:id(kind:sub(1, 1) .. "p-"), order = order.id, plan = plan } }
end

local makers = {}

for _, kind in ipairs{ "cancel", "ship", "invoice", "refund", "return_goods", "allocate",
  "reassign" } do
  makers[kind] = function(world) return event_request(world, kind) end
end

return { makers = makers, by_plan = by_plan }
