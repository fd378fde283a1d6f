-- svg.lua: writes a table of the benchmark as a chart: one bar for each line, its number beside it,
-- and a mark where the bound of that line is.

local _M = {}

local WIDTH, LABEL, VALUE, BAR, GAP, TOP = 840, 290, 170, 20, 8, 52

local OURS, OTHER, BOUND, INK, PAPER = "#1f6f8b", "#b8c4cc", "#c0392b", "#222222", "#ffffff"

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escape(text) return (text:gsub('[&<>"]', ENTITIES)) end

local function text(x, y, words, more)
  return ('<text x="%.1f" y="%.1f" fill="%s"%s>%s</text>'):format(x, y, INK, more or "",
    escape(words))
end

local function rectangle(x, y, width, height, colour)
  return ('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>'):format(x, y, width,
    height, colour)
end

local function largest_of(bars)
  local largest = 0
  for _, bar in ipairs(bars) do largest = math.max(largest, bar.value, bar.bound or 0) end
  return largest > 0 and largest or 1
end

-- A chart of bars { label, value, text, ours, bound }, with what is drawn under the title. A bound
-- is in the unit of the values.
function _M.chart(title, subtitle, bars)
  local height = TOP + #bars * (BAR + GAP) + GAP
  local scale = (WIDTH - LABEL - VALUE) / largest_of(bars)
  local lines = {
    ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" ' ..
      'font-family="sans-serif" font-size="13">'):format(WIDTH, height, WIDTH, height),
    rectangle(0, 0, WIDTH, height, PAPER),
    text(12, 20, title, ' font-weight="bold"'),
    text(12, 38, subtitle, ' font-size="11"'),
  }
  for i, bar in ipairs(bars) do
    local y = TOP + (i - 1) * (BAR + GAP)
    lines[#lines + 1] = text(LABEL - 8, y + 15, bar.label, ' text-anchor="end"')
    lines[#lines + 1] = rectangle(LABEL, y, bar.value * scale, BAR, bar.ours and OURS or OTHER)
    local right = math.max(bar.value, bar.bound or 0) * scale
    lines[#lines + 1] = text(LABEL + right + 6, y + 15, bar.text)
    if bar.bound then
      lines[#lines + 1] = rectangle(LABEL + bar.bound * scale - 1, y - 2, 2, BAR + 4, BOUND)
    end
  end
  lines[#lines + 1] = "</svg>"
  return table.concat(lines, "\n") .. "\n"
end

return _M
