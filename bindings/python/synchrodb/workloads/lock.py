"""Locks that expire: SET with NX and PX, released by their owner alone."""

from __future__ import annotations

from dataclasses import dataclass

from ..generators import each_client, flip_flop
from .base import Workload, completed, failed, read, transaction, unwatch, watch, write


@dataclass(frozen=True)
class Lock(Workload):
    """Each client acquires a lock and releases it, again and again.

    A lock lasts ``lease`` seconds by the clocks of leaders, which may err and jump: the checker
    lets a holder be sure of it for ``lease - margin`` seconds only. Clock faults larger than
    ``margin`` break such locks, as they do everywhere.

    >>> next(Lock().invoke({"f": "acquire", "process": 3})).commands
    (('SET', 'lock', '3', 'NX', 'PX', '2000'),)
    """

    rate: float = 50.0
    clients: int = 5
    lease: float = 2.0
    margin: float = 1.0
    key: str = "lock"
    name = "lock"

    def operations(self):
        """By turns, each client for itself."""
        return each_client(flip_flop(
            lambda: {"f": "acquire", "value": None}, lambda: {"f": "release", "value": None}))

    def invoke(self, op):
        """SET NX PX; WATCH, GET and MULTI for the release."""
        owner = str(op["process"])
        if op["f"] == "acquire":
            outcome = yield write("SET", self.key, owner, "NX", "PX", round(self.lease * 1000))
            if outcome.ok and outcome.reply is None:
                return failed(op, "held")
            return completed(op, outcome)
        outcome = yield watch(self.key)
        if not outcome.ok:
            return failed(op)
        outcome = yield read("GET", self.key)
        if not outcome.ok or outcome.reply != owner:
            yield unwatch()
            return failed(op, "not held")
        outcome = yield transaction(("DEL", self.key))
        if outcome.ok and outcome.reply is None:
            return failed(op, "conflict")
        return completed(op, outcome)

    def checker(self):
        """No two hold it at once."""
        from ..checkers import LockChecker

        return LockChecker(lease=self.lease - self.margin)
