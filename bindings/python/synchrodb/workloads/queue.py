"""A first-in-first-out queue over WATCH and MULTI: what goes in comes out, once."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from ..generators import mix
from .base import Workload, completed, failed, read, transaction, unwatch, watch


@dataclass(frozen=True)
class Queue(Workload):
    """Enqueues elements, all different, dequeues them, and drains the queue at the end.

    The elements lie under ``queue:N``, from ``queue:head`` to before ``queue:tail``.

    >>> next(Queue().invoke({"f": "enqueue", "value": 3})).commands
    (('queue:tail',),)
    """

    rate: float = 50.0
    clients: int = 5
    key: str = "queue"
    name = "queue"

    def operations(self):
        """As many of one as of the other."""
        elements = itertools.count()
        return mix(
            lambda: {"f": "enqueue", "value": next(elements)},
            lambda: {"f": "dequeue", "value": None},
        )

    def final_generator(self):
        """Whatever is left."""
        return {"f": "drain", "value": None}

    def invoke(self, op):
        """Optimistic transactions on the ends of the queue."""
        if op["f"] == "enqueue":
            return (yield from self._enqueue(op))
        if op["f"] == "dequeue":
            return (yield from self._dequeue(op))
        return (yield from self._drain(op))

    def _enqueue(self, op):
        tail = f"{self.key}:tail"
        outcome = yield watch(tail)
        if not outcome.ok:
            return failed(op)
        outcome = yield read("GET", tail)
        if not outcome.ok:
            return failed(op)
        place = int(outcome.reply or 0)
        outcome = yield transaction(
            ("SET", f"{self.key}:{place}", op["value"]), ("SET", tail, place + 1))
        return failed(op, "conflict") if _conflict(outcome) else completed(op, outcome)

    def _dequeue(self, op):
        head = f"{self.key}:head"
        outcome = yield watch(head, f"{self.key}:tail")
        if not outcome.ok:
            return failed(op)
        outcome = yield read("MGET", head, f"{self.key}:tail")
        if not outcome.ok:
            return failed(op)
        place, end = (int(value or 0) for value in outcome.reply)
        if place == end:
            yield unwatch()
            return failed(op, "empty")
        element = f"{self.key}:{place}"
        outcome = yield transaction(("GET", element), ("SET", head, place + 1), ("DEL", element))
        if _conflict(outcome):
            return failed(op, "conflict")
        if not outcome.ok:
            return completed(op, outcome)
        value = outcome.reply[0]
        return completed(op, outcome, value=None if value is None else int(value))

    def _drain(self, op):
        drained = []
        while True:
            ended = yield from self._dequeue({"f": "dequeue"})
            if ended["type"] == "ok":
                drained.append(ended["value"])
            elif ended.get("error") == "empty":
                return {**op, "type": "ok", "value": drained}
            elif ended["type"] == "info":
                return {**op, "type": "info", "value": drained}

    def checker(self):
        """What was enqueued comes out once, in the end at the latest."""
        from ..checkers import QueueChecker

        return QueueChecker()


def _conflict(outcome):
    return outcome.ok and outcome.reply is None
