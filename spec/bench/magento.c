/* magento.c: one order a call to MariaDB by the statements that Magento 2.4 sends: it reads the
 * stock row and the sum of the reservations, compares, and appends a reservation, then writes the
 * order and its item. Magento commits the reservation and the order each for itself and reads much
 * more besides; here all that is written is one transaction, in its favour. Between reading and
 * appending nothing stops another customer: that is what it does. */
#define _XOPEN_SOURCE 700

#include "loop.h"

#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 512 };

static MYSQL *mysql;
static bool reads;

static void need(bool fine) {
  if (!fine)
    bench_fail("MariaDB", mysql_error(mysql));
}

static void *open_connection(const bench_options *options) {
  mysql = mysql_init(NULL);
  if (!mysql)
    bench_fail("MariaDB", "out of memory");
  need(mysql_real_connect(mysql, NULL, "bench", NULL, "bench", 0, options->place, 0) != NULL);
  reads = bench_reads(options);
  return mysql;
}

static void execute(const char *text) {
  need(mysql_query(mysql, text) == 0);
}

/* The first column of the one row that a query gives; 0 for NULL. */
static double number_of(const char *text) {
  execute(text);
  MYSQL_RES *result = mysql_store_result(mysql);
  need(result != NULL);
  MYSQL_ROW row = mysql_fetch_row(result);
  double number = row && row[0] ? strtod(row[0], NULL) : 0;
  mysql_free_result(result);
  return number;
}

static double salable_of(const char *sku) {
  char text[TEXT];
  snprintf(text, sizeof text,
           "SELECT `quantity`, `is_salable` FROM `inventory_stock_1` WHERE (sku = '%s')", sku);
  double have = number_of(text);
  snprintf(text, sizeof text,
           "SELECT SUM(quantity) AS `quantity` FROM `inventory_reservation`"
           " WHERE (sku = '%s') AND (stock_id = 1) LIMIT 1",
           sku);
  return have + number_of(text);
}

static void append(const bench_request *request) {
  char text[TEXT];
  execute("START TRANSACTION");
  snprintf(text, sizeof text,
           "INSERT INTO `inventory_reservation` (`stock_id`, `sku`, `quantity`, `metadata`)"
           " VALUES (1, '%s', -1, '{\"event_type\":\"order_placed\",\"object_type\":\"order\","
           "\"object_id\":\"\",\"object_increment_id\":\"%s\"}')",
           request->sku, request->id);
  execute(text);
  snprintf(text, sizeof text,
           "INSERT INTO `sales_order` (`increment_id`, `store_id`) VALUES ('%s', 1)", request->id);
  execute(text);
  snprintf(text, sizeof text,
           "INSERT INTO `sales_order_item` (`order_id`, `sku`, `qty_ordered`)"
           " VALUES (%llu, '%s', 1)",
           (unsigned long long)mysql_insert_id(mysql), request->sku);
  execute(text);
  execute("COMMIT");
}

static bool place(void *connection, const bench_request *request) {
  (void)connection;
  bool enough = salable_of(request->sku) >= 1;
  if (enough && !reads)
    append(request);
  return enough;
}

static void close_connection(void *connection) {
  mysql_close(connection);
}

int main(int argc, char **argv) {
  static const bench_client client = {
      .open = open_connection, .receive = place, .close = close_connection};
  return bench_main(argc, argv, &client);
}
