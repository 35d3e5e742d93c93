"""Any fault of the fault table, by its name."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from .. import _core
from .arguments import checked_targets, nearest, refuse
from .base import Injection, Nemesis
from .schedule import Schedule, schedule

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
def rows_by_name() -> dict[str, dict]:
    """The fault table: a fault's row by its name."""
    return {row["name"]: row for row in _core.fault_table()}


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
        beyond = rows_by_name()[self.name]["family"] == "beyond"
        return Injection(faults=actions, beyond_budget=beyond)

    def _victims(self, setting, rng):
        if isinstance(self.targets, tuple):
            return {"nodes": self.targets}
        if self.targets is not None:
            return {"target": self.targets}
        if self.name in _DAMAGING:
            if not setting.damaged:
                refuse("nodes", f"{self.name} needs three nodes or more: with {setting.nodes} "
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
    table = rows_by_name()
    if name not in table:
        refuse("name", f"unknown fault {name!r}{nearest(name, table)}")
    if name in ("buggify", "knobs"):
        refuse("name", f"{name} is no timed fault: use nemesis.{name}()")
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
            refuse(key, f"{value} is outside {low} to {high}")
        given.append((parameter, value))
    if lasting is not None and name in MOMENTARY:
        refuse("lasting", f"{name} strikes and is over; for how long a fault is felt see its "
                          f"parameters: {', '.join(known).replace('-', '_') or 'none'}")
    chosen = None if targets is None else checked_targets(targets)
    return Fault(name, schedule(every, at, random, lasting), chosen, tuple(given))


@dataclass(frozen=True)
class Nature(Nemesis):
    """The network's delays or the disks' latency throughout the run, healthy phase included."""

    name: str
    parameters: tuple[tuple[str, int], ...]

    def inject(self, setting, rng):
        return Injection(faults=[_core.FaultAction(fault=self.name, target="all",
                                                   parameters=dict(self.parameters))])
