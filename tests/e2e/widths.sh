#!/bin/bash
# SPDX-License-Identifier: MIT
#
# One path for LD_PRELOAD that fits programs of both word sizes and both C libraries, from the build directory and as installed.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly DEAD=${SITE[1]} LIVE=${SITE[2]} SOURCES="tests/clients/fetch.c tests/clients/lookup.c"
site_up 2
"$CLIENTS/make_table" -h "$NAME" -p "$HTTP" "$TABLE" "a=$DEAD=down" "b=$LIVE=up" || exit 2

# The programs: one for each width and libc that can be had here.
programs=(64)
ln -s "$CLIENTS/fetch" "$WORK/fetch-64"
# shellcheck disable=SC2086 # two files
if gcc -m32 -D_GNU_SOURCE -I. -o "$WORK/fetch-32" $SOURCES 2> "$WORK/gcc.log"; then programs+=(32); else skip "32 bits" "no compiler for it"; fi
# shellcheck disable=SC2086
if musl-gcc -D_GNU_SOURCE -I. -o "$WORK/fetch-musl" $SOURCES 2> "$WORK/gcc.log"; then programs+=(musl); else skip "musl" "no compiler for it"; fi

# fits NAME PATH: in each program, that as LD_PRELOAD reaches the live site, and nobody says a word
fits() {
	local program
	for program in "${programs[@]}"; do
		same "$1: $program" site-2 "$(PRELOAD=$2 with "$WORK/fetch-$program" getaddrinfo "$DEAD" "$HTTP" 2>&1)"
	done
}
for program in "${programs[@]}"; do
	same "alone: $program" "connect: Connection refused" "$("$WORK/fetch-$program" getaddrinfo "$DEAD" "$HTTP" 2>&1)"
done

# shellcheck disable=SC2016 # it is the dynamic linker that expands
readonly DIRECTORY='$LIB'
fits "in the build directory" "$B/$DIRECTORY/libmpfailover.so"

readonly PREFIX=$WORK/prefix
make B="$B" -o all PREFIX="$PREFIX" SYSCONFDIR="$WORK/etc" install > "$WORK/make.log" 2>&1 || cat "$WORK/make.log"
readonly INSTALLED=$PREFIX/$DIRECTORY/libmpfailover.so
fits "installed" "$INSTALLED"
fits "twice, by two names" "$INSTALLED:$PREFIX/\${LIB}/libmpfailover.so"
fits "twice, as a launcher in a launcher might" "$INSTALLED $INSTALLED"
same "installed by its plain path: 64 bits" site-2 "$(PRELOAD=$PREFIX/lib/libmpfailover.so with "$WORK/fetch-64" getaddrinfo "$DEAD" "$HTTP" 2>&1)"

# by_launcher LAUNCHER: the same of what the launcher does
by_launcher() {
	local program
	for program in "${programs[@]}"; do
		same "by the launcher $2: $program" site-2 "$("$1" -t "$TABLE" "$WORK/fetch-$program" getaddrinfo "$DEAD" "$HTTP" 2>&1)"
	done
	# shellcheck disable=SC2016 # it is the inner shell that expands
	same "by the launcher $2: all of them below a shell" "$(printf 'site-2\n%.0s' "${programs[@]}")" \
		"$("$1" -t "$TABLE" sh -c 'for program; do "$0-$program" getaddrinfo '"$DEAD $HTTP"'; done' "$WORK/fetch" "${programs[@]}" 2>&1)"
}
by_launcher "$PREFIX/bin/mpfailover" "as installed"
mkdir "$WORK/tree" && ln -s "$B" "$WORK/tree/build" && cp -r scripts preload "$WORK/tree"
by_launcher "$WORK/tree/scripts/mpfailover" "of a source tree"

# ------------------------------------------------------------------------------------------ what the libraries ask of libc

# The newest of glibc's symbol versions that it needs.
newest() { objdump -T "$1" | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -n 1; }
same "64 bits: no newer symbol than" GLIBC_2.17 "$(newest "$B/libmpfailover.so")"
[[ ${programs[*]} != *32* ]] || same "32 bits: no newer symbol than" GLIBC_2.4 "$(newest "$B/m32/libmpfailover.so")"

# ------------------------------------------------------------------------------------------------- a compiler for one width

cat > "$WORK/cc" << 'END'
#!/bin/sh
case " $* " in *" -m32 "*) exit 1 ;; esac
exec gcc "$@"
END
chmod 755 "$WORK/cc"
make_one() { make CC="$WORK/cc" B="$WORK/one" libraries > "$WORK/one.log" 2>&1; }
check "a compiler for 64 bits alone" make_one
check "the missing library is told" grep -q 'no library for 32-bit programs' "$WORK/one.log"
same "and not there" "$WORK/one/libmpfailover.so" "$(find "$WORK/one" -name libmpfailover.so -type f)"
