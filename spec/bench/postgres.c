/* postgres.c: one order a call to PostgreSQL, by one prepared statement that does what a place
 * does, or one prepared SELECT. The statement moves the balance if it suffices, and from that row
 * follow the order (whose id must be new, or the whole statement fails), its line and a row of the
 * ledger. sync=normal answers before the disk has it. */
#define _XOPEN_SOURCE 700

#include "loop.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char place_text[] =
    "WITH moved AS (UPDATE balance SET reserved = reserved + 1"
    "  WHERE sku = $2 AND on_hand - reserved >= 1 RETURNING product),"
    " placed AS (INSERT INTO orders (ext_id, stock) SELECT $1, 1 FROM moved RETURNING id),"
    " lined AS (INSERT INTO line (order_id, number, product, qty)"
    "  SELECT placed.id, 1, moved.product, 1 FROM placed, moved)"
    " INSERT INTO ledger (event, order_id, line, product, stock, reserved)"
    "  SELECT 1, placed.id, 1, moved.product, 1, -1 FROM placed, moved";

static const char read_text[] = "SELECT on_hand - reserved FROM balance WHERE sku = $1";

static bool reads;

static void need(PGconn *connection, bool fine) {
  if (!fine)
    bench_fail("PostgreSQL", PQerrorMessage(connection));
}

static void execute(PGconn *connection, const char *text) {
  PGresult *result = PQexec(connection, text);
  need(connection, PQresultStatus(result) == PGRES_COMMAND_OK);
  PQclear(result);
}

static void *open_connection(const bench_options *options) {
  const char *const keys[] = {"host", "dbname", "user", NULL};
  const char *const values[] = {options->place, "bench", "bench", NULL};
  PGconn *connection = PQconnectdbParams(keys, values, 0);
  need(connection, PQstatus(connection) == CONNECTION_OK);
  bool waits = strcmp(options->sync, "full") == 0;
  execute(connection, waits ? "SET synchronous_commit = on" : "SET synchronous_commit = off");
  reads = bench_reads(options);
  PGresult *result = PQprepare(connection, "work", reads ? read_text : place_text, 0, NULL);
  need(connection, PQresultStatus(result) == PGRES_COMMAND_OK);
  PQclear(result);
  return connection;
}

static void send_request(void *connection, const bench_request *request) {
  const char *place_values[] = {request->id, request->sku}, *read_values[] = {request->sku};
  need(connection, PQsendQueryPrepared(connection, "work", reads ? 1 : 2,
                                       reads ? read_values : place_values, NULL, NULL, 0));
  need(connection, PQflush(connection) == 0);
}

static bool receive_answer(void *connection, const bench_request *request) {
  PGresult *result = PQgetResult(connection);
  bool done;
  (void)request;
  if (reads) {
    need(connection, PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1);
    done = true;
  } else {
    need(connection, PQresultStatus(result) == PGRES_COMMAND_OK);
    done = strcmp(PQcmdTuples(result), "1") == 0;
  }
  PQclear(result);
  need(connection, PQgetResult(connection) == NULL);
  return done;
}

static int descriptor_of(void *connection) {
  return PQsocket(connection);
}

static bool has_arrived(void *connection) {
  need(connection, PQconsumeInput(connection));
  return !PQisBusy(connection);
}

static void close_connection(void *connection) {
  PQfinish(connection);
}

int main(int argc, char **argv) {
  static const bench_client client = {open_connection, send_request, receive_answer,
                                      descriptor_of,   has_arrived,  close_connection};
  return bench_main(argc, argv, &client);
}
