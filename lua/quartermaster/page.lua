-- Lists go in and out in pages: what a caller may pass as a list, how many rows a page has, and
-- where the next one begins.

local core = require "quartermaster.core"

local _M = {}

-- One record, or a list of them, as a list.
function _M.list(value, what)
  if type(value) ~= "table" then
    error(("%s takes a table, not a %s"):format(what, type(value)), 3)
  end
  if #value == 0 and next(value) ~= nil then
    return { value }
  end
  return value
end


-- How many rows a page has.
function _M.size(what, filter)
  local limit = filter.limit or 100
  if limit < 1 then
    error(what .. ": limit must be at least 1", 3)
  end
  return math.min(limit, core.limits.page)
end


-- Cuts rows to a page and returns the cursor of the next. One row more than the page has
-- must have been read, to know whether another page follows.
function _M.cut(rows, size, key)
  if #rows <= size then
    return rows, nil
  end
  rows[size + 1] = nil
  return rows, rows[size][key]
end


return _M
