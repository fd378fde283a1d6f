-- book.lua: what requests do when they are carried out, kept by whoever sends them and by whoever
-- looks afterwards. Requests are plain tables with `op`, so that they can be written down and sent
-- again. Goods are plenty in these shops: everything that a book offers to do can be done.

local Book = {}
Book.__index = Book

Book.SKUS = { "pen", "ink", "cap", "nib", "box" }
Book.SOURCES = { "muc", "ham" }

function Book.new()
  return setmetatable({
    orders = {}, -- id -> lines { sku, ordered, open, delivered, cancelled }
    holds = {}, -- id -> lines { sku, qty }; none when the hold is used up
    moved = {}, reserved = {}, -- "sku/source" -> change of the quantity, sku -> what is reserved
    facts = {}, -- document -> "event/sku/source" -> { reserved, moved }: sums of its ledger rows
  }, Book)
end

-- Adds a ledger row to what is told of a document. The engine may tell of two lines in one row, so
-- only sums can be compared; they are wrong when anything is there twice.
function Book.add_fact(facts, document, event, sku, source, reserved, moved)
  local of = facts[document] or {}
  local key = table.concat({ event, sku or "", source or "" }, "/")
  local sum = of[key] or { 0, 0 }
  facts[document], of[key] = of, { sum[1] + reserved, sum[2] + moved }
end

function Book:fact(document, event, sku, source, reserved, moved)
  Book.add_fact(self.facts, document, event, sku, source, reserved, moved)
  if reserved ~= 0 then self.reserved[sku] = (self.reserved[sku] or 0) - reserved end
  if moved ~= 0 then
    local key = sku .. "/" .. source
    self.moved[key] = (self.moved[key] or 0) + moved
  end
end

local APPLY = {}

local function new_order(book, id, lines)
  local order = {}
  for i, line in ipairs(lines) do
    order[i] = { sku = line.sku, ordered = line.qty, open = line.qty, delivered = 0, cancelled = 0 }
    book:fact(id, "order_placed", line.sku, nil, -line.qty, 0)
  end
  book.orders[id] = order
end

function APPLY.place(book, request)
  local lines = request.lines
  if request.hold then
    lines = book.holds[request.hold]
    for _, line in ipairs(lines) do
      book:fact(request.hold, "hold_converted", line.sku, nil, line.qty, 0)
    end
    book.holds[request.hold] = {}
  end
  new_order(book, request.id, lines)
end

function APPLY.hold(book, request)
  local hold = {}
  for i, line in ipairs(request.lines) do
    hold[i] = { sku = line.sku, qty = line.qty }
    book:fact(request.id, "hold_placed", line.sku, nil, -line.qty, 0)
  end
  book.holds[request.id] = hold
end

function APPLY.extend(book, request)
  book:fact(request.id, "hold_extended", nil, nil, 0, 0)
end

function APPLY.release(book, request)
  for _, line in ipairs(book.holds[request.hold]) do
    book:fact(request.id, "hold_released", line.sku, nil, line.qty, 0)
  end
  book.holds[request.hold] = {}
end

function APPLY.cancel(book, request)
  for _, part in ipairs(request.lines) do
    local line = book.orders[request.order][part.line]
    line.open, line.cancelled = line.open - part.qty, line.cancelled + part.qty
    book:fact(request.id, "order_canceled", line.sku, nil, part.qty, 0)
  end
end

function APPLY.ship(book, request)
  for _, part in ipairs(request.lines) do
    local line = book.orders[request.order][part.line]
    line.open, line.delivered = line.open - part.qty, line.delivered + part.qty
    book:fact(request.id, "shipment_created", line.sku, part.source, part.qty, -part.qty)
  end
end

function APPLY.adjust(book, request)
  for _, line in ipairs(request.lines) do
    book:fact(request.id, "quantity_adjusted", line.sku, line.source, 0, line.delta)
  end
end

function APPLY.batch(book, request)
  for _, op in ipairs(request.ops) do book:apply(op) end
end

function Book:apply(request) APPLY[request.op](self, request) end

-- The requests that a request consists of: itself, or those of a batch.
function Book.parts(request) return request.ops or { request } end

-- Sends a request. Of a batch the answer is a list of answers, and every one must be given.
function Book.send(inv, request)
  if request.op == "batch" then
    local outcomes, message, code = inv:batch(request.ops)
    if not outcomes then return nil, message, code end
    local answers = {}
    for i, outcome in ipairs(outcomes) do
      if not outcome.ok then return nil, outcome.message, outcome.code end
      answers[i] = outcome.result
    end
    return answers
  end
  local copy = {}
  for key, value in pairs(request) do copy[key] = value end
  copy.op = nil
  if request.op == "adjust" then return inv.items:adjust(copy) end
  return inv[request.op](inv, copy)
end

return Book
