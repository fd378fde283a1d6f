-- inv.sources: places that hold goods.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local outcome = require "quartermaster.outcome"
local page = require "quartermaster.page"

local _M = {}

local LIST = { stock = "whole", after = "string", limit = "whole" }

-- The keys of the calls that are checked here, for quartermaster.options.
_M.KEYS = { ["sources:list"] = LIST }

function _M:save(source)
  check.value("sources:save", "its argument", source, "table", 2)
  local inv = self.inv
  local saved, message, code, detail = core.write(inv.store, "source", source, inv.clock())
  if not saved then
    return nil, message, code, detail
  end
  return source.code
end


function _M:get(code)
  check.value("sources:get", "code", code, "string", 2)
  local rows, message, kind, detail = core.read(self.inv.store, "SOURCE", code)
  if not rows then
    return nil, message, kind, detail
  end
  if not rows[1] then
    return outcome.not_found("code", 'Source with code "' .. code .. '" does not exist.')
  end
  return rows[1]
end


function _M:list(filter)
  filter = filter == nil and {} or filter
  check.keys("sources:list", filter, LIST, 2)
  if filter.stock then
    if filter.after or filter.limit then
      error("sources:list takes a stock, or after and limit: a stock's sources are one page", 2)
    end
    return core.read(self.inv.store, "STOCK_SOURCES", filter.stock)
  end
  local size = page.size("sources:list", filter)
  local rows, message, code, detail =
    core.read(self.inv.store, "SOURCES", filter.after or "", size + 1)
  if not rows then
    return nil, message, code, detail
  end
  return page.cut(rows, size, "code")
end


function _M:single()
  local rows, message, code, detail = core.read(self.inv.store, "ENABLED")
  if not rows then
    return nil, message, code, detail
  end
  return rows[1].enabled < 2
end


return _M
