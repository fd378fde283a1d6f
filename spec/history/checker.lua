-- checker.lua: decides whether the history of one product's counter is linearizable: whether every
-- operation can be given a moment between its call and its answer, so that one after the other, in
-- the order of these moments, they would have been answered as they were.
--
-- The search is Wing and Gong's, as Lowe has refined it: the history is followed event by event,
-- and with it every configuration that is still possible, which is the set of operations under way
-- that have had their moment, and the counter they leave. Moments are given only when an answer
-- forces it; equal configurations are followed once.

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
  return setmetatable({ base = base, over = {}, had = {}, q = initial, r = 0, h = 0 }, View)
end

-- A copy of the view in which the operation has had its moment.
local function after(view, number, effect)
  local copy = { base = view.base, over = {}, had = {}, q = view.q + (effect.q or 0),
    r = view.r + (effect.r or 0), h = view.h + (effect.h or 0) }
  for key, over in pairs(view.over) do copy.over[key] = over end
  for key, value in pairs(effect.set) do copy.over[key] = { value = value, by = number } end
  for other, had in pairs(view.had) do copy.had[other] = had end
  copy.had[number] = effect
  return setmetatable(copy, View)
end

-- What changes nothing may have its moment as soon as its answer fits: that takes nothing from any
-- other operation.
local function settle(view, ops, under_way)
  for number in pairs(under_way) do
    if not view.had[number] and ops[number].answer then
      local fits, effect = counter.step(view, ops[number])
      if fits and not effect then view.had[number] = {} end
    end
  end
  return view
end

local function key_of(view)
  local list = {}
  for number in pairs(view.had) do list[#list + 1] = number end
  table.sort(list)
  return table.concat(list, " ") .. "|" .. view.q .. "|" .. view.r .. "|" .. view.h
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
        for other in pairs(under_way) do
          local fits, effect
          if not view.had[other] then fits, effect = counter.step(view, ops[other]) end
          if fits and effect then
            views[#views + 1] = settle(after(view, other, effect), ops, under_way)
          end
        end
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

-- Operations have `from` and `to`, moments of which no two are equal; `to` is absent, like the
-- answer, when nobody knows. Returns true, or false and a sentence about the first answer that fits
-- nowhere.
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
