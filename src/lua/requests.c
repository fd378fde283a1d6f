/* requests.c: the tables of requests.h. Keys marked OTHER hold tables, which encode.c reads. */
#include "requests.h"

#include <string.h>

static const char *const statuses[] = {"out_of_stock", "in_stock", NULL};
static const char *const types[] = {"simple", "virtual", "downloadable", "configurable", "grouped",
                                    "bundle", NULL};
static const char *const backorders[] = {"no", "allow", "notify", NULL};

#define OP(member)  offsetof(qm_op, member)
#define ROW(member) offsetof(qm_row, member)
#define TEXT(which) (offsetof(qm_op, text) + (which) * sizeof(qm_span))
#define END                                                                                        \
  { NULL, QM_F_OTHER, 0, 0, NULL }
#define FORCE                                                                                      \
  { "force", QM_F_FLAG, 0, QM_FORCE, NULL }
#define OTHER(name)                                                                                \
  { name, QM_F_OTHER, 0, 0, NULL }

static const qm_field place_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                        {"stock", QM_F_INT, OP(stock), QM_HAS_STOCK, NULL},
                                        OTHER("channel"),
                                        {"customer_group", QM_F_TEXT, TEXT(QM_TEXT_GROUP), 0, NULL},
                                        {"hold", QM_F_TEXT, OP(order), 0, NULL},
                                        OTHER("destination"),
                                        OTHER("lines"),
                                        OTHER("op"),
                                        END};

static const qm_field hold_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                       {"stock", QM_F_INT, OP(stock), QM_HAS_STOCK, NULL},
                                       OTHER("channel"),
                                       {"customer_group", QM_F_TEXT, TEXT(QM_TEXT_GROUP), 0, NULL},
                                       {"ttl", QM_F_INT, OP(ttl), 0, NULL},
                                       OTHER("lines"),
                                       OTHER("op"),
                                       END};

static const qm_field extend_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                         {"hold", QM_F_TEXT, OP(order), 0, NULL},
                                         {"ttl", QM_F_INT, OP(ttl), 0, NULL},
                                         OTHER("op"),
                                         END};

static const qm_field release_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                          {"hold", QM_F_TEXT, OP(order), 0, NULL},
                                          OTHER("lines"),
                                          OTHER("op"),
                                          END};

const qm_field qm_destination_fields[] = {
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
                                      {"selections", QM_F_OTHER, 0, QM_HAS_PARTS, NULL},
                                      END};

const qm_field qm_selection_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                      {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                      {"option", QM_F_TEXT, ROW(note), 0, NULL},
                                      END};

static const qm_field event_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                        {"order", QM_F_TEXT, OP(order), 0, NULL},
                                        OTHER("lines"),
                                        OTHER("op"),
                                        END};

/* Of an event that may take supply from others. */
static const qm_field supply_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                         {"order", QM_F_TEXT, OP(order), 0, NULL},
                                         FORCE,
                                         OTHER("lines"),
                                         OTHER("op"),
                                         END};

static const qm_field allocate_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                           {"order", QM_F_TEXT, OP(order), 0, NULL},
                                           FORCE,
                                           OTHER("lines"),
                                           OTHER("plan"),
                                           OTHER("op"),
                                           END};

static const qm_field ship_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                       {"order", QM_F_TEXT, OP(order), 0, NULL},
                                       {"source", QM_F_TEXT, OP(source), 0, NULL},
                                       FORCE,
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

static const qm_field reassign_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                         {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                         {"line", QM_F_INT, ROW(line), QM_HAS_LINE, NULL},
                                         {"from", QM_F_TEXT, ROW(from), 0, NULL},
                                         {"to", QM_F_TEXT, ROW(source), 0, NULL},
                                         END};

/* A plan is taken as select made it; only its picks matter. */
const qm_field qm_pick_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
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

