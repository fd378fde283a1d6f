-- history_checker_spec.lua: the checker of history_spec.lua accepts what can be put into an order,
-- and nothing else.

local checker = require "history.checker"
local children = require "children"
local counter = require "history.counter"
local record = require "history.record"

local OK, SHORT, REPLAYED = { ok = true }, { short = true }, { ok = true, replayed = true }

-- An operation of a history: when it was called and answered, and the rest.
local function op(from, to, what, fields, answer)
  local made = { from = from, to = to, what = what, answer = answer }
  for key, value in pairs(fields) do made[key] = value end
  return made
end

local function place(from, to, id, qty, answer)
  return op(from, to, "place", { id = id, qty = qty }, answer)
end

local function hold(from, to, id, qty, answer)
  return op(from, to, "hold", { id = id, qty = qty }, answer)
end

local function take(from, to, id, of, answer)
  return op(from, to, "take", { id = id, hold = of }, answer)
end

local function release(from, to, id, of, answer)
  return op(from, to, "release", { id = id, hold = of }, answer)
end

local function cancel(from, to, id, order, answer)
  return op(from, to, "cancel", { id = id, order = order }, answer)
end

local function adjust(from, to, id, delta, answer)
  return op(from, to, "adjust", { id = id, delta = delta, least = 0 }, answer)
end

local function read(from, to, q, r, h)
  return op(from, to, "read", {}, { q = q, r = r, h = h or 0 })
end

-- The same in a second, or between two.
local function at(since, made, till)
  made.since, made.till = since, till or since
  return made
end

local function hold_until(from, to, id, qty, ends)
  local made = at(1, hold(from, to, id, qty, OK))
  made.ends = ends
  return made
end

local function extend_until(from, to, of, since, ends, till)
  local made = op(from, to, "extend", { id = "x", hold = of, ends = ends }, OK)
  return at(since, made, till)
end

local function read_at(from, to, second, r, h) return at(second, read(from, to, 5, r, h or r)) end

-- name, units at first, operations
local GOOD = {
  { "one after the other", 5, { place(1, 2, "a", 3, OK), place(3, 4, "b", 3, SHORT),
    cancel(5, 6, "c", "a", { ok = true, qty = 3 }), place(7, 8, "b", 3, OK), read(9, 10, 5, 3) } },
  { "a look that sees what is only answered later", 5, { place(1, 6, "a", 3, OK),
    read(2, 3, 5, 3), read(4, 5, 5, 3) } },
  { "a look that does not see it yet", 5, { place(1, 6, "a", 3, OK), read(2, 3, 5, 0) } },
  { "a refusal while the units come back", 3, { place(1, 2, "a", 3, OK),
    cancel(3, 6, "c", "a", { ok = true, qty = 3 }), place(4, 5, "b", 1, SHORT) } },
  { "three that can only go in the order opposite to their answers", 2, {
    place(1, 6, "a", 2, OK), cancel(2, 5, "c", "a", { ok = true, qty = 2 }),
    place(3, 4, "b", 2, OK) } },
  { "the same id by two, answered to one as a repetition", 5, { place(1, 3, "a", 2, REPLAYED),
    place(2, 4, "a", 2, OK), read(5, 6, 5, 2) } },
  { "a killed call that was carried out late", 5, { place(1, nil, "a", 2), read(2, 3, 5, 0),
    read(4, 5, 5, 2), place(6, 7, "a", 2, REPLAYED) } },
  { "a killed call that never was", 5, { place(1, nil, "a", 5), place(2, 3, "b", 5, OK),
    read(4, 5, 5, 5) } },
  { "a killed call that is sent again", 5, { place(1, nil, "a", 2), place(2, 3, "a", 2, OK),
    read(4, 5, 5, 2) } },
  { "a hold that is given up before its own call is answered", 5, { hold(1, 4, "h", 2, OK),
    release(2, 3, "r", "h", { ok = true, qty = 2 }), take(5, 6, "o", "h", { code = "CONFLICT" }),
    read(7, 8, 5, 0, 0) } },
  { "a hold that becomes an order", 5, { hold(1, 2, "h", 2, OK), read(3, 4, 5, 2, 2),
    take(5, 6, "o", "h", OK), read(7, 8, 5, 2, 0),
    release(9, 10, "r", "h", { ok = true, qty = 0 }) } },
  { "a refusal for another product's sake", 5, { place(1, 2, "a", 2, { elsewhere = true }),
    read(3, 4, 5, 0) } },
  { "a hold that ends by itself", 5, { hold_until(1, 2, "h", 2, 10), read_at(3, 4, 9, 2),
    read_at(5, 6, 10, 0), at(10, release(7, 8, "r", "h", { code = "EXPIRED" })),
    at(11, take(9, 10, "o", "h", OK)), read_at(11, 12, 11, 2, 0) } },
  { "a hold that is extended", 5, { hold_until(1, 2, "h", 2, 10), extend_until(3, 4, "h", 9, 20),
    read_at(5, 6, 15, 2), read_at(7, 8, 20, 0) } },
  { "two looks on either side of the end of a hold", 5, { hold_until(1, 2, "h", 2, 10),
    read_at(3, 6, 9, 2), read_at(4, 5, 10, 0) } },
  { "counts up and down", 1, { adjust(1, 2, "a", 4, OK), adjust(3, 4, "b", -6, SHORT),
    adjust(5, 6, "b", -5, OK), read(7, 8, 0, 0) } },
}

