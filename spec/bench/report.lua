-- report.lua: says what was measured: lines of a table, verdicts, and the charts.

local sh = require "sh"
local stats = require "stats"
local svg = require "svg"

local _M = {}

local DIRECTORY = "build/bench"

local function say(text)
  io.stdout:write(text, "\n")
  io.stdout:flush()
end
_M.say = say

local cells, wins = {}, {} -- of all tables, for the summary

local function verdict(ratio, cell, from_above)
  local function word(bound)
    if not bound then return "" end
    return stats.reaches(ratio, bound, from_above) and "met" or "not met"
  end
  return ("%6s %-8s%6s %s"):format(cell.must and ("%.2f"):format(cell.must) or "", word(cell.must),
    cell.goal and ("%.2f"):format(cell.goal) or "", word(cell.goal))
end

local function judge(title, name, ratio, cell, from_above)
  if not cell.must then return end
  cells[#cells + 1] = {
    title = title, name = name, ratio = ratio,
    must = stats.reaches(ratio, cell.must, from_above),
    goal = stats.reaches(ratio, cell.goal, from_above),
  }
end

local function chart(file, title, subtitle, bars)
  sh.write(("%s/%s.svg"):format(DIRECTORY, file), svg.chart(title, subtitle, bars))
end

-- A table of rates: ours first, then each peer with our rate divided by its, round by round.
function _M.rates(t, contenders, rounds)
  local ours = contenders[1]
  local heading = ("%s. %s"):format(t.row, t.title)
  local bars = {}
  say(("\n%s (%s, median of %d)"):format(heading, t.unit, rounds))
  say(("   %-36s %10s %21s %7s %7s%15s"):format("", "rate", "lowest - highest", "ratio",
    "must", "goal"))
  for i, c in ipairs(contenders) do
    local ratio = i > 1 and stats.median_ratio(ours.rates, c.rates) or nil
    local line = ("   %-36s %10s %21s"):format(c.name, stats.thousands(c.rate),
      stats.thousands(c.lowest) .. " - " .. stats.thousands(c.highest))
    if ratio then line = line .. (" %7.2f "):format(ratio) .. verdict(ratio, c) end
    say((line:gsub("%s+$", "")))
    bars[i] = { label = c.name, value = c.rate, ours = i == 1,
      text = stats.thousands(c.rate) .. (ratio and (" (%.2f)"):format(ratio) or "") }
    bars[i].bound = ratio and c.must and c.must * c.rate or nil
    if ratio then
      judge(heading, c.name, ratio, c)
      if ratio < 1 and not c.limit then
        wins[#wins + 1] = ("%s: %s, %.2f times our rate"):format(heading, c.name, 1 / ratio)
      end
    end
  end
  for _, c in ipairs(contenders) do
    if (c.processes or 1) > 1 then
      say(("   The slowest of %s had %.0f %% of an equal share."):format(c.name, c.slowest * 100))
    end
  end
  chart(t.file, heading, t.unit .. "; in brackets our rate divided by it; the mark is what our "
    .. "rate must reach", bars)
end

-- A table of growth: how many times slower the large file is than the small one.
function _M.growth(t, lines)
  local heading = ("%s. %s"):format(t.row, t.title)
  local bars = {}
  say(("\n%s"):format(heading))
  say(("   %-36s %19s %7s %19s %7s %9s %7s%15s"):format("", "ours/s", "growth", "bare/s", "growth",
    "judged", "must", "goal"))
  for _, l in ipairs(lines) do
    say(((("   %-36s %19s %7.2f %19s %7.2f %9.2f "):format(l.name,
      stats.thousands(l.ours[1]) .. " - " .. stats.thousands(l.ours[2]), l.grown,
      stats.thousands(l.bare[1]) .. " - " .. stats.thousands(l.bare[2]), l.bare_grown, l.judged)
      .. verdict(l.judged, l, true)):gsub("%s+$", "")))
    judge(heading, l.name, l.judged, l, true)
    bars[#bars + 1] = { label = l.name, value = l.grown, ours = true,
      bound = l.must * l.grown / l.judged, text = ("%.2f"):format(l.grown) }
    bars[#bars + 1] = { label = "bare loop", value = l.bare_grown,
      text = ("%.2f"):format(l.bare_grown) }
  end
  say("   judged: " .. t.judged)
  chart(t.file, heading, "time of one call in the large file divided by that in the small one; "
    .. "the mark is the most it may be", bars)
end

function _M.oversold(t, lines)
  local heading = ("%s. %s"):format(t.row, t.title)
  local bars = {}
  say(("\n%s"):format(heading))
  for i, l in ipairs(lines) do
    say(("   %-24s %s"):format(l.name, l.text))
    bars[i] = { label = l.name, value = l.oversold, ours = l.ours,
      text = stats.thousands(l.oversold) }
    if l.ours then
      cells[#cells + 1] = { title = heading, name = l.name, ratio = l.oversold,
        must = l.oversold == 0 and l.fine, goal = l.oversold == 0 and l.fine }
    elseif l.oversold > 0 then
      say(("   %-24s sold what is not there"):format(""))
    end
  end
  chart(t.file, heading, "units promised that were not there", bars)
end

function _M.summary()
  local musts, goals = 0, 0
  for _, cell in ipairs(cells) do
    musts, goals = musts + (cell.must and 1 or 0), goals + (cell.goal and 1 or 0)
  end
  say(("\nOf %d bounds, must: %d met, %d not met; goal: %d met, %d not met."):format(#cells, musts,
    #cells - musts, goals, #cells - goals))
  for _, cell in ipairs(cells) do
    if not cell.must then
      say(("   not met: %s: %s (%.2f)"):format(cell.title, cell.name, cell.ratio))
    end
  end
  say(#wins > 0 and "Where a peer is quicker than we are:" or "No peer is quicker in these rows.")
  for _, win in ipairs(wins) do say("   " .. win) end
  say("The peers share the machine's cores with their callers; an embedded engine has no server.")
  say(("Charts: %s/*.svg"):format(DIRECTORY))
end

return _M
