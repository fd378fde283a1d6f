-- program.lua: a request as a mixed integer program, written down from what the API promises, not
-- from how selection works; and what a plan is worth in it.
--
-- Sums are counted in whole numbers: quantities in 1/10000, money for them in 1/10^8. `scale` says
-- how many of those make one for a solver that counts in floats.

local requests = require "prove.requests"

local _M = {}

local ONE = 10000

local function whole(number) return math.floor(number * ONE + 0.5) end

-- ---- costs ----

-- How far each source is, in metres: those that nobody knows of are as far as the farthest.
local function metres_of(case)
  local metres, most = {}, 0
  for _, km in pairs(case.request.distances or {}) do most = math.max(most, km * 1000) end
  for i = 1, case.sources do
    local km = (case.request.distances or {})[requests.code(i)]
    metres[i] = case.request.distances and (km and km * 1000 or most) or 0
  end
  return metres
end

local function add_rates(program, case)
  local costs, metres = case.request.costs, metres_of(case)
  program.shipment, program.unit = {}, {}
  for i = 1, case.sources do
    local term = case.request.terms[requests.code(i)] or {}
    local function rate(key)
      local far = whole(term[key .. "_1000km"] or costs[key .. "_1000km"] or 0)
      return whole(term[key] or costs[key] or 0) + math.floor(far * metres[i] / 1000000 + 0.5)
    end
    program.shipment[i], program.unit[i] = rate("shipment"), rate("unit")
  end
  program.missing = costs.missing and whole(costs.missing)
end

-- ---- parcels ----

local function common_divisor(a, b)
  while b ~= 0 do a, b = b, a % b end
  return a
end

-- A quantity without the decimals that it does not need.
local function short(qty)
  local step = ONE
  while qty % step ~= 0 do step = step / 10 end
  return qty / step
end

