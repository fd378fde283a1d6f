-- differ.lua: how a difference between the engine and the model is raised, and quantities as the
-- API gives them.

local shop_of = require "model.shop"
local text = require "model.text"

local _M = {}

-- Raised as a table, so that it is told from a fault of the model.
function _M.disagree(words)
  error({ differs = words }, 0)
end

function _M.differ(what, expected, found)
  if text.of(expected) ~= text.of(found) then
    _M.disagree(what .. ":\n  " .. table.concat(text.differences(expected, found), "\n  "))
  end
end

function _M.public(units) return units and units / shop_of.UNIT end

return _M
