"""Generators: which operations come when, as values that combine.

A generator is a pure value. Asked with a context (the time, who is free, the run's random numbers)
it gives an operation and what it is afterwards; nothing of it changes, so that the same run comes
out twice. These are generators too:

- a dict: that one operation, once;
- a function of the context, or of nothing: whatever it returns, for ever, until that is ``None``;
- a list or tuple: its elements, one after the other;
- ``None``: nothing.

Times are seconds. An operation is a dict such as ``{"f": "write", "key": "k1", "value": 3}``.

>>> from synchrodb import generators as gen
>>> reads = gen.limit(2, lambda: {"f": "read"})
>>> gen.preview(gen.phases(reads, {"f": "final"}), clients=1)
[(0.0, 'read'), (0.0, 'read'), (0.0, 'final')]
"""

from __future__ import annotations

import inspect
import random as _random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

NANOSECONDS = 1_000_000_000


class Context:
    """What a generator may know when it is asked.

    ``time`` is in nanoseconds since the start, ``free`` the clients without an operation, whoever
    has been free for longest first, ``clients`` how many there are, ``random`` the run's random
    numbers (a ``random.Random``).
    """

    __slots__ = ("time", "free", "clients", "processes", "random")

    def __init__(self, time, free, clients, processes, random):
        self.time = time
        self.free = free
        self.clients = clients
        self.processes = processes
        self.random = random

    @property
    def seconds(self) -> float:
        """The time in seconds."""
        return self.time / NANOSECONDS

    def among(self, clients: frozenset[int]) -> Context:
        """The same, as if there were only these clients."""
        free = [client for client in self.free if client in clients]
        return Context(self.time, free, len(clients), self.processes, self.random)


class Pending(NamedTuple):
    """No operation now: ask again at ``until`` (nanoseconds), or when one has completed."""

    until: int | None = None


PENDING = Pending()


class Generator:
    """A generator: subclasses say what comes next."""

    def op(self, context: Context) -> tuple[dict | Pending, Any] | None:
        """The next operation, or ``Pending``, and the generator that follows; ``None``: no more.

        The operation has ``client`` and ``time`` (nanoseconds, maybe later than now).
        """
        raise NotImplementedError

    def update(self, context: Context, event: dict) -> Any:
        """What this generator is after an event of the history (an invocation or completion)."""
        return self


def _asked(generator, context):
    """`generator.op` of anything that is a generator."""
    if generator is None:
        return None
    if isinstance(generator, Generator):
        return generator.op(context)
    return as_generator(generator).op(context)


def _updated(generator, context, event):
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
        return _InOrder(tuple(value))
    raise TypeError(f"{value!r} is no generator: a dict, a function, a list, None or a Generator is")


def _seconds(name: str, value: Any, least: float = 0.0) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: must be seconds as a number, not {type(value).__name__}")
    if not least <= value < 9e9:
        raise ValueError(f"{name}: {value} is not a time in seconds of at least {least:g}")
    return round(value * NANOSECONDS)


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: must be an integer, not {type(value).__name__}")
    if value < 0:
        raise ValueError(f"{name}: {value} is negative")
    return value


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
        return _InOrder((value, self)).op(context)


class _InOrder(Generator):
    """One generator after the other."""

    __slots__ = ("rest",)

    def __init__(self, rest):
        self.rest = rest

    def op(self, context):
        rest = self.rest
        while rest:
            asked = _asked(rest[0], context)
            if asked is not None:
                operation, after = asked
                following = rest[1:] if after is None else (after, *rest[1:])
                return operation, _InOrder(following) if following else None
            rest = rest[1:]
        return None

    def update(self, context, event):
        if not self.rest:
            return self
        return _InOrder((_updated(self.rest[0], context, event), *self.rest[1:]))


class _Around(Generator):
    """What wraps one generator; `again` makes the same around another."""

    def again(self, inner):
        raise NotImplementedError

    def update(self, context, event):
        updated = _updated(self.inner, context, event)
        return self if updated is self.inner else self.again(updated)


