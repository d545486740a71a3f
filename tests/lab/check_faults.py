# SPDX-License-Identifier: MIT
"""Every fault, with every kind of client, with the daemon alive and killed: what was promised of each, with some room for a
busy machine in what is measured in milliseconds, and none in what may fail."""

import functools
from dataclasses import dataclass

import check
import lab
from clients import Loop, sleep_until
from contenders import Mpfailover, Way
from outcome import is_in_flight

ROOM = 3
PROGRAM_MS = 300  # a process for each request may take its time to start; a retry of the kernel's takes a second
INTERVAL_MS = 20
BEFORE_MS, DURING_MS, AFTER_MS = 600, 1500, 900


@dataclass(frozen=True)
class Promise:
    """May fail: requests that start so long after the fault; and nothing may take longer than so."""

    fail_ms: float = 0
    longest_ms: float = 0


PROMISES = {
    "kill": Promise(longest_ms=20),
    "drop": Promise(longest_ms=100),
    "unreach": Promise(longest_ms=100),
    "linkdown": Promise(longest_ms=100),
    "reject": Promise(longest_ms=20),
    "silent-all": Promise(longest_ms=DURING_MS + 200),
    "refuse-all": Promise(fail_ms=DURING_MS, longest_ms=DURING_MS),
    "503": Promise(fail_ms=230, longest_ms=100),
    "stopped": Promise(fail_ms=330, longest_ms=100),
}
FIRST_FIVE = list(PROMISES)[:5]

# Who: which client, and whether it is told the name (its resolver knows the first server alone) or that server's address.
CLIENTS = {
    "blocking": ("blocking", False),
    "non-blocking poll": ("poll", False),
    "epoll before connect": ("epoll", False),
    "first address of a name": ("blocking", True),
}
REAL = {client: (client, True) for client in ("curl", "wget", "python", "java")}


@dataclass(frozen=True)
class Times:
    """When the fault struck, and was healed: between the calls that did it and their ends."""

    fault_ms: float
    struck_ms: float
    healed_ms: float


def broken(fault, requests, times, allowance_ms=0, stall_ms=0):
    """How the promise was broken, "" if it was not.  STALL_MS: so long was the machine busy with something else."""
    promise = PROMISES[fault]
    longest_ms = ROOM * max(promise.longest_ms, allowance_ms) + stall_ms
    requests = [r for r in requests if not is_in_flight(r, times.fault_ms, times.struck_ms)]
    everywhere = lab.FAULTS[fault].everywhere
    room = 1 if everywhere else ROOM
    may_fail_until = times.healed_ms if everywhere else times.fault_ms + room * promise.fail_ms
    if promise.fail_ms:
        requests = [r for r in requests if not times.fault_ms <= r.start_ms <= may_fail_until]
    failed = [r for r in requests if r.failed]
    slow = [r for r in requests if r.latency_ms > longest_ms]
    if failed:
        first = failed[0]
        when = first.start_ms - times.fault_ms
        return f"{len(failed)} failed, the first {when:.0f} ms after the fault: {first.outcome}"
    if slow:
        return f"{len(slow)} took too long, up to {max(r.latency_ms for r in slow):.0f} ms"
    if not requests:
        return "no requests were made"
    return ""


def strike(net, fault, loops):
    """The fault, after all clients have been at work for a while; returns when that was."""
    began_ms = max(loop.start_ms for loop in loops)
    sleep_until(began_ms + BEFORE_MS)
    fault_ms = lab.now_ms()
    with net.fault(fault):
        struck_ms = lab.now_ms()
        sleep_until(fault_ms + DURING_MS)
    return Times(fault_ms, struck_ms, lab.now_ms())


def endure(fault, clients, interval_ms=INTERVAL_MS, daemon_dies=False, title="", allowance_ms=0, control_client="blocking"):
    """FAULT while CLIENTS are at work."""
    with lab.Lab() as net, Mpfailover(lab.FAULTS[fault].check) as daemon:
        by_address = Way(lab.BACKENDS["b1"], 80, daemon.way.environment)
        count = (BEFORE_MS + DURING_MS + AFTER_MS) // interval_ms
        loops = {
            name: Loop(client, daemon.way if by_name else by_address, count, interval_ms)
            for name, (client, by_name) in clients.items()
        }
        # Somebody whom the fault does not concern.
        control = None
        if not lab.FAULTS[fault].everywhere:
            control = Loop(control_client, Way(lab.BACKENDS["b2"], 80), count * 2, interval_ms // 2)
        if daemon_dies:
            daemon.kill()
        times = strike(net, fault, list(loops.values()))
        stall_ms = max(r.latency_ms for r in control.wait()) if control else 0
        for name, loop in loops.items():
            check.check(f"{fault}: {name}{title}", broken(fault, loop.wait(), times, allowance_ms, stall_ms))


GROUPS = {fault: functools.partial(endure, fault, CLIENTS) for fault in PROMISES}
GROUPS |= {
    f"{fault}, daemon killed": functools.partial(endure, fault, CLIENTS, daemon_dies=True, title=", daemon killed")
    for fault in FIRST_FIVE
}
GROUPS |= {
    f"{fault}, programs": functools.partial(
        endure, fault, REAL, interval_ms=50, allowance_ms=PROGRAM_MS, control_client="curl"
    )
    for fault in FIRST_FIVE
}

if __name__ == "__main__":
    check.main(GROUPS)
