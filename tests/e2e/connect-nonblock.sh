#!/bin/bash
# SPDX-License-Identifier: MIT
#
# connect() on non-blocking sockets.  With the library, and, to see what each test is worth, without it.
# runs alone
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

"$CLIENTS/conn_nonblock" -l "$LIB" || failures=$((failures + 1))
"$CLIENTS/conn_nonblock" || failures=$((failures + 1))
