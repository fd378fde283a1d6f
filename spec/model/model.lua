-- model.lua: the naive reference model of the whole engine: lists and sums. It keeps what was said,
-- no balances; every answer is worked out anew. `apply` takes one call, as a list of its name and
-- its arguments, and answers as the engine must.

local guard = require "model.guard"
local promises = require "model.promises"
local request_of = require "model.request"
local shop_of = require "model.shop"
local text = require "model.text"

local _M = {}

-- The calls that carry the caller's id, by the kind of document they leave: an id is answered once.
local DOCUMENTS = { place = "order", cancel = "cancel", ship = "ship", invoice = "invoice",
  refund = "refund", return_goods = "return", adopt = "adopt", ["items:adjust"] = "adjust",
  allocate = "allocate", reassign = "reassign", hold = "hold", extend = "extend",
  release = "release", compensate = "compensate" }

_M.DOCUMENTS = DOCUMENTS

local calls, reads = {}, {}
local function add(acts, to)
  for name, act in pairs(acts) do to[name] = act end
end

add(require "model.catalogue", calls)
add(require "model.items", calls)
add(require("model.orders").events, calls)
add(require("model.holds").calls, calls)
add(require "model.care", calls)
reads.inconsistencies, calls.inconsistencies = calls.inconsistencies, nil
add(require "model.reads", reads)
add(require "model.selection", reads)

function _M.new(options, has)
  return { shop = shop_of.new(options), has = has }
end

-- What was answered to this id before: the same again, or a refusal if the request is another one.
local function replay(shop, name, given)
  local known = shop.documents[DOCUMENTS[name] .. " " .. given.id]
  if not known then return nil end
  if known.request ~= text.of(given) then return { codes = { "CONFLICT" } } end
  local again = {}
  for key, value in pairs(known.answer) do again[key] = value end
  again.replayed = true
  return { codes = {}, answer = again, shop = shop }
end

local function remember(request, name, given)
  local shop = request.shop
  shop.document = request.last_document
  shop.documents[DOCUMENTS[name] .. " " .. given.id] =
    { request = text.of(given), answer = request.answer }
end

local function run(model, name, command)
  local act = calls[name] or reads[name]
  if not act then error("the model does not know the call " .. name, 0) end
  local request = request_of.new(model.shop, model.has, reads[name])
  request_of.try(request, act, request, (table.unpack or unpack)(command, 2))
  return request
end

-- One call; a single record stands for a list of one where lists are taken.
local LISTS = { ["items:save"] = true, ["items:delete"] = true, ["products:save"] = true,
  ["stocks:link"] = true, ["stocks:unlink"] = true }

local function as_list(name, command)
  if not LISTS[name] or command[2][1] or next(command[2]) == nil then return command end
  return { name, { command[2] }, command[3] }
end

-- Does one call. The model has changed afterwards unless it was refused. Returns
-- { codes, answer, oversold }: no codes when it was accepted; `oversold` is what the ledger must
-- say of promises that have lost their goods.
function _M.call(model, command)
  local name, given = command[1], command[2]
  local known = DOCUMENTS[name] and replay(model.shop, name, given)
  if known then return known end
  local request = run(model, name, as_list(name, command))
  if #request.codes > 0 then return { codes = request.codes } end
  if request.dry_run then
    request.answer.id = given.id
    return { codes = {}, answer = request.answer }
  end
  if not reads[name] then
    if DOCUMENTS[name] then
      remember(request, name, given)
      request.answer.id = given.id
    end
    promises.settle(request.shop)
    guard.close_facts(request)
    model.shop = request.shop
  end
  return { codes = {}, answer = request.answer, oversold = request.oversold }
end

-- Operations with outcomes of their own.
function _M.batch(model, ops)
  local outcomes, oversold = {}, {}
  for i, op in ipairs(ops) do
    local given = {}
    for key, value in pairs(op) do
      if key ~= "op" then given[key] = value end
    end
    outcomes[i] = _M.call(model, { op.op, given })
    for _, row in ipairs(outcomes[i].oversold or {}) do oversold[#oversold + 1] = row end
  end
  return { codes = {}, answer = { outcomes = outcomes }, oversold = oversold }
end

function _M.apply(model, command)
  if command[1] == "batch" then return _M.batch(model, command[2]) end
  return _M.call(model, command)
end

return _M
