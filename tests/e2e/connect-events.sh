#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What others see of the socket meanwhile: O_NONBLOCK, time limits, epoll, SIGIO.  With the library, and, to see what each test is worth, without it.
# runs alone
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"

"$CLIENTS/conn_events" -l "$LIB" || failures=$((failures + 1))
"$CLIENTS/conn_events" || failures=$((failures + 1))
