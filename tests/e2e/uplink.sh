#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Two ways out of this machine, of which one breaks: tests/lab/check_uplinks.py.
#
# tests/e2e/uplink.sh [GROUP ...]: those whose names contain one of these only
# runs alone: it measures time
cd "$(dirname "$0")/../.." || exit 2
exec python3 -B tests/lab/check_uplinks.py "$@"
