"""Operations made of other operations."""

from __future__ import annotations

from collections.abc import Callable

from .base import Around, Generator, Pending, as_generator, ask


class _Mapped(Around):
    def __init__(self, function, inner):
        self.function = function
        self.inner = inner

    def again(self, inner):
        return _Mapped(self.function, inner)

    def op(self, context):
        asked = ask(self.inner, context)
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
