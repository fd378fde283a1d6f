-- inv.items: what of a product is at a source.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local outcome = require "quartermaster.outcome"
local page = require "quartermaster.page"

local _M = {}

-- As stored; the last is an item that was only assigned and never saved.
_M.STATUS = { [0] = "out_of_stock", "in_stock", "out_of_stock" }

local KEY = { sku = "string", source = "string" }
local LIST = { sku = "string", source = "string", after = "whole", limit = "whole" }

-- The keys of the calls that are checked here, for quartermaster.options.
_M.KEYS = { ["items:get"] = KEY, ["items:list"] = LIST }

local function to_item(row)
  row.id = nil
  row.status = _M.STATUS[row.status]
  return row
end


function _M:save(items, options)
  return core.write(self.inv.store, "items", {
    rows = page.list(items, "items:save"), force = check.force("items:save", options),
  }, self.inv.clock())
end


function _M:get(key)
  check.keys("items:get", key, KEY, 2)
  check.value("items:get", "sku", key.sku, "string", 2)
  local rows, message, code, detail =
    core.read(self.inv.store, "ITEM", key.sku, key.source or "default")
  if not rows then
    return nil, message, code, detail
  end
  if not rows[1] then
    return outcome.not_found("sku", "there is no such source item", "no_such_entity-source_item")
  end
  return to_item(rows[1])
end


function _M:list(filter)
  filter = filter == nil and {} or filter
  check.keys("items:list", filter, LIST, 2)
  if filter.sku and filter.source then
    error("items:list takes a sku or a source; for one item use items:get", 2)
  end
  local size, after = page.size("items:list", filter), filter.after or 0
  local store = self.inv.store
  local rows, message, code, detail
  if filter.sku then
    rows, message, code, detail = core.read(store, "ITEMS_OF", filter.sku, after, size + 1)
  elseif filter.source then
    rows, message, code, detail = core.read(store, "ITEMS_AT", filter.source, after, size + 1)
  else
    rows, message, code, detail = core.read(store, "ITEMS", after, size + 1)
  end
  if not rows then
    return nil, message, code, detail
  end
  local next_id
  rows, next_id = page.cut(rows, size, "id")
  for _, row in ipairs(rows) do
    to_item(row)
  end
  return rows, next_id
end


function _M:delete(items, options)
  return core.write(self.inv.store, "items_delete", {
    rows = page.list(items, "items:delete"), force = check.force("items:delete", options),
  }, self.inv.clock())
end


function _M:adjust(request)
  return core.write(self.inv.store, "adjust", request, self.inv.clock())
end


return _M
