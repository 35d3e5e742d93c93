"""Which faults there are on real servers, and what several at once make of a link, a clock, a disk.

>>> one_way = Stroke(_core.FaultAction(fault="one-way-loss"), [1], 1)
>>> wanted_link([one_way], 1, 2, bias=0.0).loss_ppm, wanted_link([one_way], 2, 1, bias=0.0).loss_ppm
(1000000, 0)
"""

from __future__ import annotations

import functools
import random as _random
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from . import _core

Links = frozenset  # of (from, to): ids
#: They end a server at its next write.
DEADLY = ("sync-failure", "disk-full")


class Link(NamedTuple):
    """What becomes of messages of one link, one way."""

    drop: bool = False
    delay_ms: int = 0
    loss_ppm: int = 0


class Disk(NamedTuple):
    """How a disk is."""

    sync_delay_ms: int = 0
    full: bool = False
    fail_syncs: bool = False
    lie: bool = False


#: What there is on real servers, and how; the rest of the fault table needs the simulator.
SUPPORTED = {
    "delay": "every message of the victims' links min-us + mean-us later, in whole milliseconds",
    "link-bias": "each link slower by a delay of its own, up to max-us",
    "loss": "messages of the victims' links vanish",
    "one-way-loss": "the same, one way",
    "partition-halves": "links cut", "partition-majority-minority": "links cut",
    "partition-isolate-one": "links cut", "partition-isolate-leader": "links cut",
    "partition-bridge": "links cut", "partition-ring": "links cut", "partition-random": "links cut",
    "clock-offset": "the wall clock is off", "clock-step": "the wall clock jumps, and stays off",
    "clock-strobe": "the wall clock jumps to and fro",
    "disk-latency": "every sync takes sync-max-us more, in whole milliseconds",
    "disk-stall": "every sync takes stall-ms more",
    "lost-writes": "so it is in any case: kill -9 loses what was not synced",
    "sync-failure": "syncs fail, which ends the server; it starts again when that is over",
    "disk-full": "no space is left, which ends the server; it starts again when that is over",
    "crash": "kill -9, which is a power failure", "restart": "SIGTERM",
    "pause-clock-running": "SIGSTOP",
    "wipe-and-rejoin": "the data is gone, the node leaves, and a new one joins",
    "membership-change": "a node is added or removed",
    "leadership-transfer": "the leader is asked to hand over",
    "snapshot-now": "the server is asked for a snapshot",
    "reconfigured-restart": "SIGTERM, and other flags",
    "lying-sync": "syncs say that they worked and do nothing",
    "wiped-under-old-name": "kill -9, and the data is gone; the others refuse it, and it leaves",
}

def is_nature(action: Any) -> bool:
    """Whether an action describes the world, throughout a run, rather than a fault of it.

    >>> from synchrodb import nemesis
    >>> [is_nature(a) for a in nemesis.network().faults(nodes=3, until=9)]
    [True]
    """
    return action.fault in ("delay", "disk-latency") and action.at == action.lasting == 0


def unsupported(plan: _core.Plan) -> dict[str, str]:
    """What of a plan cannot be had on real servers, and why.

    >>> from synchrodb import nemesis, Test
    >>> unsupported(Test(nodes=3, nemesis=nemesis.flip_bits() + nemesis.crash(at=1)).plan(0))
    {'bit-flip': 'needs the simulator'}
    """
    wrong = {action.fault: "needs the simulator" for action in plan.faults
             if action.fault not in SUPPORTED}
    if plan.buggify:
        wrong["buggify"] = "its sites are switched on in the simulator alone"
    if plan.defect:
        wrong["defect"] = "servers have no deliberate defects"
    return wrong


@functools.cache
def _defaults(fault: str) -> dict[str, Any]:
    return next(row["parameters"] for row in _core.fault_table() if row["name"] == fault)


@dataclass
class Stroke:
    """A fault under way. `victims`: ids of nodes; `links`: what a partition cuts."""

    action: Any
    victims: list[int]
    serial: int
    links: Links = field(default_factory=frozenset)

    def parameter(self, name: str) -> int:
        """As the plan says, or the fault table."""
        if name in self.action.parameters:
            return self.action.parameters[name]
        return _defaults(self.action.fault)[name]["default"]


# ---- Which links.


def between(left: list[int], right: list[int]) -> Links:
    """Both directions between two sides.

    >>> sorted(between([1], [2]))
    [(1, 2), (2, 1)]
    """
    return frozenset(link for a in left for b in right for link in ((a, b), (b, a)))


