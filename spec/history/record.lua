-- record.lua: histories of several processes, written into one file that all append to. Every call
-- is a line before it and a line after it, and the place of a line in the file is its time: the
-- system appends one after the other, so no clocks have to be compared, and none can be wrong.
-- The clock that the inventories are given is made of it too: a second passes whenever so much has
-- been written. So holds end in the middle of everything, however fast the machine is.

local assert = require "luassert"
local children = require "children"
local cjson = require "cjson"

local _M = {}

local EXPECTED = { NOT_FOUND = true, CONFLICT = true, EXPIRED = true, BUSY = true }
local SHORT = { NOT_ENOUGH = true, OUT_OF_STOCK = true }

local START, BYTES_OF_A_SECOND = 1763900000, 6000

-- The clock of a history. Its file must be there.
function _M.clock(path)
  local file = assert(io.open(path, "r"))
  return function() return START + math.floor(file:seek("end") / BYTES_OF_A_SECOND) end
end

-- The part of an answer that is compared, as it is written down.
local function summary(request, answer, message, code, detail)
  if request.op == "read" then
    assert(answer, message)
    return { q = answer.on_hand, r = answer.reserved, h = answer.held }
  elseif answer then
    local lines = {}
    for _, line in ipairs(answer.lines) do lines[line.sku] = (lines[line.sku] or 0) + line.qty end
    return { ok = true, replayed = answer.replayed, lines = lines, expires = answer.expires }
  end
  local short = nil
  for _, problem in ipairs(SHORT[code] and detail.errors or {}) do
    short = short or {}
    short[problem.sku] = true
  end
  if not short and not EXPECTED[code] then error(code .. ": " .. message) end
  return { code = code, short = short }
end

local function send(inv, request)
  local copy = {}
  for key, value in pairs(request) do copy[key] = value end
  copy.op = nil
  if request.op == "adjust" then return inv.items:adjust(copy) end
  if request.op == "read" then return inv:position{ sku = request.sku, stock = 1 } end
  return inv[request.op](inv, copy)
end

-- Returns a function that sends a request and writes down the call and the answer, each with the
-- second that it is then.
function _M.recorder(path, name, inv)
  local log, clock = assert(io.open(path, "a")), _M.clock(path)
  log:setvbuf("full", 65536)
  local function note(word, value)
    log:write(name, " ", clock(), " ", word, " ", cjson.encode(value), "\n")
    log:flush() -- one call of the system for the whole line
  end
  return function(request)
    note("ask", request)
    local answer = summary(request, send(inv, request))
    note("got", answer)
    return answer
  end
end

-- The operations of a history: { client, request, from, since, to, till, answer }; the last three
-- are absent where nobody knows.
function _M.read(path)
  local list, open, number = {}, {}, 0
  local text = assert(children.read_file(path))
  for client, second, word, value in text:gmatch("(%S+) (%d+) (%a+) ([^\n]*)\n") do
    number = number + 1
    if word == "ask" then
      open[client] = { client = client, request = cjson.decode(value), from = number,
        since = tonumber(second) }
      list[#list + 1] = open[client]
    else
      open[client].to, open[client].till = number, tonumber(second)
      open[client].answer = cjson.decode(value)
    end
  end
  return list
end

local function sum_of(lines, sku, key)
  local sum
  for _, line in ipairs(lines) do
    if line.sku == sku then sum = (sum or 0) + line[key] end
  end
  return sum
end

-- How many of the product an order or hold was made of: nil when it has none, or never was.
local function units_of(history, sku)
  local units, taken = {}, {}
  for _, op in ipairs(history) do
    local request = op.request
    if request.lines and (request.op == "place" or request.op == "hold") then
      units[(request.op == "hold" and "hold " or "order ") .. request.id] =
        sum_of(request.lines, sku, "qty")
    elseif request.op == "place" then
      taken[request.id] = request.hold
    end
  end
  for id, hold in pairs(taken) do units["order " .. id] = units["hold " .. hold] end
  return units
end

-- When what a request held or extended ends: as any answer to it has said, else as soon as it may.
local function ends_of(history)
  local ends = {}
  for _, op in ipairs(history) do
    local request, answer = op.request, op.answer
    local key = request.ttl and request.op .. " " .. request.id
    if key and answer and answer.expires then ends[key] = answer.expires end
  end
  return function(op)
    local request = op.request
    return request.ttl and (ends[request.op .. " " .. request.id] or op.since + request.ttl)
  end
end

-- BUSY says that nothing was changed, and nothing else.
local function said_nothing(answer) return answer and answer.code == "BUSY" end

local function answer_of(answer, sku, gives_up)
  if not answer or answer.q then return answer end
  if answer.ok then
    local qty = gives_up and (answer.lines[sku] or 0) or nil
    return { ok = true, replayed = answer.replayed, qty = qty }
  elseif answer.short then
    return answer.short[sku] and { short = true } or { elsewhere = true }
  end
  return { code = answer.code }
end

-- What a request is for the counter of one product, or nil when it has nothing to do with it.
local function projected(request, sku, units)
  if request.op == "read" then return request.sku == sku and { what = "read" } or nil end
  if request.lines then
    local adjust = request.op == "adjust"
    local sum = sum_of(request.lines, sku, adjust and "delta" or "qty")
    local least = adjust and request.lines[1].least
    return sum and { what = request.op, id = request.id, qty = not adjust and sum or nil,
      delta = adjust and sum or nil, least = least or nil } or nil
  end
  local of = request.op == "cancel" and "order " .. request.order or "hold " .. request.hold
  local what = request.op == "place" and "take" or request.op
  return units[of] and { what = what, id = request.id, hold = request.hold, order = request.order }
    or nil
end

-- The history of one product's counter, for the checker; what `tolerated` has, its operations have.
function _M.project(history, sku, tolerated)
  local units, ends, list = units_of(history, sku), ends_of(history), {}
  for _, op in ipairs(history) do
    local part = not said_nothing(op.answer) and projected(op.request, sku, units)
    if part then
      part.from, part.to, part.since, part.till = op.from, op.to, op.since, op.till
      part.ends = ends(op) or nil
      for key, value in pairs(tolerated or {}) do part[key] = value end
      part.answer = answer_of(op.answer, sku, part.what == "release" or part.what == "cancel")
      list[#list + 1] = part
    end
  end
  return list
end

-- How many operations have begun before an earlier one was answered: what makes a history hard.
function _M.overlaps(ops)
  local count, latest = 0, 0
  for _, op in ipairs(ops) do
    if op.from < latest then count = count + 1 end
    latest = math.max(latest, op.to or math.huge)
  end
  return count
end

-- The operations on orders and holds that nobody ever made, and that were not answered so.
function _M.strangers(history)
  local made, list = {}, {}
  for _, op in ipairs(history) do
    local request = op.request
    if request.op == "place" then made["order " .. request.id] = true end
    if request.op == "hold" then made["hold " .. request.id] = true end
  end
  for _, op in ipairs(history) do
    local of = op.request.hold and "hold " .. op.request.hold
      or op.request.order and "order " .. op.request.order
    local said = op.answer and not said_nothing(op.answer)
    if of and not made[of] and said and op.answer.code ~= "NOT_FOUND" then
      list[#list + 1] = op
    end
  end
  return list
end

return _M
