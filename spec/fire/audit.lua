-- audit.lua: compares a file with what the writers wrote down. Every answered request is there
-- once, one that was under way is there whole or not at all, and nothing else is there.

local Book = require "fire.book"
local assert = require "luassert"
local children = require "children"
local cjson = require "cjson"

local Audit = {}
Audit.__index = Audit

function Audit.new(plenty)
  return setmetatable({ book = Book.new(), plenty = plenty, seen = {}, seq = 0, answered = 0,
    unknown = 0, found = 0 }, Audit)
end

-- What a writer wrote down: a list of { request, answer }; the last may lack its answer.
local function entries_of(path)
  local list = {}
  for word, text in assert(children.read_file(path)):gmatch("(%a+) ([^\n]*)\n") do
    if word == "ask" then
      list[#list + 1] = { request = cjson.decode(text) }
    else
      list[#list].answer = cjson.decode(text)
    end
  end
  return list
end

-- Adds the rows of the ledger that are new since the last time to what was seen.
function Audit:read_ledger(inv)
  repeat
    local rows = assert(inv:events{ after = self.seq, limit = 1000 })
    for _, row in ipairs(rows) do
      self.seq = row.seq
      if row.document then
        Book.add_fact(self.seen, row.document, row.event, row.sku, row.moved ~= 0 and row.source,
          row.reserved, row.moved)
      end
    end
  until #rows == 0
end

-- Is what a request did in the ledger? A batch is one commit: all of it is there, or nothing.
function Audit:is_there(request)
  local there = 0
  for _, part in ipairs(Book.parts(request)) do
    if self.seen[part.id] then there = there + 1 end
  end
  local all = #Book.parts(request)
  assert.is_true(there == 0 or there == all,
    ("%d of %d of a batch are there: %s"):format(there, all, cjson.encode(request)))
  return there > 0
end

-- Answers without `replayed`, and whether all or none of them had it.
local function first_answers(answers)
  local list, replayed = {}, 0
  for i, answer in ipairs(answers.id and { answers } or answers) do
    list[i] = {}
    for key, value in pairs(answer) do list[i][key] = value end
    replayed = replayed + (list[i].replayed and 1 or 0)
    list[i].replayed = nil
  end
  assert.is_true(replayed == 0 or replayed == #list)
  return list, replayed > 0
end

function Audit.send_again(inv, entry)
  local answer, message = Book.send(inv, entry.request)
  assert.is_truthy(answer, message)
  local list, replayed = first_answers(answer)
  -- Compared as what JSON makes of both: there an empty list and a whole float look alike.
  if entry.answer then
    local once = first_answers(entry.answer)
    assert.same(cjson.decode(cjson.encode(once)), cjson.decode(cjson.encode(list)))
  end
  return replayed
end

-- Every document of the ledger tells what the book says, each once, and there is no other.
function Audit:same_facts()
  for document, facts in pairs(self.book.facts) do
    assert.same(facts, self.seen[document] or {}, document)
  end
  for document in pairs(self.seen) do assert.is_table(self.book.facts[document], document) end
end

-- What writers of these logs did, as far as it is answered or there; then sends all of it again.
function Audit:take(inv, logs)
  self:read_ledger(inv)
  local lists = {}
  for i, path in ipairs(logs) do
    lists[i] = entries_of(path)
    for _, entry in ipairs(lists[i]) do
      entry.there = self:is_there(entry.request)
      if entry.answer then
        self.answered = self.answered + 1
        assert.is_true(entry.there, "an answered request is lost: " .. cjson.encode(entry.request))
      else
        self.unknown = self.unknown + 1
        self.found = self.found + (entry.there and 1 or 0)
      end
      if entry.there then self.book:apply(entry.request) end
    end
  end
  self:same_facts()
  for _, list in ipairs(lists) do
    for _, entry in ipairs(list) do
      assert.equal(entry.there, self.send_again(inv, entry), cjson.encode(entry.request))
      if not entry.there then self.book:apply(entry.request) end
    end
  end
  self:read_ledger(inv)
  self:same_facts()
  return lists
end

-- The orders and holds that the entries speak of, as the file has them now.
function Audit:same_documents(inv, lists)
  for _, list in ipairs(lists) do
    for _, entry in ipairs(list) do
      for _, part in ipairs(Book.parts(entry.request)) do
        local order, hold = self.book.orders[part.id], self.book.holds[part.id]
        local found = {}
        for i, line in ipairs(order and assert(inv.orders:get(part.id)).lines or {}) do
          found[i] = { sku = line.sku, ordered = line.ordered, open = line.open,
            delivered = line.delivered, cancelled = line.cancelled }
        end
        assert.same(order or {}, found, part.id)
        found = {}
        for i, line in ipairs(hold and assert(inv.holds:get(part.id)).lines or {}) do
          found[i] = { sku = line.sku, qty = line.qty }
        end
        assert.same(hold or {}, found, part.id)
      end
    end
  end
end

function Audit:same_sums(inv)
  for _, sku in ipairs(Book.SKUS) do
    for _, source in ipairs(Book.SOURCES) do
      assert.equal(self.plenty + (self.book.moved[sku .. "/" .. source] or 0),
        inv.items:get{ sku = sku, source = source }.qty)
    end
    assert.equal(self.book.reserved[sku] or 0, inv:position{ sku = sku, stock = 2 }.reserved)
  end
  assert.same({}, inv:oversold())
  local report = inv:verify()
  assert.is_true(report.ok, report.problems[1] and report.problems[1].what)
end

return Audit
