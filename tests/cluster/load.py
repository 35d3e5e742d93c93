"""Concurrent clients of a cluster, the histories that they leave, and the verdict.

    with Load(cluster, seed=7) as load:
        cluster.kill(cluster.leader())
        load.run_for(writes=500)
    load.verify()
"""

import random
import threading
import time
import zlib

from client import Client, Refused, Unknown
from history import History, judge
from local_cluster import ClusterError
from workloads import WORKLOADS

MOVE_AFTER = 40  # operations; then a client goes to another node
SETTLING_SECONDS = 10  # in which a server gives up what it was asked


def content(key):
    """What the unique key holds: some are long, so that the log's files change often."""
    number = zlib.crc32(key.encode())
    return f"value of {key}".encode() + b"." * (number % 40_000 if number % 8 == 0 else 0)


class Lost(AssertionError):
    """The cluster broke its word."""


class _Thread(threading.Thread):
    def __init__(self, load, seed):
        super().__init__(daemon=True)
        self.load = load
        self.draw = random.Random(seed)
        self.client = Client()
        self.operations = 0
        self.failure = None

    def run(self):
        try:
            while not self.load.stopping.is_set():
                if self.client.port is None or self.operations % MOVE_AFTER == 0:
                    self.move()
                self.operations += 1
                if not self.step():
                    self.move()
                    self.load.stopping.wait(0.01)  # others may know more: do not spin
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error
        finally:
            self.client.close()

    def move(self):
        self.client.connect(self.draw.choice(self.load.ports()))

    def step(self):
        """One operation; False: this node is of no use now."""
        raise NotImplementedError


class _Recorded(_Thread):
    """One client of one workload."""

    def __init__(self, load, seed, workload, history):
        super().__init__(load, seed)
        self.workload = workload
        self.history = history
        self.process = history.new_process()

    def step(self):
        return self.perform(self.workload.next(self.draw))

    def perform(self, operation):
        function, process = operation.function, self.process
        self.history.invoke(process, function, operation.value)
        try:
            reply = self.client.call(*operation.words)
        except Refused:
            self.history.refused(process, function, operation.value)
            return False
        except Unknown:
            # What only reads leaves no trace.
            if function == "read":
                self.history.refused(process, function, operation.value)
            else:
                self.history.info(process, function, operation.value)
                self.process = self.history.new_process()
            return False
        kind, value, result = operation.result(reply)
        if kind == "ok":
            self.history.ok(process, function, value, result)
        else:
            self.history.fail(process, function, value)
        return True


class _Unique(_Thread):
    """Writes keys that nobody else writes, each once, and remembers what it was told."""

    def __init__(self, load, seed, number):
        super().__init__(load, seed)
        self.number = number
        self.acknowledged, self.unknown, self.refused = [], [], []

    def step(self):
        key = f"unique:{self.number}:{self.operations}"
        try:
            self.client.call("SET", key, content(key))
            self.acknowledged.append(key)
            return True
        except Refused:
            self.refused.append(key)
        except Unknown:
            self.unknown.append(key)
        return False


