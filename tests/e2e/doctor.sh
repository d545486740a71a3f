#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mpfailoverctl doctor: each kind of program, and how each can be started; and the launcher's warning for the same.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

# Where any user can run it.
readonly PREFIX=$WORK/prefix BIN=$WORK/bin
make B="$B" -o all PREFIX="$PREFIX" SYSCONFDIR="$WORK/etc" install > "$WORK/make.log" 2>&1 || cat "$WORK/make.log"
readonly DOCTOR=$PREFIX/sbin/mpfailoverctl LAUNCHER=$PREFIX/bin/mpfailover
mkdir "$BIN"
cd "$BIN" || exit 2
export MPFAILOVER_TABLE=$TABLE # whatever this machine's own is

# doctor ARG ...: into $out, $code (its word for what it found) and $ended; asked by way of ${by[@]}
by=()
doctor() {
	ended=0
	out=$(${by+"${by[@]}"} "$DOCTOR" doctor "$@" 2>&1) || ended=$?
	code=$(${by+"${by[@]}"} "$DOCTOR" doctor --json "$@" 2> /dev/null | jq -r .code)
}
# finds NAME CODE STATUS WORDS [OPTION ...] SUBJECT ...: and says so, in a line that has the WORDS
finds() {
	local name=$1 wanted_code=$2 wanted_status=$3 words=$4
	shift 4
	doctor "$@"
	if [ "$code" = "$wanted_code" ] && [ "$ended" = "$wanted_status" ] && grep -qF -- "$words" <<< "$out"; then
		ok "$name: $wanted_code"
	else
		not_ok "$name: $wanted_code" "$ended, $code: $out"
	fi
}
acts() { finds "$1" acts 0 "$2" "${@:3}"; }
never() { finds "$1" "$2" 1 "$3" "${@:4}"; }

# warns NAME WORDS STATUS COMMAND ...: the launcher does, with WORDS, and the command ends as it always does
warns() {
	local name=$1 words=$2 wanted=$3 ended=0 said
	shift 3
	said=$("$LAUNCHER" "$@" 2>&1 > /dev/null) || ended=$?
	if [ $ended = "$wanted" ] && [ "$(grep -c '^mpfailover: ' <<< "$said")" = 2 ] && grep -qF -- "$words" <<< "$said" &&
		grep -q '^mpfailover: what to do: .' <<< "$said"; then
		ok "the launcher warns: $name"
	else
		not_ok "the launcher warns: $name" "status $ended: $said"
	fi
}
silent() { same "the launcher is silent: $1" "" "$("$LAUNCHER" "${@:2}" 2>&1 > /dev/null)"; }

# A program that ends with 7, by the compiler's OPTIONs.
seven() { # NAME OPTION ...
	echo 'int main(void) { return 7; }' | gcc -x c -o "$1" "${@:2}" - 2> "$WORK/gcc.log"
}

# ------------------------------------------------------------------------------------------- how a program is linked

seven plain
acts "an ordinary program" "64 bits, glibc, gets $PREFIX/lib/" ./plain
silent "an ordinary program" ./plain
same "and the library is there" "$PREFIX/" "$("$LAUNCHER" cat /proc/self/maps | sed -nE 's|^.* (/.*/)lib/.*libmpfailover.so$|\1|p' | head -n 1)"
acts "one that PATH has" "/bin/cat, " cat

seven static -static
never "static" static "statically linked" ./static
warns "static" "runs without fail-over: it is statically linked" 7 "$BIN/static"
same "-q: not a word" "" "$("$LAUNCHER" -q ./static 2>&1)"
seven static-pie -static-pie
never "static-pie" static-pie "static-pie" ./static-pie
warns "static-pie" "static-pie" 7 ./static-pie
strip -o stripped static-pie
never "static-pie, stripped" static-pie "static-pie" ./stripped

