# The only build file.
#
#   make            every program            make unit       unit and contract tests, sanitized
#   make demo       deploy/demo              make check      tests/check: everything
#   make bench      tests/bench/run          make install    DESTDIR= prefix=/usr
#   make bench-X    tests/bench/X: replay, scale, outage, growth, start, profile
#   make clean      forget what was built    make help       this list
#
# Variants build side by side:  make CC=clang BUILD=build/clang,  make SANITIZE=1 BUILD=build/asan.

BUILD    ?= build
CC       ?= gcc
CFLAGS   ?= -O2 -g
prefix   ?= /usr
DESTDIR  ?=
SCHEMA   := $(words $(wildcard schemas/database/[0-9]*.sql))
VERSION  := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

WORKERS  := intake verification lookup fee casework dispatch tracking
PACKAGES := rdkafka libpq libcurl libcrypto libpcre2-8 libmicrohttpd

ifneq ($(MAKECMDGOALS),clean)
ifneq ($(MAKECMDGOALS),help)
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS   := $(shell pkg-config --libs $(PACKAGES))
endif
endif

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
            -Wconversion -Wvla -Werror
HARDEN   := -fPIE -fstack-protector-strong -fno-strict-aliasing
ifdef SANITIZE
CFLAGS   := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else
HARDEN   += -D_FORTIFY_SOURCE=2
endif
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE $(WARN) $(HARDEN) $(CFLAGS) $(PKG_CFLAGS) \
              -Icommon -I$(BUILD)/gen -MMD -MP
LDFLAGS  += -pie -Wl,-z,relro,-z,now -Wl,--as-needed
LIBS     := $(PKG_LIBS) -lm

.PHONY: all demo check unit bench clean install help programs
all: programs
help:
	@sed -n '2,10s/^# \{0,1\}//p' Makefile

# --- generated from one source -------------------------------------------------

# Named statements of X.sql become the table X_sql[] in gen/X_sql.h.
SQL_FILES := $(wildcard common/*.sql services/*/*.sql)
define sql_rule
$(BUILD)/gen/$(basename $(notdir $(1)))_sql.h: $(1) common/sql_table.awk
	@mkdir -p $$(@D)
	@awk -v name=$(basename $(notdir $(1))) -f common/sql_table.awk $(1) > $$@.tmp && mv $$@.tmp $$@
endef
$(foreach f,$(SQL_FILES),$(eval $(call sql_rule,$(f))))
# The moves of every stage become one table.
$(BUILD)/gen/moves.h: $(wildcard schemas/states/*.moves) common/moves_table.awk
	@mkdir -p $(@D)
	@awk -f common/moves_table.awk $(filter %.moves,$^) > $@.tmp && mv $@.tmp $@
# Only rewritten when the commit changes, so that a build stays incremental.
$(BUILD)/gen/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define DOSSIER_VERSION "%s"\n#define DOSSIER_SCHEMA %d\n' '$(VERSION)' $(SCHEMA) > $@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@
.PHONY: FORCE
FORCE:

GENERATED := $(BUILD)/gen/moves.h $(BUILD)/gen/version.h \
             $(foreach f,$(SQL_FILES),$(BUILD)/gen/$(basename $(notdir $(f)))_sql.h)

# --- objects, one archive, programs --------------------------------------------

COMMON_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard common/*.c))

$(BUILD)/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/libcommon.a: $(COMMON_OBJ)
	@rm -f $@
	@echo "  AR   $@"
	@ar rcs $@ $^

# The pure parts of the services, for tests and for replay.
SERVICE_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(wildcard services/$(1)/*.c))

define worker_rule
$(BUILD)/bin/dossier-$(1): $(call SERVICE_OBJ,$(1)) $(BUILD)/libcommon.a
	@mkdir -p $$(@D)
	@echo "  LD   $$@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $$@ $$^ $(LIBS)
endef
$(foreach w,$(WORKERS),$(eval $(call worker_rule,$(w))))

# dossierctl replays, so it links what folds and reckons: pure files of the services.
PURE_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard services/*/*_fold.c services/casework/casework_deadline.c))
$(BUILD)/bin/dossierctl: $(call SERVICE_OBJ,dossierctl) $(PURE_OBJ) $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/bin/simulators: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/simulators/*.c)) $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

PROGRAMS := $(foreach w,$(WORKERS),$(if $(wildcard services/$(w)/$(w).c),$(BUILD)/bin/dossier-$(w))) \
            $(if $(wildcard services/dossierctl/*.c),$(BUILD)/bin/dossierctl) \
            $(if $(wildcard tests/simulators/*.c),$(BUILD)/bin/simulators) \
            $(patsubst tests/bench/%.c,$(BUILD)/bin/%,$(wildcard tests/bench/bench_*.c))
programs: $(PROGRAMS)

$(BUILD)/bin/bench_load: $(BUILD)/tests/bench/load_mix.o $(BUILD)/tests/bench/load_stages.o
$(BUILD)/bin/bench_%: $(BUILD)/tests/bench/bench_%.o $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)

# --- tests ---------------------------------------------------------------------

# A unit test links the archive and every service file that has no main; jansson is the second opinion on our reader of JSON.
UNIT_SERVICE_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out \
    $(foreach w,$(WORKERS),services/$(w)/$(w).c) services/dossierctl/%,$(wildcard services/*/*.c)))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/test/%,$(wildcard tests/unit/test_*.c))
