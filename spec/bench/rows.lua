-- rows.lua: rows 1 to 5 of the table: what is compared with what, how far we must get and want to.
-- A bound is our rate divided by the peer's. What has no bound is there to be seen.

local _M = {}

-- One contender. `store` names whose orders are counted; `limit` marks what is no peer but a
-- measure: what the disk or SQLite can do, or we in another way.
local function contender(shop, store, name, options, more)
  local result = { store = store, name = name, options = options }
  for key, value in pairs(more or {}) do result[key] = value end
  result.program = store
  result.at = shop.at[store]
  return result
end

local function within(must, goal, more)
  local result = { must = must, goal = goal }
  for key, value in pairs(more or {}) do result[key] = value end
  return result
end

-- What a flush costs is shown beside whatever is durable.
local function flush(shop, bounds)
  return contender(shop, "flush", "overwrite + fdatasync", {}, bounds)
end

-- Redis is told how durable it is by its server, which is asked before each run.
local function synced(shop, how, more)
  local result = more or {}
  result.before = function() shop.servers.redis.ask("config set appendfsync " .. how) end
  return result
end

local function durable_one(shop)
  return { row = 1, file = "row-1", unit = "orders/s",
    title = "An order of one line a call, durable, one caller",
    contender(shop, "ours", "Quartermaster", { work = "place" }),
    flush(shop, within(0.5, 0.65, { limit = true })),
    contender(shop, "redis", "Redis always", {}, synced(shop, "always", within(1.0, 1.2))),
    contender(shop, "postgres", "PostgreSQL", {}, within(1.3, 1.6)),
    contender(shop, "magento", "Magento's statements", {}, within(2.5, 3.2)),
  }
end

local function durable_batch(shop)
  return { row = 2, file = "row-2", unit = "orders/s",
    title = "Durable, a batch of 64 orders of one line a call",
    contender(shop, "ours", "Quartermaster, batch of 64", { work = "batch", batch = 64 }),
    contender(shop, "bare", "bare loop, 64 a commit", { batch = 64 },
      within(0.7, 0.85, { limit = true })),
    contender(shop, "redis", "Redis always, 50 clients", { connections = 50 },
      synced(shop, "always", within(0.8, 1.2))),
    contender(shop, "postgres", "PostgreSQL, 32 clients", { connections = 32 }, within(2, 3)),
    flush(shop, { limit = true }),
  }
end

local function durable_eight(shop)
  return { row = 3, file = "row-3", unit = "orders/s",
    title = "Durable, 8 processes, an order of one line a call",
    contender(shop, "ours", "Quartermaster x8", { work = "place" }, { processes = 8 }),
    contender(shop, "redis", "Redis always x8", {},
      synced(shop, "always", within(0.8, 1.1, { processes = 8 }))),
    contender(shop, "postgres", "PostgreSQL x8", {}, within(0.9, 1.3, { processes = 8 })),
    contender(shop, "magento", "Magento's statements x8", {}, within(1.8, 2.5, { processes = 8 })),
    flush(shop, { limit = true }),
  }
end

local function relaxed_one(shop)
  return { row = 4, file = "row-4", unit = "orders/s",
    title = "durability = \"normal\", an order of one line a call, one caller",
    contender(shop, "ours", "Quartermaster", { work = "place", sync = "normal" }),
    contender(shop, "redis", "Redis everysec", {}, synced(shop, "everysec", within(1.0, 1.3))),
    contender(shop, "postgres", "PostgreSQL asynchronous", { sync = "normal" }, within(2.0, 2.5)),
  }
end

-- Not in the table: it is here because others win it.
local function relaxed_many(shop)
  return { row = 4, file = "row-4-many", unit = "orders/s",
    title = "durability = \"normal\", many callers (no bound)",
    contender(shop, "ours", "Quartermaster x8", { work = "place", sync = "normal" },
      { processes = 8 }),
    contender(shop, "redis", "Redis everysec x8", {}, synced(shop, "everysec", { processes = 8 })),
    contender(shop, "redis", "Redis everysec, 50 clients", { connections = 50 },
      synced(shop, "everysec")),
    contender(shop, "postgres", "PostgreSQL asynchronous x8", { sync = "normal" },
      { processes = 8 }),
  }
end

local function read_one(shop)
  return { row = 5, file = "row-5", unit = "reads/s",
    title = "Salable quantity of one product a call, one caller",
    contender(shop, "ours", "Quartermaster", { work = "read" }),
    contender(shop, "redis", "Redis GET", { work = "read" }, within(8, 15)),
    contender(shop, "postgres", "PostgreSQL SELECT", { work = "read" }, within(15, 20)),
    contender(shop, "magento", "Magento's SELECTs", { work = "read" }, within(40, 50)),
  }
end

local function read_page(shop)
  return { row = 5, file = "row-5-page", unit = "products/s",
    title = "A page of 100 products a call, one caller",
    contender(shop, "ours", "Quartermaster, 100 a call", { work = "page", batch = 100 }),
    contender(shop, "ours", "Quartermaster, one a call", { work = "read" },
      within(3, 5, { limit = true })),
  }
end

-- The tables of the wanted rows: lists of contenders, ours first.
function _M.tables(shop, wanted)
  local all = { durable_one, durable_batch, durable_eight, relaxed_one, relaxed_many, read_one,
    read_page }
  local chosen = {}
  for _, make in ipairs(all) do
    local t = make(shop)
    if wanted[t.row] then chosen[#chosen + 1] = t end
  end
  return chosen
end

return _M
