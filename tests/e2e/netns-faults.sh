#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Each fault of a real network, with each kind of client: tests/lab/check_faults.py.
#
# tests/e2e/netns-faults.sh [GROUP ...]: those whose names contain one of these only
# runs alone: it measures time
cd "$(dirname "$0")/../.." || exit 2
exec python3 -B tests/lab/check_faults.py "$@"
