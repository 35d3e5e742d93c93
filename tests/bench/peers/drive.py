"""The load on a started system: one cell of the table at a time."""

import csv
import io
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from processes import PeerError

LOAD = str(Path(__file__).resolve().parents[3] / "build/release/bin/synchrodb-load")
REDIS_BENCHMARK = "redis-benchmark"


@dataclass(frozen=True, order=True)
class Cell:
    """What is asked; with the system's name, the key of the table."""
    driver: str  # "load" (synchrodb-load) or "redis-benchmark"
    operation: str  # "set" or "get"
    clients: int
    pipeline: int


@dataclass
class Figures:
    """What came out. Latencies in milliseconds; None for what a driver does not tell."""
    throughput: float
    p50: float
    p99: float
    p999: float | None
    cpu_per_1000: float  # CPU seconds of all server processes for 1,000 operations
    errors: int = 0
    first_error: str = ""
    client_cpu: float | None = None  # CPU seconds a second of the driver


class Driver:
    def __init__(self, load, redis_benchmark, seconds, key_space, value_bytes, spread):
        self.load = load
        self.redis_benchmark = redis_benchmark
        self.seconds = seconds
        self.key_space = key_space
        self.value_bytes = value_bytes
        self.spread = spread  # clients over all nodes; otherwise to the leader

    def fill(self, system):
        """Writes each key once, so that reads find something."""
        report = self._run_load(system, "fill", 16, 16, 1)
        if report["errors"]:
            raise PeerError(f"{system.name}: filling it failed: {report['first_error']}")

    def measure(self, system, cell, expected=None):
        """`expected` is the throughput to choose redis-benchmark's number of requests by."""
        before = system.cpu_seconds()
        if cell.driver == "load":
            figures, operations = self._measure_load(system, cell)
        else:
            figures, operations = self._measure_redis_benchmark(system, cell, expected)
        spent = system.cpu_seconds() - before
        figures.cpu_per_1000 = spent / max(operations, 1) * 1000
        return figures

    def _measure_load(self, system, cell):
        report = self._run_load(system, cell.operation, cell.clients, cell.pipeline, self.seconds)
        latency = {name: value / 1000 for name, value in report["latency_us"].items()}
        figures = Figures(
            report["throughput"], latency["p50"], latency["p99"], latency["p99.9"], 0,
            report["errors"], report["first_error"],
            report["client_cpu_seconds"] / (report["seconds"] or 1),
        )
        return figures, report["all_operations"]

    def _run_load(self, system, operation, clients, pipeline, seconds):
        ports = system.ports if self.spread else [system.ports[system.leader()]]
        command = [
            self.load, system.protocol, "--endpoint", ",".join(f"127.0.0.1:{p}" for p in ports),
            "--operation", operation, "--connections", clients, "--pipeline", pipeline,
            "--seconds", seconds, "--warm-up", min(0.3, seconds / 4),
            "--key-space", self.key_space, "--value-bytes", self.value_bytes,
        ]
        output = _run(command, seconds + 60)
        return json.loads(output)

    def _measure_redis_benchmark(self, system, cell, expected):
        requests = int(max(expected * self.seconds, cell.clients * cell.pipeline * 20, 1000))
        command = [
            self.redis_benchmark, "-h", "127.0.0.1", "-p", system.ports[system.leader()],
            "-t", cell.operation, "-c", cell.clients, "-P", cell.pipeline, "-n", requests,
            "-r", self.key_space, "-d", self.value_bytes, "--csv",
        ]
        return parse_redis_benchmark(_run(command, self.seconds * 20 + 60)), requests


def parse_redis_benchmark(text):
    """The figures of `redis-benchmark --csv` with one test."""
    # A warning about a CONFIG that the server does not know may come before the header.
    lines = text[text.index('"test"'):] if '"test"' in text else ""
    rows = list(csv.DictReader(io.StringIO(lines)))
    if len(rows) != 1:
        raise PeerError(f"redis-benchmark said, instead of one row: {text[-500:]!r}")
    row = rows[0]
    return Figures(
        float(row["rps"]), float(row["p50_latency_ms"]), float(row["p99_latency_ms"]), None, 0
    )


def _run(command, seconds):
    command = [str(word) for word in command]
    try:
        finished = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise PeerError(f"{' '.join(command)}: not done within {seconds} s") from error
    # synchrodb-load exits with 1 and a report when some requests failed.
    if not finished.stdout or finished.returncode not in (0, 1):
        raise PeerError(
            f"{' '.join(command)}: exit code {finished.returncode}\n{finished.stderr[-1000:]}"
        )
    return finished.stdout
