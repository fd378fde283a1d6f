/* schema.c: the tables. See schema.h for the keys; quantities are units of 1/10000, times are
 * milliseconds since 1970. SKUs and callers' ids are bytes, hence BLOB. */
#include "schema.h"

/* ISO C promises string literals of only 4095 bytes, so each subject is one of its own. */
static const char version_1[] = {
    /* The shop: one row. `generation` grows whenever rules are worked out anew. */
    "CREATE TABLE shop ("
    "  id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  generation INTEGER NOT NULL,"
    "  independent INTEGER NOT NULL CHECK (independent IN (0, 1)),"
    "  policy INTEGER NOT NULL,"
    "  created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE setting ("
    "  name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE script ("
    "  id INTEGER PRIMARY KEY,"
    "  kind TEXT NOT NULL CHECK (kind IN ('policy', 'algorithm')),"
    "  name TEXT NOT NULL,"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32),"
    "  source TEXT NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  UNIQUE (kind, name, hash)) STRICT;"

    /* Products. `own` names the interned text of a product's own settings; a rule is what the
     * policy made of one such text in one stock. */
    "CREATE TABLE own ("
    "  id INTEGER PRIMARY KEY CHECK (id > 0), settings TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE rule ("
    "  id INTEGER PRIMARY KEY,"
    "  managed INTEGER NOT NULL CHECK (managed IN (0, 1)),"
    "  reserves INTEGER NOT NULL CHECK (reserves IN (0, 1)),"
    "  backorders INTEGER NOT NULL CHECK (backorders IN (0, 1, 2)),"
    "  unlimited INTEGER NOT NULL CHECK (unlimited IN (0, 1)),"
    "  exempt INTEGER NOT NULL CHECK (exempt IN (0, 1)),"
    "  write_off INTEGER NOT NULL CHECK (write_off IN (0, 1)),"
    "  return_priority INTEGER NOT NULL CHECK (return_priority IN (0, 1)),"
    "  decimal_qty INTEGER NOT NULL CHECK (decimal_qty IN (0, 1)),"
    "  floor INTEGER NOT NULL,"
    "  share INTEGER NOT NULL CHECK (share BETWEEN 0 AND 10000),"
    "  gate INTEGER," /* of the displayed figure, where it is not that of is_salable */
    "  notify_at INTEGER,"
    "  min_sale INTEGER NOT NULL,"
    "  min_sale_groups TEXT,"
    "  max_sale INTEGER NOT NULL,"
    "  increments INTEGER NOT NULL CHECK (increments >= 0)) STRICT;"
    "CREATE TABLE product ("
    "  id INTEGER PRIMARY KEY CHECK (id > 0),"
    "  sku BLOB NOT NULL CHECK (length(sku) BETWEEN 1 AND 255),"
    "  type INTEGER NOT NULL CHECK (type BETWEEN 0 AND 5),"
    "  own INTEGER NOT NULL,"
    "  b2b INTEGER NOT NULL CHECK (b2b IN (0, 1)),"
    "  state INTEGER NOT NULL CHECK (state IN (0, 1, 2))) STRICT;" /* shadow, declared, deleted */
    "CREATE UNIQUE INDEX product_sku ON product (sku) WHERE state < 2;"
    "CREATE TABLE guard ("
    "  product INTEGER PRIMARY KEY, version INTEGER NOT NULL) STRICT;",
};

