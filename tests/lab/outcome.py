# SPDX-License-Identifier: MIT
"""What became of a loop's requests, and the figures that say how good or bad that is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """One line of an open loop's output."""

    start_ms: float
    latency_ms: float
    outcome: str
    backend: str

    @property
    def failed(self):
        return self.outcome != "200"

    @property
    def end_ms(self):
        return self.start_ms + self.latency_ms


def parse(lines):
    requests = []
    for line in lines:
        words = line.split()
        if len(words) == 4 and words[0] != "#":
            requests.append(Request(float(words[0]), float(words[1]), words[2], words[3]))
    return requests


def _settled_ms(requests, fault_ms, heal_ms, faulted):
    """From the fault to the first request after the last one that failed or was answered by a faulted backend."""
    during = [r for r in requests if fault_ms <= r.start_ms < heal_ms]
    bad = [i for i, r in enumerate(during) if r.failed or r.backend in faulted]
    if not bad:
        return 0.0
    if bad[-1] + 1 == len(during):
        return None  # not before the fault was healed
    return during[bad[-1] + 1].start_ms - fault_ms


def _used_again_ms(requests, heal_ms, healed):
    return next((r.start_ms - heal_ms for r in requests if r.start_ms >= heal_ms and r.backend in healed), None)


def is_in_flight(request, fault_ms, struck_ms):
    """Was it under way when the fault struck?  What a server was answering when it died is lost, whoever has connected it."""
    return request.start_ms < struck_ms and request.end_ms > fault_ms


def figures(requests, fault_ms, struck_ms, heal_ms, faulted, everywhere):
    """FAULTED: the names of the backends that the fault was on; EVERYWHERE: that is all of them."""
    everyone = requests
    requests = [r for r in requests if not is_in_flight(r, fault_ms, struck_ms)]
    latencies = [r.latency_ms for r in requests if not r.failed]
    outcomes = {}
    for request in requests:
        if request.failed:
            outcomes[request.outcome] = outcomes.get(request.outcome, 0) + 1
    starts = [r.start_ms for r in requests]
    ordinary = sorted(r.latency_ms for r in requests if r.end_ms < fault_ms and not r.failed)
    return {
        "requests": len(requests),
        "left_out_in_flight": len(everyone) - len(requests),
        "failed": sum(r.failed for r in requests),
        "outcomes": outcomes,
        "over_10_ms": sum(latency > 10 for latency in latencies),
        "over_20_ms": sum(latency > 20 for latency in latencies),
        "over_100_ms": sum(latency > 100 for latency in latencies),
        "longest_ms": max((r.latency_ms for r in requests), default=0.0),
        "ordinary_ms": ordinary[len(ordinary) // 2] if ordinary else None,
        "settled_ms": None if everywhere else _settled_ms(requests, fault_ms, heal_ms, faulted),
        "used_again_ms": _used_again_ms(requests, heal_ms, faulted),
        # How quiet the machine was: slow requests before the fault, and the longest pause between two.
        "noise_over_10_ms": sum(latency > 10 for latency in ordinary),
        "longest_gap_ms": max((b - a for a, b in zip(starts, starts[1:])), default=0.0),
    }
