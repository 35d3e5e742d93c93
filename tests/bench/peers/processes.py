"""Server processes that never outlive this program, and what they cost."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class PeerError(Exception):
    """What stands in the way, in words for the user."""


def find_binary(name, remedy):
    """The full path of a program: a path, or a name looked up in PATH and the folders of servers."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not found:
        raise PeerError(f"{name}: no such program; {remedy}")
    return str(Path(found).resolve(strict=True).parent / Path(found).name)


def free_ports(count):
    """Ports of the loopback that nobody listens on. All are held until all are known."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for held in sockets:
            held.bind(("127.0.0.1", 0))
        return [held.getsockname()[1] for held in sockets]
    finally:
        for held in sockets:
            held.close()


def wait_until(condition, seconds, what):
    """Polls until `condition()` is true; returns its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise PeerError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def _die_with(parent):
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def cpu_seconds_of_stat(text):
    """User and system time of a whole process, from the text of /proc/PID/stat."""
    # The name, in parentheses, may itself contain spaces and parentheses.
    fields = text[text.rindex(")") + 2:].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Process:
    """One server. Its own session: Ctrl-C reaches this program alone, which then stops it."""

    def __init__(self, command, folder):
        self.command = [str(word) for word in command]
        self.folder = Path(folder)
        self.log = self.folder / "log.txt"
        self._process = None

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        # A user's settings (ETCD_NAME …) are not for these servers.
        environment = {
            name: value for name, value in os.environ.items()
            if not name.startswith(("ETCD_", "SYNCHRODB_"))
        }
        parent = os.getpid()
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                self.command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, preexec_fn=lambda: _die_with(parent),
            )

    @property
    def pid(self):
        return self._process.pid

    @property
    def exit_code(self):
        """None while it runs; -9 after kill -9."""
        return self._process.poll()

    def send(self, signal_number):
        self._process.send_signal(signal_number)

    def wait(self, seconds):
        return self._process.wait(seconds)

    def running(self):
        return self._process is not None and self._process.poll() is None

    def check_alive(self):
        if self._process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise PeerError(
                f"{' '.join(self.command)}: ended with {self._process.returncode}; its last words:\n"
                f"{tail}"
            )

    def kill(self):
        """kill -9, and wait until it is gone."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def stop(self):
        """SIGTERM; kill -9 if that does not end it."""
        if not self.running():
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def cpu_seconds(self):
        return cpu_seconds_of_stat(Path(f"/proc/{self.pid}/stat").read_text())

    def resident_bytes(self):
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
