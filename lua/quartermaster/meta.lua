---@meta quartermaster
-- The one description of the public API, with the parts in meta/. Editors read it; the README table
-- is generated from it (`make docs`), and `make lint` fails when the code and it drift apart.
--
-- Quantities: integers, decimal strings ("2.5") or floats with at most four decimals; they are
-- exact to 1/10000 and at most 10^11 in size. Times: whole seconds since 1970.
-- Misuse (a wrong Lua type, an unknown key, a closed handle) raises. Everything else that can go
-- wrong returns `nil, message, code, detail` and has changed nothing; the codes are in
-- `quartermaster.errors`. `detail.errors` lists every problem found, each with its `field`,
-- `line`, `sku`, and the code MSI clients expect under `magento`.

---@alias qm.Qty integer|number|string

---@class qm.Problem one entry of `detail.errors`
---@field code string the engine's code for this problem
---@field message string a sentence for people
---@field magento? string the code (or for validations the text) that MSI clients know
---@field field? string the key of the request that is wrong
---@field index? integer position in the caller's list
---@field path? string of a part of that entry: "selections[1]", "children[2]", "options[1].selections[3]"
---@field line? integer the order's line number; for other lists the position as well
---@field subject? string what the message names, when it is no SKU
---@field sku? string
---@field source? string
---@field order? string in a list of what is about several orders
---@field requested? number
---@field available? number what would have been accepted

---@class qm.Where exactly one of the two
---@field stock? integer a stock id
---@field channel? string|qm.Channel a website code, or a channel

---@class qm.Channel
---@field type? string default "website"
---@field code string

---@class qm.ShopSettings : qm.Settings the whole shop's: besides the defaults of products, what no product has a value of its own for
---@field b2b_default_only? boolean default true: products marked b2b are kept at the default source only
---@field reservations? boolean default true; false: another system reserves, orders are checked and shipped as with reserve_stock = false
---@field holds? boolean default true; false: `hold` and `extend` are DISABLED
---@field source_selection? boolean default true; false: `select` is DISABLED, shipments name their sources
---@field import_export? boolean default true; false: `import` is DISABLED

---@class qm.Settings product, or shop-wide through `inv.settings`. `quartermaster.inherit` clears a product's own value
---@field manage_stock? boolean default true; false: always salable where assigned, nothing counted
---@field reserve_stock? boolean default true; false: orders reserve nothing, shipping still deducts
---@field backorders? "no"|"allow"|"notify" default "no"
---@field out_of_stock_threshold? qm.Qty default 0; with backorders a negative value is the limit
---@field out_of_stock_share? qm.Qty default 0; share of the on-hand quantity kept back, 0 to 1
---@field notify_below? qm.Qty default unset (policy `magento`: 1)
---@field min_sale_qty? qm.Qty|table<string, qm.Qty> default 1; may be a map customer group -> quantity with the key "all"
---@field max_sale_qty? qm.Qty default 10000; 0: no limit
---@field enable_qty_increments? boolean default false
---@field qty_increments? qm.Qty default 1; only while enable_qty_increments is true
---@field decimal_qty? boolean default false; may fractions be ordered

---@class quartermaster
---@field _VERSION string
---@field inherit lightuserdata clears a product's own setting, see `products:save`
---@field errors table<string, { message: string, transient: boolean }> every code, documented in order of precedence
---@field options table<string, string[]> the keys each call accepts
local quartermaster = {}

---@class qm.ListOptions
---@field force? boolean take goods although they are promised

---@class qm.OpenOptions
---@field path string a file, created when missing (unless create = false), or ":memory:"
---@field create? boolean default true
---@field readonly? boolean default false
---@field durability? "full"|"normal" default "full": survives power loss; "normal" may lose the last moments
---@field quantities? "number"|"string" how quantities are returned (settings stay numbers), default "number"
---@field clock? fun(): integer the time in seconds; default the system's clock
---@field busy_timeout? number seconds to wait for another writer, default 5
---@field max_pages? integer upper limit of the file in pages of 4096 bytes
---@field shared_sources? "independent" several stocks that draw on one source do not see each other's promises, and nothing is refused as PROMISED (MSI's behaviour); stored in the file