local BAD = {
  { "a lost update", 5, { adjust(1, 3, "a", 2, OK), adjust(2, 4, "b", 2, OK), read(5, 6, 7, 0) } },
  { "a lost order", 5, { place(1, 2, "a", 2, OK), read(3, 4, 5, 0) } },
  { "an oversell", 1, { place(1, 3, "a", 1, OK), place(2, 4, "b", 1, OK) } },
  { "an oversell beside a hold", 3, { hold(1, 5, "h", 2, OK), place(2, 4, "a", 2, OK) } },
  { "a doubled id", 5, { place(1, 3, "a", 1, OK), place(2, 4, "a", 1, OK) } },
  { "a doubled id, seen by a look", 5, { place(1, nil, "a", 1), place(2, 3, "a", 1, REPLAYED),
    read(4, 5, 5, 2) } },
  { "a stale refusal", 2, { place(1, 2, "a", 2, OK), cancel(3, 4, "c", "a", { ok = true, qty = 2 }),
    place(5, 6, "b", 1, SHORT) } },
  { "a refusal before anything was sold", 2, { place(1, 2, "b", 1, SHORT),
    place(3, 4, "a", 2, OK) } },
  { "a refusal for other products' sake of what was short itself", 1, { place(1, 2, "a", 1, OK),
    place(3, 4, "b", 1, { elsewhere = true }) } },
  { "a stale look", 5, { place(1, 2, "a", 1, OK), place(3, 4, "b", 1, OK), read(5, 6, 5, 1) } },
  { "looks that go back in time", 5, { place(1, nil, "a", 1), read(2, 3, 5, 1),
    read(4, 5, 5, 0) } },
  { "a hold that two orders take", 5, { hold(1, 2, "h", 2, OK), take(3, 5, "o", "h", OK),
    take(4, 6, "p", "h", OK) } },
  { "a hold that is given up and taken", 5, { hold(1, 2, "h", 2, OK), take(3, 5, "o", "h", OK),
    release(4, 6, "r", "h", { ok = true, qty = 2 }) } },
  { "units that are given up twice", 5, { place(1, 2, "a", 2, OK),
    cancel(3, 5, "c", "a", { ok = true, qty = 2 }),
    cancel(4, 6, "d", "a", { ok = true, qty = 2 }) } },
  { "an answer that was never given before", 5, { place(1, 2, "a", 2, REPLAYED) } },
  { "a hold that ends too soon", 5, { hold_until(1, 2, "h", 2, 10), read_at(3, 4, 9, 0) } },
  { "a hold that ends too late", 5, { hold_until(1, 2, "h", 2, 10), read_at(3, 4, 10, 2) } },
  { "a hold that comes back", 5, { hold_until(1, 2, "h", 2, 10), extend_until(3, 6, "h", 9, 20, 10),
    read_at(4, 5, 10, 0), read_at(7, 8, 10, 2) } },
  { "goods that are taken twice", 3, { adjust(1, 3, "a", -2, OK), adjust(2, 4, "b", -2, OK) } },
}

