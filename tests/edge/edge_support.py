"""What the tests of the edge share: real servers, a bare Redis client, certificates."""

import os
import re
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench/peers"))

from processes import free_ports  # noqa: E402, F401 (the tests take it from here)

DEADLINE = 30  # seconds that anything may take


class Programs:
    server = None
    cli = None


def main():
    """usage: TEST SERVER CLI [unittest options]"""
    Programs.server = str(Path(sys.argv.pop(1)).resolve())
    Programs.cli = str(Path(sys.argv.pop(1)).resolve())
    # Tests that hold many connections need two descriptors each.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 30000 if hard == resource.RLIM_INFINITY else min(30000, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    unittest.main(module="__main__")


def encode(*words):
    out = b"*%d\r\n" % len(words)
    for word in words:
        word = word if isinstance(word, bytes) else str(word).encode()
        out += b"$%d\r\n%s\r\n" % (len(word), word)
    return out


class ReplyError(Exception):
    pass


class Client:
    """A bare Redis client (RESP2): what it sends and receives is in the test's hands."""

    def __init__(self, port, host="127.0.0.1", timeout=DEADLINE, tls=None, name="localhost"):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=name)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def call(self, *words):
        self.send(encode(*words))
        return self.reply()

    def answer(self, *words):
        """The reply, or the text of the error."""
        try:
            return self.call(*words)
        except ReplyError as error:
            return str(error)

    def error(self, *words):
        """The error that a command is answered with."""
        try:
            reply = self.call(*words)
        except ReplyError as error:
            return str(error)
        raise AssertionError(f"{words} was answered with {str(reply)[:200]}")

    def more(self):
        got = self.socket.recv(1 << 16)
        if not got:
            raise ConnectionError("the server closed the connection")
        self.buffer += got

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def reply(self):
        line = self.line()
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise ReplyError(rest.decode())
        if kind == b"+":
            return rest.decode()
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.bulk(int(rest))
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        raise AssertionError(f"no RESP2: {line!r}")

    def bulk(self, size):
        while len(self.buffer) < size + 2:
            self.more()
        value, self.buffer = self.buffer[:size], self.buffer[size + 2:]
        return value

    def rest(self):
        """All that comes until the server closes."""
        try:
            while got := self.socket.recv(1 << 16):
                self.buffer += got
        except ConnectionResetError:
            pass
        return self.buffer


class Server:
    """One synchrodb-server on loopback, on ports of its own."""

    def __init__(self, case, *options, node=1, ports=None, folder=None, environment=None):
        self.case = case
        self.node = node
        self.options = options
        self.port, self.rpc, self.http, self.tls = ports or free_ports(4)
        self.folder = Path(folder or tempfile.mkdtemp(dir=case.folder))
        self.log_file = self.folder.with_suffix(".log")
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        case.addCleanup(self.end)

    def command(self):
        return [Programs.server, "--node-id", self.node, "--dir", self.folder, "--port", self.port,
                "--rpc-port", self.rpc, "--http-port", self.http, *self.options]

    def start(self):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                list(map(str, self.command())), stdout=log, stderr=log, env=self.environment)
        return self

    def started(self):
        """Started, and serving writes."""
        self.start()
        self.await_ready()
        return self

    def await_ready(self):
        self.case.eventually(self.ready, lambda: f"node {self.node} is not ready:\n{self.log()}")

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(
                f"node {self.node} ended ({self.process.returncode}):\n{self.log()}")
        try:
            return self.get("/readyz") == "ready\n"
        except OSError:
            return False

    def refuses(self, code=1):
        """What it says when it does not start."""
        self.start()
        got = self.process.wait(DEADLINE)
        self.case.assertEqual(got, code, self.log())
        return self.log()

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=5) as answer:
            return answer.read().decode()

    def metric(self, name):
        found = re.search(rf"^synchrodb_{name} (\S+)$", self.get("/metrics"), re.M)
        if found is None:
            raise AssertionError(f"no metric {name}")
        return float(found.group(1))

    def log(self):
        return self.log_file.read_text(errors="replace")

    def client(self, **options):
        client = Client(self.port, **options)
        self.case.addCleanup(client.close)
        return client

    def leads(self):
        try:
            return self.metric("raft_is_leader") == 1
        except (OSError, AssertionError):
            return False

    def resident_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cli(self, *words, code=0, options=()):
        done = subprocess.run(
            [Programs.cli, "-p", str(self.port), "--rpc-port", str(self.rpc), *map(str, options),
             *map(str, words)],
            capture_output=True, text=True, timeout=DEADLINE, check=False)
        self.case.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def server(self, *options, **more):
        return Server(self, *options, **more).started()

    def cluster(self, count, *options, each=lambda node: ()):
        """So many nodes that found a cluster and know their leader."""
        ports = [free_ports(4) for _ in range(count)]
        members = ",".join(f"{i + 1}=127.0.0.1:{ports[i][1]}" for i in range(count))
        nodes = [Server(self, "--initial-cluster", members, *options, *each(i + 1), node=i + 1,
                        ports=ports[i]).start() for i in range(count)]
        for node in nodes:
            node.await_ready()
        return nodes

    def leader_of(self, nodes):
        found = []

        def look():
            found[:] = [node for node in nodes if node.process.poll() is None and node.leads()]
            return len(found) == 1

        self.eventually(look, lambda: "there is no leader")
        return found[0]

    def eventually(self, condition, complaint, timeout=DEADLINE):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                self.fail(complaint())
            time.sleep(0.05)

    def assert_serves(self, server):
        """A well-behaved client is served."""
        with Client(server.port) as client:
            self.assertEqual(client.call("SET", "well-behaved", "1"), "OK")
            self.assertEqual(client.call("GET", "well-behaved"), b"1")


