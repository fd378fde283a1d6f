/* loop.h: the closed loop that every client of `make bench` runs.
 *
 * A client says how to send one request to its store and how to receive the answer; the loop makes
 * up the requests, starts at an appointed moment, so that several processes begin together, stops
 * after a fixed time, and prints one line of KEY=VALUE words: what was done, what was refused, how
 * long it took. A client that fails says why and exits with 1: a rate of half a run is no rate. */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include <stdbool.h>
#include <stdint.h>

enum { BENCH_ON_HAND = 10000000, BENCH_CONNECTIONS_MAX = 64 };

/* From the command line, as KEY=VALUE words. */
typedef struct bench_options {
  const char *place; /* at=: a socket, or a file */
  const char *work;  /* work=: place or read */
  const char *sync;  /* sync=: full, normal or off, where the client decides it */
  const char *name;  /* name=: what the ids of the orders begin with */
  bool sequential;   /* pick=sequential: one SKU after the other, else at random */
  bool stop;         /* stop=1: the first refusal ends the run */
  double start;      /* start=: on the monotonic clock; 0: at once */
  double seconds;    /* seconds=: for so long */
  long count;        /* count=: at most so many requests; 0: no limit */
  long connections;  /* connections=: so many requests under way at once */
  long skus;         /* skus=: sku-1 ... sku-N */
  long batch;        /* batch=: so many orders a commit, where the client decides it */
  uint64_t seed;     /* seed=: of the random choice */
} bench_options;

typedef struct bench_request {
  char id[48], sku[24];
  long number, product; /* of all requests from 1, and of the SKU */
} bench_request;

typedef struct bench_client {
  void *(*open)(const bench_options *options);
  void (*send)(void *connection, const bench_request *request);    /* NULL: receive does it all */
  bool (*receive)(void *connection, const bench_request *request); /* false: refused */
  /* For more than one connection: what to wait for, and is the whole answer there? */
  int (*descriptor)(void *connection);
  bool (*arrived)(void *connection);
  void (*close)(void *connection); /* finishes what is open; it belongs to the time measured */
} bench_client;

int bench_main(int argc, char **argv, const bench_client *client);
bool bench_reads(const bench_options *options);
_Noreturn void bench_fail(const char *what, const char *why);

#endif
