# mpfailover
#
#   make              the library, the daemon, mpfailoverctl (all in build/)
#   make deps         install what building, the demo and the tests need (Debian; asks for root)
#   make demo         see it work, in under a minute
#   make check        every test
#   make bench        what it costs
#   make bench-failover   faults, one by one: this, HAProxy, nginx stream, and nothing
#   make deb          a package for Debian, in build/
#   make install      DESTDIR and PREFIX are honoured; make uninstall takes it away again
#   make clean
#
# CFLAGS, CPPFLAGS, LDFLAGS, CC and B (where to build) are yours to set; what the project needs is kept apart from them.

VERSION = 0.1.0
PREFIX = /usr/local
SYSCONFDIR = /etc
RUNDIR = /run/mpfailover
UNITDIR = $(PREFIX)/lib/systemd/system
SYSUSERSDIR = $(PREFIX)/lib/sysusers.d
TMPFILESDIR = $(PREFIX)/lib/tmpfiles.d
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
LIBRARY = $(READER) preload/hooks.o preload/next.o preload/loaded.o preload/setup.o preload/view.o preload/memo.o preload/note.o \
	preload/connect.o preload/plan.o preload/attempt.o preload/socket.o preload/interrupt.o preload/budget.o \
	preload/report.o preload/names.o preload/reorder.o preload/musl_list.o preload/hostent.o preload/deepbind.o
CONF = conf/conf.o conf/build.o conf/validate.o conf/set.o conf/set_text.o conf/set_number.o conf/set_list.o \
	conf/draft.o conf/tree.o conf/source.o conf/outline.o conf/grammar.o conf/scan.o \
	conf/text.o conf/address.o conf/duration.o conf/pool.o conf/fault.o
# $(call in,ROOM,NAMES): objects of probe/ROOM.
in = $(patsubst %,probe/$(1)/%.o,$(2))
TABLE = $(call in,table,table_writer image)
CHECKS = $(call in,check,check check_tcp check_curl check_exec check_warm curl_loop shell needle dial outcome) \
	probe/engine/clock.o preload/endpoint.o
JUDGE = $(call in,judge,verdict schedule estimate lateness liveness punctuality doubt watch_pause flap announce cert_watch reason)
NEWS = $(call in,news,news events hook hook_queue json_text log) preload/choose.o
ENGINE = $(call in,engine,engine roster candidate candidate_news canary watch reports netlink await) \
	$(call in,uplink,uplink uplinks) $(call in,dns,dns dns_plan resolver answers expand) $(JUDGE) $(NEWS) $(CHECKS) $(TABLE)
STATUS = $(call in,ctl,status_json ctl_json ctl_table ctl_text) preload/view.o preload/lookup.o
WEB = $(call in,page,web web_socket web_server web_host web_answers handover page metrics history history_file history_json) $(STATUS)
CONTROL = $(call in,control,control command command_act command_watch reload) $(call in,uplink,uplink_way route)
DAEMON = probe/mpfailoverd.o $(call in,service,user notify standard) $(CONTROL) $(WEB) $(ENGINE) $(CONF)
DOCTOR = $(call in,ctl,ctl_doctor ctl_doctor_command ctl_doctor_process ctl_doctor_installation ctl_doctor_uplinks diagnosis \
	program shebang elf mapped privilege library preloads process) $(call in,uplink,uplink_way route)
CTL = probe/mpfailoverctl.o $(call in,ctl,ctl_status ctl_status_text ctl_status_notes ctl_watch ctl_explain ctl_grid \
	ctl_control ctl_client ctl_export haproxy haproxy_word) $(DOCTOR) $(STATUS) \
	probe/news/json_text.o probe/service/standard.o $(call in,judge,reason verdict) preload/choose.o preload/endpoint.o $(CONF)

# Before glibc 2.17 (on x86-64 there is no need to go back that far) clock_gettime() lives in librt; musl takes the name as its own.
LIBRARY_LIBS = $(if $(for_i386),-Wl$(comma)--no-as-needed -l:librt.so.1)
comma = ,
LIBRARY_MAP = preload/libmpfailover$(if $(for_i386),-i386).map
for_i386 = $(filter 1,$(shell echo __i386__ | $(CC) -E -P -x c -))
CONF_LIBS = -lconfuse
DAEMON_LIBS = $(CONF_LIBS) -luv -lcurl -lcares -ljansson -lmicrohttpd -lsystemd
CTL_LIBS = $(CONF_LIBS) -ljansson

