"""Judges histories with the C++ checkers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import _core
from .checkers.base import Verdict
from .history import History


def check(history: History | str | bytes | Iterable[dict] | Any, *, model: str | None = None,
          dialect: str | None = None, steps: int | None = None,
          memory_mib: int | None = None) -> Verdict:
    """Is there an order of the operations that a single correct object could have served?

    `history`: a `History`, a run (its history), a text (Jepsen's EDN or log lines, JSON lines), or
    events as dicts. `model`: `"register"`, `"cas-register"`, `"mutex"` or `"kv"`; `dialect`:
    `"knossos"` or `"jepsen-log"`; without them, what the history itself says, or its form implies.
    `steps` and `memory_mib` limit the search for each key: beyond them the verdict is unknown.

    The verdict's `detail` has the smallest contradiction that was found, in words; its `facts` have
    the rest, `contradiction` with its `edn` too. Ctrl-C ends a long search.

    >>> verdict = check('''
    ... {:process 0 :type :invoke :f :write :value 1}
    ... {:process 0 :type :ok     :f :write :value 1}
    ... {:process 1 :type :invoke :f :read  :value nil}
    ... {:process 1 :type :ok     :f :read  :value 2}''')
    >>> verdict.valid, "read returned 2" in verdict.detail
    (False, True)
    """
    given = getattr(history, "history", history)
    if isinstance(given, (str, bytes)):
        given = History.parse(given)
    elif not isinstance(given, History):
        if not isinstance(given, Iterable):
            raise TypeError("history: must be a History, a run, a text or a list of events, not "
                            f"{type(given).__name__}")
        given = History.from_events(given)
    limits = {name: value for name, value in (("steps", steps), ("memory_mib", memory_mib))
              if value is not None}
    found = _core.check(given._as_core(), model, dialect, **limits)
    contradiction = found["contradiction"]
    detail = contradiction["words"] if contradiction else found["exhausted"]
    valid = {"valid": True, "invalid": False, "unknown": None}[found["verdict"]]
    return Verdict("linearizability", valid, detail, found)
