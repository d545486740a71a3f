#!/bin/bash
# SPDX-License-Identifier: MIT
#
# How long one candidate is waited for, and answers that come late.  With the library, and, to see what each test is worth, without it.
# runs alone
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

"$CLIENTS/conn_deadline" -l "$LIB" || failures=$((failures + 1))
"$CLIENTS/conn_deadline" || failures=$((failures + 1))
