---@meta quartermaster
-- The part of meta.lua about products that are made of others: configurable, grouped, bundle.

---@class qm.Option of a bundle
---@field name? string at most 255 bytes, once in a bundle
---@field required? boolean default true
---@field selections? (string|{ sku: string, qty: qm.Qty?, own_qty: boolean? })[] what it offers: so many in one unit (default 1), or as many as the customer says

---@class qm.Product
---@field children? (string|{ sku: string, qty: qm.Qty? })[] of a configurable or grouped product; `qty`: how many a grouped one proposes; absent: unchanged
---@field options? qm.Option[] of a bundle; absent: unchanged
---@field ship_together? boolean of a bundle: it moves as a whole, from one source; default false: its parts move on their own
---@field in_stock? boolean of a composite: false takes it off sale whatever its parts have; default true

---Of a configurable or grouped product any child must be salable; of a bundle each required option must offer something
---of which there is enough for one, and any option at all.
---@class qm.Salable
---@field composite? true made of others: it has no quantity of its own, `salable` follows from its parts

---@class qm.Selection
---@field sku string
---@field qty? qm.Qty for one unit of the whole; default what the option offers
---@field option? string the option's name, where several offer the product; default the first that is left

---@class qm.OrderLine
---@field sku string
---@field qty qm.Qty
---@field line? integer default 1, 2, ...
---@field selections? (string|qm.Selection)[] of a composite: one child of a configurable product, any of a grouped one, of a bundle something from each required option (which is chosen by itself when it offers one thing only)
