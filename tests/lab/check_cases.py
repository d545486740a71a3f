# SPDX-License-Identifier: MIT
"""What else was promised of a network that goes wrong: lost and late packets, wrong checks, nobody left."""

import contextlib
import functools
import statistics
import subprocess
import sys
import time
from pathlib import Path

import check
import lab
from clients import Loop
from contenders import Mpfailover, Way
from lab import BACKENDS

HERE = Path(__file__).resolve().parent
KINDS = ("blocking", "poll", "epoll")
STALL_MS = 30
ROOM = 3  # for a busy machine, in what is measured in milliseconds


@contextlib.contextmanager
def world(delay_us=500, **daemon):
    """A lab, the daemon, and the way of a client that knows nothing but the first server's address."""
    with lab.Lab(delay_us) as net, Mpfailover(verbose=True, **daemon) as checker:
        yield net, checker, Way(BACKENDS["b1"], 80, checker.way.environment)


def loop(way, client="blocking", count=1, interval_ms=10):
    return Loop(client, way, count, interval_ms).wait()


def failures(requests):
    failed = [r for r in requests if r.failed]
    return failed and f"{len(failed)} of {len(requests)} failed, one with {failed[0].outcome}"


def longer_than(requests, limit_ms):
    longest = max(r.latency_ms for r in requests)
    return longest > limit_ms and f"it took {longest:.0f} ms"


def moved(requests):
    return sum(r.backend != "b1" for r in requests)


def changed(daemon, *, to=("suspect", "down")):
    """The changes of verdict TO one of these, as the log tells them."""
    lines = (daemon.dir / "log").read_text().splitlines()
    return [line for line in lines if "event=verdict" in line and any(f" to={verdict} " in line for verdict in to)]


# ----------------------------------------------------------------------------------------------------- lost and late


def two_silent(kind):
    """The daemon is frozen, so that nobody but the client itself finds out, nor loses the SYN that is to be lost."""
    with world() as (net, daemon, way):
        daemon.freeze()
        net.wan.tell(f"drop {BACKENDS['b1']}")
        net.wan.tell(f"drop {BACKENDS['b2']}")
        net.wan.tell(f"lose-next {BACKENDS['b3']} 1")
        requests = loop(way, kind)
        name = f"two of three silent, the first SYN to the living one lost: {kind}"
        check.check(name, failures(requests) or longer_than(requests, 1500))


def lossy_run(kind):
    with world() as (net, daemon, way):
        net.wan.tell("lose 5")
        requests, judged = loop(way, kind, count=1000), changed(daemon)
        if judged:
            print((daemon.dir / "log").read_text())
        return requests, judged


def stalled(requests):
    """Was the machine busy with something else?  Then packets were late that nobody has lost."""
    starts = [r.start_ms for r in requests]
    return max(b - a for a, b in zip(starts, starts[1:])) > STALL_MS


def lossy(kind):
    """From one process that may remember what failed, and from one for each request."""
    name = f"5% of SYNs lost, {kind}"
    for _ in range(3):
        requests, judged = lossy_run(kind)
        if not stalled(requests) or not (judged or moved(requests) > 100):
            break
    moves = moved(requests)
    check.check(f"{name}: nothing fails", failures(requests))
    check.check(f"{name}: no verdict changes", judged and f"{len(judged)} times, first: {judged[0]}")
    check.check(f"{name}: at most 100 of 1,000 are moved", moves > 100 and f"{moves} were")


def checks(daemon, backend, outcome):
    """How many checks of BACKEND ended with OUTCOME."""
    words = ("event=check", f" candidate={backend} ", f" outcome={outcome} ")
    return sum(all(word in line for word in words) for line in (daemon.dir / "log").read_text().splitlines())


def lost_check():
    """Checks too short for the kernel's retry: one whose SYN is lost is repeated; it does not count unless the canaries are lost, too."""
    timing = 'interval = "400ms"  fast = "50ms"  timeout = "100ms"'
    for kind, check_text in (("tcp", None), ("http", 'type = http  path = "/"  status = "200"')):
        with world(timing_text=timing, check_text=check_text) as (net, daemon, _):
            for i in range(4):
                net.wan.tell(f"lose-next {BACKENDS['b1']} 1")
                lab.wait_until(lambda: checks(daemon, "b1", "silence") > i, 5, "the check to end")
                answered = checks(daemon, "b1", "success")
                lab.wait_until(lambda: checks(daemon, "b1", "success") > answered, 5, "the next one to succeed")
            check.check(f"{kind} check with a lost SYN: no verdict changes", changed(daemon) and changed(daemon)[0])
            net.wan.tell(f"drop {BACKENDS['b1']}")
            lab.wait_until(lambda: daemon.verdicts()[0] == "down", 5, "b1 to be down")


