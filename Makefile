# Quartermaster. `make help` lists what there is to do.
#
# One list of C sources is built once per host and kind of build, each into a directory of its own:
# build/lua5.4, build/luajit, build/asan/lua5.4, build/fuzz/lua5.4. The module never links the Lua
# library: it finds Lua in the program that loads it, whichever that is.

# HOST is lua5.4 or luajit, MODE empty, asan or fuzz; SECONDS is for each fuzzer, STEPS for each host.
# ROWS names rows of the benchmark's table, all when it is empty; BENCH_FULL=1 grows to 10M orders.
# ORDERS and INSTANCES are for each algorithm and for each kind of `make bench-sourcing`.
HOST ?= lua5.4
MODE ?=
SECONDS ?= 60
STEPS ?= 1000000
SEED ?= $(shell date +%s)
ROWS ?=
BENCH_FULL ?=
ORDERS ?=
INSTANCES ?=
PREFIX ?= /usr/local

LUA_VERSION_lua5.4 := 5.4
LUA_VERSION_luajit := 5.1
LUA_VERSION ?= $(LUA_VERSION_$(HOST))
LUA_MODULE_DIR ?= $(PREFIX)/share/lua/$(LUA_VERSION)
LUA_CMODULE_DIR ?= $(PREFIX)/lib/lua/$(LUA_VERSION)

OUT := build/$(if $(MODE),$(MODE)/)$(HOST)
MODULE := $(OUT)/quartermaster/core.so
ARCHIVE := $(OUT)/quartermaster.a

# The rockspec names the same sources one by one; `make lint` compares.
SOURCES := $(shell find src -name "*.c" | LC_ALL=C sort)
OBJECTS := $(SOURCES:%.c=$(OUT)/%.o)
LUA_FILES = $(shell cd lua && find quartermaster -name '*.lua' | LC_ALL=C sort)
TESTS := $(patsubst spec/c/%.c,$(OUT)/test/%,$(wildcard spec/c/test_*.c))
PROVEN := test_network test_exact test_exact_shared
FUZZERS := $(patsubst spec/fuzz/%.c,$(OUT)/fuzz/%,$(wildcard spec/fuzz/fuzz_*.c))

WARNINGS := \
	-Wall \
	-Wextra \
	-Wpedantic \
	-Wshadow \
	-Wconversion \
	-Wvla \
	-Werror

CFLAGS ?= -O2
SANITIZE := -g -fno-omit-frame-pointer -fno-sanitize-recover=all

COMPILER_ := $(CC)
FLAGS_ := $(CFLAGS)
COMPILER_asan := gcc
FLAGS_asan := -O1 $(SANITIZE) -fsanitize=address,undefined
COMPILER_fuzz := clang
FLAGS_fuzz := -O1 $(SANITIZE) -fsanitize=fuzzer-no-link,address,undefined

COMPILER := $(COMPILER_$(MODE))

COMPILE = $(COMPILER) \
	-std=c11 \
	$(WARNINGS) \
	$(FLAGS_$(MODE)) \
	-fPIC \
	-fvisibility=hidden \
	-MMD \
	-MP \
	$(HOST_FLAGS)

# Tests name headers by their file name alone.
TEST_INCLUDES := $(addprefix -iquote ,src/core src/core/select src/store src/sandbox src/lua)

PACKAGE_lua5.4 := lua5.4
PACKAGE_luajit := luajit
HOST_FLAGS := $(shell pkg-config --cflags $(PACKAGE_$(HOST)) 2>/dev/null)
HOST_LIBS := $(shell pkg-config --libs $(PACKAGE_$(HOST)) 2>/dev/null)
comma := ,
LIBS := -Wl,--as-needed -lsqlite3 -lcsv -lnettle -lm

# Building ---------------------------------------------------------------------------------------

all: lua5.4 luajit

lua5.4 luajit:
	@$(MAKE) --no-print-directory HOST=$@ module

module: $(MODULE)

tests: $(TESTS)

fuzzers: $(FUZZERS)

headers:
	@printf '#include <%s>\n' lua.h sqlite3.h csv.h nettle/sha2.h | \
		$(COMPILER) $(HOST_FLAGS) -E -x c -o /dev/null - 2>/dev/null || { echo "The compiler" \
		"or a library's header for $(HOST) is missing: run \`make deps\` as root." >&2; exit 1; }

$(MODULE): $(OBJECTS)
	@mkdir -p $(@D)
	@echo "  $@"
	@$(COMPILER) $(FLAGS_$(MODE)) -shared $(LDFLAGS) -o $@ $(OBJECTS) $(LIBS)

# Programs take from the archive what they need.
$(ARCHIVE): $(OBJECTS)
	@rm -f $@
	@ar rcs $@ $(OBJECTS)

$(OUT)/%.o: %.c Makefile | headers
	@mkdir -p $(@D)
	@echo "  $@"
	@$(COMPILE) -c -o $@ $<

# What stands between the engine and the library in some tests.
WRAP_test_backup := fsync
WRAP_test_power := qm_store_apply
WRAP_test_memory := qm_store_apply malloc calloc realloc aligned_alloc strdup free
WRAP_test_memory_lua := $(WRAP_test_memory) luaL_newstate
TEST_WRAPS = $(patsubst %,-Wl$(comma)--wrap=%,$(WRAP_$(basename $(@F))))

$(OUT)/test/%: spec/c/%.c $(ARCHIVE)
	@mkdir -p $(@D)
	@echo "  $@"
	@$(COMPILE) $(TEST_INCLUDES) $(TEST_WRAPS) -MF $@.d -MT $@ -o $@ $< $(ARCHIVE) $(LIBS) $(HOST_LIBS)

