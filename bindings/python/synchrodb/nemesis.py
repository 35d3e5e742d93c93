"""Nemeses: what goes wrong, where, and when.

Each function here makes a nemesis, a value; they add up with `+`. A nemesis becomes the faults of a
plan, the same for the same seed. When it strikes, one of:

- `every=5`: every 5 seconds, the first time after 5; a fault that lasts then lasts half of that, or
  as `lasting` says;
- `at=[3, "12.5s"]`: at these moments;
- `random=5`: at random, 5 seconds apart in the mean;
- neither: for the whole faulty phase; what is momentary strikes once, at random.

Whom it strikes: `targets="leader"`, `"follower"`, `"followers"`, `"random"`, `"minority"`,
`"majority"` or `"all"`, as it is at that moment; or a node's index, or several. `fault_table()` of
the package lists every fault with its parameters.

>>> from synchrodb import nemesis
>>> stacked = nemesis.partition("ring", every=5) + nemesis.clock(drift_ppm=300)
>>> for action in stacked.faults(nodes=5, until=12, seed=1):
...     print(action.fault, action.at, action.lasting)
clock-drift 0.0 12.0
partition-ring 5.0 2.5
partition-ring 10.0 2.0
"""

from __future__ import annotations

import functools
import random as _random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import _core

TARGETS = ("leader", "follower", "followers", "random", "minority", "majority", "all")
PARTITIONS = ("halves", "majority-minority", "isolate-one", "isolate-leader", "bridge", "ring",
              "random")
DISKS = ("latency", "stall", "lost-writes", "torn-write", "lost-rename", "bit-rot",
         "misdirected-write", "sync-failure", "full", "error")

#: Faults that strike and are over.
MOMENTARY = {"bit-rot", "crash", "restart", "wipe-and-rejoin", "leadership-transfer",
              "snapshot-now", "reconfigured-restart", "wiped-under-old-name"}
# Their victims stay the same in the whole run, so that the fault budget holds.
_DAMAGING = {"bit-rot", "misdirected-write", "wipe-and-rejoin"}
_CLUSTER_WIDE = {"partition-halves", "partition-majority-minority", "partition-isolate-leader",
                 "partition-bridge", "partition-ring", "partition-random", "membership-change",
                 "leadership-transfer"}
_ONE_VICTIM = {"partition-isolate-one", "one-way-loss", "disk-stall", "sync-failure", "disk-full",
               "disk-error", "crash", "restart", "pause-clock-running", "pause-clock-stopped",
               "slow-node", "reconfigured-restart", "clock-bound-violated", "wiped-under-old-name",
               "snapshot-now", "clock-offset", "clock-step", "clock-strobe", "clock-freeze",
               "lying-sync", "memory-limit"}


@functools.lru_cache(maxsize=1)
def _table() -> dict[str, dict]:
    return {row["name"]: row for row in _core.fault_table()}


def _refuse(argument: str, why: str) -> None:
    raise _core.InvalidInput(f"{argument}: {why}")


def seconds(value: Any, argument: str) -> float:
    """A time: a number of seconds, or a text such as `"1.5s"` or `"200ms"`.

    >>> seconds("200ms", "every")
    0.2
    """
    try:
        return _core.seconds(value)
    except (TypeError, ValueError) as error:
        said = str(error).partition(": ")[2]
        raise type(error)(f"{argument}: {said}") from None


# ---- When.


@dataclass(frozen=True)
class Schedule:
    """When a nemesis strikes, and how long that lasts; see the module's head."""

    every: float | None = None
    at: tuple[float, ...] | None = None
    random: float | None = None
    lasting: float | None = None

    def moments(self, until: float, momentary: bool, rng: _random.Random) -> list[tuple]:
        """Pairs (at, lasting) within the first `until` seconds.

        >>> Schedule(every=4).moments(10, False, None)
        [(4, 2.0), (8, 2.0)]
        """
        moments = self._starts(until, momentary, rng)
        fallback = {True: 0.0, False: (self.every or self.random or 0) / 2}[momentary]
        if self.lasting is not None:
            fallback = self.lasting
        elif not momentary and fallback == 0:
            fallback = until
        return [(at, min(fallback, until - at)) for at in moments]

    def _starts(self, until, momentary, rng):
        if self.at is not None:
            return [at for at in self.at if at < until]
        starts = []
        if self.every is not None:
            at = self.every
            while at < until and len(starts) < _MOST:
                starts.append(at)
                at = self.every * (len(starts) + 1)
        elif self.random is not None:
            at = rng.expovariate(1 / self.random)
            while at < until and len(starts) < _MOST:
                starts.append(at)
                at += max(rng.expovariate(1 / self.random), 1e-6)
        else:
            starts.append(rng.uniform(0, until) if momentary else 0.0)
        return starts


