/* encode.c: request tables become ops, by the keys of requests.h; what they mean is the store's
 * business. Lists are read after the op's own keys, so that a row's texts follow it. */
#include "requests.h"

#include <stdio.h>
#include <string.h>

enum { LABEL = 64 }; /* bytes of "call: key" in messages */

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

/* The row's table is on top of the stack. */
static void encode_row_channel(lua_State *L, qm_builder *b, size_t at, const char *what) {
  raw_field(L, -1, "channel");
  if (!lua_isnil(L, -1))
    encode_channel(L, b, at, at + offsetof(qm_row, flags), qm_row_channel_fields, what);
  lua_pop(L, 1);
}

static qm_row *row_at(qm_builder *b, size_t rows, int64_t i) {
  return (qm_row *)(void *)(b->bytes + rows + (size_t)i * sizeof(qm_row));
}

/* ---- lists inside of rows: parts ---- */

/* The parts of an op that are being read; `row` is whose. */
typedef struct nesting {
  qm_builder *builder;
  size_t rows, parts; /* offsets of the two lists */
  uint32_t row, next, count;
} nesting;

static size_t list_length(lua_State *L, const char *key, const char *what) {
  int64_t count = push_list(L, -1, key, what);
  lua_pop(L, 1);
  return count > 0 ? (size_t)count : 0;
}

