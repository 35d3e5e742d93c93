"""Single-decree Paxos (Lamport, Paxos Made Simple, 2001), which the checkers do not convict.

Every node is proposer, acceptor and learner. Clients propose values; each is told the one that was
chosen, and all must be told the same.

>>> from synchrodb.protocol import plan_for, simulate
>>> run = simulate(Paxos, Proposals(), plan_for(7, nodes=5, time=20))
>>> run.result.verdict, len({e["value"] for e in run.history if e["type"] == "ok"})
('ok', 1)
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from ..checkers.base import Checker, Verdict, operations
from ..protocol import Protocol, answer, ask
from ..workloads import Workload, completed


class Paxos(Protocol):
    """One decision. Ballots are pairs of a round and a node, so that no two are equal."""

    RETRY = 0.3

    def on_start(self):
        """Nothing is promised, accepted or known, but for what the storage says."""
        self.promised = self.storage.get("promised", [0, 0])
        self.accepted = self.storage.get("accepted")  # [ballot, value]
        self.chosen = self.storage.get("chosen")  # [value]
        self.asked = []
        self.proposal = None

    def on_client(self, request, message):
        """The value that was chosen, as soon as one is."""
        if self.chosen:
            self.reply(request, {"chosen": self.chosen[0]})
            return
        self.asked.append(request)
        if self.proposal is None:
            self._prepare(message["propose"])

    # ---- Proposer.

    def _prepare(self, value):
        ballot = [self.promised[0] + 1, self.node]
        self.proposal = {"ballot": ballot, "value": value, "promises": {}, "accepts": set()}
        for node in range(self.nodes):
            self.send(node, {"type": "prepare", "ballot": ballot})
        self.set_timer("retry", self.RETRY * (1 + self.random.random()))

    def on_timer(self, name):
        """A ballot that led nowhere is followed by a higher one."""
        if self.proposal is not None and not self.chosen:
            self._prepare(self.proposal["value"])

    def _on_promise(self, sender, message):
        proposal = self.proposal
        if proposal is None or proposal["ballot"] != message["ballot"]:
            return
        before = len(proposal["promises"])
        proposal["promises"][sender] = message["accepted"]
        if before < self.majority <= len(proposal["promises"]):
            # The value of the highest ballot that any of them has accepted, if there is one.
            accepted = [each for each in proposal["promises"].values() if each]
            if accepted:
                proposal["value"] = max(accepted)[1]
            for node in range(self.nodes):
                self.send(node, {"type": "accept", "ballot": proposal["ballot"],
                                 "value": proposal["value"]})

    def _on_accepted(self, sender, message):
        proposal = self.proposal
        if proposal is None or proposal["ballot"] != message["ballot"]:
            return
        proposal["accepts"].add(sender)
        if len(proposal["accepts"]) == self.majority:
            for node in range(self.nodes):
                self.send(node, {"type": "chosen", "value": proposal["value"]})

    # ---- Acceptor.

    def _on_prepare(self, sender, message):
        if message["ballot"] > self.promised:
            self._promise(message["ballot"])
            self.send(sender, {"type": "promise", "ballot": message["ballot"],
                               "accepted": self.accepted})

    def _on_accept(self, sender, message):
        if message["ballot"] >= self.promised:
            self.promised = message["ballot"]
            self.accepted = [message["ballot"], message["value"]]
            self.persist("promised", self.promised, sync=False)
            self.persist("accepted", self.accepted)
            self.send(sender, {"type": "accepted", "ballot": message["ballot"]})

    def _promise(self, ballot):
        self.promised = ballot
        self.persist("promised", ballot)

    # ---- Learner.

    def _on_chosen(self, sender, message):
        if not self.chosen:
            self.chosen = [message["value"]]
            self.persist("chosen", self.chosen)
        self.cancel_timer("retry")
        self.proposal = None
        for request in self.asked:
            self.reply(request, {"chosen": self.chosen[0]})
        self.asked = []

    def on_message(self, sender, message):
        """By its type."""
        getattr(self, f"_on_{message['type']}")(sender, message)


class Agreement(Checker):
    """All are told one value, and somebody proposed it."""

    name = "agreement"

    def check(self, history):
        """Invalid: two values, or one out of the blue."""
        proposed, told = set(), set()
        for op in operations(history):
            proposed.add(op.invocation["value"])
            if op.type == "ok":
                told.add(op.value)
        if len(told) > 1:
            return Verdict(self.name, False, f"more than one value was chosen: {sorted(told)}")
        if told - proposed:
            return Verdict(self.name, False, f"nobody proposed {told.pop()}")
        return Verdict(self.name, True, "", {"chosen": next(iter(told), None)})


@dataclass(frozen=True)
class Proposals(Workload):
    """Every client proposes values of its own, to every node by turns."""

    nodes: int = 5
    rate: float = 5.0
    clients: int = 5
    name = "paxos"

    def operations(self):
        """Different values."""
        values = itertools.count(1)
        return lambda: {"f": "propose", "value": next(values)}

    def invoke(self, op):
        """One node is asked; what it says was chosen is the operation's value."""
        outcome = yield ask({"propose": op["value"]}, node=op["value"] % self.nodes, timeout=2.0)
        said = answer(outcome)
        return completed(op, outcome, value=said and said["chosen"])

    def checker(self):
        """Agreement and validity."""
        return Agreement()