static const qm_field adopt_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                        OTHER("orders"),
                                        OTHER("reservations"),
                                        {"open", QM_F_FLAG, 0, QM_OPEN, NULL},
                                        END};

const qm_field qm_adopt_orders[] = {{"id", QM_F_TEXT, ROW(order), 0, NULL},
                                    {"stock", QM_F_INT, ROW(stock), QM_HAS_STOCK, NULL},
                                    OTHER("channel"),
                                    OTHER("lines"),
                                    END};

const qm_field qm_adopt_lines[] = {{"line", QM_F_INT, ROW(line), QM_HAS_LINE, NULL},
                                   {"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                   {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                   {"cancelled", QM_F_COUNTER, ROW(cancelled), 0, NULL},
                                   {"invoiced", QM_F_COUNTER, ROW(invoiced), 0, NULL},
                                   {"shipped", QM_F_COUNTER, ROW(shipped), 0, NULL},
                                   {"refunded", QM_F_COUNTER, ROW(refunded), 0, NULL},
                                   {"released", QM_F_COUNTER, ROW(released), QM_HAS_RELEASED, NULL},
                                   {"returned", QM_F_COUNTER, ROW(returned), 0, NULL},
                                   {"source", QM_F_TEXT, ROW(source), 0, NULL},
                                   END};

static const qm_field adopt_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                      {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                      {"stock", QM_F_INT, ROW(stock), QM_HAS_STOCK, NULL},
                                      OTHER("channel"),
                                      {"order", QM_F_TEXT, ROW(order), 0, NULL},
                                      {"note", QM_F_TEXT, ROW(note), 0, NULL},
                                      END};

static const qm_field compensate_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                             OTHER("lines"),
                                             {"dry_run", QM_F_FLAG, 0, QM_DRY_RUN, NULL},
                                             {"force", QM_F_FLAG, 0, QM_FORCE, NULL},
                                             END};

static const qm_field compensate_rows[] = {{"order", QM_F_TEXT, ROW(order), 0, NULL},
                                           {"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                           {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                           {"stock", QM_F_INT, ROW(stock), QM_HAS_STOCK, NULL},
                                           OTHER("channel"),
                                           END};

static const qm_field adjust_fields[] = {{"id", QM_F_TEXT, OP(id), 0, NULL},
                                         {"reason", QM_F_TEXT, TEXT(QM_TEXT_REASON), 0, NULL},
                                         OTHER("lines"),
                                         END};

static const qm_field adjust_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                       {"delta", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                       {"source", QM_F_TEXT, ROW(source), 0, NULL},
                                       {"least", QM_F_QTY, ROW(expected), QM_HAS_EXPECTED, NULL},
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
    FORCE,
    END};

/* `generation` and `rules` come from the facade, not from callers. */
static const qm_field stock_fields[] = {{"id", QM_F_INT, OP(stock), QM_HAS_STOCK, NULL},
                                        {"name", QM_F_TEXT, TEXT(QM_TEXT_NAME), 0, NULL},
                                        OTHER("channels"),
                                        OTHER("sources"),
                                        FORCE,
                                        {"generation", QM_F_INT, OP(generation), 0, NULL},
                                        OTHER("rules"),
                                        END};

static const qm_field stock_rows[] = {
    {"code", QM_F_TEXT, ROW(source), 0, NULL}, {"priority", QM_F_INT, ROW(priority), 0, NULL}, END};

const qm_field qm_row_channel_fields[] = {{"type", QM_F_TEXT, ROW(channel_type), 0, NULL},
                                          {"code", QM_F_TEXT, ROW(channel_code), 0, NULL},
                                          END};

const qm_field qm_op_channel_fields[] = {{"type", QM_F_TEXT, OP(channel_type), 0, NULL},
                                         {"code", QM_F_TEXT, OP(channel_code), 0, NULL},
                                         END};

static const qm_field stock_delete_fields[] = {{"id", QM_F_INT, OP(stock), QM_HAS_STOCK, NULL},
                                               END};

static const qm_field rows_only[] = {OTHER("rows"), END};

static const qm_field rows_forced[] = {OTHER("rows"), FORCE, END};
static const qm_field product_rename_fields[] = {
    {"sku", QM_F_TEXT, OP(sku), 0, NULL}, {"to", QM_F_TEXT, OP(to), 0, NULL}, END};

static const qm_field product_keys[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL}, END};

