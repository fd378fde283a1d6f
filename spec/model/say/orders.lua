-- What may be said about orders: placing them, and everything that happens to them.

local lines_of = require "model.lines"
local model_of = require "model.model"
local shop_of = require "model.shop"
local text = require "model.text"

local UNIT = shop_of.UNIT

-- ---- placing ----

-- Mostly something that can be sold where it is asked for.
local function salable_line(world, where)
  local line
  for _ = 1, 6 do
    line = { sku = world:sku(), qty = world:qty() }
    local answer = model_of.apply(world.model, { "can_sell", line.sku, where, line.qty })
    if #answer.codes == 0 then break end
  end
  return line
end

local function place_request(world)
  local request = world:where{}
  local where = { stock = request.stock, channel = request.channel }
  request.id, request.lines = world:id("o-"), {}
  for i = 1, world:pick{ 1, 1, 2, 3 } do
    request.lines[i] = world:once_in(10) and { sku = world:sku(), qty = world:qty() }
      or salable_line(world, where)
  end
  if world:once_in(8) then
    for i, line in ipairs(request.lines) do line.line = 10 - 2 * i end
  end
  if world:once_in(6) then request.customer_group = world:pick{ "trade", "retail" } end
  if world:once_in(40) then request.lines[1].qty = world:pick{ 0, -1 } end
  if world:once_in(40) then request.lines[1].sku = world.unknown end
  if world:once_in(60) then request.lines = {} end
  return request
end

local function place(world) return { "place", place_request(world) } end

-- ---- events ----

-- used: what the request already takes of each line.
local function lines_that_may(order, kind, used)
  local list = {}
  for _, line in ipairs(order.lines) do
    if lines_of.limit(kind, line) > (used and used[line] or 0) then list[#list + 1] = line end
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
  local limit = (lines_of.limit(kind, line) - (used[line] or 0)) / UNIT
  if limit > 0 and not world:once_in(15) then
    row.qty = world:once_in(3) and limit or math.min(row.qty, limit)
  end
  used[line] = (used[line] or 0) + math.floor(row.qty * UNIT + 0.5)
  row.line = line.number
  if world:once_in(4) then row.line, row.sku = nil, world.shop.products[line.product].sku end
  if world:once_in(40) then row.line, row.sku = 77, nil end
  return row, line
end

-- Mostly a source that has the goods.
local function source_for(world, line, qty)
  local code
  for _ = 1, 5 do
    code = world:source()
    local source = shop_of.find_source(world.shop, code)
    local there = lines_of.there_for(world.shop, line, source)
    if there and there >= qty * UNIT then break end
  end
  return world:once_in(50) and "nowhere" or code
end

-- Mostly one of the stock's sources.
local function linked_source(world, line, qty, order)
  local code
  for _ = 1, 6 do
    code = source_for(world, line, qty)
    local source = shop_of.find_source(world.shop, code)
    if source and shop_of.find_link(world.shop, order.stock, source) then break end
  end
  return code
end

local function add_source(world, kind, row, line, order)
  if kind == "ship" and not world:once_in(20) or kind == "invoice" and world:once_in(4) then
    row.source = source_for(world, line, row.qty)
  elseif kind == "refund" then
    if world:once_in(2) then row.return_to_stock = true end
    if world:once_in(5) then row.return_to = world:source() end
    if world:once_in(3) then row.write_off = world:once_in(2) end
  elseif kind == "return_goods" and world:once_in(3) then
    row.to = world:source()
  elseif kind == "allocate" and not world:once_in(30) then
    row.source = linked_source(world, line, row.qty, order)
  elseif kind == "reassign" then
    local allocation = line.allocations[1]
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

local function event(kind)
  return function(world)
    local request = event_request(world, kind)
    return request and { kind, request }
  end
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

-- ---- saying things again, and several at once ----

local function again(world)
  local said = world.said[math.max(1, #world.said + 1 - world.random(1, 30))]
  if not said then return nil end
  local command = text.copy(said)
  local rows = command[2].lines
  if world:once_in(4) and rows and rows[1] and rows[1].qty then rows[1].qty = rows[1].qty + 1 end
  return command
end

local BATCHED = { "place", "place", "cancel", "ship", "invoice", "refund", "return_goods",
  "allocate", "reassign" }

local function batch(world)
  local ops = {}
  for _ = 1, world.random(1, 4) do
    local op = world:pick(BATCHED)
    local request
    if op == "place" then request = place_request(world) else request = event_request(world, op) end
    if request then
      request.op = op
      ops[#ops + 1] = request
    end
  end
  return #ops > 0 and { "batch", ops } or nil
end

-- ---- another system's promises ----

local function adopt(world)
  local rows = {}
  for i = 1, world:pick{ 1, 1, 2 } do
    rows[i] = world:where{ sku = world:sku(), qty = world:qty() * world:pick{ -1, -1, 1 } }
    if world:once_in(50) then rows[i].sku = world.unknown end
    if world:once_in(6) then rows[i].note = "from the old shop" end
  end
  return { "adopt", { id = world:id("adopt-"), reservations = rows } }
end

return { place = { 22, place }, cancel = { 8, event "cancel" }, invoice = { 10, event "invoice" },
  ship = { 14, event "ship" }, refund = { 8, event "refund" },
  return_goods = { 8, event "return_goods" }, by_plan = { 6, by_plan },
  allocate = { 9, event "allocate" }, reassign = { 6, event "reassign" }, again = { 3, again },
  batch = { 4, batch }, adopt = { 2, adopt } }
