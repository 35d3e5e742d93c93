#!/usr/bin/python3
"""synchrodb-load against a real redis-server and, where it and gRPC are installed, a real etcd.

usage: load_test.py SYNCHRODB_LOAD [unittest options]
"""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from processes import free_ports
from servers import Etcd, UnsyncedRedis
from wire import resp_call

LOAD = None
OK, ERRORS, BAD_INPUT = 0, 1, 2


def run_load(*arguments):
    command = [LOAD, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


class Case(unittest.TestCase):
    system = None

    @classmethod
    def start(cls, system_class):
        folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.system = system_class(folder)
        cls.addClassCleanup(cls.system.stop)
        cls.system.start()

    def load(self, operation, *arguments, expect=OK):
        endpoints = ",".join(f"127.0.0.1:{port}" for port in self.system.ports)
        finished = run_load(self.system.protocol, "--endpoint", endpoints, "--operation", operation,
                            *arguments)
        self.assertEqual(finished.returncode, expect, finished.stderr + finished.stdout)
        return json.loads(finished.stdout)

    def check_report(self, report):
        self.assertEqual((report["errors"], report["first_error"]), (0, ""))
        latency = report["latency_us"]
        order = [latency[name] for name in ("p50", "p90", "p99", "p99.9", "max")]
        self.assertEqual(order, sorted(order))
        self.assertGreater(order[0], 0)
        self.assertAlmostEqual(
            report["throughput"], report["operations"] / report["seconds"], delta=1)


class Redis(Case):
    @classmethod
    def setUpClass(cls):
        cls.start(UnsyncedRedis)

    def setUp(self):
        self.call("FLUSHALL")
        self.call("CONFIG", "RESETSTAT")

    def call(self, *words):
        return resp_call(self.system.ports[0], *words)

    def calls_of(self, command):
        stats = self.call("INFO", "commandstats").decode()
        lines = [line for line in stats.splitlines() if line.startswith(f"cmdstat_{command}:")]
        return int(lines[0].split("calls=")[1].split(",")[0]) if lines else 0

    def test_fill_writes_each_key_once_and_gets_find_them(self):
        report = self.load("fill", "--key-space", 1003, "--connections", 5, "--threads", 2,
                           "--pipeline", 3, "--value-bytes", 7)
        self.check_report(report)
        self.assertEqual((report["operations"], self.calls_of("set")), (1003, 1003))
        self.assertEqual(self.call("DBSIZE"), 1003)
        self.assertEqual(self.call("GET", "key:000000001002"), b"x" * 7)
        report = self.load("get", "--key-space", 1003, "--requests", 2000)
        self.assertEqual((report["operations"], report["missing"]), (2000, 0))

    def test_reads_of_nothing_are_missing(self):
        report = self.load("get", "--requests", 500, "--pipeline", 4)
        self.check_report(report)
        self.assertEqual(report["missing"], 500)

    def test_all_that_is_reported_was_done(self):
        report = self.load("mixed", "--requests", 4000, "--set-percent", 25, "--threads", 2,
                           "--connections", 7, "--pipeline", 16)
        self.check_report(report)
        sets, gets = self.calls_of("set"), self.calls_of("get")
        self.assertEqual(sets + gets, report["operations"])
        self.assertAlmostEqual(sets, 1000, delta=150)

    def test_a_run_takes_its_time_and_leaves_the_warm_up_out(self):
        report = self.load("set", "--seconds", 0.5, "--warm-up", 0.5, "--connections", 4)
        self.check_report(report)
        self.assertGreaterEqual(report["seconds"], 0.45)
        self.assertEqual(report["all_operations"], self.calls_of("set"))
        self.assertLess(report["operations"], report["all_operations"])

    def test_large_values_go_through_small_buffers(self):
        options = ["--key-space", 4, "--value-bytes", 3_000_000, "--connections", 2, "--pipeline", 8]
        self.check_report(self.load("fill", *options))
        report = self.load("get", "--requests", 64, *options)
        self.check_report(report)
        self.assertEqual(report["missing"], 0)

    def test_many_connections(self):
        report = self.load("set", "--connections", 500, "--requests", 5000)
        self.check_report(report)
        self.assertEqual(report["operations"], 5000)

    def test_errors_of_the_server_are_counted_and_told(self):
        self.call("CONFIG", "SET", "maxmemory", "1")
        self.addCleanup(self.call, "CONFIG", "SET", "maxmemory", "0")
        report = self.load("set", "--requests", 100, expect=ERRORS)
        self.assertEqual((report["errors"], report["operations"]), (100, 0))
        self.assertIn("OOM", report["first_error"])

    @unittest.skipUnless(shutil.which("redis-benchmark"), "redis-benchmark is not installed")
    def test_redis_benchmark_reads_the_same_keys(self):
        self.load("fill", "--key-space", 100)
        subprocess.run(
            ["redis-benchmark", "-p", str(self.system.ports[0]), "-t", "get,set", "-r", "100", "-n",
             "2000", "-q"], check=True, capture_output=True)
        self.assertEqual(self.call("DBSIZE"), 100)


class BadServers(unittest.TestCase):
    """Servers of one answer."""

    def serve(self, answer, then_close):
        listener = socket.create_server(("127.0.0.1", 0))
        held = []

        def accept():
            try:
                while True:
                    connection, _ = listener.accept()
                    connection.recv(1000)
                    connection.sendall(answer)
                    connection.close() if then_close else held.append(connection)
            except OSError:
                pass

        thread = threading.Thread(target=accept)
        thread.start()

        def stop():
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for each in [listener, *held]:
                each.close()

        self.addCleanup(stop)
        return f"127.0.0.1:{listener.getsockname()[1]}"

    def assert_lost(self, endpoint, why):
        finished = run_load("resp", "--endpoint", endpoint, "--connections", 3, "--pipeline", 2,
                            "--timeout", 0.3, "--seconds", 5)
        self.assertEqual(finished.returncode, ERRORS)
        report = json.loads(finished.stdout)
        self.assertEqual((report["lost_connections"], report["errors"]), (3, 6))
        self.assertIn(why, report["first_error"])

    def test_one_that_closes(self):
        self.assert_lost(self.serve(b"", True), "")

    def test_one_that_is_silent(self):
        self.assert_lost(self.serve(b"", False), "no answer within")

    def test_one_that_speaks_something_else(self):
        self.assert_lost(self.serve(b"HTTP/1.1 400 Bad Request\r\n\r\n", False), "byte 72")


class CommandLine(unittest.TestCase):
    def assert_refused(self, arguments, exit_code, *words):
        finished = run_load(*arguments)
        self.assertEqual((finished.returncode, finished.stdout), (exit_code, ""))
        for word in words:
            self.assertIn(word, finished.stderr)

    def test_bad_input(self):
        server = ["resp", "--endpoint", "127.0.0.1:1"]
        self.assert_refused(["resp"], BAD_INPUT, "--endpoint")
        self.assert_refused(["resp", "--endpoint", "nowhere"], BAD_INPUT, "'nowhere'", "HOST:PORT")
        self.assert_refused([*server, "--operation", "delete"], BAD_INPUT, "delete")
        self.assert_refused([*server, "--pipeline", 0], BAD_INPUT, "--pipeline 0", "1 to 10000")
        self.assert_refused([*server, "--seconds", "nan"], BAD_INPUT, "--seconds")
        self.assert_refused([*server, "--threads", 9, "--connections", 8], BAD_INPUT, "--threads")

    def test_nobody_there(self):
        endpoint = f"127.0.0.1:{free_ports(1)[0]}"
        self.assert_refused(["resp", "--endpoint", endpoint, "--threads", 2], ERRORS, endpoint,
                            "refused")


def etcd_is_possible():
    if not shutil.which("etcd"):
        return False
    finished = run_load("etcd", "--endpoint", f"127.0.0.1:{free_ports(1)[0]}", "--timeout", 0.1)
    return "without gRPC" not in finished.stderr


class EtcdLoad(Case):
    @classmethod
    def setUpClass(cls):
        if not etcd_is_possible():
            raise unittest.SkipTest("etcd or gRPC is not installed (.ci/setup peers)")
        cls.start(Etcd)

    def test_fill_get_and_mixed(self):
        report = self.load("fill", "--key-space", 101, "--connections", 4, "--pipeline", 4)
        self.check_report(report)
        self.assertEqual(report["operations"], 101)
        report = self.load("get", "--key-space", 202, "--requests", 1000, "--connections", 4,
                           "--pipeline", 2, "--threads", 2)
        self.check_report(report)
        self.assertAlmostEqual(report["missing"], 500, delta=100)
        report = self.load("mixed", "--seconds", 0.5, "--connections", 3)
        self.check_report(report)

    def test_nobody_there(self):
        endpoint = f"127.0.0.1:{free_ports(1)[0]}"
        finished = run_load("etcd", "--endpoint", endpoint, "--timeout", 0.3)
        self.assertEqual((finished.returncode, finished.stdout), (ERRORS, ""))
        self.assertIn(endpoint, finished.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    LOAD = sys.argv.pop(1)
    unittest.main()
