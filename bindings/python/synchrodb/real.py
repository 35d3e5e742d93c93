"""Runs a test on real servers, in real time: `test.on(synchrodb.LocalCluster(5))`.

The same objects as in the simulator: the workload's generator and `invoke`, the nemesis' plan of
faults, the checker. Each client is a thread with a connection of its own; what it does not know
("unknown") makes it a new process, as in Jepsen. The faults strike in the first two thirds of the
time, then all heals; clients go on until the last tenth; then come the final reads.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import queue
import random as _random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from . import _core
from .checkers.base import Verdict
from .cluster import ClusterError, LocalCluster
from .history import History
from .interpreter import WAIT, Interpreter
from .real_faults import check_supported, unsupported
from .real_nemesis import RealNemesis
from .resp import Session
from .run import Run, made
from .server import named
from .table import Table

_FINAL_PATIENCE = 60.0
_LOOK = 0.2

# Options of the simulator that are options of the server too, under these names.
_OPTIONS = {
    "heartbeat-ms": "heartbeat-interval-ms", "election-timeout-ms": "election-timeout-ms",
    "pre-vote": "pre-vote", "check-quorum": "check-quorum", "lease": "lease",
    "lease-duration-ms": "lease-duration-ms", "clock-drift-bound-ppm": "clock-drift-bound-ppm",
    "max-entries-per-message": "max-entries-per-message",
    "max-bytes-per-message": "max-bytes-per-message",
    "max-inflight-messages": "max-inflight-messages", "max-inflight-bytes": "max-inflight-bytes",
    "append-linger-us": "append-linger-us", "thrifty-reads": "thrifty-reads",
    "read-linger-us": "read-linger-us", "read-round-interval-us": "read-round-interval-us",
    "max-uncommitted-bytes": "max-uncommitted-bytes", "compaction-tail": "compaction-tail",
    "confirm-after-ms": "wal-confirm-after-ms", "max-pending-requests": "max-pending-requests",
}
_SWITCHES = {"pre-vote", "check-quorum", "thrifty-reads"}
_LEASES = ("none", "log", "classical")


def server_options(options: dict[str, int]) -> dict[str, Any]:
    """A test's options as those of servers; `Unsupported` names those that only the simulator has.

    >>> server_options({"pre-vote": 0, "lease": 2})
    {'pre-vote': False, 'lease': 'classical'}
    """
    made: dict[str, Any] = {}
    for name, value in options.items():
        if name not in _OPTIONS:
            raise _core.Unsupported(f"options: servers have no {name}, which only the simulator "
                                    f"has; they have {', '.join(_OPTIONS)}")
        made[_OPTIONS[name]] = (bool(value) if name in _SWITCHES
                                else _LEASES[value] if name == "lease" else value)
    return made


class _Recorder:
    """The run's event log and samples, in the columns of a simulated run."""

    def __init__(self):
        self.start = time.monotonic()
        self._lock = threading.Lock()
        self.events: list[tuple] = []
        self.samples: list[tuple] = []

    def now(self) -> int:
        return round((time.monotonic() - self.start) * 1e9)

    def note(self, event: str, subject: str = "", node: int = -1, term: int = 0) -> None:
        with self._lock:
            self.events.append((self.now(), node, event, subject, term, 0, 0, 0))

    def trace(self) -> Table:
        rows = sorted(self.events, key=lambda row: row[0])
        return _table(rows, ("time", "node", "event", "subject", "term", "index", "peer", "extra"),
                      words=("event", "subject"))

    def sampled(self) -> Table:
        return _table(self.samples, (
            "time", "node", "running", "role", "term", "leader", "commit", "applied", "last",
            "clock_error", "keys"), words=("role",))


def _table(rows: list[tuple], names: tuple[str, ...], words: tuple[str, ...]) -> Table:
    import numpy as np

    columns: dict[str, Any] = {}
    for place, name in enumerate(names):
        items = [row[place] for row in rows]
        if name in words:
            known = tuple(dict.fromkeys(items))
            codes = {word: code for code, word in enumerate(known)}
            columns[name] = (np.array([codes[item] for item in items], np.int16), known)
        else:
            columns[name] = np.array(items, dtype=bool if name == "running" else np.int64)
    return Table(columns)