static const char version_1_places[] = {
    "CREATE TABLE source ("
    "  id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 65535),"
    "  code TEXT NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 255),"
    "  name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 255),"
    "  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),"
    "  country TEXT NOT NULL, postcode TEXT NOT NULL,"
    "  description TEXT, region TEXT, region_id INTEGER, city TEXT, street TEXT,"
    "  contact_name TEXT, email TEXT, phone TEXT, fax TEXT,"
    "  latitude REAL CHECK (latitude BETWEEN -90 AND 90),"
    "  longitude REAL CHECK (longitude BETWEEN -180 AND 180),"
    "  pickup INTEGER NOT NULL CHECK (pickup IN (0, 1)),"
    "  frontend_name TEXT, frontend_description TEXT) STRICT;"
    "CREATE TABLE stock ("
    "  id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 65535),"
    "  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 255),"
    /* A deleted stock leaves its number to the orders it had. */
    "  deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1))) STRICT;"
    "CREATE UNIQUE INDEX stock_name ON stock (name) WHERE deleted = 0;"
    "CREATE TABLE channel ("
    "  type TEXT NOT NULL, code TEXT NOT NULL, stock INTEGER NOT NULL,"
    "  PRIMARY KEY (type, code)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX channel_stock ON channel (stock);"
    "CREATE TABLE link ("
    "  id INTEGER PRIMARY KEY CHECK (id = stock * 65536 + source),"
    "  stock INTEGER NOT NULL, source INTEGER NOT NULL,"
    "  priority INTEGER NOT NULL CHECK (priority > 0)) STRICT;"
    "CREATE INDEX link_source ON link (source);"

    /* What is where, and what has been promised of it. */
    "CREATE TABLE item ("
    "  id INTEGER PRIMARY KEY CHECK (id >> 16 = product),"
    "  product INTEGER NOT NULL,"
    "  qty INTEGER NOT NULL CHECK (abs(qty) <= 1000000000000000),"
    "  status INTEGER NOT NULL CHECK (status IN (0, 1, 2))," /* out, in, out until first saved */
    "  allocated INTEGER NOT NULL CHECK (allocated >= 0),"
    "  notify INTEGER) STRICT;"
    "CREATE TABLE balance ("
    "  id INTEGER PRIMARY KEY CHECK (id >> 16 = product),"
    "  product INTEGER NOT NULL,"
    "  on_hand INTEGER NOT NULL CHECK (on_hand BETWEEN 0 AND 1000000000000000),"
    "  firm INTEGER NOT NULL CHECK (firm BETWEEN 0 AND 1000000000000000),"
    "  backordered INTEGER NOT NULL CHECK (backordered BETWEEN 0 AND 1000000000000000),"
    "  allocated INTEGER NOT NULL CHECK (allocated BETWEEN 0 AND 1000000000000000),"
    "  held INTEGER NOT NULL CHECK (held BETWEEN 0 AND firm + backordered),"
    "  adopted INTEGER NOT NULL CHECK (abs(adopted) <= 1000000000000000),"
    "  assigned INTEGER NOT NULL CHECK (assigned >= active),"
    "  active INTEGER NOT NULL CHECK (active >= in_stock),"
    "  in_stock INTEGER NOT NULL CHECK (in_stock >= 0),"
    "  next_expiry INTEGER CHECK (next_expiry IS NULL OR held > 0)) STRICT;"
    "CREATE TABLE expiry ("
    "  balance INTEGER NOT NULL, at INTEGER NOT NULL,"
    "  firm INTEGER NOT NULL CHECK (firm >= 0),"
    "  backordered INTEGER NOT NULL CHECK (backordered >= 0),"
    "  PRIMARY KEY (balance, at)) STRICT, WITHOUT ROWID;",
};