describe("the checker of histories", function()
  for _, case in ipairs(GOOD) do
    it("accepts " .. case[1], function()
      local ok, problem = checker.linearizable(case[3], case[2])
      assert.is_true(ok, problem)
    end)
  end

  for _, case in ipairs(BAD) do
    it("rejects " .. case[1], function()
      local ok, problem = checker.linearizable(case[3], case[2])
      assert.is_false(ok)
      assert.is_truthy(problem:find("no moment fits", 1, true))
    end)
  end

  it("lets an answer say replayed at first only where it may have been passed on", function()
    local one = place(1, 2, "a", 2, REPLAYED)
    assert.is_false((checker.linearizable({ one }, 5)))
    one.passed_on = true
    assert.is_true(checker.linearizable({ one, read(3, 4, 5, 2) }, 5))
    assert.is_false((checker.linearizable({ one, read(3, 4, 5, 0) }, 5)))
    assert.is_false((checker.linearizable({ one }, 1)))
  end)

  it("lets a hold come back only where what extends it may have waited", function()
    local late = extend_until(3, 6, "h", 9, 20, 10)
    local ops = { hold_until(1, 2, "h", 2, 10), late, read_at(4, 5, 10, 0), read_at(7, 8, 11, 2) }
    assert.is_false((checker.linearizable(ops, 5)))
    late.waited = true
    assert.is_true(checker.linearizable(ops, 5))
    late.since = 10
    assert.is_false((checker.linearizable(ops, 5)))
  end)

  it("gives up on what would take too long", function()
    local ops = {}
    for i = 1, 20 do ops[i] = place(i, nil, "a" .. i, i, nil) end
    ops[21] = read(30, 31, 1000, 999)
    local ok, problem = pcall(checker.linearizable, ops, 1000, 500)
    assert.same({ false, "the history is too tangled to be decided" }, { ok, problem })
  end)
end)

-- The counter after these effects, each at its second, worked out anew.
local function view_of(done, initial, t)
  local known, ends, due = {}, {}, {}
  local view = { q = initial, r = 0, h = 0, t = t, ends = ends, due = due,
    get = function(_, key) return known[key] end }
  local function pass(second)
    for key in pairs(due) do
      if ends[key] and ends[key] <= second then
        view.r, view.h, due[key] = view.r - known[key], view.h - known[key], nil
      end
    end
  end
  for _, entry in ipairs(done) do
    local effect = entry.effect
    pass(entry.t)
    view.q, view.r = view.q + (effect.q or 0), view.r + (effect.r or 0)
    view.h = view.h + (effect.h or 0)
    for key, value in pairs(effect.set or {}) do known[key] = value end
    if effect.past then due[effect.past] = nil end
    if effect.ends then ends[effect.of], due[effect.of] = effect.ends, effect.due or nil end
  end
  pass(t)
  return view
end

-- May this one come first of those that are left? Not when another was answered before its call.
local function may_be_first(one, left)
  for _, other in pairs(left) do
    if other.answer and other.to < one.from then return false end
  end
  return true
end

