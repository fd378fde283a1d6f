-- Rules: running the policy script over settings and stocks, outside any transaction, and writing
-- what it said under the generation it was worked out for. Four things need it: a new set of own
-- settings, a new stock, new shop-wide settings, and another policy.

local core = require "quartermaster.core"
local settings = require "quartermaster.settings"

local _M = {}

local ATTEMPTS = 20
local SHIPPED = { default = true, magento = true }

local function read_source(name)
  local path, tried = package.searchpath("quartermaster.policy." .. name, package.path)
  if not path then
    error("the policy script " .. name .. " is not installed" .. tried, 0)
  end
  local file = assert(io.open(path, "rb"))
  local source = file:read("*a")
  file:close()
  return source
end


-- The shop as it is now: generation, policy, shop-wide settings.
function _M.shop(inv)
  local rows, message, code, detail = core.read(inv.store, "SHOP")
  if not rows then
    return nil, message, code, detail
  end
  local shop = rows[1]
  rows, message, code, detail = core.read(inv.store, "SETTINGS")
  if not rows then
    return nil, message, code, detail
  end
  shop.settings = settings.from_rows(rows)
  return shop
end


-- The compiled script of a policy's text; compiled once per handle. `hash` is what is stored of a
-- text that comes from the file.
function _M.script(inv, name, source, hash)
  if inv.script_source == source then
    return inv.script
  end
  if hash and core.sha256(source) ~= hash then
    return nil, "the file is damaged: its policy script is not what was saved", "CORRUPT"
  end
  local script, message, code, detail = core.script(name, source)
  if script then
    inv.script, inv.script_source = script, source
  end
  return script, message, code, detail
end


-- The script of the policy in force.
local function current_script(inv, shop)
  if not shop.policy then
    return nil, "the file is damaged: it has no policy", "CORRUPT"
  end
  return _M.script(inv, shop.policy, shop.policy_source, shop.policy_hash)
end


