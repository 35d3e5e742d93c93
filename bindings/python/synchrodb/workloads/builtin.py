"""Workloads that only C++ has: for simulated worlds, at full speed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import _core
from .base import Workload


@dataclass(frozen=True)
class Builtin(Workload):
    """A workload of the simulator's own, by its name in `workload_table()`: `"kv"` (keys under
    every command that the checker knows), `"append"` (strings that only grow), `"counter"`,
    `"register"`, `"cas-register"`. `mix`: the weight of each kind of operation; kinds left out do
    not occur. The simulator judges the history itself.

    >>> import synchrodb as sdb
    >>> test = sdb.Test(nodes=3, time_limit=10, workload=sdb.workloads.builtin("kv", keys=3))
    >>> test.simulate(seed=1).verdict
    'ok'
    """

    name: str = "kv"
    keys: int = 8
    rate: float = 100.0
    clients: int = 5
    mix: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self):
        super().__post_init__()
        known = {row["name"]: row["operations"] for row in _core.workload_table()}
        if self.name not in known:
            raise _core.InvalidInput(f"name: {self.name!r} is none of {', '.join(known)}")
        for kind in self.mix:
            if kind not in known[self.name]:
                raise _core.InvalidInput(
                    f"mix: {self.name} has no operation {kind!r}, but "
                    f"{', '.join(known[self.name])}")

    @property
    def builtin(self):
        """All there is to it."""
        fields = {"name": self.name, "keys": self.keys, "rate": self.rate, "clients": self.clients}
        return {**fields, "mix": dict(self.mix)} if self.mix else fields