if seven narrow -m32; then
	acts "32 bits" "32 bits, glibc, gets $PREFIX/lib" ./narrow
	silent "32 bits" ./narrow
	finds "32 bits, without a library for that" no-library 7 "is for 32 bits (i386), and the library $LIB for 64 bits" -l "$LIB" ./narrow
	finds "and none at all" no-library 7 "$WORK/none.so: No such file" -l "$WORK/none.so" ./narrow
	MPFAILOVER_LIBRARY=$LIB warns "32 bits, without a library for that" "for 64 bits" 7 ./narrow
	same "and the linker is not asked to load it" "" \
		"$(MPFAILOVER_LIBRARY=$LIB "$LAUNCHER" -q ./narrow 2>&1)"
	seven narrow-static -static -m32 && never "32 bits, static" static "statically linked" ./narrow-static
else
	skip "32 bits" "no compiler for it"
fi
cp plain foreign
printf '\267' | dd of=foreign bs=1 seek=18 conv=notrunc status=none # e_machine: AArch64
finds "another machine's" no-library 7 "for 64 bits (AArch64), and the library" ./foreign

if command -v musl-gcc > /dev/null; then
	echo 'int main(void) { return 7; }' > seven.c && musl-gcc -o musl seven.c
	# shellcheck disable=SC2016 # that is what it is called
	acts "musl" '64 bits, musl, gets '"$PREFIX"'/$LIB/libmpfailover.so' ./musl
	silent "musl" ./musl
else
	skip "musl" "no compiler for it"
fi
touch ld-uClibc.so.0
seven uclibc "-Wl,--dynamic-linker=$BIN/ld-uClibc.so.0"
never "another libc" libc "another libc than glibc and musl" ./uclibc
seven no-linker -Wl,--dynamic-linker=/nonexistent/ld-linux.so.2
never "a dynamic linker that is not there" not-executable "/nonexistent/ld-linux.so.2 is not there" ./no-linker
echo 'int connect(void) { return 0; } int main(void) { return 7; }' | gcc -x c -fno-builtin -rdynamic -o own -
never "a connect() of its own" own-functions "has a connect() of its own" ./own

# ------------------------------------------------------------------------------ programs that make system calls themselves

# A program with what a compiler leaves behind, where there is no such compiler.
marked() { echo mark > mark && objcopy --add-section "$2=mark" plain "$1"; }
if command -v go > /dev/null; then
	printf 'package main\nimport "os"\nfunc main() { os.Exit(7) }\n' > seven.go
	printf 'package main\n/*\n#include <stdlib.h>\n*/\nimport "C"\nfunc main() { C.exit(7) }\n' > cgo.go
	export GOCACHE=$WORK/go GO111MODULE=off HOME=$WORK
	CGO_ENABLED=0 go build -o go-static seven.go && CGO_ENABLED=0 go build -ldflags '-s -w' -o go-stripped seven.go && go build -o go-cgo cgo.go
	never "Go" go "is written in Go" ./go-static
	never "Go, stripped" go "is written in Go" ./go-stripped
	never "Go, with C" go "only those of C code" ./go-cgo
	warns "Go" "is written in Go" 7 ./go-static
else
	marked go-marked .go.buildinfo
	never "Go (a program with its mark: no compiler)" go "is written in Go" ./go-marked
fi
if command -v fpc > /dev/null; then
	echo 'begin halt(7); end.' > seven.pas
	echo 'uses cthreads; begin halt(7); end.' > threads.pas
	fpc -opascal-static seven.pas > "$WORK/fpc.log" && fpc -opascal threads.pas >> "$WORK/fpc.log"
	never "Free Pascal, static" free-pascal "built by Free Pascal" ./pascal-static
	never "Free Pascal, dynamic" free-pascal "built by Free Pascal" ./pascal
	warns "Free Pascal" "built by Free Pascal" 7 ./pascal
else
	marked pascal-marked .fpcdata
	never "Free Pascal (a program with its mark: no compiler)" free-pascal "built by Free Pascal" ./pascal-marked
fi

# ------------------------------------------------------------------------------------------------------ more rights

