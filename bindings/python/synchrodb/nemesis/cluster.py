"""What happens to the cluster: its members, its leader, its logs."""

from __future__ import annotations

from typing import Any

from .arguments import choose
from .base import Nemesis
from .faults import fault


def membership(change: str = "any", **when: Any) -> Nemesis:
    """Members are added (`"add"`), removed (`"remove"`) or promoted (`"promote"`), never below
    `min_voters`.

    >>> membership("add", every=10)
    fault('membership-change', kind=1, every=10.0)
    """
    kinds = ("any", "add", "remove", "promote")
    return fault("membership-change", kind=kinds.index(choose("change", change, kinds)), **when)


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