_MOST = 100_000


def _schedule(every: Any, at: Any, random: Any, lasting: Any) -> Schedule:
    given = [name for name, value in (("every", every), ("at", at), ("random", random))
             if value is not None]
    if len(given) > 1:
        _refuse(given[1], f"either {given[0]} or {given[1]}, not both; add two nemeses instead")
    if at is not None:
        several = at if isinstance(at, Iterable) and not isinstance(at, str) else [at]
        at = tuple(sorted(seconds(one, "at") for one in several))
    positive = {}
    for name, value in (("every", every), ("random", random), ("lasting", lasting)):
        positive[name] = None if value is None else seconds(value, name)
        if positive[name] == 0:
            _refuse(name, "must be more than 0 seconds")
    return Schedule(at=at, **positive)


def _targets(targets: Any) -> str | tuple[int, ...]:
    if isinstance(targets, str):
        if targets not in TARGETS:
            _refuse("targets", f"{targets!r} is none of {', '.join(TARGETS)}")
        return targets
    several = targets if isinstance(targets, Sequence) else (targets,)
    for one in several:
        if isinstance(one, bool) or not isinstance(one, int):
            raise TypeError(f"targets: must be a word or indexes of nodes, not {one!r}")
    if not several or min(several) < 0:
        _refuse("targets", "needs indexes of nodes, from 0")
    return tuple(several)


# ---- What.


@dataclass
class Injection:
    """What a nemesis brings into a plan."""

    faults: list[_core.FaultAction] = field(default_factory=list)
    buggify: dict[str, int] = field(default_factory=dict)
    options: dict[str, int] = field(default_factory=dict)
    beyond_budget: bool = False


@dataclass(frozen=True)
class Setting:
    """The plan for which a nemesis makes its faults."""

    nodes: int
    until: float  # seconds: the end of the faulty phase
    time: float
    seed: int
    options: dict[str, int] = field(default_factory=dict)
    damaged: tuple[int, ...] = ()  # who may suffer damage within the fault budget


class Nemesis:
    """What goes wrong in a run: a value. `a + b` is both at once.

    >>> crash(every=5) + loss()
    fault('crash', every=5.0) + fault('loss')
    """

    def parts(self) -> list[Nemesis]:
        """The nemeses that it is the sum of."""
        return [self]

    def inject(self, setting: Setting, rng: _random.Random) -> Injection:
        """Its faults for a setting; draws from `rng` alone."""
        raise NotImplementedError

    def __add__(self, other: Nemesis) -> Nemesis:
        if not isinstance(other, Nemesis):
            return NotImplemented
        return Stack((*self.parts(), *other.parts()))

    def faults(self, nodes: int, until: float, seed: int = 0) -> list[_core.FaultAction]:
        """What it does to `nodes` nodes in `until` seconds, for a seed.

        >>> [a.at for a in crash(at=[1, 2]).faults(nodes=3, until=10)]
        [1.0, 2.0]
        """
        return compile(self, nodes=nodes, until=until, time=until * 1.5, seed=seed).faults


@dataclass(frozen=True)
class Stack(Nemesis):
    """Several nemeses at once."""

    members: tuple[Nemesis, ...] = ()

    def parts(self):
        return list(self.members)

    def __repr__(self):
        return " + ".join(map(repr, self.members)) or "nothing()"


