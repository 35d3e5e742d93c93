"""When operations come."""

from __future__ import annotations

from .arguments import nanoseconds
from .base import Around, Generator, Pending, as_generator, ask


class _Stagger(Around):
    def __init__(self, interval, due, inner):
        self.interval = interval
        self.due = due
        self.inner = inner

    def again(self, inner):
        return _Stagger(self.interval, self.due, inner)

    def op(self, context):
        asked = ask(self.inner, context)
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
    return _Stagger(nanoseconds("seconds", seconds), None, as_generator(generator))


class _Delay(Around):
    def __init__(self, interval, due, inner):
        self.interval = interval
        self.due = due
        self.inner = inner

    def again(self, inner):
        return _Delay(self.interval, self.due, inner)

    def op(self, context):
        asked = ask(self.inner, context)
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
    return _Delay(nanoseconds("seconds", seconds), None, as_generator(generator))


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
    return _Sleep(nanoseconds("seconds", seconds))


class _TimeLimit(Around):
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
        asked = ask(self.inner, context)
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
    return _TimeLimit(nanoseconds("seconds", seconds), None, as_generator(generator))
