#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mpfailoverctl doctor PID: is the library in it, what does it go by; and doctor without an argument: is all installed?
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

# client NAME [VARIABLE=VALUE ...]: a process that waits, with the library and that environment
client() {
	local name=$1
	shift
	start "$name" env -C "${DIRECTORY:-.}" LD_PRELOAD="$LIB" MPFAILOVER_TABLE="$TABLE" "$@" sleep 1000
	wait_for 5 started "$name"
}
# It sleeps: whatever comes before that, the library and its table, is done.
started() { [[ $(< "/proc/${PID[$1]}/stat") = *"(sleep) S "* ]]; }

# finds NAME CODE STATUS WORDS WHAT [OPTION ...]: as in doctor.sh
finds() {
	local name=$1 wanted_code=$2 wanted_status=$3 words=$4 status=0 out code
	shift 4
	out=$("$CTL" doctor "$@" 2>&1) || status=$?
	code=$("$CTL" doctor --json "$@" 2> /dev/null | jq -r .code)
	if [ "$code" = "$wanted_code" ] && [ $status = "$wanted_status" ] && grep -qF -- "$words" <<< "$out"; then
		ok "$name: $wanted_code"
	else
		not_ok "$name: $wanted_code" "$status, $code: $out"
	fi
}
table_up() {
	start table "$CLIENTS/make_table" -b -h "$NAME" "$TABLE" "a=${SITE[1]}=up"
	wait_for 5 "$CTL" -t "$TABLE" status
}

# ------------------------------------------------------------------------------------------------- loaded, or why not

start bare sleep 1000
wait_for 5 started bare
finds "started without the library" not-preloaded 1 "it was started without the library" "${PID[bare]}"
client without-table
finds "no table" no-table 3 "there is no table" "${PID[without-table]}"
table_up
finds "a table that came later" acts 0 "at its next connect() it looks again" "${PID[without-table]}"
client with-table
finds "a table" acts 0 "it has $LIB, and generation " "${PID[with-table]}"
generation=$("$CTL" doctor --json "${PID[with-table]}" | jq .generation)
same "its generation is the table's" "$("$CTL" -t "$TABLE" status --json | jq .configuration.generation)" "$generation"
DIRECTORY=$WORK client named-from-here MPFAILOVER_TABLE=table
finds "a table by a relative path" acts 0 " of $TABLE, heartbeat " "${PID[named-from-here]}"
client off MPFAILOVER_OFF=1
finds "switched off by its environment" off 1 "it was started with MPFAILOVER_OFF=1" "${PID[off]}"
client on MPFAILOVER_OFF=0
finds "not switched off" acts 0 "heartbeat" "${PID[on]}"

gcc -static -x c -o "$WORK/static" - <<< 'int pause(void); int main(void) { return pause(); }'
start static env LD_PRELOAD="$LIB" "$WORK/static"
is_static() { grep -q "$WORK/static" "/proc/${PID[static]}/maps"; }
wait_for 5 is_static
finds "a static program" static 1 "$WORK/static is statically linked" "${PID[static]}"
start lost env LD_PRELOAD="$WORK/gone/libmpfailover.so" sleep 1000
wait_for 5 started lost
finds "a library that was not found" not-loaded 1 "but the library is not in it" "${PID[lost]}"

