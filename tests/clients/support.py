"""What the tests of Redis clients share: a cluster of three server processes, and its leader's end."""

import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench/peers"))
from servers import SynchroDb  # noqa: E402
from wire import ServerError, resp_call  # noqa: E402, F401

FAIL_OVER_SECONDS = 30  # what a loaded machine may need; an idle one needs one or two

ALL_BYTES = bytes(range(256))
MEBIBYTE = 1024 * 1024


class Cluster(SynchroDb):
    """Three nodes, counted from 0, with data in a temporary folder that dies with the cluster."""

    def __init__(self, server):
        self._folder = tempfile.TemporaryDirectory(prefix="synchrodb-clients-")
        super().__init__(self._folder.name)
        self.program = str(Path(server).resolve(strict=True))

    # A machine that does other things meanwhile takes seconds for 16 MiB: what is tested here is
    # clients, not how long a leader may be silent.
    options = ["--election-timeout-ms", 2000, "--command-timeout-ms", 30000, "--loglevel", "debug"]

    def commands(self, binary):
        return [[*command, *self.options] for command in super().commands(self.program)]

    @classmethod
    def find(cls):
        return None  # commands() knows

    def stop(self):
        super().stop()
        self._folder.cleanup()

    def kill_leader(self):
        """kill -9, and the number of the node that was hit."""
        node = self.leader()
        self.kill(node)
        return node

    def wait_until_node_serves(self, node):
        deadline = time.monotonic() + FAIL_OVER_SECONDS
        while not self._takes_writes(node):
            if time.monotonic() > deadline:
                raise TimeoutError(f"node {node + 1} does not take writes")
            time.sleep(0.02)

    def heal(self):
        """Starts again whatever was killed."""
        for node, process in enumerate(self.processes):
            if not process.running:
                process.start()
        for node in range(self.nodes):
            self.wait_until_node_serves(node)

    def logs(self):
        return "\n".join(process.log.read_text(errors="replace") for process in self.processes)


class ClusterTest(unittest.TestCase):
    """One cluster for all tests of a class; each test finds it whole and empty."""

    server = None  # set by main()

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(cls.server)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()

    def setUp(self):
        self.cluster.heal()
        resp_call(self.cluster.ports[0], "FLUSHALL", timeout=FAIL_OVER_SECONDS)

    @property
    def ports(self):
        return self.cluster.ports

    def follower(self):
        """A node that does not lead."""
        return (self.cluster.leader() + 1) % self.cluster.nodes


def converse(cluster, command):
    """Runs a test that is another program; returns its exit code.

    The ports are in its environment. It asks on its standard output, a line with @ in front, and is
    answered on its standard input, when it is done: leader, kill NODE, restart NODE, reset. What
    else it says is for people.
    """
    def reset():
        cluster.heal()
        resp_call(cluster.ports[0], "FLUSHALL", timeout=FAIL_OVER_SECONDS)

    def restart(node):
        cluster.restart(int(node))
        cluster.wait_until_node_serves(int(node))

    words = {"leader": cluster.leader, "kill": lambda node: cluster.kill(int(node)),
             "restart": restart, "reset": reset}
    environment = os.environ | {"CLUSTER_PORTS": ",".join(str(port) for port in cluster.ports)}
    program = subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with program:
        for line in program.stdout:
            if not line.startswith("@"):
                print(line, end="", flush=True)
                continue
            word, *arguments = line[1:].split()
            answer = words[word](*arguments)
            program.stdin.write(f"{'done' if answer is None else answer}\n")
            program.stdin.flush()
    return program.returncode


def main(take_arguments=None):
    """usage: TEST SERVER [arguments of the test] [unittest options]"""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} SYNCHRODB_SERVER …")
    ClusterTest.server = str(Path(sys.argv.pop(1)).resolve(strict=True))
    if take_arguments:
        take_arguments(sys.argv)
    unittest.main(module="__main__")
