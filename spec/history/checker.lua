-- checker.lua: decides whether the history of one product's counter is linearizable: whether every
-- operation can be given a moment between its call and its answer, so that one after the other, in
-- the order of these moments, they would have been answered as they were.
--
-- The search is Wing and Gong's, as Lowe has refined it: the history is followed event by event,
-- and with it every configuration that is still possible, which is the set of operations under way
-- that have had their moment, and the counter they leave. Moments are given only when an answer
-- forces it; equal configurations are followed once. Time passes with these moments: each is within
-- the seconds of its operation, and holds end before it.

local counter = require "history.counter"

local _M = {}

local MOST = 50000 -- configurations between two events; more are not searched

local View = {}
View.__index = View

-- What an order or hold has left: as the operations under way have left it, else the finished ones.
function View:get(key)
  local over = self.over[key]
  if over then return over.value end
  return self.base[key]
end

local function first_view(base, initial)
  return setmetatable({ base = base, over = {}, had = {}, due = {}, ends = {}, q = initial,
    mark = 0, r = 0, h = 0, t = 0 }, View)
end

local function copy_of(map)
  local copy = {}
  for key, value in pairs(map) do copy[key] = value end
  return copy
end

local function copy_of_view(view)
  local copy = setmetatable(copy_of(view), View)
  copy.over, copy.had, copy.due = copy_of(view.over), copy_of(view.had), copy_of(view.due)
  return copy
end

-- Time has come to a second, and holds that end until then have ended.
local function pass(view, t)
  local effect, keys = counter.ended(view, t)
  view.r, view.h, view.t = view.r + effect.r, view.h + effect.h, t
  for key in pairs(keys) do view.due[key] = nil end
end

-- The view at a second that has not passed.
local function at(view, t)
  if t == view.t then return view end
  local later = copy_of_view(view)
  pass(later, t)
  return later
end

-- A number for all ends of holds, since they depend on the order of what extended them.
local function mark_of(view, key, ends)
  local weight = 1
  for i = 1, #key do weight = (weight * 31 + key:byte(i)) % 1000003 end
  return (view.mark + (ends - (view.ends[key] or 0)) * weight) % 2147483647
end

-- A copy of the view in which the operation has had its moment. A hold may end before that.
local function after(view, number, effect)
  local copy = copy_of_view(view)
  copy.q, copy.r = view.q + (effect.q or 0), view.r + (effect.r or 0)
  copy.h = view.h + (effect.h or 0)
  for key, value in pairs(effect.set or {}) do copy.over[key] = { value = value, by = number } end
  if effect.ends then
    copy.ends, copy.mark = copy_of(view.ends), mark_of(view, effect.of, effect.ends)
    copy.ends[effect.of] = effect.ends
    copy.due[effect.of] = effect.due or nil
  end
  if effect.past then copy.due[effect.past] = nil end
  copy.had[number] = effect
  pass(copy, copy.t)
  return copy
end

-- The seconds that an operation may have had its moment in, if this view comes before it. Nobody
-- knows when one without an answer was over; to be later than all others makes no difference.
local function seconds_of(op, view, latest)
  local since = math.max(view.t, op.since or 0)
  return since, op.answer and (op.till or since) or math.max(since, latest or since)
end

-- Does time pass for all others too when the operation has its moment? What may have waited and
-- moves no units is judged by a second of its own.
local function takes_time(op, effect)
  return not op.waited or effect and (effect.q or effect.r or effect.h) ~= nil
end

-- What changes nothing may have its moment as soon as its answer fits: that takes nothing from any
-- other operation.
local function settle(view, ops, under_way)
  for number in pairs(under_way) do
    local op = ops[number]
    local from, to = seconds_of(op, view)
    if takes_time(op) then to = math.min(to, view.t) end
    for t = from, op.answer and not view.had[number] and to or -1 do
      local fits, effect = counter.step(at(view, t), op)
      if fits and not effect then view.had[number] = {} end
    end
  end
  return view
end

-- Adds the configurations in which one more operation has just had its moment.
local function extend(views, view, ops, under_way)
  local latest = view.t
  for number in pairs(under_way) do
    latest = math.max(latest, ops[number].answer and ops[number].till or 0)
  end
  for number in pairs(under_way) do
    local from, to = seconds_of(ops[number], view, latest)
    for t = view.had[number] and to + 1 or from, to do
      local now = at(view, t)
      local fits, effect = counter.step(now, ops[number])
      if fits and (effect or t > view.t) then
        if not takes_time(ops[number], effect) then now = view end
        views[#views + 1] = settle(after(now, number, effect or {}), ops, under_way)
      end
    end
  end
end

local function key_of(view)
  local list = {}
  for number in pairs(view.had) do list[#list + 1] = number end
  table.sort(list)
  return table.concat({ table.concat(list, " "), view.q, view.r, view.h, view.t, view.mark }, "|")
end

-- The configurations in which the operation has had its moment, that can follow from these.
local function forced(views, number, ops, under_way, most)
  local found, seen, count = {}, {}, 0
  while #views > 0 do
    local view = table.remove(views)
    local key = key_of(view)
    if not seen[key] then
      seen[key], count = true, count + 1
      if count > most then error("the history is too tangled to be decided", 0) end
      if view.had[number] then
        found[#found + 1] = view
      else
        extend(views, view, ops, under_way)
      end
    end
  end
  return found
end

-- The operation has been answered: what it changed now holds for every configuration. What an
-- order or hold has left only shrinks: one that was made by a call which is answered late does not
-- get back what was taken from it before.
local function finish(views, number, base)
  for _, view in ipairs(views) do
    for key, value in pairs(view.had[number].set or {}) do
      local over, known = view.over[key], base[key]
      base[key] = known and known ~= true and math.min(known, value) or value
      if over and over.by == number then view.over[key] = nil end
    end
    view.had[number] = nil
  end
end

-- The calls and answers in the order of time.
local function events_of(ops)
  local events = {}
  for number, op in ipairs(ops) do
    events[#events + 1] = { at = op.from, call = number }
    if op.answer then events[#events + 1] = { at = op.to, answer = number } end
  end
  table.sort(events, function(a, b) return a.at < b.at end)
  return events
end

local function text_of(value)
  if type(value) ~= "table" then return tostring(value) end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys)
  for i, key in ipairs(keys) do keys[i] = key .. " = " .. text_of(value[key]) end
  return "{ " .. table.concat(keys, ", ") .. " }"
end

-- Operations have `from` and `to`, moments of which no two are equal, and may have `since` and
-- `till`, the seconds of these; `to` and `till` are absent, like the answer, when nobody knows.
-- Returns true, or false and a sentence about the first answer that fits nowhere; raises when more
-- than `most` configurations would have to be followed at once.
function _M.linearizable(ops, initial, most)
  local base, under_way = {}, {}
  local views = { first_view(base, initial) }
  for _, event in ipairs(events_of(ops)) do
    if event.call then
      under_way[event.call] = true
      for _, view in ipairs(views) do settle(view, ops, under_way) end
    else
      local number, last = event.answer, views[1]
      local q, r = last.q, last.r
      views = forced(views, number, ops, under_way, most or MOST)
      if #views == 0 then
        return false, ("no moment fits %s; before it q = %d and r = %d are possible")
          :format(text_of(ops[number]), q, r)
      end
      under_way[number] = nil
      finish(views, number, base)
    end
  end
  return true
end

return _M
