"""A number that only rises: later operations see later numbers, by everybody's clock."""

from __future__ import annotations

from dataclasses import dataclass

from ..generators import mix
from .base import Workload, completed, completed_read, read, write


@dataclass(frozen=True)
class Monotonic(Workload):
    """INCR, which says the number it made, and GET.

    ``consistency``: of the reads; stale ones go back in time, and are convicted.

    >>> next(Monotonic(consistency="stale").invoke({"f": "read", "key": "m0"})).consistency
    'stale'
    """

    keys: int = 2
    rate: float = 100.0
    clients: int = 5
    consistency: str = "linearizable"
    name = "monotonic"

    def operations(self):
        """As many of one as of the other."""
        def key(context):
            return f"m{context.random.randrange(self.keys)}"

        return mix(
            lambda context: {"f": "read", "key": key(context), "value": None},
            lambda context: {"f": "inc", "key": key(context), "value": None},
        )

    def invoke(self, op):
        """INCR, and GET."""
        if op["f"] == "inc":
            outcome = yield write("INCR", op["key"])
            return completed(op, outcome, value=outcome.reply)
        outcome = yield read("GET", op["key"], consistency=self.consistency)
        return completed_read(op, outcome, value=int(outcome.reply or 0) if outcome.ok else None)

    def checker(self):
        """Never back, and no number twice."""
        from ..checkers import MonotonicChecker

        return MonotonicChecker()
