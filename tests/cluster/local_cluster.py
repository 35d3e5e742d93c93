"""Real server processes of one cluster on the loopback: `synchrodb.LocalCluster`, whose nodes also
have the command line and what works on a folder offline.

    with LocalCluster(3) as cluster:
        cluster.kill(cluster.leader())
        cluster.wait_until_serving()
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench/peers"))
_BUILD = Path(__file__).resolve().parents[2] / "build/release"
sys.path.append(str(_BUILD / "python"))  # unless another build is named by PYTHONPATH

from synchrodb import cluster, server  # noqa: E402
from synchrodb.cluster import START_SECONDS, ClusterError  # noqa: E402, F401
from wire import resp_call  # noqa: E402


class Binaries:
    def __init__(self, server=None, cli=None, sim=None):
        self.server = str(server or _BUILD / "bin/synchrodb-server")
        self.cli = str(cli or _BUILD / "bin/synchrodb-cli")
        self.sim = str(sim or _BUILD / "bin/synchrodb-sim")


class Node(server.Node):
    """Speaks to its server without any code of the product: bytes, and ServerError for an error."""

    def call(self, *words, timeout=5):
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
        command = self.command()
        return subprocess.run([command[0], word, *map(str, words), *command[1:]], cwd=self.folder,
                              capture_output=True, text=True, timeout=timeout, check=False)


class LocalCluster(cluster.LocalCluster):
    node_class = Node

    def __init__(self, nodes=3, binaries=None, options=None, fault_injection=True):
        """`options`: of every server, by name: {"reads": "lease"}."""
        self.binaries = binaries or Binaries()
        super().__init__(nodes, self.binaries.server, options=options,
                         fault_injection=fault_injection)

    def fault(self, node_id, *words):
        """As an operator orders it; refused by servers without fault injection."""
        self.nodes[node_id].cli("cluster", "fault", *words)

    def break_disk(self, node_id, *words):
        """`fault disk` that ends the server at its next write: perhaps before it has answered."""
        node = self.nodes[node_id]
        node.cli("cluster", "fault", "disk", *words, check=False)
        self.wait(lambda: not node.alive, f"node {node_id} has ended of its disk")
