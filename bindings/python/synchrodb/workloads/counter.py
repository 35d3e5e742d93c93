"""A counter: each read lies between what was certainly and what was possibly added."""

from __future__ import annotations

from dataclasses import dataclass

from ..generators import mix, until_ok
from .base import Workload, completed, completed_read, read, write


@dataclass(frozen=True)
class Counter(Workload):
    """INCRBY and GET on a few keys.

    >>> next(Counter().invoke({"f": "add", "key": "c0", "value": 2})).commands
    (('INCRBY', 'c0', '2'),)
    """

    keys: int = 2
    rate: float = 100.0
    clients: int = 5
    name = "counter"

    def operations(self):
        """As many reads as additions."""
        def key(context):
            return f"c{context.random.randrange(self.keys)}"

        return mix(
            lambda context: {"f": "read", "key": key(context), "value": None},
            lambda context: {"f": "add", "key": key(context),
                             "value": 1 + context.random.randrange(5)},
        )

    def final_generator(self):
        """A read of each."""
        return [until_ok(lambda k=f"c{i}": {"f": "read", "key": k, "value": None})
                for i in range(self.keys)]

    def invoke(self, op):
        """INCRBY, and GET."""
        if op["f"] == "add":
            outcome = yield write("INCRBY", op["key"], op["value"])
            return completed(op, outcome)
        outcome = yield read("GET", op["key"])
        return completed_read(op, outcome, value=int(outcome.reply or 0) if outcome.ok else None)

    def checker(self):
        """Within bounds, at every read."""
        from ..checkers import CounterChecker

        return CounterChecker()