class Authority:
    """Makes certificates with openssl."""

    def __init__(self, folder, name="authority"):
        self.folder = folder
        self.name = name
        self.certificate = folder / f"{name}.crt"
        self.key = folder / f"{name}.key"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", self.key, "-out",
                     self.certificate)

    @staticmethod
    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    def issue(self, name, *names, expired=False):
        """(certificate, key) of `name`, good for the DNS names."""
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        request = self.folder / f"{name}.csr"
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-subj", f"/CN={name}", "-addext",
                     "subjectAltName=" + ",".join(f"DNS:{one}" for one in names or (name,)),
                     "-keyout", key, "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                     "-CAcreateserial", "-copy_extensions", "copy", "-days",
                     "-1" if expired else "2", "-out", certificate)
        return certificate, key

    def context(self, pair=None):
        """A client's, with a certificate of its own or none."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        if pair is not None:
            context.load_cert_chain(*map(str, pair))
        return context


def own_address():
    """An address of this machine that is not loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            address = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") else address


class Steady:
    """A client that behaves, all the while: notes the longest that it waited for a reply."""

    def __init__(self, server):
        self.server = server
        self.longest = 0.0
        self.calls = 0
        self.failure = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            with Client(self.server.port) as client:
                while not self.stopping.is_set():
                    begin = time.monotonic()
                    client.call("SET", "steady", str(self.calls))
                    client.call("GET", "steady")
                    self.longest = max(self.longest, time.monotonic() - begin)
                    self.calls += 1
                    time.sleep(0.002)
        except Exception as failure:  # noqa: BLE001: the main thread reports it
            self.failure = failure

    def __enter__(self):
        self.thread.start()
        self.await_calls(1)
        return self

    def await_calls(self, count):
        deadline = time.monotonic() + DEADLINE
        while self.calls < count and self.failure is None and time.monotonic() < deadline:
            time.sleep(0.002)

    def __exit__(self, *_):
        self.await_calls(self.calls + 1)  # it is served to the end
        self.stopping.set()
        self.thread.join()


class ClientCase(Case):
    def steady(self, server, longest=2.0):
        case = self

        class Checked(Steady):
            def __exit__(self, kind, *rest):
                super().__exit__(kind, *rest)
                if kind is None:
                    case.assertIsNone(self.failure)
                    case.assertGreater(self.calls, 1)
                    case.assertLess(self.longest, longest)

        return Checked(server)
