-- seller.lua: a worker that sells until there is nothing left: first orders of several lines, in
-- random order and through random channels, then single units. At its end it says what it sold.

local children = require "children"
local worker = require "fire.worker"

-- The codes of a refusal for want of goods; anything else is an error of the spec or the engine.
local SHORT = { NOT_ENOUGH = true, OUT_OF_STOCK = true }

local function words(text)
  local list = {}
  for word in text:gmatch("[^,]+") do list[#list + 1] = word end
  return list
end

-- Tries `count` orders of up to so many lines, of the products and channels of the two lists, then
-- single units of each until there are none.
return function(directory, name, seed, count, most_lines, sku_list, channel_list, durability)
  local skus, channels, random = words(sku_list), words(channel_list), children.random(seed + 0)
  local inv = worker.open(directory, { durability = durability })
  local serial, sold = 0, {}

  local function try(channel, lines)
    serial = serial + 1
    local id = name .. "-" .. serial
    local answer, message, code = inv:place{ id = id, channel = channel, lines = lines }
    if not answer and not SHORT[code] then error(code .. ": " .. message) end
    sold[#sold + 1] = answer and "sold " .. id or nil
    for _, line in ipairs(answer and lines or {}) do
      sold[#sold + 1] = ("line %s %s %d %s"):format(id, channel, line.qty, line.sku)
    end
    return answer
  end

  worker.begin(directory)
  for _ = 1, tonumber(count) do
    local lines, order = {}, worker.shuffled(skus, random)
    for i = 1, random(1, math.min(tonumber(most_lines), #skus)) do
      lines[i] = { sku = order[i], qty = #skus == 1 and 1 or random(1, 3) }
    end
    try(channels[random(1, #channels)], lines)
  end
  for _, sku in ipairs(worker.shuffled(skus, random)) do
    for _, channel in ipairs(worker.shuffled(channels, random)) do
      repeat until not try(channel, { { sku = sku, qty = 1 } })
    end
  end
  inv:close()
  worker.say(table.concat(sold, "\n"))
  worker.say("tried", serial)
  worker.say("done")
end
