#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make install and uninstall, the manuals, and bash completion from where it was installed.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

readonly ROOT=$WORK/root PREFIX=/opt/mpf
run_make() { make B="$B" DESTDIR="$ROOT" PREFIX="$PREFIX" SYSCONFDIR=/etc/mpf "$@" > "$WORK/make.log" 2>&1 || { cat "$WORK/make.log"; return 1; }; }
installed() { find "$ROOT" ! -type d -printf '%m %P\n' | sort -k 2; }

check "make install" run_make -o all install
same "what it installs" "644 etc/mpf/mpfailover.conf
755 opt/mpf/bin/mpfailover
644 opt/mpf/lib/systemd/system/mpfailoverd.service
644 opt/mpf/lib/sysusers.d/mpfailover.conf
644 opt/mpf/lib/tmpfiles.d/mpfailover.conf
755 opt/mpf/sbin/mpfailoverctl
755 opt/mpf/sbin/mpfailoverd
644 opt/mpf/share/bash-completion/completions/mpfailover
644 opt/mpf/share/bash-completion/completions/mpfailoverctl
644 opt/mpf/share/bash-completion/completions/mpfailoverd
755 opt/mpf/share/mpfailover/hooks/page
755 opt/mpf/share/mpfailover/hooks/route-by-tftp
644 opt/mpf/share/mpfailover/mpfailover.conf
644 opt/mpf/share/mpfailover/prometheus-alerts.yml" "$(installed | grep -vE ' opt/mpf/(share/man/|.*/libmpfailover.so$|.LIB$)')"
same "the library, wherever \$LIB may lead" "$(cd "$B" && find lib*/ -name libmpfailover.so | sort)" \
	"$(cd "$ROOT$PREFIX" && find lib*/ -name libmpfailover.so | sort)"
same "for musl, a link that is called \$LIB" "$(readlink "$B/\$LIB")" "$(readlink "$ROOT$PREFIX/\$LIB")"
for page in conf/*.5 preload/*.7 probe/*.8 scripts/*.1; do
	[ ! -e "$page" ] || same "the manual ${page##*/}" "$(sed "s|/usr/local/|$PREFIX/|g; s|/etc/mpfailover|/etc/mpf/mpfailover|g" "$page")" "$(cat "$ROOT$PREFIX/share/man/man${page##*.}/${page##*/}")"
done
same "the launcher knows its version" "mpfailover $(sed -n 's/^VERSION = //p' Makefile)" "$("$ROOT$PREFIX/bin/mpfailover" -V)"
check "and its library" grep -q "$ROOT$PREFIX/lib.*/libmpfailover.so" <<< "$("$ROOT$PREFIX/bin/mpfailover" cat /proc/self/maps)"

echo '# mine' > "$ROOT/etc/mpf/mpfailover.conf"
inode=$(stat -Lc %i "$ROOT$PREFIX/lib/libmpfailover.so")
check "make install again" run_make -o all install
same "a configuration is never overwritten" "# mine" "$(cat "$ROOT/etc/mpf/mpfailover.conf")"
if [ "$inode" != "$(stat -Lc %i "$ROOT$PREFIX/lib/libmpfailover.so")" ]; then
	ok "the library is replaced, not written over"
else
	not_ok "the library is replaced, not written over" "same inode"
fi

# --------------------------------------------------------------------------------------------------------- completion

cat > "$WORK/mpfailover.conf" << END
service "dm" {
	hosts = { "$NAME" "*.$NAME" "labels.example" }
	ports = { 443 }
	candidate "one" { address = "192.0.2.80" }
}
END
sed -i 's/" "/", "/g' "$WORK/mpfailover.conf"
# shellcheck source=tests/e2e/ctl-paint.bash
. tests/e2e/ctl-paint.bash

# complete_line WORD ...: what completion offers for the last one
complete_line() {
	# shellcheck disable=SC2016 # it is the inner shell that expands
	env PATH="$ROOT$PREFIX/bin:$ROOT$PREFIX/sbin:$PATH" bash --norc -c '
		compopt() { :; } # there is no command line here
		. "$1"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_"${1##*/}" "$1" "${!#}" "${@: -2:1}"
		printf "%s\n" "${COMPREPLY[@]}" | sort | paste -sd " "' bash \
		"$ROOT$PREFIX/share/bash-completion/completions/mpfailoverctl" "$@"
}
same "commands, as mpfailoverctl lists them" "$("$CTL" --help | sed -nE 's/^  ([a-z]+)  +[^ ].*/\1/p' | sort | paste -sd ' ')" "$(complete_line mpfailoverctl '')"
same "a command's beginning" "explain" "$(complete_line mpfailoverctl expl)"
same "options of doctor" "--json" "$(complete_line mpfailoverctl doctor --j)"
check "commands for doctor" grep -qw mpfailoverd <<< "$(complete_line mpfailoverctl doctor mpfailover)"
same "options of status" "--json" "$(complete_line mpfailoverctl status --j)"
same "hosts and addresses of the table" "192.0.2.80 $NAME labels.example" "$(complete_line mpfailoverctl -t "$TABLE" explain '')"
same "options of the daemon" "--check --config" "$(complete_line mpfailoverd --c)"
same "options of the launcher" "--table" "$(complete_line mpfailover --t)"
check "commands for the launcher" grep -qw "mpfailoverd" <<< "$(complete_line mpfailover mpfailover)"
same "files for a table" "$TABLE $TABLE.lock" "$(complete_line mpfailover -t "$TABLE")"

check "make uninstall" run_make uninstall
same "leaves the configuration alone" "644 etc/mpf/mpfailover.conf" "$(installed)"
