-- log_damage_spec.lua: the write-ahead log is damaged, cut off or gone. What the log can no longer
-- prove is missing, but it is missing from the end and whole orders at a time: never a half one.

local children = require "children"
local quartermaster = require "quartermaster"

local SEED = tonumber(os.getenv("QM_SEED") or "20240229")
local ROUNDS = tonumber(os.getenv("QM_ROUNDS") or "25")
local ORDERS = 30

-- Arguments: file, log, place of copies, list of "OFFSET NEW" (an offset of -1 cuts to NEW bytes).
local LOOK = [[
local ORDERS = 30
local whole, log, copy, list = ...
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
local CLEAR = { CORRUPT = true, FOREIGN = true, NEWER = true }

local function examine()
  local inv, message, code = quartermaster.open{ path = copy, durability = "normal" }
  if not inv then return CLEAR[code] and "refused" or code .. " " .. message end
  local report
  report, message, code = inv:verify()
  if not report then
    inv:close()
    return CLEAR[code] and "refused" or code .. " " .. message
  end
  local count = 0
  for i = 1, ORDERS do
    if inv.orders:get("o" .. i) then
      if i ~= count + 1 then return "order " .. i .. " without the one before" end
      count = i
    end
  end
  local at = inv:position{ sku = "pen", stock = 1 }
  local orders = report.orders
  local _, why = inv:place{ id = "new", stock = 1, lines = { { sku = "pen", qty = 1 } } }
  local after = inv:verify()
  inv:close()
  if not report.ok then return "reported" end
  if orders ~= count then return orders .. " orders, " .. count .. " found" end
  if at.on_hand ~= 1000 or at.reserved ~= count then return "wrong: " .. at.reserved end
  if why or not after.ok then return "afterwards: " .. tostring(why) end
  return "whole " .. count
end

local bytes, log_bytes = slurp(whole), slurp(log)
for line in io.lines(list) do
  local offset, new = line:match("^(%S+) (%d+)$")
  offset, new = tonumber(offset), tonumber(new)
  io.stdout:write(line, ": ")
  io.stdout:flush()
  os.remove(copy .. "-shm")
  spill(copy, bytes)
  spill(copy .. "-wal", offset < 0 and log_bytes:sub(1, new)
    or log_bytes:sub(1, offset) .. string.char(new) .. log_bytes:sub(offset + 2))
  local fine, answer = pcall(examine)
  say(answer or "no answer")
  if not fine then say("raised") end
end
]]

local directory, log

setup(function()
  directory = children.shell("mktemp -d /tmp/quartermaster.XXXXXX"):match("^%S+")
  local path = directory .. "/shop.db"
  local inv = assert(quartermaster.open{ path = path })
  assert(inv.products:save{ sku = "pen" })
  assert(inv.items:save{ sku = "pen", qty = 1000, status = "in_stock" })
  inv:close()
  inv = assert(quartermaster.open{ path = path })
  for i = 1, ORDERS do
    assert(inv:place{ id = "o" .. i, stock = 1, lines = { { sku = "pen", qty = 1 } } })
  end
  -- Not read here: closing the file would give up the locks that this process holds on it.
  os.execute(("cp %s %s/whole.db; cp %s-wal %s/whole.log"):format(path, directory, path, directory))
  inv:close()
  log = children.read_file(directory .. "/whole.log")
end)

teardown(function() os.execute("rm -rf " .. directory) end)

-- Returns the numbers of orders that were left.
local function look(changes)
  children.write_file(directory .. "/changes", table.concat(changes, "\n") .. "\n")
  local command = children.program(directory, "look", LOOK)
  local output, code = children.run(("%s %s/whole.db %s/whole.log %s/copy.db %s/changes"):format(
    command, directory, directory, directory, directory))
  local left, faults = {}, {}
  for _, line in ipairs(children.lines(output)) do
    local count = line:match(": whole (%d+)$")
    if count then left[#left + 1] = tonumber(count) end
    if not count and not line:find(": %a+$") then faults[#faults + 1] = line end
  end
  assert.equal(0, code, output:sub(-500))
  assert.same({}, faults)
  assert.equal(#changes, #children.lines(output))
  return left
end

describe("the log", function()
  it("that is whole gives back every order", function()
    assert.same({ ORDERS }, look{ "-1 " .. #log })
  end)

  it("with one wrong byte gives back the orders before it, whole", function()
    local random, changes = children.random(SEED), {}
    for i = 1, ROUNDS * 3 do
      local offset = random(1, 4) == 1 and random(0, 31) or random(0, #log - 1)
      changes[i] = ("%d %d"):format(offset, (log:byte(offset + 1) + random(1, 255)) % 256)
    end
    local left = look(changes)
    table.sort(left)
    assert.is_true(left[1] < ORDERS)
  end)

  it("that is cut off gives back the orders before the cut, whole", function()
    local random, changes = children.random(SEED), { "-1 0", "-1 1", "-1 31", "-1 32", "-1 33" }
    for _ = 1, ROUNDS do changes[#changes + 1] = ("-1 %d"):format(random(0, #log - 1)) end
    local left = look(changes)
    assert.equal(#changes, #left)
  end)
end)
