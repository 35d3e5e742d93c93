"""Real servers: the processes of one cluster on this machine, and what can be done to them.

    with LocalCluster(3) as cluster:
        cluster.kill(cluster.leader())
        cluster.wait_until_serving()
        run = test.on(cluster)

Nodes are named by their ids, from 1, as they call themselves; a plan's index is the id minus 1. No
process outlives the program, however that ends. The folder goes when all ended well, and stays,
with data and logs, when something did not.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from . import _core
from .processes import Process, wait_until
from .server import Node, find_server

#: Patience, not a measure: a busy machine is no failure.
START_SECONDS = 60.0

_open: weakref.WeakSet[LocalCluster] = weakref.WeakSet()


class ClusterError(_core.Error):
    """A cluster of real servers is not as it should be; with the last lines of the logs.

    >>> issubclass(ClusterError, _core.Error)
    True
    """


class LocalCluster:
    """A cluster of server processes on this machine; see the module's head.

    `nodes`: how many founding members. `binary`: the server, see `find_server`. `directory`: for
    data and logs, empty or not there yet, and kept; None: a temporary one. `options`: of every
    server, by name, as `synchrodb-server --help` has them: `{"reads": "lease"}`. `fault_injection`:
    whether links, clocks and disks can be made to fail; a kill -9 is then a power failure too:
    what was not synced is in the process alone. `port`: of node 1 for Redis clients, the others
    follow; None: free ports.

    It starts with `with`, or `start()`. A test that is run on one that has not been started starts
    it, and ends it.

    >>> with LocalCluster(3) as cluster:
    ...     leader, (one, other) = cluster.leader(), cluster.followers()
    ...     cluster.kill(leader)  # kill -9
    ...     cluster.wait_until_serving(one, other)
    ...     print(cluster.leader() in (one, other), cluster.leader_or_none() == leader)
    ...     cluster.restart(leader)
    ...     cluster.wait_until_level()
    ...     print([row["alive"] for row in cluster.status()], sorted(cluster.logs()))
    ...     cluster.terminate(one)  # SIGTERM
    ...     cluster.launch(one)  # does not wait
    ...     cluster.wait_until_serving(one)
    True False
    [True, True, True] ['node-1', 'node-2', 'node-3']

    Faults, until they are healed, and changes of who is a member:

    >>> with LocalCluster(3) as cluster:
    ...     one, other = cluster.followers()
    ...     cluster.link(one, other, delay_ms=20, loss=0.1)
    ...     cluster.cut(other, one)  # one way
    ...     cluster.isolate(one)  # both ways, from everyone
    ...     cluster.clock(one, offset=-3600)
    ...     cluster.disk(one, sync_delay_ms=5)
    ...     cluster.heal()
    ...     cluster.pause(one)
    ...     cluster.resume(one)
    ...     cluster.lose_power(one)  # what was not synced is gone
    ...     cluster.restart(one)
    ...     newcomer = cluster.new_node(4, via=other)
    ...     cluster.add(4, via=other)
    ...     heard = cluster.wait(lambda: newcomer.status().get("role") == "follower", "it votes")
    ...     print(newcomer.acknowledges(), newcomer.status()["role"])
    ...     cluster.remove(4, via=other)
    ...     cluster.forget(4)
    ...     print(sorted(cluster.nodes), cluster.serves(other), "node 1" in cluster.tails())
    ...     print("--enable-fault-injection" in cluster.nodes[other].command())
    ...     print(len(cluster.nodes[other].administration().members()))
    True follower
    [1, 2, 3] True True
    True
    3
    """

    #: What its nodes are.
    node_class = Node

    def __init__(self, nodes: int = 3, binary: str | os.PathLike | None = None,
                 directory: str | os.PathLike | None = None,
                 options: Mapping[str, Any] | None = None, *, fault_injection: bool = True,
                 port: int | None = None):
        if isinstance(nodes, bool) or not isinstance(nodes, int):
            raise TypeError(f"nodes: must be an integer, not {type(nodes).__name__}")
        if not 1 <= nodes <= 15:
            raise _core.InvalidInput(f"nodes: {nodes} is outside 1 to 15")
        if options is not None and not isinstance(options, Mapping):
            raise TypeError(f"options: must be a dict, not {type(options).__name__}")
        if port is not None and not 1 <= port <= 65535 - nodes:
            raise _core.InvalidInput(f"port: {port} is no port of node 1 of {nodes}")
        self.binary = find_server(binary)
        self.fault_injection = fault_injection
        #: Of every server.
        self.options: dict[str, Any] = dict(options or {})
        if fault_injection:
            self.options["enable-fault-injection"] = True
        self._kept = directory is not None
        self.folder = _folder(directory)
        self.nodes: dict[int, Node] = {
            i: self.node_class(self, i, [], None if port is None else port + i - 1)
            for i in range(1, nodes + 1)}
        #: Nodes that left for good.
        self.gone: dict[int, Node] = {}
        founders = ",".join(f"{node.id}={node.rpc}" for node in self.nodes.values())
        for node in self.nodes.values():
            node.arguments = ["--initial-cluster", founders]
        #: Whether it was started and not closed.
        self.started = False

    # ---- Life and death.

    def __enter__(self) -> LocalCluster:
        self.start()
        return self

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> None:
        self.close(keep=kind is not None)

    def start(self) -> None:
        """Starts all nodes and waits until each serves."""
        if self.started:
            raise ClusterError("the cluster was started already")
        _open.add(self)
        self.started = True
        try:
            for node_id in self.nodes:
                self.launch(node_id)
            self.wait_until_serving(*self.nodes)
        except BaseException:
            self.close(keep=True)
            raise

    def close(self, keep: bool = False) -> None:
        """Ends all processes at once; removes the folder unless it is to be kept."""
        for node in self.nodes.values():
            node.process.kill()
        _open.discard(self)
        if keep and self.started:
            print(f"\nlogs and data are kept in {self.folder}", file=sys.stderr)
        elif not self._kept and not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.started = False

    def launch(self, node_id: int) -> None:
        """Starts a node's process and does not wait."""
        self._launch(self._node(node_id))

    def _launch(self, node: Node) -> None:
        if node.alive:
            raise ClusterError(f"node {node.id} runs already")
        node.process = Process(node.command(), node.folder)
        node.process.start()
        node.paused = False

    def kill(self, *node_ids: int) -> None:
        """kill -9, of all of them before any is waited for."""
        for node_id in node_ids:
            self._node(node_id).process.send(signal.SIGKILL)
        for node_id in node_ids:
            self._node(node_id).process.kill()

    def terminate(self, *node_ids: int) -> None:
        """SIGTERM, to all of them before any is waited for."""
        for node_id in node_ids:
            self._node(node_id).process.send(signal.SIGTERM)
        for node_id in node_ids:
            self._node(node_id).process.wait(START_SECONDS)

    def restart(self, *node_ids: int) -> None:
        """Starts them again and waits until each serves."""
        for node_id in node_ids:
            self.launch(node_id)
        self.wait_until_serving(*node_ids)

    def pause(self, node_id: int) -> None:
        """Stops it where it stands (SIGSTOP); its clocks go on."""
        node = self._node(node_id)
        node.paused = True
        node.process.send(signal.SIGSTOP)

    def resume(self, node_id: int) -> None:
        """Lets it go on (SIGCONT)."""
        node = self._node(node_id)
        node.process.send(signal.SIGCONT)
        node.paused = False

    # ---- Membership.

    def new_node(self, node_id: int, via: int) -> Node:
        """Another node, started with --join; it is no member before `add`."""
        node = self.node_class(self, node_id, ["--join", self._node(via).rpc])
        # Other threads watch the nodes, and one that does not run yet looks like one that has ended.
        self._launch(node)
        self.nodes[node_id] = node
        return node

    def add(self, node_id: int, via: int, learner: bool = False, timeout: float = 30) -> None:
        """Asks node `via` to make node `node_id` a member."""
        self._node(via).administration(timeout).add(node_id, self._node(node_id).rpc, learner)

    def remove(self, node_id: int, via: int, timeout: float = 30) -> None:
        """Asks node `via` to have node `node_id` leave; its process goes on."""
        self._node(via).administration(timeout).remove(node_id)

    def forget(self, node_id: int) -> None:
        """Ends a node's process for good."""
        self._node(node_id).process.kill()
        self.gone[node_id] = self.nodes.pop(node_id)

    def transfer_leadership(self, target: int = 0, timeout: float = 10) -> int:
        """Has the leader hand over, to `target` (0: whoever is the most up to date); the new
        leader."""
        return self._node(self.leader()).administration(timeout).transfer_leader(target)

    # ---- What they say.

    def running(self) -> list[Node]:
        """The nodes that are started, not ended, not stopped."""
        return [node for node in list(self.nodes.values()) if node.running]

    def leader_or_none(self) -> int | None:
        """Whom a majority takes for the leader, if that node runs."""
        votes: dict[int, int] = {}
        for node in self.running():
            try:
                named = node.status(timeout=1).get("leader", 0)
            except _core.Error:
                continue
            votes[named] = votes.get(named, 0) + 1
        votes.pop(0, None)
        if not votes:
            return None
        best = max(votes, key=lambda named: votes[named])
        believed = 2 * votes[best] > len(self.nodes)
        return best if believed and best in self.nodes and self.nodes[best].running else None

    def leader(self, seconds: float = START_SECONDS) -> int:
        """The leader's id, once there is one."""
        return self.wait(self.leader_or_none, "there is a leader", seconds)

    def followers(self) -> list[int]:
        """The ids of the other nodes that run."""
        leader = self.leader()
        return [node.id for node in self.running() if node.id != leader]

    def status(self) -> list[dict[str, Any]]:
        """What each node says of itself, with `node` (id), `alive` and `paused`; without more where
        it says nothing."""
        said = []
        for node in list(self.nodes.values()):
            row: dict[str, Any] = {"node": node.id, "alive": node.alive, "paused": node.paused}
            if node.running:
                try:
                    row.update(node.status(timeout=1))
                except _core.Error as error:
                    row["error"] = str(error)
            said.append(row)
        return said

    def serves(self, node_id: int) -> bool:
        """Whether a write through this node is acknowledged; ClusterError if it has ended."""
        node = self._node(node_id)
        if not node.alive:
            raise ClusterError(f"node {node_id} ended with {node.exit_code}: "
                               f"{' '.join(node.process.command)}\nits last words:\n"
                               f"{node.log()[-2000:]}")
        return node.acknowledges()

    def wait_until_serving(self, *node_ids: int, seconds: float = START_SECONDS) -> None:
        """Until a write through each of these nodes (default: all that run) is acknowledged."""
        for node_id in node_ids or [node.id for node in self.running()]:
            self.wait(lambda: self.serves(node_id),  # noqa: B023 (waited for at once)
                      f"a write through node {node_id} is acknowledged", seconds)

    def wait_until_level(self, seconds: float = START_SECONDS) -> None:
        """Until all running nodes have applied as much as the leader has committed now."""
        goal = self._node(self.leader()).status()["commit"]
        for node in self.running():
            self.wait(lambda: node.status()["applied"] >= goal,  # noqa: B023
                      f"node {node.id} has applied entry {goal}", seconds)

    def wait(self, condition: Callable[[], Any], what: str,
             seconds: float = START_SECONDS) -> Any:
        """Polls; ClusterError with the logs' last lines if it does not come to be."""
        try:
            return wait_until(condition, seconds, what)
        except TimeoutError as error:
            raise ClusterError(f"{error}\n{self.tails()}") from None

    def tails(self, lines: int = 12) -> str:
        """The last lines of every log."""
        return "\n".join(
            f"-- node {node.id} ({'alive' if node.alive else node.exit_code}):\n"
            + "\n".join(node.log().splitlines()[-lines:]) for node in self.nodes.values())

    def logs(self) -> dict[str, str]:
        """All that the nodes wrote: `{"node-1": …}`."""
        return {f"node-{node.id}": node.log() for node in self.nodes.values()}

    # ---- Faults; refused by servers without fault injection.

    def link(self, source: int, target: int, *, drop: bool = False, delay_ms: int = 0,
             loss: float = 0.0) -> None:
        """What becomes of the messages from `source` to `target`, this way only: dropped, later by
        so much, lost with this probability. Nothing of it: healed."""
        if not 0 <= loss <= 1:
            raise _core.InvalidInput(f"loss: {loss} is no probability")
        self._node(source).administration().set_link(target, drop, delay_ms, round(loss * 1e6))

    def cut(self, source: int, target: int) -> None:
        """One way: nothing that `source` sends reaches `target`."""
        self.link(source, target, drop=True)

    def isolate(self, node_id: int) -> None:
        """Both ways, from everyone."""
        for other in self.running():
            if other.id != node_id:
                self.cut(other.id, node_id)
                self.cut(node_id, other.id)

    def heal(self) -> None:
        """All links of the running nodes are as they were."""
        for node in self.running():
            node.administration().set_link(0, False, 0, 0)

    def clock(self, node_id: int, offset: float = 0.0) -> None:
        """Moves its wall clock by so many seconds from the true time; its monotonic clock stays."""
        self._node(node_id).administration().set_clock_offset(round(offset * 1e9))

    def disk(self, node_id: int, *, sync_delay_ms: int = 0, full: bool = False,
             fail_syncs: bool = False, lie: bool = False) -> None:
        """A slow, full, failing or lying disk; nothing of it: a sound one. A server whose disk is
        full or fails ends at its next write."""
        self._node(node_id).administration().set_disk(sync_delay_ms, full, fail_syncs, lie)

    def lose_power(self, node_id: int) -> None:
        """The process ends, and what was not synced is gone."""
        self._node(node_id).administration().lose_power()
        self._node(node_id).process.wait(START_SECONDS)

    # ---- Tests.

    def run(self, test: Any, seed: int = 0, **how: Any) -> Any:
        """Runs a `Test` here, in real time: what `test.on(cluster)` does; see `synchrodb.real`."""
        from .real import run_on

        return run_on(self, test, seed, **how)

    def _node(self, node_id: int) -> Node:
        if node_id not in self.nodes:
            known = ", ".join(map(str, self.nodes))
            raise _core.InvalidInput(f"node: there is no node {node_id!r}, but {known}")
        return self.nodes[node_id]

    def __repr__(self) -> str:
        how = "started" if self.started else "not started"
        return f"<LocalCluster of {len(self.nodes)} nodes, {how}, in {self.folder}>"


def _folder(directory: str | os.PathLike | None) -> Path:
    if directory is None:
        return Path(tempfile.mkdtemp(prefix="synchrodb-cluster-"))
    folder = Path(directory).resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise _core.InvalidInput(f"directory: {folder} is there already, and is no empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@atexit.register
def _close_all() -> None:
    """What nobody closed: its processes end, and its files stay."""
    for cluster in list(_open):
        cluster.close(keep=True)


def addresses(nodes: Iterable[Node]) -> list[str]:
    """RPC addresses, for `synchrodb.Client`.

    >>> addresses([])
    []
    """
    return [node.rpc for node in nodes]
