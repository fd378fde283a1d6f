-- The policy "default": what the merchant guide says about salable quantities.
--
-- A policy answers one question: of what lies in the warehouses, how much may be promised? It is
-- asked once for each combination of settings and stock, not once per order; the engine remembers
-- the numbers. So a policy sees settings, never quantities.
--
-- It returns a table with one function, `evaluate(settings, stock)`.
--   settings   one product's settings as they are in force: its own where it has any, else the
--              shop's: backorders ("no", "allow", "notify"), out_of_stock_threshold,
--              out_of_stock_share, notify_below (nil while nobody has set it) and so on.
--              Quantities are plain numbers.
--   stock      { id = number, name = text, default = true or false }
--
-- `evaluate` returns a table:
--   floor              this many units are kept back from the units on hand; negative: so many more
--                      may be promised than are there
--   floor_share        this share of the units on hand, 0 to 1, is kept back on top of the floor
--   gate               the quantity shown is zero unless more than this (and the share) is left
--   unlimited          true: any quantity may be promised, whatever is there
--   notify_at          below this quantity at a source the product counts as low; nil: never
--   exempt_assignment  true: products need not be assigned to this stock to be checked in it
--   write_off          true: refunded units that were never delivered leave the warehouse; false:
--                      they can be sold again
--   return_to          returned goods go to the source of the latest "delivery", or to the source
--                      of best "priority" among those that delivered
--
-- Without backorders, two settings hold units back: the out-of-stock threshold (when positive) and
-- notify-for-quantity-below (when set), plus the share. 25 on hand, threshold 3, notify 2: 20 are
-- for sale. With backorders, neither notify nor the share counts; a threshold of zero or more means
-- that anything may be ordered, and a negative one is how far promises may go beyond what is there:
-- 25 on hand, threshold -50: 75 are for sale.

local function positive(quantity)
  if quantity and quantity > 0 then
    return quantity
  end
  return 0
end

local function evaluate(settings)
  local threshold = settings.out_of_stock_threshold
  local floor, share, unlimited = 0, 0, false

  if settings.backorders == "no" then
    floor = positive(threshold) + positive(settings.notify_below)
    share = settings.out_of_stock_share
  elseif threshold < 0 then
    floor = threshold
  else
    unlimited = true
  end

  return {
    floor = floor,
    floor_share = share,
    unlimited = unlimited,
    notify_at = settings.notify_below,
    exempt_assignment = false,
    write_off = false,
    return_to = "delivery",
  }
end

return { evaluate = evaluate }
