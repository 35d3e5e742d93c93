"""Disks that are full, read-only or slow."""

import subprocess
import tempfile
import threading
import time
from pathlib import Path

from edge_support import Case, Client, ReplyError, Server, main


class Latency:
    """Calls `command` at `server` all the while; notes how long each took."""

    def __init__(self, server, *command):
        self.server = server
        self.command = command
        self.took = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        with Client(self.server.port) as client:
            while not self.stopping.is_set():
                begin = time.monotonic()
                client.call(*self.command)
                self.took.append(time.monotonic() - begin)
                time.sleep(0.005)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def quantile(self, part):
        return sorted(self.took)[int(part * (len(self.took) - 1))]


class Slow(Case):
    """Syncs that take 300 ms hold up neither heartbeats nor reads."""

    def elections(self, nodes):
        return sum(node.metric("raft_elections_total") for node in nodes)

    def run_with_slow(self, choose):
        nodes = self.cluster(3, "--enable-fault-injection")
        leader = self.leader_of(nodes)
        leader.client().call("SET", "key", "value")
        slow = choose(nodes, leader)
        before = self.elections(nodes)
        slow.cli("cluster", "fault", "disk", "--sync-delay", "300")
        with Latency(leader, "SET", "written", "x") as writes, \
                Latency(leader, "GET", "key") as at_leader, \
                Latency(nodes[0], "GET", "key") as anywhere:
            time.sleep(4)
        self.assertEqual(self.elections(nodes), before)
        self.assertEqual(self.leader_of(nodes), leader)
        print(f"slow {'leader' if slow is leader else 'follower'}: "
              f"writes p50 {writes.quantile(.5) * 1e3:.1f} ms p99 {writes.quantile(.99) * 1e3:.1f}; "
              f"reads p50 {at_leader.quantile(.5) * 1e3:.1f} p99 {at_leader.quantile(.99) * 1e3:.1f}")
        for reads in (at_leader, anywhere):
            self.assertGreater(len(reads.took), 100)
            self.assertLess(reads.quantile(0.9), 0.1)
        return writes

    def test_a_follower(self):
        writes = self.run_with_slow(lambda nodes, leader: next(n for n in nodes if n is not leader))
        self.assertLess(writes.quantile(0.9), 0.15)  # the other two are a majority

    def test_the_leader(self):
        writes = self.run_with_slow(lambda nodes, leader: leader)
        self.assertLess(writes.quantile(0.9), 0.15)  # its own sync is not waited for


class Full(Case):
    def test_a_follower_without_room_ends_and_the_others_go_on(self):
        nodes = self.cluster(3, "--enable-fault-injection")
        leader = self.leader_of(nodes)
        victim = next(node for node in nodes if node is not leader)
        victim.cli("cluster", "fault", "disk", "--full")
        client = leader.client()
        for number in range(50):
            self.assertEqual(client.call("SET", f"key{number}", "x" * 10000), "OK")
        self.assert_serves(leader)
        self.assertNotIn("assert", victim.log())

    def test_a_tmpfs_that_fills_up(self):
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder],
                          capture_output=True, check=False).returncode != 0:
            self.skipTest("no right to mount")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)
        server = Server(self, "--wal-segment-mb", "1", folder=folder / "data").started()
        server.log_file = server.log_file  # beside the folder
        client = server.client()
        acknowledged = 0
        said = ""
        try:
            for acknowledged in range(3000):
                client.call("SET", f"key{acknowledged}", "x" * 20000)
        except (ReplyError, OSError) as error:
            said = str(error)
        self.assertLess(acknowledged, 2999)
        log = server.log()
        self.assertRegex(log + said, "(?i)no space|full|room")
        self.assertNotIn("assertion", log.lower())

    def test_a_read_only_folder(self):
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder],
                          capture_output=True, check=False).returncode != 0:
            self.skipTest("no right to mount")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)
        server = Server(self, folder=folder / "data")
        server.log_file = self.folder / "read-only.log"
        said = server.refuses()
        self.assertIn("Read-only file system", said)
        self.assertIn(str(folder), said)


if __name__ == "__main__":
    main()
