---@meta quartermaster
-- The part of meta.lua about source selection.

---@class quartermaster
local quartermaster = {}

---@class qm.Inventory
local Inventory = {}

---@class qm.Destination where goods go; the coordinates come together or not at all, and 0 is one. Without them it is looked up in `inv.places`
---@field country? string
---@field region? string
---@field city? string
---@field postcode? string
---@field latitude? number -90 to 90
---@field longitude? number -180 to 180

---How far two places are from each other: metres along the great circle of a globe of 6371 km, rounded.
---@param from qm.Destination
---@param to qm.Destination
---@return integer|nil metres, string?, string?, table?
function quartermaster.distance(from, to) end

---@class qm.Plan
---@field shippable boolean
---@field algorithm string
---@field order? string
---@field shipments integer number of sources used
---@field distance_km? number of all sources used; only when the destination is on the map and so are they
---@field destination? { latitude: number, longitude: number, by: "coordinates"|"postcode"|"city"|"region" } where it is, when that is known
---@field sources { source: string, distance_km: number? }[] those used, in order of preference
---@field picks { line: integer, sku: string, source: string, qty_to_deduct: number, qty_available: number }[]
---@field short { line: integer, sku: string, qty: number }[]
---@field why { line: integer, source: string, used: boolean, rule: string, detail: string }[] `rule`: priority, distance, fewest, cheapest, untracked, disabled, no_item, out_of_stock, empty, filled, group, whole, not_named, excluded, late, safety, capacity, cost, shipment or left_out
---@field cost? number of the shipments, the units and, at a price, what is missing; when the request has costs, and of `fewest` and `cheapest` always
---@field optimal? boolean `fewest` and `cheapest`: no plan is better, that is proven
---@field bound? number what every plan costs at least; of `fewest`: how many shipments it has
---@field gap? number how much more that is of this plan
---@field steps? integer evaluations of all sources until then

---@class qm.SelectLine
---@field sku string
---@field qty qm.Qty
---@field line? integer default: its position
---@field group? integer lines of the same group ship together: each source gives whole units of it only. A unit is the smallest share in the proportion of the lines' quantities that needs no more decimals than they do: of 4 and 6 it is 2 and 3. The open parts of a bundle in an order are a group, whose unit is one bundle
---@field splittable? boolean default true; false: the line, or its whole group, comes from one source or not at all
---@field costs? table<string, qm.Qty> what a unit of the line costs from a source, instead of what it would cost otherwise

---@class qm.SelectCosts amounts of money, 0 to 10,000,000 with up to four decimals; default 0
---@field shipment? qm.Qty once for a source that sends anything
---@field unit? qm.Qty for each unit
---@field shipment_1000km? qm.Qty more for a shipment, for 1,000 km of its way; a source at an unknown distance is as far as the farthest of the others
---@field unit_1000km? qm.Qty more for each unit

---@class qm.SelectGeneralCosts : qm.SelectCosts
---@field missing? qm.Qty `cheapest`: for each unit that is not sent; without it as much as possible is sent, whatever it costs

---@class qm.SelectTerms : qm.SelectCosts what is different for a source
---@field use? "never"|"anyway" "never": it is not asked; "anyway": a shipment leaves from there whatever is chosen, and its cost counts
---@field safety? qm.Qty of each product, what stays there
---@field capacity? qm.Qty how much may leave from there in all; `fewest` and `cheapest`
---@field transit_days? integer from leaving to arriving, in days of UTC; without it nobody knows, and it is asked
---@field cut_off? string until when on a day goods still leave, such as "16:30" in UTC; default: all day

---@class qm.SelectRequest
---@field order? string the order whose open lines are to leave; what they have allocated is there for them alone
---@field stock? integer without an order: a stock or a channel, and lines
---@field channel? string|qm.Channel
---@field lines? qm.SelectLine[]
---@field algorithm? "priority"|"distance"|"fewest"|"cheapest" default "priority"; "distance": the nearest source first, those at an unknown distance last, equal ones by priority; "fewest": as much as possible, then the fewest shipments, then the lowest cost; "cheapest": as much as possible (or what `costs.missing` says), then the lowest cost, then the fewest shipments; of equal plans of both the first by priority
---@field costs? qm.SelectGeneralCosts what shipments and units cost
---@field terms? table<string, qm.SelectTerms> by source
---@field max_sources? integer `fewest` and `cheapest`: send from so many sources at the most
---@field whole? boolean true: all of it, or nothing
---@field deliver_by? integer seconds: leave out sources whose goods would arrive after that day
---@field budget? integer `fewest` and `cheapest`: steps at the most, default 200,000
---@field destination? qm.Destination default: the order's
---@field distances? table<string, number> kilometres by source, which count instead of what would be worked out; a source that is not there is at an unknown distance. With them "distance" needs no destination
---@field distance? fun(source: qm.Source, destination: qm.Destination): number? the same, asked once for each source of the stock before anything is read for the selection; what it raises is raised, nil: unknown. Both arguments have coordinates when they are known, also by `inv.places`. Needs a destination; it may yield
---@field sources? string[] the only sources to ask, in this order of priority
---@field availability? "residual"|"physical" default "residual"; "physical" counts what is allocated to others too
---@field rows? "used"|"all" default "used"; "all" lists candidates of which nothing is taken as well

---Proposes sources for an order's open lines, or for a free request. Changes nothing.
---@param request qm.SelectRequest
---@return qm.Plan|nil, string?, string?, table?
function Inventory:select(request) end
