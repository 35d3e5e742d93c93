"""What a checker is, and what it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Verdict:
    """What a checker says of a history.

    ``valid`` is True, False, or None where the checker gave up. ``detail`` says what was seen.

    >>> bool(Verdict("set", True)), bool(Verdict("set", None))
    (True, False)
    >>> Verdict("set", False, "1 is lost")
    <set: invalid: 1 is lost>
    """

    checker: str
    valid: bool | None
    detail: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """``"valid"``, ``"invalid"`` or ``"unknown"``."""
        return {True: "valid", False: "invalid", None: "unknown"}[self.valid]

    def __bool__(self):
        return self.valid is True

    def __repr__(self) -> str:
        detail = f": {self.detail}" if self.detail else ""
        return f"<{self.checker}: {self.word}{detail}>"

    def _repr_html_(self) -> str:
        from .. import markup

        return markup.verdict(self)


class Operation(NamedTuple):
    """An invocation and what became of it; ``completion`` is None while that is open."""

    invocation: dict
    completion: dict | None

    @property
    def type(self) -> str:
        """``"ok"``, ``"fail"`` or ``"info"``."""
        return "info" if self.completion is None else self.completion["type"]

    @property
    def f(self) -> str:
        """What was asked."""
        return self.invocation["f"]

    @property
    def value(self):
        """The value: of the completion when it is ok, else of the invocation."""
        return (self.completion if self.type == "ok" else self.invocation).get("value")


def operations(history: Iterable[dict]) -> Iterator[Operation]:
    """The operations of a history of events, in the order of their invocations.

    >>> events = [{"type": "invoke", "process": 0, "f": "read"},
    ...           {"type": "ok", "process": 0, "f": "read", "value": 3}]
    >>> [(op.f, op.type, op.value) for op in operations(events)]
    [('read', 'ok', 3)]
    """
    begun: list[list] = []
    by_process: dict[Any, list] = {}
    for event in history:
        if event["type"] == "invoke":
            pair = [event, None]
            begun.append(pair)
            by_process[event["process"]] = pair
        elif event["process"] in by_process:
            by_process.pop(event["process"])[1] = event
    return iter([Operation(*pair) for pair in begun])


class Checker:
    """Judges histories. Checkers add up: ``a + b`` is valid where both are."""

    #: The property that it checks, kebab case.
    name = "checker"

    def check(self, history: Iterable[dict]) -> Verdict:
        """Judges a history: events with type, process, f, key, value and time (nanoseconds)."""
        raise NotImplementedError

    def __add__(self, other: Checker) -> Checker:
        if not isinstance(other, Checker):
            return NotImplemented
        return Both(self, other)


class Both(Checker):
    """Several checkers at once; the worst verdict holds."""

    def __init__(self, *checkers):
        self.checkers = checkers
        self.name = " + ".join(checker.name for checker in checkers)

    def check(self, history):
        events = list(history)
        verdicts = [checker.check(events) for checker in self.checkers]
        worst = min(verdicts, key=lambda verdict: {False: 0, None: 1, True: 2}[verdict.valid])
        facts = {verdict.checker: verdict for verdict in verdicts}
        return Verdict(worst.checker, worst.valid, worst.detail, facts)


def shown(items, most: int = 5) -> str:
    """A few of many, for a detail.

    >>> shown(range(9), 3)
    '0, 1, 2 and 6 more'
    """
    items = list(items)
    text = ", ".join(repr(item) for item in items[:most])
    return text if len(items) <= most else f"{text} and {len(items) - most} more"
