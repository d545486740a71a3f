# SPDX-License-Identifier: MIT
"""Runs groups of checks, each in a lab of its own, two at a time; prints "ok NAME", "not ok NAME: WHY", "skip NAME: WHY"."""

import concurrent.futures
import subprocess
import sys
import traceback

import lab

AT_ONCE = 2
LIMIT_S = 100  # for one group


def check(name, why_not):
    """WHY_NOT: what is wrong, a text, or what is false when nothing is."""
    print(f"not ok {name}: {why_not}" if why_not else f"ok {name}", flush=True)


def _run_inside(name, group):
    try:
        group()
    except Exception as error:  # whatever it was, the checks that were to come have not passed
        traceback.print_exc()
        check(name, f"{type(error).__name__}: {error}".replace("\n", " | "))


def _run_outside(name):
    try:
        done = lab.run_inside([sys.executable, sys.argv[0], "--inside", name], LIMIT_S)
    except subprocess.TimeoutExpired as late:
        return f"{(late.stdout or b'').decode()}not ok {name}: not done after {LIMIT_S} s\n"
    if done.returncode != 0 or not done.stdout:
        return f"{done.stdout}not ok {name}: exit status {done.returncode}\n"
    return done.stdout


def main(groups):
    """GROUPS: functions by name.  Arguments of the program: names, or parts of them; default: all."""
    if lab.is_inside():
        lab.hold_lifeline()
        _run_inside(sys.argv[2], groups[sys.argv[2]])
        return
    wanted = [name for name in groups if not sys.argv[1:] or any(part in name for part in sys.argv[1:])]
    try:
        lab.prefix()
    except lab.Unavailable as why:
        for name in wanted:
            print(f"skip {name}: {why}")
        return
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for output in pool.map(_run_outside, wanted):
            print(output, end="", flush=True)
