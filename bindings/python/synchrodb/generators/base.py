"""What a generator is, and the plain values that are generators too."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, NamedTuple

NANOSECONDS = 1_000_000_000


class Context:
    """What a generator may know when it is asked.

    ``time`` is in nanoseconds since the start, ``free`` the clients without an operation, whoever
    has been free for longest first, ``clients`` how many there are, ``members`` who they are,
    ``random`` the run's random numbers (a ``random.Random``).
    """

    __slots__ = ("time", "free", "clients", "processes", "random", "members")

    def __init__(self, time, free, clients, processes, random, members=None):
        self.time = time
        self.free = free
        self.clients = clients
        self.members = range(clients) if members is None else members
        self.processes = processes
        self.random = random

    @property
    def seconds(self) -> float:
        """The time in seconds."""
        return self.time / NANOSECONDS

    def among(self, clients: frozenset[int]) -> Context:
        """The same, as if there were only these clients.

        >>> Context(0, [2, 0, 1], 3, {}, None).among(frozenset({0, 2})).free
        [2, 0]
        """
        free = [client for client in self.free if client in clients]
        return Context(self.time, free, len(clients), self.processes, self.random, sorted(clients))


class Pending(NamedTuple):
    """No operation now: ask again at ``until`` (nanoseconds), or when one has completed."""

    until: int | None = None


PENDING = Pending()


class Generator:
    """A generator: subclasses say what comes next.

    >>> class UntilRefused(Generator):
    ...     '''What another generator gives, until an operation fails.'''
    ...     def __init__(self, inner):
    ...         self.inner = inner
    ...     def op(self, context):
    ...         asked = ask(self.inner, context)
    ...         return asked and (asked[0], UntilRefused(asked[1]))
    ...     def update(self, context, event):
    ...         refused = event["type"] == "fail"
    ...         return None if refused else UntilRefused(tell(self.inner, context, event))
    >>> UntilRefused({"f": "read"}).update(None, {"type": "fail"}) is None
    True
    """

    def op(self, context: Context) -> tuple[dict | Pending, Any] | None:
        """The next operation, or ``Pending``, and the generator that follows; ``None``: no more.

        The operation has ``client`` and ``time`` (nanoseconds, maybe later than now).
        """
        raise NotImplementedError

    def update(self, context: Context, event: dict) -> Any:
        """What this generator is after an event of the history (an invocation or completion)."""
        return self


def ask(generator, context):
    """`generator.op` of anything that is a generator."""
    if generator is None:
        return None
    if isinstance(generator, Generator):
        return generator.op(context)
    return as_generator(generator).op(context)


def tell(generator, context, event):
    """`generator.update` of anything that is a generator."""
    return generator.update(context, event) if isinstance(generator, Generator) else generator


def as_generator(value: Any) -> Generator | None:
    """Any value that is a generator, as an object of this class.

    >>> as_generator({"f": "read"})
    once({'f': 'read'})
    >>> as_generator(7)
    Traceback (most recent call last):
      ...
    TypeError: 7 is no generator: a dict, a function, a list, None or a Generator is
    """
    if value is None or isinstance(value, Generator):
        return value
    if isinstance(value, dict):
        return _Once(value)
    if inspect.isgenerator(value) or (hasattr(value, "__next__")):
        raise TypeError(
            f"{value!r} is an iterator, which can be asked only once: a generator is a pure value; "
            "give a list, or a function"
        )
    if callable(value):
        return _Function(value)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return InOrder(tuple(value))
    raise TypeError(f"{value!r} is no generator: a dict, a function, a list, None or a Generator is")


def _filled(operation: dict, context: Context):
    """The operation with its client and time; None: the client that it wants is busy."""
    client = operation.get("client")
    if client is None:
        if not context.free:
            return None
        client = context.free[0]
    elif client not in context.free:
        return None
    return {**operation, "client": client, "time": max(operation.get("time", 0), context.time)}


class _Once(Generator):
    """One operation."""

    __slots__ = ("operation",)

    def __init__(self, operation):
        self.operation = operation

    def __repr__(self):
        return f"once({self.operation!r})"

    def op(self, context):
        filled = _filled(self.operation, context)
        return (PENDING, self) if filled is None else (filled, None)


class _Function(Generator):
    """What a function returns, again and again."""

    __slots__ = ("function", "wants_context")

    def __init__(self, function):
        self.function = function
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            parameters = ()
        required = [
            p for p in parameters
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        if len(required) > 1:
            raise TypeError(f"{function!r} takes {len(required)} arguments; a generator's function "
                            "takes the context, or nothing")
        self.wants_context = len(required) == 1

    def op(self, context):
        if not context.free:
            return PENDING, self
        value = self.function(context) if self.wants_context else self.function()
        if value is None:
            return None
        if isinstance(value, dict):  # the usual case, without a detour
            filled = _filled(value, context)
            return (PENDING, self) if filled is None else (filled, self)
        return InOrder((value, self)).op(context)


class InOrder(Generator):
    """One generator after the other."""

    __slots__ = ("rest",)

    def __init__(self, rest):
        self.rest = rest

    def op(self, context):
        rest = self.rest
        while rest:
            asked = ask(rest[0], context)
            if asked is not None:
                operation, after = asked
                following = rest[1:] if after is None else (after, *rest[1:])
                return operation, InOrder(following) if following else None
            rest = rest[1:]
        return None

    def update(self, context, event):
        if not self.rest:
            return self
        return InOrder((tell(self.rest[0], context, event), *self.rest[1:]))


class Around(Generator):
    """What wraps one generator; `again` makes the same around another."""

    def again(self, inner):
        raise NotImplementedError

    def update(self, context, event):
        updated = tell(self.inner, context, event)
        return self if updated is self.inner else self.again(updated)