class _Client(threading.Thread):
    """A client of the workload: performs the calls that it is given, one at a time."""

    def __init__(self, number: int, session: Session, results: queue.SimpleQueue):
        super().__init__(name=f"client {number}", daemon=True)
        self._number = number
        self._session = session
        self._results = results
        self.calls: queue.SimpleQueue = queue.SimpleQueue()

    def run(self):
        while (call := self.calls.get()) is not None:
            try:
                told: Any = self._session.outcome(call)
            except BaseException as error:  # noqa: BLE001 (raised where the run is)
                told = error
            self._results.put((self._number, told))
        self._session.close()


class _Sampler(threading.Thread):
    """Asks every node now and then how it is."""

    def __init__(self, cluster: LocalCluster, nemesis: RealNemesis, recorder: _Recorder,
                 every: float):
        super().__init__(name="sampler", daemon=True)
        self._cluster, self._nemesis, self._recorder = cluster, nemesis, recorder
        self._every = every
        self.stopping = threading.Event()
        self._roles: dict[int, str] = {}

    def run(self):
        while not self.stopping.wait(self._every):
            for node in list(self._cluster.nodes.values()):
                self._sample(node)

    def _sample(self, node):
        said: dict[str, Any] = {}
        if node.running:
            try:
                said = node.status(timeout=0.5)
            except _core.Error:
                said = {}
        role, term = said.get("role", ""), said.get("term", 0)
        if role and role != self._roles.get(node.id):
            self._recorder.note(f"became-{role}", "", node.index, term)
            self._roles[node.id] = role
        self._recorder.samples.append((
            self._recorder.now(), node.index, node.running, role, term, said.get("leader", 0),
            said.get("commit", 0), said.get("applied", 0), said.get("last_index", 0),
            self._nemesis.clock_error(node.id), said.get("keys", 0)))


