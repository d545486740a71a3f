#!/bin/bash
# SPDX-License-Identifier: MIT
#
# scripts/mpfailover: what it adds to a command's environment, what it leaves alone, and how it ends.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly LAUNCHER=$PWD/scripts/mpfailover
export MPFAILOVER_LIBRARY=$LIB

# launch ARG ...: into $out, $err and $code
launch() {
	code=0
	out=$("$LAUNCHER" "$@" 2> "$WORK/err") || code=$?
	err=$(cat "$WORK/err")
}
setting() { sed -n "s/^$1=//p" <<< "$out"; }

launch env
same "the library is preloaded" "$LIB" "$(setting LD_PRELOAD)"
same "nothing is said" "" "$err"
launch -v env
same "-v: the library's log" "stderr" "$(setting MPFAILOVER_LOG)"
MPFAILOVER_LOG=$WORK/log launch -v env
same "-v keeps a log that was asked for" "$WORK/log" "$(setting MPFAILOVER_LOG)"
MPFAILOVER_LOG=$WORK/log launch -q env
same "-q: no log" "" "$(setting MPFAILOVER_LOG)"
launch -t "$WORK/nosuch" env
same "-t: the table" "$WORK/nosuch" "$(setting MPFAILOVER_TABLE)"
check "a table that is not there is told" grep -q 'there is no such table' <<< "$err"
launch -q --table=nosuch env
same "a relative table is made absolute" "$PWD/nosuch" "$(setting MPFAILOVER_TABLE)"
same "-q: no warning" "" "$err"

# ----------------------------------------------------------------------------------------------- the user's LD_PRELOAD

libc=$(ldd /bin/true | sed -nE 's/.*libc.so.* => ([^ ]+) .*/\1/p')
LD_PRELOAD=$libc launch env
same "the user's preload is kept, behind ours" "$LIB:$libc" "$(setting LD_PRELOAD)"
LD_PRELOAD="$libc $libc" launch env
same "in the form that it has" "$LIB:$libc $libc" "$(setting LD_PRELOAD)"
long=$libc$(printf ":$libc%.0s" {1..200})
LD_PRELOAD=$long launch env
same "a long one too (${#long} bytes)" "$LIB:$long" "$(setting LD_PRELOAD)"
launch "$LAUNCHER" "$LAUNCHER" env
same "a launcher in a launcher adds nothing" "$LIB" "$(setting LD_PRELOAD)"
LD_PRELOAD="$libc $LIB" launch env
same "nor where it stands at the end" "$libc $LIB" "$(setting LD_PRELOAD)"

# ------------------------------------------------------------------------------------------------------ how it ends

ends() { # NAME STATUS [WORDS] -- ARG ...
	local name=$1 status=$2 words=${3-}
	shift 4
	launch "$@"
	if [ "$code" = "$status" ] && grep -q -- "$words" <<< "$err"; then ok "$name"; else not_ok "$name" "$code: $err"; fi
}
echo 'exit 3' > "$WORK/plain"
ends "the command's exit status" 42 '' -- sh -c 'exit 42'
ends "no command" 125 'a COMMAND is missing' --
ends "a wrong option" 125 'there is no option -x' -- -x true
ends "-t without a table" 125 '-t needs a TABLE' -- -t
ends "a command that is not there" 127 'no-such-command: not found' -- no-such-command
ends "a path that is not there" 127 'not found' -- "$WORK/no-such-command"
ends "a file that is not executable" 126 'not executable' -- "$WORK/plain"
ends "a directory" 126 'not executable' -- "$WORK"
chmod +x "$WORK/plain"
ends "a script without an interpreter's line" 3 '' -- "$WORK/plain"
ends "a command's options are its own" 0 '' -- env -u HOME true
ends "the end of options" 0 '' -- -q -- true -x
launch printf '<%s>' 'a b' '' '*' $'c\nd'
same "arguments go through as they are" "<a b><><*><c
d>" "$out"
# shellcheck disable=SC2016 # it is the inner shell that expands
same "no process is added" "$BASHPID" "$(exec "$LAUNCHER" sh -c 'echo $PPID')"
check "standard input goes through" [ "$(echo hello | "$LAUNCHER" cat)" = hello ]

