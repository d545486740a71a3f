# mpfailover
#
#   make              the library, the daemon, mpfailoverctl (all in build/)
#   make deps         install what building, the demo and the tests need (Debian; asks for root)
#   make demo         see it work, in under a minute
#   make check        every test
#   make bench        what it costs
#   make install      DESTDIR and PREFIX are honoured
#   make clean
#
# CFLAGS, CPPFLAGS, LDFLAGS, CC and B (where to build) are yours to set; what the project needs is kept apart from them.

VERSION = 0.1.0
PREFIX = /usr/local
SYSCONFDIR = /etc
RUNDIR = /run/mpfailover
B = build
CC = gcc
CFLAGS = -O2 -g
SANITIZE =

WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef -Werror
MPF_CPPFLAGS = -I. -D_GNU_SOURCE -DMPF_VERSION='"$(VERSION)"' -DMPF_RUN_DIR='"$(RUNDIR)"' \
	-DMPF_SYSCONFDIR='"$(SYSCONFDIR)"' $(CPPFLAGS)
MPF_CFLAGS = -std=gnu11 $(WARN) -fno-strict-aliasing $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer) $(CFLAGS)
MPF_LDFLAGS = $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)

# The link lines are the architecture: what a program does not name, it does not know.
# preload/ needs libc alone; probe/ reads the table with the library's own reader; conf/ knows neither of them.
READER = preload/lookup.o preload/choose.o preload/endpoint.o
LIBRARY = $(READER) preload/hooks.o preload/next.o preload/setup.o preload/view.o preload/memo.o preload/note.o \
	preload/connect.o preload/names.o preload/musl_list.o preload/hostent.o preload/deepbind.o
CONF = conf/conf.o
TABLE = probe/table_writer.o probe/image.o
DAEMON = probe/mpfailoverd.o $(TABLE) $(CONF)
CTL = probe/mpfailoverctl.o probe/ctl_status.o probe/ctl_status_text.o probe/ctl_status_json.o probe/ctl_watch.o \
	probe/ctl_explain.o probe/ctl_table.o probe/ctl_text.o probe/ctl_grid.o probe/reason.o probe/verdict.o \
	preload/view.o $(READER)

# Before glibc 2.34 dlsym() lives in libdl; musl takes the name as its own.
LIBRARY_LIBS = -Wl,--no-as-needed -l:libdl.so.2 -Wl,--as-needed
CONF_LIBS = -lconfuse
DAEMON_LIBS = $(CONF_LIBS) -luv -lcurl
CTL_LIBS = -ljansson

# Unit tests: test_NAME is tests/unit/test_NAME.c and the objects named here.
TESTS =

at = $(addprefix $(B)/,$(1))

all: $(B)/libmpfailover.so $(B)/mpfailoverd $(B)/mpfailoverctl

$(B)/libmpfailover.so: $(call at,$(LIBRARY)) preload/libmpfailover.map
	$(CC) -shared -Wl,-soname,libmpfailover.so -Wl,--version-script=preload/libmpfailover.map \
		-Wl,-z,defs,-z,now,-z,relro $(MPF_LDFLAGS) -o $@ $(call at,$(LIBRARY)) $(LIBRARY_LIBS)

$(B)/mpfailoverd: $(call at,$(DAEMON))
	$(CC) $(MPF_LDFLAGS) -o $@ $^ $(DAEMON_LIBS)

$(B)/mpfailoverctl: $(call at,$(CTL))
	$(CC) $(MPF_LDFLAGS) -o $@ $^ $(CTL_LIBS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(MPF_CPPFLAGS) $(MPF_CFLAGS) -fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<

$(call at,$(TESTS)): $(B)/%: $(B)/tests/unit/%.o
	$(CC) $(MPF_LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

# What the end-to-end tests and the benchmark run: tests/clients/NAME.c and the objects named here.
PROGRAMS = $(addprefix clients/,fetch hammer forks signals states make_table linked_early libearly.so libpassthru.so Fetch.class)

$(B)/clients/fetch: $(B)/tests/clients/lookup.o
$(B)/clients/forks $(B)/clients/signals: $(B)/tests/clients/dial.o
$(B)/clients/make_table: $(call at,$(TABLE))
$(B)/clients/linked_early: $(B)/clients/libearly.so

$(B)/clients/lib%.so: $(B)/tests/clients/%.o
	@mkdir -p $(@D)
	$(CC) -shared $(MPF_LDFLAGS) -o $@ $^

$(B)/clients/%.class: tests/clients/%.java
	@mkdir -p $(@D)
	javac -d $(@D) $<

$(B)/clients/%: $(B)/tests/clients/%.o
	@mkdir -p $(@D)
	$(CC) $(MPF_LDFLAGS) -Wl,-rpath,'$$ORIGIN' -o $@ $^ -pthread

-include $(shell find $(B) -name '*.d' 2>/dev/null)

clean:
	rm -rf $(B)

.PHONY: all deps demo check bench install clean