/* How many parts the row on top of the stack has. */
static size_t count_parts(lua_State *L, const qm_request *info) {
  if (qm_op_places(info->kind))
    return list_length(L, "selections", info->what);
  size_t total = list_length(L, "children", info->what);
  int64_t options = push_list(L, -1, "options", info->what);
  for (int64_t i = 0; i < options; i++) {
    lua_rawgeti(L, -1, (int)i + 1);
    total += 1 + (lua_istable(L, -1) ? list_length(L, "selections", info->what) : 0);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return total;
}

/* A finalizer may change a list between counting and reading. */
static void must_be_unchanged(lua_State *L, bool is) {
  if (!is)
    luaL_error(L, "a list was changed while it was read");
}

static qm_row *next_part(lua_State *L, nesting *n, int64_t option, int64_t line) {
  must_be_unchanged(L, n->next < n->count);
  qm_row *row = row_at(n->builder, n->rows, n->row);
  if (row->part_count++ == 0)
    row->part_first = n->next;
  qm_row *part = row_at(n->builder, n->parts, n->next++);
  part->part_of = n->row;
  part->option = (int32_t)option;
  part->line = line;
  return part;
}

/* Reads the value on top of the stack, a table or no more than a SKU, into the newest part. */
static void read_part(lua_State *L, nesting *n, const qm_field *fields, const char *what) {
  size_t at = n->parts + (n->next - 1) * sizeof(qm_row);
  if (fields != qm_option_rows && lua_type(L, -1) == LUA_TSTRING) {
    size_t length;
    const char *sku = lua_tolstring(L, -1, &length);
    qm_span span = qm_builder_text(L, n->builder, sku, length);
    memcpy(n->builder->bytes + at + offsetof(qm_row, sku), &span, sizeof span);
    return;
  }
  qm_read_fields(L, -1, n->builder, at, at + offsetof(qm_row, flags), fields, what);
}

static void encode_offers(lua_State *L, nesting *n, const char *key, const qm_field *fields,
                          int64_t option, const char *call) {
  char label[LABEL];
  int64_t count = push_list(L, -1, key, call);
  snprintf(label, sizeof label, "%.*s: %s", LABEL / 2, call, key);
  for (int64_t i = 0; i < count; i++) {
    next_part(L, n, option, i + 1);
    lua_rawgeti(L, -1, (int)i + 1);
    read_part(L, n, fields, label);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static void encode_options(lua_State *L, nesting *n, const char *call) {
  char label[LABEL];
  int64_t count = push_list(L, -1, "options", call);
  snprintf(label, sizeof label, "%s: options", call);
  for (int64_t i = 0; i < count; i++) {
    next_part(L, n, i + 1, 0)->truth = 1; /* required, unless it says otherwise */
    lua_rawgeti(L, -1, (int)i + 1);
    read_part(L, n, qm_option_rows, label);
    encode_offers(L, n, "selections", qm_offer_rows, i + 1, label);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* The lists inside of the rows of the list on top of the stack. */
static void encode_parts(lua_State *L, qm_builder *b, size_t rows, int64_t count,
                         const qm_request *info) {
  const uint32_t lists = QM_HAS_PARTS | QM_HAS_OPTIONS;
  size_t total = 0;
  for (int64_t i = 0; i < count; i++) {
    if (!(row_at(b, rows, i)->flags & lists))
      continue;
    lua_rawgeti(L, -1, (int)i + 1);
    must_be_unchanged(L, lua_istable(L, -1));
    total += count_parts(L, info);
    lua_pop(L, 1);
  }
  total = (size_t)within(b, (int64_t)total, qm_op_places(info->kind) ? QM_LINES_MAX : QM_BATCH_MAX);
  if (total == 0)
    return;
  nesting n = {.builder = b, .rows = rows, .count = (uint32_t)total};
  n.parts = qm_builder_rows(L, b, total, sizeof(qm_row));
  qm_builder_current(b)->parts_at = (uint32_t)(n.parts - qm_builder_start(b));
  qm_builder_current(b)->part_count = n.count;
  for (n.row = 0; n.row < count; n.row++) {
    if (!(row_at(b, rows, n.row)->flags & lists))
      continue;
    lua_rawgeti(L, -1, (int)n.row + 1);
    must_be_unchanged(L, lua_istable(L, -1));
    if (qm_op_places(info->kind)) {
      encode_offers(L, &n, "selections", qm_selection_rows, 0, info->what);
    } else {
      encode_offers(L, &n, "children", qm_child_rows, 0, info->what);
      encode_options(L, &n, info->what);
    }
    lua_pop(L, 1);
  }
  must_be_unchanged(L, n.next == n.count);
}

/* ---- lists of rows ---- */

/* Reads the list on top of the stack into the op's rows from `first` on. */
static void encode_rows(lua_State *L, qm_builder *b, size_t rows, int64_t first, int64_t count,
                        const qm_request *info) {
  for (int64_t i = 0; i < count; i++) {
    size_t at = rows + (size_t)(first + i) * sizeof(qm_row);
    lua_rawgeti(L, -1, (int)i + 1);
    qm_read_fields(L, -1, b, at, at + offsetof(qm_row, flags), info->rows, info->what);
    if (info->kind == QM_OP_ADOPT || info->kind == QM_OP_COMPENSATE)
      encode_row_channel(L, b, at, info->what);
    qm_row *row = row_at(b, rows, first + i);
    bool counted = qm_op_places(info->kind) || info->kind == QM_OP_STOCK;
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

static void encode_list(lua_State *L, qm_builder *b, int index, const qm_request *info) {
  bool order = info->kind < QM_OP_DOCUMENTS && info->kind != QM_OP_COMPENSATE;
  int64_t count = push_list(L, index, info->list, info->what);
  count = within(b, count, order ? QM_LINES_MAX : QM_BATCH_MAX);
  if (count >= 0) {
    size_t rows = start_rows(L, b, count, QM_HAS_LINES);
    encode_rows(L, b, rows, 0, count, info);
    encode_parts(L, b, rows, count, info);
  }
  lua_pop(L, 1);
}

/* ship{ plan = ... } is shipping the plan's picks; so is allocating them. */
static void encode_plan(lua_State *L, qm_builder *b, int index, const qm_request *info) {
  char label[LABEL];
  qm_request picks = *info;
  snprintf(label, sizeof label, "%s: plan", info->what);
  picks.what = label, picks.list = "picks", picks.rows = qm_pick_rows;
  raw_field(L, index, "plan");
  if (!lua_isnil(L, -1)) {
    raw_field(L, index, "lines");
    if (!lua_isnil(L, -1))
      luaL_error(L, "%s: give lines or a plan, not both", info->what);
    lua_pop(L, 1);
    if (!lua_istable(L, -1))
      luaL_error(L, "%s must be a table, not a %s", label, luaL_typename(L, -1));
    raw_field(L, -1, "picks");
    if (lua_isnil(L, -1))
      luaL_error(L, "%s: the plan has no picks", info->what);
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
static void encode_stock(lua_State *L, qm_builder *b, int index, const qm_request *info) {
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
    encode_channel(L, b, at, at + offsetof(qm_row, flags), qm_row_channel_fields, info->what);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* ---- adopt ---- */

/* How many lines the orders of the list on top of the stack have. */
static int64_t count_lines(lua_State *L, qm_builder *b, int64_t orders, const char *what) {
  int64_t total = 0;
  for (int64_t i = 0; i < orders; i++) {
    lua_rawgeti(L, -1, (int)i + 1);
    if (!lua_istable(L, -1))
      luaL_error(L, "%s must be a table, not a %s", what, luaL_typename(L, -1));
    int64_t lines = push_list(L, -1, "lines", what);
    if (lines > 0)
      total += within(b, lines, QM_LINES_MAX);
    lua_pop(L, 2);
  }
  return within(b, total, QM_BATCH_MAX);
}

/* Lines of the order on top of the stack, from row `first` to before row `end`; they carry its id.
 * A finalizer may have given it more lines than were counted: these are left out. */
static int64_t encode_order_lines(lua_State *L, qm_builder *b, size_t rows, int64_t first,
                                  int64_t end, qm_span order) {
  static const char what[] = "adopt: orders: lines";
  int64_t count = push_list(L, -1, "lines", what);
  if (count > end - first)
    count = end - first;
  for (int64_t i = 0; i < count; i++) {
    size_t at = rows + (size_t)(first + i) * sizeof(qm_row);
    lua_rawgeti(L, -1, (int)i + 1);
    qm_read_fields(L, -1, b, at, at + offsetof(qm_row, flags), qm_adopt_lines, what);
    qm_row *row = row_at(b, rows, first + i);
    if (!(row->flags & QM_HAS_LINE))
      row->line = i + 1;
    row->order = order;
    row->index = (int32_t)i + 1;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return count > 0 ? count : 0;
}

/* The list of orders is on top of the stack. */
static void encode_orders(lua_State *L, qm_builder *b, size_t rows, int64_t orders, int64_t lines) {
  static const char what[] = "adopt: orders";
  int64_t next = orders;
  for (int64_t i = 0; i < orders; i++) {
    size_t at = rows + (size_t)i * sizeof(qm_row);
    lua_rawgeti(L, -1, (int)i + 1);
    qm_read_fields(L, -1, b, at, at + offsetof(qm_row, flags), qm_adopt_orders, what);
    encode_row_channel(L, b, at, what);
    qm_span id = row_at(b, rows, i)->order;
    int64_t count = encode_order_lines(L, b, rows, next, orders + lines, id);
    row_at(b, rows, i)->lines = (uint32_t)count;
    row_at(b, rows, i)->index = (int32_t)i + 1;
    next += count;
    lua_pop(L, 1);
  }
}

/* Three kinds of rows: orders, their lines, reservations. */
static void encode_adopt(lua_State *L, qm_builder *b, int index, const qm_request *info) {
  int64_t orders = within(b, push_list(L, index, "orders", info->what), QM_BATCH_MAX);
  int64_t lines = count_lines(L, b, orders, "adopt: orders");
  int64_t reservations = push_list(L, index, info->list, info->what);
  bool listed = reservations >= 0;
  reservations = within(b, reservations, QM_BATCH_MAX);
  if (qm_builder_current(b)->flags & QM_TOO_LONG)
    orders = lines = reservations = 0;
  int64_t before = (orders > 0 ? orders : 0) + lines;
  size_t rows =
      start_rows(L, b, before + (reservations > 0 ? reservations : 0), listed ? QM_HAS_LINES : 0);
  encode_rows(L, b, rows, before, reservations, info);
  for (int64_t i = 0; i < reservations; i++)
    row_at(b, rows, before + i)->index = (int32_t)i + 1;
  lua_pop(L, 1);
  encode_orders(L, b, rows, orders, lines);
  lua_pop(L, 1);
  qm_op *op = qm_builder_current(b);
  op->order_count = orders > 0 ? (uint32_t)orders : 0;
  op->line_count = (uint32_t)lines;
}

/* ---- the whole file's rules ---- */

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
  encode_records(L, b, index, "rules", sizeof(qm_rule_row), offsetof(qm_rule_row, bits),
                 qm_rule_rows, &at, &count);
  qm_builder_current(b)->rules_at = at;
  qm_builder_current(b)->rule_count = count;
  if (!settings)
    return;
  encode_records(L, b, index, "settings", sizeof(qm_setting), offsetof(qm_setting, flags),
                 qm_setting_rows, &at, &count);
  qm_builder_current(b)->settings_at = at;
  qm_builder_current(b)->setting_count = count;
}

/* ---- whole requests ---- */

static void encode_nested(lua_State *L, qm_builder *b, int index, const qm_request *info) {
  size_t at = qm_builder_start(b), flags_at = at + offsetof(qm_op, flags);
  if (qm_op_places(info->kind)) {
    raw_field(L, index, "channel");
    if (!lua_isnil(L, -1))
      encode_channel(L, b, at, flags_at, qm_op_channel_fields, info->what);
    raw_field(L, index, "destination");
    if (!lua_isnil(L, -1))
      qm_read_fields(L, -1, b, at, flags_at, qm_destination_fields, "place: destination");
    lua_pop(L, 2);
  }
  if (info->kind == QM_OP_SOURCE) {
    raw_field(L, index, "carrier_links");
    if (!lua_isnil(L, -1) && !lua_istable(L, -1))
      luaL_error(L, "%s: carrier_links must be a list, not a %s", info->what, luaL_typename(L, -1));
    if (!lua_isnil(L, -1)) {
      lua_pushnil(L);
      if (lua_next(L, -2)) { /* not empty */
        lua_pop(L, 2);
        qm_builder_current(b)->flags |= QM_CARRIERS;
      }
    }
    lua_pop(L, 1);
  }
  if (info->kind == QM_OP_SHIP || info->kind == QM_OP_ALLOCATE)
    encode_plan(L, b, index, info);
  if (info->kind == QM_OP_STOCK) {
    encode_stock(L, b, index, info);
    encode_rules(L, b, index, false);
  } else if (info->kind == QM_OP_ADOPT) {
    encode_adopt(L, b, index, info);
  } else if (info->list) {
    encode_list(L, b, index, info);
  }
  if (info->kind == QM_OP_RULES)
    encode_rules(L, b, index, true);
}

void qm_encode(lua_State *L, qm_handle *handle, int index, const char *kind, int64_t now_ms) {
  const qm_request *info = qm_find_request(kind);
  qm_builder *b = &handle->builder;
  index = lua_absindex(L, index);
  if (!info)
    luaL_error(L, "there is no operation '%s'", kind);
  luaL_checkstack(L, 32, "too many nested tables");
  qm_builder_op(L, b, info->kind, now_ms);
  size_t at = qm_builder_start(b);
  qm_read_fields(L, index, b, at, at + offsetof(qm_op, flags), info->fields, info->what);
  encode_nested(L, b, index, info);
  qm_builder_end(b);
}
