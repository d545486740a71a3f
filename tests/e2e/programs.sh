#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Programs with habits: threads, forks and vforks, constructors and signal handlers that connect, other preload libraries.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly DEAD=${SITE[1]} LIVE=${SITE[2]}

"$CLIENTS/make_table" -b -h "$NAME" -p "$HTTP" "$TABLE" "a=$DEAD=down" "b=$LIVE=up" &
PID[table]=$!
site_up 2
wait_for 5 [ -e "$TABLE" ] || exit 2
dead() { ! "$@"; }

# ------------------------------------------------------------------------------------------------------------- threads

hammered() {
	local line
	line=$("$@" 2>&1)
	echo "$line"
	[[ $line =~ ^fetched=[0-9]+\ failed=0\ slowest_ms=[0-9]+\ site-2=[0-9]+$ ]]
}
check "alone, 16 threads get nothing" dead hammered "$CLIENTS/hammer" -t 16 -c 2 "$DEAD" "$HTTP"
check "16 threads" hammered with "$CLIENTS/hammer" -t 16 -c 200 "$DEAD" "$HTTP"
check "16 threads that look the name up, too" hammered with "$CLIENTS/hammer" -a -t 16 -c 200 "$NAME" "$HTTP"

# --------------------------------------------------------------------------------------------------------------- forks

check "alone, forks get nothing" dead "$CLIENTS/forks" "$DEAD" "$HTTP" "$LIVE"
status=0
with "$CLIENTS/forks" "$DEAD" "$HTTP" "$LIVE" > "$WORK/forks" 2>&1 || status=$?
while IFS=: read -r what result; do
	same "$what" " well" "$result"
done < "$WORK/forks"
same "ten ways to fork, and a good end" "10 lines, status 0" "$(wc -l < "$WORK/forks") lines, status $status"

# -------------------------------------------------------------------------------------------------------- constructors

early() { EARLY_ADDRESS=$DEAD EARLY_PORT=$HTTP "$@" 2>&1; }
readonly EARLY=$CLIENTS/libearly.so
same "alone, a constructor is refused" "early: Connection refused" "$(early "$CLIENTS/linked_early")"
same "a constructor of a library that the program needs" "early: $LIVE" "$(early with "$CLIENTS/linked_early")"
same "a constructor before ours" "early: $LIVE" "$(PRELOAD=$LIB:$EARLY early with true)"
same "a constructor after ours" "early: $LIVE" "$(PRELOAD=$EARLY:$LIB early with true)"

# A plugin that only the program's RUNPATH leads to, loaded with RTLD_DEEPBIND.
same "alone, a plugin is refused" "early: Connection refused" "$(early "$CLIENTS/plugin_host" libearly.so)"
same "a plugin is found and does not escape" "early: $LIVE" "$(early with "$CLIENTS/plugin_host" libearly.so)"
same "without a table, all is as it was" "early: Connection refused" \
	"$(TABLE=$WORK/absent early with "$CLIENTS/plugin_host" libearly.so)"

# ------------------------------------------------------------------------------------------------------------- signals

check "alone, a signal handler gets nothing" dead "$CLIENTS/signals" restart 10 "$DEAD" "$HTTP" "$LIVE"
check "a signal handler that connects" with "$CLIENTS/signals" restart 3000 "$DEAD" "$HTTP" "$LIVE"
check "one without SA_RESTART" with "$CLIENTS/signals" interrupt 3000 "$DEAD" "$HTTP" "$LIVE"

# --------------------------------------------------------------------------------------------- other preload libraries

export PASSTHRU=1
both=$(printf 'passthru: called\nsite-2')
for other in libpassthru.so libpassthru_sysv.so; do
	same "another preload library before ours, $other" "$both" \
		"$(PRELOAD=$CLIENTS/$other:$LIB WITH=with fetch gethostbyname "$DEAD" 2>&1 | sort)"
	same "another preload library after ours, $other" "$both" \
		"$(PRELOAD=$LIB:$CLIENTS/$other WITH=with fetch gethostbyname "$DEAD" 2>&1 | sort)"
done
unset PASSTHRU

# A client whose own dl_iterate_phdr() does not know yet, or never, what is loaded: then there are no names, which it cannot mean.
readonly HIDING=$LIB:$CLIENTS/libhide.so
same "what is loaded is hidden at first: by name" site-2 "$(HIDE=1 PRELOAD=$HIDING WITH=with fetch gethostbyname "$NAME" 2>&1)"
same "and for good: by address" "early: $LIVE" "$(HIDE=1000000 PRELOAD=$HIDING:$EARLY early with true)"

for allocator in libjemalloc.so.2 libtcmalloc_minimal.so.4; do
	if [ -z "$(LD_PRELOAD=$allocator true 2>&1)" ]; then
		for order in "$LIB:$allocator" "$allocator:$LIB"; do
			under="under ${order//$B\//}"
			PRELOAD=$order check "16 threads $under" hammered with "$CLIENTS/hammer" -a -t 16 -c 50 "$NAME" "$HTTP"
			PRELOAD=$order check "python $under" with /usr/bin/python3 tests/clients/fetch.py "$NAME" "$HTTP"
		done
	else
		skip "under $allocator" "not installed"
	fi
done

# ------------------------------------------------------------------------------------- a daemon that is itself preloaded

stop table
write_conf
for off in unset empty 0; do
	rm -f "$TABLE"
	case $off in
	unset) setting=(--unset=MPFAILOVER_OFF) ;;
	empty) setting=(MPFAILOVER_OFF=) ;;
	*) setting=("MPFAILOVER_OFF=$off") ;;
	esac
	start daemon env "${setting[@]}" LD_PRELOAD="$LIB" MPFAILOVER_TABLE="$TABLE" "$DAEMON" -c "$WORK/mpfailover.conf" -t "$TABLE"
	check "a preloaded daemon, MPFAILOVER_OFF $off: sees the live site up, the dead one down" \
		verdicts_are site-2=up site-1=down
	# Now that the table knows, an interposed check would be led to a live site.
	site_up 1
	check "and sees it come back" verdicts_are site-1=up
	site_down 1
	check "and go again" verdicts_are site-1=down
	stop daemon
done
