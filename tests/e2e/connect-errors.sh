#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What connect() says when something goes wrong, and the socket afterwards.  With the library, and, to see what each test is worth, without it.
# runs alone
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

"$CLIENTS/conn_errors" -l "$LIB" || failures=$((failures + 1))
"$CLIENTS/conn_errors" || failures=$((failures + 1))
