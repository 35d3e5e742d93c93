#!/usr/bin/python3
"""synchrodb-cli's administration side, against a node with canned answers."""

import json
import os
import socket
import threading
import time

import cli_support
from cli_support import FAILED, NO_CONNECTION, OK, USAGE, Case, Stub, free_port

CLUSTER = "abcd0102030405060708090a0b0c0d0e"


class Administration(Case):
    def stub(self, *options):
        stub = Stub(self, *options)
        self.at = ("--rpc", f"127.0.0.1:{stub.port}")
        return stub

    def cluster(self, *words, code=OK, **options):
        return self.cli(*self.at, "cluster", *words, code=code, **options)

    def refused(self, *words, code=FAILED):
        return self.complaint(*self.at, "cluster", *words, code=code)


class Views(Administration):
    def three_nodes(self):
        """Two that answer and one that does not."""
        ports = [free_port() for _ in range(3)]
        members = []
        for node, port in enumerate(ports, 1):
            members += ["--member", f"{node}=127.0.0.1:{port}"]
        for node, port in enumerate(ports[:2], 1):
            Stub(self, "--node", node, "--port", port, *members)
        self.at = ("--rpc", f"127.0.0.1:{ports[1]}")
        return ports

    def test_status_asks_every_member(self):
        ports = self.three_nodes()
        lines = self.cluster("status").splitlines()
        self.assertEqual(lines[0], f"cluster {CLUSTER}: 3 nodes, leader 1")
        self.assertEqual(lines[1].split(), ["NODE", "ROLE", "TERM", "LEADER", "COMMIT", "APPLIED",
                                            "LOG", "KEYS", "MEMORY", "UPTIME", "VERSION"])
        self.assertEqual(lines[2].split(), ["1", "leader", "7", "1", "120", "119", "43..121", "32.0",
                                            "KiB", "1234", "3.0", "MiB", "1h", "2m", "0.1.0"])
        self.assertEqual(lines[3].split()[:2], ["2", "follower"])
        self.assertEqual(lines[4], f"3     unreachable at 127.0.0.1:{ports[2]}: Connection refused")

    def test_status_as_json(self):
        self.three_nodes()
        status = json.loads(self.cluster("status", "--json"))
        self.assertEqual((status["cluster"], status["leader"]), (CLUSTER, 1))
        self.assertEqual([node["reachable"] for node in status["nodes"]], [True, True, False])
        self.assertEqual(status["nodes"][1]["groups"][0]["durable_index"], 121)
        self.assertEqual(json.loads(self.cli("--json", *self.at, "cluster", "status")), status)

    def test_status_of_a_node_that_answers_for_another(self):
        other = self.stub("--node", 9)
        self.stub("--member", "1=127.0.0.1:1", "--member", f"2=127.0.0.1:{other.port}")
        self.assertIn("node 9 answers there", self.cluster("status"))

    def test_members(self):
        self.stub("--member", "1=10.0.0.1:17001", "--member", "2=10.0.0.2:17001")
        lines = self.cluster("members").splitlines()
        self.assertEqual(lines[1].split(),
                         ["1", "voter", "yes", "10.0.0.1:17001", "?", "yes", "101", "5", "ms", "ago"])
        self.assertEqual(json.loads(self.cluster("members", "--json"))[1]["match_index"], 102)

    def test_metrics(self):
        self.stub()
        self.assertIn('synchrodb_commands_total{command="set it"} 12\n', self.cluster("metrics"))
        self.assertEqual(json.loads(self.cluster("metrics", "--json")),
                         {'synchrodb_commands_total{command="set it"}': 12, "synchrodb_keys": 3})

    def test_wait_for_a_leader(self):
        self.stub("--leaderless", 3)
        self.assertEqual(self.cluster("wait"), "leader: 1\n")

    def test_wait_for_a_server(self):
        port = free_port()
        self.at = ("--rpc", f"127.0.0.1:{port}")
        late = threading.Timer(0.5, lambda: Stub(self, "--port", port))
        late.start()
        self.addCleanup(late.join)
        self.assertEqual(json.loads(self.cluster("wait", "--json")), {"leader": 1})

    def test_wait_in_vain(self):
        self.stub("--leaderless", 1_000_000)
        self.assertIn("knows no leader", self.refused("wait", "--timeout", 0.3))
        self.at = ("--rpc", f"127.0.0.1:{free_port()}")
        self.refused("wait", "--timeout", 0.3, code=NO_CONNECTION)
        self.stub("--password", "x")
        before = time.monotonic()
        self.assertIn("wrong password", self.refused("wait"))
        self.assertLess(time.monotonic() - before, 20)


