/* test_migration.c: whose file is it, of which version, and how it becomes a current one.
 *
 * A file is never half made: opening either succeeds or leaves what was there. Files of other
 * programs and of newer versions are told apart and left alone. */
#include "store_kit.h"

#include <sys/wait.h>

#include "schema.h"

static qm_code try_open(const kit_file *file, qm_err *err) {
  qm_db_options options = kit_options(file);
  qm_db *db = NULL;
  qm_code code = qm_db_open(&options, &db, err);
  CHECK_INT(db != NULL, code == QM_OK);
  qm_db_close(db);
  return code;
}

static int64_t ask_file(const kit_file *file, const char *sql) {
  sqlite3 *eyes = kit_eyes(file->path);
  int64_t answer = kit_ask(eyes, sql);
  sqlite3_close(eyes);
  return answer;
}

static void change_file(const kit_file *file, const char *sql) {
  sqlite3 *eyes = kit_eyes(file->path);
  CHECK(kit_exec(eyes, sql));
  sqlite3_close(eyes);
}

static char *dump_file(const kit_file *file) {
  sqlite3 *eyes = kit_eyes(file->path);
  char *dump = kit_dump(eyes);
  sqlite3_close(eyes);
  return dump;
}

/* ---- a new file ---- */

TEST(a_new_file_becomes_one_of_the_current_version) {
  kit_file file = kit_new_file();
  qm_err err = {0};
  CHECK_INT(try_open(&file, &err), QM_OK);
  CHECK_INT(ask_file(&file, "PRAGMA user_version"), QM_SCHEMA_VERSION);
  CHECK_INT(ask_file(&file, "PRAGMA application_id"), QM_APPLICATION_ID);
  CHECK_INT(ask_file(&file, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE 'CREATE TABLE%'"
                            " AND sql NOT LIKE '%STRICT%'"),
            0);
  kit_remove(&file);
}

TEST(an_empty_file_is_a_new_one) {
  kit_file file = kit_new_file();
  qm_err err = {0};
  FILE *empty = fopen(file.path, "wb");
  CHECK(empty != NULL && fclose(empty) == 0);
  CHECK_INT(try_open(&file, &err), QM_OK);
  CHECK_INT(ask_file(&file, "PRAGMA user_version"), QM_SCHEMA_VERSION);
  kit_remove(&file);
}

/* As in every MSI shop: the default source and stock, linked with each other, and a website. */
TEST(a_new_file_has_the_defaults) {
  kit_file file = kit_new_file();
  qm_err err = {0};
  CHECK_INT(try_open(&file, &err), QM_OK);
  CHECK_INT(ask_file(&file, "SELECT enabled FROM source WHERE id = 1 AND code = 'default'"
                            " AND name = 'Default Source' AND country = 'US'"
                            " AND postcode = '00000' AND latitude = 0 AND longitude = 0"),
            1);
  CHECK_INT(ask_file(&file, "SELECT count(*) FROM stock WHERE id = 1 AND name = 'Default Stock'"),
            1);
  CHECK_INT(ask_file(&file, "SELECT stock FROM channel WHERE type = 'website' AND code = 'base'"),
            1);
  CHECK_INT(ask_file(&file, "SELECT priority FROM link WHERE stock = 1 AND source = 1"), 1);
  CHECK_INT(ask_file(&file, "SELECT count(*) FROM own WHERE id = 1 AND settings = ''"), 1);
  kit_remove(&file);
}

TEST(opening_a_current_file_changes_nothing) {
  kit_file file = kit_new_file();
  qm_err err = {0};
  CHECK_INT(try_open(&file, &err), QM_OK);
  char *before = dump_file(&file);
  for (int i = 0; i < 3; i++) {
    CHECK_INT(try_open(&file, &err), QM_OK);
    char *after = dump_file(&file);
    CHECK_STR(after, before);
    sqlite3_free(after);
  }
  sqlite3_free(before);
  kit_remove(&file);
}