def once_in_a_while():
    """One connection in 100 has its SYN lost."""
    with world() as (net, _, way):
        client = Loop("blocking", way, 500, 10)
        for _ in range(5):
            time.sleep(0.9)  # spread over the loop: a schedule
            net.wan.tell(f"lose-next {BACKENDS['b1']} 1")
        requests = client.wait()
        check.check("a SYN lost once in 100: nothing fails", failures(requests))
        check.check("a SYN lost once in 100: nobody waits for the kernel's retry", longer_than(requests, 900))


def suddenly_slow():
    """The round trip is 20 ms, then 100; and nothing better is there."""
    with world(delay_us=10000) as (net, daemon, way):
        for address in BACKENDS.values():
            net.wan.tell(f"slow {address} 80000")
        requests = loop(way, count=300)
        check.check("all handshakes five times longer: nothing fails", failures(requests))
        check.check("all handshakes five times longer: none is down", "down" in daemon.verdicts() and daemon.verdicts())
        check.check("all handshakes five times longer: no long waits", longer_than(requests, 1500))


def suddenly_slow_alone():
    with world(delay_us=10000) as (net, daemon, way):
        net.backends["b2"].kill()
        net.backends["b3"].kill()
        lab.wait_until(lambda: daemon.verdicts()[1:] == ["down"] * 2, 10, "b2 and b3 to be down")
        net.wan.tell(f"slow {BACKENDS['b1']} 80000")
        requests = loop(way, count=300)
        check.check("the last one suddenly slow: nothing fails", failures(requests))
        check.check("the last one suddenly slow: it is not down", "down" in daemon.verdicts()[:1] and daemon.verdicts())
        check.check("the last one suddenly slow: no long waits", longer_than(requests, 1500))


def at_the_deadline():
    """Answers that arrive about when the attempt's deadline ends."""
    with world() as (net, daemon, way):
        daemon.freeze()
        for late_us in range(22000, 26000, 500):
            net.wan.tell(f"slow {BACKENDS['b1']} {late_us}")
            requests = loop(way, count=40, interval_ms=5)
            check.check(f"an answer {late_us / 1000 + 1:.1f} ms after the SYN", failures(requests))


# -------------------------------------------------------------------------------------------------------- nobody left


def nobody_left():
    """As without the library, and at most a second later."""
    worlds = {
        "all refuse": ("refuse", "refuse", "refuse"),
        "the asked one refuses, the others are silent": ("refuse", "drop", "drop"),
        "all silent": ("drop", "drop", "drop"),
        "the asked one is silent, the others refuse": ("drop", "refuse", "refuse"),
    }
    with world() as (net, _, way):
        Path("/proc/sys/net/ipv4/tcp_syn_retries").write_text("1", encoding="ascii")
        ways = (Way(way.host, way.port), way)
        for title, verbs in worlds.items():
            for verb, address in zip(verbs, BACKENDS.values()):
                net.wan.tell(f"{verb} {address}")
            loops = {client: [Loop(client, one, 1) for one in ways] for client in KINDS}
            for client, pair in loops.items():
                alone, helped = (one.wait()[0] for one in pair)
                other = alone.outcome != helped.outcome and f"{helped.outcome}, not {alone.outcome}"
                check.check(f"{title}, {client}: the address's own error", other)
                late_ms = helped.latency_ms - alone.latency_ms
                check.check(f"{title}, {client}: in time", late_ms > 1100 and f"{late_ms:.0f} ms later")


def knows_only_the_dead():
    """Programs that were given one address, before anything has noticed its death and after."""
    url = f"http://{BACKENDS['b1']}/"
    programs = {
        "curl": ["curl", "-sS", "--max-time", "3", url],
        "wget": ["wget", "-q", "-O-", "--tries=1", "--timeout=3", url],
        "python": ["python3", "-c", f"import urllib.request as u; print(u.urlopen('{url}', timeout=3).read().decode())"],
    }
    with world() as (net, daemon, way), net.fault("drop"):
        for when in ("at once", "later"):
            for name, argv in programs.items():
                alone = subprocess.run(argv, capture_output=True, check=False)
                check.check(f"{name} alone fails, {when}", alone.returncode == 0 and "it does not")
                done = subprocess.run(argv, capture_output=True, text=True, env=way.environ(), check=False)
                answer = done.stdout.strip()
                check.check(f"{name} knows only the dead address, {when}", answer != "b2" and f"{answer}{done.stderr}")
            lab.wait_until(lambda: daemon.verdicts()[0] == "down", 10, "b1 to be down")


