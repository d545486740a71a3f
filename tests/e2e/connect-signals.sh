#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Signals that arrive while connect() waits.  With the library, and, to see what each test is worth, without it.
# runs alone
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

"$CLIENTS/conn_signals" -l "$LIB" || failures=$((failures + 1))
"$CLIENTS/conn_signals" || failures=$((failures + 1))