MPFAILOVER_LIBRARY=$WORK/nosuch.so launch sh -c 'echo ran'
same "without the library the command runs all the same" "0 ran" "$code $out"
check "and that is told" grep -q "$WORK/nosuch.so: not found: running sh without it" <<< "$err"
mkdir "$WORK/a dir"
cp "$LIB" "$WORK/a dir/"
MPFAILOVER_LIBRARY="$WORK/a dir/libmpfailover.so" launch env
same "a path that LD_PRELOAD cannot hold" "0 " "$code $(setting LD_PRELOAD)"
check "and that is told, too" grep -q 'a space or a colon cannot be preloaded' <<< "$err"

# ------------------------------------------------------------------------------------------------ where the library is

unset MPFAILOVER_LIBRARY
place() { # FILE ...: an installation with these libraries
	rm -rf "$WORK/prefix"
	mkdir -p "$WORK/prefix/bin"
	cp "$LAUNCHER" "$WORK/prefix/bin"
	local file
	for file; do
		mkdir -p "$WORK/prefix/${file%/*}"
		cp "$LIB" "$WORK/prefix/$file"
	done
	out=$("$WORK/prefix/bin/mpfailover" env 2>&1)
}
place lib/libmpfailover.so
same "installed in PREFIX/lib" "$WORK/prefix/lib/libmpfailover.so" "$(setting LD_PRELOAD)"
ln -s "$WORK/prefix/bin/mpfailover" "$WORK/link"
out=$("$WORK/link" env)
same "by a link" "$WORK/prefix/lib/libmpfailover.so" "$(setting LD_PRELOAD)"
out=$(PATH=$WORK/prefix/bin:$PATH mpfailover env)
same "by PATH" "$WORK/prefix/lib/libmpfailover.so" "$(setting LD_PRELOAD)"
out=$(cd "$WORK/prefix/bin" && sh mpfailover env)
same "by sh" "$WORK/prefix/lib/libmpfailover.so" "$(setting LD_PRELOAD)"
place lib/libmpfailover.so "lib/$(gcc -print-multiarch)/libmpfailover.so"
same "installed for each word size" "$WORK/prefix/\$LIB/libmpfailover.so" "$(setting LD_PRELOAD)"
check "and loaded" grep -q libmpfailover <<< "$("$WORK/prefix/bin/mpfailover" cat /proc/self/maps)"
place
check "nowhere" grep -q 'libmpfailover.so: not found: running env without it' <<< "$out"

# --------------------------------------------------------------------------------- what it calls its variables is its own affair

place lib/libmpfailover.so
mkdir "$WORK/prefix/sbin"
ln -s "$CTL" "$WORK/prefix/sbin/mpfailoverctl"
mapfile -t names < <(sed '/^#/d' "$LAUNCHER" | grep -oE '(^|[[:space:]])[A-Za-z_][A-Za-z_0-9]*=|\bfor [A-Za-z_0-9]+|\bread [A-Za-z_].*' |
	sed -E 's/^[[:space:]]+//; s/^(for|read) //; s/=$//' | tr ' ' '\n' | grep -vE '^-|^LD_PRELOAD$|^MPFAILOVER_' | sort -u)
check "the launcher has variables (${names[*]})" [ ${#names[@]} -gt 5 ]
of_names() { grep -E "^($(IFS='|' && echo "${names[*]}"))=" | sort; }
odd=$(printf '%s=/odd\n' "${names[@]}" | sort)
mapfile -t settings <<< "$odd"
for options in "" "-q" "-v -t $WORK/nosuch"; do
	# shellcheck disable=SC2086 # they are words
	out=$(env "${settings[@]}" "$WORK/link" $options env 2> /dev/null)
	same "variables of the launcher's names come through${options:+ ($options)}" "$(of_names <<< "$odd")" "$(of_names <<< "$out")"
done
out=$(env "${settings[@]}" MPFAILOVER_TABLE=/good/table "$WORK/link" env 2>&1)
same "and change nothing" "/good/table $WORK/prefix/lib/libmpfailover.so" "$(setting MPFAILOVER_TABLE) $(setting LD_PRELOAD)"
same "nor is any added" "" "$(of_names <<< "$(env "$WORK/link" -v env)")"
