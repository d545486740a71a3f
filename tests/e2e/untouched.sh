#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What the library must leave alone, and how a user turns it off or listens to it.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly DEAD=${SITE[1]} LIVE=${SITE[2]}
site_up 2
"$CLIENTS/make_table" -b "$TABLE" "a=$DEAD=down" "b=$LIVE=up" &
PID[table]=$!
wait_for 5 [ -e "$TABLE" ] || exit 2

# One line of two runs at a time, so that each is a test of its own.
with "$CLIENTS/states" "$DEAD" "$HTTP" "$LIVE" > "$WORK/with" 2>&1
echo "exit status $?: 0" >> "$WORK/with"
"$CLIENTS/states" "$DEAD" "$HTTP" "$LIVE" > "$WORK/alone" 2>&1
echo "exit status $?: 0" >> "$WORK/alone"
while IFS=: read -r what result; do
	same "$what" "$result" "$(grep -F "$what:" "$WORK/with" | cut -d: -f2-)"
done < "$WORK/alone"
same "nothing more" "$(cut -d: -f1 "$WORK/alone")" "$(cut -d: -f1 "$WORK/with")"

# ------------------------------------------------------------------------------------------------------- MPFAILOVER_OFF

by_address() { WITH=with fetch gethostbyname "$DEAD" 2>&1; }
refused="connect: Connection refused"
same "MPFAILOVER_OFF unset" site-2 "$(by_address)"
same "MPFAILOVER_OFF empty" site-2 "$(MPFAILOVER_OFF='' by_address)"
same "MPFAILOVER_OFF=0" site-2 "$(MPFAILOVER_OFF=0 by_address)"
same "MPFAILOVER_OFF=1" "$refused" "$(MPFAILOVER_OFF=1 by_address)"
same "MPFAILOVER_OFF=no is anything" "$refused" "$(MPFAILOVER_OFF=no by_address)"

# ------------------------------------------------------------------------------------------------------- MPFAILOVER_LOG

moved() { [[ $1 = mpfailover:*"service=made asked=$DEAD:$HTTP used=$LIVE:$HTTP"* ]]; }
said=$(MPFAILOVER_LOG=stderr by_address | grep -v '^site-2$')
check "MPFAILOVER_LOG=stderr: a line for a connection that was moved" moved "$said"
same "and only one" 1 "$(wc -l <<< "$said")"
same "none for one that was not" site-2 "$(MPFAILOVER_LOG=stderr WITH=with fetch gethostbyname "$LIVE" 2>&1)"
same "MPFAILOVER_LOG=FILE leaves stderr alone" site-2 "$(MPFAILOVER_LOG=$WORK/moves by_address)"
check "and the file has the line" moved "$(cat "$WORK/moves")"
MPFAILOVER_LOG=$WORK/moves by_address > /dev/null
same "which is appended" 2 "$(wc -l < "$WORK/moves")"
MPFAILOVER_LOG=$WORK/moves with "$CLIENTS/hammer" -t 8 -c 50 "$DEAD" "$HTTP" > /dev/null
line="^mpfailover: program=[a-z]+ pid=[0-9]+ service=made asked=$DEAD:$HTTP used=$LIVE:$HTTP why=[^ ]+ ms=[0-9.]+$"
same "many writers, whole lines" 402 "$(grep -cE "$line" "$WORK/moves")"
same "a file that cannot be written is no harm" site-2 "$(MPFAILOVER_LOG=/nonexistent/file by_address)"
same "a client without stderr" site-2 "$(MPFAILOVER_LOG=stderr with "$CLIENTS/fetch" gethostbyname "$DEAD" "$HTTP" 2>&-)"

# A client that closes its stderr, and gets the number again for a file of its own.
reuse='
import os, socket, sys
os.close(2)
assert os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT) == 2
print(socket.create_connection((sys.argv[1], int(sys.argv[2]))).getpeername()[0])'
same "a client that reuses descriptor 2" "$LIVE" \
	"$(MPFAILOVER_LOG=stderr with /usr/bin/python3 -c "$reuse" "$DEAD" "$HTTP" "$WORK/data")"
same "finds its file as it was" "" "$(cat "$WORK/data")"

# ---------------------------------------------------------------------------------------------- the compiled-in table

by_default() { env LD_PRELOAD="$LIB" MPFAILOVER_TABLE= "$CLIENTS/fetch" gethostbyname "$DEAD" "$HTTP" 2>&1; }
same "an empty MPFAILOVER_TABLE is the compiled-in one" "$refused" "$(by_default)"
