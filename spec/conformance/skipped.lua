-- Operations that no call of the public API can express yet, each with the reason. A case is
-- skipped when it uses one of them anywhere. `reason` also knows the operations that are only
-- partly there.

local json = require "spec.conformance.json"

local M = {}

local BULK = "bulk operations are not part of the API yet"
local NOTIFY = "the low-stock report is not part of the API yet"
local WEBSITES = "which websites there are is known to the shop, not to the engine"
local TABLES = "the behaviours of MSI's import and export are not part of the API yet"

M.operations = {
  bulk_assign = BULK, bulk_unassign = BULK, bulk_transfer = BULK, partial_transfer = BULK,
  set_notify = NOTIFY, get_notify = NOTIFY, delete_notify = NOTIFY,
  import_rows = TABLES, validate_import_row = TABLES, export = TABLES,
}

-- An empty code is no website anywhere, so the engine can refuse it without knowing the websites.
local function names_unknown_website(websites, args)
  local channels = args.sales_channels
  for _, channel in ipairs(type(channels) == "table" and channels or {}) do
    local code = channel.code
    if channel.type == "website" and type(code) == "string" and code:find("%S")
      and not websites[code] then
      return true
    end
  end
  return false
end

--- The name to list a skipped step under and why it is skipped, or nil when it runs.
function M.reason(step, websites)
  local name, args = step.op, json.value(step.args) or {}
  if M.operations[name] then return name, M.operations[name] end
  if name == "save_stock" and names_unknown_website(websites, args) then
    return "save_stock with an unknown website", WEBSITES
  end
  return nil
end

return M
