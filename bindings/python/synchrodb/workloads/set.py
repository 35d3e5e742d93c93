"""A set that only grows: what was added must be there in the end, once."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from ..generators import until_ok
from .base import Workload, completed, completed_read, read, write


@dataclass(frozen=True)
class Set(Workload):
    """Adds elements, all different, and reads the whole set at the end.

    The set is a string that elements are appended to, so that an element twice shows.

    >>> next(Set().invoke({"f": "add", "value": 3})).commands
    (('APPEND', 'set', '3 '),)
    """

    rate: float = 100.0
    clients: int = 5
    key: str = "set"
    name = "set"

    def operations(self):
        """Elements from 0."""
        elements = itertools.count()
        return lambda: {"f": "add", "value": next(elements)}

    def final_generator(self):
        """One read."""
        return until_ok(lambda: {"f": "read", "value": None})

    def invoke(self, op):
        """APPEND, and GET."""
        if op["f"] == "add":
            outcome = yield write("APPEND", self.key, f"{op['value']} ")
            return completed(op, outcome)
        outcome = yield read("GET", self.key)
        elements = [int(word) for word in (outcome.reply or "").split()] if outcome.ok else None
        return completed_read(op, outcome, value=elements)

    def checker(self):
        """Nothing lost, nothing twice, nothing that nobody added."""
        from ..checkers import SetChecker

        return SetChecker()