$(OUT)/fuzz/%: spec/fuzz/%.c $(ARCHIVE)
	@mkdir -p $(@D)
	@echo "  $@"
	@$(COMPILE) $(TEST_INCLUDES) -fsanitize=fuzzer -MF $@.d -MT $@ -o $@ $< $(ARCHIVE) $(LIBS) $(HOST_LIBS)

# The benchmark's clients share one loop and differ in the library they talk through.
BENCHES := flush bare redis postgres magento
LIBRARY_bare := sqlite3
LIBRARY_redis := hiredis
LIBRARY_postgres := libpq
LIBRARY_magento := libmariadb
LIBRARY = $(LIBRARY_$(@F))

benches: $(BENCHES:%=build/bench/%) build/bench/kit.so

build/bench/kit.so: spec/bench/kit.c Makefile
	@mkdir -p $(@D)
	@echo "  $@"
	@$(COMPILE) -shared -o $@ $<

build/bench/%: spec/bench/%.c spec/bench/loop.c spec/bench/loop.h Makefile
	@mkdir -p $(@D)
	@echo "  $@"
	@$(COMPILE) $(if $(LIBRARY),$$(pkg-config --cflags $(LIBRARY))) -MF $@.d -o $@ $< \
		spec/bench/loop.c $(if $(LIBRARY),$$(pkg-config --libs $(LIBRARY)))

# The solver beside GLPK and CBC, in one process.
SOLVERS := $(wildcard spec/bench/sourcing/*.c)

build/bench/solvers: $(SOLVERS) $(wildcard spec/bench/sourcing/*.h) $(ARCHIVE) Makefile
	@mkdir -p $(@D)
	@echo "  $@"
	@$(COMPILE) -iquote src/core/select -MF $@.d -MT $@ -o $@ $(SOLVERS) \
		$(ARCHIVE) -lglpk -lCbcSolver -lCbc -lm

-include $(OBJECTS:.o=.d) $(TESTS:=.d) $(FUZZERS:=.d)

# Running ----------------------------------------------------------------------------------------

demo:
	@.ci/deps demo
	@$(MAKE) --no-print-directory lua5.4
	@lua5.4 examples/demo.lua

test: deps
	@.ci/test

asan valgrind:
	@.ci/test $@

fuzz:
	@.ci/fuzz $(SECONDS)

soak: lua5.4 luajit
	@.ci/soak $(STEPS) $(SEED)

# Not a test: it says how quick this machine is today, beside the peers on the same machine.
bench:
	@.ci/deps bench
	@$(MAKE) --no-print-directory HOST=lua5.4 MODE= module benches
	@ROWS="$(ROWS)" BENCH_FULL="$(BENCH_FULL)" spec/bench/run

# Nor is this: it says what selection costs a merchant, and how quick it is beside MILP solvers.
bench-sourcing:
	@.ci/deps sourcing
	@$(MAKE) --no-print-directory HOST=lua5.4 MODE= module build/bench/kit.so build/bench/solvers
	@ORDERS="$(ORDERS)" INSTANCES="$(INSTANCES)" lua5.4 spec/bench/sourcing/bench.lua

# Selection against every plan there is, against GLPK, and against published optima.
prove: deps lua5.4 luajit
	@$(MAKE) --no-print-directory HOST=lua5.4 MODE= $(PROVEN:%=build/lua5.4/test/%)
	@spec/prove/run

lint:
	@lua5.4 .ci/lint.lua

# Keeping ----------------------------------------------------------------------------------------

deps:
	@.ci/deps test

docs:
	@lua5.4 .ci/docs.lua write

rockspec:
	@lua5.4 .ci/rockspec.lua write

format:
	clang-format -i $$(find src spec -name '*.[ch]')

install: module
	@set -e; for file in $(LUA_FILES); do \
		install -D -m 644 lua/$$file "$(DESTDIR)$(LUA_MODULE_DIR)/$$file"; done
	install -D -m 755 $(MODULE) "$(DESTDIR)$(LUA_CMODULE_DIR)/quartermaster/core.so"

clean:
	rm -rf build

help:
	@printf '%s\n' \
		'make            build the module for Lua 5.4 and for LuaJIT' \
		'make lua5.4     build it for one host only; likewise make luajit' \
		'make demo       see it work: a shop with ten warehouses sells for a day' \
		'make test       every test; ends with the line "N passed, N failed"' \
		'make lint       style, layers, sizes, documentation, versions' \
		'make asan       C tests and specs under AddressSanitizer and UBSan' \
		'make valgrind   C tests and specs under memcheck' \
		'make fuzz SECONDS=60    each fuzzer for so long' \
		'make soak STEPS=1000000 SEED=1    kills, histories, and random shops against the naive' \
		'                model, on both hosts' \
		'make bench ROWS=1,3    rates beside Redis, PostgreSQL, MariaDB and bare SQLite, 15 minutes' \
		'make bench-sourcing ORDERS=100000 INSTANCES=200    what selection costs and how long it' \
		'                takes, beside GLPK and CBC, 10 minutes' \
		'make prove      selection against every plan, against GLPK, and against published optima' \
		'make docs       write the API table of README.md from lua/quartermaster/meta.lua' \
		'make rockspec   write the file lists of the rockspec' \
		'make format     lay out the C sources' \
		'make install PREFIX=/usr/local HOST=lua5.4    also LUA_VERSION, LUA_MODULE_DIR,' \
		'                LUA_CMODULE_DIR, DESTDIR' \
		'make deps       install what all of this needs (Debian, as root)' \
		'make clean      remove build/'

.PHONY: all lua5.4 luajit module tests fuzzers headers benches demo test asan valgrind fuzz soak bench \
	bench-sourcing prove lint deps docs rockspec format install clean help
