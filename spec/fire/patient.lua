-- patient.lua: a worker that tries to place one order, waiting so many seconds, says what became of
-- it, and stays until it is told to stop.

local worker = require "fire.worker"

return function(directory, name, patience, pause)
  local inv = worker.open(directory, { busy_timeout = tonumber(patience) })
  local going = worker.going(directory)
  worker.begin(directory)
  os.execute("sleep " .. pause)
  local answer, _, code = inv:place{ id = name, stock = 1, lines = { { sku = "pen", qty = 1 } } }
  worker.say(answer and "placed" or code)
  while going() do os.execute("sleep 0.05") end
  inv:close()
end
