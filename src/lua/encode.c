/* encode.c: request tables become ops. Each kind is a list of the keys it takes; what they mean is
 * the store's business. Tables of rows are read after the op's own keys, so that a row's texts
 * follow it. */
#include "binding.h"

#include <stdio.h>
#include <string.h>

enum { LABEL = 64 }; /* bytes of "call: key" in messages */

static const char *const statuses[] = {"out_of_stock", "in_stock", NULL};
static const char *const types[] = {"simple", "virtual", "downloadable", "configurable", "grouped",
                                    "bundle", NULL};
static const char *const backorders[] = {"no", "allow", "notify", NULL};

#define OP(member)  offsetof(qm_op, member)
#define ROW(member) offsetof(qm_row, member)
#define TEXT(which) (offsetof(qm_op, text) + (which) * sizeof(qm_span))
#define END                                                                                        \
  { NULL, QM_F_OTHER, 0, 0, NULL }
#define OTHER(name)                                                                                \
  { name, QM_F_OTHER, 0, 0, NULL }

static const qm_field place_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                        {"stock", QM_F_INT, OP(stock), QM_HAS_STOCK, NULL},
                                        OTHER("channel"),
                                        {"customer_group", QM_F_TEXT, TEXT(QM_TEXT_GROUP), 0, NULL},
                                        OTHER("destination"),
                                        OTHER("lines"),
                                        OTHER("op"),
                                        END};

static const qm_field destination_fields[] = {
    {"country", QM_F_TEXT, TEXT(QM_TEXT_COUNTRY), 0, NULL},
    {"region", QM_F_TEXT, TEXT(QM_TEXT_REGION), 0, NULL},
    {"city", QM_F_TEXT, TEXT(QM_TEXT_CITY), 0, NULL},
    {"postcode", QM_F_TEXT, TEXT(QM_TEXT_POSTCODE), 0, NULL},
    {"latitude", QM_F_REAL, OP(latitude), QM_HAS_LATITUDE, NULL},
    {"longitude", QM_F_REAL, OP(longitude), QM_HAS_LONGITUDE, NULL},
    END};

static const qm_field place_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                      {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                      {"line", QM_F_INT, ROW(line), QM_HAS_LINE, NULL},
                                      END};

static const qm_field event_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                        {"order", QM_F_TEXT, OP(order), 0, NULL},
                                        OTHER("lines"),
                                        OTHER("op"),
                                        END};

static const qm_field ship_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                       {"order", QM_F_TEXT, OP(order), 0, NULL},
                                       {"source", QM_F_TEXT, OP(source), 0, NULL},
                                       OTHER("lines"),
                                       OTHER("plan"),
                                       OTHER("op"),
                                       END};

static const qm_field cancel_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                       {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                       {"line", QM_F_INT, ROW(line), QM_HAS_LINE, NULL},
                                       END};

static const qm_field source_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                       {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                       {"line", QM_F_INT, ROW(line), QM_HAS_LINE, NULL},
                                       {"source", QM_F_TEXT, ROW(source), 0, NULL},
                                       END};

/* A plan is taken as select made it; only its picks matter. */
static const qm_field pick_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                     {"qty_to_deduct", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                     {"line", QM_F_INT, ROW(line), QM_HAS_LINE, NULL},
                                     {"source", QM_F_TEXT, ROW(source), 0, NULL},
                                     OTHER("qty_available"),
                                     END};

static const qm_field refund_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                       {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                       {"line", QM_F_INT, ROW(line), QM_HAS_LINE, NULL},
                                       {"return_to_stock", QM_F_FLAG, 0, QM_RETURN_TO_STOCK, NULL},
                                       {"return_to", QM_F_TEXT, ROW(source), 0, NULL},
                                       {"write_off", QM_F_BOOL, ROW(truth), QM_HAS_WRITE_OFF, NULL},
                                       END};

static const qm_field return_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                       {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                       {"line", QM_F_INT, ROW(line), QM_HAS_LINE, NULL},
                                       {"to", QM_F_TEXT, ROW(source), 0, NULL},
                                       END};

static const qm_field adopt_fields[] = {
    {"id", QM_F_TEXT, OP(id), 0, NULL}, OTHER("reservations"), END};

static const qm_field adopt_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                      {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                      {"stock", QM_F_INT, ROW(stock), QM_HAS_STOCK, NULL},
                                      OTHER("channel"),
                                      {"note", QM_F_TEXT, ROW(note), 0, NULL},
                                      END};

