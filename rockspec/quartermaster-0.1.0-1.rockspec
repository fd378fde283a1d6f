rockspec_format = "3.0"
package = "quartermaster"
version = "0.1.0-1"

source = {
  url = "git+https://quartermaster.example/quartermaster.git",
  tag = "v0.1.0",
}

description = {
  summary = "Multi-source inventory in process: reservations, source selection, exact quantities.",
  detailed = [[
Keeps a shop's stock over many places in one file: what may be promised, what is promised, and from
where to ship. A C core does the arithmetic and the persistence, Lua holds what merchants change.]],
  license = "MIT",
  labels = { "inventory", "commerce", "openresty" },
}

dependencies = { "lua >= 5.1" }

external_dependencies = {
  SQLITE = { header = "sqlite3.h" },
  CSV = { header = "csv.h" },
  MD = { header = "sha2.h" },
}

build = {
  type = "builtin",
  modules = {
    -- Written by `make rockspec`.
    ["quartermaster.core"] = {
      sources = {
        "src/core/error.c",
        "src/core/order.c",
        "src/core/plan.c",
        "src/core/problem.c",
        "src/core/promise.c",
        "src/core/qty.c",
        "src/core/salable.c",
        "src/core/select/priority.c",
        "src/lua/builder.c",
        "src/lua/compact.c",
        "src/lua/core.c",
        "src/lua/csv.c",
        "src/lua/decode.c",
        "src/lua/encode.c",
        "src/lua/part.c",
        "src/lua/requests.c",
        "src/lua/rows.c",
        "src/lua/script.c",
        "src/lua/select.c",
        "src/lua/stand.c",
        "src/lua/value.c",
        "src/sandbox/env.c",
        "src/sandbox/env_math.c",
        "src/sandbox/env_string.c",
        "src/sandbox/env_table.c",
        "src/sandbox/meter.c",
        "src/sandbox/sandbox.c",
        "src/sandbox/scan.c",
        "src/store/adopt.c",
        "src/store/adopt_orders.c",
        "src/store/allocate.c",
        "src/store/allocation.c",
        "src/store/apply.c",
        "src/store/b2b.c",
        "src/store/balance.c",
        "src/store/bundle.c",
        "src/store/catalog.c",
        "src/store/channels.c",
        "src/store/compact.c",
        "src/store/compensate.c",
        "src/store/compose.c",
        "src/store/composite.c",
        "src/store/db_file.c",
        "src/store/db_sqlite.c",
        "src/store/document.c",
        "src/store/event.c",
        "src/store/expand.c",
        "src/store/expiry.c",
        "src/store/goods.c",
        "src/store/guard.c",
        "src/store/items.c",
        "src/store/ledger.c",
        "src/store/lookup.c",
        "src/store/op.c",
        "src/store/place.c",
        "src/store/products.c",
        "src/store/read.c",
        "src/store/rules.c",
        "src/store/schema.c",
        "src/store/settle.c",
        "src/store/sources.c",
        "src/store/stakes.c",
        "src/store/stocks.c",
        "src/store/switches.c",
        "src/store/verdict.c",
        "src/store/verify.c",
        "src/store/walk.c",
      },
      libraries = { "sqlite3", "csv", "md", "m" },
      incdirs = { "$(SQLITE_INCDIR)", "$(CSV_INCDIR)", "$(MD_INCDIR)" },
      libdirs = { "$(SQLITE_LIBDIR)", "$(CSV_LIBDIR)", "$(MD_LIBDIR)" },
    },
    ["quartermaster.b2b"] = "lua/quartermaster/b2b.lua",
    ["quartermaster.backorders"] = "lua/quartermaster/backorders.lua",
    ["quartermaster.care"] = "lua/quartermaster/care.lua",
    ["quartermaster.channels"] = "lua/quartermaster/channels.lua",
    ["quartermaster.check"] = "lua/quartermaster/check.lua",
    ["quartermaster.import"] = "lua/quartermaster/import.lua",
    ["quartermaster"] = "lua/quartermaster/init.lua",
    ["quartermaster.items"] = "lua/quartermaster/items.lua",
    ["quartermaster.ledger"] = "lua/quartermaster/ledger.lua",
    ["quartermaster.meta"] = "lua/quartermaster/meta.lua",
    ["quartermaster.meta.care"] = "lua/quartermaster/meta/care.lua",
    ["quartermaster.meta.composites"] = "lua/quartermaster/meta/composites.lua",
    ["quartermaster.orders"] = "lua/quartermaster/orders.lua",
    ["quartermaster.outcome"] = "lua/quartermaster/outcome.lua",
    ["quartermaster.page"] = "lua/quartermaster/page.lua",
    ["quartermaster.policy.default"] = "lua/quartermaster/policy/default.lua",
    ["quartermaster.policy.magento"] = "lua/quartermaster/policy/magento.lua",
    ["quartermaster.products"] = "lua/quartermaster/products.lua",
    ["quartermaster.rules"] = "lua/quartermaster/rules.lua",
    ["quartermaster.salable"] = "lua/quartermaster/salable.lua",
    ["quartermaster.selection"] = "lua/quartermaster/selection.lua",
    ["quartermaster.settings"] = "lua/quartermaster/settings.lua",
    ["quartermaster.sources"] = "lua/quartermaster/sources.lua",
    ["quartermaster.stocks"] = "lua/quartermaster/stocks.lua",
    -- The end of what `make rockspec` writes.
  },
}

test = { type = "busted" }
