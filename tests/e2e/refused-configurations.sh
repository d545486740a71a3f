#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Broken configurations are refused by `mpfailoverd -n`, with the file, the right line, what is wrong and what to do; the example is
# accepted.  A file's first comment says what is expected: "# expect: LINE: TEXT", or "FILE:LINE: TEXT" for one that it includes.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

# refused FILE
refused() {
	local file=$1 expected said status=0
	expected=$(sed -nE '0,/expect:/ s/^.*expect: *(.*)$/\1/p' "$file")
	case $expected in
	[0-9]*) expected=$file:$expected ;;
	*) expected=${file%/*}/$expected ;;
	esac
	said=$("$DAEMON" -n -c "$file" 2>&1) || status=$?
	echo "$said"
	[ $status -eq 1 ] && [[ $said = *"$expected"* ]] && [[ $expected =~ :[0-9]+:.*(\;|, as in) ]] && return
	echo "wanted exit status 1 and $expected; status $status"
	return 1
}

found=0
for file in tests/conf/bad-*.conf; do
	[ -e "$file" ] || continue
	check "${file##*/}" refused "$file"
	found=$((found + 1))
done
check "at least 12 of them" [ $found -ge 12 ]

for file in conf/mpfailover.conf tests/conf/good-*.conf; do
	[ ! -e "$file" ] || check "${file##*/} is accepted" "$DAEMON" -n -c "$file"
done

# A bad file is no reason to stop: what runs goes on.
site_up 2
write_conf
daemon_sees site-1=down site-2=up
echo 'nonsense' >> "$WORK/mpfailover.conf"
kill -HUP "${PID[daemon]}"
complained() { grep -q "mpfailover.conf:[0-9]*:" "$WORK/daemon.log"; }
check "a reload of a bad file is refused with its line" wait_for 10 complained
check "and the daemon goes on" verdict_is site-1 down
