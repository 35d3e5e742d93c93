"""Real server processes of one cluster on the loopback, and what can be done to them.

    with LocalCluster(3) as cluster:
        cluster.kill(cluster.leader())
        cluster.wait_until_serving()

Nodes are named by their ids, from 1. Processes are started by the thread that made the cluster: the
kernel ends them with that thread, however it ends. The folder goes when the `with` block ends well,
and stays, with all logs, when it does not.
"""

import json
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench/peers"))

from processes import PeerError, Process, wait_until  # noqa: E402
from servers import synchrodb_command  # noqa: E402
from wire import ServerError, resp_call  # noqa: E402

START_SECONDS = 60  # patience, not a measure: a busy machine is no failure
_BUILD = Path(__file__).resolve().parents[2] / "build/release/bin"


class ClusterError(Exception):
    """What is wrong, in words."""


class Binaries:
    def __init__(self, server=None, cli=None, sim=None):
        self.server = str(server or _BUILD / "synchrodb-server")
        self.cli = str(cli or _BUILD / "synchrodb-cli")
        self.sim = str(sim or _BUILD / "synchrodb-sim")


_given = set()


def quiet_ports(count):
    """Free ports outside the range from which the kernel takes those of outgoing connections, none
    twice in a process: a node that has not started yet does not hold its own.

    Inside it, the port of a dead node may be taken before the node comes back; or one that tries to
    reach it may connect to itself."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    draw = random.SystemRandom()
    held = {}
    try:
        while len(held) < count:
            port = draw.randrange(max(1024, lowest - 20_000), lowest)
            if port in held or port in _given:
                continue
            candidate = socket.socket()
            try:
                candidate.bind(("127.0.0.1", port))
                held[port] = candidate
            except OSError:
                candidate.close()
        _given.update(held)
        return list(held)
    finally:
        for candidate in held.values():
            candidate.close()


class Node:
    """One server process and its folder."""

    def __init__(self, cluster, node_id, arguments):
        self.cluster = cluster
        self.id = node_id
        self.port, self.rpc_port, self.http_port = quiet_ports(3)
        self.arguments = arguments
        self.paused = False
        self.process = None

    @property
    def rpc(self):
        return f"127.0.0.1:{self.rpc_port}"

    @property
    def folder(self):
        return self.cluster.folder / f"node-{self.id}"

    @property
    def data(self):
        return self.folder / "data"

    @property
    def running(self):
        """Started, not ended, not stopped."""
        return self.alive and not self.paused

    @property
    def alive(self):
        return self.process is not None and self.process.exit_code is None

    @property
    def exit_code(self):
        return self.process.exit_code

    def log(self):
        path = self.folder / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""

    def call(self, *words, timeout=5):
        """One Redis command on a connection of its own."""
        return resp_call(self.port, *words, timeout=timeout)

    def cli(self, *words, timeout=60, check=True):
        """synchrodb-cli, talking to this node; what it wrote."""
        done = subprocess.run(
            [self.cluster.binaries.cli, "-p", str(self.port), "--rpc-port", str(self.rpc_port),
             *map(str, words)],
            capture_output=True, text=True, timeout=timeout, check=False,
        )
        if check and done.returncode != 0:
            raise ClusterError(f"synchrodb-cli {' '.join(map(str, words))} (node {self.id}): "
                               f"{done.stdout}{done.stderr}")
        return done.stdout if check else done

    def offline(self, word, *words, timeout=60):
        """synchrodb-server WORD on this node's folder, with the options that the node is started
        with; the completed process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = self.cluster.command(self)
        return subprocess.run([command[0], word, *map(str, words), *command[1:]], cwd=self.folder,
                              capture_output=True, text=True, timeout=timeout, check=False)

    def status(self):
        """What it says of itself: role, term, leader, commit, applied, last_index …"""
        answer = json.loads(self.cli("cluster", "status", "--json"))
        mine = next(row for row in answer["nodes"] if row["node"] == self.id)
        return mine["groups"][0]