def wrongly_marked():
    """The check asks a port where nobody listens."""
    wrong = {"check_text": "type = tcp  port = 81", "expect": "down"}
    with world(**wrong) as (_, _, way):
        loops = [Loop("blocking", one, 200) for one in (Way(way.host, way.port), way)]
        alone, requests = (one.wait() for one in loops)
        check.check("all wrongly marked down: nothing fails", failures(requests))
        check.check("all wrongly marked down: nobody is moved", moved(requests) and f"{moved(requests)} were")
        extra = statistics.median(r.latency_ms for r in requests) - statistics.median(r.latency_ms for r in alone)
        check.check("all wrongly marked down: within 2 ms", extra > 2 and f"{extra:.1f} ms more")


# ------------------------------------------------------------------------------------------------------------- others


def burst():
    """1,000 connects of one event loop at once, to a round trip of 20 ms: alive, and silent."""
    with world(delay_us=10000) as (net, _, way):
        for state in ("alive", "silent"):
            if state == "silent":
                net.wan.tell(f"drop {BACKENDS['b1']}")
            argv = [sys.executable, HERE / "burst.py", way.host, "80", "1000"]
            done = subprocess.run(argv, capture_output=True, text=True, env=way.environ(), check=True)
            held_ms, connected = map(float, done.stdout.split())
            check.check(f"1,000 connects at once, {state}: not held", held_ms > 200 * ROOM and f"for {held_ms:.0f} ms")
            few = state == "alive" and connected != 1000
            check.check(f"1,000 connects at once, {state}: they connect", few and f"{connected:.0f} of them")


def watched():
    """A watched process that dies is noticed at once, though the checks are seldom."""
    timing = 'interval = "5s"  down = "200ms"'
    suspect_ms, down_ms = [], []
    with world(options="watch = on", timing_text=timing) as (net, daemon, _):
        for _ in range(20):
            lab.wait_until(lambda: daemon.verdicts() == ["up"] * 3, 10, "all to be up")
            # The watch connection of a server that has just come up takes a moment.
            lab.wait_until(lambda: connections(net, "b1") > 0, 10, "the watch connection")
            net.backends["b1"].kill()
            killed_ms = lab.now_ms()
            lab.wait_until(lambda: daemon.verdicts()[0] != "up", 10, "b1 not to be up")
            suspect_ms.append(lab.now_ms() - killed_ms)
            lab.wait_until(lambda: daemon.verdicts()[0] == "down", 10, "b1 to be down")
            down_ms.append(lab.now_ms() - killed_ms)
            net.backends["b1"].start()
            net.backends["b1"].wait()
    middle = statistics.median(suspect_ms)
    check.check("watch: a killed process is suspect at once", middle > 50 * ROOM and f"after {middle:.0f} ms (median of 20)")
    middle = statistics.median(down_ms)
    check.check("watch: and soon down", middle > 300 * ROOM and f"after {middle:.0f} ms (median of 20)")


def connections(net, name):
    """How many are established to the backend NAME, seen from there."""
    argv = lab.in_namespace(name, ["ss", "-Htn", "state", "established"])
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return len(lines) if net.backends[name].process.poll() is None else 0


GROUPS = {
    **{f"two of three silent, {kind}": functools.partial(two_silent, kind) for kind in KINDS},
    **{f"5% of SYNs lost, {kind}": functools.partial(lossy, kind) for kind in ("process", "blocking")},
    "a check's SYN lost": lost_check,
    "a SYN lost once in 100": once_in_a_while,
    "all handshakes five times longer": suddenly_slow,
    "the last one suddenly slow": suddenly_slow_alone,
    "at the deadline": at_the_deadline,
    "nobody left": nobody_left,
    "the only address known": knows_only_the_dead,
    "wrongly marked": wrongly_marked,
    "1,000 at once": burst,
    "watch": watched,
}

if __name__ == "__main__":
    check.main(GROUPS)
