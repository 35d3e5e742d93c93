"""What every node was, and when: the lanes of figures over nodes."""

from __future__ import annotations

from typing import Any, NamedTuple

_ENDS = ("killed", "power-lost", "ended-itself", "wiped")
_BECAME = "became-"


class Span(NamedTuple):
    """A node was one thing from `begin` to `end` (nanoseconds). `role`: `"leader"`, `"follower"`,
    `"candidate"`, `"pre-candidate"`, `"learner"`, `"recovering"`, or `"running"` where it has none.
    `term` is 0 where nobody knows."""

    node: int
    role: str
    term: int
    begin: int
    end: int


def spans(run: Any) -> list[Span]:
    """The spans of all nodes that ever ran, by node and time; none while a node is down.

    To the nanosecond where the event log says, else as often as samples were taken.

    >>> import synchrodb as sdb
    >>> run = sdb.Test(nodes=3, time_limit=10).simulate(seed=1)
    >>> sorted({span.role for span in spans(run) if span.node == run.samples["leader"][-1] - 1})
    ['candidate', 'follower', 'leader', 'pre-candidate', 'recovering']
    """
    trace = _recorded(run, "trace")
    if trace is not None and any(word.startswith(_BECAME) for word in trace.categories("event")):
        return _of_trace(trace)
    samples = _recorded(run, "samples")
    return [] if samples is None else _of_samples(samples)


def _recorded(run: Any, name: str) -> Any:
    try:
        table = getattr(run, name)
    except AttributeError:
        return None
    return table if len(table) else None


def _of_trace(trace: Any) -> list[Span]:
    import numpy as np

    telling = [code for code, word in enumerate(trace.categories("event"))
               if word in (*_ENDS, "started", "recovered") or word.startswith(_BECAME)]
    events, times, nodes, terms = (trace[name] for name in ("event", "time", "node", "term"))
    last = int(times.max())
    open_spans: dict[int, Span] = {}
    made: list[Span] = []

    def turn(node: int, role: str | None, term: int, now: int) -> None:
        before = open_spans.pop(node, None)
        if before is not None and now > before.begin:
            made.append(before._replace(end=now))
        if role is not None:
            known = term or (before.term if before is not None else 0)
            open_spans[node] = Span(node, role, known, now, last)

    for row in np.flatnonzero(np.isin(trace.codes("event"), telling)).tolist():
        word, node = events[row], int(nodes[row])
        role = ("recovering" if word == "started" else "follower" if word == "recovered" else
                None if word in _ENDS else word.removeprefix(_BECAME))
        turn(node, role, int(terms[row]), int(times[row]))
    made += [span for span in open_spans.values() if span.end > span.begin]
    return sorted(made, key=lambda span: (span.node, span.begin))


def _of_samples(samples: Any) -> list[Span]:
    made: list[Span] = []
    last = int(samples["time"].max())
    running: dict[int, Span] = {}
    for row in samples:
        node, now = row["node"], row["time"]
        role = (row["role"] or "running") if row["running"] else None
        before = running.get(node)
        if before is not None and (before.role, before.term) != (role, row["term"]):
            made.append(before._replace(end=now))
            del running[node]
        if role is not None and node not in running:
            running[node] = Span(node, role, row["term"], now, last)
    made += running.values()
    return sorted((span for span in made if span.end > span.begin),
                  key=lambda span: (span.node, span.begin))