---Opens (and creates) a shop's inventory file.
---@param options qm.OpenOptions
---@return qm.Inventory|nil, string?, string?, table?
function quartermaster.open(options) end

---@class qm.Inventory
---@field sources qm.Sources
---@field stocks qm.Stocks
---@field channels qm.Channels
---@field products qm.Products
---@field items qm.Items
---@field settings qm.GlobalSettings
---@field policies qm.Policies
---@field orders qm.Orders
---@field holds qm.Holds
---@field places qm.Places
local Inventory = {}

---Closes the file. Calling it again is fine; every other call on a closed handle raises.
function Inventory:close() end

---What is open: path, schema version, SQLite version, durability, shared_sources, policy.
---@return table
function Inventory:info() end

---What may be promised of a product: on hand - claimed - reserved - floor; 0 when the product is not salable.
---@param sku string
---@param where qm.Where
---@return number|nil, string?, string?, table?
function Inventory:salable_qty(sku, where) end

---May any quantity at all be sold now? Products made of others answer from their parts; nothing else can be asked of them.
---@param sku string
---@param where qm.Where
---@return boolean|nil, string?, string?, table?
function Inventory:is_salable(sku, where) end

---May this quantity be sold? The check that `place` makes, without placing.
---@param sku string
---@param where { stock: integer?, channel: string|qm.Channel?, customer_group: string? }
---@param qty qm.Qty
---@return true|nil, string?, string?, table?
function Inventory:can_sell(sku, where, qty) end

---@class qm.Salable
---@field qty number
---@field salable boolean
---@field managed boolean false: stock is not counted for this product
---@field unlimited boolean true: backorders without limit

---Salable quantities of a whole listing page in one read. Every SKU gets an entry; unknown ones are not salable.
---@param request { stock: integer?, channel: string|qm.Channel?, skus: string[] }
---@return table<string, qm.Salable>|nil, string?, string?, table?
function Inventory:salable(request) end

---@class qm.Position
---@field sku string
---@field stock integer
---@field on_hand number
---@field reserved number firm + backordered + allocated + adopted
---@field firm number part of reserved: promised and covered by goods, live holds included
---@field held number part of firm and backordered: live holds of carts
---@field allocated number part of reserved
---@field backordered number part of reserved: promised beyond what was there
---@field adopted number part of reserved: taken over from another system
---@field claimed number of on_hand, what other stocks that share its sources have promised
---@field over_promised number what is promised beyond the goods and the limit of backorders
---@field floor number
---@field salable number
---@field is_salable boolean
---@field assigned boolean does a source of the stock, enabled or not, list the product?
---@field in_stock boolean does an enabled source of the stock have it in stock, whatever the quantity?
---@field managed boolean
---@field backorders "no"|"allow"|"notify"
---@field unlimited boolean
---@field sources { source: string, qty: number, status: string, enabled: boolean, priority: integer, allocated: number, notify_below: number? }[]

---The whole story of one product in one stock.
---@param request { sku: string, stock: integer?, channel: string|qm.Channel? }
---@return qm.Position|nil, string?, string?, table?
function Inventory:position(request) end

---A page of what is promised beyond the goods and the limit of backorders, and the next cursor: what counts, damage
---and forced changes have taken away from promises.
---@param filter? { stock: integer?, channel: string|qm.Channel?, after: integer?, limit: integer? }
---@return { sku: string, stock: integer, qty: number, on_hand: number, reserved: number, claimed: number }[]|nil, integer|string|nil, string?, table?
function Inventory:oversold(filter) end
---How much of a quantity would have to wait for goods, and whether customers are to be told of it
---(`backorders = "notify"`). 0 while backorders are off or stock is not managed; `can_sell` says
---whether the quantity may be sold at all.
---@param sku string
---@param where qm.Where
---@param qty qm.Qty
---@return number|nil waiting, boolean|string|nil, string?, table?
function Inventory:backorder_qty(sku, where, qty) end