class Changes(Administration):
    def test_what_the_node_is_told(self):
        stub = self.stub()
        for words, answer, call in [
            (["add", 4, "10.0.0.4:17001"], "node 4 is a voter now", "add 4 10.0.0.4:17001 voter"),
            (["add", 5, "[::1]:17001", "--learner"], "node 5 is a learner now",
             "add 5 [::1]:17001 learner"),
            (["remove", 4], "node 4 is no member any more; never give its id to another node",
             "remove 4"),
            (["transfer-leader"], "leader: 3", "transfer-leader 0"),
            (["transfer-leader", 2], "leader: 2", "transfer-leader 2"),
            (["snapshot"], "snapshot at index 42", "snapshot"),
            (["log-level", "debug"], "log level: debug", "log-level debug"),
            (["fault", "link", 3, "--drop"], "messages to node 3: disturbed",
             "link 3 drop 1 delay 0 loss 0"),
            (["fault", "link", "all", "--delay", 20, "--loss", 12.5], "messages to everyone",
             "link 0 drop 0 delay 20 loss 125000"),
            (["fault", "link", "all"], "as usual", "link 0 drop 0 delay 0 loss 0"),
            (["fault", "clock", "--wall", "-1.5s"], "-1500000000 ns off", "clock -1500000000"),
            (["fault", "clock"], "0 ns off", "clock 0"),
            (["fault", "disk", "--sync-delay", 30, "--full"], "disk: disturbed",
             "disk delay 30 full 1 fail 0"),
            (["fault", "disk"], "disk: as usual", "disk delay 0 full 0 fail 0"),
            (["fault", "power"], "the node is off", "power"),
        ]:
            with self.subTest(words=words):
                self.assertIn(answer, self.cluster(*words))
                self.assertEqual(stub.process.stdout.readline().strip(), call)

    def test_json(self):
        self.stub()
        self.assertEqual(json.loads(self.cluster("add", 4, "h:1", "--json")),
                         {"node": 4, "rpc": "h:1", "role": "voter"})
        self.assertEqual(json.loads(self.cluster("transfer-leader", "--json")), {"leader": 3})

    def test_a_refusal_is_told_in_the_server_s_words(self):
        self.stub()
        complaint = self.refused("add", 2, "h:1")
        self.assertIn("node 2 is a member already", complaint)
        for frill in ("remote exception", "expected"):
            self.assertNotIn(frill, complaint)
        error = self.cluster("add", 2, "h:1", "--json", code=FAILED)
        self.assertIn("node 2 is a member already", json.loads(error)["error"])

    def test_usage(self):
        self.stub()
        for words, word in [
            ([], "subcommand"), (["add"], "node"), (["add", "x", "h:1"], "x"), (["add", 4, "h"], "h"),
            (["add", 4, "h:99999"], "HOST:PORT"), (["add", 0, "h:1"], "0"), (["remove"], "node"),
            (["remove", -1], "-1"), (["log-level", "loud"], "loud"), (["fault"], "subcommand"),
            (["fault", "link", "x"], "x"), (["fault", "link", 1, "--loss", 101], "101"),
            (["fault", "clock", "--wall", "soon"], "soon"),
            (["fault", "clock", "--wall", "1e300h"], "1e300h"), (["status", "now"], "now"),
            (["restore", "f"], "synchrodb-server restore"), (["recover"], "synchrodb-server recover"),
            (["backup"], "file"), (["wait", "--timeout", "x"], "x"),
        ]:
            with self.subTest(words=words):
                self.assertIn(word, self.refused(*words, code=USAGE))