def partition(kind: str, ids: list[int], draw: _random.Random, *, one: int = 0,
              percent: int = 40) -> Links:
    """The links that a partition of this kind cuts, as `sim/network/partition.h` has them.

    >>> len(partition("partition-ring", [1, 2, 3, 4, 5], _random.Random(1)))
    10
    """
    ids = list(ids)
    if kind in ("partition-isolate-one", "partition-isolate-leader"):
        return between([one], [other for other in ids if other != one])
    if kind == "partition-random":
        return frozenset((a, b) for a in ids for b in ids
                         if a != b and draw.randrange(100) < percent)
    draw.shuffle(ids)
    count = len(ids)
    if kind == "partition-halves":
        return between(ids[:count // 2], ids[count // 2:])
    if kind == "partition-majority-minority":
        largest = (count - 1) // 2
        size = draw.randint(1, largest) if largest else 0
        return between(ids[:size], ids[size:])
    if kind == "partition-bridge":
        rest = ids[:-1]
        return between(rest[:len(rest) // 2], rest[len(rest) // 2:])
    # Itself and so many neighbours on either side are the smallest majority that is symmetric.
    reach = (count // 2 + 1) // 2
    return frozenset((ids[i], ids[j]) for i in range(count) for j in range(count)
                     if i != j and min((j - i) % count, (i - j) % count) > reach)


def check_supported(plan: _core.Plan) -> None:
    """Raises `Unsupported`, naming what of a plan cannot be had on real servers."""
    wrong = unsupported(plan)
    if wrong:
        named = "; ".join(f"{name}: {why}" for name, why in wrong.items())
        raise _core.Unsupported(
            f"nemesis: real servers cannot do this: {named}. They can do "
            f"{', '.join(SUPPORTED)}. unsupported=\"skip\" leaves the others out")


# ---- What several at once come to.


def wanted_link(active: list[Stroke], source: int, target: int, *, bias: float) -> Link:
    """What a link should suffer, one way; `bias`: its share of link-bias, 0 to 1."""
    drop, delay_us, arrives = False, 0.0, 1.0
    for each in active:
        fault = each.action.fault
        drop = drop or (source, target) in each.links
        if source not in each.victims and target not in each.victims:
            continue
        if fault == "delay":
            delay_us = each.parameter("min-us") + each.parameter("mean-us")
        elif fault == "link-bias":
            delay_us += bias * each.parameter("max-us")
        elif fault == "loss":
            arrives *= 1 - each.parameter("ppm") / 1e6
        elif fault == "one-way-loss":
            victim = target if each.parameter("inbound") else source
            if victim in each.victims:
                arrives *= 1 - each.parameter("ppm") / 1e6
    return Link(drop, round(delay_us / 1000), round((1 - arrives) * 1e6))


def wanted_clock(active: list[Stroke], node_id: int, now: float) -> int:
    """By how many nanoseconds a wall clock should be off, so many seconds into the run.

    >>> step = Stroke(_core.FaultAction(fault="clock-step", parameters={"step-ms": -5}), [1], 1)
    >>> wanted_clock([step, step], 1, 0.0), wanted_clock([step], 2, 0.0)
    (-10000000, 0)
    """
    offset_ms = 0
    for each in active:
        if node_id not in each.victims:
            continue
        if each.action.fault == "clock-offset":
            offset_ms += each.parameter("offset-ms")
        elif each.action.fault == "clock-step":
            offset_ms += each.parameter("step-ms")
        elif each.action.fault == "clock-strobe":
            period = max(each.parameter("period-ms") / 1000, 0.05)
            if int(now / period) % 2 == 0:
                offset_ms += each.parameter("step-ms")
    return offset_ms * 1_000_000


def wanted_disk(active: list[Stroke], node_id: int) -> Disk:
    """How a disk should be.

    >>> wanted_disk([Stroke(_core.FaultAction(fault="disk-full"), [1], 1)], 1).full
    True
    """
    delay = 0
    faults = set()
    for each in active:
        if node_id not in each.victims:
            continue
        faults.add(each.action.fault)
        if each.action.fault == "disk-latency":
            delay += round(each.parameter("sync-max-us") / 1000)
        elif each.action.fault == "disk-stall":
            delay += each.parameter("stall-ms")
    return Disk(delay, "disk-full" in faults, "sync-failure" in faults, "lying-sync" in faults)