local function all_rows(inv, query)
  local all, after = {}, 0
  while true do
    local rows, message, code, detail = core.read(inv.store, query, after, core.limits.page)
    if not rows then
      return nil, message, code, detail
    end
    for _, row in ipairs(rows) do
      all[#all + 1] = row
      after = row.id
    end
    if #rows < core.limits.page then
      return all
    end
  end
end


local function stock_facts(row)
  return { id = row.id, name = row.name or "", default = row.id == 1 }
end


-- Every pair of the owns (nil: all of them) and the stocks (nil: all). An own is { id, settings }.
local function evaluate(inv, script, owns, stocks, shop_settings)
  local message, code, detail
  if not stocks then
    stocks, message, code, detail = all_rows(inv, "ALL_STOCKS")
    if not stocks then
      return nil, message, code, detail
    end
  end
  if not owns then
    owns, message, code, detail = all_rows(inv, "OWNS")
    if not owns then
      return nil, message, code, detail
    end
  end
  local rules = {}
  for _, own in ipairs(owns) do
    local effective = settings.effective(settings.from_text(own.settings), shop_settings)
    for _, stock in ipairs(stocks) do
      local facts = stock_facts(stock)
      local rule
      rule, message, code, detail = settings.rule(script, own.id, facts, effective)
      if not rule then
        return nil, message, code, detail
      end
      if stock.new then
        rule.stock = 0
      end
      rules[#rules + 1] = rule
    end
  end
  return rules
end


-- Runs attempt(shop) until what it writes is not out of date: another process may have changed
-- settings, stocks or the policy in between.
local function until_current(inv, attempt)
  local result, message, code, detail
  for _ = 1, ATTEMPTS do
    local shop
    shop, message, code, detail = _M.shop(inv)
    if not shop then
      return nil, message, code, detail
    end
    result, message, code, detail = attempt(shop)
    if result ~= nil then
      return result
    end
    if code ~= "STALE" then
      break
    end
  end
  return nil, message, code, detail
end

_M.until_current = until_current


-- ---- the four occasions ----

-- The id of an own-settings text, interned when it is new.
function _M.own_id(inv, text)
  return until_current(inv, function(shop)
    local rows, message, code, detail = core.read(inv.store, "OWN", text)
    if not rows then
      return nil, message, code, detail
    end
    if rows[1] then
      return rows[1].id
    end
    local script, rules
    script, message, code, detail = current_script(inv, shop)
    if not script then
      return nil, message, code, detail
    end
    rules, message, code, detail =
      evaluate(inv, script, { { id = 0, settings = text } }, nil, shop.settings)
    if not rules then
      return nil, message, code, detail
    end
    return core.write(inv.store, "rules",
      { generation = shop.generation, own = text, rules = rules }, inv.clock())
  end)
end


-- The rules of every own-settings text in a stock that is being made; none when it exists.
local function rules_of_new(inv, shop, stock)
  if stock.id then
    local rows, message, code, detail = core.read(inv.store, "STOCK", stock.id)
    if not rows then
      return nil, message, code, detail
    elseif rows[1] then
      return {}
    end
  end
  local script, message, code, detail = current_script(inv, shop)
  if not script then
    return nil, message, code, detail
  end
  return evaluate(inv, script, nil, { { id = stock.id, name = stock.name, new = true } },
    shop.settings)
end


function _M.save_stock(inv, stock)
  return until_current(inv, function(shop)
    local request = {}
    for key, value in pairs(stock) do
      request[key] = value
    end
    request.generation = shop.generation
    local rules, message, code, detail = rules_of_new(inv, shop, stock)
    if not rules then
      return nil, message, code, detail
    end
    request.rules = rules
    return core.write(inv.store, "stock", request, inv.clock())
  end)
end


-- The rows that turn the stored settings into the new ones: a value to put, none to remove.
local function setting_changes(old, new)
  local kept, changes = {}, {}
  for _, row in ipairs(settings.rows(new)) do
    kept[row.name] = true
    changes[#changes + 1] = row
  end
  for _, row in ipairs(settings.rows(old)) do
    if not kept[row.name] then
      changes[#changes + 1] = { name = row.name }
    end
  end
  return changes
end


function _M.change_settings(inv, changes)
  local done, message, code, detail = until_current(inv, function(shop)
    local new = settings.merge(shop.settings, changes)
    local script, text, kind, more = current_script(inv, shop)
    if not script then
      return nil, text, kind, more
    end
    local rules
    rules, text, kind, more = evaluate(inv, script, nil, nil, new)
    if not rules then
      return nil, text, kind, more
    end
    return core.write(inv.store, "rules", {
      generation = shop.generation,
      settings = setting_changes(shop.settings, new),
      rules = rules,
    }, inv.clock())
  end)
  if not done then
    return nil, message, code, detail
  end
  return true
end


function _M.activate(inv, name)
  if not SHIPPED[name] then
    return nil, "there is no policy " .. name, "NOT_FOUND", { errors = { {
      field = "name", code = "NOT_FOUND", message = "there is no policy " .. name,
    } } }
  end
  local source = read_source(name)
  local done, message, code, detail = until_current(inv, function(shop)
    local script, text, kind, more = _M.script(inv, name, source)
    if not script then
      return nil, text, kind, more
    end
    local rules
    rules, text, kind, more = evaluate(inv, script, nil, nil, shop.settings)
    if not rules then
      return nil, text, kind, more
    end
    return core.write(inv.store, "rules", {
      generation = shop.generation,
      policy_name = name,
      policy_hash = core.sha256(source),
      policy_source = source,
      rules = rules,
    }, inv.clock())
  end)
  if not done then
    return nil, message, code, detail
  end
  return true
end


-- ---- verification ----

local COMPARED = {
  "managed", "reserves", "unlimited", "decimal", "exempt", "write_off", "return_priority", "floor",
  "share", "gate", "notify_at", "min_sale", "min_sale_groups", "max_sale", "increments",
}
local BACKORDERS = { [0] = "no", "allow", "notify" }

local function same_rule(stored, rule)
  for _, key in ipairs(COMPARED) do
    if (stored[key] or false) ~= (rule[key] or false) then
      return false
    end
  end
  return BACKORDERS[stored.backorders] == rule.backorders
end


-- The stored rules that are not what the policy says: adds a problem for each to the list.
function _M.verify(inv, problems)
  local shop, message, code, detail = _M.shop(inv)
  if not shop then
    return nil, message, code, detail
  end
  local script
  script, message, code, detail = current_script(inv, shop)
  if not script then
    return nil, message, code, detail
  end
  local rules, stored
  rules, message, code, detail = evaluate(inv, script, nil, nil, shop.settings)
  if not rules then
    return nil, message, code, detail
  end
  stored, message, code, detail = all_rows(inv, "RULES")
  if not stored then
    return nil, message, code, detail
  end
  local by_id = {}
  for _, row in ipairs(stored) do
    by_id[row.id] = row
  end
  for _, rule in ipairs(rules) do
    local row = by_id[rule.own * 65536 + rule.stock]
    if not row or not same_rule(row, rule) then
      problems[#problems + 1] = { what = "rule of the policy", stock = rule.stock }
    end
  end
  return true
end


function _M.names()
  local names = {}
  for name in pairs(SHIPPED) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end


return _M
