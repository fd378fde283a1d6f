-- The shop of one case: a fresh inventory in memory, and what MSI's shop system would remember
-- beside it (product types, raw stock options, the stock of each order, the websites).
--
-- Every call into the engine goes through `call`, which turns each way of failing into one shape:
-- { code, message, errors }. A raised error has the code RAISED, so that misuse by this runner or a
-- crash of the engine fails one case and not the run.

local M = {}
M.__index = M

local function failure(code, message, detail)
  return {
    code = tostring(code),
    message = tostring(message),
    errors = type(detail) == "table" and detail.errors or {},
  }
end

--- Opens a shop that behaves like MSI. `qm` is the engine.
function M.open(qm)
  local inv, message = qm.open{ path = ":memory:", shared_sources = "independent" }
  if inv == nil then error("the inventory does not open: " .. tostring(message), 0) end
  local world = setmetatable({
    qm = qm, inv = inv, serial = 0,
    types = {}, options = {}, orders = {}, websites = {},
  }, M)
  local _, problem = world:call("policies.activate", "magento")
  if problem then error("the policy magento does not activate: " .. problem.message, 0) end
  return world
end

function M:close()
  self.inv:close()
end

--- A document id that no other call of this shop uses.
function M:fresh(kind)
  self.serial = self.serial + 1
  return kind .. "-" .. self.serial
end

--- Calls `path`, such as "place" or "stocks.save". Returns the value, or nil and a failure;
--- third, the cursor of a page.
function M:call(path, ...)
  local group, method = path:match("^(%w+)%.([%w_]+)$")
  local object = self.inv
  if group then object = object[group] end
  method = method or path
  local ok, value, message, code, detail = pcall(function(...)
    return object[method](object, ...)
  end, ...)
  if not ok then return nil, failure("RAISED", path .. " raised: " .. tostring(value)) end
  if value == nil then return nil, failure(code, message, detail) end
  return value, nil, message
end

--- All rows of a paged list, or nil and a failure.
function M:rows(path, filter)
  local all, request = {}, {}
  for key, value in pairs(filter) do request[key] = value end
  repeat
    local page, problem, cursor = self:call(path, request)
    if page == nil then return nil, problem end
    for _, row in ipairs(page) do all[#all + 1] = row end
    if cursor ~= nil and cursor == request.after then
      return nil, failure("RAISED", path .. " returned the same cursor twice")
    end
    request.after = cursor
  until cursor == nil
  return all
end

return M