/* Rows of the hot path are settled: what is still to come (holds, allocations, shared sources)
 * finds its columns in them, so that no file has to be rewritten for it. */
TEST(the_rows_of_the_hot_path_are_settled) {
  static const char *const TABLES[][2] = {
      {"product", "id,sku,type,own,b2b,state"},
      {"item", "id,product,qty,status,allocated,notify"},
      {"balance", "id,product,on_hand,firm,backordered,allocated,held,adopted,assigned,active,"
                  "in_stock,next_expiry"},
      {"document", "id,kind,ext_id,request_hash,order_id,stock,time,answer,expires,"
                   "channel_type,channel_code,customer_group,country,region,city,postcode,latitude,"
                   "longitude"},
      {"line", "id,product,stock,parent,kind,tracked,ordered,cancelled,invoiced,delivered,refunded,"
               "released,returned,allocated,backordered"},
      {"ledger", "seq,time,event,document,line,product,stock,source,reserved,moved,qty,note"},
      {"expiry", "balance,at,firm,backordered"},
      {"allocation", "id,item,document,qty"},
      {"delivery", "line,document,source,qty,returned"},
  };
  kit_file file = kit_new_file();
  qm_err err = {0};
  CHECK_INT(try_open(&file, &err), QM_OK);
  sqlite3 *eyes = kit_eyes(file.path);
  for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++) {
    sqlite3_stmt *stmt = NULL;
    sqlite3_prepare_v2(eyes, "SELECT group_concat(name) FROM pragma_table_info(?)", -1, &stmt,
                       NULL);
    sqlite3_bind_text(stmt, 1, TABLES[i][0], -1, SQLITE_STATIC);
    CHECK_INT(sqlite3_step(stmt), SQLITE_ROW);
    CHECK_STR((const char *)sqlite3_column_text(stmt, 0), TABLES[i][1]);
    sqlite3_finalize(stmt);
  }
  sqlite3_close(eyes);
  kit_remove(&file);
}

/* ---- files that are not for us ---- */

TEST(a_file_of_a_newer_version_is_left_alone) {
  kit_file file = kit_new_file();
  qm_err err = {0};
  char sql[64];
  CHECK_INT(try_open(&file, &err), QM_OK);
  snprintf(sql, sizeof sql, "PRAGMA user_version = %d", QM_SCHEMA_VERSION + 1);
  change_file(&file, sql);
  char *before = dump_file(&file);
  CHECK_INT(try_open(&file, &err), QM_NEWER);
  CHECK_INT(err.code, QM_NEWER);
  CHECK(strstr(err.text, "upgrade") != NULL);
  char *after = dump_file(&file);
  CHECK_STR(after, before);
  CHECK_INT(ask_file(&file, "PRAGMA user_version"), QM_SCHEMA_VERSION + 1);
  sqlite3_free(before);
  sqlite3_free(after);
  kit_remove(&file);
}

TEST(a_database_of_another_program_is_foreign) {
  static const char *const FOREIGN[] = {
      "CREATE TABLE notes (text)",
      "PRAGMA application_id = 12345; CREATE TABLE notes (text)",
      "PRAGMA application_id = 12345; PRAGMA user_version = 0",
      "PRAGMA user_version = 1",
      "PRAGMA user_version = 99; CREATE TABLE notes (text)",
  };
  for (size_t i = 0; i < sizeof FOREIGN / sizeof FOREIGN[0]; i++) {
    kit_file file = kit_new_file();
    qm_err err = {0};
    change_file(&file, FOREIGN[i]);
    int64_t tables = ask_file(&file, "SELECT count(*) FROM sqlite_schema");
    if (!CHECK_INT(try_open(&file, &err), QM_FOREIGN))
      fprintf(stderr, "  after %s\n", FOREIGN[i]);
    CHECK_INT(ask_file(&file, "SELECT count(*) FROM sqlite_schema"), tables);
    kit_remove(&file);
  }
}