---@class qm.Waiting
---@field order string
---@field line integer
---@field sku string
---@field stock integer
---@field qty number units that wait for goods
---@field ordered number
---@field time integer when the order was placed

---A page of the order lines that wait for goods, oldest first, and the cursor of the next page. In this order they are
---served when goods arrive. A page may have fewer rows than its limit, even none: the last one has no cursor.
---@param filter? { sku: string?, stock: integer?, channel: string|qm.Channel?, after: integer?, limit: integer? }
---@return qm.Waiting[]|nil, integer|string|nil, string?, table?
function Inventory:waiting(filter) end

---@class qm.OrderRequest
---@field id string the caller's order id, at most 64 bytes; sending it again replays the first answer
---@field hold? string a hold that the order takes over; without `lines`, all that is left of it
---@field stock? integer
---@field channel? string|qm.Channel
---@field lines qm.OrderLine[] composites become a line of their own and one for each part, numbered after the highest
---@field customer_group? string
---@field destination? qm.Destination

---@class qm.Answer
---@field id string
---@field order string
---@field lines { line: integer, parent: integer?, sku: string, qty: number, source: string?, backordered: number? }[]
---@field replayed? boolean true when this id was answered before, or done by a process that was killed before it told

---Places an order: checks every line and reserves, all or nothing.
---@param order qm.OrderRequest
---@return qm.Answer|nil, string?, string?, table?
function Inventory:place(order) end

---Releases open units. Without lines: everything that may still be cancelled.
---@param request { id: string, order: string, lines: { line: integer?, sku: string?, qty: qm.Qty }[]? }
---@return qm.Answer|nil, string?, string?, table?
function Inventory:cancel(request) end

---Ships units from sources: by a plan of `select`, or line by line. One document may draw on several sources.
---Units that the line has allocated at the source go first, then those not allocated, then its newest allocations elsewhere.
---@param request { id: string, order: string, plan: qm.Plan?, source: string?, force: boolean?, lines: { line: integer?, sku: string?, qty: qm.Qty, source: string? }[]? }
---@return qm.Answer|nil, string?, string?, table?
function Inventory:ship(request) end

---Records an invoice. Virtual and downloadable lines are delivered by it: deducted from the named source, else by priority.
---@param request { id: string, order: string, force: boolean?, lines: { line: integer?, sku: string?, qty: qm.Qty, source: string? }[]? }
---@return qm.Answer|nil, string?, string?, table?
function Inventory:invoice(request) end

---Refunds units. What was never delivered is released (or written off); what was delivered may come back.
---@param request { id: string, order: string, force: boolean?, lines: { line: integer?, sku: string?, qty: qm.Qty, return_to_stock: boolean?, return_to: string?, write_off: boolean? }[] }
---@return qm.Answer|nil, string?, string?, table?
function Inventory:refund(request) end

---Delivered goods come back, with or without a refund.
---@param request { id: string, order: string, lines: { line: integer?, sku: string?, qty: qm.Qty, to: string? }[] }
---@return qm.Answer|nil, string?, string?, table?
function Inventory:return_goods(request) end

---Claims goods at sources for open units, by a plan of `select` or line by line: nobody else can take them. The units stay
---reserved, no more and no less. A plan's picks of products that reserve nothing are passed over.
---@param request { id: string, order: string, plan: qm.Plan?, force: boolean?, lines: { line: integer?, sku: string?, qty: qm.Qty, source: string }[]? }
---@return qm.Answer|nil, string?, string?, table?
function Inventory:allocate(request) end

---Moves allocated units to another source; without `to` they are no longer allocated, without `from` it takes the newest.
---@param request { id: string, order: string, force: boolean?, lines: { line: integer?, sku: string?, qty: qm.Qty, from: string?, to: string? }[] }
---@return qm.Answer|nil, string?, string?, table?
function Inventory:reassign(request) end

