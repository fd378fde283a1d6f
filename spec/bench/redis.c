/* redis.c: one order a call to Redis, by a script on its side, or one GET. The script does what a
 * place does: the id must be new, the balance must suffice; then the balance is moved, the order
 * written with its line, and a row appended to the ledger. Whether the answer waits for the disk is
 * the server's setting (appendfsync). */
#define _XOPEN_SOURCE 700

#include "loop.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

static const char script[] = "if redis.call('EXISTS', KEYS[1]) == 1 then return 2 end "
                             "local have = tonumber(redis.call('GET', KEYS[2])) "
                             "if not have or have < tonumber(ARGV[2]) then return 0 end "
                             "redis.call('DECRBY', KEYS[2], ARGV[2]) "
                             "redis.call('HSET', KEYS[1], 'time', ARGV[3], 'stock', 1, "
                             "'line:1', ARGV[1] .. ' ' .. ARGV[2]) "
                             "redis.call('RPUSH', 'ledger', ARGV[3] .. ' order_placed ' .. KEYS[1] "
                             ".. ' 1 ' .. ARGV[1] .. ' -' .. ARGV[2]) "
                             "return 1";

static char sha[64]; /* the script's name on the server */
static bool reads;

static void need(redisContext *redis, bool fine) {
  if (!fine)
    bench_fail("Redis", redis && redis->errstr[0] ? redis->errstr : "unexpected answer");
}

static void *open_connection(const bench_options *options) {
  redisContext *redis = redisConnectUnix(options->place);
  need(redis, redis && !redis->err);
  reads = bench_reads(options);
  redisReply *reply = redisCommand(redis, "SCRIPT LOAD %s", script);
  need(redis, reply && reply->type == REDIS_REPLY_STRING && reply->len < sizeof sha);
  memcpy(sha, reply->str, reply->len + 1);
  freeReplyObject(reply);
  return redis;
}

static void send_request(void *connection, const bench_request *request) {
  redisContext *redis = connection;
  int rc, written = 0;
  if (reads)
    rc = redisAppendCommand(redis, "GET have:%s", request->sku);
  else
    rc = redisAppendCommand(redis, "EVALSHA %s 2 order:%s have:%s %s 1 %ld", sha, request->id,
                            request->sku, request->sku, 1700000000000 + request->number);
  need(redis, rc == REDIS_OK);
  while (!written)
    need(redis, redisBufferWrite(redis, &written) == REDIS_OK);
}

static bool judge(redisContext *redis, redisReply *reply) {
  bool done = false;
  if (reply && reply->type == REDIS_REPLY_ERROR)
    bench_fail("Redis", reply->str);
  if (reads) {
    need(redis, reply && reply->type == REDIS_REPLY_STRING);
    done = true;
  } else {
    need(redis, reply && reply->type == REDIS_REPLY_INTEGER && reply->integer < 2);
    done = reply->integer == 1;
  }
  freeReplyObject(reply);
  return done;
}

static bool receive_answer(void *connection, const bench_request *request) {
  redisContext *redis = connection;
  void *reply = NULL;
  (void)request;
  need(redis, redisGetReply(redis, &reply) == REDIS_OK);
  return judge(redis, reply);
}

static int descriptor_of(void *connection) {
  return ((redisContext *)connection)->fd;
}

/* An answer of ours is far smaller than what one read takes in, so one that is there is whole. */
static bool has_arrived(void *connection) {
  need(connection, redisBufferRead(connection) == REDIS_OK);
  return true;
}

static void close_connection(void *connection) {
  redisFree(connection);
}

int main(int argc, char **argv) {
  static const bench_client client = {open_connection, send_request, receive_answer,
                                      descriptor_of,   has_arrived,  close_connection};
  return bench_main(argc, argv, &client);
}
