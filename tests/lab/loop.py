# SPDX-License-Identifier: MIT
"""An open loop of urllib requests: loop.py HOST PORT COUNT INTERVAL_MS (openloop.c says what it prints)."""

import errno
import sys
import threading
import time
import urllib.error
import urllib.request

PATIENCE_S = 15


def outcome_of(url):
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return str(answer.status), answer.read().decode().strip()
    except urllib.error.HTTPError as error:
        return str(error.code), "-"
    except urllib.error.URLError as error:
        number = getattr(error.reason, "errno", None)
        return errno.errorcode.get(number, type(error.reason).__name__), "-"
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__), "-"


def perform(url, results, i):
    start = time.monotonic()
    outcome, answer = outcome_of(url)
    results[i] = (start, time.monotonic() - start, outcome, answer)


def main():
    host, port, count, interval_ms = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    url = f"http://{host}:{port}/"
    results = [None] * count
    threads = []
    outcome_of(url)  # imports on demand are not part of a request

    start = time.monotonic()
    print(f"# start {start * 1000:.3f}", flush=True)
    for i in range(count):
        time.sleep(max(0.0, start + i * interval_ms / 1000 - time.monotonic()))
        threads.append(threading.Thread(target=perform, args=(url, results, i), daemon=True))
        threads[-1].start()
    end = time.monotonic() + PATIENCE_S + 1
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    for i, result in enumerate(results):
        at, latency, outcome, answer = result or (start + i * interval_ms / 1000, PATIENCE_S, "UNFINISHED", "-")
        print(f"{at * 1000:.3f} {latency * 1000:.3f} {outcome} {answer}")


main()