---@class qm.Outcome
---@field ok boolean
---@field result? qm.Answer
---@field message? string
---@field code? string
---@field detail? table

---Runs independent operations with one durable commit. Each element is the request of its call plus
---`op` = "place", "cancel", "ship", "invoice", "refund", "return_goods", "allocate", "reassign",
---"hold", "extend" or "release". A refused one changes nothing and stops no other.
---@param ops table[]
---@return qm.Outcome[]|nil, string?, string?, table?
function Inventory:batch(ops) end

---@class qm.LedgerRow
---@field seq integer
---@field time integer
---@field event string order_placed, order_canceled, shipment_created, invoice_created, creditmemo_created, goods_returned, units_allocated, allocation_moved, quantity_set, quantity_adjusted, reservation_adopted, order_adopted (`note` names the counter that `qty` is of), manual_compensation, ledger_compacted, oversold, ...
---@field document? string the caller's id
---@field order? string the order it is about
---@field hold? string the hold it is about
---@field line? integer
---@field sku? string
---@field stock? integer
---@field source? string
---@field reserved number change of the reservation: negative takes, positive releases
---@field moved number change of the quantity at `source`
---@field qty number units of an order line that the event is about
---@field note? string of allocation_moved: the source that the units went to

---A page of the reservation rows, oldest first, and the cursor of the next page (nil at the end).
---@param filter? { sku: string?, stock: integer?, channel: string|qm.Channel?, after: integer?, limit: integer? }
---@return qm.LedgerRow[]|nil, integer|string|nil, string?, table?
function Inventory:reservations(filter) end

---A page of the whole ledger (reservations, movements, events), oldest first, and the next cursor.
---@param filter? { after: integer?, limit: integer? }
---@return qm.LedgerRow[]|nil, integer|string|nil, string?, table?
function Inventory:events(filter) end

---Recomputes every balance and quantity from the ledger, in constant memory, and checks the file itself.
---@return { ok: boolean, products: integer, balances: integer, orders: integer, ledger: integer, problems: { what: string, sku: string?, stock: integer?, source: string?, order: string?, expected: number?, found: number? }[] }|nil, string?, string?, table?
function Inventory:verify() end

---Copies the whole inventory, as it is at one moment, into a new file, while others go on writing.
---The copy is whole and on disk when the call returns, or there is none. CONFLICT if the file exists, NOT_FOUND if its directory does not.
---@param path string
---@return true|nil, string?, string?, table?
function Inventory:backup(path) end

---Reads a CSV file, adding and updating; constant memory. Bad rows are reported with their line and skipped.
---When reading ends early (malformed CSV, a full disk), the rows before it are saved and `detail` counts them.
---@param request { entity: "sources"|"stocks"|"products"|"stock_sources", file: string, progress: fun(rows: integer)? }
---@return { rows: integer, saved: integer, failed: integer, errors: { line: integer, message: string, code: string }[] }|nil, string?, string?, table?
function Inventory:import(request) end

---@class qm.Source
---@field code string at most 255 bytes, no white space; never changes
---@field name string unique
---@field country string two letters
---@field postcode string
---@field enabled? boolean default true
---@field description? string
---@field region? string
---@field region_id? integer
---@field city? string
---@field street? string
---@field contact_name? string
---@field email? string
---@field phone? string
---@field fax? string
---@field latitude? number -90 to 90; 0 is a latitude; once known it can be changed, not taken away
---@field longitude? number -180 to 180
---@field pickup? boolean in-store pickup location: needs city, street and phone
---@field frontend_name? string
---@field frontend_description? string
---@field force? boolean disable it although promises rest on it
---@field carrier_links? table always refused, as in MSI: carriers are configured globally

