#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The system calls of each way that a connect() goes are those that libmpfailover(7) lists, no more and no less.
# runs alone: late packets go other ways
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

MANUAL=preload/libmpfailover.7

# "NAME: CALL CALL*TIMES ...", for each way: between the marks of conn_calls
seen() {
	awk '
		/ resumed>/ { next }
		{ pid = $1; call = $2; sub(/\(.*/, "", call) }
		call == "access" && /"begin / { split($0, parts, "\""); name[pid] = substr(parts[2], 7); calls[pid] = ""; next }
		call == "access" && /"end"/ { print name[pid] ":" shorten(calls[pid]); delete name[pid]; next }
		pid in name && !/^[0-9]+ +(---|\+\+\+)/ { calls[pid] = calls[pid] " " call }
		function shorten(list, word, count, i, times, text) {
			count = split(list, word, " ")
			for (i = 1; i <= count; i += times) {
				for (times = 1; word[i + times] == word[i]; times++);
				text = text " " word[i] (times > 1 ? "*" times : "")
			}
			return text
		}' "$1" | sort
}

# The same, of the manual.
listed() {
	awk '
		/^\.Bd -literal.*calls/ { inside = 1; next }
		/^\.Ed/ { inside = 0 }
		!inside { next }
		/^[^ ].*:$/ { if (line) print line; line = $0; next }
		{ sub(/^ +/, " "); line = line $0 }
		END { print line }' "$MANUAL" | sort
}

run() {
	local status=0
	strace -f -qq -o "$WORK/strace" "$CLIENTS/conn_calls" -l "$LIB" > "$WORK/said" || status=$?
	cat "$WORK/said"
	seen "$WORK/strace" > "$WORK/seen"
	return $status
}

if ! strace -qq -o /dev/null true; then
	skip "system calls" "strace may not trace here"
	exit
fi
listed > "$WORK/listed"
check "the manual lists some" [ "$(wc -l < "$WORK/listed")" -ge 10 ]
# Where there is no way to the far servers, those ways are left out.
for _ in 1 2 3; do
	status=0
	run > "$WORK/run" || status=$?
	[ $status -eq 0 ] && diff <(grep -Ff <(cut -d : -f 1 "$WORK/seen" | sed 's/$/:/') "$WORK/listed") "$WORK/seen" > "$WORK/diff" && break
done
grep -E '^(skip|not ok)' "$WORK/run"
same "and each has come where it should" 0 "$status"
while IFS=: read -r name calls; do
	same "$name" "$(grep "^$name:" "$WORK/listed")" "$name:$calls"
done < "$WORK/seen"
ways=16
! grep -q '^skip' "$WORK/run" || ways=10
same "all ways were gone" $ways "$(wc -l < "$WORK/seen")"
# shellcheck disable=SC2013 # one word at a time
for call in $(cut -d : -f 2 "$WORK/seen" | tr ' ' '\n' | sed 's/\*.*//' | sort -u); do
	check "$call is among those that a sandbox has to allow" grep -qx "\.Xr $call 2.*" "$MANUAL"
done
