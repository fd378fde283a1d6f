-- stores.lua: the same shop in each store: its tables and products, how many units of one product
-- are left, and what is in it at the end. Each SQL store and Redis keep the same facts of an order:
-- an id that is unique, the line, a row of the ledger, and what is left of the product.
--
-- A store has load(server, skus, qty), leave(server, qty) for the race over sku-1, and
-- check(server), which counts orders, lines, rows of the ledger, units reserved and units oversold.

local _M = {}

local function numbers(text)
  local list = {}
  for word in text:gmatch("%-?%d+") do list[#list + 1] = math.floor(tonumber(word)) end
  return { orders = list[1], lines = list[2], ledger = list[3], reserved = list[4],
    oversold = list[5] }
end

-- Redis -----------------------------------------------------------------------------------------

local redis = {}

local function eval(server, script, ...)
  return server.ask(("eval \"%s\" 0 %s"):format(script, table.concat({ ... }, " ")))
end

function redis.load(server, skus, qty)
  eval(server, "for i = 1, ARGV[1] do redis.call('SET', 'have:sku-' .. i, ARGV[2]) end", skus, qty)
  server.skus, server.units = skus, skus * qty
end

-- Of the units there were, those that are given up here are neither sold nor left.
function redis.leave(server, qty)
  local had = tonumber(server.ask("get have:sku-1"))
  server.ask("set have:sku-1 " .. qty)
  server.units = server.units - had + qty
end

-- An order and its line are one hash; it has a line when the field is there.
function redis.check(server)
  local text = eval(server, [[
local left, over, orders, lines = 0, 0, 0, 0
for i = 1, ARGV[1] do
  local have = tonumber(redis.call('GET', 'have:sku-' .. i))
  left = left + have
  if have < 0 then over = over - have end
end
local cursor = '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', 'order:*', 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    orders = orders + 1
    lines = lines + redis.call('HEXISTS', key, 'line:1')
  end
until cursor == '0'
return { orders, lines, redis.call('LLEN', 'ledger'), ARGV[2] - left, over }]],
    server.skus, server.units)
  return numbers(text)
end

-- PostgreSQL ------------------------------------------------------------------------------------

local postgres = {}

-- No index beyond those that find what was written; room in the pages of the balances, so that an
-- update stays in its page.
local POSTGRES = [[
CREATE TABLE balance (
  sku text PRIMARY KEY, product bigint NOT NULL, on_hand bigint NOT NULL, reserved bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY, ext_id text PRIMARY KEY, stock int NOT NULL,
  time timestamptz NOT NULL DEFAULT now());
CREATE TABLE line (
  order_id bigint NOT NULL, number int NOT NULL, product bigint NOT NULL, qty bigint NOT NULL,
  PRIMARY KEY (order_id, number));
CREATE TABLE ledger (
  seq bigint GENERATED ALWAYS AS IDENTITY, time timestamptz NOT NULL DEFAULT now(),
  event int NOT NULL, order_id bigint, line int, product bigint, stock int,
  reserved bigint NOT NULL);
INSERT INTO balance SELECT 'sku-' || i, i, %d, 0 FROM generate_series(1, %d) AS i;
VACUUM ANALYZE balance;
CHECKPOINT;
]]

function postgres.load(server, skus, qty)
  for statement in POSTGRES:format(qty, skus):gmatch("[^;]+;") do server.ask(statement) end
end

function postgres.leave(server, qty)
  server.ask(("UPDATE balance SET on_hand = reserved + %d WHERE sku = 'sku-1'"):format(qty))
end

function postgres.check(server)
  return numbers(server.ask([[SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM line),
    (SELECT count(*) FROM ledger), (SELECT sum(reserved) FROM balance),
    (SELECT coalesce(sum(reserved - on_hand), 0) FROM balance WHERE reserved > on_hand)]]))
end

-- Magento's tables in MariaDB -------------------------------------------------------------------

local magento = {}

-- The columns that its inventory uses; of the order only what the others store as well.
local MAGENTO = [[
CREATE TABLE inventory_stock_1 (
  sku varchar(64) NOT NULL PRIMARY KEY, quantity decimal(12,4) NOT NULL DEFAULT 0,
  is_salable smallint unsigned NOT NULL, KEY index_sku_qty (sku, quantity)) ENGINE=InnoDB;
CREATE TABLE inventory_reservation (
  reservation_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  stock_id int unsigned NOT NULL, sku varchar(64) NOT NULL,
  quantity decimal(12,4) NOT NULL DEFAULT 0, metadata varchar(255),
  KEY stock_sku_qty (stock_id, sku, quantity)) ENGINE=InnoDB;
CREATE TABLE sales_order (
  entity_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  increment_id varchar(50), store_id smallint unsigned,
  created_at timestamp NOT NULL DEFAULT current_timestamp(),
  UNIQUE KEY increment_store (increment_id, store_id)) ENGINE=InnoDB;
CREATE TABLE sales_order_item (
  item_id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, order_id int unsigned NOT NULL,
  sku varchar(255), qty_ordered decimal(12,4), KEY order_of (order_id)) ENGINE=InnoDB;
INSERT INTO inventory_stock_1 SELECT concat('sku-', seq), %d, 1 FROM seq_1_to_%d;
]]

function magento.load(server, skus, qty) server.ask(MAGENTO:format(qty, skus)) end

function magento.leave(server, qty)
  server.ask(([[UPDATE inventory_stock_1 SET quantity = %d - (SELECT coalesce(sum(quantity), 0)
    FROM inventory_reservation WHERE sku = 'sku-1') WHERE sku = 'sku-1']]):format(qty))
end

function magento.check(server)
  return numbers((server.ask([[SELECT (SELECT count(*) FROM sales_order),
    (SELECT count(*) FROM sales_order_item), (SELECT count(*) FROM inventory_reservation),
    (SELECT CAST(coalesce(-sum(quantity), 0) AS integer) FROM inventory_reservation),
    (SELECT CAST(coalesce(sum(-have), 0) AS integer) FROM
      (SELECT s.quantity + sum(r.quantity) AS have
        FROM inventory_stock_1 AS s JOIN inventory_reservation AS r ON r.sku = s.sku
        GROUP BY s.sku, s.quantity) AS sums WHERE have < 0)]])))
end

_M.redis, _M.postgres, _M.magento = redis, postgres, magento

return _M