static const char version_1_orders[] = {
    /* A document is one acknowledged request with the caller's id; an order or a hold is a document
     * with a header and lines. */
    "CREATE TABLE document ("
    "  id INTEGER PRIMARY KEY,"
    "  kind INTEGER NOT NULL,"
    "  ext_id BLOB NOT NULL CHECK (length(ext_id) BETWEEN 1 AND 64),"
    "  request_hash BLOB NOT NULL CHECK (length(request_hash) = 16),"
    "  order_id INTEGER,"
    "  stock INTEGER,"
    "  time INTEGER NOT NULL,"
    "  answer BLOB,"
    "  UNIQUE (kind, ext_id)) STRICT;"
    "CREATE TABLE orders ("
    "  id INTEGER PRIMARY KEY,"
    "  expires INTEGER," /* a hold, until then */
    "  channel_type TEXT, channel_code TEXT, customer_group TEXT,"
    "  country TEXT, region TEXT, city TEXT, postcode TEXT,"
    "  latitude REAL, longitude REAL) STRICT;"
    "CREATE TABLE line ("
    "  id INTEGER PRIMARY KEY,"
    "  product INTEGER NOT NULL,"
    "  stock INTEGER NOT NULL,"
    "  parent INTEGER NOT NULL CHECK (parent BETWEEN 0 AND 4095),"
    "  kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),"
    "  tracked INTEGER NOT NULL CHECK (tracked BETWEEN 0 AND 2),"
    "  ordered INTEGER NOT NULL CHECK (ordered > 0),"
    "  cancelled INTEGER NOT NULL CHECK (cancelled >= 0),"
    "  invoiced INTEGER NOT NULL CHECK (invoiced BETWEEN 0 AND ordered - cancelled),"
    "  delivered INTEGER NOT NULL CHECK (delivered >= 0),"
    "  refunded INTEGER NOT NULL CHECK (refunded >= 0 AND"
    "    (refunded <= invoiced OR refunded <= delivered + released)),"
    "  released INTEGER NOT NULL CHECK (released >= 0 AND"
    "    cancelled + delivered + released <= ordered),"
    "  returned INTEGER NOT NULL CHECK (returned BETWEEN 0 AND delivered),"
    "  allocated INTEGER NOT NULL CHECK (allocated >= 0),"
    "  backordered INTEGER NOT NULL CHECK (backordered >= 0 AND"
    "    allocated + backordered <= ordered - cancelled - delivered - released),"
    "  CHECK (tracked = 1 OR allocated + backordered = 0)) STRICT;"
    "CREATE INDEX line_waiting ON line (product, stock, id) WHERE backordered > 0;"
    "CREATE TABLE allocation ("
    "  id INTEGER PRIMARY KEY," /* line * 65536 + source */
    "  item INTEGER NOT NULL,"
    "  document INTEGER NOT NULL," /* the newest that added to it */
    "  qty INTEGER NOT NULL CHECK (qty > 0)) STRICT;"
    "CREATE INDEX allocation_item ON allocation (item, document);"
    "CREATE TABLE delivery ("
    "  line INTEGER NOT NULL, document INTEGER NOT NULL, source INTEGER NOT NULL,"
    "  qty INTEGER NOT NULL CHECK (qty > 0),"
    "  returned INTEGER NOT NULL CHECK (returned BETWEEN 0 AND qty),"
    "  PRIMARY KEY (line, document, source)) STRICT, WITHOUT ROWID;"

    /* The ledger: reservations, movements and events in one sequence, appended only. `reserved` has
     * MSI's sign: negative takes, positive releases; `qty` is how many units of a line the event is
     * about, so that every counter of every line follows from the ledger. */
    "CREATE TABLE ledger ("
    "  seq INTEGER PRIMARY KEY,"
    "  time INTEGER NOT NULL,"
    "  event INTEGER NOT NULL,"
    "  document INTEGER, line INTEGER,"
    "  product INTEGER, stock INTEGER, source INTEGER,"
    "  reserved INTEGER NOT NULL DEFAULT 0,"
    "  moved INTEGER NOT NULL DEFAULT 0,"
    "  qty INTEGER NOT NULL DEFAULT 0 CHECK (qty >= 0),"
    "  note TEXT) STRICT;",
};

/* A new file has the default source, the default stock and their link, as every MSI shop does. */
static const char version_1_seed[] = {
    "INSERT INTO own (id, settings) VALUES (1, '');"
    "INSERT INTO source (id, code, name, description, enabled, country, postcode, latitude,"
    "  longitude, pickup) VALUES"
    "  (1, 'default', 'Default Source', 'Default Source', 1, 'US', '00000', 0, 0, 0);"
    "INSERT INTO stock (id, name) VALUES (1, 'Default Stock');"
    "INSERT INTO channel (type, code, stock) VALUES ('website', 'base', 1);"
    "INSERT INTO link (id, stock, source, priority) VALUES (65537, 1, 1, 1);",
};

static const char *const version_1_parts[] = {version_1, version_1_places, version_1_orders,
                                              version_1_seed, 0};

/* Composite products. An option is what customers choose from, a component one thing they can
 * choose, so many of it in one unit of the whole; configurable and grouped products have one
 * option, number 1. `own_qty`: the customer says how many. */
static const char version_2[] = {
    /* Up to when holds have been given up, by whichever clock. */
    "ALTER TABLE shop ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE composite ("
    "  product INTEGER PRIMARY KEY,"
    "  together INTEGER NOT NULL CHECK (together IN (0, 1)),"
    "  in_stock INTEGER NOT NULL CHECK (in_stock IN (0, 1))) STRICT;"
    "CREATE TABLE choice ("
    "  product INTEGER NOT NULL,"
    "  number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 4095),"
    "  name TEXT,"
    "  required INTEGER NOT NULL CHECK (required IN (0, 1)),"
    "  PRIMARY KEY (product, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE component ("
    "  product INTEGER NOT NULL,"
    "  choice INTEGER NOT NULL,"
    "  position INTEGER NOT NULL,"
    "  child INTEGER NOT NULL,"
    "  qty INTEGER NOT NULL CHECK (qty BETWEEN 1 AND 1000000000000000),"
    "  own_qty INTEGER NOT NULL CHECK (own_qty IN (0, 1)),"
    "  PRIMARY KEY (product, choice, position),"
    "  UNIQUE (product, choice, child)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX component_child ON component (child);"
    "CREATE INDEX line_parts ON line (parent) WHERE parent > 0;"
    /* The open lines that no balance knows of: is a product still wanted? */
    "CREATE INDEX line_uncounted ON line (product)"
    "  WHERE tracked <> 1 AND ordered > cancelled + delivered + released;",
};

