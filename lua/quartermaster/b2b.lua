-- Products for businesses: what breaks the rule that they are kept at the default source only. The
-- rule itself is the store's; only switching it on may find what came before it.

local core = require "quartermaster.core"

local _M = {}

-- The first source items that break the rule, or nil when none does.
function _M.elsewhere(inv)
  local rows, message, code, detail = core.read(inv.store, "B2B_ELSEWHERE", core.limits.page)
  if not rows then
    return nil, message, code, detail
  end
  return rows[1] and rows or nil
end


return _M
