"""When a nemesis strikes."""

from __future__ import annotations

import random as _random
from dataclasses import dataclass
from typing import Any

from .arguments import listed, refuse, seconds

_MOST = 100_000


@dataclass(frozen=True)
class Schedule:
    """When a nemesis strikes, and how long that lasts; see `synchrodb.nemesis`."""

    every: float | None = None
    at: tuple[float, ...] | None = None
    random: float | None = None
    lasting: float | None = None

    def moments(self, until: float, momentary: bool, rng: _random.Random) -> list[tuple]:
        """Pairs (at, lasting) within the first `until` seconds.

        >>> Schedule(every=4).moments(10, False, None)
        [(4, 2.0), (8, 2.0)]
        """
        often = self.every or self.random
        standard = often / 2 if often else until
        lasting = 0.0 if momentary else self.lasting or standard
        return [(at, min(lasting, until - at)) for at in self._starts(until, momentary, rng)]

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


def schedule(every: Any, at: Any, random: Any, lasting: Any) -> Schedule:
    """The `Schedule` of a nemesis's arguments."""
    given = [name for name, value in (("every", every), ("at", at), ("random", random))
             if value is not None]
    if len(given) > 1:
        refuse(given[1], f"either {given[0]} or {given[1]}, not both; add two nemeses instead")
    if at is not None:
        at = tuple(sorted(seconds(one, "at") for one in listed(at)))
    positive = {}
    for name, value in (("every", every), ("random", random), ("lasting", lasting)):
        positive[name] = None if value is None else seconds(value, name)
        if positive[name] == 0:
            refuse(name, "must be more than 0 seconds")
    return Schedule(at=at, **positive)
