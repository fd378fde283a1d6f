-- Outcomes that the facade itself finds: nil, message, code, detail, as everywhere.

local core = require "quartermaster.core"

local _M = {}

function _M.not_found(field, message, magento)
  return nil, message, "NOT_FOUND", { errors = { {
    field = field, code = "NOT_FOUND", message = message, magento = magento or "no_such_entity",
  } } }
end


-- What a write answers whose number is nobody's business.
function _M.done(value, message, code, detail)
  if value == nil then
    return nil, message, code, detail
  end
  return true
end


-- The answer of a call that has these problems: of the most important ones the last speaks for all,
-- as for MSI's customers.
function _M.refuse(problems)
  local best = problems[1]
  for _, one in ipairs(problems) do
    if core.errors[one.code].precedence <= core.errors[best.code].precedence then
      best = one
    end
  end
  return nil, best.message, best.code, { errors = problems }
end


return _M
