"""What the tests of synchrodb-cli share: the program, servers for it, and a terminal."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

# Whoever started us may ignore it (nohup), and children would inherit that: a terminal that goes
# away could then not end its program.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

OK, FAILED, USAGE, NO_CONNECTION, NO_OUTPUT = 0, 1, 2, 3, 4
DEADLINE = 30  # seconds that anything may take


class Programs:
    cli = None
    stub = None


def main():
    """usage: TEST CLI STUB_NODE [unittest options]"""
    Programs.cli = str(Path(sys.argv.pop(1)).resolve())
    Programs.stub = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(module="__main__")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.environment = {**os.environ, "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        self.environment.pop("SYNCHRODB_PASSWORD", None)
        self.environment.pop("SYNCHRODB_HISTORY", None)

    def run_cli(self, *arguments, stdin="", **environment):
        command = [Programs.cli, *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, cwd=self.folder, check=False, timeout=DEADLINE,
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            env={**self.environment, **environment})

    def cli(self, *arguments, code=OK, **options):
        """Standard output, when the exit code is as expected."""
        finished = self.run_cli(*arguments, **options)
        self.assertEqual(finished.returncode, code, finished.stdout + finished.stderr)
        return finished.stdout.decode(errors="surrogateescape")

    def complaint(self, *arguments, code, **options):
        finished = self.run_cli(*arguments, **options)
        self.assertEqual(finished.returncode, code, finished.stdout + finished.stderr)
        return finished.stderr.decode()

    def spawn(self, *command, **options):
        process = subprocess.Popen(list(map(str, command)), cwd=self.folder, **options)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()

    def certificate(self):
        """A self-signed one for localhost: (certificate, key)."""
        certificate, key = self.folder / "cert.pem", self.folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
            check=True, capture_output=True)
        return certificate, key

    def redis(self, *options):
        """A Redis server; its port."""
        # Somebody else may take a port between its choice and its use.
        for _ in range(5):
            port = free_port()
            process = self.spawn("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
                                 "--dir", self.folder, *options, stdout=subprocess.DEVNULL)
            if self.answers(port, process):
                self.server = process
                return port
        raise AssertionError("redis-server does not start")

    @staticmethod
    def answers(port, process):
        deadline = time.monotonic() + DEADLINE
        while process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return True
            time.sleep(0.02)
        return False


class Stub:
    """stub_node: a node's RPC port with canned answers."""

    def __init__(self, case, *options):
        self.process = case.spawn(Programs.stub, *options, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])

    def calls(self):
        """What it was told, after its end."""
        self.process.kill()
        return self.process.stdout.read().splitlines()


_ESCAPE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z@]|\x1b[=>]|\x1b\([AB0]")


class Terminal:
    """The program on a terminal of its own, 100 columns wide."""

    def __init__(self, case, *arguments, **environment):
        self.case = case
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(case.folder)
            os.execve(Programs.cli, [Programs.cli, *map(str, arguments)],
                      {**case.environment, "TERM": "xterm", **environment})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.running = True
        case.addCleanup(self.close)

    def close(self):
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.running = False
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def expect(self, text):
        """Waits until `text` shows; returns what came up to its end and forgets it."""
        deadline = time.monotonic() + DEADLINE
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            try:
                got = os.read(self.fd, 65536) if ready else b""
            except OSError:  # the program has ended
                got = b""
            if not got:
                self.case.fail(f"{text!r} did not show; there was: {self.seen!r}")
            self.seen += _ESCAPE.sub(b"", got).decode(errors="replace")
        before, _, self.seen = self.seen.partition(text)
        return before + text

    def expect_end(self):
        """Waits for the program's end; its exit code."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    os.read(self.fd, 65536)
                except OSError:
                    break
        else:
            self.case.fail("the program does not end")
        _, status = os.waitpid(self.pid, 0)
        self.running = False
        return os.waitstatus_to_exitcode(status)
