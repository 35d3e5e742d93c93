"""The workloads that come with the package, by name.

Each is a value: ``workloads.bank(accounts=8, rate=50)``; every one takes ``rate``, operations a
second of all clients together, and ``clients``.

>>> from synchrodb import workloads
>>> workloads.cas_register(keys=3).name
'cas-register'
"""

from .bank import Bank as bank  # noqa: N813 (a value's constructor reads like a function)
from .base import (
    Call,
    ErrorReply,
    Outcome,
    Workload,
    completed,
    completed_read,
    failed,
    read,
    request,
    transaction,
    unwatch,
    watch,
    write,
)
from .builtin import Builtin as builtin  # noqa: N813
from .counter import Counter as counter  # noqa: N813
from .list_append import ListAppend as list_append  # noqa: N813
from .lock import Lock as lock  # noqa: N813
from .monotonic import Monotonic as monotonic  # noqa: N813
from .multi_register import MultiRegister as multi_register  # noqa: N813
from .queue import Queue as queue  # noqa: N813
from .register import CasRegister as cas_register  # noqa: N813
from .register import Register as register  # noqa: N813
from .set import Set as set  # noqa: A001, N813

#: Every workload of the package, by its name.
ALL = {
    cls.name: cls
    for cls in (bank, cas_register, counter, list_append, lock, monotonic, multi_register, queue,
                register, set)
}

__all__ = [
    "ALL", "Call", "ErrorReply", "Outcome", "Workload", "bank", "builtin", "cas_register",
    "completed", "completed_read", "counter", "failed", "list_append", "lock", "monotonic",
    "multi_register", "queue", "read", "register", "request", "set", "transaction", "unwatch",
    "watch", "write",
]