static const qm_field adjust_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                         {"reason", QM_F_TEXT, TEXT(QM_TEXT_REASON), 0, NULL},
                                         OTHER("lines"),
                                         END};

static const qm_field adjust_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                       {"delta", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                       {"source", QM_F_TEXT, ROW(source), 0, NULL},
                                       END};

static const qm_field source_fields[] = {
    {"code", QM_F_TEXT, OP(source), 0, NULL},
    {"name", QM_F_TEXT, TEXT(QM_TEXT_NAME), 0, NULL},
    {"country", QM_F_TEXT, TEXT(QM_TEXT_COUNTRY), 0, NULL},
    {"postcode", QM_F_TEXT, TEXT(QM_TEXT_POSTCODE), 0, NULL},
    {"enabled", QM_F_BOOL, OP(enabled), QM_HAS_ENABLED, NULL},
    {"description", QM_F_TEXT, TEXT(QM_TEXT_DESCRIPTION), 0, NULL},
    {"region", QM_F_TEXT, TEXT(QM_TEXT_REGION), 0, NULL},
    {"region_id", QM_F_INT, OP(region_id), QM_HAS_REGION_ID, NULL},
    {"city", QM_F_TEXT, TEXT(QM_TEXT_CITY), 0, NULL},
    {"street", QM_F_TEXT, TEXT(QM_TEXT_STREET), 0, NULL},
    {"contact_name", QM_F_TEXT, TEXT(QM_TEXT_CONTACT), 0, NULL},
    {"email", QM_F_TEXT, TEXT(QM_TEXT_EMAIL), 0, NULL},
    {"phone", QM_F_TEXT, TEXT(QM_TEXT_PHONE), 0, NULL},
    {"fax", QM_F_TEXT, TEXT(QM_TEXT_FAX), 0, NULL},
    {"latitude", QM_F_REAL, OP(latitude), QM_HAS_LATITUDE, NULL},
    {"longitude", QM_F_REAL, OP(longitude), QM_HAS_LONGITUDE, NULL},
    {"pickup", QM_F_BOOL, OP(pickup), QM_HAS_PICKUP, NULL},
    {"frontend_name", QM_F_TEXT, TEXT(QM_TEXT_FRONTEND_NAME), 0, NULL},
    {"frontend_description", QM_F_TEXT, TEXT(QM_TEXT_FRONTEND_DESCRIPTION), 0, NULL},
    OTHER("carrier_links"),
    END};

/* `generation` and `rules` come from the facade, not from callers. */
static const qm_field stock_fields[] = {{"id", QM_F_INT, OP(stock), QM_HAS_STOCK, NULL},
                                        {"name", QM_F_TEXT, TEXT(QM_TEXT_NAME), 0, NULL},
                                        OTHER("channels"),
                                        OTHER("sources"),
                                        {"generation", QM_F_INT, OP(generation), 0, NULL},
                                        OTHER("rules"),
                                        END};

static const qm_field stock_rows[] = {
    {"code", QM_F_TEXT, ROW(source), 0, NULL}, {"priority", QM_F_INT, ROW(priority), 0, NULL}, END};

static const qm_field channel_fields[] = {{"type", QM_F_TEXT, ROW(channel_type), 0, NULL},
                                          {"code", QM_F_TEXT, ROW(channel_code), 0, NULL},
                                          END};

static const qm_field op_channel_fields[] = {{"type", QM_F_TEXT, OP(channel_type), 0, NULL},
                                             {"code", QM_F_TEXT, OP(channel_code), 0, NULL},
                                             END};

static const qm_field stock_delete_fields[] = {{"id", QM_F_INT, OP(stock), QM_HAS_STOCK, NULL},
                                               END};

static const qm_field rows_only[] = {OTHER("rows"), END};

static const qm_field products_fields[] = {
    OTHER("rows"), {"dry_run", QM_F_FLAG, 0, QM_DRY_RUN, NULL}, END};

static const qm_field link_rows[] = {{"stock", QM_F_INT, ROW(stock), QM_HAS_STOCK, NULL},
                                     {"source", QM_F_TEXT, ROW(source), 0, NULL},
                                     {"priority", QM_F_INT, ROW(priority), 0, NULL},
                                     END};

