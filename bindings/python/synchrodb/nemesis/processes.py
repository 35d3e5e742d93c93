"""Processes that die, stop, or are slow."""

from __future__ import annotations

from typing import Any

from .arguments import choose
from .base import Nemesis
from .faults import fault


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
    return fault("pause-clock-" + choose("clock", clock, ("running", "stopped")), **when)


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