@dataclass(frozen=True)
class Fault(Nemesis):
    """One fault of the fault table, on a schedule; made by `fault` and the functions after it."""

    name: str
    schedule: Schedule
    targets: str | tuple[int, ...] | None
    parameters: tuple[tuple[str, int], ...]

    def inject(self, setting, rng):
        actions = []
        momentary = self.name in MOMENTARY
        for at, lasting in self.schedule.moments(setting.until, momentary, rng):
            actions.append(_core.FaultAction(
                fault=self.name, at=at, lasting=0 if momentary else lasting,
                parameters=dict(self.parameters), **self._victims(setting, rng)))
        beyond = _table()[self.name]["family"] == "beyond"
        return Injection(faults=actions, beyond_budget=beyond)

    def _victims(self, setting, rng):
        if isinstance(self.targets, tuple):
            return {"nodes": self.targets}
        if self.targets is not None:
            return {"target": self.targets}
        if self.name in _DAMAGING:
            if not setting.damaged:
                _refuse("nodes", f"{self.name} needs three nodes or more: with {setting.nodes} "
                                 "the fault budget allows no damage")
            return {"nodes": (rng.choice(setting.damaged),)}
        if self.name in _CLUSTER_WIDE:
            return {}
        return {"target": "random" if self.name in _ONE_VICTIM else "all"}

    def __repr__(self):
        said = [repr(self.name), *(f"{name.replace('-', '_')}={value}"
                                   for name, value in self.parameters)]
        for name in ("every", "at", "random", "lasting"):
            value = getattr(self.schedule, name)
            if value is not None:
                said.append(f"{name}={list(value) if name == 'at' else value!r}")
        if self.targets is not None:
            said.append(f"targets={self.targets!r}")
        return f"fault({', '.join(said)})"


@dataclass(frozen=True)
class Nature(Nemesis):
    """The network's delays or the disks' latency throughout the run, healthy phase included."""

    name: str
    parameters: tuple[tuple[str, int], ...]

    def inject(self, setting, rng):
        return Injection(faults=[_core.FaultAction(fault=self.name, target="all",
                                                   parameters=dict(self.parameters))])


@dataclass(frozen=True)
class Swarm(Nemesis):
    """The simulator's own choice of faults for a seed; made by `swarm`."""

    families: tuple[str, ...]
    beyond_budget: bool
    code_only: bool = False

    def inject(self, setting, rng):
        shape = _core.PlanShape(nodes=setting.nodes, time=setting.time, faults=self.families,
                                options=setting.options, beyond_budget=self.beyond_budget)
        plan = _core.generate_plan(setting.seed, shape)
        faults = [] if self.code_only else [
            action.replace(lasting=min(action.lasting, setting.until - action.at))
            for action in plan.faults if action.at < setting.until]
        return Injection(faults, dict(plan.buggify), dict(plan.options), self.beyond_budget)


def compile(nemesis: Nemesis | None, *, nodes: int, until: float, time: float, seed: int,
            options: dict[str, int] | None = None) -> Injection:
    """All that a nemesis brings into a plan. Each part draws from a stream of its own, so that one
    moves no other, wherever in the sum it stands.

    >>> compile(crash(at=3), nodes=3, until=10, time=15, seed=1).faults[0].fault
    'crash'
    """
    parts = [] if nemesis is None else nemesis.parts()
    budget = (nodes - 1) // 2
    if any(getattr(part, "name", "") == "membership-change" for part in parts):
        budget = min(budget, 1)
    damaged = _random.Random(f"{seed}/damaged").sample(range(nodes), budget)
    setting = Setting(nodes, until, time, seed, dict(options or {}), tuple(sorted(damaged)))
    whole = Injection()
    said = [repr(part) for part in parts]
    for position, part in enumerate(parts):
        alike = said[:position].count(said[position])
        made = part.inject(setting, _random.Random(f"{seed}/{said[position]}/{alike}"))
        whole.faults += made.faults
        whole.buggify.update(made.buggify)
        whole.options.update(made.options)
        whole.beyond_budget |= made.beyond_budget
    whole.faults.sort(key=lambda action: action.at)
    return whole


# ---- Any fault, by its name.


def fault(name: str, *, every: Any = None, at: Any = None, random: Any = None,
          lasting: Any = None, targets: Any = None, **parameters: int) -> Nemesis:
    """Any fault of `fault_table()`, with its parameters (underscores for hyphens).

    >>> fault("loss", ppm=200_000, at=5, lasting=2)
    fault('loss', ppm=200000, at=[5.0], lasting=2.0)
    >>> fault("los")
    Traceback (most recent call last):
    synchrodb.InvalidInput: name: unknown fault 'los'; did you mean 'loss'?
    """
    if not isinstance(name, str):
        raise TypeError(f"name: must be a text, not {type(name).__name__}")
    table = _table()
    if name not in table:
        _refuse("name", f"unknown fault {name!r}{_nearest(name, table)}")
    if name in ("buggify", "knobs"):
        _refuse("name", f"{name} is no timed fault: use nemesis.{name}()")
    known = table[name]["parameters"]
    given = []
    for key, value in parameters.items():
        parameter = key.replace("_", "-")
        if parameter not in known:
            of = f"has {', '.join(known).replace('-', '_')}" if known else "has none"
            raise TypeError(f"{key}: {name} has no such parameter; it {of}")
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{key}: must be an integer, not {type(value).__name__}")
        low, high = known[parameter]["low"], known[parameter]["high"]
        if not low <= value <= high:
            _refuse(key, f"{value} is outside {low} to {high}")
        given.append((parameter, value))
    chosen = None if targets is None else _targets(targets)
    return Fault(name, _schedule(every, at, random, lasting), chosen, tuple(given))