/* The care of the ledger. */
static const char version_2_care[] = {
    /* What rows of the ledger told of an order before they were made one: so many units of a
     * product had that event. */
    "CREATE TABLE carried ("
    "  order_id INTEGER NOT NULL,"
    "  product INTEGER NOT NULL,"
    "  event INTEGER NOT NULL,"
    "  qty INTEGER NOT NULL CHECK (qty > 0),"
    "  PRIMARY KEY (order_id, product, event)) STRICT, WITHOUT ROWID;"
    /* Adopted reservations by order. No other row of the ledger is in an index. */
    "CREATE INDEX ledger_adopted ON ledger (document, product, stock, reserved)"
    "  WHERE event IN (10, 28);",
};

static const char *const version_2_parts[] = {version_2, version_2_care, 0};

/* An order is its document: one row where there were two. To read them, there is a view. */
static const char version_3[] = {
    "ALTER TABLE document ADD COLUMN expires INTEGER;" /* a hold, until then */
    "ALTER TABLE document ADD COLUMN channel_type TEXT;"
    "ALTER TABLE document ADD COLUMN channel_code TEXT;"
    "ALTER TABLE document ADD COLUMN customer_group TEXT;"
    "ALTER TABLE document ADD COLUMN country TEXT;"
    "ALTER TABLE document ADD COLUMN region TEXT;"
    "ALTER TABLE document ADD COLUMN city TEXT;"
    "ALTER TABLE document ADD COLUMN postcode TEXT;"
    "ALTER TABLE document ADD COLUMN latitude REAL;"
    "ALTER TABLE document ADD COLUMN longitude REAL;"
    "UPDATE document SET expires = o.expires, channel_type = o.channel_type,"
    "  channel_code = o.channel_code, customer_group = o.customer_group, country = o.country,"
    "  region = o.region, city = o.city, postcode = o.postcode, latitude = o.latitude,"
    "  longitude = o.longitude FROM orders AS o WHERE o.id = document.id;"
    "DROP TABLE orders;"
    "CREATE VIEW orders AS SELECT id, expires, channel_type, channel_code, customer_group,"
    "  country, region, city, postcode, latitude, longitude FROM document WHERE kind IN (1, 9);"
    /* Grows with every change to products, rules, channels or stocks; see known.h. */
    "ALTER TABLE shop ADD COLUMN catalogue INTEGER NOT NULL DEFAULT 0;",
};

static const char *const version_3_parts[] = {version_3, 0};

/* Where postcodes, cities and regions are. A gazetteer is what one import has read of a country;
 * only that in force is looked at. The newest row stays, so that no id is used twice. */
static const char version_4[] = {
    "CREATE TABLE gazetteer ("
    "  id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 2147483647),"
    "  country TEXT NOT NULL CHECK (length(country) = 2),"
    "  state INTEGER NOT NULL CHECK (state IN (0, 1, 2))) STRICT;" /* being read, in force, gone */
    "CREATE UNIQUE INDEX gazetteer_country ON gazetteer (country, state) WHERE state < 2;"
    /* Texts are keys, see geoname.h. */
    "CREATE TABLE geoname ("
    "  id INTEGER PRIMARY KEY CHECK (id >> 32 = gazetteer)," /* and the line of the file */
    "  gazetteer INTEGER NOT NULL,"
    "  postcode TEXT NOT NULL CHECK (postcode <> ''),"
    "  city TEXT NOT NULL, region TEXT NOT NULL,"
    "  latitude REAL NOT NULL CHECK (latitude BETWEEN -90 AND 90),"
    "  longitude REAL NOT NULL CHECK (longitude BETWEEN -180 AND 180)) STRICT;"
    "CREATE INDEX geoname_postcode ON geoname (gazetteer, postcode, city);"
    "CREATE INDEX geoname_city ON geoname (gazetteer, city, postcode);"
    "CREATE INDEX geoname_region ON geoname (gazetteer, region, city, postcode);",
};

static const char *const version_4_parts[] = {version_4, 0};

const char *const *const qm_migrations[QM_SCHEMA_VERSION] = {version_1_parts, version_2_parts,
                                                             version_3_parts, version_4_parts};