readonly NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if "${NOBODY[@]}" true 2> /dev/null && ! findmnt -nT "$BIN" -o OPTIONS | grep -qw nosuid; then
	cp plain set-uid && chmod 4755 set-uid
	cp plain set-gid && chmod 2755 set-gid
	cp plain caps && { setcap cap_net_bind_service=ep caps || rm caps; }
	acts "set-user-ID root, for root" "gets " ./set-uid
	by=("${NOBODY[@]}")
	never "set-user-ID root, for another user" set-id "is set-user-ID (root), so the dynamic linker ignores LD_PRELOAD" ./set-uid
	never "set-group-ID" set-id "is set-group-ID" ./set-gid
	if [ -e caps ]; then
		never "file capabilities" capabilities "has file capabilities" ./caps
	else
		skip "file capabilities" "setcap does not work here"
	fi
	acts "an ordinary program, for another user" "gets " ./plain
	same "the launcher warns: set-user-ID" 2 "$("${NOBODY[@]}" "$LAUNCHER" ./set-uid 2>&1 | grep -c '^mpfailover: ')"
	by+=(--no-new-privs)
	acts "set-user-ID, where nothing can be gained" "gets " ./set-uid
	by=("${NOBODY[@]}")
	chmod 711 plain
	finds "a program that this user may run and not read" unreadable 6 "Permission denied" ./plain
	chmod 755 plain
	chmod 600 static
	never "a program that this user may not run" not-executable "cannot be executed by this user" ./static
	chmod 755 static
	by=()
else
	skip "set-user-ID, set-group-ID, capabilities" "this user cannot become another one, or the directory is mounted nosuid"
fi

# ---------------------------------------------------------------------------------------------------------- scripts

script() { # NAME FIRST-LINE
	printf '%s\n' "$2" > "$1"
	chmod 755 "$1"
}
script perl.pl '#!/usr/bin/perl -w'
acts "a script" "./perl.pl is run by /usr/bin/perl, 64 bits" ./perl.pl
script env.pl '#!/usr/bin/env perl'
acts "a script, by env" "./env.pl is run by " ./env.pl
script split.pl '#!/usr/bin/env -S LANG=C perl -w'
acts "a script, by env -S" "./split.pl is run by " ./split.pl
script bare.pl '#!/usr/bin/env -S -i /usr/bin/perl -w'
never "a script, by env -i" drops-preload "is told not to hand LD_PRELOAD on" ./bare.pl
script shell.sh '#! /bin/sh'
acts "a shell script" "what this script runs are programs of their own" ./shell.sh
echo 'exit 7' > no-line && chmod 755 no-line
acts "a script without a first line" "./no-line is run by /bin/sh" ./no-line
script of-script "#!$BIN/perl.pl"
acts "a script that is run by a script" "./of-script is run by /usr/bin/perl" ./of-script
script by-static "#!$BIN/static"
never "a script that is run by a static program" static "$BIN/static is statically linked" ./by-static
warns "a script that is run by a static program" "$BIN/static is statically linked" 7 ./by-static
script endless "#!$BIN/endless"
never "a script that is run by itself" not-executable "without an end" ./endless
script lost '#!/nonexistent/interpreter'
never "a script without an interpreter" not-executable "its interpreter /nonexistent/interpreter is not there" ./lost
never "env -i" drops-preload "env is told not to hand LD_PRELOAD on" env -i ./plain
never "env -u LD_PRELOAD" drops-preload "env is told not to hand LD_PRELOAD on" /usr/bin/env -u LD_PRELOAD A=1 ./plain
acts "env, else" "./plain, 64 bits" env "A=b c" -u HOME ./plain -i
never "env, and a static program" static "./static is statically linked" env A=1 ./static
warns "env -i" "env -i mpfailover COMMAND" 7 env -i ./plain
cp plain sudo
never "sudo" drops-preload "sudo hands no LD_PRELOAD on" ./sudo
warns "sudo" "sudo mpfailover COMMAND" 7 ./sudo

# ------------------------------------------------------------------------------------------------ what is not a program

never "a name that is not there" not-found "not found in PATH" no-such-command
never "a path that is not there" not-found "there is no such file" ./no-such-file
never "a directory" not-executable "cannot be executed" "$BIN"
head -c 300 /dev/zero > zeros && chmod 755 zeros
never "a file of zeros" foreign "neither an ELF program nor a script" ./zeros
head -c 40 plain > short && chmod 755 short
never "a program that was cut off" foreign "neither an ELF program nor a script" ./short
same "its name cannot write on the terminal" 0 "$("$DOCTOR" doctor $'a\033[31mb' | grep -c $'\033')"
acts "a command with options of its own" "/bin/cat, " cat --json -x 4711