class Connections(Administration):
    def test_nobody_there(self):
        port = free_port()
        complaint = self.complaint("--rpc-port", port, "cluster", "status", code=NO_CONNECTION)
        for word in (f"127.0.0.1:{port}", "Connection refused", "--rpc-port"):
            self.assertIn(word, complaint)

    def test_the_port_follows_the_resp_port(self):
        self.assertIn("127.0.0.1:17001",
                      self.complaint("-h", "127.0.0.1", "-p", 7001, "--connect-timeout", 1, "cluster",
                                     "status", code=NO_CONNECTION))
        self.assertIn("--rpc-port",
                      self.complaint("-p", 60000, "cluster", "status", code=FAILED))

    def test_passwords(self):
        self.stub("--password", "open sesame")
        self.assertIn("wrong password", self.refused("status"))
        self.assertIn(CLUSTER, self.cluster("status", SYNCHRODB_PASSWORD="open sesame"))
        self.assertIn(CLUSTER, self.cli(*self.at, "-a", "open sesame", "cluster", "status"))

    def test_tls(self):
        certificate, key = self.certificate()
        self.stub("--cert", certificate, "--key", key)
        tls = ("--tls", "--cacert", certificate, "--server-name", "localhost")
        self.assertIn(CLUSTER, self.cli(*self.at, *tls, "cluster", "status"))
        self.complaint(*self.at, "--tls", "cluster", "status", code=NO_CONNECTION)

    def test_a_node_that_goes_away_before_it_answers(self):
        self.stub("--break", "remove")
        complaint = self.refused("remove", 4, code=NO_CONNECTION)
        self.assertIn("whether the call took effect is unknown", complaint)

    def test_a_node_that_says_nothing(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        self.at = ("--connect-timeout", 0.3, "--rpc", f"127.0.0.1:{listener.getsockname()[1]}")
        self.assertIn("timed out", self.refused("status", code=NO_CONNECTION))

    def test_a_server_of_another_kind(self):
        port = self.redis()
        self.at = ("--connect-timeout", 2, "--rpc", f"127.0.0.1:{port}")
        self.refused("status", code=NO_CONNECTION)

    def test_commands_of_redis_are_redis_own(self):
        port = self.redis()
        self.assertIn("cluster support disabled",
                      self.cli("-p", port, "cluster", "info", code=FAILED))
        self.stub()
        text = "cluster transfer-leader 2\nping\n"
        self.assertEqual(self.cli("-p", port, *self.at, stdin=text), "leader: 2\nPONG\n")


class Backups(Administration):
    def setUp(self):
        super().setUp()
        self.snapshot = self.folder / "snapshot"
        self.snapshot.write_bytes(os.urandom(5_500))
        self.node = self.stub("--snapshot", self.snapshot)

    def info(self, name, code=OK):
        return self.cli("cluster", "backup-info", name, "--json", code=code)

    def test_saves_and_describes(self):
        saved = json.loads(self.cluster("backup", "b", "--json"))
        self.assertEqual(json.loads(self.info("b")), saved)
        self.assertEqual((saved["cluster"], saved["index"], saved["node"], saved["bytes"]),
                         (CLUSTER, 42, 1, 5_500))
        self.assertLess(abs(saved["made_ms"] / 1000 - time.time()), 600)
        self.assertIn("b: whole", self.cli("cluster", "backup-info", "b"))
        self.assertEqual((self.folder / "b").read_bytes()[72:], self.snapshot.read_bytes())
        self.assertEqual((self.folder / "b").stat().st_mode & 0o077, 0)
        self.assertEqual(self.node.calls(),
                         ["status", "snapshot", "read-snapshot 0 0"] +
                         [f"read-snapshot 42 {offset}" for offset in range(1000, 5500, 1000)])

    def test_a_snapshot_that_is_there_already(self):
        self.cluster("backup", "b", "--no-snapshot")
        self.assertNotIn("snapshot", self.node.calls())

    def test_a_file_is_replaced_only_when_told(self):
        (self.folder / "b").write_text("precious", encoding="utf-8")
        self.assertIn("--replace", self.refused("backup", "b", code=USAGE))
        self.assertEqual((self.folder / "b").read_text(encoding="utf-8"), "precious")
        self.cluster("backup", "b", "--replace")
        self.info("b")

    def test_a_failure_leaves_nothing(self):
        self.stub("--snapshot", self.snapshot, "--break", "read-snapshot 42 2000")
        before = sorted(os.listdir(self.folder))
        self.refused("backup", "b", code=NO_CONNECTION)
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        self.refused("backup", "no/such/folder/b", code=USAGE)
        self.refused("backup", "/dev/full", "--replace", code=USAGE)

    def test_damage_is_found(self):
        self.cluster("backup", "b")
        good = (self.folder / "b").read_bytes()
        bad = self.folder / "bad"
        for at in (0, 9, 13, 20, 41, 57, 70, 72, 3_000, len(good) - 1):
            with self.subTest(at=at):
                bad.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
                self.assertIn("bad", json.loads(self.info("bad", code=FAILED))["error"])
        for name, data in [("empty", b""), ("short", good[:50]), ("cut", good[:-1]),
                           ("long", good + b"x")]:
            with self.subTest(name):
                bad.write_bytes(data)
                self.info("bad", code=FAILED)
        self.assertIn("version", json.loads(self._version(good, bad))["error"])
        self.info("missing", code=FAILED)

    def _version(self, good, bad):
        bad.write_bytes(good[:8] + b"\x02" + good[9:])
        return self.info("bad", code=FAILED)


if __name__ == "__main__":
    cli_support.main()
