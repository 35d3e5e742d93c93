#!/usr/bin/python3
"""synchrodb-cli watch, at a real server."""

import json
import subprocess
import time

import cli_support
from cli_support import DEADLINE, NO_CONNECTION, OK, USAGE, Case, Programs, free_port


class Watch(Case):
    def setUp(self):
        super().setUp()
        self.port, self.rpc, http = free_port(), free_port(), free_port()
        server = subprocess.Popen(
            [Programs.stub, "--dir", self.folder / "data", "--port", str(self.port),
             "--rpc-port", str(self.rpc), "--http-port", str(http)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        until = time.monotonic() + DEADLINE
        while self.run_cli("-p", self.port, "set", "first", "1").returncode != OK:
            self.assertLess(time.monotonic(), until, "the server does not serve")
            time.sleep(0.05)

    def watch(self, *words):
        """The lines that a watch prints, until it is told to stop."""
        watch = subprocess.Popen(
            [Programs.cli, "--json", "-p", str(self.port), "--rpc-port", str(self.rpc), "watch",
             *words], stdout=subprocess.PIPE, env=self.environment, text=True)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        return watch.stdout

    def test_prints_what_happens_to_the_keys_of_the_prefix(self):
        self.cli("-p", self.port, "set", "user:1", "Ada")
        lines = self.watch("user:", "--from", "1")
        self.assertEqual(json.loads(lines.readline())["value"], "Ada")
        # It follows: what comes is not in the past any more.
        self.cli("-p", self.port, "set", "other", "x")
        self.cli("-p", self.port, "del", "user:1")
        self.cli("-p", self.port, "-x", "set", "user:2", stdin=b"a\xff")
        self.cli("-p", self.port, "flushall")
        told = [json.loads(lines.readline()) for _ in range(3)]
        self.assertEqual([line["change"] for line in told], ["deleted", "put", "cleared"])
        self.assertEqual(told[0]["key"], "user:1")
        self.assertEqual(told[1]["value"], {"base64": "Yf8="})
        indexes = [line["index"] for line in told]
        self.assertEqual(indexes, sorted(set(indexes)))

    def test_in_capitals_it_is_redis_command(self):
        self.assertEqual(self.cli("-p", self.port, "WATCH", "k").strip(), "OK")


class Misuse(Case):
    def test_needs_a_prefix(self):
        self.assertIn(b"PREFIX", self.run_cli("watch").stderr)
        self.cli("watch", code=USAGE)

    def test_says_that_nobody_is_there(self):
        finished = self.run_cli("--connect-timeout", "0.3", "--rpc", f"127.0.0.1:{free_port()}",
                                "watch", "x")
        self.assertEqual(finished.returncode, NO_CONNECTION)
        self.assertIn(b"nobody answers", finished.stderr)


if __name__ == "__main__":
    cli_support.main()