class LocalCluster:
    def __init__(self, nodes=3, binaries=None, options=None, fault_injection=True):
        """`options`: of every server, by name: {"reads": "lease"}."""
        self.binaries = binaries or Binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="synchrodb-cluster-"))
        self.options = [word for name, value in (options or {}).items()
                        for word in (f"--{name}", value)]
        if fault_injection:
            self.options.append("--enable-fault-injection")
        self.nodes = {i: Node(self, i, None) for i in range(1, nodes + 1)}
        founders = ",".join(f"{node.id}={node.rpc}" for node in self.nodes.values())
        for node in self.nodes.values():
            node.arguments = ["--initial-cluster", founders]

    # Life and death.

    def __enter__(self):
        try:
            self.start()
            return self
        except BaseException:
            self.close(keep=True)
            raise

    def __exit__(self, kind, value, traceback):
        self.close(keep=kind is not None)

    def start(self):
        for node_id in self.nodes:
            self.launch(node_id)
        self.wait_until_serving()

    def close(self, keep=False):
        """Ends all processes at once; removes the folder unless it is to be kept."""
        for node in self.nodes.values():
            if node.process:
                node.process.kill()
        if keep:
            print(f"\nlogs and data are kept in {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, node):
        """How a node is started, in its folder."""
        command = synchrodb_command(self.binaries.server, node.id, node.port, node.rpc_port,
                                    node.http_port, "")
        command = command[:command.index("--initial-cluster")] + node.arguments + self.options
        return [str(word) for word in command]

    def launch(self, node_id):
        """Starts a process and does not wait."""
        node = self.nodes[node_id]
        node.process = Process(self.command(node), node.folder)
        node.process.start()
        node.paused = False

    def kill(self, *node_ids):
        """kill -9, of all of them before any is waited for. With fault injection that is a power
        failure: what was not synced was in the process alone."""
        for node_id in node_ids:
            self.nodes[node_id].process.send(signal.SIGKILL)
        for node_id in node_ids:
            self.nodes[node_id].process.kill()

    def restart(self, *node_ids):
        """Starts them again and waits until each serves."""
        for node_id in node_ids:
            self.launch(node_id)
        self.wait_until_serving(*node_ids)

    def terminate(self, *node_ids):
        """SIGTERM, to all of them before any is waited for."""
        for node_id in node_ids:
            self.nodes[node_id].process.send(signal.SIGTERM)
        for node_id in node_ids:
            self.nodes[node_id].process.wait(START_SECONDS)

    def pause(self, node_id):
        self.nodes[node_id].paused = True
        self.nodes[node_id].process.send(signal.SIGSTOP)

    def resume(self, node_id):
        self.nodes[node_id].process.send(signal.SIGCONT)
        self.nodes[node_id].paused = False

    # Membership.

    def new_node(self, node_id, via):
        """Another node, started with --join; it is no member before `add`."""
        self.nodes[node_id] = Node(self, node_id, ["--join", self.nodes[via].rpc])
        self.launch(node_id)
        return self.nodes[node_id]

    def forget(self, node_id):
        """Ends a node's process for good."""
        node = self.nodes.pop(node_id)
        node.process.kill()

    # What they say.

    def running(self):
        return [node for node in self.nodes.values() if node.running]

    def leader_or_none(self):
        """Whom the greatest number of the running nodes take for the leader, if that node runs."""
        votes = {}
        by_port = {node.port: node.id for node in self.nodes.values()}
        for node in self.running():
            try:
                # One shard, its leader first: [[first slot, last slot, [host, port, …] …]]
                shards = node.call("CLUSTER", "SLOTS", timeout=1)
            except (OSError, ServerError):
                continue
            if shards and shards[0][2][1] in by_port:
                named = by_port[shards[0][2][1]]
                votes[named] = votes.get(named, 0) + 1
        if not votes:
            return None
        best = max(votes, key=votes.get)
        believed = 2 * votes[best] > len(self.nodes)
        return best if believed and self.nodes[best].running else None

    def leader(self, seconds=START_SECONDS):
        return self.wait(self.leader_or_none, "there is a leader", seconds)

    def followers(self):
        leader = self.leader()
        return [node.id for node in self.running() if node.id != leader]

    def serves(self, node_id):
        node = self.nodes[node_id]
        if not node.alive:
            raise ClusterError(f"node {node_id} ended with {node.exit_code}; its last words:\n"
                               f"{node.log()[-2000:]}")
        try:
            return node.call("SET", "harness:probe", "1") == b"OK"
        except (OSError, ServerError):
            return False

    def wait_until_serving(self, *node_ids, seconds=START_SECONDS):
        """A write through each of these nodes (default: all that run) is acknowledged."""
        for node_id in node_ids or [node.id for node in self.running()]:
            self.wait(lambda: self.serves(node_id),  # pylint: disable=cell-var-from-loop
                      f"a write through node {node_id} is acknowledged", seconds)

    def wait_until_level(self, seconds=START_SECONDS):
        """All running nodes have applied as much as the leader had when this was called."""
        goal = self.nodes[self.leader()].status()["commit"]
        for node in self.running():
            self.wait(lambda: node.status()["applied"] >= goal,  # pylint: disable=cell-var-from-loop
                      f"node {node.id} has applied entry {goal}", seconds)

    def wait(self, condition, what, seconds=START_SECONDS):
        try:
            return wait_until(condition, seconds, what)
        except PeerError as error:
            raise ClusterError(f"{error}\n{self.tails()}") from None

    def tails(self, lines=12):
        return "\n".join(
            f"-- node {node.id} ({'alive' if node.alive else node.exit_code}):\n"
            + "\n".join(node.log().splitlines()[-lines:]) for node in self.nodes.values()
        )

    # Faults; refused by servers without fault injection.

    def fault(self, node_id, *words):
        self.nodes[node_id].cli("cluster", "fault", *words)

    def break_disk(self, node_id, *words):
        """`fault disk` that ends the server at its next write: perhaps before it has answered."""
        node = self.nodes[node_id]
        node.cli("cluster", "fault", "disk", *words, check=False)
        self.wait(lambda: not node.alive, f"node {node_id} has ended of its disk")

    def cut(self, source, target):
        """One way: nothing that `source` sends reaches `target`."""
        self.fault(source, "link", target, "--drop")

    def isolate(self, node_id):
        """Both ways, from everyone."""
        for other in self.running():
            if other.id != node_id:
                self.cut(other.id, node_id)
                self.cut(node_id, other.id)

    def heal(self):
        for node in self.running():
            self.fault(node.id, "link", "all")

    def lose_power(self, node_id):
        self.fault(node_id, "power")
        self.nodes[node_id].process.wait(START_SECONDS)
