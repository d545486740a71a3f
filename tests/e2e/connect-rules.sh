#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The rules of a service, where connect() meets them.  With the library, and, to see what each test is worth, without it.
# runs alone
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
# shellcheck source=tests/e2e/connect.bash
. tests/e2e/connect.bash

with_and_without conn_rules