static const qm_field channel_fields[] = {{"type", QM_F_TEXT, OP(channel_type), 0, NULL},
                                          {"code", QM_F_TEXT, OP(channel_code), 0, NULL},
                                          {"to", QM_F_TEXT, OP(to), 0, NULL},
                                          END};

static const qm_field country_fields[] = {{"country", QM_F_TEXT, TEXT(QM_TEXT_COUNTRY), 0, NULL},
                                          {"gazetteer", QM_F_INT, OP(gazetteer), 0, NULL},
                                          END};

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
static const qm_field product_rows[] = {
    {"sku", QM_F_TEXT, ROW(sku), 0, NULL},
    {"type", QM_F_WORD, ROW(type), QM_HAS_TYPE, types},
    {"own", QM_F_INT, ROW(own), 0, NULL},
    {"was_own", QM_F_INT, ROW(was_own), 0, NULL},
    {"b2b", QM_F_BOOL, ROW(truth), QM_HAS_B2B, NULL},
    {"no_assign", QM_F_FLAG, 0, QM_NO_ASSIGN, NULL},
    {"children", QM_F_OTHER, 0, QM_HAS_PARTS, NULL},
    {"options", QM_F_OTHER, 0, QM_HAS_OPTIONS, NULL},
    {"ship_together", QM_F_BOOL, ROW(together), QM_HAS_TOGETHER, NULL},
    {"in_stock", QM_F_BOOL, ROW(in_stock), QM_HAS_STATUS, NULL},
    END};

const qm_field qm_child_rows[] = {
    {"sku", QM_F_TEXT, ROW(sku), 0, NULL}, {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL}, END};

const qm_field qm_option_rows[] = {{"name", QM_F_TEXT, ROW(note), 0, NULL},
                                   {"required", QM_F_BOOL, ROW(truth), 0, NULL},
                                   OTHER("selections"),
                                   END};