# Unit tests: test_NAME is tests/unit/test_NAME.c and the objects named here.
TESTS =
TESTS += test_choose test_endpoint test_hostent test_memo test_lookup test_attempt test_image test_image_adopt test_table_writer \
	test_table_race test_damage test_view test_note test_names test_names_hostent
TESTS += test_verdict test_schedule test_estimate test_lateness test_needle test_log test_checks test_checks_tls \
	test_doubt test_watch_pause test_reports test_netlink test_engine
CONF_TESTS = test_conf test_conf_refused test_conf_limits test_conf_include test_conf_files
TESTS += test_scan test_conf_values $(CONF_TESTS)
TESTS += test_ctl_text test_ctl_grid test_ctl_status
TESTS += test_elf test_shebang test_privilege test_library
TESTS += test_loaded test_plan test_budget test_table_boot test_setup test_note_pipe test_damage_header test_names_shared test_index test_names_flags
TESTS += test_liveness test_notify test_user
TESTS += test_history test_metrics test_handover
TESTS += test_flap test_cert_watch test_events test_hook_queue test_hook test_control test_operator
TESTS += test_report test_uplink test_uplinks test_answers test_expand test_reorder test_names_dns

at = $(addprefix $(B)/,$(1))

all: $(B)/libmpfailover.so $(B)/mpfailoverd $(B)/mpfailoverctl libraries

# One segment of code and data less to map, and none to protect again: it is loaded at every exec (27 us less).
$(B)/libmpfailover.so: $(call at,$(LIBRARY)) $(LIBRARY_MAP)
	$(CC) -shared -Wl,-soname,libmpfailover.so -Wl,--version-script=$(LIBRARY_MAP) \
		-Wl,-z,defs,-z,now,-z,nodelete,-z,noseparate-code,-z,norelro $(MPF_LDFLAGS) -o $@ $(call at,$(LIBRARY)) $(LIBRARY_LIBS)

# Where the dynamic linkers of either word size look when a path says $LIB: in Debian's directory of that name, or in the one of its
# biarch packages and of other systems.  musl's expands nothing, so there is a link with that very name.
CC32 = $(CC) -m32
LIBDIRS = $(call libdirs,$(CC),../lib)
LIBDIRS32 = $(call libdirs,$(CC32),../lib32)
libdirs = $(addprefix lib/,$(shell $(1) -print-multiarch 2> /dev/null)) \
	$(patsubst ../%,%,$(or $(filter ../%,$(shell $(1) -print-multi-os-directory 2> /dev/null)),$(2)))

# In the build directory as it is installed.
libraries: $(B)/libmpfailover.so $(if $(SANITIZE),,library32)
	@for dir in $(LIBDIRS); do install -d $(B)/$$dir && ln -sfr $(B)/libmpfailover.so $(B)/$$dir || exit; done
	@[ ! -e $(B)/m32/libmpfailover.so ] || for dir in $(LIBDIRS32); do \
		install -d $(B)/$$dir && ln -sfr $(B)/m32/libmpfailover.so $(B)/$$dir || exit; done
	@ln -sfn $(firstword $(LIBDIRS)) '$(B)/$$LIB'

# Where the compiler can build it, and the first one is for 64 bits.
library32:
	@if ! echo '_Static_assert(sizeof(void *) == 8, "");' | $(CC) -fsyntax-only -x c - 2> /dev/null; then :; \
	elif ! echo '#include <netdb.h>' | $(CC32) -shared -fPIC -o /dev/null -x c - 2> /dev/null; then \
		echo 'no library for 32-bit programs: $(CC32) does not work here'; \
	else $(MAKE) --no-print-directory B=$(B)/m32 CC='$(CC32)' $(B)/m32/libmpfailover.so; fi

$(B)/mpfailoverd: $(call at,$(DAEMON))
	$(CC) -Wl,-z,relro,-z,now $(MPF_LDFLAGS) -o $@ $^ $(DAEMON_LIBS)

