#!/usr/bin/env python3
"""How long a server with many keys holds up everybody at most: filled, under load while it makes
snapshots, and when a new node receives one.

Usage: longest_pause.py [--keys N] [--snapshots N]; the package must be importable, and
synchrodb-load built (`make bench-peers` does that). Each row tells of the longest turn of the loop
since the node started, by its /metrics.
"""

import argparse
import json
import subprocess
import urllib.request
from pathlib import Path

from synchrodb import LocalCluster

LOAD = Path(__file__).resolve().parents[2] / "build/release/bin/synchrodb-load"
METRIC = "synchrodb_loop_longest_turn_seconds"


def load(node, operation, *options):
    """The generator, begun."""
    return subprocess.Popen(
        [LOAD, "resp", "--endpoint", node.address, "--operation", operation, *options],
        stdout=subprocess.PIPE, text=True)


def report_of(running):
    """What it says at its end."""
    told, _ = running.communicate()
    assert running.returncode == 0, told
    return json.loads(told)


def longest_turn(node):
    """In milliseconds."""
    with urllib.request.urlopen(f"http://127.0.0.1:{node.http_port}/metrics") as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(METRIC + " "):
                return 1e3 * float(line.split()[1])
    raise AssertionError(f"no {METRIC}")


def row(when, node, report=None):
    latency = report["latency_us"] if report else {}
    print(f"{when:<28}  {node.id:>4}  {longest_turn(node):>15.1f}  "
          + (f"{report['throughput']:>9,.0f}  {latency['p99'] / 1e3:>6.1f}  "
             f"{latency['max'] / 1e3:>6.1f}" if report else ""), flush=True)


def measure(cluster, keys, snapshots):
    node = cluster.nodes[1]
    space = ["--key-space", str(keys)]
    print(f"{'':<28}  {'node':>4}  {'longest turn ms':>15}  {'ops/s':>9}  {'p99 ms':>6}  {'max ms':>6}")
    row("started", node)
    row("filled", node, report_of(load(node, "fill", *space, "--requests", str(keys),
                                       "--pipeline", "16")))
    for _ in range(snapshots):
        running = load(node, "mixed", *space, "--connections", "10", "--seconds", "6")
        node.administration(timeout=60).take_snapshot()
        row("a snapshot under load", node, report_of(running))
    newcomer = cluster.new_node(2, via=1)
    cluster.add(2, via=1, timeout=120)
    cluster.wait_until_level()
    row("a new node has received it", newcomer)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--snapshots", type=int, default=3)
    chosen = parser.parse_args()
    with LocalCluster(1, fault_injection=False) as cluster:
        measure(cluster, chosen.keys, chosen.snapshots)


if __name__ == "__main__":
    main()