TEST(a_file_that_is_no_database_is_foreign) {
  kit_file file = kit_new_file();
  qm_err err = {0};
  char bytes[8192];
  memset(bytes, 'x', sizeof bytes);
  FILE *other = fopen(file.path, "wb");
  CHECK(other != NULL && fwrite(bytes, sizeof bytes, 1, other) == 1 && fclose(other) == 0);
  CHECK_INT(try_open(&file, &err), QM_FOREIGN);
  kit_remove(&file);
}

/* The header says that it is ours, but nothing is there. */
TEST(a_file_that_lost_its_tables_is_damaged) {
  kit_file file = kit_new_file();
  qm_err err = {0};
  char sql[64];
  snprintf(sql, sizeof sql, "PRAGMA application_id = %d", QM_APPLICATION_ID);
  change_file(&file, sql);
  CHECK_INT(try_open(&file, &err), QM_CORRUPT);
  kit_remove(&file);
}

/* ---- all or nothing ---- */

/* Each limit lets the migration come a little further. Where it does not come to its end the file
 * is as empty as before, and opens when there is room. */
TEST(a_migration_that_fails_leaves_nothing) {
  int failures = 0;
  qm_code code = QM_FULL;
  for (int pages = 1; code != QM_OK && pages < 200; pages++) {
    kit_file file = kit_new_file();
    qm_db_options options = kit_options(&file);
    qm_db *db = NULL;
    qm_err err = {0};
    options.max_pages = pages;
    code = qm_db_open(&options, &db, &err);
    qm_db_close(db);
    if (code != QM_OK) {
      failures++;
      CHECK_INT(code, QM_FULL);
      CHECK_INT(ask_file(&file, "SELECT count(*) FROM sqlite_schema"), 0);
      CHECK_INT(ask_file(&file, "PRAGMA user_version"), 0);
      CHECK_INT(ask_file(&file, "PRAGMA application_id"), 0);
      CHECK_INT(try_open(&file, &err), QM_OK);
    }
    kit_remove(&file);
  }
  CHECK_INT(code, QM_OK);
  CHECK(failures > 10);
}

/* Workers of one server start together and find no file: one makes it, all of them open it. */
TEST(many_openers_of_a_new_file_agree) {
  enum { ROUNDS = 8, OPENERS = 6 };
  for (int round = 0; round < ROUNDS; round++) {
    kit_file file = kit_new_file();
    pid_t children[OPENERS];
    fflush(NULL);
    for (int i = 0; i < OPENERS; i++) {
      children[i] = fork();
      if (children[i] == 0) {
        qm_err err = {0};
        qm_code code = try_open(&file, &err);
        if (code != QM_OK)
          fprintf(stderr, "  %s (%d)\n", err.text, err.native);
        _exit((int)code);
      }
    }
    for (int i = 0; i < OPENERS; i++) {
      int status = -1;
      CHECK_INT(waitpid(children[i], &status, 0), children[i]);
      if (CHECK(WIFEXITED(status)))
        CHECK_INT(WEXITSTATUS(status), QM_OK);
    }
    CHECK_INT(ask_file(&file, "SELECT count(*) FROM source"), 1);
    CHECK_INT(ask_file(&file, "PRAGMA user_version"), QM_SCHEMA_VERSION);
    kit_remove(&file);
  }
}

int main(void) {
  RUN(a_new_file_becomes_one_of_the_current_version);
  RUN(an_empty_file_is_a_new_one);
  RUN(a_new_file_has_the_defaults);
  RUN(opening_a_current_file_changes_nothing);
  RUN(the_rows_of_the_hot_path_are_settled);
  RUN(a_file_of_a_newer_version_is_left_alone);
  RUN(a_database_of_another_program_is_foreign);
  RUN(a_file_that_is_no_database_is_foreign);
  RUN(a_file_that_lost_its_tables_is_damaged);
  RUN(a_migration_that_fails_leaves_nothing);
  RUN(many_openers_of_a_new_file_agree);
  return unit_report();
}