class _Limit(_Around):
    def __init__(self, left, inner):
        self.left = left
        self.inner = inner

    def again(self, inner):
        return _Limit(self.left, inner)

    def op(self, context):
        if self.left == 0:
            return None
        asked = _asked(self.inner, context)
        if asked is None:
            return None
        operation, after = asked
        taken = 0 if isinstance(operation, Pending) else 1
        return operation, _Limit(self.left - taken, after)


def limit(count: int, generator) -> Generator:
    """At most so many operations.

    >>> preview(limit(2, lambda: {"f": "read"}))
    [(0.0, 'read'), (0.0, 'read')]
    """
    return _Limit(_count("count", count), as_generator(generator))


def once(generator) -> Generator:
    """The first operation only.

    >>> preview(once(lambda: {"f": "read"}))
    [(0.0, 'read')]
    """
    return limit(1, generator)


class _Repeat(_Around):
    def __init__(self, whole, left, inner):
        self.whole = whole
        self.left = left
        self.inner = inner

    def again(self, inner):
        return _Repeat(self.whole, self.left, inner)

    def op(self, context):
        if self.left == 0:
            return None
        asked = _asked(self.inner, context)
        if asked is None:
            if self.inner is self.whole:
                return None  # it is empty: repeating it would never end
            return _Repeat(self.whole, self.left - 1, self.whole).op(context)
        return asked[0], _Repeat(self.whole, self.left, asked[1])


def repeat(generator, times: int = -1) -> Generator:
    """The generator from its beginning, so often; -1: for ever.

    >>> preview(repeat({"f": "read"}, 3))
    [(0.0, 'read'), (0.0, 'read'), (0.0, 'read')]
    """
    if times != -1:
        _count("times", times)
    whole = as_generator(generator)
    return _Repeat(whole, times, whole)


class _Mix(Generator):
    def __init__(self, generators, weights):
        self.generators = generators
        self.weights = weights

    def op(self, context):
        generators, weights = self.generators, self.weights
        while generators:
            chosen = _weighted(context.random, weights)
            asked = _asked(generators[chosen], context)
            if asked is not None:
                operation, after = asked
                if after is generators[chosen]:
                    return operation, self if generators is self.generators else _Mix(
                        generators, weights)
                changed = (*generators[:chosen], after, *generators[chosen + 1:])
                return operation, _Mix(changed, weights)
            generators = generators[:chosen] + generators[chosen + 1:]
            weights = weights[:chosen] + weights[chosen + 1:]
        return None

    def update(self, context, event):
        updated = tuple(_updated(g, context, event) for g in self.generators)
        unchanged = all(a is b for a, b in zip(updated, self.generators))
        return self if unchanged else _Mix(updated, self.weights)


def _weighted(random, weights):
    left = random.randrange(sum(weights))
    for position, weight in enumerate(weights):
        if left < weight:
            return position
        left -= weight
    raise AssertionError("a draw below the sum falls into one of the weights")


def mix(*generators, weights: Sequence[int] | None = None) -> Generator:
    """Each operation from one of them, drawn by weight (equal ones by default).

    >>> drawn = preview(limit(100, mix(lambda: {"f": "a"}, lambda: {"f": "b"}, weights=[9, 1])))
    >>> 80 < sum(f == "a" for _, f in drawn) < 100
    True
    """
    if len(generators) == 1 and isinstance(generators[0], (list, tuple)):
        generators = tuple(generators[0])
    weights = tuple([1] * len(generators) if weights is None else weights)
    if len(weights) != len(generators):
        raise ValueError(f"weights: {len(weights)} of them for {len(generators)} generators")
    for weight in weights:
        if _count("weights", weight) == 0:
            raise ValueError("weights: each must be positive")
    return _Mix(tuple(as_generator(g) for g in generators), weights)


