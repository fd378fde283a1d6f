-- counter.lua: what one product's counter answers to one operation after the other: the units that
-- are there (q), those of them that are reserved (r), and those that holds reserve (h), at a second
-- (t). The checker asks it whether an answer fits, and what it changes.
--
-- An operation is { what =, id =, ... } with its `answer`:
--   place, hold    qty             ok | short       short: there is not enough of this product
--   take           hold            ok | short | code    an order takes over a hold, of its units
--   release        hold            ok, qty | code   gives up what the hold has
--   cancel         order           ok, qty | code   likewise
--   extend         hold            ok | code
--   adjust         delta, least    ok | short
--   read                           q, r, h
-- `replayed` says that the id was answered before; `elsewhere` that the request was refused only
-- for other products' sake. Without an answer nobody knows: it was carried out, will be, or never.
-- A hold that ends by itself has `ends`, its second, as has what extends it.
--
-- Two things are tolerated where an operation says so. With `passed_on` it may be told that it is
-- replayed although nobody was answered before: another process had carried it out, and was killed
-- before it could say so. With `waited` it may be judged by the second in which it was called,
-- whatever others have seen meanwhile: what is done to a hold that has ended while it waited is
-- done as if it had not.

local _M = {}

local RUN = {}

-- A view has q, r, h and t, and get(key): what an order or hold has left, or true for any other id.
-- view.ends has the seconds at which holds end or have ended, and view.due the keys of those that
-- are still to do so.
local function salable(view) return math.max(0, view.q - view.r) end

local function has_ended(view, hold) return view.t >= (view.ends[hold] or math.huge) end

-- Is something done to a hold that has ended while it waited?
local function came_late(view, op, hold)
  local refused = op.answer and not op.answer.ok
  return op.waited and not refused and op.since < view.ends[hold]
end

-- What changes until a second: { r =, h = } of the holds that have ended by then, and their keys.
function _M.ended(view, t)
  local effect, keys = { r = 0, h = 0 }, {}
  for key in pairs(view.due) do
    if t >= view.ends[key] then
      effect.r, effect.h = effect.r - view:get(key), effect.h - view:get(key)
      keys[key] = true
    end
  end
  return effect, keys
end

local REPLAYED = { ok = true, replayed = true }

function RUN.place(view, op)
  local key = "order " .. op.id
  if view:get(key) then return REPLAYED end
  if op.qty > salable(view) then return { short = true } end
  return { ok = true }, { r = op.qty, set = { [key] = op.qty } }
end

function RUN.hold(view, op)
  local key = "hold " .. op.id
  if view:get(key) then return REPLAYED end
  if op.qty > salable(view) then return { short = true } end
  return { ok = true }, { r = op.qty, h = op.qty, set = { [key] = op.qty },
    of = key, ends = op.ends, due = true }
end

-- After its end a hold can still be taken over, if there is enough then.
function RUN.take(view, op)
  local key, hold = "order " .. op.id, "hold " .. op.hold
  if view:get(key) then return REPLAYED end
  local left = view:get(hold)
  if not left then return { code = "NOT_FOUND" } end
  if left == 0 then return { code = "CONFLICT" } end
  local set = { [key] = left, [hold] = 0 }
  if not has_ended(view, hold) then return { ok = true }, { h = -left, set = set, past = hold } end
  if left > salable(view) and not came_late(view, op, hold) then return { short = true } end
  return { ok = true }, { r = left, set = set }
end

-- An id that is known answers what it answered at first, so what it had left is remembered too.
local function give_up(view, op, from, held)
  local key = op.what .. " " .. op.id
  if view:get(key) then return { ok = true, replayed = true, qty = view:get(key) } end
  local left = view:get(from)
  if not left then return { code = "NOT_FOUND" } end
  local set = { [key] = left, [from] = 0 }
  if held and has_ended(view, from) then
    if not came_late(view, op, from) then return { code = "EXPIRED" } end
    return { ok = true, qty = left }, { set = set }
  end
  return { ok = true, qty = left }, { r = -left, h = held and -left or 0, past = held and from,
    set = set }
end

function RUN.release(view, op) return give_up(view, op, "hold " .. op.hold, true) end

function RUN.cancel(view, op) return give_up(view, op, "order " .. op.order, false) end

function RUN.extend(view, op)
  local key, hold = "extend " .. op.id, "hold " .. op.hold
  if view:get(key) then return REPLAYED end
  if not view:get(hold) then return { code = "NOT_FOUND" } end
  local left, back = view:get(hold), has_ended(view, hold)
  if back and not came_late(view, op, hold) then return { code = "EXPIRED" } end
  return { ok = true }, { r = back and left or nil, h = back and left or nil,
    set = { [key] = true }, of = hold, ends = op.ends, due = left > 0 }
end

function RUN.adjust(view, op)
  local key = "adjust " .. op.id
  if view:get(key) then return REPLAYED end
  if op.least and view.q + op.delta < op.least then return { short = true } end
  return { ok = true }, { q = op.delta, set = { [key] = true } }
end

function RUN.read(view) return { q = view.q, r = view.r, h = view.h } end

local COMPARED = { "ok", "replayed", "short", "code", "qty", "q", "r", "h" }

-- Does the operation's answer fit here? And what does it change: nil when nothing. `set` are keys
-- that get another value, `ends` when the hold `of` is to end, `due` whether it has anything left
-- then, `past` a hold that has nothing left.
function _M.step(view, op)
  local expected, effect = RUN[op.what](view, op)
  local answer = op.answer
  if not answer then return effect ~= nil, effect end
  if answer.elsewhere then return effect ~= nil, nil end
  for _, key in ipairs(COMPARED) do
    local passed_on = key == "replayed" and op.passed_on and expected.ok
    if expected[key] ~= answer[key] and not (passed_on and answer.replayed) then return false end
  end
  return true, effect
end

return _M
