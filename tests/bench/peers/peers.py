#!/usr/bin/python3
"""Compares SynchroDB with Redis and etcd: each on the loopback, under the same load, in one run.

Systems: synchrodb and etcd, three nodes each; redis, one node with appendfsync always; and
redis-unsynced, one node without persistence. Rounds are interleaved, each with fresh processes and
folders, one system at a time; the table has medians. The drivers are synchrodb-load for all and
redis-benchmark for those that speak the Redis protocol. Clients connect to the leader, unless --spread.

Exit codes: 0 measured (whatever the targets say), 1 something failed, 2 usage or a missing program.
"""

import argparse
import json
import os
import platform
import resource
import signal
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import drive
import failover
import servers
import table
from drive import Cell, Driver
from processes import PeerError, find_binary

MEASUREMENTS = ("load", "failover", "idle")
OK, FAILED, BAD_INPUT = 0, 1, 2


class Run:
    """Collects: cells {(system, Cell): [Figures a round]}, gaps {system: [seconds]}, idle."""

    def __init__(self, options, systems, driver):
        self.options = options
        self.systems = systems
        self.driver = driver
        self.cells = defaultdict(list)
        self.gaps = defaultdict(list)
        self.idle = {}

    def rounds(self):
        for number in range(self.options.rounds):
            for system_class in self.systems:
                self._say(f"round {number + 1} of {self.options.rounds}: {system_class.name}")
                with tempfile.TemporaryDirectory(
                    prefix="synchrodb-peers-", dir=self.options.dir, ignore_cleanup_errors=True
                ) as folder:
                    system = system_class(folder)
                    try:
                        system.start()
                        self._measure(system, number)
                    finally:
                        system.stop()

    def _measure(self, system, number):
        if "idle" in self.options.measure and number == 0:
            self.idle[system.name] = measure_idle(system, 1 if self.options.quick else 5)
        if "load" in self.options.measure:
            self.driver.fill(system)
            for cell in self._plan():
                self._measure_cell(system, cell)
        if "failover" in self.options.measure and system.has_fail_over:
            for _ in range(share(self.options.failover, number, self.options.rounds)):
                self.gaps[system.name].append(failover.trial(system))

    def _plan(self):
        return [
            Cell("load", operation, clients, pipeline)
            for operation in self.options.operations
            for pipeline in self.options.pipelines
            for clients in self.options.clients
        ]

    def _measure_cell(self, system, cell):
        figures = self.driver.measure(system, cell)
        self.cells[system.name, cell].append(figures)
        if figures.errors:
            self._say(f"  {system.name}: {figures.errors} errors, first: {figures.first_error}")
        if system.protocol == "resp" and self.driver.redis_benchmark:
            other = Cell("redis-benchmark", cell.operation, cell.clients, cell.pipeline)
            measured = self.driver.measure(system, other, figures.throughput)
            self.cells[system.name, other].append(measured)

    def _say(self, words):
        print(words, file=sys.stderr, flush=True)

    def report(self):
        """(text, object for --json)."""
        middle = table.medians(self.cells)
        found = table.targets(middle, self.gaps, self.idle)
        blocks = []
        if middle:
            blocks.append(table.load_lines(middle))
        if self.gaps:
            blocks.append(table.failover_lines(self.gaps))
        if self.idle:
            blocks.append(table.idle_lines(self.idle))
        if table.OURS in (system.name for system in self.systems):
            blocks.append(table.target_lines(found))
        text = "\n\n".join("\n".join(lines) for lines in blocks)
        return text, {
            "processors": os.cpu_count(),
            "kernel": platform.release(),
            "options": {k: v for k, v in vars(self.options).items() if k != "json"},
            "cells": [
                {"system": system, **asdict(cell), "median": asdict(middle[system, cell]),
                 "rounds": [asdict(figures) for figures in rounds]}
                for (system, cell), rounds in self.cells.items()
            ],
            "failover_seconds": self.gaps,
            "idle": {name: {"cpu": cpu, "resident_mib": mib} for name, (cpu, mib) in self.idle.items()},
            "targets": [{**asdict(target), "reached": target.reached} for target in found],
        }


def measure_idle(system, seconds):
    """(CPU fraction of the busiest node, resident MiB of the largest)."""
    time.sleep(1)
    before = [process.cpu_seconds() for process in system.processes]
    time.sleep(seconds)
    spent = [p.cpu_seconds() - start for p, start in zip(system.processes, before)]
    resident = max(process.resident_bytes() for process in system.processes)
    return max(spent) / seconds, resident / 2**20