---@class qm.Sources
local Sources = {}
---Creates or changes a source; absent keys stay as they are. Sources are never deleted, only disabled.
---@param source qm.Source
---@return string|nil code, string?, string?, table?
function Sources:save(source) end
---One source by its code.
---@param code string
---@return qm.Source|nil, string?, string?, table?
function Sources:get(code) end
---A page of sources by code, and the next cursor. With `stock`: that stock's sources by priority, disabled ones included, each with `priority`.
---@param filter? { stock: integer?, after: string?, limit: integer? }
---@return qm.Source[]|nil, string?, string?, table?
function Sources:list(filter) end
---Single-source mode: fewer than two sources are enabled.
---@return boolean
function Sources:single() end

---@class qm.Stock
---@field id? integer absent: a new stock
---@field name string
---@field channels? (string|qm.Channel)[] replaces the set; absent: unchanged
---@field sources? { code: string, priority: integer }[] replaces the set; absent: unchanged
---@field force? boolean drop links although promises rest on them

---@class qm.Stocks
local Stocks = {}
---Creates or changes a stock; absent keys stay as they are. A channel that is dropped falls back to the default stock.
---@param stock qm.Stock
---@return integer|nil id, string?, string?, table?
function Stocks:save(stock) end
---One stock with its channels and its links.
---@param id integer
---@return qm.Stock|nil, string?, string?, table?
function Stocks:get(id) end
---A page of stocks by id, and the next cursor.
---@param filter? { after: integer?, limit: integer? }
---@return qm.Stock[]|nil, integer|string|nil, string?, table?
function Stocks:list(filter) end
---Deletes a stock that has no channels and no open promises.
---@param id integer
---@return true|nil, string?, string?, table?
function Stocks:delete(id) end
---Links sources to stocks, or changes their priority (smaller is preferred). Refused with PROMISED when promises of the
---stock that lack goods would take them from other stocks' promises, unless forced.
---@param links { stock: integer, source: string, priority: integer }[]
---@param options? qm.ListOptions
---@return integer|nil saved, string?, string?, table?
function Stocks:link(links, options) end
---Takes sources out of stocks; links that are not there are fine. Refused with PROMISED when promises rest on them, unless forced.
---@param links { stock: integer, source: string }[]
---@param options? qm.ListOptions
---@return integer|nil removed, string?, string?, table?
function Stocks:unlink(links, options) end
---The stock of a channel.
---@param channel string|qm.Channel
---@return integer|nil id, string?, string?, table?
function Stocks:resolve(channel) end

---@class qm.Channels
local Channels = {}
---A page of channels with the stock each sells from, all or one stock's, and the next cursor.
---@param filter? { stock: integer?, after: qm.Channel?, limit: integer? }
---@return { type: string, code: string, stock: integer }[]|nil, qm.Channel|string|nil, string?, table?
function Channels:list(filter) end
---Gives a channel another code; its stock stays, and orders keep the code they came through. The website `admin` is PROTECTED.
---@param request { from: string|qm.Channel, to: string }
---@return true|nil, string?, string?, table?
function Channels:rename(request) end
---Deletes a channel: nothing is sold through it any more, and its orders go on in their stock.
---@param channel string|qm.Channel
---@return true|nil, string?, string?, table?
function Channels:delete(channel) end

---@class qm.Product
---@field sku string 1 to 255 bytes, compared exactly
---@field type? "simple"|"virtual"|"downloadable"|"configurable"|"grouped"|"bundle" default "simple"
---@field settings? qm.Settings own values; absent keys stay, `quartermaster.inherit` clears
---@field b2b? boolean default false; for businesses: at the default source only, see the shop-wide setting b2b_default_only
---@field assign_default? boolean default true: a stock-managed product without any source item gets one at the default source (0, out of stock)