$(B)/mpfailoverctl: $(call at,$(CTL))
	$(CC) -Wl,-z,relro,-z,now $(MPF_LDFLAGS) -o $@ $^ $(CTL_LIBS)

# The page is one document, and its policy names the very style and script that are in it.
$(B)/probe/page/page.html: probe/page/page.html probe/page/page.css probe/page/page.js
	@mkdir -p $(@D)
	awk '/^@/ { while ((getline line < substr($$0, 2)) > 0) print line; next } { print }' probe/page/page.html > $@

PAGE_HASH = $$({ echo; cat $(1); } | sha256sum | cut -c 1-64 | tr a-f A-F | basenc --base16 -d | base64 -w 0)
$(B)/probe/page/page.policy: $(B)/probe/page/page.html
	printf "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" \
		"$(call PAGE_HASH,probe/page/page.css)" "$(call PAGE_HASH,probe/page/page.js)" > $@

$(B)/probe/page/page.o: MPF_CPPFLAGS += -DMPF_PAGE='"$(B)/probe/page/page"'
$(B)/probe/page/page.o: $(B)/probe/page/page.html $(B)/probe/page/page.policy

# What meets strangers; it needs optimisation, and sanitizers do it better.
$(B)/probe/%.o $(B)/conf/%.o: HARDEN = -fstack-protector-strong $(if $(SANITIZE),,$(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(MPF_CPPFLAGS) $(MPF_CFLAGS) $(HARDEN) -fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<

$(call at,$(TESTS)): $(B)/%: $(B)/tests/unit/%.o
	$(CC) $(MPF_LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

$(B)/test_scan: $(call at,conf/scan.o)
$(B)/test_conf_values: $(call at,conf/address.o conf/duration.o conf/text.o)
$(call at,$(CONF_TESTS)): LIBS = $(CONF_LIBS)
$(call at,$(CONF_TESTS)): $(call at,$(CONF))

$(B)/test_ctl_text: $(call at,probe/ctl/ctl_text.o probe/judge/verdict.o)
$(B)/test_ctl_grid: $(call at,probe/ctl/ctl_grid.o)
$(B)/test_elf: $(call at,probe/ctl/elf.o probe/ctl/mapped.o)
$(B)/test_shebang: $(call at,probe/ctl/shebang.o)
$(B)/test_privilege: $(call at,probe/ctl/privilege.o)
$(B)/test_library: $(call at,probe/ctl/library.o probe/ctl/preloads.o probe/ctl/elf.o probe/ctl/mapped.o)
$(B)/test_ctl_status: LIBS = -ljansson
$(B)/test_ctl_status: $(call at,probe/ctl/ctl_status_text.o probe/ctl/ctl_status_notes.o probe/ctl/status_json.o probe/ctl/ctl_json.o probe/news/json_text.o probe/ctl/ctl_table.o probe/ctl/ctl_text.o \
	probe/ctl/ctl_grid.o probe/judge/reason.o probe/judge/verdict.o preload/view.o $(READER))

FIXTURE = tests/unit/fixture.o probe/table/image.o
$(B)/test_choose: $(call at,preload/choose.o preload/endpoint.o $(FIXTURE))
$(B)/test_endpoint: $(call at,preload/endpoint.o $(FIXTURE))
$(B)/test_hostent: $(call at,preload/hostent.o)
$(B)/test_loaded: $(call at,preload/loaded.o)
$(B)/test_memo: $(call at,preload/memo.o $(FIXTURE))
$(B)/test_note $(B)/test_note_pipe: $(call at,preload/note.o preload/endpoint.o $(FIXTURE))
$(B)/test_plan: $(call at,preload/plan.o preload/endpoint.o $(FIXTURE))
$(B)/test_budget: $(call at,preload/budget.o $(FIXTURE))
$(B)/test_report: $(call at,preload/report.o $(FIXTURE))
$(B)/test_budget: LIBS = -pthread
$(B)/test_lookup: $(call at,preload/lookup.o $(FIXTURE))
$(B)/test_image: $(call at,preload/lookup.o $(FIXTURE))
$(B)/test_image_adopt: $(call at,$(FIXTURE))
$(B)/test_table_writer $(B)/test_table_boot: $(call at,probe/table/table_writer.o preload/lookup.o $(FIXTURE))
$(B)/test_table_race: $(call at,probe/table/table_writer.o preload/lookup.o tests/unit/tagged.o $(FIXTURE))
NAMES = $(READER) preload/setup.o preload/view.o preload/memo.o preload/note.o preload/names.o preload/reorder.o preload/musl_list.o preload/hostent.o \
	tests/unit/next_libc.o
$(B)/test_view $(B)/test_damage_header: $(call at,preload/view.o preload/lookup.o $(FIXTURE))
$(B)/test_damage: $(call at,$(NAMES) $(FIXTURE))
$(B)/test_names $(B)/test_names_hostent $(B)/test_names_flags $(B)/test_names_shared: \
	$(call at,$(NAMES) tests/unit/names_world.o $(FIXTURE))
$(B)/test_attempt: $(call at,preload/attempt.o preload/socket.o preload/interrupt.o preload/plan.o preload/endpoint.o \
	tests/unit/next_libc.o)
$(B)/test_setup: $(call at,preload/setup.o preload/view.o preload/note.o $(READER) tests/unit/next_libc.o $(FIXTURE))

# What the end-to-end tests and the benchmark run: tests/clients/NAME.c and the objects named here.
PROGRAMS = $(addprefix clients/,fetch hammer core_names forks signals states make_table paint_table plugin_host linked_early libearly.so libpassthru.so libpassthru_sysv.so libhide.so Fetch.class)
BENCHES = $(addprefix bench/,calls execs sink stream libnothing.so libnothing_dl.so)

# What no preloaded library can act in.
PROGRAMS += $(if $(SANITIZE),,clients/fetch_static)

# connect() in a world of its own: tests/clients/conn_world.h.
CONN = $(addprefix clients/conn_,errors deadline signals cancel options nonblock events threads calls follow sources limits rules)
PROGRAMS += $(CONN)
$(call at,$(CONN)): $(call at,tests/clients/conn_world.o tests/clients/conn_test.o tests/clients/conn_far.o $(TABLE))

# The network of the fault tests and of bench-failover.
LAB = $(addprefix lab/,delay_tun openloop)
PROGRAMS += $(LAB)

$(B)/lab/%: $(B)/tests/lab/%.o
	@mkdir -p $(@D)
	$(CC) $(MPF_LDFLAGS) -o $@ $^ -pthread

$(B)/clients/fetch $(B)/clients/fetch_static: $(B)/tests/clients/lookup.o
$(B)/clients/fetch_static: $(B)/tests/clients/fetch.o
	@mkdir -p $(@D)
	$(CC) -static -Wl,--no-warnings $(LDFLAGS) -o $@ $^
$(B)/clients/forks $(B)/clients/signals: $(B)/tests/clients/dial.o
PROGRAMS += clients/feet clients/feet_seccomp clients/feet_stack
$(B)/clients/feet $(B)/clients/feet_seccomp $(B)/clients/feet_stack: $(B)/tests/clients/dial.o
$(B)/clients/make_table: $(call at,$(TABLE))
$(B)/clients/paint_table: CLIENT_LIBS = $(CONF_LIBS)
$(B)/clients/paint_table: $(call at,$(TABLE) $(CONF))
PROGRAMS += clients/paint_history clients/flood_page
$(B)/clients/paint_history: CLIENT_LIBS = $(CONF_LIBS)
$(B)/clients/paint_history: $(call at,probe/page/history.o probe/table/image.o $(CONF))
$(B)/clients/linked_early: $(B)/clients/libearly.so

$(B)/clients/lib%.so: $(B)/tests/clients/%.o
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-soname,$(@F) $(MPF_LDFLAGS) -o $@ $^

# Of the older of the two tables of symbols, which not every linker leaves out.
$(B)/clients/libpassthru_sysv.so: $(B)/tests/clients/passthru.o
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-soname,$(@F),--hash-style=sysv $(MPF_LDFLAGS) -o $@ $^

$(B)/clients/%.class: tests/clients/%.java
	@mkdir -p $(@D)
	javac -J-XX:-UsePerfData -d $(@D) $<

$(B)/clients/%: $(B)/tests/clients/%.o
	@mkdir -p $(@D)
	$(CC) $(MPF_LDFLAGS) -Wl,-rpath,'$$ORIGIN' -o $@ $^ -pthread $(CLIENT_LIBS)

# What judges the page's accessibility.
AXE = $(B)/node_modules/axe-core/axe.min.js
$(AXE):
	@mkdir -p $(B)
	npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix $(B) axe-core@4.10.3

test-programs: $(call at,$(TESTS) $(PROGRAMS) $(BENCHES) demo-client)

# Every test.  What does not build is one of the failures, so the last line always tells how many there were.
AT_ONCE = $(if $(findstring -j,$(MAKEFLAGS)),,-j2)
check:
	scripts/deps build deb test
	@echo 'building: as it is installed, for 32 bits, with sanitizers'
	-@$(MAKE) $(AT_ONCE) -sk all test-programs $(AXE)
	-@$(MAKE) $(AT_ONCE) -sk m32
	-@$(MAKE) $(AT_ONCE) -sk B=$(B)/asan SANITIZE=address,undefined all test-programs
	@B='$(B)' UNITS='$(TESTS)' tests/run

# The library for 32-bit clients, and one of those.
m32:
	$(MAKE) B=$(B)/m32 CC='$(CC32)' $(B)/m32/libmpfailover.so $(B)/m32/clients/fetch

# Each header by itself.
HEADERS = $(wildcard preload/*.h probe/*/*.h conf/*.h tests/clients/*.h tests/bench/*.h)
headers: $(addprefix $(B)/,$(HEADERS:=.alone))
$(B)/%.h.alone: %.h
	@mkdir -p $(@D)
	$(CC) $(MPF_CPPFLAGS) $(MPF_CFLAGS) -fsyntax-only -include $< -x c /dev/null
	@touch $@

# What it costs: the table on the terminal, and $(B)/bench.json.
bench:
	scripts/deps build test
	@$(MAKE) $(AT_ONCE) all $(call at,$(BENCHES) clients/make_table)
	@B='$(B)' scripts/bench

# What failures cost, in namespaces: the table on the terminal; JSON and drawings in $(B)/bench-failover.
bench-failover:
	scripts/deps build test
	@$(MAKE) $(AT_ONCE) all $(call at,$(LAB))
	@B='$(B)' scripts/bench-failover $(BENCH)

$(B)/bench/lib%.so: $(B)/tests/bench/%.o
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-soname,$(@F) $(MPF_LDFLAGS) -o $@ $^

$(B)/bench/libnothing_dl.so: $(B)/tests/bench/nothing.o
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-soname,$(@F) $(MPF_LDFLAGS) -o $@ $^ -Wl,--no-as-needed -l:libdl.so.2

$(B)/bench/%: $(B)/tests/bench/%.o $(B)/tests/bench/sample.o
	@mkdir -p $(@D)
	$(CC) $(MPF_LDFLAGS) -o $@ $^

.SECONDARY: # objects are kept

deps:
	scripts/deps

demo:
	scripts/deps build demo
	$(MAKE) all $(B)/demo-client
	B=$(B) scripts/demo

$(B)/demo-client: $(B)/scripts/demo-client.o
	$(CC) $(MPF_LDFLAGS) -o $@ $^

deb:
	scripts/deps build deb
	@$(MAKE) $(AT_ONCE) all
	@B='$(B)' VERSION='$(VERSION)' scripts/deb

MANUALS = $(wildcard conf/*.5 preload/*.7 probe/*.8 scripts/*.1)
COMPLETES = mpfailover mpfailoverctl mpfailoverd
HOOKS = scripts/hooks/page scripts/hooks/route-by-tftp
at_prefix = $(DESTDIR)$(PREFIX)

# $(call put_library,FILE,DIRECTORIES): into the first, in one step, since clients may be starting; the others link to it.
put_library = install -D -m 644 $(1) "$(at_prefix)/$(firstword $(2))/libmpfailover.so.new" && \
	cd "$(at_prefix)" && mv -f $(firstword $(2))/libmpfailover.so.new $(firstword $(2))/libmpfailover.so && \
	for dir in $(wordlist 2,9,$(2)); do install -d $$dir && ln -sfr $(firstword $(2))/libmpfailover.so $$dir || exit; done

# $(call put,FILE,AS): with the paths of this installation in it.
paths = sed -e 's|/usr/local/|$(PREFIX)/|g' -e 's|/etc/mpfailover|$(SYSCONFDIR)/mpfailover|g' -e 's|/run/mpfailover|$(RUNDIR)|g' \
	-e 's|^RuntimeDirectory=.*|RuntimeDirectory=$(RUNDIR:/run/%=%)|'
put = $(paths) $(1) | install -D -m $(or $(3),644) /dev/stdin "$(DESTDIR)$(2)"

install: all
	install -d "$(at_prefix)/bin" "$(at_prefix)/sbin" "$(DESTDIR)$(SYSCONFDIR)" \
		"$(at_prefix)/share/bash-completion/completions"
	sed "s/'mpfailover of the source tree'/'mpfailover $(VERSION)'/" scripts/mpfailover > "$(at_prefix)/bin/mpfailover"
	chmod 755 "$(at_prefix)/bin/mpfailover"
	install -m 755 $(B)/mpfailoverd $(B)/mpfailoverctl "$(at_prefix)/sbin"
	$(call put_library,$(B)/libmpfailover.so,$(LIBDIRS))
	[ ! -e $(B)/m32/libmpfailover.so ] || { $(call put_library,$(B)/m32/libmpfailover.so,$(LIBDIRS32)); }
	ln -sfn $(firstword $(LIBDIRS)) '$(at_prefix)/$$LIB'
	for page in $(MANUALS); do \
		$(call put,$$page,$(PREFIX)/share/man/man$${page##*.}/$${page##*/}) || exit; done
	for name in $(COMPLETES); do \
		install -m 644 scripts/completion.bash "$(at_prefix)/share/bash-completion/completions/$$name" || exit; done
	for hook in $(HOOKS); do \
		$(call put,$$hook,$(PREFIX)/share/mpfailover/hooks/$${hook##*/},755) || exit; done
	$(call put,conf/mpfailover.conf,$(PREFIX)/share/mpfailover/mpfailover.conf)
	$(call put,conf/prometheus-alerts.yml,$(PREFIX)/share/mpfailover/prometheus-alerts.yml)
	[ -e "$(DESTDIR)$(SYSCONFDIR)/mpfailover.conf" ] || { $(call put,conf/mpfailover.conf,$(SYSCONFDIR)/mpfailover.conf); }
	$(call put,scripts/systemd/mpfailoverd.service,$(UNITDIR)/mpfailoverd.service)
	$(call put,scripts/systemd/sysusers.conf,$(SYSUSERSDIR)/mpfailover.conf)
	$(call put,scripts/systemd/tmpfiles.conf,$(TMPFILESDIR)/mpfailover.conf)

# All but the configuration.
uninstall:
	cd "$(at_prefix)" && rm -f bin/mpfailover sbin/mpfailoverd sbin/mpfailoverctl '$$LIB' \
		$(addsuffix /libmpfailover.so,$(LIBDIRS) $(LIBDIRS32)) \
		$(foreach page,$(notdir $(MANUALS)),share/man/man$(subst .,,$(suffix $(page)))/$(page)) \
		$(addprefix share/bash-completion/completions/,$(COMPLETES)) $(addprefix share/mpfailover/hooks/,$(notdir $(HOOKS))) \
		share/mpfailover/mpfailover.conf share/mpfailover/prometheus-alerts.yml
	rm -f "$(DESTDIR)$(UNITDIR)/mpfailoverd.service" "$(DESTDIR)$(SYSUSERSDIR)/mpfailover.conf" "$(DESTDIR)$(TMPFILESDIR)/mpfailover.conf"
	cd "$(at_prefix)" && rmdir share/mpfailover/hooks share/mpfailover $(LIBDIRS) $(LIBDIRS32) 2> /dev/null || true

$(B)/test_verdict: $(call at,probe/judge/verdict.o)
$(B)/test_schedule: $(call at,probe/judge/schedule.o)
$(B)/test_estimate: $(call at,probe/judge/estimate.o)
$(B)/test_lateness: $(call at,probe/judge/lateness.o)
$(B)/test_liveness: $(call at,probe/judge/liveness.o)
$(B)/test_user: $(call at,probe/service/user.o)
$(B)/test_notify: $(call at,probe/service/notify.o tests/unit/one_engine.o tests/unit/odd_server.o $(ENGINE) $(CONF))
$(B)/test_notify: LIBS = $(DAEMON_LIBS)
$(B)/test_needle: $(call at,probe/check/needle.o)
$(B)/test_log: $(call at,probe/news/log.o)
$(B)/test_checks $(B)/test_checks_tls: $(call at,tests/unit/one_check.o tests/unit/odd_server.o probe/judge/reason.o $(CHECKS))
$(B)/test_doubt: $(call at,probe/judge/doubt.o)
$(B)/test_history: $(call at,probe/page/history.o)
$(B)/test_handover: $(call at,probe/page/handover.o)
$(B)/test_handover: LIBS = -pthread
$(B)/test_metrics: $(call at,probe/page/metrics.o probe/judge/punctuality.o probe/page/history.o probe/page/history_json.o probe/news/json_text.o probe/page/web_host.o \
	probe/ctl/ctl_table.o probe/ctl/ctl_text.o probe/judge/verdict.o conf/text.o preload/view.o $(READER) $(FIXTURE))
$(B)/test_metrics: LIBS = -ljansson
$(B)/test_flap: $(call at,probe/judge/flap.o probe/judge/announce.o probe/judge/verdict.o)
$(B)/test_uplink: $(call at,probe/uplink/uplink.o)
$(B)/test_reorder: $(call at,preload/reorder.o preload/choose.o preload/endpoint.o $(FIXTURE))
$(B)/test_names_dns: $(call at,$(filter-out tests/unit/next_libc.o,$(NAMES)) tests/unit/names_world.o $(FIXTURE))
$(B)/test_answers: $(call at,probe/dns/answers.o preload/endpoint.o)
$(B)/test_expand: $(call at,probe/dns/expand.o probe/dns/dns_plan.o probe/dns/answers.o preload/endpoint.o $(FIXTURE))
$(B)/test_cert_watch: $(call at,probe/judge/cert_watch.o)
$(B)/test_events: $(call at,probe/news/events.o)
$(B)/test_hook_queue: $(call at,probe/news/hook_queue.o)
$(B)/test_hook_queue: LIBS = -ljansson
$(B)/test_hook: $(call at,probe/news/hook.o probe/news/hook_queue.o probe/check/shell.o probe/engine/clock.o)
$(B)/test_hook: LIBS = -luv -ljansson
$(B)/test_operator: $(call at,tests/unit/one_engine.o tests/unit/odd_server.o $(ENGINE) $(CONF))
$(B)/test_operator: LIBS = $(DAEMON_LIBS)
$(B)/test_control: $(call at,probe/control/control.o probe/engine/clock.o)
$(B)/test_control: LIBS = -luv -ljansson
$(B)/test_watch_pause: $(call at,probe/judge/watch_pause.o)
$(B)/test_reports: $(call at,probe/engine/reports.o probe/engine/clock.o)
$(B)/test_netlink: $(call at,probe/engine/netlink.o probe/engine/clock.o)
$(B)/test_reports $(B)/test_netlink: LIBS = -luv
$(B)/test_engine $(B)/test_uplinks: $(call at,tests/unit/one_engine.o tests/unit/odd_server.o $(ENGINE) $(CONF))
$(B)/test_engine $(B)/test_uplinks: LIBS = $(DAEMON_LIBS)
$(B)/test_checks $(B)/test_checks_tls: LIBS = -luv -lcurl

-include $(shell find $(B) -name deb -prune -o -name chroot -prune -o -name old-glibc -prune -o -name '*.d' -type f -print 2>/dev/null)

clean:
	rm -rf $(B)

# What knows the version is built again for another one.
$(B)/version: $(if $(filter-out $(VERSION),$(shell cat $(B)/version 2> /dev/null)),again)
	@mkdir -p $(B) && echo '$(VERSION)' > $@
$(call at,$(patsubst %.c,%.o,$(shell grep -l MPF_VERSION conf/*.c probe/*.c))): $(B)/version

.PHONY: all again libraries library32 deps deb demo check bench bench-failover install uninstall clean test-programs headers m32
