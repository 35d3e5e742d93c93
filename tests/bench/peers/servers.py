"""The systems that are compared, each as a set of processes on the loopback.

A system has `name`, `protocol` ("resp" or "etcd"), `start()`, `stop()`, and, when started, `ports`
(where clients connect, one a node) and `processes`. Nodes are counted from 0.
"""

from pathlib import Path

from processes import PeerError, Process, find_binary, free_ports, wait_until
from wire import ServerError, etcd_call, etcd_put_body, resp_call

START_SECONDS = 30


class System:
    name = ""
    protocol = "resp"
    program = ""  # a name in PATH, or a path
    remedy = ""   # where to get it
    nodes = 1
    has_fail_over = False

    def __init__(self, folder):
        self.folder = Path(folder)
        self.ports = []
        self.processes = []

    @classmethod
    def find(cls):
        return find_binary(cls.program, cls.remedy)

    def start(self):
        """Starts all nodes with empty folders; returns when each of them takes writes."""
        self.processes = [
            Process(command, self.folder / f"node-{i + 1}")
            for i, command in enumerate(self.commands(self.find()))
        ]
        for process in self.processes:
            process.start()
        self.wait_until_serving()

    def stop(self):
        for process in self.processes:
            process.stop()

    def kill(self, node):
        self.processes[node].kill()

    def restart(self, node):
        self.processes[node].start()

    def wait_until_serving(self):
        for node in range(self.nodes):
            wait_until(
                lambda node=node: self._takes_writes(node), START_SECONDS,
                f"{self.name}: a write through node {node + 1} is acknowledged",
            )

    def _takes_writes(self, node):
        self.processes[node].check_alive()
        try:
            self.write(node)
            return True
        except (OSError, ServerError):
            return False

    def leader(self):
        """The leader's node number; waits until there is one."""
        if self.nodes == 1:
            return 0
        found = wait_until(self._leader_or_none, START_SECONDS, f"{self.name}: there is a leader")
        return found[0]

    def _leader_or_none(self):
        """(node,), or None: node 0 is a leader too."""
        try:
            node = self.find_leader()
        except (OSError, ServerError):
            return None
        return None if node is None else (node,)

    def cpu_seconds(self):
        return sum(process.cpu_seconds() for process in self.processes)

    # What differs between systems.

    def commands(self, binary):
        """The command of each node; sets self.ports."""
        raise NotImplementedError

    def write(self, node):
        """One acknowledged write through this node, or an exception. It leaves nothing: one that was
        given up may take effect later."""
        resp_call(self.ports[node], "DEL", "peers:probe")

    def find_leader(self):
        """The leader's number, or None."""
        raise NotImplementedError


class Redis(System):
    name = "redis"
    program = "redis-server"
    remedy = "Debian's package redis-server has it (.ci/setup peers)"
    persistence = ["--appendonly", "yes", "--appendfsync", "always"]

    def commands(self, binary):
        self.ports = free_ports(1)
        common = ["--bind", "127.0.0.1", "--daemonize", "no", "--save", ""]
        # No rewrite of the log while it is measured: that favours Redis.
        common += ["--auto-aof-rewrite-percentage", "0"]
        return [[binary, "--port", self.ports[0], *common, *self.persistence]]


class UnsyncedRedis(Redis):
    name = "redis-unsynced"
    persistence = ["--appendonly", "no"]


class Etcd(System):
    name = "etcd"
    protocol = "etcd"
    program = "etcd"
    remedy = "Debian's package etcd-server has it (.ci/setup peers)"
    nodes = 3
    has_fail_over = True

    def commands(self, binary):
        ports = free_ports(2 * self.nodes)
        self.ports, peers = ports[:self.nodes], ports[self.nodes:]
        cluster = ",".join(f"n{i}=http://127.0.0.1:{port}" for i, port in enumerate(peers))
        return [
            [binary, "--name", f"n{i}", "--data-dir", "data", "--initial-cluster", cluster,
             "--initial-cluster-state", "new", "--initial-cluster-token", "peers",
             "--listen-client-urls", f"http://127.0.0.1:{self.ports[i]}",
             "--advertise-client-urls", f"http://127.0.0.1:{self.ports[i]}",
             "--listen-peer-urls", f"http://127.0.0.1:{peers[i]}",
             "--initial-advertise-peer-urls", f"http://127.0.0.1:{peers[i]}",
             "--logger", "zap", "--log-level", "error"]
            for i in range(self.nodes)
        ]

    def write(self, node):
        etcd_call(self.ports[node], "/v3/kv/put", etcd_put_body("peers:probe", "1"))

    def find_leader(self):
        for node in range(self.nodes):
            status = etcd_call(self.ports[node], "/v3/maintenance/status")
            if status.get("leader") == status["header"]["member_id"]:
                return node
        return None


class SynchroDb(System):
    name = "synchrodb"
    program = str(Path(__file__).resolve().parents[3] / "build/release/bin/synchrodb-server")
    remedy = "`make build` builds it; --server names another; --only chooses other systems"
    nodes = 3
    has_fail_over = True

    def commands(self, binary):
        ports = free_ports(3 * self.nodes)
        self.ports, rpc, http = (ports[i * self.nodes:][:self.nodes] for i in range(3))
        cluster = ",".join(f"{i + 1}=127.0.0.1:{port}" for i, port in enumerate(rpc))
        return [
            synchrodb_command(binary, i + 1, self.ports[i], rpc[i], http[i], cluster)
            for i in range(self.nodes)
        ]

    def find_leader(self):
        for port in self.ports:
            try:
                # One shard, and its leader comes first: [[first slot, last slot, [host, port, …] …]]
                shards = resp_call(port, "CLUSTER", "SLOTS")
            except OSError:
                continue
            if shards and shards[0][2][1] in self.ports:
                return self.ports.index(shards[0][2][1])
        return None


def synchrodb_command(binary, node_id, port, rpc_port, http_port, cluster):
    """How a node of ours is started; see synchrodb-server --help."""
    return [binary, "--node-id", node_id, "--dir", "data", "--port", port, "--rpc-port", rpc_port,
            "--http-port", http_port, "--initial-cluster", cluster]


SYSTEMS = {system.name: system for system in (Redis, UnsyncedRedis, Etcd, SynchroDb)}


def chosen(names):
    """The classes of these names; all of their programs are there."""
    systems = []
    for name in names:
        if name not in SYSTEMS:
            raise PeerError(f"--only {name}: no such system; there are {', '.join(SYSTEMS)}")
        SYSTEMS[name].find()
        systems.append(SYSTEMS[name])
    return systems
