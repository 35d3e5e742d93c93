"""A naive primary-backup register, which the checkers convict.

Node 0 is the primary: it answers writes at once, and sends them to the backups. A node that has not
heard of the primary for a while takes its place. That is the whole mistake: a primary that is cut
off does not know that it has been replaced, and its backups may not have heard of the last writes.

>>> from synchrodb.protocol import plan_for, simulate
>>> quiet = simulate(PrimaryBackup, Clients(), plan_for(1, faults=["none"], time=20))
>>> quiet.result.verdict
'ok'
>>> faults = ["partition", "crash"]
>>> runs = [simulate(PrimaryBackup, Clients(), plan_for(seed, faults=faults)) for seed in range(9)]
>>> {run.result.violated for run in runs if run.result.verdict == "violation"}
{'linearizability'}
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from .. import checkers
from ..generators import mix
from ..protocol import Protocol, answer, ask
from ..workloads import Workload, completed, completed_read, failed


class PrimaryBackup(Protocol):
    """One register on all nodes."""

    BEAT = 0.1
    PATIENCE = 0.5

    def on_start(self):
        """The lowest node leads."""
        self.value = self.storage.get("value")
        self.primary = 0
        self._arm()

    def _arm(self):
        if self.primary == self.node:
            self.set_timer("beat", self.BEAT)
        else:
            self.set_timer("patience", self.PATIENCE * (1 + self.random.random()))

    def on_timer(self, name):
        """Beats for the backups; or the primary is gone."""
        if name == "patience":
            self.primary = self.node
        if self.primary == self.node:
            self.broadcast({"beat": self.value})
            self._arm()

    def on_message(self, sender, message):
        """Whoever beats is the primary."""
        self.primary = sender
        self.value = message["beat"]
        self.persist("value", self.value)
        self.cancel_timer("beat")
        self._arm()

    def on_client(self, request, message):
        """Only the primary serves."""
        if self.primary != self.node:
            self.reply(request, {"primary": self.primary})
            return
        if "write" in message:
            self.value = message["write"]
            self.persist("value", self.value)
            self.broadcast({"beat": self.value})
        self.reply(request, {"value": self.value})


@dataclass(frozen=True)
class Clients(Workload):
    """Writes different values, and reads; follows hints to the primary."""

    rate: float = 50.0
    clients: int = 5
    name = "primary-backup"

    def operations(self):
        """As many writes as reads."""
        values = itertools.count(1)
        return mix(lambda: {"f": "read", "value": None},
                   lambda: {"f": "write", "value": next(values)})

    def invoke(self, op):
        """Any node, then the one that it names."""
        message = {"write": op["value"]} if op["f"] == "write" else {"read": True}
        node = op["process"] % 3
        for _ in range(3):
            outcome = yield ask(message, node=node, timeout=0.5)
            said = answer(outcome)
            if said is None or "value" in said:
                break
            node = said["primary"]
        else:
            return failed(op, "no primary")
        if op["f"] == "read":
            return completed_read(op, outcome, value=said and said["value"])
        return completed(op, outcome)

    def checker(self):
        """One linearizable register."""
        return checkers.linearizable("register")
