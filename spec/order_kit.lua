-- order_kit.lua: a shop with three sources for the specs of orders, and short ways to fill it and
-- to look at it.

local assert = require "luassert"
local helpers = require "helpers"

local _M = {}

local COUNTERS = {
  "ordered", "cancelled", "invoiced", "delivered", "refunded", "released", "returned",
  "allocated", "backordered", "open",
}

-- The sources by priority. "far" belongs to no stock.
_M.SOURCES = { "muc", "ham", "ber" }

local NAMES = { muc = "Munich", ham = "Hamburg", ber = "Berlin", far = "Far away" }

-- A stock EU, channel "eu", with three sources; returns its id.
function _M.furnish(inv)
  local links = {}
  for i, code in ipairs(_M.SOURCES) do
    assert(inv.sources:save{ code = code, name = NAMES[code], country = "DE", postcode = "80331" })
    links[i] = { code = code, priority = i }
  end
  assert(inv.sources:save{ code = "far", name = NAMES.far, country = "US", postcode = "10001" })
  return assert(inv.stocks:save{ name = "EU", channels = { "eu" }, sources = links })
end


-- Runs fn(inv, stock) in a new shop; the books must be in order afterwards.
function _M.with_shop(fn, options)
  return helpers.with_inventory(options, function(inv)
    local stock = _M.furnish(inv)
    fn(inv, stock)
    assert.same({}, inv:verify().problems)
  end)
end


-- Runs fn(path) with the path of a file that does not exist, and removes what it has become.
function _M.with_path(fn)
  local path = os.tmpname()
  os.remove(path)
  local ok, problem = pcall(fn, path)
  for _, suffix in ipairs{ "", "-wal", "-shm", "-lock" } do os.remove(path .. suffix) end
  if not ok then error(problem, 0) end
end


-- Changes a closed file behind the engine's back, CHECK constraints or not.
function _M.tamper(path, sql)
  local script = "PRAGMA ignore_check_constraints = ON;\n" .. sql .. ";\n"
  local pipe = assert(io.popen(("sqlite3 '%s' 2>&1 <<'END'\n%sEND\n"):format(path, script)))
  local output = pipe:read("*a")
  pipe:close()
  assert.equal("", output)
end


-- Saves a product with its quantities by source; a list of settings and the type are optional.
function _M.product(inv, sku, quantities, settings, type)
  assert(inv.products:save{ sku = sku, type = type, settings = settings, assign_default = false })
  for source, qty in pairs(quantities or {}) do
    assert(inv.items:save{ sku = sku, source = source, qty = qty })
  end
end


-- Places an order of { sku, qty } pairs in a stock; it must be accepted.
function _M.place(inv, id, stock, ...)
  local lines = {}
  for i, line in ipairs{ ... } do lines[i] = { sku = line[1], qty = line[2] } end
  return assert(inv:place{ id = id, stock = stock, lines = lines })
end


-- Compares a line's counters; those that are not named must be zero.
function _M.expect_line(inv, order, number, expected)
  local found, wanted
  for _, line in ipairs(assert(inv.orders:get(order)).lines) do
    if line.line == number then found = line end
  end
  assert(found, "the order has no such line")
  local counters = {}
  wanted = {}
  for _, name in ipairs(COUNTERS) do
    counters[name], wanted[name] = found[name], expected[name] or 0
  end
  assert.same(wanted, counters)
end


-- The quantities of a product by source.
function _M.quantities(inv, sku)
  local by_source = {}
  for _, item in ipairs((assert(inv.items:list{ sku = sku }))) do
    by_source[item.source] = item.qty
  end
  return by_source
end


function _M.position(inv, sku, stock)
  return assert(inv:position{ sku = sku, stock = stock })
end


function _M.reserved(inv, sku, stock)
  return _M.position(inv, sku, stock).reserved
end


-- Every row of a paged call.
function _M.all(inv, call, filter)
  local rows, request = {}, {}
  for key, value in pairs(filter or {}) do request[key] = value end
  repeat
    local page, after = inv[call](inv, request)
    assert(page, after)
    request.after = after
    for _, row in ipairs(page) do rows[#rows + 1] = row end
  until request.after == nil
  return rows
end


-- Everything that can be read: items, the ledger, the given orders, the products' positions.
function _M.snapshot(inv, ...)
  local seen = { items = assert(inv.items:list{ limit = 1000 }), ledger = _M.all(inv, "events") }
  seen.orders = {}
  for _, id in ipairs{ ... } do seen.orders[id] = inv.orders:get(id) or false end
  for _, row in ipairs(seen.ledger) do
    if row.order and seen.orders[row.order] == nil then
      seen.orders[row.order] = inv.orders:get(row.order) or false
    end
  end
  seen.positions = {}
  for _, stock in ipairs((assert(inv.stocks:list()))) do
    for _, product in ipairs((assert(inv.products:list{ limit = 1000 }))) do
      local position = inv:position{ sku = product.sku, stock = stock.id }
      seen.positions[stock.id .. " " .. product.sku] = position or false
    end
  end
  return seen
end


-- Calls inv[call](request): it must be refused with the code and change nothing. Returns the list
-- of errors and the message.
function _M.refused(inv, code, call, request)
  local before = _M.snapshot(inv, request.order or request.id)
  local detail, message = helpers.expect_error(code, inv[call](inv, request))
  assert.same(before, _M.snapshot(inv, request.order or request.id))
  return detail.errors, message
end


-- The ledger rows of one document, without what changes from run to run.
function _M.rows_of(inv, document)
  local rows = {}
  for _, row in ipairs(_M.all(inv, "events")) do
    if row.document == document then
      row.seq, row.time = nil, nil
      rows[#rows + 1] = row
    end
  end
  return rows
end


return _M
