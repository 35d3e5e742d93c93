#!/usr/bin/python3
"""Debian's redis-cli and redis-benchmark, unchanged, against a cluster.

usage: redis_cli_test.py SERVER
"""

import csv
import io
import os
import re
import select
import subprocess

from support import ALL_BYTES, FAIL_OVER_SECONDS, MEBIBYTE, ClusterTest, main


class RedisCli(ClusterTest):
    def cli(self, *words, node=0, stdin=b"", options=()):
        command = ["redis-cli", "-p", str(self.ports[node]), *options, *words]
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=120)
        self.assertEqual(done.stderr, b"")
        return done.stdout

    def test_every_node_reads_what_every_node_wrote(self):
        for writer in range(3):
            self.assertEqual(self.cli("SET", "k", str(writer), node=writer), b"OK\n")
            for reader in range(3):
                self.assertEqual(self.cli("GET", "k", node=reader), b"%d\n" % writer)

    def test_third_protocol(self):
        self.cli("MSET", "a", "1", "b", "2")
        answer = self.cli("HELLO", "3", options=["-3", "--no-raw"])
        self.assertIn(b'"proto" => (integer) 3', answer)
        self.assertIn(b'"role" =>', answer)
        self.assertEqual(self.cli("GET", "none", options=["-3", "--no-raw"]), b"(nil)\n")
        self.assertEqual(self.cli("MGET", "a", "none", options=["-3", "--json"]), b'["1",null]\n')

    def test_commands_from_a_pipe(self):
        commands = b"MULTI\nSET t 1\nINCR t\nEXEC\nINCRBY t x\nGET t\n"
        self.assertEqual(
            self.cli(stdin=commands, node=self.follower()),
            b"OK\nQUEUED\nQUEUED\nOK\n2\nERR value is not an integer or out of range\n\n2\n")

    def test_watch_conflict(self):
        client = subprocess.Popen(
            ["redis-cli", "-p", str(self.ports[0])], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(client.stdout.close)
        client.stdin.write(b"WATCH w\n")
        client.stdin.flush()
        self.assertEqual(client.stdout.readline(), b"OK\n")
        self.cli("SET", "w", "other", node=1)
        client.stdin.write(b"MULTI\nSET w mine\nEXEC\nGET w\n")
        client.stdin.close()
        self.assertEqual(client.stdout.read(), b"OK\nQUEUED\n\nother\n")
        self.assertEqual(client.wait(10), 0)

    def test_bulk_loading(self):
        """--pipe: raw protocol in; it ends by an ECHO of its own."""
        load = b"".join(b"*3\r\n$3\r\nSET\r\n$5\r\nk%04d\r\n$1\r\nv\r\n" % i for i in range(5000))
        report = self.cli(options=["--pipe"], stdin=load, node=self.follower())
        self.assertIn(b"errors: 0, replies: 5000", report)
        self.assertEqual(self.cli("DBSIZE"), b"5000\n")

    def test_scan(self):
        self.cli("MSET", *(word for i in range(300) for word in (f"s:{i}", "1")), "other", "1")
        names = self.cli(options=["--scan", "--pattern", "s:*"], node=self.follower()).split()
        self.assertEqual(sorted(names), sorted(b"s:%d" % i for i in range(300)))

    def test_surveys_of_the_keyspace(self):
        self.cli("MSET", "small", "1", "big", "x" * 1000)
        self.assertRegex(self.cli(options=["--bigkeys"]), b'Biggest string found .*big.* has 1000 bytes')
        self.assertRegex(self.cli(options=["--memkeys"]), b'Biggest string found .*big.* has 1[0-9]{3} bytes')

    def test_binary_and_large_values(self):
        for value in (ALL_BYTES, ALL_BYTES * (MEBIBYTE // 256), ALL_BYTES * (16 * MEBIBYTE // 256)):
            self.assertEqual(
                self.cli("SET", "b", options=["-x"], stdin=value, node=self.follower()), b"OK\n")
            self.assertTrue(self.cli("GET", "b") == value + b"\n")

    def test_expiry(self):
        self.cli("SET", "e", "1", "PX", "50")
        self.assertEqual(self.cli("EXISTS", "e", options=["-r", "2", "-i", "0.3"])[-2:], b"0\n")

    def test_errors(self):
        self.assertEqual(
            self.cli("NOSUCH", "x"), b"ERR unknown command 'NOSUCH', with args beginning with: 'x' \n\n")
        self.assertEqual(
            self.cli("GET"), b"ERR wrong number of arguments for 'get' command\n\n")
        failed = subprocess.run(
            ["redis-cli", "-e", "-p", str(self.ports[0]), "INCR", "a", "b"], capture_output=True)
        self.assertEqual(failed.returncode, 1)

    def test_about_the_cluster(self):
        info = self.cli("INFO")
        for line in (b"redis_mode:cluster", b"loading:0"):
            self.assertIn(line, info)
        self.assertIn(b"cluster_state:ok", self.cli("CLUSTER", "INFO"))
        nodes = self.cli("CLUSTER", "NODES").strip().splitlines()
        self.assertEqual(len(nodes), 3)
        self.assertEqual(sum(b"master" in node for node in nodes), 1)
        self.assertIn(b"[OK] All 16384 slots covered", self.cli(
            options=["--cluster", "check", f"127.0.0.1:{self.ports[self.follower()]}"]))

    def test_cluster_mode_follows_a_redirection(self):
        for node in range(3):
            self.cli("CONFIG", "SET", "follower-mode", "moved", node=node)
        self.addCleanup(lambda: [
            self.cli("CONFIG", "SET", "follower-mode", "forward", node=node) for node in range(3)])
        follower = self.follower()
        self.assertTrue(self.cli("SET", "m", "1", node=follower).startswith(b"MOVED "))
        self.assertEqual(self.cli("SET", "m", "1", node=follower, options=["-c"]), b"OK\n")
        self.assertEqual(self.cli("GET", "m", node=follower, options=["-c"]), b"1\n")
        # What was sent elsewhere is missing in the transaction.
        half = self.cli(stdin=b"MULTI\nPING\nSET m 2\nEXEC\nGET m\n", node=follower).splitlines()
        self.assertEqual([line.split()[0] for line in half if line],
                         [b"OK", b"QUEUED", b"MOVED", b"EXECABORT", b"MOVED"])

    def test_fail_over_behind_a_follower_is_not_noticed(self):
        session = Session(self, self.ports[self.follower()])
        for i in range(1, 101):
            if i == 50:
                self.cluster.kill_leader()
            self.assertEqual(session.incr(), i)

    def test_fail_over_of_the_node_it_is_connected_to(self):
        leader = self.cluster.leader()
        session = Session(self, self.ports[leader])
        self.assertEqual([session.incr() for _ in range(50)], list(range(1, 51)))
        self.cluster.kill(leader)
        self.cluster.restart(leader)
        self.cluster.wait_until_node_serves(leader)
        self.assertEqual([session.incr() for _ in range(50)], list(range(51, 101)))


class Session:
    """Interactive redis-cli, which connects again with the next command, on a terminal."""

    def __init__(self, test, port):
        ours, theirs = os.openpty()
        # A dumb terminal gets no line editing: what is read back is replies and prompts.
        self._program = subprocess.Popen(
            ["redis-cli", "-p", str(port)], stdin=theirs, stdout=theirs, stderr=theirs,
            env=os.environ | {"TERM": "dumb"})
        os.close(theirs)
        self._ours = ours
        test.addCleanup(self.close)

    def incr(self):
        os.write(self._ours, b"INCR count\n")
        heard = b""
        while True:
            found = re.search(rb"\(integer\) (\d+)\r\n", heard)
            if found:
                return int(found[1])
            if b"not connected> " in heard:
                return self.incr()
            if not select.select([self._ours], [], [], FAIL_OVER_SECONDS)[0]:
                raise TimeoutError(f"no reply after: {heard!r}")
            heard += os.read(self._ours, 4096)

    def close(self):
        self._program.kill()
        self._program.wait()
        os.close(self._ours)


class RedisBenchmark(ClusterTest):
    def benchmark(self, node, *options):
        done = subprocess.run(
            ["redis-benchmark", "-p", str(self.ports[node]), "-c", "20", "-n", "2000", "--csv", *options],
            capture_output=True, text=True, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return {row["test"]: float(row["rps"]) for row in csv.DictReader(io.StringIO(done.stdout))}

    def test_one_command_at_a_time(self):
        for node in range(3):
            self.assertGreater(self.benchmark(node, "-t", "set,get")["SET"], 0)

    def test_pipelined(self):
        speed = self.benchmark(
            self.follower(), "-P", "16", "-r", "1000", "-t", "ping,set,get,incr,mset")
        self.assertEqual(set(speed), {
            "PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"})

    def test_third_protocol(self):
        self.assertGreater(self.benchmark(0, "-3", "-t", "set")["SET"], 0)


if __name__ == "__main__":
    main()
