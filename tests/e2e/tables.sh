#!/bin/bash
# SPDX-License-Identifier: MIT
#
# With a table that is not to be believed, every client behaves as it does without the library.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly CLIENTS_ALL="curl wget wget-T perl python java php gethostbyname"
readonly NOBODY=54321 # owns nothing on any machine
good=$WORK/good
hosts=("${SITE[1]}" "${SITE[2]}")
[ -z "$OWN_NETWORK" ] || hosts+=("$NAME")

site_up 2

make_good() {
	"$CLIENTS/make_table" -h "$NAME" -p "$HTTP" "$good" "a=${SITE[1]}=down" "b=${SITE[2]}=up" || exit 2
}

# All that a client shows, times left out.
behaviour() {
	local client=$1 host status
	for host in "${hosts[@]}"; do
		status=0
		fetch "$client" "$host" || status=$?
		echo "status $status"
	done 2>&1 | sed -E 's/after [0-9]+ ms/after N ms/; s/^[0-9-]+ [0-9:]+ URL/URL/'
}

for client in $CLIENTS_ALL; do
	behaviour "$client" > "$WORK/alone.$client"
done

differs() {
	WITH=with behaviour "$1" > "$WORK/with.log"
	! diff "$WORK/alone.$1" "$WORK/with.log"
}

# as_without NAME: for every client
as_without() {
	local client
	for client in $CLIENTS_ALL; do
		WITH=with behaviour "$client" > "$WORK/with.$client"
		if ! diff "$WORK/alone.$client" "$WORK/with.$client"; then
			not_ok "$1" "$client behaves otherwise"
			return
		fi
	done
	ok "$1"
}

# A file like the good one, to be spoiled.
fresh() {
	rm -rf "$TABLE"
	cp "$good" "$TABLE"
	chmod 644 "$TABLE"
}

# patch OFFSET BYTES: overwrites them in the table
patch() { printf '%b' "$2" | dd of="$TABLE" bs=1 seek="$1" conv=notrunc status=none; }

make_good
fresh
for client in $CLIENTS_ALL; do
	check "a good table makes a difference to $client" differs "$client"
done

rm "$TABLE"
as_without "no table"
: > "$TABLE"
as_without "an empty table"
mkfifo "$WORK/fifo" && mkdir "$WORK/directory"
for other in "$WORK/fifo" "$WORK/directory" /dev/zero; do
	TABLE=$other as_without "not a file: ${other##*/}"
done

size=$(stat -c %s "$good")
for length in 1 131 411 412 4095 4096 $((size / 2)) $((size - 1)); do
	fresh
	truncate -s "$length" "$TABLE"
	as_without "a table cut to $length bytes"
done

for seed in 1 2 3; do
	rm -f "$TABLE"
	python3 -c 'import random, sys; random.seed(int(sys.argv[1])); sys.stdout.buffer.write(random.randbytes(int(sys.argv[2])))' \
		$seed "$size" > "$TABLE"
	as_without "random bytes, seed $seed"
	{
		head -c 4096 "$good"
		tail -c +4097 "$TABLE"
	} > "$TABLE.mixed"
	mv "$TABLE.mixed" "$TABLE"
	as_without "random bytes behind a good header, seed $seed"
done

fresh
patch 4 '\x02\x00\x00\x00'
as_without "another version"
fresh
patch 0 '\x00\x00\x00\x00'
as_without "not yet finished: no magic"

fresh
chmod 666 "$TABLE"
as_without "a table that the world can write to"
chmod 664 "$TABLE"
as_without "a table that its group can write to"

fresh
if chown $NOBODY "$TABLE" 2> /dev/null; then
	as_without "a table of somebody else"
	cp "$LIB" "$WORK/lib.so" && cp "$CLIENTS/fetch" "$WORK/fetch"
	chmod 755 "$WORK/lib.so" "$WORK/fetch"
	# as_user UID: where does the client of that user end?
	as_user() {
		setpriv --reuid "$1" --regid "$1" --clear-groups env LD_PRELOAD="$WORK/lib.so" MPFAILOVER_TABLE="$TABLE" \
			"$WORK/fetch" gethostbyname "${SITE[1]}" "$HTTP" 2>&1
	}
	same "a table of its own is believed" site-2 "$(as_user $NOBODY)"
	same "a table of another plain user is not" "connect: Connection refused" "$(as_user $((NOBODY + 1)))"
	chown 0 "$TABLE"
	same "a table of root is believed" site-2 "$(as_user $NOBODY)"
else
	skip "a table of somebody else" "only root can make one"
fi

# Single bits of a good table: as good as before, or as if it were not there, but never a crash.
flip() {
	python3 - "$TABLE" "$1" << 'END'
import random, sys
random.seed(int(sys.argv[2]))
with open(sys.argv[1], "r+b") as table:
    data = bytearray(table.read())
    for _ in range(8):
        data[random.randrange(412) if random.random() < 0.5 else random.randrange(4096, 8192)] ^= 1 << random.randrange(8)
    table.seek(0)
    table.write(data)
END
}
survives_flips() {
	local seed got
	for seed in $(seq 1 60); do
		fresh
		flip "$seed"
		got=$(WITH=with fetch gethostbyname "${SITE[1]}" 2>&1)
		case $got in
		site-2 | "connect: Connection refused") ;;
		*)
			echo "seed $seed: <$got>"
			return 1
			;;
		esac
	done
}
check "tables with flipped bits" survives_flips

# A file that is cut while it is mapped: the kernel answers the next look with SIGBUS, and nothing in a client can prevent that
# without a signal handler.  So no program here ever cuts a table; all that could happen besides is what happens without the library.
fresh
mkfifo "$WORK/orders" "$WORK/answers"
with python3 tests/clients/twice.py "${SITE[1]}" "$HTTP" < "$WORK/orders" > "$WORK/answers" 2>&1 &
PID[patient]=$!
exec 3> "$WORK/orders" 4< "$WORK/answers"
read -r -t 20 first <&4
same "the table is mapped" "${SITE[2]}" "$first"
truncate -s 0 "$TABLE"
echo >&3
read -r -t 20 second <&4
exec 3>&-
wait "${PID[patient]}"
status=$?
unset "PID[patient]"
case $status:$second in
135:*) ok "a table cut to nothing while it is mapped: SIGBUS, as documented" ;;
"0:Connection refused") ok "a table cut to nothing while it is mapped: as without the library" ;;
*) not_ok "a table cut to nothing while it is mapped" "status $status, <$second>" ;;
esac
cutters=$(grep -nE 'f?truncate(64)?\(|O_TRUNC|fopen\([^)]*"w' preload/*.c probe/*.c probe/*/*.c)
same "no program here cuts a file" "" "$cutters"
