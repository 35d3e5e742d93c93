"""Disks that are slow, full, forgetful or wrong."""

from __future__ import annotations

from typing import Any

from .arguments import choose
from .base import Nemesis
from .faults import Nature, fault, rows_by_name

DISKS = ("latency", "stall", "lost-writes", "torn-write", "lost-rename", "bit-rot",
         "misdirected-write", "sync-failure", "full", "error")


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
    name = choose("kind", kind, DISKS)
    return fault(f"disk-{name}" if f"disk-{name}" in rows_by_name() else name, **when)
