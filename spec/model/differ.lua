-- differ.lua: how a difference between the engine and the model is raised, and quantities as the
-- API gives them.

local shop_of = require "model.shop"
local text = require "model.text"

local _M = {}

local MOST = 12 -- differences that are told

-- Raised as a table, so that it is told from a fault of the model.
function _M.disagree(words)
  error({ differs = words }, 0)
end

function _M.differ(what, expected, found)
  if text.of(expected) ~= text.of(found) then
    local list = text.differences(expected, found)
    _M.disagree(what .. ":\n  " .. table.concat(list, "\n  ", 1, math.min(#list, MOST)))
  end
end

function _M.public(units) return units and units / shop_of.UNIT end

return _M