# ------------------------------------------------------------------------------------- an environment that has a say

readonly PASSTHRU_LIB=$CLIENTS/libpassthru.so
export LD_PRELOAD=$PASSTHRU_LIB
acts "another preload library" "libpassthru.so, which has connect too, behind the library" ./plain
LD_PRELOAD=$PASSTHRU_LIB:$PREFIX/lib/libmpfailover.so
acts "one in front" "libpassthru.so, which has connect too, in front of the library" ./plain
unset LD_PRELOAD
LD_PRELOAD=/nonexistent/x.so doctor ./plain 2> /dev/null
check "one that is not there" grep -q 'note: LD_PRELOAD names /nonexistent/x.so, which is no library for this program' <<< "$out"
export MPFAILOVER_OFF=1
never "MPFAILOVER_OFF" off "the environment has MPFAILOVER_OFF=1" ./plain
silent "what was switched off on purpose" ./plain
MPFAILOVER_OFF=0
acts "MPFAILOVER_OFF=0" "gets " ./plain
unset MPFAILOVER_OFF

# Machine-wide, in a copy of /etc that only this test sees: what doctor says, and what is so.
everywhere() {
	# shellcheck disable=SC2016 # it is the inner shell that expands
	unshare -m -- bash -c 'mount --bind "$1" /etc && shift && "$@"' bash "$WORK/etc-copy" "${NOBODY[@]}" "$@"
}
if [ -e set-uid ] && unshare -m true 2> /dev/null; then
	cp "$(command -v cat)" set-uid-cat && chmod 4755 set-uid-cat
	cp -a /etc "$WORK/etc-copy"
	echo "$PREFIX/\$LIB/libmpfailover.so # for all" > "$WORK/etc-copy/ld.so.preload"
	check "named in /etc/ld.so.preload, it acts in set-user-ID programs too" everywhere "$DOCTOR" doctor ./set-uid-cat
	check "as it says" grep -q "$PREFIX/lib/.*libmpfailover" <<< "$(everywhere ./set-uid-cat /proc/self/maps)"
else
	skip "/etc/ld.so.preload" "there is no mount namespace to be had"
fi

# ------------------------------------------------------------------------------------------------- what its table says

acts "no table yet" "note: $TABLE: there is no table" ./plain
acts "another table that is not there" "note: /nonexistent/table: there is no table" -t /nonexistent/table ./plain
cat > "$WORK/mpfailover.conf" << END
service "dm" { ports = { 443 } candidate "one" { address = "127.0.0.1" } }
END
# shellcheck source=tests/e2e/ctl-paint.bash
. "$(dirname "$script")/ctl-paint.bash"
paint beat 0
acts "a table" "gets " ./plain
same "a table: no note" 0 "$(grep -c '^note' <<< "$out")"
same "a table: as JSON" "$TABLE true" "$("$DOCTOR" doctor --json ./plain | jq -r '"\(.table) \(.generation > 0)"')"
paint all off
paint beat 0
never "everything switched off" off "an operator has switched everything off" ./plain
MPFAILOVER_TABLE=/nonexistent/table never "everything switched off, in the table of -t" off "an operator has switched everything off" -t "$TABLE" ./plain
silent "what an operator has switched off" ./plain
MPFAILOVER_TABLE=/nonexistent/table acts "the table of the environment" "there is no table" ./plain
ended=0
paint beat 0
out=$("$DOCTOR" doctor 2>&1) || ended=$?
same "everything switched off, the installation: exit status" 1 "$ended"
check "everything switched off, the installation: told" grep -qx 'the table: an operator has switched everything off' <<< "$out"
paint all on
paint beat 42500
finds "no daemon" stale 4 "acts: it gets $PREFIX/lib" ./plain
check "no daemon: for how long" grep -q "$TABLE has no heartbeat for 4[2-9]s" <<< "$out"
