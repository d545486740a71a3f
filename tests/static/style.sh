#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The sources as text: shell scripts, manual pages, and the habits that a machine can look for.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/../e2e/lib.bash"

if git rev-parse --is-inside-work-tree > /dev/null 2>&1; then
	mapfile -t files < <(git ls-files -co --exclude-standard | while read -r file; do [ ! -f "$file" ] || echo "$file"; done)
else
	mapfile -t files < <(find . -path "./${B#"$PWD"/}" -prune -o -type f -print | sed 's|^\./||')
fi
mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep -E '\.[ch]$')

scripts=()
for file in "${files[@]}"; do
	case $file in
	*.sh | *.bash) scripts+=("$file") ;;
	*) head -c 64 "$file" | head -n 1 | tr -d '\0' | grep -qE '^#! ?/.*\b(ba)?sh\b' && scripts+=("$file") ;;
	esac
done
for script in "${scripts[@]}"; do
	check "shellcheck: $script" shellcheck -x "$script"
done

mapfile -t pages < <(printf '%s\n' "${files[@]}" | grep -E '\.[1-8]$')
check "there are manual pages" [ ${#pages[@]} -gt 0 ]
for page in ${pages+"${pages[@]}"}; do
	check "mandoc: $page" mandoc -T lint -W warning "$page"
done

# A word that means "not finished", in any file but pictures.
same "nothing is marked as unfinished" "" "$(grep -InE '\b(TO''DO|FIX''ME|X''XX|HA''CK)\b' "${files[@]}")"

without_spdx() { for file in "${sources[@]}"; do head -n 1 "$file" | grep -q 'SPDX-License-Identifier: MIT' || echo "$file"; done; }
same "every source names its licence" "" "$(without_spdx)"

# A file's own header comes first, so that each header is known to stand alone.
header_not_first() {
	local file header
	for file in "${sources[@]}"; do
		header=${file%.c}.h
		if [ "$header" = "$file" ] || [ ! -e "$header" ]; then
			continue
		fi
		grep -m 1 '^#include' "$file" | grep -qF "\"$header\"" || echo "$file"
	done
}
same "each source includes its own header first" "" "$(header_not_first)"

long_files() { wc -l "${sources[@]}" | awk '$1 > 500 && $2 != "total" && $2 != "preload/table.h"'; }
same "no file over 500 lines" "" "$(long_files)"

# A function begins with its name, and ends with a brace, at the start of a line.
long_functions() {
	awk '
		FNR == 1 { start = 0 }
		/^[a-z].*\(/ { name = $0 }
		/^\{/ { start = FNR }
		/^\}/ {
			if (start && FNR - start > 60)
				print FILENAME ": " name
			start = 0
		}' "${sources[@]}"
}
same "no function over 60 lines" "" "$(long_functions)"
