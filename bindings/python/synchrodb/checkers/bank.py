"""Banks: money neither comes nor goes."""

from __future__ import annotations

from .base import Checker, Verdict, operations


class BankChecker(Checker):
    """Every read of all accounts adds up to ``total``, and no account is overdrawn.

    >>> events = [{"type": "invoke", "process": 0, "f": "read"},
    ...           {"type": "ok", "process": 0, "f": "read", "value": [3, 4]}]
    >>> BankChecker(total=10).check(events).detail
    'a read saw [3, 4]: 7 in all instead of 10'
    """

    name = "bank"

    def __init__(self, total: int):
        self.total = total

    def check(self, history):
        """Invalid: a wrong total, or a negative balance; unknown: no read succeeded."""
        found, reads = [], 0
        for op in operations(history):
            if op.f != "read" or op.type != "ok":
                continue
            reads += 1
            if sum(op.value) != self.total:
                found.append(
                    f"a read saw {op.value}: {sum(op.value)} in all instead of {self.total}")
            elif min(op.value) < 0:
                found.append(f"a read saw {op.value}: an account is overdrawn")
        facts = {"reads": reads, "wrong": len(found)}
        if reads == 0:
            return Verdict(self.name, None, "no read succeeded", facts)
        return Verdict(self.name, not found, found[0] if found else "", facts)
