"""What clients asked, what they were told, and when: the JSON lines that `synchrodb-sim check` reads.

A process does one thing after another. Once it does not know what became of an operation ("info"), it
never comes back: its client goes on as a new process.
"""

import itertools
import json
import subprocess
import threading
import time
from pathlib import Path


class History:
    """Of one workload. Any thread may record."""

    def __init__(self, model):
        self.model = model
        self._events = []
        self._lock = threading.Lock()
        self._processes = itertools.count()
        self._start = time.monotonic_ns()

    def new_process(self):
        with self._lock:
            return next(self._processes)

    def _record(self, kind, process, function, value, **more):
        with self._lock:
            self._events.append({
                "index": len(self._events), "time": time.monotonic_ns() - self._start,
                "type": kind, "process": process, "f": function, "value": value, **more,
            })

    def invoke(self, process, function, value):
        self._record("invoke", process, function, value)

    def ok(self, process, function, value, result=None):
        more = {} if result is None else {"result": result}
        self._record("ok", process, function, value, **more)

    def fail(self, process, function, value):
        """Executed, and the condition did not hold."""
        self._record("fail", process, function, value)

    def refused(self, process, function, value):
        """Certainly not executed."""
        self._record("fail", process, function, value, error="refused")

    def info(self, process, function, value):
        """Nobody knows."""
        self._record("info", process, function, value)

    def count(self, kind):
        return sum(event["type"] == kind for event in self._events)

    def keys(self):
        return sorted({event["value"][0] for event in self._events})

    def write(self, path):
        label = {"version": 1, "model": self.model, "dialect": "jepsen-log", "initial": None}
        lines = [{"synchrodb-history": label}, *self._events]
        Path(path).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def judge(sim, path, timeout=300):
    """(verdict, words): "valid", "invalid" or "unknown", and what the checker says."""
    done = subprocess.run([sim, "check", str(path)], capture_output=True, text=True,
                          timeout=timeout, check=False)
    verdicts = {0: "valid", 1: "invalid", 3: "unknown"}
    if done.returncode not in verdicts:
        raise ValueError(f"{path}: the checker cannot read it: {done.stdout}{done.stderr}")
    return verdicts[done.returncode], done.stdout
