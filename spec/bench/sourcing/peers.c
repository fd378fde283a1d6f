/* peers.c: GLPK and CBC, in process, each with presolving and cuts on.
 *
 * Both get the formulation that is best for them: one variable for each line and source that has
 * any of it, which is at most what is there if the source is open. Quantities come out whole by
 * themselves once it is decided what is open, so only that is an integer. */
#include "solvers.h"

#include <coin/Cbc_C_Interface.h>
#include <glpk.h>
#include <stdio.h>
#include <stdlib.h>

/* Of the bound and the best plan; costs are whole cents of sums below 10^8. */
#define GLPK_TOLERANCE 1e-9

/* ---- the program, by columns ---- */

typedef struct matrix {
  int columns, rows, entries;
  int *start, *row; /* rows from 0 */
  double *value, *least, *most, *cost, *row_least, *row_most;
} matrix;

static int count_pairs(const instance *in) {
  int pairs = 0;
  for (size_t i = 0; i < in->lines * in->sources; i++)
    pairs += in->have[i] > 0;
  return pairs;
}

static void add_column(matrix *m, double most, double cost) {
  m->start[m->columns] = m->entries;
  m->most[m->columns] = most;
  m->cost[m->columns++] = cost;
  m->start[m->columns] = m->entries;
}

static void add_entry(matrix *m, int row, double value) {
  m->row[m->entries] = row;
  m->value[m->entries++] = value;
  m->start[m->columns] = m->entries;
}

/* Rows: what each line wants; then for each pair, what is sent less what is open. */
static void fill_matrix(matrix *m, const instance *in) {
  int lines = (int)in->lines, pair = lines;
  for (int line = 0; line < lines; line++)
    m->row_least[line] = m->row_most[line] = in->want[line];
  for (int row = lines; row < m->rows; row++)
    m->row_least[row] = -1e30;
  for (size_t i = 0; i < in->sources; i++) {
    int before = pair;
    add_column(m, 1, in->fixed[i]);
    for (size_t line = 0; line < in->lines; line++)
      if (in->have[line * in->sources + i] > 0)
        add_entry(m, pair++, -in->have[line * in->sources + i]);
    pair = before;
    for (size_t line = 0; line < in->lines; line++) {
      size_t at = line * in->sources + i;
      if (in->have[at] <= 0)
        continue;
      add_column(m, in->have[at], in->cost[at]);
      add_entry(m, (int)line, 1);
      add_entry(m, pair++, 1);
    }
  }
}

static double *numbers(int count) {
  return must(calloc((size_t)count + 1, sizeof(double)));
}

static matrix matrix_of(const instance *in) {
  int pairs = count_pairs(in), columns = (int)in->sources + pairs;
  matrix m = {.rows = (int)in->lines + pairs};
  m.start = must(calloc((size_t)columns + 1, sizeof(int)));
  m.row = must(calloc((size_t)pairs * 3 + 1, sizeof(int)));
  m.value = numbers(pairs * 3);
  m.least = numbers(columns);
  m.most = numbers(columns);
  m.cost = numbers(columns);
  m.row_least = numbers(m.rows);
  m.row_most = numbers(m.rows);
  fill_matrix(&m, in);
  return m;
}

static void matrix_free(matrix *m) {
  void *all[] = {m->start, m->row, m->value, m->least, m->most, m->cost, m->row_least, m->row_most};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    free(all[i]);
}

/* Columns of sources are those whose entries are all negative. */
static bool is_source(const matrix *m, int column) {
  int first = m->start[column];
  return first == m->start[column + 1] || m->value[first] < 0;
}

/* ---- GLPK ---- */

const char *glpk_version(void) {
  return glp_version();
}

static glp_prob *glpk_problem(const matrix *m) {
  glp_prob *problem = glp_create_prob();
  int *row = must(calloc((size_t)m->rows + 1, sizeof(int)));
  double *value = numbers(m->rows);
  glp_set_obj_dir(problem, GLP_MIN);
  glp_add_rows(problem, m->rows);
  glp_add_cols(problem, m->columns);
  for (int i = 0; i < m->rows; i++) /* a row has one bound, or two that are the same */
    glp_set_row_bnds(problem, i + 1, m->row_least[i] < 0 ? GLP_UP : GLP_FX, m->row_most[i],
                     m->row_most[i]);
  for (int column = 0; column < m->columns; column++) {
    int count = 0;
    for (int at = m->start[column]; at < m->start[column + 1]; at++) {
      row[++count] = m->row[at] + 1;
      value[count] = m->value[at];
    }
    glp_set_mat_col(problem, column + 1, count, row, value);
    glp_set_obj_coef(problem, column + 1, m->cost[column]);
    glp_set_col_bnds(problem, column + 1, GLP_DB, 0, m->most[column]);
    if (is_source(m, column))
      glp_set_col_kind(problem, column + 1, GLP_BV);
  }
  free(row);
  free(value);
  return problem;
}

outcome solve_glpk(const instance *in, int seconds) {
  matrix m = matrix_of(in);
  glp_term_out(GLP_OFF);
  glp_prob *problem = glpk_problem(&m);
  glp_iocp options;
  glp_init_iocp(&options);
  options.msg_lev = GLP_MSG_OFF;
  options.presolve = GLP_ON;
  options.gmi_cuts = options.mir_cuts = options.cov_cuts = options.clq_cuts = GLP_ON;
  options.tol_obj = GLPK_TOLERANCE;
  options.tm_lim = seconds * 1000;
  double began = milliseconds();
  int failed = glp_intopt(problem, &options);
  outcome o = {.milliseconds = milliseconds() - began};
  o.objective = glp_mip_obj_val(problem);
  o.optimal = !failed && glp_mip_status(problem) == GLP_OPT;
  glp_delete_prob(problem);
  matrix_free(&m);
  return o;
}

/* ---- CBC ---- */

const char *cbc_version(void) {
  return Cbc_getVersion();
}

outcome solve_cbc(const instance *in, int seconds) {
  matrix m = matrix_of(in);
  char limit[16];
  snprintf(limit, sizeof limit, "%d", seconds);
  Cbc_Model *model = Cbc_newModel();
  Cbc_loadProblem(model, m.columns, m.rows, m.start, m.row, m.value, m.least, m.most, m.cost,
                  m.row_least, m.row_most);
  for (int column = 0; column < m.columns; column++)
    if (is_source(&m, column))
      Cbc_setInteger(model, column);
  Cbc_setLogLevel(model, 0);
  Cbc_setParameter(model, "log", "0");
  Cbc_setParameter(model, "preprocess", "on");
  Cbc_setParameter(model, "cuts", "on");
  Cbc_setParameter(model, "ratioGap", "0");
  Cbc_setParameter(model, "allowableGap", "0");
  Cbc_setParameter(model, "timeMode", "elapsed");
  Cbc_setParameter(model, "seconds", limit);
  double began = milliseconds();
  Cbc_solve(model);
  outcome o = {.milliseconds = milliseconds() - began};
  o.objective = Cbc_getObjValue(model);
  o.optimal = Cbc_isProvenOptimal(model) != 0;
  Cbc_deleteModel(model);
  matrix_free(&m);
  return o;
}