start kernel true
wait "${PID[kernel]}"
finds "no such process" no-process 6 "there is no such process" "${PID[kernel]}"
finds "a number that no process has" not-found 1 "not found in PATH" 99999999999
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 true 2> /dev/null; then
	cp "$CTL" "$WORK/ctl"
	said=$(setpriv --reuid=65534 --regid=65534 --clear-groups "$WORK/ctl" doctor $$) && not_ok "somebody else's process" "$said"
	check "somebody else's process" grep -q 'this user may not look into it (it runs as' <<< "$said"
	# A table that this process's user made: trusted by it, and so by whoever looks with its eyes.
	mkdir "$WORK/nobodys" && chown 65534 "$WORK/nobodys"
	start nobodys-table setpriv --reuid=65534 "$CLIENTS/make_table" -b "$WORK/nobodys/table" "a=${SITE[1]}=up"
	wait_for 5 [ -e "$WORK/nobodys/table" ]
	start nobodys setpriv --reuid=65534 env LD_PRELOAD="$LIB" MPFAILOVER_TABLE="$WORK/nobodys/table" sleep 1000
	wait_for 5 started nobodys
	finds "a process with its own user's table" acts 0 "$WORK/nobodys/table" "${PID[nobodys]}"
	if setpriv --bounding-set=-sys_ptrace true 2> /dev/null; then
		said=$(setpriv --bounding-set=-sys_ptrace "$CTL" doctor "${PID[nobodys]}") && not_ok "root that may not" "$said"
		check "root that may not look into it: what to do" grep -q '^what to do: ask from outside: .*CAP_SYS_PTRACE' <<< "$said"
	fi
	client foreign MPFAILOVER_TABLE="$WORK/nobodys/table"
	finds "a process with another user's" no-table 3 "not trusted" "${PID[foreign]}"
else
	skip "somebody else's process" "this user cannot become another one"
fi

# ------------------------------------------------------------------------------------------ a library, a table replaced

cp "$LIB" "$WORK/libmpfailover.so"
start replaced env LD_PRELOAD="$WORK/libmpfailover.so" MPFAILOVER_TABLE="$TABLE" sleep 1000
wait_for 5 started replaced
rm "$WORK/libmpfailover.so"
finds "a library that was replaced" acts 0 "its library was replaced since" "${PID[replaced]}"

stop table
cp "$TABLE" "$WORK/table.new" && mv "$WORK/table.new" "$TABLE"
finds "a table that was replaced" acts 0 "what it has mapped is a table that was replaced" "${PID[with-table]}"
no_heartbeat() { "$CTL" doctor "${PID[with-table]}" | grep -q 'without a heartbeat for [3-9]s'; }
check "and how long it has had no heartbeat" wait_for 6 no_heartbeat
rm "$TABLE"
finds "a table that was removed" stale 4 "the last verdicts of a table that is no more" "${PID[with-table]}"

# ------------------------------------------------------------------------------------------------------ what is installed

readonly PREFIX=$WORK/prefix
make B="$B" -o all PREFIX="$PREFIX" SYSCONFDIR="$WORK/etc" install > "$WORK/make.log" 2>&1 || cat "$WORK/make.log"
installed() { ended=0; out=$("$PREFIX/sbin/mpfailoverctl" doctor -t "$TABLE" "$@" 2>&1) || ended=$?; }
installed
same "no table: exit status" 3 "$ended"
check "no table: told" grep -q "^the table: $TABLE: there is no table" <<< "$out"
table_up
installed
same "all is well: exit status" 0 "$ended"
check "the table" grep -qE "^the table: $TABLE, generation [0-9]+, heartbeat of mpfailoverd \(pid ${PID[table]}\)" <<< "$out"
check "a library for 64-bit programs" grep -qx "64-bit programs: $PREFIX/lib.*/libmpfailover.so" <<< "$out"
if [ -e "$B/m32/libmpfailover.so" ] && [ -e /lib/ld-linux.so.2 ]; then
	check "a library for 32-bit programs" grep -qx "32-bit programs: $PREFIX/lib.*/libmpfailover.so" <<< "$out"
	find "$PREFIX" -path '*32*/libmpfailover.so' -delete
	find "$PREFIX" -path '*i386*/libmpfailover.so' -delete
	installed
	same "none for 32-bit programs: exit status" 7 "$ended"
	check "none for 32-bit programs: told" grep -q "^32-bit programs: .*: No such file or directory" <<< "$out"
else
	skip "a library for 32-bit programs" "there is none, or no such program"
fi
chmod 600 "$PREFIX"/lib/*/libmpfailover.so
installed
check "one that not everybody can read" grep -q "not readable for every user" <<< "$out"
installed --json
check "as JSON" jq -e '.parts | length >= 2 and all(.[]; has("subject") and has("acts") and has("remedy"))' <<< "$out"
stop table KILL
silent() { installed; echo "$out"; [ "$ended" -ge 4 ] && grep -q 'mpfailoverd is not running: no heartbeat for' <<< "$out"; }
check "a daemon that died" wait_for 6 silent
