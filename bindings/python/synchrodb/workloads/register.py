"""Registers: reads, writes and compare-and-set of single keys, which must be linearizable."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from ..generators import mix
from .base import Workload, completed, completed_read, failed, read, write


@dataclass(frozen=True)
class Register(Workload):
    """Reads and writes. Every written value is another one, which makes judging fast.

    ``keys``: how many. ``consistency``: of the reads. ``scripted``: run this Python code in
    simulated worlds too, where C++ has the same workload.

    >>> Register(keys=2).builtin
    {'name': 'register', 'keys': 2, 'rate': 100.0, 'clients': 5}
    """

    keys: int = 8
    rate: float = 100.0
    clients: int = 5
    consistency: str = "linearizable"
    scripted: bool = False
    name = "register"

    def operations(self):
        """Reads and writes, as many of each."""
        values = itertools.count(1)

        def written(context):
            return {"f": "write", "key": self._key(context), "value": next(values)}

        return mix(self._read, written)

    def _key(self, context):
        return f"k{context.random.randrange(self.keys)}"

    def _read(self, context):
        return {"f": "read", "key": self._key(context), "value": None}

    def invoke(self, op):
        """GET, SET, and SET with IFEQ."""
        if op["f"] == "read":
            outcome = yield read("GET", op["key"], consistency=self.consistency)
            value = int(outcome.reply) if outcome.ok and outcome.reply is not None else None
            return completed_read(op, outcome, value=value)
        if op["f"] == "write":
            outcome = yield write("SET", op["key"], op["value"])
            return completed(op, outcome)
        expected, value = op["value"]
        outcome = yield write("SET", op["key"], value, "IFEQ", expected)
        if outcome.ok and outcome.reply is None:
            return failed(op, "another value")
        return completed(op, outcome)

    def checker(self):
        """Linearizable, key by key."""
        from ..checkers import linearizable

        return linearizable(self.name)

    @property
    def builtin(self):
        """C++ has it, but for reads of another consistency."""
        if self.scripted or self.consistency != "linearizable":
            return None
        return {"name": self.name, "keys": self.keys, "rate": self.rate, "clients": self.clients}


@dataclass(frozen=True)
class CasRegister(Register):
    """Reads, writes, and compare-and-set among a few values, as in Jepsen's first tests.

    >>> CasRegister(scripted=True).builtin is None
    True
    """

    values: int = 5
    name = "cas-register"

    def operations(self):
        """Reads, writes and compare-and-sets, as many of each."""
        def value(context):
            return context.random.randrange(self.values)

        def written(context):
            return {"f": "write", "key": self._key(context), "value": value(context)}

        def cas(context):
            return {"f": "cas", "key": self._key(context), "value": [value(context), value(context)]}

        return mix(self._read, written, cas)
