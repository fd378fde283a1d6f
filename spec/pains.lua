-- What the users of comparable systems suffered from, and the specs that fail when it becomes
-- possible here. `make lint` checks that every number is there and every spec exists by its name.
--
-- { number, what happened, the public reports of it,
--   specs = { [file] = { name of an `it`, a `describe` or a TEST, ... } },
--   out = "because ...",      out of scope, and why
--   later = "part N: ..." }   what is still missing
--
-- Reports are issues of the named project; inventory, magento2, devdocs and merchdocs belong to
-- Magento.

return {
  -- Oversell and races -------------------------------------------------------------------------
  { 1, "two checkouts of the last unit both succeeded", "inventory#2722 magento2#25653",
    specs = {
      ["spec/contention_spec.lua"] = {
        "of the last unit: exactly one gets it, the others are told" },
      ["spec/processes_spec.lua"] = { "sell K units to exactly K of N orders" },
    } },
  { 2, "ten buyers at once drove what could be sold below zero", "magento2#28508",
    specs = {
      ["spec/processes_spec.lua"] = { "sell K units to exactly K of N orders" },
      ["spec/nginx_spec.lua"] = { "sells K units by exactly K of many orders, over both workers" },
      ["spec/c/test_store.c"] = { "two_handles_sell_what_is_there_and_no_more" },
    } },
  { 3, "an order was reserved first and put right when it failed, or checked without a lock",
    "inventory#3036 inventory#3046",
    specs = {
      ["spec/place_spec.lua"] = { "reserves nothing at all when one line is refused" },
      ["spec/ledger_spec.lua"] = { "has no row of what was refused" },
      ["spec/c/test_store.c"] = { "a_refused_record_leaves_no_trace" },
      ["spec/contention_spec.lua"] = {
        "of the last unit: exactly one gets it, the others are told" },
    } },
  { 4, "a source in two stocks was sold twice", "inventory#2727 inventory#568",
    specs = {
      ["spec/shared_sources_spec.lua"] = { "take from each other only what they must",
        "is not shipped with goods that another stock was promised" },
      ["spec/promise_rule_spec.lua"] = { "holds in random shops" },
    } },
  { 5, "two open orders were both told to ship the same last unit", "inventory#1968",
    specs = {
      ["spec/allocations_spec.lua"] = { "are offered what is left for them",
        "each keep what they have claimed" },
    } },
  { 6, "a low-level call reserved without any check and lost updates", "medusa#16569",
    specs = {
      ["spec/misuse_spec.lua"] = {
        "does not reach the engine through keys that only the facade may give" },
      ["spec/adopt_spec.lua"] = {
        "is accepted however much it promises, and says what is too much" },
      ["spec/processes_spec.lua"] = { "lose no order and place none twice" },
      ["spec/c/test_constraints.c"] = { "every_constraint_refuses_what_breaks_it" },
    } },
  { 7, "one SKU on two lines was checked line by line",
    "medusa#16502 vendure#2702 vendure#2736 craftcms/commerce#3990 PrestaShop#23288",
    specs = {
      ["spec/place_spec.lua"] = { "sums the lines of one SKU before it checks",
        "sums the lines of one SKU for the limits of a sale too" },
      ["spec/events_goods_spec.lua"] = { "refuses what two of its lines would take together" },
      ["spec/events_spec.lua"] = { "may come twice for one line" },
      ["spec/select_spec.lua"] = { "gives lines of one SKU the same goods once" },
      ["spec/c/test_select.c"] = { "lines_of_one_product_share_its_goods" },
      ["spec/adopt_spec.lua"] = {
        "says what is too much once for each product and stock, with the number at the end" },
    } },
  { 8, "stock was checked before payment and taken after it, and a paid order was cut quietly",
    "vendure#1738 vendure#3508 vendure#4930",
    specs = {
      ["spec/holds_place_spec.lua"] = { "becomes an order although others would buy it meanwhile" },
      ["spec/place_spec.lua"] = { "say how much of each line has to wait" },
      ["spec/backorders_spec.lua"] = { "is what place then records as waiting" },
      ["spec/place_refusals_spec.lua"] = { "with MSI's three codes when there is not enough" },
    } },
  { 9, "who paid at the same moment took the count to minus one",
    "spree#3792 spree#3808 openfoodnetwork#4018 openfoodnetwork#2067 tryshoppe/shoppe#403",
    specs = {
      ["spec/contention_spec.lua"] = {
        "of the last unit: exactly one gets it, the others are told" },
      ["spec/model_spec.lua"] = { "agree in random shops on every answer and every balance" },
    } },
  { 10, "a row lock that was skipped made a second stock row, and a serial was reserved twice",
    "odoo#268942 odoo#272560",
    out = "because there are neither serial numbers nor lots, and one row per product and source" },
  { 11, "negative stock was kept as the way to notice that too much had been sold",
    "craftcms/commerce#1780 inventory#3165",
    specs = {
      ["spec/salable_spec.lua"] = { "with a limit end at the limit", "is what place checks" },
      ["spec/backorders_spec.lua"] = { "with a limit may be ordered again as far as goods came" },
      ["spec/adopt_spec.lua"] = {
        "is accepted however much it promises, and says what is too much" },
      ["spec/verify_spec.lua"] = { "verify finds" },
    } },

  -- Deadlocks and locks held too long ----------------------------------------------------------
  { 12, "rows locked in one order and written in another locked each other up",
    "magento2#39417 magento2#41224",
    specs = {
      ["spec/contention_spec.lua"] = {
        "of the same products in opposite order never lock each other up" },
    } },
  { 13, "stocks that were indexed side by side locked each other up", "inventory#3459",
    specs = {
      ["spec/settings_spec.lua"] = { "changes every product's numbers in the same commit" },
      ["spec/stale_spec.lua"] = { "see each other's settings at once" },
      ["spec/contention_spec.lua"] = {
        "sees an order as soon as it is acknowledged, by every way of reading" },
    } },
  { 14, "stock stayed locked while a payment was waited for", "saleor#11069",
    specs = {
      ["spec/contention_spec.lua"] = { "may write after any call, done, refused or raised",
        "may write between the pages of a list that somebody reads",
        "may write while somebody imports, between the chunks" },
    } },
  { 15, "two functions took the same locks in different orders", "saleor#17123",
    specs = {
      ["spec/contention_spec.lua"] = {
        "of the same products in opposite order never lock each other up" },
      ["spec/processes_spec.lua"] = { "lose no order and place none twice" },
    } },
  { 16, "a request that named one thing twice locked itself up", "medusa#11403",
    specs = {
      ["spec/place_spec.lua"] = { "sums the lines of one SKU before it checks" },
      ["spec/adjust_spec.lua"] = { "adds and takes, line by line, and answers with the lines" },
      ["spec/batch_spec.lua"] = { "replays and refuses ids among its own operations" },
    } },
  { 17, "late entries that changed valuations locked up with the running ones",
    "erpnext#31035 erpnext#36835 erpnext#39573",
    out = "because goods are not valued; the ledger only grows, and corrections are new rows" },
  { 18, "parallel work ended in a serialization failure for people to read",
    "odoo#32857 odoo#62131",
    specs = {
      ["spec/processes_spec.lua"] = { "is waited for as long as busy_timeout says",
        "is BUSY, which is transient, soon after busy_timeout, and works later" },
      ["spec/stale_spec.lua"] = {
        "end with STALE, which is transient, when one never gets its turn" },
      ["spec/nginx_spec.lua"] = {
        "answers 503 while another writer keeps it waiting; the same order succeeds later" },
    } },

  -- Stale or wrong views -----------------------------------------------------------------------
  { 19, "what could not be sold was shown in stock while a queue was down",
    "magento2#31117 inventory#3062",
    specs = {
      ["spec/salable_spec.lua"] = {
        "is false when nothing is left, unless backorders are unlimited",
        "says of each what salable_qty and is_salable say" },
      ["spec/c/test_salable.c"] = { "without_a_gate_only_what_is_salable_is_shown" },
    } },
  { 20, "indexing anew or upgrading brought an old state back", "inventory#3206",
    specs = {
      ["spec/c/test_migration.c"] = { "opening_a_current_file_changes_nothing" },
      ["spec/verify_spec.lua"] = { "finds nothing wrong when the file was opened again",
        "verify finds" },
      ["spec/references_spec.lua"] = { "verify finds a rule that is not what the policy says:" },
    } },
  { 21, "the index and the checkout applied the threshold by different rules", "magento2#39731",
    specs = {
      ["spec/salable_spec.lua"] = { "is what place checks" },
      ["spec/c/test_salable.c"] = { "the_numbers_agree_with_wide_arithmetic",
        "a_quantity_can_be_sold_up_to_what_is_left_and_no_further" },
    } },
  { 22, "an empty source item went on being in stock", "magento2#36569 magento2#37786",
    specs = {
      ["spec/items_spec.lua"] = { "leaves the status alone when a quantity reaches zero" },
      ["spec/salable_spec.lua"] = { "asks for an assignment, an item in stock and something left",
        "tells apart whether a product is assigned, in stock and salable" },
    } },
  { 23, "one channel showed what only another one had", "vendure#2356",
    specs = {
      ["spec/salable_spec.lua"] = { "must be exactly one stock or channel for ",
        "is what lies in stock at enabled sources of the stock" },
      ["spec/unknown_spec.lua"] = {
        "place to look is refused when both or none are named" },
    } },
  { 24, "quantities followed orders with seconds of delay",
    "the commercetools release note of 2026-01-19",
    specs = {
      ["spec/contention_spec.lua"] = {
        "sees an order as soon as it is acknowledged, by every way of reading" },
      ["spec/ledger_spec.lua"] = { "after a cursor has what was written since" },
    } },

  -- Slow ---------------------------------------------------------------------------------------
  { 25, "a look at the default stock took almost half a second at 40,000 products",
    "magento2#34949 inventory#2105 inventory#2353 inventory#1921",
    specs = { ["spec/c/test_statements.c"] = { "hot_statements_only_search" } },
    later = "part 3: the time of a look-up is measured and bounded" },
  { 26, "the number of queries grew with every line of a cart", "inventory#2496 magento2#22027",
    specs = {
      ["spec/salable_spec.lua"] = {
        "has an entry for every SKU, also for those that nobody knows" },
      ["spec/place_spec.lua"] = {
        "allow as many lines as the limit says, and one more is refused" },
      ["spec/c/test_statements.c"] = { "hot_statements_only_search" },
    } },
  { 27, "adding up the reservations took over a minute", "magento2#36667",
    specs = {
      ["spec/c/test_statements.c"] = { "hot_statements_only_search",
        "no_statement_scans_a_large_table_but_those_that_must" },
      ["spec/verify_spec.lua"] = { "verify finds" },
    } },
  { 28, "looking for inconsistencies took 20 GB and never ended", "inventory#2522 magento2#24297",
    specs = {
      ["spec/memory_spec.lua"] = { "four times the orders need no more memory" },
      ["spec/inconsistencies_spec.lua"] = { "come in pages of any size" },
    },
    later = "part 3: the same with 1.1 million orders" },
  { 29, "100,000 reservations of one SKU could not be looked at", "VTEX known issues",
    specs = {
      ["spec/ledger_spec.lua"] = { "has a hundred rows by default, and at most a thousand",
        "of any size leads to the same rows" },
      ["spec/backorders_spec.lua"] = { "has a hundred rows by default, and at most a thousand" },
      ["spec/memory_spec.lua"] = { "four times the orders need no more memory" },
      ["spec/c/test_statements.c"] = { "what_waits_is_found_by_its_own_index" },
    },
    later = "part 3: a million holds of one SKU" },

  -- Reservations that rot ----------------------------------------------------------------------
  { 30, "a shipment that was reported twice was credited twice", "inventory#2420",
    specs = {
      ["spec/idempotent_spec.lua"] = { " with an id that was used",
        "gives the first answer again and does nothing" },
      ["spec/story_spec.lua"] = { "does not send a parcel twice when the news of it comes twice" },
      ["spec/processes_spec.lua"] = {
        "settle the same id once: one is placed, the others are answered the same" },
    } },
  { 31, "cleaning up removed rows that did not belong together", "inventory#2311 devdocs#7596",
    specs = {
      ["spec/compact_spec.lua"] = { "keeps every sum of order, product, stock and source",
        "misses nothing that is written after a compaction",
        "never meets a sum of what it has read" },
    } },
  { 32, "the repair tool missed, crashed, or made it worse",
    "inventory#3153 inventory#3177 inventory#2503 inventory#2482",
    specs = {
      ["spec/compensate_spec.lua"] = { "shows what it would do, and does exactly that",
        "leaves none, and reserves what is open" },
    } },
  { 33, "merchants emptied or disabled reservations to be rid of them",
    "inventory#2078 inventory#2269 idhlagency/magento2-disable-stock-reservation#41 #134",
    specs = {
      ["spec/events_goods_spec.lua"] = { "with reserve stock off",
        "an order is checked but reserves nothing", "shipping still deducts, and a return adds" },
      ["spec/switches_spec.lua"] = { "leave the promises of before, which every step still settles",
        "switched on again can be told of promises by adopt" },
      ["spec/holds_spec.lua"] = {
        "gives its units back at the second of its expiry, without anybody's doing" },
    } },
  { 34, "a count of zero, made after the goods were sold, kept them from being shipped",
    "inventory#2725",
    specs = {
      ["spec/counts_spec.lua"] = { "of what lies there keeps what was sold reserved",
        "that leaves out what was sold makes nothing salable, and the shipment waits",
        "that was made before a shipment left is refused, when it says what it had seen",
        "may as well be a difference, which no sale in between makes wrong" },
      ["spec/items_spec.lua"] = { "is a compare-and-set with expected" },
    } },
  { 35, "invoices, shipments and refunds in part and in odd orders gave wrong sums",
    "inventory#1849 inventory#1913 inventory#1924",
    specs = {
      ["spec/model_spec.lua"] = { "agree in random shops on every answer and every balance" },
      ["spec/events_spec.lua"] = { "after 5 goods were ordered and" },
      ["spec/c/test_order.c"] = { "a_million_random_steps_follow_the_table_of_guards" },
    } },
  { 36, "what was reserved became negative, with no way out", "medusa#12401 medusa#11131",
    specs = {
      ["spec/c/test_constraints.c"] = { "every_constraint_refuses_what_breaks_it" },
      ["spec/model_spec.lua"] = { "agree in random shops on every answer and every balance" },
      ["spec/adopt_spec.lua"] = {
        "takes a release of what was never taken, which adds nothing to sell beyond it" },
    } },
  { 37, "two places kept the reserved quantity and disagreed", "odoo#62139 odoo#154905",
    specs = {
      ["spec/ledger_spec.lua"] = { "adds up to what is reserved, for every product and stock",
        "tells every counter of every line by its units" },
      ["spec/verify_spec.lua"] = { "verify finds" },
      ["spec/backorders_spec.lua"] = {
        "adds up to what each product's position has as backordered" },
    } },
  { 38, "editing documents left reserved quantities behind",
    "erpnext#44227 erpnext#24519 erpnext#57207 erpnext#57313",
    specs = {
      ["spec/idempotent_spec.lua"] = { "refuses %s = %s" },
      ["spec/ledger_spec.lua"] = { "adds up to what is reserved, for every product and stock" },
      ["spec/reassign_spec.lua"] = { "moves units from one source to another" },
    } },
  { 39, "a negative quantity in one warehouse ate the stock of another", "saleor#17170",
    specs = {
      ["spec/items_spec.lua"] = {
        "counts a negative quantity as nothing, which never eats another source's units" },
      ["spec/events_goods_spec.lua"] = { "never takes from less than nothing" },
      ["spec/c/test_salable.c"] = {
        "an_item_counts_only_in_stock_at_an_enabled_source_and_above_zero" },
    } },
  { 40, "the cart was checked against all places and reserved at the first", "medusa#14987",
    specs = {
      ["spec/salable_spec.lua"] = { "is what place checks" },
      ["spec/place_spec.lua"] = { "reserves in the stock and leaves the sources alone" },
      ["spec/events_goods_spec.lua"] = { "draws on several sources in one document" },
    } },
  { 41, "a list that could be read only once made a query see nothing", "saleor, by reading",
    specs = {
      ["spec/model_spec.lua"] = { "agree in random shops on every answer and every balance" },
    } },

  -- Identity and input -------------------------------------------------------------------------
  { 42, "a SKU of digits became a number, and matched other SKUs",
    "inventory#2554 inventory#2429 inventory#1980 inventory#1007 inventory#2904",
    specs = {
      ["spec/bad_names_spec.lua"] = {
        "is bytes: every legal one is a product of its own, from saving to shipping",
        "that is a number is misuse in " },
      ["spec/lookalike_spec.lua"] = { "an order of %s and %s",
        "counts, promises and lists each for itself" },
    } },
  { 43, "01234 and 1234 were one, and one was refunded for the other", "magento2#35171",
    specs = {
      ["spec/bad_names_spec.lua"] = { "that differs in case or zeros only is another product" },
      ["spec/lookalike_spec.lua"] = {
        "cancels, ships, refunds and takes back only the one that is named" },
    } },
  { 44, "upper and lower case were the same in one place and not in another",
    "magento2#38488 magento2#33181 inventory#2723 inventory#2724",
    specs = {
      ["spec/place_spec.lua"] = { "takes the same SKU in another case as another product" },
      ["spec/products_spec.lua"] = { "tells SKUs apart byte by byte" },
      ["spec/sources_spec.lua"] = { "tells codes apart byte by byte" },
      ["spec/lookalike_spec.lua"] = {
        "cancels, ships, refunds and takes back only the one that is named" },
    } },
  { 45, "a trailing space made twins that nobody could repair", "inventory#3413 magento2#10080",
    specs = {
      ["spec/bad_names_spec.lua"] = {
        "of a wrong length or with spaces around it is refused by " },
      ["spec/rename_spec.lua"] = { "gives the product another SKU and frees the old one",
        "may be renamed from, though not saved: " },
    } },
  { 46, "renaming a SKU set free what was sold and stopped its shipment",
    "inventory#2001 inventory#3118 inventory#3314 magento2#20627 magento2#39335",
    specs = {
      ["spec/rename_spec.lua"] = { "keeps items, promises and what can be sold",
        "lets open orders go on, under the new SKU and by line" },
    } },
  { 47, "a quote in a SKU emptied the list", "inventory#3306",
    specs = {
      ["spec/bad_names_spec.lua"] = {
        "is bytes: every legal one is a product of its own, from saving to shipping" },
      ["spec/nginx_spec.lua"] = { "takes the bytes of a SKU from the address as they are" },
    } },
  { 48, "a remainder of 3.3e-16 kept an order open; quantities below zero and parts of pieces",
    "magento2#14328 inventory#1978 inventory#2620",
    specs = {
      ["spec/fractions_spec.lua"] = {
        "is done when ten tenths of one are shipped, though ten floats make less than one",
        "is done when floats that add up with noise are shipped, cancelled and refunded",
        "is refused, by can_sell and by place" },
      ["spec/bad_values_spec.lua"] = { "that is none, or too fine, is INVALID in ",
        "below zero is INVALID in " },
      ["spec/c/test_qty_double.c"] = { "doubles_agree_with_128_bit_arithmetic" },
    } },

  -- Sourcing, returns, kits --------------------------------------------------------------------
  { 49, "returns went to a source by rule, not to where the parcel came from or went",
    "inventory#377 inventory#2343 inventory#3109",
    specs = {
      ["spec/events_back_spec.lua"] = { "go to the latest deliveries first",
        "go where they are told, also where they never were" },
      ["spec/story_spec.lua"] = {
        "refunds one shirt, which comes back to Berlin and can be sold again" },
    } },
  { 50, "a refund without return took goods out that had never been shipped", "inventory#1947",
    specs = {
      ["spec/events_back_spec.lua"] = { "under policy %s with %s",
        "answers what was released apart from what came back" },
    } },
  { 51, "shipping from another place than the reserved one spoilt both", "medusa#16338",
    specs = {
      ["spec/allocations_spec.lua"] = {
        "from elsewhere gives up the newest allocations, when there is nothing else" },
    } },
  { 52, "a line that needed two places could be neither sold nor shipped",
    "solidus#583 solidus#1594 medusa#10561 vendure#3588",
    specs = {
      ["spec/select_spec.lua"] = { "drains the sources in order" },
      ["spec/events_goods_spec.lua"] = { "draws on several sources in one document" },
      ["spec/story_spec.lua"] = {
        "needs two parcels: Berlin has too few bikes, and Lyon is next" },
    } },
  { 53, "all parts of a bundle had to lie in one place",
    "magento2#37767 magento2#33659 inventory#3111",
    specs = {
      ["spec/composites_spec.lua"] = { "whose parts are sent separately may draw on two sources",
        "whose parts are sent together draws on one source" },
    } },
  { 54, "the mail that stock is low never came, and its report missed rows",
    "magento2#16868 merchdocs#1275 inventory#1543 inventory#1800 inventory#2899",
    later = "part 6: the low-stock report and its events, once for each crossing" },

  -- And more -----------------------------------------------------------------------------------
  { 55, "entries dated back broke the history", "erpnext#51183",
    specs = {
      ["spec/clock_spec.lua"] = {
        "changes neither the order of the ledger nor what is reserved",
        "lets nobody pass in the queue for goods" },
      ["spec/ledger_spec.lua"] = { "has one sequence that only grows" },
    } },
  { 56, "distances without a web service were not fit for use", "inventory#3184",
    specs = {
      ["spec/select_distance_spec.lua"] = { "is in whole metres along the great circle" },
    } },
}
