#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The table has the same layout for readers of both word sizes and of both C libraries.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/../e2e/lib.bash"

# A line for each field of each struct of the header, and for each size.
make_program() {
	printf '#include <stdio.h>\n#include "preload/table.h"\nint main(void)\n{\n'
	awk '
		/^struct mpf_[a-z]+ \{/ { name = $2; next }
		/^};/ { if (name) printf "printf(\"%s %%zu\\n\", sizeof(struct %s));\n", name, name; name = "" }
		name && /^\t[a-z]/ {
			line = $0
			sub(/\/\*.*/, "", line)
			sub(/^\t(struct )?[a-z0-9_]+ /, "", line)
			count = split(line, fields, /[,;]/)
			for (i = 1; i <= count; i++) {
				gsub(/[ \t]|\[.*/, "", fields[i])
				if (fields[i] != "")
					printf "printf(\"%s.%s %%zu\\n\", offsetof(struct %s, %s));\n", name, fields[i], name, fields[i]
			}
		}' preload/table.h
	printf 'return 0;\n}\n'
}
make_program > "$WORK/layout.c"

# layout NAME COMPILER ...: what it prints when that built it
layout() {
	local name=$1
	shift
	"$@" -I. -o "$WORK/layout-$name" "$WORK/layout.c" && "$WORK/layout-$name" > "$WORK/$name.txt"
}

check "64 bits" layout 64 gcc
cat "$WORK/64.txt"
check "every struct is looked at" [ "$(grep -c '^mpf_[a-z]* ' "$WORK/64.txt")" -eq "$(grep -c '^struct mpf_[a-z]* {' preload/table.h)" ]
check "and many fields" [ "$(grep -c '\.' "$WORK/64.txt")" -gt 80 ]

# same_layout NAME COMPILER ...
same_layout() {
	if ! echo 'int main(void) { return 0; }' | "${@:2}" -x c -o "$WORK/try" - 2> /dev/null; then
		skip "$1" "no compiler for it"
		return
	fi
	layout "$@"
	check "$1: the same" diff "$WORK/64.txt" "$WORK/$1.txt"
}
same_layout "32 bits" gcc -m32
same_layout "clang" clang
same_layout "clang, 32 bits" clang -m32
same_layout "musl" musl-gcc