class Load:
    def __init__(self, cluster, seed, workloads=tuple(WORKLOADS), clients=2, unique_clients=2):
        self.cluster = cluster
        self.stopping = threading.Event()
        draw = random.Random(seed)
        self._unique = [_Unique(self, draw.random(), i) for i in range(unique_clients)]
        self._histories = {}
        self._recorded = []
        for name in workloads:
            workload = WORKLOADS[name]()
            history = self._histories[name] = History(workload.model)
            self._recorded += [
                _Recorded(self, draw.random(), workload, history) for _ in range(clients)
            ]

    def ports(self):
        """Paused and dead nodes too: clients do not know."""
        return [node.port for node in list(self.cluster.nodes.values())]

    def __enter__(self):
        for thread in self._unique + self._recorded:
            thread.start()
        return self

    def __exit__(self, kind, value, traceback):
        self.stop()

    def stop(self):
        self.stopping.set()
        for thread in self._unique + self._recorded:
            thread.join(30)

    def acknowledged(self):
        return sum(len(thread.acknowledged) for thread in self._unique)

    def run_for(self, writes, seconds=60):
        """Until so many more of the unique writes are acknowledged."""
        goal = self.acknowledged() + writes
        self.cluster.wait(lambda: self._failed() or self.acknowledged() >= goal,
                          f"{writes} more writes are acknowledged", seconds)
        self._raise_failure()

    def _failed(self):
        return any(thread.failure for thread in self._unique + self._recorded)

    def _raise_failure(self):
        for thread in self._unique + self._recorded:
            if thread.failure:
                raise thread.failure

    # The verdict, of a healed cluster that serves.

    def verify(self):
        """Raises Lost unless the cluster kept its word; returns figures."""
        self._raise_failure()
        figures = {"acknowledged": self.acknowledged(), "refused": 0, "unknown": 0, "found": 0}
        self._verify_unique(figures)
        self.verify_histories(figures)
        self._verify_equal()
        return figures

    def verify_histories(self, figures):
        self._final_reads()
        for name, history in self._histories.items():
            path = self.cluster.folder / f"history-{name}.jsonl"
            history.write(path)
            verdict, words = judge(self.cluster.binaries.sim, path)
            if verdict != "valid":
                raise Lost(f"the history of {name} is {verdict}: {path}\n{words}")
            figures[name] = history.count("ok")
            figures["unknown"] += history.count("info")

    def lost_keys(self):
        """Acknowledged writes that are not there, as seen by a linearizable read."""
        return [key for thread in self._unique
                for key, value in self._read(thread.acknowledged).items()
                if value != content(key)]

    def _read(self, keys, node=None):
        node = node or self.cluster.running()[0]
        client = Client(timeout=30)
        client.connect(node.port)
        values = {}
        for at in range(0, len(keys), 500):
            piece = keys[at:at + 500]
            values.update(zip(piece, client.call("MGET", *piece)))
        client.close()
        return values

    def _verify_unique(self, figures):
        lost = self.lost_keys()
        if lost:
            raise Lost(f"{len(lost)} of {figures['acknowledged']} acknowledged writes are lost: "
                       f"{', '.join(lost[:5])} …")
        for thread in self._unique:
            figures["refused"] += len(thread.refused)
            figures["unknown"] += len(thread.unknown)
            present = [key for key, value in self._read(thread.refused).items() if value]
            if present:
                raise Lost(f"{present[0]}: the client was told that nothing was executed, but the "
                           "key is there")
            figures["found"] += sum(
                value is not None for value in self._read(thread.unknown).values())

    def _final_reads(self):
        """Through every node in turn: part of the histories."""
        for name, history in self._histories.items():
            reader = _Recorded(self, 0, WORKLOADS[name](), history)
            nodes = self.cluster.running()
            for i, key in enumerate(history.keys()):
                reader.client.connect(nodes[i % len(nodes)].port)
                operation = reader.workload.read(key)
                if not reader.perform(operation):
                    raise ClusterError(f"the last read of {key} was not answered")
            reader.client.close()

    def _verify_equal(self):
        """All nodes hold the same: stale reads of every key, once they have caught up.

        What was asked of a node that was stopped may be executed only now, between one node's copy
        and the next one's; what is really different stays so."""
        keys = [key for thread in self._unique for key in thread.acknowledged]
        keys += [key for history in self._histories.values() for key in history.keys()]
        end = time.monotonic() + SETTLING_SECONDS
        while True:
            self.cluster.wait_until_level()
            difference = self._difference(keys)
            if difference is None:
                return
            if time.monotonic() > end:
                raise Lost(difference)
            time.sleep(0.2)

    def _difference(self, keys):
        """Between two nodes' copies, in words; None: there is none."""
        copies = {node.id: self._copy(node, keys) for node in self.cluster.running()}
        first = min(copies)
        for node_id, values in copies.items():
            for key, mine, theirs in zip(keys, copies[first], values):
                if mine != theirs:
                    return f"{key} is {mine} on node {first} and {theirs} on node {node_id}"
        return None

    @staticmethod
    def _copy(node, keys):
        client = Client(timeout=30)
        client.connect(node.port)
        client.call("READONLY")
        values = [value for at in range(0, len(keys), 500)
                  for value in client.call("MGET", *keys[at:at + 500])]
        client.close()
        return values


def pause_between(draw, least, most):
    """Some time between two faults, so that the cluster is in any state when the next one comes."""
    time.sleep(draw.uniform(least, most))
