/* loop.c: requests, the clock, the loop itself, and its one line of results. */
#define _XOPEN_SOURCE 700

#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LATENCIES = 100000 }; /* microseconds; the last counts all that took longer */

typedef struct run {
  const bench_client *client;
  const bench_options *options;
  void *connections[BENCH_CONNECTIONS_MAX];
  bench_request requests[BENCH_CONNECTIONS_MAX];
  double sent[BENCH_CONNECTIONS_MAX];
  uint64_t random;
  double end;
  long asked, done, refused;
  unsigned *latencies; /* how many took so many microseconds */
} run;

void bench_fail(const char *what, const char *why) {
  fprintf(stderr, "bench: %s: %s\n", what, why ? why : "no reason given");
  exit(1);
}

bool bench_reads(const bench_options *options) {
  return strcmp(options->work, "read") == 0;
}

/* ---- options ---- */

static const char *value_of(int argc, char **argv, const char *key, const char *otherwise) {
  size_t length = strlen(key);
  for (int i = 1; i < argc; i++)
    if (strncmp(argv[i], key, length) == 0 && argv[i][length] == '=')
      return argv[i] + length + 1;
  return otherwise;
}

static double number_of(int argc, char **argv, const char *key, double otherwise) {
  const char *text = value_of(argc, argv, key, NULL);
  char *rest;
  if (!text)
    return otherwise;
  double number = strtod(text, &rest);
  if (rest == text || *rest)
    bench_fail(key, "is not a number");
  return number;
}

static bench_options read_options(int argc, char **argv) {
  bench_options options = {
      .place = value_of(argc, argv, "at", ""),
      .work = value_of(argc, argv, "work", "place"),
      .sync = value_of(argc, argv, "sync", "full"),
      .name = value_of(argc, argv, "name", "order"),
      .sequential = strcmp(value_of(argc, argv, "pick", "random"), "sequential") == 0,
      .stop = number_of(argc, argv, "stop", 0) > 0,
      .start = number_of(argc, argv, "start", 0),
      .seconds = number_of(argc, argv, "seconds", 1),
      .count = (long)number_of(argc, argv, "count", 0),
      .connections = (long)number_of(argc, argv, "connections", 1),
      .skus = (long)number_of(argc, argv, "skus", 1),
      .batch = (long)number_of(argc, argv, "batch", 1),
      .seed = (uint64_t)number_of(argc, argv, "seed", 1),
  };
  if (options.connections < 1 || options.connections > BENCH_CONNECTIONS_MAX || options.skus < 1)
    bench_fail("connections or skus", "out of range");
  return options;
}

/* ---- time ---- */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Returns the moment at which the run began. */
static double wait_for(double start) {
  double left = start - now();
  if (start > 0 && left < 0)
    bench_fail("start", "is over: getting ready took too long");
  while (start > 0 && left > 0) {
    struct timespec time = {.tv_sec = (time_t)left};
    time.tv_nsec = (long)((left - (double)time.tv_sec) * 1e9);
    nanosleep(&time, NULL);
    left = start - now();
  }
  return now();
}

/* ---- requests ---- */

/* splitmix64: good enough to spread orders over products, and the same everywhere. */
static uint64_t next_random(run *r) {
  uint64_t z = r->random += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static void make_request(run *r, bench_request *request) {
  const bench_options *options = r->options;
  uint64_t choice = options->sequential ? (uint64_t)r->asked : next_random(r);
  request->number = ++r->asked;
  request->product = (long)(choice % (uint64_t)options->skus) + 1;
  snprintf(request->id, sizeof request->id, "%s-%ld", options->name, request->number);
  snprintf(request->sku, sizeof request->sku, "sku-%ld", request->product);
}

static bool goes_on(const run *r, double time) {
  const bench_options *options = r->options;
  if (options->stop && r->refused > 0)
    return false;
  return options->count > 0 ? r->asked < options->count : time < r->end;
}

/* ---- the loop ---- */

static void send_next(run *r, long i, double time) {
  make_request(r, &r->requests[i]);
  r->sent[i] = time;
  if (r->client->send)
    r->client->send(r->connections[i], &r->requests[i]);
}

static double receive_answer(run *r, long i) {
  if (r->client->receive(r->connections[i], &r->requests[i]))
    r->done++;
  else
    r->refused++;
  double time = now();
  long took = (long)((time - r->sent[i]) * 1e6);
  r->latencies[took < LATENCIES ? took : LATENCIES]++;
  return time;
}

static void run_one(run *r, double time) {
  while (goes_on(r, time)) {
    send_next(r, 0, time);
    time = receive_answer(r, 0);
  }
}

/* Each connection has one request under way; all are waited for at once. */
static void run_many(run *r, double time) {
  struct pollfd waiting[BENCH_CONNECTIONS_MAX];
  long count = r->options->connections, under_way = 0;
  for (long i = 0; i < count; i++) {
    waiting[i] = (struct pollfd){r->client->descriptor(r->connections[i]), POLLIN, 0};
    send_next(r, i, time);
    under_way++;
  }
  while (under_way > 0) {
    if (poll(waiting, (nfds_t)count, -1) < 0 && errno != EINTR)
      bench_fail("poll", strerror(errno));
    for (long i = 0; i < count; i++) {
      if (!waiting[i].revents || !r->client->arrived(r->connections[i]))
        continue;
      time = receive_answer(r, i);
      if (goes_on(r, time)) {
        send_next(r, i, time);
      } else {
        waiting[i].fd = -1; /* poll passes over it */
        under_way--;
      }
    }
  }
}

static long percentile(const run *r, double share) {
  double left = share * (double)(r->done + r->refused);
  for (long i = 0; i < LATENCIES; i++) {
    left -= r->latencies[i];
    if (left <= 0)
      return i;
  }
  return LATENCIES;
}

int bench_main(int argc, char **argv, const bench_client *client) {
  bench_options options = read_options(argc, argv);
  run r = {.client = client, .options = &options, .random = options.seed};
  r.latencies = calloc(LATENCIES + 1, sizeof *r.latencies);
  if (!r.latencies)
    bench_fail("latencies", "out of memory");
  for (long i = 0; i < options.connections; i++)
    r.connections[i] = client->open(&options);
  double began = wait_for(options.start);
  r.end = began + options.seconds;
  if (options.connections == 1)
    run_one(&r, began);
  else
    run_many(&r, began);
  for (long i = 0; i < options.connections; i++)
    client->close(r.connections[i]);
  printf("done=%ld refused=%ld seconds=%.6f p50=%ld p99=%ld\n", r.done, r.refused, now() - began,
         percentile(&r, 0.5), percentile(&r, 0.99));
  free(r.latencies);
  return 0;
}
