#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Lost and late packets, wrong checks, nobody left: tests/lab/check_cases.py.
#
# tests/e2e/netns-cases.sh [GROUP ...]: those whose names contain one of these only
# runs alone: it measures time
cd "$(dirname "$0")/../.." || exit 2
exec python3 -B tests/lab/check_cases.py "$@"