def share(total, number, parts):
    """What part `number` gets when `total` things are dealt out evenly."""
    return total // parts + (1 if number < total % parts else 0)


def on_memory(folder):
    """Whether files in `folder` never reach a disk."""
    path, best = str(Path(folder).resolve()), ("", "")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, mount, kind = line.split()[:3]
        if (path + "/").startswith(mount.rstrip("/") + "/"):
            best = max(best, (mount, kind), key=lambda pair: len(pair[0]))
    return best[1] in ("tmpfs", "ramfs")


def _list_of(convert):
    return lambda text: [convert(word) for word in text.split(",") if word]


def _positive(convert):
    def parse(text):
        value = convert(text)
        if not 0 < value < 1_000_000:
            raise argparse.ArgumentTypeError(f"{text}: a positive number is wanted")
        return value

    parse.__name__ = "number"
    return parse


def _choice_of(*names):
    def parse(text):
        words = text.split(",")
        for word in words:
            if word not in names:
                raise argparse.ArgumentTypeError(f"{word}: there are {', '.join(names)}")
        return words

    return parse


def parse_options(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    count, real = _positive(int), _positive(float)
    parser.add_argument("--quick", action="store_true", help="about a minute: 50 clients, one round")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument("--only", type=_choice_of(*servers.SYSTEMS), default=list(servers.SYSTEMS),
                        metavar="SYSTEM,…", help=", ".join(servers.SYSTEMS))
    parser.add_argument("--measure", type=_choice_of(*MEASUREMENTS), default=list(MEASUREMENTS),
                        metavar="WHAT,…", help=", ".join(MEASUREMENTS))
    parser.add_argument("--failover", type=count, metavar="TRIALS",
                        help="kills of the leader, over all rounds (12; quick: 3)")
    parser.add_argument("--rounds", type=count, help="(3; quick: 1)")
    parser.add_argument("--seconds", type=real, help="a cell of the table (2; quick: 1)")
    parser.add_argument("--clients", type=_list_of(count), metavar="N,…", help="(1,50,500; quick: 50)")
    parser.add_argument("--pipelines", type=_list_of(count), metavar="N,…", default=[1, 16])
    parser.add_argument("--operations", type=_choice_of("set", "get"), default=["set", "get"])
    parser.add_argument("--key-space", type=count, default=10_000)
    parser.add_argument("--value-bytes", type=count, default=100)
    parser.add_argument("--spread", action="store_true", help="clients over all nodes")
    parser.add_argument("--server", help="synchrodb-server to measure (build/release/bin/)")
    parser.add_argument("--load", default=drive.LOAD, help="synchrodb-load (build/release/bin/)")
    parser.add_argument("--no-redis-benchmark", action="store_true", help="synchrodb-load alone")
    parser.add_argument("--dir", default=tempfile.gettempdir(),
                        help="where temporary folders are made; on a disk (%(default)s)")
    options = parser.parse_args(arguments)
    defaults = (3, 1, 1.0, [50]) if options.quick else (12, 3, 2.0, [1, 50, 500])
    for name, value in zip(("failover", "rounds", "seconds", "clients"), defaults):
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def prepare(options):
    """A Run whose programs are all there."""
    if options.server:
        servers.SynchroDb.program = os.path.abspath(options.server)
    systems = servers.chosen(options.only)
    load = benchmark = None
    if "load" in options.measure:
        load = find_binary(options.load, "`make bench-peers` builds it")
        if not options.no_redis_benchmark:
            benchmark = find_binary(
                drive.REDIS_BENCHMARK, "Debian's package redis-tools has it (.ci/setup peers)")
    if not Path(options.dir).is_dir():
        raise PeerError(f"--dir {options.dir}: no such folder")
    if on_memory(options.dir):
        print(f"peers: {options.dir} is in memory: syncs cost nothing there, and the figures say "
              "little; choose a folder on a disk with --dir", file=sys.stderr)
    driver = Driver(load, benchmark, options.seconds, options.key_space, options.value_bytes,
                    options.spread)
    return Run(options, systems, driver)


def raise_descriptor_limit():
    """For 500 clients, here and in the programs that are started."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main(arguments):
    options = parse_options(arguments)
    # Both unwind, and so stop all servers and remove all folders.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    raise_descriptor_limit()
    try:
        run = prepare(options)
    except PeerError as error:
        print(f"peers: {error}", file=sys.stderr)
        return BAD_INPUT
    try:
        run.rounds()
    except PeerError as error:
        print(f"peers: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("peers: interrupted; all servers are stopped", file=sys.stderr)
        return 128 + signal.SIGINT
    text, report = run.report()
    print(json.dumps(report) if options.json else text)
    return OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
