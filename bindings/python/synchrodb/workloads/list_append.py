"""Transactions of appends and reads on lists, for checkers in Elle's manner."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from .base import Workload, completed, transaction


@dataclass(frozen=True)
class ListAppend(Workload):
    """Each transaction is a MULTI … EXEC of one to ``longest`` appends and reads.

    An operation's value is a list of ``["append", key, element]`` and ``["r", key, None]``; a
    completed one has the lists that its reads saw. A list is a string that elements are appended to.

    >>> op = {"f": "txn", "value": [["append", "l0", 1], ["r", "l0", None]]}
    >>> next(ListAppend().invoke(op)).commands
    (('APPEND', 'l0', '1 '), ('GET', 'l0'))
    """

    keys: int = 5
    longest: int = 4
    rate: float = 100.0
    clients: int = 5
    name = "list-append"

    def operations(self):
        """Transactions, half of whose parts are reads; every element of a run is another one."""
        elements = itertools.count(1)

        def part(random):
            key = f"l{random.randrange(self.keys)}"
            return ["r", key, None] if random.randrange(2) else ["append", key, next(elements)]

        def made(context):
            count = 1 + context.random.randrange(self.longest)
            return {"f": "txn", "value": [part(context.random) for _ in range(count)]}

        return made

    def invoke(self, op):
        """APPEND and GET in one transaction."""
        outcome = yield transaction(*[
            ("GET", key) if f == "r" else ("APPEND", key, f"{element} ")
            for f, key, element in op["value"]
        ])
        if not outcome.ok:
            return completed(op, outcome)
        seen = [
            [f, key, [int(word) for word in (reply or "").split()] if f == "r" else element]
            for (f, key, element), reply in zip(op["value"], outcome.reply)
        ]
        return completed(op, outcome, value=seen)

    def checker(self):
        """Strictly serializable."""
        from ..checkers import list_append

        return list_append()
