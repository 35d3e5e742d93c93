"""The worker processes of a campaign on this machine."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from typing import Any

# Seeds that a worker is given at a time: enough that it need not wait, few enough that the others
# are not left without.
_BATCH = 8


class _Worker:
    def __init__(self, payload: bytes):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        self._words = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "synchrodb.worker"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._words, env=environment)
        self.given: collections.deque[int] = collections.deque()
        self.since = time.monotonic()
        self._partial = b""
        # A worker that is gone already shows at its output.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(b"%d\n" % len(payload) + payload)
            self.process.stdin.flush()

    def give(self, seeds: list[int]) -> None:
        if not self.given:
            self.since = time.monotonic()
        self.given.extend(seeds)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(seeds).encode() + b"\n")
            self.process.stdin.flush()

    def receive(self) -> list[dict] | None:
        """Rows; None when the process is gone."""
        chunk = os.read(self.process.stdout.fileno(), 1 << 20)
        if not chunk:
            return None
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        rows = [json.loads(line) for line in lines]
        for row in rows:
            self.given.remove(row["seed"])
            self.since = time.monotonic()
        return rows

    def end(self) -> str:
        """Kills it; what it said last, and how it died."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self._words.seek(max(self._words.tell() - 2_000, 0))
        words = self._words.read().decode(errors="replace").strip()
        self._words.close()
        return words


def _epitaph(worker: _Worker, too_slow: bool, watchdog: float) -> str:
    code = worker.process.poll()
    if code is None and not too_slow:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = worker.process.wait(1)
    words = worker.end()
    if too_slow:
        said = f"no answer within {watchdog:g} s of wall time"
    elif code is not None and code < 0:
        said = f"the process died of {signal.Signals(-code).name}"
    else:
        said = f"the process ended with exit code {code}"
    return f"{said}\n{words}".strip()


def run_in_processes(payload: bytes, seeds: Iterable[int], jobs: int,
                     watchdog: float) -> Iterator[dict[str, Any]]:
    """Rows of all seeds, as they come. A process that dies, or is silent for `watchdog` seconds, is
    a finding of the seed that it was at, and another takes its place."""
    waiting = iter(seeds)
    again: collections.deque[int] = collections.deque()
    workers: dict[int, _Worker] = {}
    selector = selectors.DefaultSelector()

    def feed(worker: _Worker) -> bool:
        batch: list[int] = []
        while len(batch) < _BATCH:
            seed = again.popleft() if again else next(waiting, None)
            if seed is None:
                break
            batch.append(seed)
        if batch:
            worker.give(batch)
        return bool(worker.given)

    def start() -> None:
        worker = _Worker(payload)
        if feed(worker):
            fd = worker.process.stdout.fileno()
            workers[fd] = worker
            selector.register(fd, selectors.EVENT_READ)
        else:
            worker.end()

    def bury(fd: int, too_slow: bool) -> dict[str, Any]:
        selector.unregister(fd)
        worker = workers.pop(fd)
        detail = _epitaph(worker, too_slow, watchdog)
        if not worker.given:
            raise RuntimeError(f"a worker process did not start: {detail}")
        seed = worker.given.popleft()
        again.extend(worker.given)
        return {"seed": seed, "verdict": "violation", "violated": "crash", "detail": detail}

    try:
        for _ in range(jobs):
            start()
        while workers:
            for key, _ in selector.select(timeout=1):
                worker = workers[key.fd]
                rows = worker.receive()
                if rows is None:
                    yield bury(key.fd, False)
                    start()
                    continue
                yield from rows
                if len(worker.given) <= _BATCH // 2 and not feed(worker):
                    selector.unregister(key.fd)
                    workers.pop(key.fd).end()
            now = time.monotonic()
            for fd in [fd for fd, w in workers.items() if now - w.since > watchdog]:
                yield bury(fd, True)
                start()
    finally:
        for worker in workers.values():
            worker.end()
        selector.close()
