#!/usr/bin/python3
"""Our replies against Redis', over the wire: what was recorded from Debian's redis-server
(tests/data/kv, tests/data/net), and random arguments to every command that both have, live.

usage: survey_test.py SERVER
"""

import random
import re
import socket
import sys
import tempfile
import time
import unittest
from pathlib import Path

from support import ClusterTest, main, resp_call

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench/peers"))
from processes import Process, free_ports  # noqa: E402
from wire import resp_request  # noqa: E402

DATA = Path(__file__).resolve().parents[1] / "data"
CASES_PER_COMMAND = 30
SEED = 20241


class Connection:
    """Replies as the text in which tests/data keeps them."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.file = self.socket.makefile("rb")
        self.address = "%s:%d" % self.socket.getsockname()
        self.id = self.call([b"CLIENT", b"ID"])[1:]

    def close(self):
        self.file.close()
        self.socket.close()

    def call(self, argv):
        self.socket.sendall(resp_request(*argv))
        return self.read()

    def calls(self, commands):
        self.socket.sendall(b"".join(resp_request(*argv) for argv in commands))
        return [self.read() for _ in commands]

    def read(self):
        line = self.file.readline()[:-2]
        if not line:
            return "closed"
        kind, rest = line[:1], line[1:]
        if kind in b"+-":
            return kind.decode() + quote(rest)
        if kind in b":,#(":
            return kind.decode() + rest.decode()
        if kind == b"$" and rest == b"-1" or kind == b"_":
            return "nil"
        if kind in b"$=":
            data = self.file.read(int(rest) + 2)[:-2]
            return quote(data[4:] if kind == b"=" else data)
        if kind == b"*" and rest == b"-1":
            return "nil-array"
        if kind in b"*~>":
            return "[" + ", ".join(self.read() for _ in range(int(rest))) + "]"
        if kind != b"%":
            raise ValueError(f"not a reply: {line!r}")
        pairs = [self.read() + ": " + self.read() for _ in range(int(rest))]
        return "{" + ", ".join(pairs) + "}"


def quote(data):
    return '"' + "".join(
        chr(b) if 0x20 <= b <= 0x7E and b not in b'"\\' else "\\x%02x" % b for b in data) + '"'


def arguments_of(line):
    return [re.sub(rb"\\x(..)", lambda code: bytes([int(code[1], 16)]), word.encode())
            for word in re.findall(r'"([^"]*)"', line)]


def in_order(argv, reply):
    """KEYS has none."""
    if argv[0].upper() == b"KEYS" and reply.startswith("[") and len(reply) > 2:
        return "[" + ", ".join(sorted(reply[1:-1].split(", "))) + "]"
    return reply


class Survey(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="synchrodb-survey-")
        cls.addClassCleanup(folder.cleanup)
        ours, rpc, http, theirs = free_ports(4)
        cls.port, cls.redis_port = ours, theirs
        commands = {
            "ours": [ClusterTest.server, "--port", ours, "--rpc-port", rpc, "--http-port", http,
                     "--persistence", "none"],
            "redis": ["redis-server", "--port", theirs, "--save", "", "--databases", "1",
                      "--enable-debug-command", "yes"],
        }
        for name, command in commands.items():
            process = Process(command, Path(folder.name) / name)
            process.start()
            cls.addClassCleanup(process.stop)
        for port in (ours, theirs):
            deadline = time.monotonic() + 30
            while True:
                try:
                    resp_call(port, "SET", "ready", "1")
                    break
                except Exception:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)

    def connect(self, port):
        connection = Connection(port)
        self.addCleanup(connection.close)
        return connection

    # ---- What was recorded.

    def replay(self, path, least, unlike=lambda argv: False):
        differences, compared = [], 0
        lines = iter((DATA / path).read_text().splitlines())
        for line in lines:
            if line == "reset":
                connections = {name: self.connect(self.port) for name in "AB"}
                connections["A"].call([b"FLUSHALL"])
                continue
            expected = next(lines)[2:]
            argv = [self.filled(word, connections) for word in arguments_of(line)]
            connection = connections[line[0]]
            connection.socket.sendall(resp_request(*argv))
            reply = "none" if expected == "none" else in_order(argv, connection.read())
            if argv[0].upper() == b"HELLO":
                reply = re.sub(r'"id"(, |: ):\d+', r'"id"\1:0', reply)
            compared += 1
            if reply != expected and not unlike(argv):
                differences.append(f"{line}\n  redis {expected}\n  ours  {reply}")
        self.assertGreater(compared, least)
        self.assertEqual(differences, [], "\n".join(differences[:50]))

    def filled(self, word, connections):
        found = re.fullmatch(rb"@(id|addr):([AB])", word)
        if not found:
            return word
        connection = connections[found[2].decode()]
        return (connection.id if found[1] == b"id" else connection.address).encode()

    def test_recorded_cases_of_the_keyspace(self):
        self.replay("kv/explicit.txt", 500)

    def test_recorded_random_commands(self):
        self.replay("kv/random.txt", 5000)

    def test_recorded_cases_of_connections_and_the_server(self):
        # A log's index is no offset in bytes.
        self.replay("net/standalone.txt", 500, unlike=lambda argv: argv[0] == b"role")

    # ---- Where we are smaller than Redis.

    def test_what_is_too_large_is_refused_and_the_connection_lives(self):
        connection = self.connect(self.port)
        large = bytes(66 << 20)
        self.assertRegex(connection.call([b"SET", b"k", large]), '^-"ERR the request is too large: \\d+ bytes of at most')
        connection.call([b"MULTI"])
        for name in (b"a", b"b", b"c", b"d"):
            self.assertEqual(connection.call([b"SET", name, large[:16 << 20]]), '+"QUEUED"')
        self.assertRegex(connection.call([b"EXEC"]), "^-.ERR the request is too large")
        self.assertEqual(connection.call([b"EXISTS", b"k", b"a"]), ":0")

    # ---- Every command that both have, live.

    # Their replies tell of the server, of time or of chance; or they end it.
    UNLIKE = set("""acl bgrewriteaof bgsave client cluster command config debug failover function hello info
        lastsave latency lolwut memory module monitor object psync pubsub quit randomkey readonly readwrite
        replconf replicaof reset role save script shutdown slaveof slowlog sync time wait asking
        auth subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe scan swapdb""".split())
    WORDS = [b"k", b"text", b"number", b"none", b"", b"0", b"1", b"-1", b"10", b"3.5", b"x", b"nx", b"XX", b"get",
             b"ex", b"PX", b"exat", b"keepttl", b"persist", b"100", b"100000", b"gt", b"LT", b"replace", b"db", b"*",
             b"t*", b"async", b"sync", b"9223372036854775807", b"-9223372036854775808", b"IDX", b"withmatchlen", b"\xff\0"]

    def test_every_command_that_both_have(self):
        ours, theirs = self.connect(self.port), self.connect(self.redis_port)
        names = self.command_names(ours) & self.command_names(theirs) - self.UNLIKE
        self.assertGreater(len(names), 45)
        rng = random.Random(SEED)
        differences = []
        for protocol in (b"2", b"3"):
            for connection in (ours, theirs):
                connection.call([b"HELLO", protocol])
            for name in sorted(names):
                for _ in range(CASES_PER_COMMAND):
                    argv = [name.encode()] + rng.choices(self.WORDS, k=rng.choice([0, 1, 1, 2, 2, 3, 3, 4, 5]))
                    case = [[b"DISCARD"], [b"UNWATCH"], [b"FLUSHALL"],
                            [b"MSET", b"text", b"hello", b"number", b"10", b"k", b"v"],
                            [b"EXPIRE", b"text", b"5000"], argv, *self.state()]
                    answers = [self.normal(argv, c.calls(case)[3:]) for c in (theirs, ours)]
                    if answers[0] != answers[1]:
                        differences.append(f"{argv}\n  redis {answers[0]}\n  ours  {answers[1]}")
        self.assertEqual(differences, [], f"{len(differences)}:\n" + "\n".join(differences[:40]))

    @staticmethod
    def command_names(connection):
        return set(re.findall(r'"([a-z]+)"', connection.call([b"COMMAND", b"LIST"])))

    @staticmethod
    def state():
        """What tells whether a command did the same."""
        return [[b"MGET", b"k", b"text", b"number", b"none", b"", b"x", b"1", b"\xff\0"],
                [b"TTL", b"text"], [b"TTL", b"k"], [b"DBSIZE"]]

    @staticmethod
    def normal(argv, replies):
        """Times are rounded: the servers are asked one after the other."""
        replies = [in_order(argv, reply) for reply in replies]
        return [re.sub(r":(\d{4,})\b", lambda n: ":~" + n[1][:max(2, len(n[1]) - 4)], reply)
                if argv[0] in (b"ttl", b"pttl", b"expiretime", b"pexpiretime") or place >= 3 else reply
                for place, reply in enumerate(replies)]


if __name__ == "__main__":
    main()
