"""Where in a run it is to be seen that something went wrong."""

from __future__ import annotations

import re
from typing import Any, NamedTuple


class Anomaly(NamedTuple):
    """What a violation is about.

    `time` (nanoseconds): from when on it shows; None: nobody can say. `begin`: when what
    contradicts it began. `node`: an index; -1: none, or several. `operations`: rows of the
    history's `operations` that contradict each other. `words`: what was seen.
    """

    time: int | None
    begin: int | None
    node: int
    operations: tuple[int, ...]
    words: str


def anomaly(run: Any) -> Anomaly | None:
    """The anomaly of a run; None where it violated nothing.

    >>> import synchrodb as sdb
    >>> events = [(0, 0, "invoke", "write", 1), (5, 0, "ok", "write", 1),
    ...           (7, 1, "invoke", "read", None), (9, 1, "ok", "read", 2)]
    >>> names = ("time", "process", "type", "f", "value")
    >>> history = sdb.History.from_events(dict(zip(names, event)) for event in events)
    >>> found = anomaly(sdb.Run(verdict="violation", violated="linearizability", history=history))
    >>> found.time, found.operations
    (9, (1,))
    """
    if run.verdict != "violation":
        return None
    if run.violated == "linearizability":
        rows = _contradiction(run.history)
        if rows:
            table = run.history.operations
            ends = [int(table["complete_time"][row]) for row in rows]
            return Anomaly(max(ends) if max(ends) >= 0 else None,
                           min(int(table["invoke_time"][row]) for row in rows), -1, tuple(rows),
                           run.detail)
    time = _told(run)
    named = re.match(r"n(\d+)\b", run.detail)
    return Anomaly(time, time, int(named[1]) - 1 if named else -1, (), run.detail)


def _contradiction(history: Any) -> list[int]:
    """The rows of the operations that contradict each other."""
    from . import _core
    from .history import History
    from .judging import check

    try:
        found = check(history).facts["contradiction"]
    except _core.Error:  # no history of a register: a checker of somebody's own judged it
        return []
    if found is None:
        return []
    few, all_of_them = History.parse(found["edn"]).operations, history.operations
    keys = set(zip(few["process"].tolist(), few["invoke_time"].tolist(), strict=True))
    rows = zip(all_of_them["process"].tolist(), all_of_them["invoke_time"].tolist(), strict=True)
    return [row for row, key in enumerate(rows) if key in keys]


def _told(run: Any) -> int | None:
    """When the event log says that a property was violated."""
    try:
        rows = run.trace.where(event="violation")
    except AttributeError:
        return None
    return int(rows["time"][0]) if len(rows) else None
