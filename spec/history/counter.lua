-- counter.lua: what one product's counter answers to one operation after the other: the units that
-- are there (q), those of them that are reserved (r), and those that are reserved by holds (h). The
-- checker asks it whether an answer fits, and what it changes.
--
-- An operation is { what =, id =, ... } with its `answer`:
--   place, hold    qty             ok | short       short: there is not enough of this product
--   take           hold            ok | code        an order takes over a hold
--   release        hold            ok, qty | code   gives up what the hold has
--   cancel         order           ok, qty | code   likewise
--   extend         hold            ok | code
--   adjust         delta, least    ok | short
--   read                           q, r, h
-- `replayed` says that the id was answered before; `elsewhere` that the request was refused only
-- for other products' sake. Without an answer nobody knows: it was carried out, will be, or never.
--
-- An operation with `passed_on` may be told that it is replayed although nobody was answered
-- before: another process had carried it out, and was killed before it could say so.

local _M = {}

local RUN = {}

-- A view has q, r and h, and get(key): what an order or hold has left, or true for any other id.
local function salable(view) return math.max(0, view.q - view.r) end

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
  return { ok = true }, { r = op.qty, h = op.qty, set = { [key] = op.qty } }
end

function RUN.take(view, op)
  local key, hold = "order " .. op.id, "hold " .. op.hold
  if view:get(key) then return REPLAYED end
  local left = view:get(hold)
  if not left then return { code = "NOT_FOUND" } end
  if left == 0 then return { code = "CONFLICT" } end
  return { ok = true }, { h = -left, set = { [key] = left, [hold] = 0 } }
end

-- An id that is known answers what it answered at first, so what it had left is remembered too.
local function give_up(view, op, from, held)
  local key = op.what .. " " .. op.id
  if view:get(key) then return { ok = true, replayed = true, qty = view:get(key) } end
  local left = view:get(from)
  if not left then return { code = "NOT_FOUND" } end
  return { ok = true, qty = left },
    { r = -left, h = held and -left or 0, set = { [key] = left, [from] = 0 } }
end

function RUN.release(view, op) return give_up(view, op, "hold " .. op.hold, true) end

function RUN.cancel(view, op) return give_up(view, op, "order " .. op.order, false) end

function RUN.extend(view, op)
  local key = "extend " .. op.id
  if view:get(key) then return REPLAYED end
  if not view:get("hold " .. op.hold) then return { code = "NOT_FOUND" } end
  return { ok = true }, { set = { [key] = true } }
end

function RUN.adjust(view, op)
  local key = "adjust " .. op.id
  if view:get(key) then return REPLAYED end
  if op.least and view.q + op.delta < op.least then return { short = true } end
  return { ok = true }, { q = op.delta, set = { [key] = true } }
end

function RUN.read(view) return { q = view.q, r = view.r, h = view.h } end

local COMPARED = { "ok", "replayed", "short", "code", "qty", "q", "r", "h" }

-- Does the operation's answer fit here? And what does it change: nil when nothing.
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
