"""A bank: money moves between accounts, and none may come or go."""

from __future__ import annotations

from dataclasses import dataclass

from ..generators import mix, until_ok
from .base import Workload, completed, completed_read, failed, read, transaction, unwatch, watch


@dataclass(frozen=True)
class Bank(Workload):
    """Transfers by WATCH, reads and MULTI … EXEC; reads of all accounts in one transaction.

    An account that nobody has touched holds ``balance``.

    >>> next(Bank().invoke({"f": "read"})).kind
    'transaction'
    """

    accounts: int = 6
    balance: int = 100
    rate: float = 50.0
    clients: int = 5
    name = "bank"

    def operations(self):
        """As many transfers as reads."""
        def transfer(context):
            source, target = context.random.sample(range(self.accounts), 2)
            return {"f": "transfer", "value": {
                "from": source, "to": target, "amount": 1 + context.random.randrange(5)}}

        return mix(lambda: {"f": "read", "value": None}, transfer)

    def final_generator(self):
        """One read."""
        return until_ok(lambda: {"f": "read", "value": None})

    def _key(self, account):
        return f"account:{account}"

    def _balance(self, reply):
        return self.balance if reply is None else int(reply)

    def invoke(self, op):
        """An optimistic transaction."""
        return (yield from (self._read(op) if op["f"] == "read" else self._transfer(op)))

    def _read(self, op):
        outcome = yield transaction(*[("GET", self._key(i)) for i in range(self.accounts)])
        if not outcome.ok:
            return completed_read(op, outcome)
        return completed(op, outcome, value=[self._balance(reply) for reply in outcome.reply])

    def _transfer(self, op):
        source, target = self._key(op["value"]["from"]), self._key(op["value"]["to"])
        amount = op["value"]["amount"]
        outcome = yield watch(source, target)
        if not outcome.ok:
            return failed(op)
        outcome = yield read("MGET", source, target)
        if not outcome.ok:
            return failed(op)
        there, here = (self._balance(reply) for reply in outcome.reply)
        if there < amount:
            yield unwatch()
            return failed(op, "not enough money")
        outcome = yield transaction(("SET", source, there - amount), ("SET", target, here + amount))
        if outcome.ok and outcome.reply is None:
            return failed(op, "conflict")
        return completed(op, outcome)

    def checker(self):
        """The total stays, and no account is overdrawn."""
        from ..checkers import BankChecker

        return BankChecker(total=self.accounts * self.balance)
