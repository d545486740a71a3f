#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Threads that are cancelled in connect().  With the library, and, to see what each test is worth, without it.
# runs alone
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

"$CLIENTS/conn_cancel" -l "$LIB" || failures=$((failures + 1))
"$CLIENTS/conn_cancel" || failures=$((failures + 1))
