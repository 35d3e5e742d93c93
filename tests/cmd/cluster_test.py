#!/usr/bin/python3
"""`make cluster`: a cluster that starts, serves, outlives kill -9, keeps its data and stops.

usage: cluster_test.py BINARIES_FOLDER
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench/peers"))
from wire import resp_call  # noqa: E402

SECONDS = 60


def free_base(nodes):
    """A port such that what the nodes need from there on is free: RESP, RPC, HTTP."""
    for base in range(21000, 29000, 100):
        held = []
        try:
            for port in (base + offset + i for offset in (0, 10000, 20000) for i in range(nodes)):
                held.append(socket.socket())
                held[-1].bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
    raise RuntimeError("no free ports")


class ClusterScript(unittest.TestCase):
    binaries = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="synchrodb-cluster-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "cluster"
        self.port = free_base(3)

    def start(self, *options):
        process = subprocess.Popen(
            [ROOT / ".ci/cluster", self.binaries, "--folder", self.folder, "--port", str(self.port),
             *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        process.stdout.close()
        process.kill()
        process.wait()

    def heard(self, process, text):
        """What was said up to the line with this text."""
        said = ""
        for line in process.stdout:
            said += line
            if text in line:
                return said
        self.fail(f"{text!r} was not said, but:\n{said}")

    def serve(self):
        process = self.start()
        said = self.heard(process, "Ctrl-C")
        self.assertIn(f"redis-cli -p {self.port} set", said)
        return process, said

    def interrupt(self, process):
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
        self.assertEqual(process.wait(SECONDS), 0, said)
        self.assertIn("stopped", said)

    def eventually(self, condition):
        deadline = time.monotonic() + SECONDS
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def ports(self):
        return range(self.port, self.port + 3)

    def test_serves_until_it_is_interrupted_and_keeps_its_data(self):
        process, said = self.serve()
        pids = [int(word.rstrip(",")) for line in said.splitlines() if line.startswith("  node ")
                for word in [line.split("process ")[1].split(" ")[0]]]
        self.assertEqual(len(pids), 3)
        for writer in self.ports():
            self.assertEqual(resp_call(writer, "SET", "k", str(writer), timeout=SECONDS), b"OK")
            for reader in self.ports():
                self.assertEqual(resp_call(reader, "GET", "k", timeout=SECONDS), b"%d" % writer)
        self.interrupt(process)
        for pid in pids:
            self.assertFalse(Path(f"/proc/{pid}").exists())
        for port in self.ports():
            with self.assertRaises(ConnectionRefusedError):
                resp_call(port, "PING")
        logs = "".join(log.read_text() for log in self.folder.glob("node-*/log.txt"))
        self.assertEqual(logs.count("server: stopped"), 3)

        process, _ = self.serve()
        self.assertEqual(resp_call(self.port, "GET", "k", timeout=SECONDS), b"%d" % (self.port + 2))
        self.interrupt(process)

    def test_starts_a_node_again_that_was_killed(self):
        process, said = self.serve()
        time.sleep(5)  # what ends sooner is not started again
        pid = int(said.split("node 1: ")[1].split("process ")[1].split(",")[0])
        os.kill(pid, signal.SIGKILL)
        self.assertIn("node 1 ended (signal 9)", self.heard(process, "is back"))
        self.interrupt(process)

    def test_says_which_port_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.port + 10001))
            taken.listen()
            process = self.start()
            said = process.stdout.read()
        self.assertEqual(process.wait(SECONDS), 1)
        self.assertIn(f"port {self.port + 10001} (RPC of node 2): Address already in use", said)
        self.assertFalse(self.folder.exists())

    def test_refuses_another_shape(self):
        self.folder.mkdir()
        (self.folder / "cluster.json").write_text('{"nodes": 5, "port": 7001}')
        process = self.start()
        self.assertIn("NODES=5 PORT=7001; or CLEAN=1", process.stdout.read())
        self.assertEqual(process.wait(SECONDS), 1)

    def test_cleans_only_what_is_its_own(self):
        self.folder.mkdir()
        (self.folder / "precious").touch()
        process = self.start("--clean")
        self.assertIn("left alone", process.stdout.read())
        self.assertEqual(process.wait(SECONDS), 1)
        self.assertTrue((self.folder / "precious").exists())

    def test_shows_the_last_words_of_a_node_that_cannot_start(self):
        data = self.folder / "node-2" / "data"
        data.parent.mkdir(parents=True)
        data.write_text("not a folder")
        process = self.start()
        said = process.stdout.read()
        self.assertEqual(process.wait(SECONDS), 1)
        self.assertIn("node 2 ended (exit code 1)", said)
        self.assertIn(str(data), said)


if __name__ == "__main__":
    ClusterScript.binaries = Path(sys.argv.pop(1)).resolve(strict=True)
    unittest.main()
