-- inv.channels: where customers buy. A channel comes with the stock that is saved with it.

local check = require "quartermaster.check"
local core = require "quartermaster.core"
local outcome = require "quartermaster.outcome"
local page = require "quartermaster.page"

local _M = {}

local LIST = { stock = "whole", after = "channel", limit = "whole" }
local RENAME = { from = "channel", to = "string" }

-- The keys of the calls that are checked here, for quartermaster.options.
_M.KEYS = { ["channels:list"] = LIST, ["channels:rename"] = RENAME }

-- A website's code, or { type, code }, as the store takes it.
local function key_of(channel)
  if type(channel) == "string" then
    return { type = "website", code = channel }
  end
  return { type = channel.type or "website", code = channel.code or "" }
end


function _M:list(filter)
  filter = filter == nil and {} or filter
  check.keys("channels:list", filter, LIST, 2)
  local size = page.size("channels:list", filter)
  local after = filter.after and key_of(filter.after) or { type = "", code = "" }
  local rows, message, code, detail = core.read(self.inv.store, "ALL_CHANNELS", after.type,
    after.code, filter.stock or 0, size + 1)
  if not rows then
    return nil, message, code, detail
  end
  if #rows <= size then
    return rows
  end
  rows[size + 1] = nil
  return rows, { type = rows[size].type, code = rows[size].code }
end


function _M:rename(request)
  check.keys("channels:rename", request, RENAME, 2)
  check.value("channels:rename", "from", request.from, "channel", 2)
  check.value("channels:rename", "to", request.to, "string", 2)
  local channel = key_of(request.from)
  channel.to = request.to
  return outcome.done(
    core.write(self.inv.store, "channel_rename", channel, self.inv.clock()))
end


function _M:delete(channel)
  check.value("channels:delete", "channel", channel, "channel", 2)
  return outcome.done(
    core.write(self.inv.store, "channel_delete", key_of(channel), self.inv.clock()))
end


return _M
