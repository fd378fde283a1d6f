-- damage.lua: an inventory with every kind of page, ways to damage its file, and the program that
-- looks at what is left. For damage_spec.lua.

local children = require "children"
local helpers = require "helpers"

local _M = { PAGE = 4096, SKUS = 40, ORDERS = 200 }

local PLACED = 160 -- of the orders; the others were adopted

local KINDS = { [2] = "interior index", [5] = "interior table", [10] = "leaf index",
  [13] = "leaf table" }

local function sku_of(number) return ("product-%02d"):format(number) end

-- Goods at two sources. Returns items that, when they are deleted, leave free pages behind.
local function fill_catalogue(inv)
  for i, code in ipairs{ "muc", "ham" } do
    assert(inv.sources:save{ code = code, name = code, country = "DE", postcode = "8033" .. i,
      description = (code .. " "):rep(1023) })
  end
  assert(inv.stocks:save{ name = "EU", channels = { "eu" }, sources = {
    { code = "muc", priority = 1 }, { code = "ham", priority = 2 },
  } })
  local products, items, shadows, gone = {}, {}, {}, {}
  for i = 1, _M.SKUS do
    local settings = { out_of_stock_threshold = i % 5, backorders = i % 7 == 0 and "allow" or "no" }
    products[i] = { sku = sku_of(i), settings = settings, assign_default = i % 2 == 0 }
    items[#items + 1] = { sku = sku_of(i), source = "muc", qty = 100 + i }
    items[#items + 1] = { sku = sku_of(i), source = "ham", qty = ("%d.5"):format(i) }
  end
  for i = 1, 600 do shadows[i] = { sku = ("shadow-%03d"):format(i), source = "ham", qty = 1 } end
  for i, item in ipairs(shadows) do gone[i] = { sku = item.sku, source = item.source } end
  assert(inv.products:save(products))
  assert(inv.items:save(items))
  assert(inv.items:save(shadows))
  return gone
end

local function sell(inv)
  for i = 1, PLACED do
    local id, sku = "order-" .. i, sku_of(i % _M.SKUS + 1)
    local lines = { { sku = sku, qty = 1 + i % 3 }, { sku = sku_of(i % 11 + 1), qty = 1 } }
    assert(inv:place{ id = id, channel = "eu", lines = lines })
    if i % 2 == 0 then
      local shipped = { { line = 1, qty = 1 } }
      assert(inv:ship{ id = "s" .. i, order = id, source = "muc", lines = shipped })
    end
    if i % 5 == 0 then assert(inv:cancel{ id = "c" .. i, order = id }) end
  end
end

-- Orders of another system, with reservations of which some do not fit and one is settled. Then a
-- part of all orders is compacted.
local function adopt(inv)
  local orders, rows = {}, { { sku = sku_of(1), qty = -2, stock = 2 } }
  for i = PLACED + 1, _M.ORDERS do
    local sku = sku_of(i % _M.SKUS + 1)
    orders[#orders + 1] = { id = "order-" .. i, channel = "eu", lines = { { sku = sku, qty = 5,
      cancelled = 1, invoiced = 3, shipped = i % 3, refunded = 1, returned = 0 } } }
    rows[#rows + 1] = { order = "order-" .. i, sku = sku, stock = 2, qty = -2 }
  end
  assert(inv:adopt{ id = "adopted", orders = orders, reservations = rows })
  local one = assert(inv:inconsistencies())[1]
  assert(inv:compensate{ id = "settled", lines = { { order = one.order, sku = one.sku,
    stock = one.stock, qty = -one.qty } } })
  assert(inv:compact{ limit = 20 }.left > 0)
end

function _M.build(path)
  helpers.with_inventory({ path = path, durability = "normal" }, function(inv)
    local gone = fill_catalogue(inv)
    sell(inv)
    adopt(inv)
    assert(inv.items:delete(gone))
    assert(inv:verify().ok)
  end)
end

local function word(bytes, offset)
  local a, b, c, d = bytes:byte(offset + 1, offset + 4)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

-- The numbers (from 0) of the pages of every kind.
function _M.pages(bytes)
  local free, found = {}, { header = { 0 } }
  local function add(kind, page)
    found[kind] = found[kind] or {}
    table.insert(found[kind], page)
  end
  local trunk = word(bytes, 32)
  while trunk ~= 0 do
    local at = (trunk - 1) * _M.PAGE
    free[trunk - 1] = true
    add("free list", trunk - 1)
    for i = 1, word(bytes, at + 4) do free[word(bytes, at + 4 + 4 * i) - 1] = true end
    trunk = word(bytes, at)
  end
  for page = 0, #bytes / _M.PAGE - 1 do
    local kind = KINDS[bytes:byte(page * _M.PAGE + (page == 0 and 101 or 1))]
    if not free[page] then add(kind or "overflow", page) end
  end
  return found
end

-- Looks at a damaged file: everything that reads must answer or refuse with a code that says what
-- is wrong, and what verify calls right must be right. Prints one word, or what is wrong.
_M.LOOK = [[
local CLEAR = { CORRUPT = true, FOREIGN = true, NEWER = true, READONLY = true }

local function numbers_of(inv, note)
  local text = {}
  local function add(what, ...)
    text[#text + 1] = what
    for _, value in ipairs{ ... } do text[#text + 1] = tostring(value) end
  end
  local function read(value, message, code)
    -- What cannot be found is missing in the numbers.
    if value == nil and code ~= "NOT_FOUND" then note(code, message) end
    return value or {}
  end
  for stock = 1, 2 do
    for i = 1, SKUS do
      local sku = ("product-%02d"):format(i)
      local at = read(inv:position{ sku = sku, stock = stock })
      add(sku, at.on_hand, at.reserved, at.floor, at.backordered, at.salable, at.is_salable,
        at.managed, at.unlimited)
      add("salable", read(inv:salable{ stock = stock, skus = { sku } })[sku] and "page")
    end
  end
  for _, item in ipairs(read(inv.items:list{ limit = 1000 })) do
    add(item.sku, item.source, item.qty, item.status, item.allocated)
  end
  for i = 1, ORDERS do
    local order = read(inv.orders:get("order-" .. i))
    for _, line in ipairs(order.lines or {}) do
      add(line.line, line.sku, line.ordered, line.open, line.delivered, line.cancelled,
        line.refunded, line.returned, line.invoiced)
    end
  end
  local sums = {}
  for _, row in ipairs(read(inv:reservations{ limit = 1000 })) do
    local sku = row.sku or "?"
    sums[sku] = (sums[sku] or 0) + row.reserved
  end
  for i = 1, SKUS do add(sums[("product-%02d"):format(i)]) end
  for _, row in ipairs(read(inv:inconsistencies{ limit = 1000 })) do
    add(row.order, row.sku, row.stock, row.qty, row.state)
  end
  return table.concat(text, " ")
end

-- Everything about the file at path: its numbers, and the codes that reads gave.
local function examine(path, then_write)
  local fault, codes
  local function note(code, message)
    codes = true
    if not CLEAR[code] then fault = fault or ("unclear: %s %s"):format(code, message) end
  end
  local inv, message, code = quartermaster.open{ path = path, durability = "normal" }
  if not inv then
    note(code, message)
    return fault or "refused"
  end
  local report
  report, message, code = inv:verify()
  if not report then note(code, message) end
  local numbers = numbers_of(inv, note)
  if then_write then
    local _, why, kind = inv:place{ id = "new", channel = "eu", lines = {
      { sku = "product-09", qty = 1 }, { sku = "product-10", qty = 1 },
    } }
    if kind and not CLEAR[kind] and kind ~= "NOT_ENOUGH" and report and report.ok then
      fault = fault or ("place: %s %s"):format(kind, why)
    end
  end
  inv:close()
  return fault or codes and "refused" or not report.ok and "reported" or "ok", numbers
end
]]

-- Arguments: the whole file, the place of copies, a list of "OFFSET OLD NEW" (an offset of -1 cuts
-- the file to NEW bytes).
_M.SERIES = _M.LOOK .. [[
local whole, copy, list = ...
local function slurp(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("*a")
  file:close()
  return bytes
end
local function spill(path, bytes)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
end
local bytes = slurp(whole)
spill(copy, bytes)
local verdict, right = examine(copy)
assert(verdict == "ok", verdict)
for line in io.lines(list) do
  local offset, new = line:match("^(%S+) %S+ (%d+)")
  offset, new = tonumber(offset), tonumber(new)
  io.stdout:write(line, ": ")
  io.stdout:flush()
  os.remove(copy .. "-wal")
  os.remove(copy .. "-shm")
  if offset < 0 then
    spill(copy, bytes:sub(1, new))
  else
    spill(copy, bytes:sub(1, offset) .. string.char(new) .. bytes:sub(offset + 2))
  end
  local fine, answer, numbers = pcall(examine, copy, true)
  if not fine then
    answer = "raised: " .. tostring(answer)
  elseif answer == "ok" then
    answer = numbers == right and "harmless" or "SILENTLY WRONG"
  end
  say(answer)
end
]]

_M.SERIES = ("local SKUS, ORDERS = %d, %d\n"):format(_M.SKUS, _M.ORDERS) .. _M.SERIES

local GOOD = { refused = true, reported = true, harmless = true }

-- Runs the series and returns how often each word was said and the list of lines that are faults.
function _M.run(directory, whole, changes)
  children.write_file(directory .. "/changes", table.concat(changes, "\n") .. "\n")
  local command = children.program(directory, "series", _M.SERIES)
  local output, code = children.run(("%s %s %s/copy.db %s/changes"):format(
    command, whole, directory, directory))
  local counts, faults = {}, {}
  for _, line in ipairs(children.lines(output)) do
    local word_said = line:match(": (%a+)$")
    if GOOD[word_said] then
      counts[word_said] = (counts[word_said] or 0) + 1
    else
      faults[#faults + 1] = line
    end
  end
  if code ~= 0 then faults[#faults + 1] = "the program ended with " .. code end
  return counts, faults
end

return _M
