-- The policy "magento": the numbers that Magento 2.4's multi-source inventory works out, for shops
-- that move from it and for clients that speak to it. What a policy is given and what it returns is
-- explained at the top of default.lua; this is how the two differ.
--
--   Notify-for-quantity-below alerts only; it keeps nothing back. Unset, it is 1.
--   There is no share to keep back.
--   The threshold counts as in the merchant guide: while backorders are off only a positive one,
--   while they are on only a negative one, as the limit of what may be promised beyond stock.
--   The gate, however, takes the threshold as it was entered, even where it does not count: with
--   the threshold -5 and no backorders the floor is 0, but a product with nothing left still passes
--   the gate.
--   The default stock is checked without asking whether the product is assigned to it.
--   Refunded units that were never delivered are written off at a source, and goods that come back
--   go to the source of best priority among those that delivered.

local function evaluate(settings, stock)
  local threshold = settings.out_of_stock_threshold
  local backorders = settings.backorders ~= "no"

  local counts = threshold > 0
  if backorders then
    counts = threshold < 0
  end
  local floor = counts and threshold or 0

  return {
    floor = floor,
    floor_share = 0,
    gate = threshold,
    unlimited = backorders and floor >= 0,
    notify_at = settings.notify_below or 1,
    exempt_assignment = stock.default,
    write_off = true,
    return_to = "priority",
  }
end

return { evaluate = evaluate }
