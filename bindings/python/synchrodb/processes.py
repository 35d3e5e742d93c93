"""Server processes that never outlive this program. Needs nothing but Python's own library."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None, use_errno=True).prctl
_given: set[int] = set()
# The kernel ends a process with the thread that started it: this one lives as long as the program.
_starter: tuple[int, ThreadPoolExecutor] | None = None


def quiet_ports(count: int) -> list[int]:
    """Free ports of the loopback, none twice in a process: a server that has not started yet does
    not hold its own.

    They lie outside the range from which the kernel takes those of outgoing connections. Inside it,
    the port of a dead server may be taken before the server comes back; or one that tries to reach
    it may connect to itself.

    >>> len(set(quiet_ports(3)))
    3
    """
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    draw = random.SystemRandom()
    held: dict[int, socket.socket] = {}
    try:
        while len(held) < count:
            port = draw.randrange(max(1024, lowest - 20_000), lowest)
            if port in held or port in _given:
                continue
            candidate = socket.socket()
            try:
                candidate.bind(("127.0.0.1", port))
                held[port] = candidate
            except OSError:
                candidate.close()
        _given.update(held)
        return list(held)
    finally:
        for candidate in held.values():
            candidate.close()


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Polls until `condition()` is true; returns its value. `TimeoutError` with `what` if that
    does not come to be.

    >>> wait_until(lambda: 7, 1, "seven is there")
    7
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.02)


def _die_with(parent: int) -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def _start(start: Callable[[], Any]) -> Any:
    global _starter
    if _starter is None or _starter[0] != os.getpid():
        _starter = (os.getpid(), ThreadPoolExecutor(1, thread_name_prefix="starts servers"))
    return _starter[1].submit(start).result()


class Process:
    """One server. In a session of its own: Ctrl-C reaches this program alone, which then stops it.

    >>> import tempfile
    >>> process = Process(["/bin/sh", "-c", "echo hello"], tempfile.mkdtemp())
    >>> process.start()
    >>> process.wait(10), process.log.read_text()
    (0, 'hello\\n')
    """

    def __init__(self, command: list[Any], folder: str | os.PathLike):
        self.command = [str(word) for word in command]
        self.folder = Path(folder)
        #: What it writes, of all times that it was started.
        self.log = self.folder / "log.txt"
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Starts it and does not wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # A user's settings (ETCD_NAME …) are not for these servers.
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("ETCD_", "SYNCHRODB_"))}
        parent = os.getpid()
        with open(self.log, "ab") as log:
            self._process = _start(lambda: subprocess.Popen(
                self.command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
                preexec_fn=lambda: _die_with(parent)))

    @property
    def pid(self) -> int:
        """Its id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs, and before it was started; -9 after kill -9."""
        return None if self._process is None else self._process.poll()

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def send(self, signal_number: int) -> None:
        """Sends a signal, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal_number)

    def wait(self, seconds: float) -> int:
        """Until it has ended; its exit code."""
        return self._process.wait(seconds)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """SIGTERM; kill -9 if that does not end it."""
        if not self.running:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