def _nearest(word: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _choose(argument: str, kind: str, kinds: Sequence[str]) -> str:
    if kind not in kinds:
        _refuse(argument, f"{kind!r} is none of {', '.join(kinds)}")
    return kind


def nothing() -> Nemesis:
    """No fault at all.

    >>> nothing().faults(nodes=3, until=10)
    []
    """
    return Stack()


# ---- Network.


def network(min_us: int = 200, mean_us: int = 500) -> Nemesis:
    """The network's nature: a delay of `min_us` plus an exponential one with mean `mean_us`,
    throughout the run.

    >>> network(mean_us=2_000).faults(nodes=3, until=10)[0].parameters["mean-us"]
    2000
    """
    made = fault("delay", min_us=min_us, mean_us=mean_us)
    return Nature("delay", made.parameters)


def partition(kind: str = "halves", **when: Any) -> Nemesis:
    """Nodes that cannot talk: `"halves"`, `"majority-minority"`, `"isolate-one"`,
    `"isolate-leader"` (with `follow_ms`, each new leader too), `"bridge"` (two halves that share a
    node), `"ring"` (each sees a majority, no two the same), `"random"` (`percent` of the links).

    >>> partition("isolate-leader", every=10, follow_ms=300)
    fault('partition-isolate-leader', follow_ms=300, every=10.0)
    """
    return fault("partition-" + _choose("kind", kind, PARTITIONS), **when)


def delay(**when: Any) -> Nemesis:
    """Slower messages for a while: `min_us`, `mean_us`. For the network's nature see `network`.

    >>> delay(mean_us=20_000, every=10)
    fault('delay', mean_us=20000, every=10.0)
    """
    return fault("delay", **when)


def bimodal_delay(**when: Any) -> Nemesis:
    """A share of the messages, `ppm`, takes `slow_us` more.

    >>> bimodal_delay(ppm=10_000)
    fault('bimodal-delay', ppm=10000)
    """
    return fault("bimodal-delay", **when)


def link_bias(**when: Any) -> Nemesis:
    """Each directed link gets a delay of its own, up to `max_us`.

    >>> link_bias(max_us=40_000)
    fault('link-bias', max_us=40000)
    """
    return fault("link-bias", **when)


def loss(**when: Any) -> Nemesis:
    """Messages vanish, `ppm` of them.

    >>> loss(ppm=100_000, targets="leader")
    fault('loss', ppm=100000, targets='leader')
    """
    return fault("loss", **when)


def one_way_loss(**when: Any) -> Nemesis:
    """Victims' messages are lost in one direction: `inbound=0` what they send, `1` what they get.

    >>> one_way_loss(inbound=1, every=5)
    fault('one-way-loss', inbound=1, every=5.0)
    """
    return fault("one-way-loss", **when)


def duplicate(**when: Any) -> Nemesis:
    """Messages arrive twice, `ppm` of them, the copy up to `late_us` later.

    >>> duplicate()
    fault('duplication')
    """
    return fault("duplication", **when)


def reorder(**when: Any) -> Nemesis:
    """Messages are held back, `ppm` of them, up to `late_us`, so that later ones overtake them.

    >>> reorder(ppm=300_000)
    fault('reordering', ppm=300000)
    """
    return fault("reordering", **when)


def flip_bits(**when: Any) -> Nemesis:
    """A bit flips in `ppm` of the messages; checksums must catch it.

    >>> flip_bits()
    fault('bit-flip')
    """
    return fault("bit-flip", **when)


def clog(**when: Any) -> Nemesis:
    """`percent` of the links hold everything back and deliver it all at the end.

    >>> clog(every=4, lasting=1)
    fault('clog', every=4.0, lasting=1.0)
    """
    return fault("clog", **when)


def bandwidth(**when: Any) -> Nemesis:
    """Links pass `bytes_per_second` through a buffer of `buffer_bytes`.

    >>> bandwidth(bytes_per_second=50_000)
    fault('bandwidth', bytes_per_second=50000)
    """
    return fault("bandwidth", **when)


MESSAGE_TYPES = ("vote-request", "vote-reply", "append-request", "append-reply", "snapshot-chunk",
                 "snapshot-reply", "timeout-now")


def drop_messages(type: str | None = None, **when: Any) -> Nemesis:
    """Messages of one type vanish: one of `MESSAGE_TYPES`; None: drawn when it strikes.

    >>> drop_messages("append-reply", every=5)
    fault('message-type-loss', type=3, every=5.0)
    """
    number = -1 if type is None else MESSAGE_TYPES.index(_choose("type", type, MESSAGE_TYPES))
    return fault("message-type-loss", type=number, **when)


# ---- Clocks, disks, processes.


def clock(*, offset_ms: int | None = None, drift_ppm: int | None = None,
          step_ms: int | None = None, strobe_ms: int | None = None, period_ms: int | None = None,
          freeze: bool = False, **when: Any) -> Nemesis:
    """Clocks that are wrong: off by `offset_ms`, fast by `drift_ppm` (negative: slow), jumping once
    by `step_ms` or to and fro by `strobe_ms` each `period_ms`, or standing still. Several at once
    add up. Drift strikes all nodes unless told otherwise, each other kind a random one.

    >>> clock(drift_ppm=300) + clock(step_ms=-500, every=10, targets="leader")
    fault('clock-drift', ppm=300) + fault('clock-step', step_ms=-500, every=10.0, targets='leader')
    """
    made = []
    if offset_ms is not None:
        made.append(fault("clock-offset", offset_ms=offset_ms, **when))
    if drift_ppm is not None:
        made.append(fault("clock-drift", ppm=drift_ppm, **when))
    if step_ms is not None:
        made.append(fault("clock-step", step_ms=step_ms, **when))
    if strobe_ms is not None:
        period = {} if period_ms is None else {"period_ms": period_ms}
        made.append(fault("clock-strobe", step_ms=strobe_ms, **period, **when))
    elif period_ms is not None:
        _refuse("period_ms", "belongs to strobe_ms")
    if freeze:
        made.append(fault("clock-freeze", **when))
    if not made:
        raise TypeError("clock: needs offset_ms, drift_ppm, step_ms, strobe_ms or freeze")
    return made[0] if len(made) == 1 else Stack(tuple(made))


def disks(sync_min_us: int = 200, sync_max_us: int = 1_000) -> Nemesis:
    """The disks' nature: a sync takes between the two times, throughout the run.

    >>> disks(sync_max_us=10_000).faults(nodes=3, until=10)[0].fault
    'disk-latency'
    """
    made = fault("disk-latency", sync_min_us=sync_min_us, sync_max_us=sync_max_us)
    return Nature("disk-latency", made.parameters)


def disk(kind: str, **when: Any) -> Nemesis:
    """Disks that are slow, full, forgetful or wrong: `"latency"`, `"stall"`, `"lost-writes"`,
    `"torn-write"`, `"lost-rename"`, `"bit-rot"`, `"misdirected-write"`, `"sync-failure"`, `"full"`,
    `"error"`. Lost and torn writes need crashes to show.

    >>> disk("torn-write", sector_bytes=4096) + crash(every=3)
    fault('torn-write', sector_bytes=4096) + fault('crash', every=3.0)
    """
    name = _choose("kind", kind, DISKS)
    return fault(f"disk-{name}" if f"disk-{name}" in _table() else name, **when)


def crash(**when: Any) -> Nemesis:
    """The process dies at once and starts again after up to `down_ms`.

    >>> crash(every=5, targets="leader", down_ms=200)
    fault('crash', down_ms=200, every=5.0, targets='leader')
    """
    return fault("crash", **when)


def restart(**when: Any) -> Nemesis:
    """The process stops in good order and starts again after `down_ms`.

    >>> restart(every=5)
    fault('restart', every=5.0)
    """
    return fault("restart", **when)


def pause(clock: str = "running", **when: Any) -> Nemesis:
    """The process stops for a while; its clocks go on (`"running"`) or stop too (`"stopped"`).

    >>> pause(every=5, lasting=2, targets="leader")
    fault('pause-clock-running', every=5.0, lasting=2.0, targets='leader')
    """
    return fault("pause-clock-" + _choose("clock", clock, ("running", "stopped")), **when)


def slow(**when: Any) -> Nemesis:
    """Everything that the node does takes `extra_us` longer.

    >>> slow(extra_us=5_000)
    fault('slow-node', extra_us=5000)
    """
    return fault("slow-node", **when)


def wipe(**when: Any) -> Nemesis:
    """The machine loses its disk and comes back as a new member.

    >>> wipe(at=10)
    fault('wipe-and-rejoin', at=[10.0])
    """
    return fault("wipe-and-rejoin", **when)


def memory_limit(**when: Any) -> Nemesis:
    """A process whose log in memory outgrows `bytes` is killed.

    >>> memory_limit(bytes=32_768)
    fault('memory-limit', bytes=32768)
    """
    return fault("memory-limit", **when)


# ---- The cluster.


def membership(change: str = "any", **when: Any) -> Nemesis:
    """Members are added (`"add"`), removed (`"remove"`) or promoted (`"promote"`), never below
    `min_voters`.

    >>> membership("add", every=10)
    fault('membership-change', kind=1, every=10.0)
    """
    kinds = ("any", "add", "remove", "promote")
    return fault("membership-change", kind=kinds.index(_choose("change", change, kinds)), **when)


def transfer_leadership(**when: Any) -> Nemesis:
    """The leader is asked to hand over.

    >>> transfer_leadership(every=5)
    fault('leadership-transfer', every=5.0)
    """
    return fault("leadership-transfer", **when)


def snapshot(**when: Any) -> Nemesis:
    """A node makes a snapshot and drops its log behind it.

    >>> snapshot(every=5)
    fault('snapshot-now', every=5.0)
    """
    return fault("snapshot-now", **when)


def reconfigure(**when: Any) -> Nemesis:
    """A node restarts with its election timeout scaled to `timeout_percent`.

    >>> reconfigure(timeout_percent=200, at=3)
    fault('reconfigured-restart', timeout_percent=200, at=[3.0])
    """
    return fault("reconfigured-restart", **when)


# ---- Code, and beyond the budget.


def buggify() -> Nemesis:
    """Named sites in the engine take their rare path, drawn for the seed.

    >>> buggify().faults(nodes=3, until=10)
    []
    """
    return Swarm(("buggify",), False, code_only=True)


def knobs() -> Nemesis:
    """Tuning knobs take odd values, drawn for the seed; what the test fixes stays.

    >>> knobs()
    Swarm(families=('knobs',), beyond_budget=False, code_only=True)
    """
    return Swarm(("knobs",), False, code_only=True)


def lying_sync(**when: Any) -> Nemesis:
    """A sync reports success and is lost in the next crash. Beyond what Raft promises to survive.

    >>> lying_sync(ppm=900_000, targets="majority") + crash(every=5, targets="majority")
    ... # doctest: +ELLIPSIS
    fault('lying-sync', ppm=900000, targets='majority') + ...
    """
    return fault("lying-sync", **when)


def violate_clock_bound(**when: Any) -> Nemesis:
    """A wall clock is off by `offset_ms` beyond the bound that it claims, a monotonic clock drifts
    by `ppm`. Beyond what leases promise to survive.

    >>> violate_clock_bound(ppm=-500_000, targets="leader")
    fault('clock-bound-violated', ppm=-500000, targets='leader')
    """
    return fault("clock-bound-violated", **when)


def wipe_under_old_name(**when: Any) -> Nemesis:
    """The machine loses its disk and comes back under its old id. Beyond what Raft promises.

    >>> wipe_under_old_name(at=5)
    fault('wiped-under-old-name', at=[5.0])
    """
    return fault("wiped-under-old-name", **when)


def swarm(*families: str, beyond_budget: bool = False) -> Nemesis:
    """What the simulator would do of itself: each fault is left out with p = 1/2, what remains
    strikes at odd times and in storms. `families`: only from these families, names or first words
    (`"network"`, `"crash"`, `"partition"`); none: from all.

    >>> swarm("network", "process")
    Swarm(families=('network', 'process'), beyond_budget=False, code_only=False)
    """
    _core.PlanShape(faults=families)
    return Swarm(families, beyond_budget)