class _Stagger(_Around):
    def __init__(self, interval, due, inner):
        self.interval = interval
        self.due = due
        self.inner = inner

    def again(self, inner):
        return _Stagger(self.interval, self.due, inner)

    def op(self, context):
        asked = _asked(self.inner, context)
        if asked is None:
            return None
        operation, after = asked
        due = context.time if self.due is None else self.due
        if isinstance(operation, Pending):
            return operation, _Stagger(self.interval, due, after)
        time = max(operation["time"], due)
        pause = context.random.randrange(2 * self.interval + 1)
        # One that came late makes the next ones late, not many.
        following = max(due, time - self.interval) + pause
        return {**operation, "time": time}, _Stagger(self.interval, following, after)


def stagger(seconds: float, generator) -> Generator:
    """Operations of all clients together at this mean interval, each between 0 and twice of it.

    >>> times = [time for time, _ in preview(limit(100, stagger(0.1, lambda: {"f": "read"})))]
    >>> 8 < times[-1] < 12
    True
    """
    return _Stagger(_seconds("seconds", seconds), None, as_generator(generator))


class _Delay(_Around):
    def __init__(self, interval, due, inner):
        self.interval = interval
        self.due = due
        self.inner = inner

    def again(self, inner):
        return _Delay(self.interval, self.due, inner)

    def op(self, context):
        asked = _asked(self.inner, context)
        if asked is None:
            return None
        operation, after = asked
        if isinstance(operation, Pending):
            return operation, _Delay(self.interval, self.due, after)
        time = max(operation["time"], 0 if self.due is None else self.due)
        return {**operation, "time": time}, _Delay(self.interval, time + self.interval, after)


def delay(seconds: float, generator) -> Generator:
    """At least this long from one operation to the next.

    >>> preview(limit(3, delay(0.5, lambda: {"f": "read"})))
    [(0.0, 'read'), (0.5, 'read'), (1.0, 'read')]
    """
    return _Delay(_seconds("seconds", seconds), None, as_generator(generator))


class _Sleep(Generator):
    def __init__(self, duration, until=None):
        self.duration = duration
        self.until = until

    def op(self, context):
        until = context.time + self.duration if self.until is None else self.until
        if context.time >= until:
            return None
        return Pending(until), _Sleep(self.duration, until)


def sleep(seconds: float) -> Generator:
    """No operation for so long; of use in a list.

    >>> preview([{"f": "a"}, sleep(2), {"f": "b"}])
    [(0.0, 'a'), (2.0, 'b')]
    """
    return _Sleep(_seconds("seconds", seconds))


class _TimeLimit(_Around):
    def __init__(self, duration, until, inner):
        self.duration = duration
        self.until = until
        self.inner = inner

    def again(self, inner):
        return _TimeLimit(self.duration, self.until, inner)

    def op(self, context):
        until = context.time + self.duration if self.until is None else self.until
        if context.time >= until:
            return None
        asked = _asked(self.inner, context)
        if asked is None:
            return None
        operation, after = asked
        following = _TimeLimit(self.duration, until, after)
        if isinstance(operation, Pending):
            wait = until if operation.until is None else min(until, operation.until)
            return Pending(wait), following
        return None if operation["time"] >= until else (operation, following)


def time_limit(seconds: float, generator) -> Generator:
    """Nothing more so long after the first time that it is asked.

    >>> len(preview(time_limit(10, delay(1, lambda: {"f": "read"}))))
    10
    """
    return _TimeLimit(_seconds("seconds", seconds), None, as_generator(generator))


class _Synchronize(_Around):
    def __init__(self, inner):
        self.inner = inner

    def again(self, inner):
        return _Synchronize(inner)

    def op(self, context):
        if len(context.free) < context.clients:
            return PENDING, self
        return _asked(self.inner, context)


