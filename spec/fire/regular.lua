-- regular.lua: a worker that places one small order after the other until it is told to stop, and
-- says how many that were.

local worker = require "fire.worker"

return function(directory, name)
  local inv = worker.open(directory, { durability = "full" })
  local going, count = worker.going(directory), 0
  worker.begin(directory)
  while going() do
    count = count + 1
    assert(inv:place{ id = name .. "-" .. count, channel = "eu",
      lines = { { sku = "pen", qty = 1 } } })
  end
  inv:close()
  worker.say("placed", count)
end