$(BUILD)/test/%: $(BUILD)/tests/unit/%.o $(UNIT_SERVICE_OBJ) $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(UNIT_SERVICE_OBJ) $(BUILD)/libcommon.a $(LIBS) -lcriterion -ljansson
# The official JSON Schema suite, and the examples of our contracts; a producer that can be wrong on purpose.
TEST_PROGRAMS := $(BUILD)/test/suite $(BUILD)/test/examples $(BUILD)/test/produce $(BUILD)/test/admin $(BUILD)/test/mock $(BUILD)/test/clock.so
$(BUILD)/test/suite $(BUILD)/test/examples: $(BUILD)/test/%: $(BUILD)/tests/contract/%.o $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/test/produce: $(BUILD)/tests/pipeline/produce.o $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
# What harms a broker, and a cluster that errs as it is told.
$(BUILD)/test/admin $(BUILD)/test/mock: $(BUILD)/test/%: $(BUILD)/tests/fault/%.o
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
# A wall clock that steps: no sanitizer, for it is loaded before whatever it is loaded with.
$(BUILD)/test/clock.so: tests/fault/clock.c
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -fPIC -shared -o $@ $<
test-programs: $(UNIT_TESTS) $(TEST_PROGRAMS)
.PHONY: test-programs
unit-programs: $(UNIT_TESTS)
.PHONY: unit-programs
unit:
	tests/unit/run
check:
	tests/check
demo:
	deploy/demo
bench:
	BUILD=$(BUILD) tests/bench/run
bench-replay bench-scale bench-outage bench-growth bench-start bench-profile: bench-%:
	BUILD=$(BUILD) tests/bench/$*
.PHONY: bench-replay bench-scale bench-outage bench-growth bench-start bench-profile
# Seed, number of dossiers, of kills: SEED= COUNT= KILLS=
kill-test: programs $(TEST_PROGRAMS)
	BUILD=$(BUILD) tests/fault/kill
.PHONY: kill-test
fault-suite: programs test-programs
	BUILD=$(BUILD) tests/fault/run
.PHONY: fault-suite
clean:
	rm -rf build

# Programs, the law and the SQL as data, and what there is to read. A worker finds ../../share/dossier from where it lies.
SHARE := $(DESTDIR)$(prefix)/share
install: programs
	install -d $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/lib/dossier $(SHARE)/dossier $(SHARE)/doc/dossier/examples
	install -m 755 $(BUILD)/bin/dossierctl $(DESTDIR)$(prefix)/bin/
	install -m 755 $(foreach w,$(WORKERS),$(BUILD)/bin/dossier-$(w)) $(DESTDIR)$(prefix)/lib/dossier/
	cp -r schemas $(SHARE)/dossier/
	chmod -R u=rwX,go=rX $(SHARE)/dossier/schemas
	install -m 644 deploy/conf/*.conf $(SHARE)/doc/dossier/examples/
	install -m 644 LICENSE README.md deploy/parameters.md $(SHARE)/doc/dossier/
	$(BUILD)/bin/dossierctl --help > $(SHARE)/doc/dossier/dossierctl.txt
	for w in $(WORKERS); do $(BUILD)/bin/dossier-$$w --help > $(SHARE)/doc/dossier/dossier-$$w.txt || exit 1; done

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