-- Tries every order there is, at every second: slow, and too simple to be wrong.
local function naive(ops, initial)
  local function search(left, done, now)
    local open = false
    for _, one in pairs(left) do open = open or one.answer ~= nil end
    if not open then return true end
    for number, one in pairs(left) do
      local since = math.max(now, one.since or 0)
      local till = one.answer and one.till or math.max(since, 4)
      for t = since, may_be_first(one, left) and till or -1 do
        local fits, effect = counter.step(view_of(done, initial, t), one)
        if fits then
          left[number] = nil
          done[#done + 1] = { effect = effect or {}, t = t }
          local found = search(left, done, t)
          left[number], done[#done] = one, nil
          if found then return true end
        end
      end
    end
    return false
  end

  local left = {}
  for i, one in ipairs(ops) do left[i] = one end
  return search(left, {}, 0)
end

local WHAT = {
  function(random, n) return place(0, 0, "o" .. random(1, n), random(1, 2)) end,
  function(random, n) return hold(0, 0, "h" .. random(1, n), random(1, 2)) end,
  function(random, n) return take(0, 0, "o" .. random(1, n), "h" .. random(1, n)) end,
  function(random, n) return release(0, 0, "r" .. random(1, n), "h" .. random(1, n)) end,
  function(random, n) return cancel(0, 0, "c" .. random(1, n), "o" .. random(1, n)) end,
  function(random, n)
    return op(0, 0, "extend", { id = "x" .. random(1, n), hold = "h" .. random(1, n) })
  end,
  function(random, n) return adjust(0, 0, "a" .. random(1, n), random(1, 2) * 4 - 6) end,
  function() return op(0, 0, "read", {}) end,
}

local ANSWERS = { OK, SHORT, REPLAYED, { code = "NOT_FOUND" }, { code = "CONFLICT" },
  { code = "EXPIRED" }, { ok = true, qty = 1 }, { ok = true, qty = 2 }, { ok = true, qty = 0 },
  { elsewhere = true } }

-- A few operations at random times. Answers are guessed until some fit, so that histories of both
-- kinds come about: those that can be put into an order and those that almost can.
local function random_history(random)
  local moments, ops = {}, {}
  local count = random(2, 5)
  for i = 1, 2 * count do moments[i] = i end
  for i = 2 * count, 2, -1 do
    local other = random(1, i)
    moments[i], moments[other] = moments[other], moments[i]
  end
  for i = 1, count do
    local one = WHAT[random(1, #WHAT)](random, 2)
    one.from = math.min(moments[2 * i - 1], moments[2 * i])
    one.to = math.max(moments[2 * i - 1], moments[2 * i])
    one.since, one.till = math.floor(one.from / 3), math.floor(one.to / 3)
    if one.what == "hold" or one.what == "extend" then one.ends = one.since + random(1, 2) end
    ops[i] = one
    if random(1, 6) > 1 then
      for _ = 1, 14 do
        one.answer = one.what == "read" and { q = random(0, 4), r = random(0, 4), h = random(0, 2) }
          or ANSWERS[random(1, #ANSWERS)]
        if naive(ops, 2) then break end
      end
    end
  end
  return ops
end

describe("the checker and one that tries every order", function()
  it("say the same about random histories", function()
    local random, count = children.random(11), { [true] = 0, [false] = 0 }
    for number = 1, 3000 do
      local ops = random_history(random)
      local expected = naive(ops, 2)
      count[expected] = count[expected] + 1
      assert.equal(expected, (checker.linearizable(ops, 2)), "history " .. number)
    end
    assert.is_true(count[true] > 500 and count[false] > 500, count[true] .. "/" .. count[false])
  end)
end)

describe("the history of a product", function()
  it("is made of what requests of several products mean for it", function()
    local function entry(from, to, request, answer)
      return { client = "c", from = from, to = to, request = request, answer = answer }
    end
    local both = { { sku = "pen", qty = 2 }, { sku = "ink", qty = 1 } }
    local history = {
      entry(1, 2, { op = "hold", id = "h", lines = both }, { ok = true, lines = {} }),
      entry(3, 4, { op = "place", id = "o", hold = "h" }, { ok = true, lines = {} }),
      entry(5, 6, { op = "place", id = "p", lines = both },
        { code = "NOT_ENOUGH", short = { ink = true } }),
      entry(7, 8, { op = "cancel", id = "c", order = "o" },
        { ok = true, lines = { pen = 2, ink = 1 } }),
      entry(9, nil,
        { op = "adjust", id = "a", lines = { { sku = "pen", delta = -1, least = 0 } } }),
      entry(10, 11, { op = "read", sku = "ink" }, { q = 5, r = 0, h = 0 }),
      entry(12, 13, { op = "release", id = "r", hold = "nobody's" }, { ok = true, lines = {} }),
    }
    assert.same({ hold(1, 2, "h", 2, OK), take(3, 4, "o", "h", OK),
      place(5, 6, "p", 2, { elsewhere = true }),
      cancel(7, 8, "c", "o", { ok = true, qty = 2 }), adjust(9, nil, "a", -1) },
      record.project(history, "pen"))
    assert.same({ hold(1, 2, "h", 1, OK), take(3, 4, "o", "h", OK), place(5, 6, "p", 1, SHORT),
      cancel(7, 8, "c", "o", { ok = true, qty = 1 }), read(10, 11, 5, 0) },
      record.project(history, "ink"))
    assert.same({ history[7] }, record.strangers(history))
  end)
end)