static const qm_field unlink_rows[] = {{"stock", QM_F_INT, ROW(stock), QM_HAS_STOCK, NULL},
                                       {"source", QM_F_TEXT, ROW(source), 0, NULL},
                                       END};

/* `own` and `was_own` are ids that the facade worked out. */
static const qm_field product_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                        {"type", QM_F_WORD, ROW(type), QM_HAS_TYPE, types},
                                        {"own", QM_F_INT, ROW(own), 0, NULL},
                                        {"was_own", QM_F_INT, ROW(was_own), 0, NULL},
                                        {"b2b", QM_F_BOOL, ROW(truth), QM_HAS_B2B, NULL},
                                        {"no_assign", QM_F_FLAG, 0, QM_NO_ASSIGN, NULL},
                                        END};

static const qm_field item_rows[] = {
    {"sku", QM_F_TEXT, ROW(sku), 0, NULL},
    {"source", QM_F_TEXT, ROW(source), 0, NULL},
    {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
    {"status", QM_F_WORD, ROW(type), QM_HAS_STATUS, statuses},
    {"notify_below", QM_F_NOTIFY, ROW(notify), QM_HAS_NOTIFY, NULL},
    {"expected", QM_F_QTY, ROW(expected), QM_HAS_EXPECTED, NULL},
    END};

static const qm_field item_keys[] = {
    {"sku", QM_F_TEXT, ROW(sku), 0, NULL}, {"source", QM_F_TEXT, ROW(source), 0, NULL}, END};

static const qm_field rules_fields[] = {{"generation", QM_F_INT, OP(generation), 0, NULL},
                                        {"own", QM_F_TEXT, OP(own_settings), 0, NULL},
                                        {"policy_name", QM_F_TEXT, OP(policy_name), 0, NULL},
                                        {"policy_hash", QM_F_TEXT, OP(policy_hash), 0, NULL},
                                        {"policy_source", QM_F_TEXT, OP(policy_source), 0, NULL},
                                        OTHER("settings"),
                                        OTHER("rules"),
                                        END};

#define RULE(member) offsetof(qm_rule_row, member)

/* Quantities are units here: the facade has checked what the policy said. */
static const qm_field rule_rows[] = {
    {"own", QM_F_INT, RULE(own), 0, NULL},
    {"stock", QM_F_INT, RULE(stock), 0, NULL},
    {"managed", QM_F_FLAG, 0, QM_RULE_MANAGED, NULL},
    {"reserves", QM_F_FLAG, 0, QM_RULE_RESERVES, NULL},
    {"unlimited", QM_F_FLAG, 0, QM_RULE_UNLIMITED, NULL},
    {"decimal", QM_F_FLAG, 0, QM_RULE_DECIMAL, NULL},
    {"exempt", QM_F_FLAG, 0, QM_RULE_EXEMPT, NULL},
    {"write_off", QM_F_FLAG, 0, QM_RULE_WRITE_OFF, NULL},
    {"return_priority", QM_F_FLAG, 0, QM_RULE_RETURN_PRIORITY, NULL},
    {"backorders", QM_F_WORD, RULE(backorders), 0, backorders},
    {"floor", QM_F_INT, RULE(floor), 0, NULL},
    {"share", QM_F_INT, RULE(share), 0, NULL},
    {"gate", QM_F_INT, RULE(gate), QM_RULE_GATE, NULL},
    {"notify_at", QM_F_INT, RULE(notify_at), QM_RULE_NOTIFY, NULL},
    {"min_sale", QM_F_INT, RULE(min_sale), 0, NULL},
    {"min_sale_groups", QM_F_TEXT, RULE(min_sale_groups), 0, NULL},
    {"max_sale", QM_F_INT, RULE(max_sale), 0, NULL},
    {"increments", QM_F_INT, RULE(increments), 0, NULL},
    END};

static const qm_field setting_rows[] = {{"name", QM_F_TEXT, offsetof(qm_setting, name), 0, NULL},
                                        {"value", QM_F_TEXT, offsetof(qm_setting, value), 0, NULL},
                                        END};

/* What a call takes. `list` is the key of its rows, `what` what messages call it. */
typedef struct kind_info {
  const char *name, *what;
  qm_op_kind kind;
  const qm_field *fields;
  const char *list;
  const qm_field *rows;
} kind_info;

static const kind_info kinds[] = {
    {"place", "place", QM_OP_PLACE, place_fields, "lines", place_rows},
    {"cancel", "cancel", QM_OP_CANCEL, event_fields, "lines", cancel_rows},
    {"ship", "ship", QM_OP_SHIP, ship_fields, "lines", source_rows},
    {"invoice", "invoice", QM_OP_INVOICE, event_fields, "lines", source_rows},
    {"refund", "refund", QM_OP_REFUND, event_fields, "lines", refund_rows},
    {"return_goods", "return_goods", QM_OP_RETURN, event_fields, "lines", return_rows},
    {"adopt", "adopt", QM_OP_ADOPT, adopt_fields, "reservations", adopt_rows},
    {"adjust", "items:adjust", QM_OP_ADJUST, adjust_fields, "lines", adjust_rows},
    {"source", "sources:save", QM_OP_SOURCE, source_fields, NULL, NULL},
    {"stock", "stocks:save", QM_OP_STOCK, stock_fields, "sources", stock_rows},
    {"stock_delete", "stocks:delete", QM_OP_STOCK_DELETE, stock_delete_fields, NULL, NULL},
    {"link", "stocks:link", QM_OP_LINK, rows_only, "rows", link_rows},
    {"unlink", "stocks:unlink", QM_OP_UNLINK, rows_only, "rows", unlink_rows},
    {"products", "products:save", QM_OP_PRODUCTS, products_fields, "rows", product_rows},
    {"items", "items:save", QM_OP_ITEMS, rows_only, "rows", item_rows},
    {"items_delete", "items:delete", QM_OP_ITEMS_DELETE, rows_only, "rows", item_keys},
    {"rules", "rules", QM_OP_RULES, rules_fields, NULL, NULL},
};

/* ---- lists ---- */

/* Requests are read raw, so that no metamethod runs in the middle. */
static void raw_field(lua_State *L, int index, const char *key) {
  index = lua_absindex(L, index);
  lua_pushstring(L, key);
  lua_rawget(L, index);
}

/* Leaves the list at `key` on the stack and returns its length, or returns -1 and leaves nil. */
static int64_t push_list(lua_State *L, int index, const char *key, const char *what) {
  raw_field(L, index, key);
  if (lua_isnil(L, -1))
    return -1;
  if (!lua_istable(L, -1))
    luaL_error(L, "%s: %s must be a list, not a %s", what, key, luaL_typename(L, -1));
  size_t count = lua_rawlen(L, -1);
  if (count == 0) {
    lua_pushnil(L);
    if (lua_next(L, -2))
      luaL_error(L, "%s: %s must be a list of tables", what, key);
  }
  return (int64_t)count;
}

/* A list beyond the limit is not read: the store refuses the op. */
static int64_t within(qm_builder *b, int64_t count, int64_t most) {
  if (count <= most)
    return count;
  qm_builder_current(b)->flags |= QM_TOO_LONG;
  return 0;
}

/* A channel is a website's code or { type, code }. The value is on top of the stack. */
static void encode_channel(lua_State *L, qm_builder *b, size_t at, size_t flags_at,
                           const qm_field *fields, const char *what) {
  static const char website[] = "website";
  char label[LABEL];
  qm_span span;
  if (lua_type(L, -1) != LUA_TSTRING && !lua_istable(L, -1))
    luaL_error(L, "%s: channel must be a website code or a table { type, code }, not a %s", what,
               luaL_typename(L, -1));
  snprintf(label, sizeof label, "%s: channel", what);
  if (lua_type(L, -1) == LUA_TSTRING) {
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    span = qm_builder_text(L, b, text, length);
    memcpy(b->bytes + at + fields[1].offset, &span, sizeof span);
  } else {
    qm_read_fields(L, -1, b, at, flags_at, fields, label);
  }
  memcpy(&span, b->bytes + at + fields[0].offset, sizeof span);
  if (span.at)
    return;
  span = qm_builder_text(L, b, website, sizeof website - 1);
  memcpy(b->bytes + at + fields[0].offset, &span, sizeof span);
}

static qm_row *row_at(qm_builder *b, size_t rows, int64_t i) {
  return (qm_row *)(void *)(b->bytes + rows + (size_t)i * sizeof(qm_row));
}

/* Reads the list on top of the stack into the op's rows from `first` on. */
static void encode_rows(lua_State *L, qm_builder *b, size_t rows, int64_t first, int64_t count,
                        const kind_info *info) {
  for (int64_t i = 0; i < count; i++) {
    size_t at = rows + (size_t)(first + i) * sizeof(qm_row);
    lua_rawgeti(L, -1, (int)i + 1);
    qm_read_fields(L, -1, b, at, at + offsetof(qm_row, flags), info->rows, info->what);
    if (info->kind == QM_OP_ADOPT) {
      raw_field(L, -1, "channel");
      if (!lua_isnil(L, -1))
        encode_channel(L, b, at, at + offsetof(qm_row, flags), channel_fields, info->what);
      lua_pop(L, 1);
    }
    qm_row *row = row_at(b, rows, first + i);
    bool counted = info->kind == QM_OP_PLACE || info->kind == QM_OP_STOCK;
    if (counted && !(row->flags & QM_HAS_LINE))
      row->line = i + 1;
    lua_pop(L, 1);
  }
}

static size_t start_rows(lua_State *L, qm_builder *b, int64_t count, uint32_t flags) {
  size_t rows = qm_builder_rows(L, b, (size_t)count, sizeof(qm_row));
  qm_op *op = qm_builder_current(b);
  op->rows_at = (uint32_t)(rows - qm_builder_start(b));
  op->row_count = (uint32_t)count;
  op->flags |= flags;
  return rows;
}

static void encode_list(lua_State *L, qm_builder *b, int index, const kind_info *info) {
  bool document = info->kind < QM_OP_DOCUMENTS && info->kind != QM_OP_ADOPT;
  int64_t count = push_list(L, index, info->list, info->what);
  count = within(b, count, document ? QM_LINES_MAX : QM_BATCH_MAX);
  if (count >= 0) {
    size_t rows = start_rows(L, b, count, QM_HAS_LINES);
    encode_rows(L, b, rows, 0, count, info);
  }
  lua_pop(L, 1);
}

/* ship{ plan = ... } is shipping the plan's picks. */
static void encode_plan(lua_State *L, qm_builder *b, int index) {
  static const kind_info picks = {"ship", "ship: plan", QM_OP_SHIP, NULL, "picks", pick_rows};
  raw_field(L, index, "plan");
  if (!lua_isnil(L, -1)) {
    raw_field(L, index, "lines");
    if (!lua_isnil(L, -1))
      luaL_error(L, "ship: give lines or a plan, not both");
    lua_pop(L, 1);
    if (!lua_istable(L, -1))
      luaL_error(L, "ship: plan must be a table, not a %s", luaL_typename(L, -1));
    raw_field(L, -1, "picks");
    if (lua_isnil(L, -1))
      luaL_error(L, "ship: the plan has no picks");
    lua_pop(L, 1);
    encode_list(L, b, lua_gettop(L), &picks);
    qm_builder_current(b)->flags |= QM_PLANNED;
    raw_field(L, -1, "order");
    raw_field(L, index, "order");
    if (!lua_isnil(L, -2) && !lua_rawequal(L, -1, -2))
      qm_builder_current(b)->flags |= QM_OTHER_PLAN;
    lua_pop(L, 2);
  }
  lua_pop(L, 1);
}

/* A stock has two lists: its channels, then its links. */
static void encode_stock(lua_State *L, qm_builder *b, int index, const kind_info *info) {
  int64_t channels = push_list(L, index, "channels", info->what);
  int64_t links = push_list(L, index, "sources", info->what);
  channels = within(b, channels, QM_BATCH_MAX);
  links = within(b, links, QM_BATCH_MAX);
  uint32_t flags = (channels >= 0 ? QM_HAS_CHANNELS : 0u) | (links >= 0 ? QM_HAS_LINES : 0u);
  int64_t first = channels > 0 ? channels : 0;
  size_t rows = start_rows(L, b, first + (links > 0 ? links : 0), flags);
  encode_rows(L, b, rows, first, links, info);
  lua_pop(L, 1);
  for (int64_t i = 0; i < channels; i++) {
    size_t at = rows + (size_t)i * sizeof(qm_row);
    lua_rawgeti(L, -1, (int)i + 1);
    row_at(b, rows, i)->line = i + 1;
    encode_channel(L, b, at, at + offsetof(qm_row, flags), channel_fields, info->what);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* Flat records without row flags share this: rules and settings. */
static void encode_records(lua_State *L, qm_builder *b, int index, const char *key, size_t size,
                           size_t flags_at, const qm_field *fields, uint32_t *at_out,
                           uint32_t *count_out) {
  int64_t count = push_list(L, index, key, "rules");
  size_t first = qm_builder_rows(L, b, count > 0 ? (size_t)count : 0, size);
  for (int64_t i = 0; i < count; i++) {
    size_t at = first + (size_t)i * size;
    lua_rawgeti(L, -1, (int)i + 1);
    qm_read_fields(L, -1, b, at, at + flags_at, fields, key);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  *at_out = (uint32_t)(first - qm_builder_start(b));
  *count_out = count > 0 ? (uint32_t)count : 0;
}

static void encode_rules(lua_State *L, qm_builder *b, int index, bool settings) {
  uint32_t at, count;
  encode_records(L, b, index, "rules", sizeof(qm_rule_row), RULE(bits), rule_rows, &at, &count);
  qm_builder_current(b)->rules_at = at;
  qm_builder_current(b)->rule_count = count;
  if (!settings)
    return;
  encode_records(L, b, index, "settings", sizeof(qm_setting), offsetof(qm_setting, flags),
                 setting_rows, &at, &count);
  qm_builder_current(b)->settings_at = at;
  qm_builder_current(b)->setting_count = count;
}

/* ---- whole requests ---- */

static void encode_nested(lua_State *L, qm_builder *b, int index, const kind_info *info) {
  size_t at = qm_builder_start(b), flags_at = at + OP(flags);
  if (info->kind == QM_OP_PLACE) {
    raw_field(L, index, "channel");
    if (!lua_isnil(L, -1))
      encode_channel(L, b, at, flags_at, op_channel_fields, info->what);
    raw_field(L, index, "destination");
    if (!lua_isnil(L, -1))
      qm_read_fields(L, -1, b, at, flags_at, destination_fields, "place: destination");
    lua_pop(L, 2);
  }
  if (info->kind == QM_OP_SOURCE) {
    raw_field(L, index, "carrier_links");
    if (!lua_isnil(L, -1) && !lua_istable(L, -1))
      luaL_error(L, "%s: carrier_links must be a list, not a %s", info->what,
                 luaL_typename(L, -1));
    if (!lua_isnil(L, -1)) {
      lua_pushnil(L);
      if (lua_next(L, -2)) { /* not empty */
        lua_pop(L, 2);
        qm_builder_current(b)->flags |= QM_CARRIERS;
      }
    }
    lua_pop(L, 1);
  }
  if (info->kind == QM_OP_SHIP)
    encode_plan(L, b, index);
  if (info->kind == QM_OP_STOCK) {
    encode_stock(L, b, index, info);
    encode_rules(L, b, index, false);
  } else if (info->list) {
    encode_list(L, b, index, info);
  }
  if (info->kind == QM_OP_RULES)
    encode_rules(L, b, index, true);
}

static const kind_info *find_kind(const char *name) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kinds[i].name, name) == 0)
      return &kinds[i];
  return NULL;
}

void qm_encode(lua_State *L, qm_handle *handle, int index, const char *kind, int64_t now_ms) {
  const kind_info *info = find_kind(kind);
  qm_builder *b = &handle->builder;
  index = lua_absindex(L, index);
  if (!info)
    luaL_error(L, "there is no operation '%s'", kind);
  luaL_checkstack(L, 16, "too many nested tables");
  qm_builder_op(L, b, info->kind, now_ms);
  size_t at = qm_builder_start(b);
  qm_read_fields(L, index, b, at, at + OP(flags), info->fields, info->what);
  encode_nested(L, b, index, info);
  qm_builder_end(b);
}

static void push_names(lua_State *L, const qm_field *fields) {
  lua_newtable(L);
  for (int i = 0; fields && fields[i].name; i++) {
    lua_pushstring(L, fields[i].name);
    lua_rawseti(L, -2, i + 1);
  }
}

void qm_push_options(lua_State *L) {
  lua_newtable(L);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    /* These are prepared by the facade, which knows what callers may say. */
    if (kinds[i].kind == QM_OP_RULES || kinds[i].kind == QM_OP_STOCK ||
        kinds[i].kind == QM_OP_PRODUCTS)
      continue;
    push_names(L, kinds[i].fields == rows_only ? kinds[i].rows : kinds[i].fields);
    lua_setfield(L, -2, kinds[i].what);
  }
}
