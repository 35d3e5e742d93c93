#!/usr/bin/python3
"""The comparison's own parts, and that it leaves nothing behind."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import drive
import failover
import peers
import table
from drive import Cell, Figures
from processes import PeerError, cpu_seconds_of_stat, find_binary, wait_until
from wire import ServerError, read_resp_reply, resp_request

PEERS = Path(__file__).resolve().parent / "peers.py"


def figures(throughput, p99=1.0, errors=0):
    return Figures(throughput, 0.5, p99, None, 0.01, errors, "no" if errors else "")


class Parsing(unittest.TestCase):
    def test_cpu_time_of_a_name_with_parentheses(self):
        stat = "42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0 100 0 0\n"
        self.assertAlmostEqual(cpu_seconds_of_stat(stat), 300 / os.sysconf("SC_CLK_TCK"))

    def test_cpu_time_of_this_process_grows(self):
        stat = Path("/proc/self/stat")
        before = cpu_seconds_of_stat(stat.read_text())
        wait_until(lambda: sum(range(100_000)) and cpu_seconds_of_stat(stat.read_text()) > before,
                   30, "CPU time")

    def test_redis_benchmark(self):
        text = ('WARNING: Could not fetch server CONFIG\n"test","rps","avg_latency_ms",'
                '"min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms",'
                '"max_latency_ms"\n"SET","1234.50","0.1","0.2","0.3","0.4","0.5","0.6"\n')
        parsed = drive.parse_redis_benchmark(text)
        self.assertEqual((parsed.throughput, parsed.p50, parsed.p99), (1234.5, 0.3, 0.5))
        self.assertIsNone(parsed.p999)
        with self.assertRaisesRegex(PeerError, "cannot connect"):
            drive.parse_redis_benchmark("cannot connect")

    def test_resp(self):
        self.assertEqual(resp_request("SET", b"k", 7), b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n7\r\n")

        def read(text):
            return read_resp_reply(io.BytesIO(text))

        self.assertEqual(read(b"*3\r\n:1\r\n*1\r\n$3\r\na\r\n\r\n$-1\r\n"), [1, [b"a\r\n"], None])
        with self.assertRaisesRegex(ServerError, "LOADING"):
            read(b"-LOADING wait\r\n")
        for cut in (b"", b"+O", b"$5\r\nab", b"*2\r\n:1\r\n"):
            with self.assertRaises(ConnectionError):
                read(cut)

    def test_a_missing_program_is_named_with_its_remedy(self):
        with self.assertRaisesRegex(PeerError, "no-such-program.*install it"):
            find_binary("no-such-program", "install it")


class Tables(unittest.TestCase):
    def setUp(self):
        self.set_cell = Cell("load", "set", 50, 1)
        self.middle = {
            ("synchrodb", self.set_cell): figures(6000, p99=2),
            ("etcd", self.set_cell): figures(1000, p99=5),
            ("redis", self.set_cell): figures(15000),
        }

    def test_medians(self):
        middle = table.median_figures([figures(1), figures(50, errors=2), figures(3)])
        self.assertEqual((middle.throughput, middle.errors, middle.first_error), (3, 2, "no"))
        self.assertIsNone(middle.p999)

    def test_targets(self):
        found = {t.words: t for t in table.targets(
            self.middle, {"synchrodb": [1, 3, 2], "etcd": [1]}, {"synchrodb": (0.005, 40)})}
        self.assertTrue(found["writes, pipeline 1, by etcd's (load)"].reached)
        self.assertTrue(found["p99 of writes, pipeline 1, by etcd's (load)"].reached)
        self.assertIs(found["writes, pipeline 1, by redis's (load)"].reached, False)
        self.assertIsNone(found["writes, pipeline 16, by redis's (load)"].reached)
        self.assertTrue(found["fail-over, median"].reached)
        self.assertIs(found["fail-over, median, by etcd's"].reached, False)
        self.assertTrue(found["idle: CPU a node"].reached)
        self.assertIs(found["idle: resident a node"].reached, False)

    def test_nothing_measured_is_no_verdict(self):
        for target in table.targets({}, {}, {}):
            self.assertIsNone(target.reached, target.words)

    def test_ratios_are_printed(self):
        lines = table.load_lines(self.middle)
        self.assertEqual(len(lines), 4)
        self.assertRegex(lines[1], r"synchrodb +6,000 +0\.40 +6\.00")
        self.assertIn("missed", "\n".join(table.target_lines(table.targets(self.middle, {}, {}))))


class FailOver(unittest.TestCase):
    def test_the_first_acknowledgement_ends_the_gap(self):
        opens = time.monotonic() + 0.2

        async def write(port):
            if port == 1:
                raise ConnectionRefusedError
            if time.monotonic() < opens:
                await asyncio.sleep(30)  # an early attempt that is never answered
            return True

        gap = asyncio.run(failover.first_acknowledged(write, [1, 2]))
        self.assertGreaterEqual(gap, 0.15)
        self.assertLess(gap, 5)

    def test_a_refused_write_is_no_acknowledgement(self):
        async def write(_):
            return False

        with self.assertRaisesRegex(PeerError, "no write was acknowledged"):
            asyncio.run(failover.first_acknowledged(write, [1], give_up=0.1))


def children_of(process_id):
    """The processes that any of its threads started and that live."""
    tasks = Path(f"/proc/{process_id}/task").iterdir()
    return [child for task in tasks for child in (task / "children").read_text().split()]


class CommandLine(unittest.TestCase):
    def run_peers(self, *arguments):
        command = [sys.executable, "-B", PEERS, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def test_bad_input(self):
        for arguments, words in [
            (["--only", "mysql"], "mysql: there are redis"),
            (["--measure", "speed"], "speed: there are load"),
            (["--rounds", "0"], "positive"),
            (["--only", "synchrodb", "--server", "/nowhere/server"], "/nowhere/server: no such"),
            (["--only", "redis", "--measure", "idle", "--dir", "/nowhere"], "/nowhere: no such"),
        ]:
            finished = self.run_peers(*arguments)
            self.assertEqual((finished.returncode, finished.stdout), (2, ""), finished.stderr)
            self.assertIn(words, finished.stderr)

    def test_trials_are_dealt_out(self):
        self.assertEqual([peers.share(10, part, 3) for part in range(3)], [4, 3, 3])

    def stop_it(self, number, exit_code):
        """Stops the program while redis runs: nothing may be left."""
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(
                [sys.executable, "-B", PEERS, "--only", "redis", "--measure", "idle", "--dir", folder],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            child = wait_until(lambda: children_of(process.pid), 30, "redis is started")[0]
            process.send_signal(number)
            process.communicate(timeout=30)
            self.assertEqual(process.returncode, exit_code)
            wait_until(lambda: not Path(f"/proc/{child}").exists(), 10, "redis is gone")
            return os.listdir(folder)

    def test_interrupted_or_terminated_it_leaves_nothing(self):
        self.assertEqual(self.stop_it(signal.SIGINT, 130), [])
        self.assertEqual(self.stop_it(signal.SIGTERM, 143), [])

    def test_killed_it_leaves_no_process(self):
        self.stop_it(signal.SIGKILL, -9)


if __name__ == "__main__":
    unittest.main()
