"""The arguments of nemeses, checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from .. import _core

TARGETS = ("leader", "follower", "followers", "random", "minority", "majority", "all")


def refuse(argument: str, why: str) -> NoReturn:
    """Raises the error of an argument that cannot be."""
    raise _core.InvalidInput(f"{argument}: {why}")


def seconds(value: Any, argument: str) -> float:
    """A time: a number of seconds, or a text such as `"1.5s"` or `"200ms"`.

    >>> seconds("200ms", "every")
    0.2
    """
    try:
        return _core.seconds(value)
    except (TypeError, ValueError) as error:
        said = str(error).partition(": ")[2]
        raise type(error)(f"{argument}: {said}") from None


def listed(times: Any) -> list[Any]:
    """One time, or several, as a list.

    >>> listed("200ms"), listed([1, 2])
    (['200ms'], [1, 2])
    """
    several = isinstance(times, Iterable) and not isinstance(times, str)
    return list(times) if several else [times]


def checked_targets(targets: Any) -> str | tuple[int, ...]:
    """A word of `TARGETS`, or indexes of nodes."""
    if isinstance(targets, str):
        if targets not in TARGETS:
            refuse("targets", f"{targets!r} is none of {', '.join(TARGETS)}")
        return targets
    several = targets if isinstance(targets, Sequence) else (targets,)
    for one in several:
        if isinstance(one, bool) or not isinstance(one, int):
            raise TypeError(f"targets: must be a word or indexes of nodes, not {one!r}")
    if not several or min(several) < 0:
        refuse("targets", "needs indexes of nodes, from 0")
    return tuple(several)


def choose(argument: str, kind: str, kinds: Sequence[str]) -> str:
    """`kind`, which must be one of `kinds`."""
    if kind not in kinds:
        refuse(argument, f"{kind!r} is none of {', '.join(kinds)}")
    return kind


def nearest(word: str, known: Iterable[str]) -> str:
    """What a word that nobody knows may have meant, for the end of an error."""
    import difflib

    close = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""