-- What leaves together: a list of { line, take }, of which there are so many units. Of a line on
-- its own any quantity may leave; of all others whole units.
local function parcels_of(lines)
  local list, groups = {}, {}
  for i, line in ipairs(lines) do
    local parcel = line.group and groups[line.group]
    if not parcel then
      parcel = { lines = {}, units = 0 }
      list[#list + 1] = parcel
      if line.group then groups[line.group] = parcel end
    end
    parcel.lines[#parcel.lines + 1] = { line = i, need = whole(line.qty), sku = line.sku }
    parcel.units = common_divisor(parcel.units, short(whole(line.qty)))
    parcel.once = parcel.once or line.splittable == false
    parcel.loose = not line.group and line.splittable ~= false
  end
  for _, parcel in ipairs(list) do
    if parcel.once then parcel.units = 1 end
    if parcel.loose then parcel.units = parcel.lines[1].need end
    parcel.scale = parcel.loose and ONE or 1
    for _, part in ipairs(parcel.lines) do part.take = part.need / parcel.units end
  end
  return list
end

-- ---- rows ----

local function row(program, kind, most, scale)
  local new = { kind = kind, most = most, scale = scale, terms = {} }
  program.rows[#program.rows + 1] = new
  return new
end

-- How many units of a parcel a source could send if it sent nothing else.
local function units_at(program, parcel, source)
  local sums, units = {}, parcel.units
  for _, part in ipairs(parcel.lines) do sums[part.sku] = (sums[part.sku] or 0) + part.take end
  for sku, sum in pairs(sums) do
    units = math.min(units, math.floor(program.supply[sku][source] / sum))
  end
  return units
end

local function cost_of(program, parcel, source, lines)
  local cost = 0
  for _, part in ipairs(parcel.lines) do
    local own = lines[part.line].costs
    own = own and own[requests.code(source)]
    cost = cost + part.take * (own and whole(own) or program.unit[source])
  end
  return cost
end

local function add_column(program, p, source, lines)
  local parcel = program.parcels[p]
  local units = units_at(program, parcel, source)
  if units <= 0 then return end
  local column = { name = ("x_%d_%d"):format(p, source), most = units, parcel = parcel,
    source = source, whole = not parcel.loose, scale = parcel.scale, qty = 0,
    cost = cost_of(program, parcel, source, lines) }
  local open = program.open[source]
  local link = row(program, "open", 0, parcel.scale)
  link.terms[column], link.terms[open] = 1, -units
  parcel.row.terms[column] = 1
  for _, part in ipairs(parcel.lines) do
    local goods = program.goods[part.sku][source]
    goods.terms[column] = (goods.terms[column] or 0) + part.take
    column.qty = column.qty + part.take
  end
  if program.room[source] then program.room[source].terms[column] = column.qty end
  program.columns[#program.columns + 1] = column
  parcel.from[source] = column
end

local function add_sources(program, case)
  program.open, program.room, program.supply, program.goods = {}, {}, {}, {}
  local count = row(program, "sources", case.request.max_sources or case.sources, 1)
  for i = 1, case.sources do
    local term = case.request.terms[requests.code(i)] or {}
    local open = { name = "y_" .. i, most = term.use == "never" and 0 or 1, whole = true, scale = 1,
      least = term.use == "anyway" and 1 or 0, cost = program.shipment[i] * ONE, source = i }
    program.open[i], program.columns[#program.columns + 1] = open, open
    count.terms[open] = 1
    if term.capacity then program.room[i] = row(program, "room", whole(term.capacity), ONE) end
  end
  for p = 1, case.products do
    local sku = requests.sku(p)
    program.supply[sku], program.goods[sku] = {}, {}
    for i = 1, case.sources do
      local term = case.request.terms[requests.code(i)] or {}
      local left = math.max(0, whole(case.goods[p][i]) - whole(term.safety or 0))
      program.supply[sku][i], program.goods[sku][i] = left, row(program, "goods", left, ONE)
    end
  end
end

function _M.new(case)
  local program = { columns = {}, rows = {}, parcels = parcels_of(case.request.lines), wanted = 0 }
  add_rates(program, case)
  add_sources(program, case)
  for p, parcel in ipairs(program.parcels) do
    parcel.from, parcel.row = {}, row(program, "need", parcel.units, parcel.scale)
    for _, part in ipairs(parcel.lines) do program.wanted = program.wanted + part.need end
    for i = 1, case.sources do add_column(program, p, i, case.request.lines) end
  end
  return program
end

-- ---- what counts ----

-- The sums that are to be as small as possible, what matters most first.
function _M.goals(program, algorithm)
  local missing = { name = "missing", terms = {}, constant = program.wanted, scale = ONE }
  local cost = { name = "cost", terms = {}, constant = 0, scale = ONE * ONE }
  local shipments = { name = "shipments", terms = {}, constant = 0, scale = 1 }
  local price = program.missing or 0
  cost.constant = price * program.wanted
  for _, column in ipairs(program.columns) do
    cost.terms[column] = column.cost - price * (column.qty or 0)
    if column.parcel then missing.terms[column] = -column.qty else shipments.terms[column] = 1 end
  end
  if algorithm == "fewest" then return { missing, shipments, cost } end
  return program.missing and { cost, shipments } or { missing, cost, shipments }
end

function _M.value(sum, values)
  local total = sum.constant or 0
  for column, factor in pairs(sum.terms) do total = total + factor * (values[column] or 0) end
  return total
end

-- ---- plans ----

-- How much of each line is picked from each source; nil and why when the picks are no plan.
local function taken_of(case, plan)
  local taken = {}
  for i = 1, #case.request.lines do taken[i] = {} end
  for _, pick in ipairs(plan.picks) do
    local line, source = taken[pick.line], tonumber(pick.source:match("%d+"))
    if line[source] or pick.qty_to_deduct <= 0 then return nil, "a pick that is none" end
    line[source] = whole(pick.qty_to_deduct)
  end
  return taken
end

-- The values of all columns under a plan; nil and why when it is not a plan at all.
function _M.read(program, case, plan)
  local taken, why = taken_of(case, plan)
  if not taken then return nil, why end
  local values = {}
  for _, parcel in ipairs(program.parcels) do
    for i = 1, case.sources do
      local column, units = parcel.from[i], nil
      for _, part in ipairs(parcel.lines) do
        local some = (taken[part.line][i] or 0) / part.take
        if some ~= (units or some) or some % 1 ~= 0 then return nil, "part of a unit is picked" end
        units = some
      end
      if units > 0 and not column then return nil, "picked where there is none" end
      if column then values[column] = units end
      if units > 0 then values[program.open[i]] = 1 end
    end
  end
  for _, open in ipairs(program.open) do
    values[open] = math.max(values[open] or 0, open.least)
  end
  return values
end

-- Which row or bound the values break; nil: none.
function _M.broken(program, values)
  for _, column in ipairs(program.columns) do
    local value = values[column] or 0
    if value < (column.least or 0) or value > column.most then return column.name end
  end
  for _, r in ipairs(program.rows) do
    if _M.value(r, values) > r.most then return r.kind end
  end
end

return _M
