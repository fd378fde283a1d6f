-- inv.stocks: views over sources, sold through channels.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local outcome = require "quartermaster.outcome"
local page = require "quartermaster.page"
local rules = require "quartermaster.rules"
local salable = require "quartermaster.salable"

local _M = {}

local LIST = { after = "whole", limit = "whole" }
local STOCK = {
  id = "whole", name = "string", channels = "list", sources = "list", force = "boolean",
}

-- The keys of the calls that are checked here, for quartermaster.options.
_M.KEYS = { ["stocks:save"] = STOCK, ["stocks:list"] = LIST }

function _M:save(stock)
  check.keys("stocks:save", stock, STOCK, 2)
  return rules.save_stock(self.inv, stock)
end


local function complete_stock(inv, stock)
  local message, code, detail
  stock.channels, message, code, detail = core.read(inv.store, "CHANNELS", stock.id)
  if not stock.channels then
    return nil, message, code, detail
  end
  stock.sources, message, code, detail = core.read(inv.store, "LINKS", stock.id)
  if not stock.sources then
    return nil, message, code, detail
  end
  return stock
end


function _M:get(id)
  check.value("stocks:get", "id", id, "whole", 2)
  local rows, message, code, detail = core.read(self.inv.store, "STOCK", id)
  if not rows then
    return nil, message, code, detail
  end
  if not rows[1] then
    return outcome.not_found("id", ('Stock with id "%d" does not exist.'):format(id))
  end
  return complete_stock(self.inv, rows[1])
end


function _M:list(filter)
  filter = filter == nil and {} or filter
  check.keys("stocks:list", filter, LIST, 2)
  local size = page.size("stocks:list", filter)
  local rows, message, code, detail =
    core.read(self.inv.store, "STOCKS", filter.after or 0, size + 1)
  if not rows then
    return nil, message, code, detail
  end
  local next_id
  rows, next_id = page.cut(rows, size, "id")
  for _, stock in ipairs(rows) do
    local whole
    whole, message, code, detail = complete_stock(self.inv, stock)
    if not whole then
      return nil, message, code, detail
    end
  end
  return rows, next_id
end


function _M:delete(id)
  check.value("stocks:delete", "id", id, "whole", 2)
  return outcome.done(core.write(self.inv.store, "stock_delete", { id = id }, self.inv.clock()))
end


function _M:link(links, options)
  return core.write(self.inv.store, "link", {
    rows = page.list(links, "stocks:link"), force = check.force("stocks:link", options),
  }, self.inv.clock())
end


function _M:unlink(links, options)
  return core.write(self.inv.store, "unlink", {
    rows = page.list(links, "stocks:unlink"), force = check.force("stocks:unlink", options),
  }, self.inv.clock())
end


function _M:resolve(channel)
  check.value("stocks:resolve", "channel", channel, "channel", 2)
  return salable.stock_of(self.inv, { channel = channel })
end


return _M
