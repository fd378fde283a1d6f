---@meta quartermaster
-- The part of meta.lua about goods held for carts.

---@class qm.Inventory
local Inventory = {}

---@class qm.HoldAnswer
---@field id string
---@field hold string
---@field expires? integer the second at which it ends
---@field lines { line: integer, sku: string, qty: number, backordered: number?, parent: integer? }[]
---@field replayed? boolean

---Holds goods for a cart: the checks and the promise of `place`, until `ttl` seconds have passed. Holds end by
---themselves, to the second. `place{ hold = ... }` makes an order of one; after its end too, if there still is enough.
---@param request { id: string, stock: integer?, channel: string|qm.Channel?, ttl: integer, customer_group: string?, lines: table[] }
---@return qm.HoldAnswer|nil, string?, string?, table?
function Inventory:hold(request) end

---Lets a hold end `ttl` seconds from now instead. EXPIRED when it has ended.
---@param request { id: string, hold: string, ttl: integer }
---@return qm.HoldAnswer|nil, string?, string?, table?
function Inventory:extend(request) end

---Gives up what a hold has, or some of it. EXPIRED when it has ended.
---@param request { id: string, hold: string, lines: { line: integer?, sku: string?, qty: qm.Qty }[]? }
---@return qm.HoldAnswer|nil, string?, string?, table?
function Inventory:release(request) end

---@class qm.Holds
local Holds = {}
---A hold with what it still has, when it expires, and whether it is live.
---@param id string
---@return table|nil, string?, string?, table?
function Holds:get(id) end
