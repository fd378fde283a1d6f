---@meta quartermaster
-- The part of meta.lua about taking over from another system and the care of the ledger.

---@class qm.Inventory
local Inventory = {}

---@class qm.AdoptedLine what a line had come to: counters that are absent are 0
---@field sku string
---@field qty qm.Qty ordered
---@field line? integer default 1, 2, ...
---@field cancelled? qm.Qty
---@field invoiced? qm.Qty what is virtual or downloadable was delivered by it
---@field shipped? qm.Qty
---@field refunded? qm.Qty
---@field released? qm.Qty part of refunded that was never delivered; default what was invoiced, and not delivered
---@field returned? qm.Qty
---@field source? string where shipped units left from, for returns; default the stock's best source

---@class qm.AdoptRequest at least one of orders, reservations and open
---@field id string
---@field orders? { id: string, stock: integer?, channel: string|qm.Channel?, lines: qm.AdoptedLine[] }[] each has an id of its own: again it is passed over, with other content refused. No goods move; without `reservations` open units are reserved
---@field reservations? { sku: string, qty: qm.Qty, stock: integer?, channel: string|qm.Channel?, order: string?, note: string? }[] given, even empty, these are what is promised; negative takes, positive releases
---@field open? boolean true: this shop's open lines that were placed while reservations were off are reserved as well, where they are on by now

---Takes over orders and promises of another system as facts, however much they promise; what that is too much is reported under `over_promised`.
---An adopted order is an order like any other from then on. The answer counts `orders` that were adopted, those `known` before, lines
---that were `opened`, reservations that were `taken` and, being of what is not counted, `skipped`.
---@param request qm.AdoptRequest
---@return { id: string, orders: integer?, known: integer?, opened: integer?, taken: integer, skipped: integer, over_promised: { sku: string, stock: integer, qty: number }[], replayed: boolean? }|nil, string?, string?, table?
function Inventory:adopt(request) end

---A page of what does not fit: adopted reservations of an order that are not what is open of it; and the cursor of the next page.
---`qty` is positive where reservations are missing, negative where there are too many; `state` is the order's:
---"open", "closed", or "unknown" when only its reservations were adopted.
---@param filter? { after: string?, limit: integer? }
---@return { order: string, sku: string, stock: integer, qty: number, state: "open"|"closed"|"unknown" }[]|nil, string?, string?, table?
function Inventory:inconsistencies(filter) end

---Settles inconsistencies: appends a row of `qty` under each order (minus the quantity that `inconsistencies` says).
---Refused when it goes past what is left over, unless `force`; `dry_run` answers the same and appends nothing.
---@param request { id: string, lines: { order: string, sku: string, qty: qm.Qty, stock: integer?, channel: string|qm.Channel? }[], dry_run: boolean?, force: boolean? }
---@return { id: string, lines: { order: string, sku: string, stock: integer, qty: number }[], over_promised: { sku: string, stock: integer, qty: number }[], dry_run: boolean?, replayed: boolean? }|nil, string?, string?, table?
function Inventory:compensate(request) end

---Makes one ledger row for each product and source of what is told about finished orders: all lines closed, nothing reserved.
---A call does up to `limit` orders (default 1000, at most 10000), the oldest ones, and says how many are left. Orders with
---an inconsistency, or with a row as young as `before` (default: none is), are left alone. Every sum stays: reserved by order,
---stock and product, moved by product and source. For `events`: a sum takes the place of the first row it is made of, so who
---has read that row does not meet it again; keep `before` earlier than what the slowest reader has read, and it meets none.
---@param request? { before: integer?, limit: integer?, dry_run: boolean? }
---@return { orders: integer, rows: integer, left: integer, dry_run: boolean? }|nil rows: how many are gone, string?, string?, table?
function Inventory:compact(request) end