---@class qm.Products
local Products = {}
---Saves one product or a list of them, all or nothing. The parts of a composite may come in the same call; one whose type changes forgets them.
---@param product qm.Product|qm.Product[]
---@return integer|nil saved, string?, string?, table?
function Products:save(product) end
---Gives a product another SKU; items, orders and the ledger follow, and the old SKU is free. Works on stored SKUs that could not be saved today.
---@param sku string
---@param to string
---@return true|nil, string?, string?, table?
function Products:rename(sku, to) end
---Deletes products with their source items, all or nothing; refused with IN_USE while units are open in orders, unless forced.
---Open units of a deleted product can be cancelled and refunded, not shipped; what comes back of it is counted in its order, at no source.
---@param skus string|string[]
---@param options? qm.ListOptions
---@return integer|nil deleted, string?, string?, table?
function Products:delete(skus, options) end
---The product with its own and its effective settings, and what it is made of; `declared` is false for a SKU only known from source items.
---@param sku string
---@return table|nil, string?, string?, table?
function Products:get(sku) end
---A page of products in the order they were made, and the next cursor.
---@param filter? { after: integer?, limit: integer? }
---@return table[]|nil, integer|string|nil, string?, table?
function Products:list(filter) end

---@class qm.Item
---@field sku string
---@field source? string default: the default source
---@field qty qm.Qty
---@field status? "in_stock"|"out_of_stock" default: unchanged; "in_stock" when new or so far only assigned by default
---@field notify_below? qm.Qty|lightuserdata low-stock threshold here; `quartermaster.inherit` clears it
---@field expected? qm.Qty compare-and-set: refused with CONFLICT unless this is the quantity now

---@class qm.Items
local Items = {}
---Sets source items to absolute quantities, one or a list, all or nothing. A quantity is a fact and always accepted; taking promised goods out of stock by `status` is refused with PROMISED unless forced.
---@param items qm.Item|qm.Item[]
---@param options? qm.ListOptions
---@return integer|nil saved, string?, string?, table?
function Items:save(items, options) end
---One source item; without a source, that of the default source.
---@param key { sku: string, source: string? }
---@return qm.Item|nil, string?, string?, table?
function Items:get(key) end
---A page of source items, of one SKU, one source, or all.
---@param filter? { sku: string?, source: string?, after: integer?, limit: integer? }
---@return qm.Item[]|nil, integer|string|nil, string?, table?
function Items:list(filter) end
---Removes source items; missing ones are fine. Refused with PROMISED when promises rest on them, unless forced.
---@param items { sku: string, source: string? }|{ sku: string, source: string? }[]
---@param options? qm.ListOptions
---@return integer|nil removed, string?, string?, table?
function Items:delete(items, options) end
---Adds to (or takes from) quantities, idempotent by id. `least`: refused with NOT_ENOUGH if less than that would be left.
---@param request { id: string, reason: string?, lines: { sku: string, source: string?, delta: qm.Qty, least: qm.Qty? }[] }
---@return qm.Answer|nil, string?, string?, table?
function Items:adjust(request) end

---@class qm.GlobalSettings
local GlobalSettings = {}
---The shop-wide settings in force, or one of them.
---@param name? string
---@return qm.ShopSettings|any
function GlobalSettings:get(name) end
---Changes shop-wide settings; every product's numbers follow in the same commit. `quartermaster.inherit` restores the built-in default.
---Switching b2b_default_only on changes nothing that is there; a second result lists the source items that break the rule.
---@param settings qm.ShopSettings
---@return true|nil, { sku: string, source: string, qty: number }[]|string|nil, string?, table?
function GlobalSettings:set(settings) end

---@class qm.Policies
local Policies = {}
---Switches the policy script that turns settings into numbers: "default" or "magento".
---@param name string
---@return true|nil, string?, string?, table?
function Policies:activate(name) end
---The policies there are, and which is active.
---@return { name: string, active: boolean }[]
function Policies:list() end

---@class qm.Orders
local Orders = {}
---An order with its lines, their counters, and what each has allocated: `allocations`, a list of { source, qty }, newest first.
---A line's `kind` is "goods", "virtual", or of a composite "bundle" (it moves with its parts, whose `parent` it is) or "parent" (its parts move on their own; it counts nothing itself).
---@param id string
---@return table|nil, string?, string?, table?
function Orders:get(id) end

return quartermaster