const qm_field qm_offer_rows[] = {{"sku", QM_F_TEXT, ROW(sku), 0, NULL},
                                  {"qty", QM_F_QTY, ROW(qty), QM_HAS_QTY, NULL},
                                  {"own_qty", QM_F_BOOL, ROW(truth), 0, NULL},
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
const qm_field qm_rule_rows[] = {{"own", QM_F_INT, RULE(own), 0, NULL},
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

const qm_field qm_setting_rows[] = {{"name", QM_F_TEXT, offsetof(qm_setting, name), 0, NULL},
                                    {"value", QM_F_TEXT, offsetof(qm_setting, value), 0, NULL},
                                    END};

static const qm_request requests[] = {
    {"place", "place", QM_OP_PLACE, place_fields, "lines", place_rows},
    {"hold", "hold", QM_OP_HOLD, hold_fields, "lines", place_rows},
    {"extend", "extend", QM_OP_EXTEND, extend_fields, NULL, NULL},
    {"release", "release", QM_OP_RELEASE, release_fields, "lines", cancel_rows},
    {"cancel", "cancel", QM_OP_CANCEL, event_fields, "lines", cancel_rows},
    {"ship", "ship", QM_OP_SHIP, ship_fields, "lines", source_rows},
    {"invoice", "invoice", QM_OP_INVOICE, supply_fields, "lines", source_rows},
    {"refund", "refund", QM_OP_REFUND, supply_fields, "lines", refund_rows},
    {"return_goods", "return_goods", QM_OP_RETURN, event_fields, "lines", return_rows},
    {"allocate", "allocate", QM_OP_ALLOCATE, allocate_fields, "lines", source_rows},
    {"reassign", "reassign", QM_OP_REASSIGN, supply_fields, "lines", reassign_rows},
    {"adopt", "adopt", QM_OP_ADOPT, adopt_fields, "reservations", adopt_rows},
    {"compensate", "compensate", QM_OP_COMPENSATE, compensate_fields, "lines", compensate_rows},
    {"adjust", "items:adjust", QM_OP_ADJUST, adjust_fields, "lines", adjust_rows},
    {"source", "sources:save", QM_OP_SOURCE, source_fields, NULL, NULL},
    {"stock", "stocks:save", QM_OP_STOCK, stock_fields, "sources", stock_rows},
    {"stock_delete", "stocks:delete", QM_OP_STOCK_DELETE, stock_delete_fields, NULL, NULL},
    {"link", "stocks:link", QM_OP_LINK, rows_forced, "rows", link_rows},
    {"unlink", "stocks:unlink", QM_OP_UNLINK, rows_forced, "rows", unlink_rows},
    {"products", "products:save", QM_OP_PRODUCTS, products_fields, "rows", product_rows},
    {"items", "items:save", QM_OP_ITEMS, rows_forced, "rows", item_rows},
    {"items_delete", "items:delete", QM_OP_ITEMS_DELETE, rows_forced, "rows", item_keys},
    {"rules", "rules", QM_OP_RULES, rules_fields, NULL, NULL},
    {"product_rename", "products:rename", QM_OP_PRODUCT_RENAME, product_rename_fields, NULL, NULL},
    {"products_delete", "products:delete", QM_OP_PRODUCTS_DELETE, rows_forced, "rows",
     product_keys},
    {"channel_rename", "channels:rename", QM_OP_CHANNEL_RENAME, channel_fields, NULL, NULL},
    {"channel_delete", "channels:delete", QM_OP_CHANNEL_DELETE, channel_fields, NULL, NULL},
    {"places_finish", "places:import", QM_OP_GEONAMES_FINISH, country_fields, NULL, NULL},
    {"places_delete", "places:delete", QM_OP_GEONAMES_DELETE, country_fields, NULL, NULL},
    {"places_sweep", "places:delete", QM_OP_GEONAMES_SWEEP, country_fields, NULL, NULL},
};

const qm_request *qm_find_request(const char *name) {
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
    if (strcmp(requests[i].name, name) == 0)
      return &requests[i];
  return NULL;
}

static void push_names(lua_State *L, const qm_field *fields) {
  lua_newtable(L);
  for (int i = 0; fields && fields[i].name; i++) {
    lua_pushstring(L, fields[i].name);
    lua_rawseti(L, -2, i + 1);
  }
}

static bool is_prepared(qm_op_kind kind) {
  static const qm_op_kind prepared[] = {
      QM_OP_RULES,           QM_OP_STOCK,          QM_OP_PRODUCTS,       QM_OP_PRODUCT_RENAME,
      QM_OP_PRODUCTS_DELETE, QM_OP_CHANNEL_RENAME, QM_OP_CHANNEL_DELETE, QM_OP_GEONAMES_FINISH,
      QM_OP_GEONAMES_DELETE, QM_OP_GEONAMES_SWEEP};
  for (size_t i = 0; i < sizeof prepared / sizeof *prepared; i++)
    if (prepared[i] == kind)
      return true;
  return false;
}

void qm_push_options(lua_State *L) {
  lua_newtable(L);
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    /* These are prepared by the facade, which knows what callers may say. */
    if (is_prepared(requests[i].kind))
      continue;
    bool list = requests[i].fields == rows_only || requests[i].fields == rows_forced;
    push_names(L, list ? requests[i].rows : requests[i].fields);
    lua_setfield(L, -2, requests[i].what);
  }
}
