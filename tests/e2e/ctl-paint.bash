# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
#
# A table in any state, painted by a process that stands for the daemon.  To be sourced after lib.bash, with
# $WORK/mpfailover.conf there.

coproc PAINT { exec "$CLIENTS/paint_table" "$TABLE" "$WORK/mpfailover.conf" 2> "$WORK/paint.log"; }
PID["paint"]=$PAINT_PID

painted() {
	local reply
	read -r -t 5 reply <&"${PAINT[0]}" && [ "$reply" = "done" ]
}

# paint LINE: as paint_table(1)'s comment says; when it returns it is in the table
paint() {
	echo "$*" >&"${PAINT[1]}"
	painted || not_ok "painting $1" "$(cat "$WORK/paint.log")"
}

# The daemon's clean end.
paint_end() {
	eval "exec ${PAINT[1]}>&-"
	wait "${PID[paint]}" 2> /dev/null
	unset 'PID["paint"]'
}

painted || not_ok "a table to look at" "$(cat "$WORK/paint.log")"