def synchronize(generator) -> Generator:
    """Waits until every client is free, then goes on as the generator.

    >>> preview(synchronize({"f": "read"}))
    [(0.0, 'read')]
    """
    return _Synchronize(as_generator(generator))


def phases(*generators) -> Generator:
    """One after the other, each when everything of the one before has completed.

    >>> preview(phases({"f": "a"}, {"f": "b"}), clients=2, latency=1.0)
    [(0.0, 'a'), (1.0, 'b')]
    """
    return _InOrder(tuple(synchronize(g) for g in generators))


class _Reserve(Generator):
    def __init__(self, parts):
        self.parts = parts  # (clients, generator)

    def op(self, context):
        soonest = None
        wait = None
        alive = False
        for position, (clients, generator) in enumerate(self.parts):
            asked = _asked(generator, context.among(clients))
            if asked is None:
                continue
            alive = True
            operation, _ = asked
            if isinstance(operation, Pending):
                if operation.until is not None:
                    wait = operation.until if wait is None else min(wait, operation.until)
                # What waits for a time must keep when it began to.
                self = self._with(position, asked[1])
            elif soonest is None or operation["time"] < soonest[1]["time"]:
                soonest = (position, *asked)
        if soonest is not None:
            position, operation, after = soonest
            if operation["time"] <= context.time:
                return operation, self._with(position, after)
            # An operation that is not due yet is asked for again, and would take with it what the
            # other parts keep.
            wait = operation["time"] if wait is None else min(wait, operation["time"])
        return (Pending(wait), self) if alive else None

    def _with(self, position, generator):
        clients = self.parts[position][0]
        return _Reserve(
            (*self.parts[:position], (clients, generator), *self.parts[position + 1:])
        )

    def update(self, context, event):
        for position, (clients, generator) in enumerate(self.parts):
            if event["client"] in clients:
                updated = _updated(generator, context.among(clients), event)
                return self if updated is generator else self._with(position, updated)
        return self


class _Split(Generator):
    """Becomes a reserve when it is first asked, since only then it is known who there is."""

    def __init__(self, split):
        self.split = split

    def op(self, context):
        return _Reserve(self.split(context.clients)).op(context)


def reserve(*parts) -> Generator:
    """``reserve(2, writes, 1, scans, reads)``: two clients write, one scans, the others read.

    >>> preview(reserve(1, {"f": "write"}, {"f": "read"}), clients=3)
    [(0.0, 'write'), (0.0, 'read')]
    """
    if len(parts) % 2 == 0:
        raise ValueError("reserve: give pairs of a count and a generator, and one for the others")
    counts = [_count(f"reserve: argument {i}", parts[i]) for i in range(0, len(parts) - 1, 2)]
    generators = [as_generator(g) for g in (*parts[1::2], parts[-1])]

    def split(clients):
        if sum(counts) > clients:
            raise ValueError(f"reserve: {sum(counts)} clients are reserved, there are {clients}")
        starts = [sum(counts[:i]) for i in range(len(counts) + 1)]
        ends = [*starts[1:], clients]
        return tuple(
            (frozenset(range(start, end)), generator)
            for start, end, generator in zip(starts, ends, generators)
        )

    return _Split(split)


def each_client(generator) -> Generator:
    """A generator of its own for each client.

    >>> preview(each_client({"f": "read"}), clients=3)
    [(0.0, 'read'), (0.0, 'read'), (0.0, 'read')]
    """
    inner = as_generator(generator)
    return _Split(lambda clients: tuple((frozenset((c,)), inner) for c in range(clients)))


class _UntilOk(_Around):
    def __init__(self, inner, asked=frozenset(), done=False):
        self.inner = inner
        self.waiting = asked
        self.done = done

    def again(self, inner):
        return _UntilOk(inner, self.waiting, self.done)

    def op(self, context):
        if self.done:
            return None
        asked = _asked(self.inner, context)
        if asked is None:
            return None
        operation, after = asked
        waiting = self.waiting
        if not isinstance(operation, Pending):
            waiting = waiting | {operation["client"]}
        return operation, _UntilOk(after, waiting)

    def update(self, context, event):
        inner = _updated(self.inner, context, event)
        if event["type"] == "invoke" or event["client"] not in self.waiting:
            return self.again(inner)
        return _UntilOk(inner, self.waiting - {event["client"]}, self.done or event["type"] == "ok")


