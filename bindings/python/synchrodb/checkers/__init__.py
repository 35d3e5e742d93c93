"""Checkers: who judges a history. They add up with ``+``.

>>> from synchrodb import checkers
>>> (checkers.SetChecker() + checkers.LockChecker(lease=2)).name
'set + lock'
"""

from .base import Checker, Operation, Verdict, operations
from .linearizable import linearizable
from .lock import LockChecker
from .monotonic import MonotonicChecker
from .objects import BankChecker, CounterChecker, QueueChecker, SetChecker
from .transactions import list_append, transactions
from .unfractured import unfractured

__all__ = [
    "BankChecker", "Checker", "CounterChecker", "LockChecker", "MonotonicChecker", "Operation",
    "QueueChecker", "SetChecker", "Verdict", "linearizable", "list_append", "operations",
    "transactions", "unfractured",
]
