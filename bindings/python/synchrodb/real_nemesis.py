"""A plan's faults on real servers: what `test.on(cluster)` does to them.

Each fault that can be had is a row of `SUPPORTED`. Several faults at once add up as in the
simulator: what every link, clock and disk should suffer follows from the faults that are under way,
and is brought about wherever a server runs, again after it was restarted.
"""

from __future__ import annotations

import random as _random
import shutil
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from . import _core
from .cluster import LocalCluster
from .nemesis import MOMENTARY
from .real_faults import (
    DEADLY,
    SUPPORTED,
    Disk,
    Link,
    Stroke,
    is_nature,
    partition,
    wanted_clock,
    wanted_disk,
    wanted_link,
)
from .server import named


class RealNemesis:
    """Does a plan's faults at their times, in a thread of its own; `heal` ends them all.

    `note(event, subject, node, …)` is told what happens. `failure` is what went wrong with itself.
    """

    def __init__(self, cluster: LocalCluster, plan: _core.Plan,
                 note: Callable[..., None]):
        self._cluster = cluster
        self._note = note
        self._draw = _random.Random(f"{plan.seed}/real")
        self._founders = sorted(cluster.nodes)
        self._active: list[Stroke] = []
        self._serial = 0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._lock = threading.RLock()
        self._life = threading.Lock()  # of what is down, and whether by our will
        self._wake = threading.Event()
        self._ended = False
        self._healing = False
        self._start = 0.0
        #: Nodes that are down by our will.
        self.down: set[int] = set()
        #: By fault: how often it was due, and how often it could be done.
        self.counts: dict[str, dict[str, int]] = {}
        self.failure: BaseException | None = None
        self._links: dict[tuple[int, int], Link] = {}
        self._clocks: dict[int, int] = {}
        self._disks: dict[int, Disk] = {}
        self._operator = ThreadPoolExecutor(2, thread_name_prefix="operator")
        self._orders: list[Any] = []
        self._bias = {pair: self._draw.random() for pair in
                      ((a, b) for a in range(1, 64) for b in range(1, 64))}
        self._next_id = max(self._founders) + 1
        self._newcomers: set[int] = set()
        self._wiped: set[int] = set()  # and came back under their old ids
        # What describes the world rather than a fault of it: it stays when all else heals.
        self._nature = [Stroke(action, self._founders, 0) for action in plan.faults
                        if is_nature(action)]
        for action in plan.faults:
            if not is_nature(action):
                self._at(action.at, lambda action=action: self._begin(action))
        self._thread = threading.Thread(target=self._run, name="nemesis", daemon=True)

    # ---- Time.

    def start(self, start: float) -> None:
        """From now on; `start`: when the run began, of `time.monotonic()`."""
        self._start = start
        self._thread.start()

    def heal(self) -> None:
        """Ends all faults: what is down by our will starts, and every node is told. May be called
        again."""
        with self._lock:
            self._healing = True
            self._timers.clear()
            while self._active:
                self._end(self._active[-1].serial)
        for order in self._orders:
            order.cancel()
        self._operator.shutdown(wait=True)
        self._give_up_wiped()
        for node in list(self._cluster.nodes.values()):
            if node.alive and node.paused:
                self._cluster.resume(node.id)
            if node.id in self.down:
                self._launch(node.id)
        deadline = time.monotonic() + 30
        while not self._reconcile():
            if time.monotonic() > deadline or self.failure:
                break
            time.sleep(0.05)
        if self.failure:
            raise self.failure
        self._settle_membership(30)

    def close(self) -> None:
        """Stops doing anything; what describes the world goes too."""
        self._ended = True
        self._wake.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(30)
        self._operator.shutdown(wait=False, cancel_futures=True)
        if self._nature:
            self._nature = []
            self._reconcile()

    def _at(self, when: float, what: Callable[[], None]) -> None:
        with self._lock:
            self._serial += 1
            self._timers.append((when, self._serial, what))
            self._timers.sort(key=lambda timer: timer[:2])
        self._wake.set()

    def _after(self, seconds: float, what: Callable[[], None]) -> None:
        self._at(time.monotonic() - self._start + seconds, what)

    def _run(self) -> None:
        try:
            while not self._ended:
                now = time.monotonic() - self._start
                with self._lock:
                    while self._timers and self._timers[0][0] <= now:
                        self._timers.pop(0)[2]()
                    due = self._timers[0][0] - now if self._timers else 1.0
                    level = self._reconcile()
                self._wake.wait(min(due, 0.5 if level else 0.05))
                self._wake.clear()
        except BaseException as error:  # noqa: BLE001 (raised where the run is)
            self.failure = error
            traceback.clear_frames(error.__traceback__)

    # ---- Faults.

    def _count(self, fault: str, what: str) -> None:
        self.counts.setdefault(fault, {"offered": 0, "applied": 0, "effective": 0})[what] += 1

    def _begin(self, action: Any) -> None:
        if self._healing or action.fault not in SUPPORTED:
            return
        self._serial += 1
        stroke = Stroke(action, self._victims(action), self._serial)
        self._active.append(stroke)
        only = stroke.victims[0] - 1 if len(stroke.victims) == 1 else -1
        self._note("fault-begins", action.fault, only)
        self._count(action.fault, "offered")
        if self._strike(stroke):
            self._count(action.fault, "applied")
        if action.lasting > 0:
            self._after(action.lasting, lambda: self._end(stroke.serial))

    def _end(self, serial: int) -> None:
        stroke = next((each for each in self._active if each.serial == serial), None)
        if stroke is None:
            return
        self._active.remove(stroke)
        only = stroke.victims[0] - 1 if len(stroke.victims) == 1 else -1
        self._note("fault-ends", stroke.action.fault, only)
        for node_id in stroke.victims:
            if stroke.action.fault == "pause-clock-running" and not self._suffers(
                    "pause-clock-running", node_id):
                self._resume(node_id)
            if stroke.action.fault in DEADLY and not self._may_end(node_id):
                self._mend(node_id, time.monotonic())

    def _may_end(self, node_id: int) -> bool:
        return any(self._suffers(fault, node_id) for fault in DEADLY)

    def _mend(self, node_id: int, since: float) -> None:
        """A disk is sound again: starts the server if it has ended, or still does."""
        node = self._cluster.nodes.get(node_id)
        if node is None or self._may_end(node_id):
            return
        told = self._disks.get(node_id, Disk())
        if not node.alive:
            self._launch(node_id)
        elif told.full or told.fail_syncs or time.monotonic() < since + 1:
            self._after(0.1, lambda: self._mend(node_id, since))
        else:
            with self._life:
                self.down.discard(node_id)

    def ended_by_themselves(self) -> list[Any]:
        """The nodes that are down, and not by our will."""
        with self._life:
            return [node for node in list(self._cluster.nodes.values())
                    if not node.alive and node.id not in self.down]

    def _suffers(self, fault: str, node_id: int) -> bool:
        return any(each.action.fault == fault and node_id in each.victims for each in self._active)

    def _victims(self, action: Any) -> list[int]:
        if action.nodes:
            return [index + 1 for index in action.nodes]
        ids = [node_id for node_id in self._founders if node_id in self._cluster.nodes]
        ids = ids or sorted(self._cluster.nodes)
        leader = None
        if action.target in ("leader", "follower", "followers"):
            leader = self._cluster.leader_or_none()
        if action.target == "leader" and leader:
            return [leader]
        others = [node_id for node_id in ids if node_id != leader]
        if action.target in ("follower", "followers") and leader and others:
            return others if action.target == "followers" else [self._draw.choice(others)]
        count = {"minority": (len(ids) - 1) // 2, "majority": len(ids) // 2 + 1, "": len(ids),
                 "all": len(ids)}.get(action.target, 1)
        return sorted(self._draw.sample(ids, count))

    def _strike(self, stroke: Stroke) -> bool:
        """Does what a fault does when it begins; False: it could not."""
        fault = stroke.action.fault
        if fault.startswith("partition-"):
            return self._partition(stroke)
        if fault in ("leadership-transfer", "membership-change"):
            order = self._transfer if fault == "leadership-transfer" else self._change_membership
            self._order(order, stroke)
            return True
        done = False
        for node_id in stroke.victims:
            done = self._strike_node(stroke, fault, node_id) or done
        return done

    def _strike_node(self, stroke: Stroke, fault: str, node_id: int) -> bool:
        node = self._cluster.nodes.get(node_id)
        if node is None:
            return False
        if fault in DEADLY:
            self.down.add(node_id)  # its next write ends it
        if fault in MOMENTARY or fault == "pause-clock-running":
            if not node.alive or node_id in self.down:
                return False
            return self._strike_process(stroke, fault, node_id)
        return True

    def _strike_process(self, stroke: Stroke, fault: str, node_id: int) -> bool:
        cluster = self._cluster
        if fault == "pause-clock-running":
            cluster.pause(node_id)
            self._note("paused", "", node_id - 1)
            return True
        if fault == "snapshot-now":
            self._order(lambda _: cluster.nodes[node_id].administration(10).take_snapshot(), stroke)
            return True
        self.down.add(node_id)
        if fault in ("restart", "reconfigured-restart") and not cluster.nodes[node_id].paused:
            cluster.nodes[node_id].process.stop()
        else:
            cluster.kill(node_id)
        self._note("killed", "", node_id - 1)
        self._forget_state_of(node_id)
        if fault == "reconfigured-restart":
            self._reconfigure(node_id, stroke.parameter("timeout-percent"))
        if fault == "wipe-and-rejoin":
            self._order(lambda _: self._replace(node_id), stroke)
            return True
        if fault == "wiped-under-old-name":
            shutil.rmtree(cluster.nodes[node_id].data, ignore_errors=True)
            self._wiped.add(node_id)
        pause = self._draw.uniform(0.1, 1) * stroke.parameter("down-ms") / 1000
        self._after(pause, lambda: self._launch(node_id))
        return True

    def _launch(self, node_id: int) -> None:
        node = self._cluster.nodes.get(node_id)
        if node is None or node.alive:
            return
        self._forget_state_of(node_id)
        with self._life:
            self._cluster.launch(node_id)
            if not self._may_end(node_id):
                self.down.discard(node_id)
        self._note("started", "", node_id - 1)

    def _resume(self, node_id: int) -> None:
        node = self._cluster.nodes.get(node_id)
        if node is not None and node.alive and node.paused:
            self._cluster.resume(node_id)
            self._note("resumed", "", node_id - 1)

    def _reconfigure(self, node_id: int, percent: int) -> None:
        options = named(self._cluster.options)
        standard = int(options.get("election-timeout-ms", 800))
        least = 3 * int(options.get("heartbeat-interval-ms", standard // 10))
        self._cluster.nodes[node_id].own_options["election-timeout-ms"] = max(
            standard * percent // 100, least + 1)

    def _partition(self, stroke: Stroke) -> bool:
        ids = sorted(self._cluster.nodes)
        kind = stroke.action.fault
        one = stroke.victims[0]
        if kind == "partition-isolate-leader":
            leader = self._cluster.leader_or_none()
            if leader is None:
                return False
            one = leader
            follow = stroke.parameter("follow-ms") / 1000
            if follow:
                self._after(max(follow, 0.1), lambda: self._follow(stroke.serial, one, follow))
        percent = stroke.parameter("percent") if kind == "partition-random" else 0
        stroke.links = partition(kind, ids, self._draw, one=one, percent=percent)
        return bool(stroke.links)

    def _follow(self, serial: int, cut_off: int, follow: float) -> None:
        """A partition that isolates each new leader too."""
        stroke = next((each for each in self._active if each.serial == serial), None)
        if stroke is None:
            return
        leader = self._cluster.leader_or_none()
        if leader is not None and leader != cut_off:
            stroke.links = partition(stroke.action.fault, sorted(self._cluster.nodes), self._draw,
                                     one=leader)
            cut_off = leader
        self._after(max(follow, 0.1), lambda: self._follow(serial, cut_off, follow))

    # ---- Operators: what takes a while, and may fail.

    def _order(self, what: Callable[[Stroke], Any], stroke: Stroke) -> None:
        def carry_out():
            try:
                what(stroke)
            except (_core.Error, KeyError, OSError) as error:
                self._note("refused", f"{stroke.action.fault}: {error}", -1)

        self._orders.append(self._operator.submit(carry_out))

    def _transfer(self, stroke: Stroke) -> None:
        leader = self._cluster.leader_or_none()
        if leader is not None:
            self._cluster.nodes[leader].administration(10).transfer_leader(0)

    def _change_membership(self, stroke: Stroke) -> None:
        cluster = self._cluster
        via = cluster.leader_or_none()
        if via is None:
            return
        voters = [row["node"] for row in cluster.nodes[via].administration(5).members()
                  if row["role"] == "voter"]
        kind = stroke.parameter("kind") or self._draw.choice((1, 2))
        if kind == 2 and len(voters) > stroke.parameter("min-voters"):
            leaver = self._draw.choice(voters)
            cluster.remove(leaver, via=via, timeout=10)
            if leaver in cluster.nodes:
                self._end_for_good(leaver)
        elif len(cluster.nodes) < len(self._founders) + 4:
            self._join(via)

    def _join(self, via: int) -> None:
        fresh, self._next_id = self._next_id, self._next_id + 1
        self._newcomers.add(fresh)
        self._cluster.new_node(fresh, via)
        self._note("started", "", fresh - 1)
        self._cluster.add(fresh, via=via, timeout=15)

    def _replace(self, node_id: int) -> None:
        """A machine lost its disk: its node leaves, another one joins."""
        self._end_for_good(node_id)
        via = self._cluster.leader(10)
        self._cluster.remove(node_id, via=via, timeout=15)
        self._join(self._cluster.leader(10))

    def _settle_membership(self, seconds: float) -> None:
        """What faults cut short is asked for again: whoever is gone for good leaves, whoever came
        joins. Else the cluster would wait for voters that never answer, and a newcomer for a
        leader that does not know it."""
        deadline = time.monotonic() + seconds
        while self._newcomers or self._cluster.gone:
            try:
                via = self._cluster.leader(10)
                operator = self._cluster.nodes[via].administration(10)
                roles = {row["node"]: row["role"] for row in operator.members()}
                for node_id in sorted(roles.keys() & self._cluster.gone.keys()):
                    self._cluster.remove(node_id, via=via, timeout=10)
                for node_id in sorted(self._newcomers & self._cluster.nodes.keys()):
                    if roles.get(node_id) != "voter":
                        self._cluster.add(node_id, via=via, timeout=10)
                return
            except (_core.Error, KeyError, OSError) as error:
                if time.monotonic() > deadline:
                    self._note("refused", f"membership-change: {error}", -1)
                    return
                time.sleep(0.2)

    def _give_up_wiped(self) -> None:
        """The others refuse them for good; a node that is alone has nobody to refuse it."""
        if len(self._founders) > 1:
            for node_id in sorted(self._wiped & self._cluster.nodes.keys()):
                self._end_for_good(node_id)
        self._wiped.clear()

    def _end_for_good(self, node_id: int) -> None:
        self.down.add(node_id)
        self._cluster.forget(node_id)
        self._note("killed", "", node_id - 1)

    # ---- What each link, clock and disk should suffer, and does.

    def _forget_state_of(self, node_id: int) -> None:
        """A process that has just started suffers nothing."""
        self._links = {pair: link for pair, link in self._links.items() if pair[0] != node_id}
        self._clocks.pop(node_id, None)
        self._disks.pop(node_id, None)

    def _reconcile(self) -> bool:
        """Tells the servers what has changed; False: not all of it could be told, or a clock jumps
        to and fro."""
        level = not any(each.action.fault == "clock-strobe" for each in self._active)
        with self._lock:
            for node in self._cluster.running():
                try:
                    self._reconcile_node(node)
                except (_core.Error, OSError):
                    level = False  # it starts, or ends, or is no longer there
        return level

    def _reconcile_node(self, node: Any) -> None:
        administration = None
        suffered = self._nature + self._active

        def told():
            nonlocal administration
            administration = administration or node.administration(1)
            return administration

        for target in list(self._cluster.nodes):
            if target == node.id:
                continue
            wanted = wanted_link(
                suffered, node.id, target, bias=self._bias[node.id, target])
            if wanted != self._links.get((node.id, target), Link()):
                told().set_link(target, *wanted)
                self._links[node.id, target] = wanted
        offset = wanted_clock(suffered, node.id, time.monotonic() - self._start)
        if offset != self._clocks.get(node.id, 0):
            told().set_clock_offset(offset)
            self._clocks[node.id] = offset
        disk = wanted_disk(suffered, node.id)
        if disk != self._disks.get(node.id, Disk()):
            self._disks[node.id] = disk
            told().set_disk(*disk)

    def clock_error(self, node_id: int) -> int:
        """By how much a node's wall clock is off, in nanoseconds, as it was told."""
        return self._clocks.get(node_id, 0)