def until_ok(generator) -> Generator:
    """Until one of its operations has ended well; give it something that repeats.

    >>> preview(until_ok(lambda: {"f": "read"}), clients=1)
    [(0.0, 'read')]
    """
    return _UntilOk(as_generator(generator))


class _FlipFlop(Generator):
    def __init__(self, generators, turn):
        self.generators = generators
        self.turn = turn

    def op(self, context):
        asked = _asked(self.generators[self.turn], context)
        if asked is None:
            return None
        operation, after = asked
        changed = (*self.generators[:self.turn], after, *self.generators[self.turn + 1:])
        step = 0 if isinstance(operation, Pending) else 1
        return operation, _FlipFlop(changed, (self.turn + step) % len(changed))

    def update(self, context, event):
        return _FlipFlop(
            tuple(_updated(g, context, event) for g in self.generators), self.turn)


def flip_flop(*generators) -> Generator:
    """By turns, until one has no more.

    >>> preview(limit(3, flip_flop(lambda: {"f": "a"}, lambda: {"f": "b"})))
    [(0.0, 'a'), (0.0, 'b'), (0.0, 'a')]
    """
    return _FlipFlop(tuple(as_generator(g) for g in generators), 0)


class _Mapped(_Around):
    def __init__(self, function, inner):
        self.function = function
        self.inner = inner

    def again(self, inner):
        return _Mapped(self.function, inner)

    def op(self, context):
        asked = _asked(self.inner, context)
        if asked is None:
            return None
        operation, after = asked
        if not isinstance(operation, Pending):
            operation = self.function(operation)
        return operation, _Mapped(self.function, after)


def mapped(function: Callable[[dict], dict], generator) -> Generator:
    """Each operation as the function makes it.

    >>> preview(mapped(lambda op: {**op, "f": op["f"].upper()}, {"f": "read"}))
    [(0.0, 'READ')]
    """
    return _Mapped(function, as_generator(generator))


def preview(
    generator, clients: int = 1, latency: float = 0.0, most: int = 1000, seed: int = 0
) -> list[tuple[float, str]]:
    """Times and functions of what a generator would give, if every operation took ``latency``
    seconds and ended well; at most ``most`` operations.

    >>> preview([{"f": "a"}, {"f": "b"}], latency=0.5)
    [(0.0, 'a'), (0.5, 'b')]
    """
    random = _random.Random(seed)
    now, busy, seen = 0, [], []
    free = list(range(clients))
    current = as_generator(generator)
    while len(seen) < most:
        context = Context(now, free, clients, list(range(clients)), random)
        asked = None if current is None else _asked(current, context)
        if asked is None and not busy:
            break
        wait = None
        if asked is not None:
            operation, after = asked
            if isinstance(operation, Pending):
                current, wait = after, operation.until
            elif operation["time"] > now:
                wait = operation["time"]
            else:
                current = _updated(after, context, {**operation, "type": "invoke"})
                free.remove(operation["client"])
                busy.append((now + round(latency * NANOSECONDS), operation))
                seen.append((now / NANOSECONDS, operation["f"]))
                continue
        if busy and (wait is None or busy[0][0] <= wait):
            now, operation = busy.pop(0)
            free.append(operation["client"])
            context = Context(now, free, clients, list(range(clients)), random)
            current = _updated(current, context, {**operation, "type": "ok"})
        elif wait is None:
            raise RuntimeError("the generator waits for an operation to complete, but none is open")
        else:
            now = max(now + 1, wait)
    return seen
