"""What a workload is: which operations there are, and how a client performs one.

A workload is a value without state of a run: the same object runs in simulated worlds and on real
servers. `Workload.invoke` is a Python generator: it yields calls, is sent each call's `Outcome`,
and returns the completed operation.

>>> class Greeting(Workload):
...     name = "greeting"
...     def operations(self):
...         return lambda: {"f": "greet", "key": "k"}
...     def invoke(self, op):
...         outcome = yield write("SET", op["key"], "hello")
...         return completed(op, outcome)
>>> steps = Greeting().invoke({"f": "greet", "key": "k"})
>>> next(steps).commands
(('SET', 'k', 'hello'),)
>>> try:
...     steps.send(Outcome("ok", "OK"))
... except StopIteration as end:
...     end.value
{'f': 'greet', 'key': 'k', 'type': 'ok'}
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from .. import _core
from ..generators import stagger


class ErrorReply(str):
    """An error that a command answered: ``"WRONGTYPE Operation against …"``.

    >>> ErrorReply("WRONGTYPE Operation against a key").code
    'WRONGTYPE'
    """

    @property
    def code(self) -> str:
        """The first word, by which errors are told apart."""
        return self.partition(" ")[0]

    def __repr__(self):
        return f"ErrorReply({str(self)!r})"


class Outcome(NamedTuple):
    """How a call ended.

    ``kind``: ``"ok"``, executed exactly once, ``reply`` may still be an `ErrorReply`; ``"failed"``,
    certainly not executed; ``"unknown"``, executed once or not at all, now or later.
    ``reply``: None, an int, a str, an `ErrorReply`, or a list of these. ``why``: what the last node
    that refused said.
    """

    kind: str
    reply: Any = None
    why: str = ""

    @property
    def ok(self) -> bool:
        """Whether the call was executed and its command did not answer with an error."""
        return self.kind == "ok" and not isinstance(self.reply, ErrorReply)


class Call(NamedTuple):
    """What a client asks; made by `read`, `write`, `watch`, `unwatch`, `transaction` and
    `request`."""

    kind: str
    commands: tuple = ()
    consistency: str = "linearizable"
    request: bytes = b""
    node: int = 0
    timeout: float = 1.0


def _argv(words) -> tuple[str, ...]:
    if len(words) == 1 and isinstance(words[0], (list, tuple)):
        words = words[0]
    if not words:
        raise ValueError("a command has at least one word")
    return tuple(word if isinstance(word, (str, bytes)) else _text(word) for word in words)


def _text(word) -> str:
    if isinstance(word, bool) or not isinstance(word, (int, float)):
        raise TypeError(f"a command's words are texts, bytes or numbers, not {word!r}")
    return str(word)


CONSISTENCIES = ("linearizable", "lease", "stale")


def read(*argv, consistency: str = "linearizable") -> Call:
    """A command that only reads.

    >>> read("GET", "k", consistency="lease").consistency
    'lease'
    """
    if consistency not in CONSISTENCIES:
        raise ValueError(f"consistency: {consistency!r} is none of {', '.join(CONSISTENCIES)}")
    return Call("read", (_argv(argv),), consistency)


def write(*argv) -> Call:
    """A command that may write; it is executed at most once.

    >>> write("INCRBY", "k", 5).commands
    (('INCRBY', 'k', '5'),)
    """
    return Call("write", (_argv(argv),))


def watch(*keys) -> Call:
    """The client's next transaction takes effect only if none of the keys changes until then.

    >>> watch("a", "b").commands
    (('a', 'b'),)
    """
    return Call("watch", (_argv(keys),))


def unwatch() -> Call:
    """The client forgets what it watches.

    >>> unwatch().kind
    'unwatch'
    """
    return Call("unwatch")


def transaction(*commands) -> Call:
    """MULTI … EXEC: the reply is a list, one element a command, or None if a watched key changed.

    >>> transaction(("GET", "a"), ("INCRBY", "b", 1)).commands
    (('GET', 'a'), ('INCRBY', 'b', '1'))
    """
    if len(commands) == 1 and commands[0] and not isinstance(commands[0][0], (str, bytes)):
        commands = commands[0]
    return Call("transaction", tuple(_argv((command,)) for command in commands))


def request(payload: bytes, node: int = 0, timeout: float = 1.0) -> Call:
    """Bytes for one node of a protocol (`synchrodb.protocol`); the reply is bytes.

    >>> request(b"propose 3", node=2).node
    2
    """
    if not isinstance(payload, bytes):
        raise TypeError(f"payload: must be bytes, not {type(payload).__name__}")
    return Call("request", request=payload, node=node, timeout=timeout)


def completed(op: dict, outcome: Outcome, **changes) -> dict:
    """The operation as its call's outcome says: ok with the ``changes`` (such as ``value=``), fail,
    or info.

    >>> completed({"f": "read"}, Outcome("ok", "3"), value=3)
    {'f': 'read', 'value': 3, 'type': 'ok'}
    >>> completed({"f": "write"}, Outcome("unknown"))
    {'f': 'write', 'type': 'info'}
    >>> completed({"f": "write"}, Outcome("ok", ErrorReply("ERR no")))
    {'f': 'write', 'type': 'fail', 'error': 'ERR no'}
    """
    if outcome.kind == "unknown":
        return {**op, "type": "info"}
    if outcome.kind == "failed":
        return {**op, "type": "fail", **({"error": outcome.why} if outcome.why else {})}
    if isinstance(outcome.reply, ErrorReply):
        return {**op, "type": "fail", "error": str(outcome.reply)}
    return {**op, **changes, "type": "ok"}


def failed(op: dict, error: str = "") -> dict:
    """The operation, which certainly had no effect.

    >>> failed({"f": "cas"}, "another value")
    {'f': 'cas', 'type': 'fail', 'error': 'another value'}
    """
    return {**op, "type": "fail", **({"error": error} if error else {})}


def completed_read(op: dict, outcome: Outcome, **changes) -> dict:
    """As `completed`, for an operation that only reads: without an answer it had no effect.

    >>> completed_read({"f": "read"}, Outcome("unknown"))
    {'f': 'read', 'type': 'fail'}
    """
    return failed(op) if outcome.kind == "unknown" else completed(op, outcome, **changes)


# What a number of this name is at least, in whatever workload.
_LEAST = {"accounts": 2, "clients": 1, "groups": 1, "keys": 1, "longest": 1, "values": 1}


class Workload:
    """A workload; subclasses say which operations there are, and how to perform one.

    >>> from synchrodb import generators, workloads
    >>> counter = workloads.counter(keys=2)
    >>> [op for _, op in generators.preview(generators.limit(2, counter.generator()), clients=1)]
    ['add', 'read']
    >>> len(counter.final_generator()), counter.checker().name
    (2, 'counter')
    """

    #: Its name, in reports and the store.
    name = "workload"
    #: Operations a second of all clients together.
    rate = 100.0
    #: How many clients there are.
    clients = 5

    def __post_init__(self):
        """Dataclasses: refuses numbers that no run can have."""
        for name, least in _LEAST.items():
            number = getattr(self, name, least)
            if isinstance(number, int) and number < least:
                raise _core.InvalidInput(f"{name}: {number} is less than {least}")
        if isinstance(self.rate, (int, float)) and not 0 < self.rate < math.inf:
            raise _core.InvalidInput(f"rate: {self.rate} is no positive number")

    def operations(self) -> Any:
        """A generator of operations, as many as are asked for, as fast as they are."""
        raise NotImplementedError(f"{type(self).__name__} does not say which operations there are")

    def generator(self) -> Any:
        """What clients do until the run's last tenth: the operations, at the workload's rate."""
        return stagger(1 / self.rate, self.operations())

    def final_generator(self) -> Any:
        """What they do when all faults are over and everything has completed; None: nothing."""
        return None

    def invoke(self, op: dict) -> Iterator[Call]:
        """Performs one operation: a Python generator that yields calls, is sent their outcomes, and
        returns the operation with ``type`` ``"ok"``, ``"fail"`` or ``"info"``."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to perform {op!r}")

    def checker(self) -> Any:
        """Who judges the history; None: nobody."""
        return None

    @property
    def builtin(self) -> dict | None:
        """The fields of a plan's `WorkloadPlan`, where C++ has this very workload; else None."""
        return None
