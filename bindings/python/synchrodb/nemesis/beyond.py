"""Beyond what Raft, or a lease, promises to survive."""

from __future__ import annotations

from typing import Any

from .base import Nemesis
from .faults import fault


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