class _Driver:
    """One run: the interpreter here, its clients in threads, and who strikes and watches."""

    def __init__(self, cluster: LocalCluster, test: Any, plan: _core.Plan, *, timeout: float,
                 sample_every: float, progress: Callable[[float, str], None] | None,
                 stays: bool):
        self._stays = stays  # whether the cluster goes on after the run
        self.cluster, self.test, self.plan = cluster, test, plan
        self.recorder = _Recorder()
        self.nemesis = RealNemesis(cluster, plan, self.recorder.note)
        self.sampler = _Sampler(cluster, self.nemesis, self.recorder, sample_every)
        draw = _random.Random(f"{plan.seed}/workload")
        workload = test.workload
        self.interpreter = Interpreter(workload, workload.clients, draw, test.generator)
        self.results: queue.SimpleQueue = queue.SimpleQueue()
        self.clients = [
            _Client(number, Session(functools.partial(self._choose, itertools.count(number)),
                                    timeout), self.results)
            for number in range(workload.clients)]
        self.open = 0
        self._progress = progress
        self._next_look = 0.0

    def _choose(self, turn: Iterator[int]) -> str:
        """One node after the other, each client beginning elsewhere; dead ones too: clients do not
        know."""
        nodes = list(self.cluster.nodes.values())
        return nodes[next(turn) % len(nodes)].address

    # ---- The phases.

    def run(self) -> None:
        """All of it; what the workload raises comes out of here."""
        time_limit, until = self.plan.time, self.plan.faulty_time
        for node in self.cluster.nodes.values():
            self.recorder.note("started", "", node.index)
        for thread in (*self.clients, self.sampler):
            thread.start()
        try:
            self.nemesis.start(self.recorder.start)
            self._drive(until)
            self._heal()
            self._drive(time_limit * 0.9)
            self._finish()
            self.cluster.wait_until_serving()
            self.interpreter.final_phase(self.recorder.now())
            self._drive(self._seconds() + _FINAL_PATIENCE, quiet_end=True)
            self._finish()
        finally:
            self.interpreter.give_up(self.recorder.now())
            if self._stays:
                with contextlib.suppress(Exception):  # another one may be under way
                    self.nemesis.heal()
            self.nemesis.close()
            self.sampler.stopping.set()
            for client in self.clients:
                client.calls.put(None)
            for thread in (*self.clients, self.sampler):
                thread.join(10)

    def _seconds(self) -> float:
        return time.monotonic() - self.recorder.start

    def _heal(self) -> None:
        healing = threading.Thread(target=self._heal_beside, name="healing", daemon=True)
        self._healing_failed: BaseException | None = None
        healing.start()
        while healing.is_alive():  # the clients go on
            self._drive(self._seconds() + 0.1)
        if self._healing_failed is not None:
            raise self._healing_failed
        self.recorder.note("faulty-phase-ends")

    def _heal_beside(self) -> None:
        try:
            self.nemesis.heal()
        except BaseException as error:  # noqa: BLE001 (raised where the run is)
            self._healing_failed = error

    def _drive(self, until: float, quiet_end: bool = False) -> None:
        """Has the clients work until then, or until there is no more to do."""
        while (left := until - self._seconds()) > 0:
            self._look()
            wait = min(left, _LOOK)
            asked = self.interpreter.next(self.recorder.now())
            if asked is None:
                if quiet_end and self.open == 0:
                    return
            elif asked == WAIT:
                pass
            elif isinstance(asked, tuple):
                client, call = asked
                self._give(client, call)
                self._take(0)
                continue
            else:
                wait = min(wait, max((asked - self.recorder.now()) / 1e9, 0))
            self._take(wait)

    def _finish(self) -> None:
        """Waits for what is open; nothing new begins."""
        while self.open:
            self._look()
            self._take(_LOOK)

    def _give(self, client: int, call: Any) -> None:
        self.open += 1
        self.clients[client].calls.put(call)

    def _take(self, seconds: float) -> None:
        """Takes what has come, and waits so long for the first of it."""
        try:
            client, told = self.results.get(timeout=seconds) if seconds > 0 else \
                self.results.get_nowait()
            while True:
                self._completed(client, told)
                client, told = self.results.get_nowait()
        except queue.Empty:
            return

    def _completed(self, client: int, told: Any) -> None:
        self.open -= 1
        if isinstance(told, BaseException):
            raise told
        following = self.interpreter.completed(client, told, self.recorder.now())
        if following is not None:
            self._give(client, following)

    def _look(self) -> None:
        """Notices servers that ended of themselves."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK
        if self.nemesis.failure is not None:
            raise self.nemesis.failure
        for node in self.nemesis.ended_by_themselves():
            raise ClusterError(
                f"node {node.id} ended with {node.exit_code}, and nobody asked it to; its last "
                f"words:\n{node.log()[-2000:]}")
        if self._progress is not None:
            events = self.interpreter.history
            self._progress(min(self._seconds() / self.plan.time, 1.0),
                           f"{len(events):,} events")


def run_on(cluster: LocalCluster, test: Any, seed: int = 0, *, timeout: float | str = 5.0,
           sample_every: float | str = 0.25, unsupported: str = "refuse",
           progress: Callable[[float, str], None] | None = None) -> Run:
    """Runs a `Test` on a cluster; see the module's head.

    The seed fixes the plan of faults, their victims as far as they are drawn, and what clients ask
    for; not the timing. `timeout`: seconds for each command. `sample_every`: how often nodes are
    asked how they are. `unsupported`: `"refuse"` a nemesis that real servers cannot do in part, or
    `"skip"` that part. `progress(share, words)` is called now and then. A cluster that was not
    started is started, and ended afterwards; its folder is kept where the verdict is not ok, and
    whenever something is raised: that exception's attribute `history` has what was recorded.
    """
    from .client import seconds

    plan = _checked(cluster, test, seed, unsupported)
    patience = seconds(timeout, "timeout")
    interval = seconds(sample_every, "sample_every")
    ours = not cluster.started
    if ours:
        cluster.options = {**named(cluster.options), **server_options(dict(plan.options))}
        cluster.start()
    run = None
    driver = _Driver(cluster, test, plan, timeout=patience, sample_every=interval,
                     progress=progress, stays=not ours)
    try:
        driver.run()
        run = _run_of(driver, test, cluster, seed)
        return made(run)
    except BaseException as error:
        error.history = driver.interpreter.history
        _keep_history(cluster, error.history)
        raise
    finally:
        if ours:
            cluster.close(keep=run is None or run.verdict != "ok")


def _checked(cluster: LocalCluster, test: Any, seed: int, what_of_others: str) -> _core.Plan:
    """The plan, unless this test cannot run on this cluster."""
    from .workloads.base import Workload

    if what_of_others not in ("refuse", "skip"):
        raise _core.InvalidInput(f"unsupported: {what_of_others!r} is neither 'refuse' nor 'skip'")
    if test.protocol is not None:
        raise _core.Unsupported("protocol: real servers speak SynchroDB's own; a Protocol runs in "
                                "the simulator")
    for name in ("invariants", "live_nemeses"):
        if getattr(test, name):
            raise _core.Unsupported(f"{name}: see the inside of all nodes at once, which needs the "
                                    "simulator")
    if type(test.workload).invoke is Workload.invoke:
        raise _core.Unsupported(f"workload: {test.workload.name!r} is the simulator's own; use one "
                                "of synchrodb.workloads that has Python code (register, …)")
    if test.nodes != len(cluster.nodes):
        raise _core.InvalidInput(f"nodes: the test has {test.nodes}, the cluster "
                                 f"{len(cluster.nodes)}")
    plan = test.plan(seed)
    if what_of_others == "refuse":
        check_supported(plan)
    wanted = server_options(dict(plan.options))
    there = named(cluster.options)
    missing = {name: value for name, value in wanted.items() if there.get(name) != value}
    if cluster.started and missing:
        raise _core.InvalidInput(f"options: the cluster was started without {missing}; give them "
                                 "to LocalCluster, or let the test start it")
    if plan.faults and not cluster.fault_injection:
        raise _core.InvalidInput("nemesis: the cluster has fault_injection=False")
    return plan


def _run_of(driver: _Driver, test: Any, cluster: LocalCluster, seed: int) -> Run:
    history = History.from_events(driver.interpreter.history)
    checker = test.workload.checker() if test.checker is None else test.checker
    told: Verdict | None = None if checker is None else checker.check(history)
    verdict, violated, detail = "ok", "", ""
    if told is not None and told.valid is False:
        verdict, violated, detail = "violation", told.checker, told.detail
    elif told is not None and told.valid is None:
        verdict, detail = "unknown", told.detail
    logs = {**{f"node-{node.id}": node.log() for node in cluster.gone.values()}, **cluster.logs()}
    left_out = unsupported(driver.plan)
    if left_out:
        detail = "\n".join(filter(None, [detail, f"left out: {', '.join(left_out)}"]))
    return Run(verdict=verdict, violated=violated, detail=detail, history=history,
               plan=driver.plan, test=test, checked=told, world="real", logs=logs,
               faults=driver.nemesis.counts, script=test.workload.name if test.scripted else "",
               recorded={"trace": driver.recorder.trace(), "samples": driver.recorder.sampled()},
               reproduce=f"test.on(synchrodb.LocalCluster({test.nodes}), seed={seed})")


def _keep_history(cluster: LocalCluster, events: list[dict]) -> None:
    """Beside the data and the logs."""
    import json

    from .history import plain_event

    whole = History.from_events(events)
    try:
        with open(cluster.folder / "history.jsonl", "w", encoding="utf-8") as file:
            for event in whole:
                file.write(json.dumps(plain_event(event), default=repr) + "\n")
    except OSError as error:
        print(f"the history could not be kept: {error}", file=sys.stderr)
