-- stats.lua: medians, ratios and what they mean, for the benchmark's tables.

local _M = {}

local function sorted(list)
  local copy = {}
  for i, value in ipairs(list) do copy[i] = value end
  table.sort(copy)
  return copy
end

function _M.median(list)
  local values = sorted(list)
  local middle = #values / 2
  if #values == 0 then return nil end
  if middle % 1 ~= 0 then return values[math.floor(middle) + 1] end
  return (values[middle] + values[middle + 1]) / 2
end

-- The least value that this share of all do not exceed; nil when there are none.
function _M.percentile(list, share)
  local values = sorted(list)
  return values[math.max(1, math.ceil(share * #values))]
end

-- The smallest and the largest.
function _M.range(list)
  local values = sorted(list)
  return values[1], values[#values]
end

-- How many times as much; nil when there is nothing to compare with.
function _M.ratio(ours, other)
  if not ours or not other or other == 0 then return nil end
  return ours / other
end

-- The median of the ratios of each round: what slows a whole round down takes nothing from it.
function _M.median_ratio(ours, others)
  local list = {}
  for round, rate in ipairs(ours) do list[round] = _M.ratio(rate, others[round]) end
  return #list == #ours and _M.median(list) or nil
end

-- What the processes of one run did together: the sums, the rate (each by its own clock), and what
-- the slowest had of an equal share.
function _M.together(results)
  local sum = { done = 0, refused = 0, rate = 0 }
  local least
  for _, result in ipairs(results) do
    sum.done, sum.refused = sum.done + result.done, sum.refused + result.refused
    sum.rate = sum.rate + result.done / result.seconds
    least = math.min(least or result.done, result.done)
  end
  sum.slowest = sum.done > 0 and least * #results / sum.done or 0
  return sum
end

-- Whether a ratio reaches a bound; bounds on growth are from above.
function _M.reaches(ratio, bound, from_above)
  if not ratio or not bound then return nil end
  if from_above then return ratio <= bound end
  return ratio >= bound
end

-- "12,345": thousands apart, so that columns can be read.
function _M.thousands(number)
  local text = ("%.0f"):format(number)
  local sign, digits = text:match("^(%-?)(%d+)$")
  if not digits then return text end
  digits = digits:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "")
  return sign .. digits
end

return _M
