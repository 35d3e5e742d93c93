"""How many operations: so many, again and again, until one has ended well."""

from __future__ import annotations

from .arguments import count_of
from .base import Around, Generator, Pending, as_generator, ask, tell


class _Limit(Around):
    def __init__(self, left, inner):
        self.left = left
        self.inner = inner

    def again(self, inner):
        return _Limit(self.left, inner)

    def op(self, context):
        if self.left == 0:
            return None
        asked = ask(self.inner, context)
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
    return _Limit(count_of("count", count), as_generator(generator))


def once(generator) -> Generator:
    """The first operation only.

    >>> preview(once(lambda: {"f": "read"}))
    [(0.0, 'read')]
    """
    return limit(1, generator)


class _Repeat(Around):
    def __init__(self, whole, left, inner):
        self.whole = whole
        self.left = left
        self.inner = inner

    def again(self, inner):
        return _Repeat(self.whole, self.left, inner)

    def op(self, context):
        if self.left == 0:
            return None
        asked = ask(self.inner, context)
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
        count_of("times", times)
    whole = as_generator(generator)
    return _Repeat(whole, times, whole)


class _UntilOk(Around):
    def __init__(self, inner, asked=frozenset(), done=False):
        self.inner = inner
        self.waiting = asked
        self.done = done

    def again(self, inner):
        return _UntilOk(inner, self.waiting, self.done)

    def op(self, context):
        if self.done:
            return None
        asked = ask(self.inner, context)
        if asked is None:
            return None
        operation, after = asked
        waiting = self.waiting
        if not isinstance(operation, Pending):
            waiting = waiting | {operation["client"]}
        return operation, _UntilOk(after, waiting)

    def update(self, context, event):
        inner = tell(self.inner, context, event)
        if event["type"] == "invoke" or event["client"] not in self.waiting:
            return self.again(inner)
        return _UntilOk(inner, self.waiting - {event["client"]}, self.done or event["type"] == "ok")


def until_ok(generator) -> Generator:
    """Until one of its operations has ended well; give it something that repeats.

    >>> preview(until_ok(lambda: {"f": "read"}), clients=1)
    [(0.0, 'read')]
    """
    return _UntilOk(as_generator(generator))
