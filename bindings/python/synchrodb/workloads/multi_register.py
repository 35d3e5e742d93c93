"""Several keys that are always written and read together: no transaction may be seen in part."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from ..generators import mix
from .base import Workload, completed, completed_read, transaction


@dataclass(frozen=True)
class MultiRegister(Workload):
    """Groups of keys; a write gives all keys of a group one value, a read reads them all.

    Transactions that take effect as one make each group a single linearizable register.

    >>> call = next(MultiRegister(keys=2).invoke({"f": "write", "key": "g0", "value": 7}))
    >>> call.commands
    (('SET', 'g0:0', '7'), ('SET', 'g0:1', '7'))
    """

    groups: int = 4
    keys: int = 3
    rate: float = 100.0
    clients: int = 5
    name = "multi-register"

    def operations(self):
        """Reads and writes, as many of each."""
        values = itertools.count(1)

        def group(context):
            return f"g{context.random.randrange(self.groups)}"

        return mix(
            lambda context: {"f": "read", "key": group(context), "value": None},
            lambda context: {"f": "write", "key": group(context), "value": next(values)},
        )

    def invoke(self, op):
        """One MULTI … EXEC."""
        keys = [f"{op['key']}:{i}" for i in range(self.keys)]
        if op["f"] == "write":
            outcome = yield transaction(*[("SET", key, op["value"]) for key in keys])
            return completed(op, outcome)
        outcome = yield transaction(*[("GET", key) for key in keys])
        if not outcome.ok:
            return completed_read(op, outcome)
        seen = [None if value is None else int(value) for value in outcome.reply]
        return completed(op, outcome, value=seen[0], all=seen)

    def checker(self):
        """No read sees a part of a write, and each group is linearizable."""
        from ..checkers import linearizable, unfractured

        return unfractured() + linearizable("register")
