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
    >>> leader = next(span for span in spans(run) if span.role == "leader")
    >>> [(span.role, span.term == leader.term) for span in spans(run)
    ...  if span.node == leader.node and span.end == leader.begin]
    [('candidate', True)]
    """
    trace = _recorded(run, "trace")
    if trace is not None and any(word.startswith(_BECAME) for word in trace.categories("event")):
        return _of_trace(trace, end_of(run))
    samples = _recorded(run, "samples")
    return [] if samples is None else _of_samples(samples)


def end_of(run: Any) -> int:
    """When the run was over, in nanoseconds: the last thing that anybody saw.

    >>> import synchrodb as sdb
    >>> run = sdb.Test(nodes=3, time_limit=10).simulate(seed=1)
    >>> abs(end_of(run) / 1e9 - run.result.virtual_seconds) < 1e-6
    True
    """
    table = run.history.operations
    seen = [int(table[name].max()) for name in ("invoke_time", "complete_time") if len(table)]
    if run.result is not None:
        return max(round(run.result.virtual_seconds * 1e9), *seen, 0)
    # Samples only where they are at hand: nobody must be run again for the length of an axis.
    for name in ("trace", *(("samples",) if "samples" in run.recorded else ())):
        rows = _recorded(run, name)
        if rows is not None:
            seen.append(int(rows["time"].max()))
    return max(seen, default=0)


def _recorded(run: Any, name: str) -> Any:
    try:
        table = getattr(run, name)
    except AttributeError:
        return None
    return table if len(table) else None


def _of_trace(trace: Any, last: int) -> list[Span]:
    import numpy as np

    telling = [code for code, word in enumerate(trace.categories("event"))
               if word in (*_ENDS, "started", "recovered") or word.startswith(_BECAME)]
    events, times, nodes, terms = (trace[name] for name in ("event", "time", "node", "term"))
    open_spans: dict[int, Span] = {}
    made: list[Span] = []

    def turn(node: int, role: str | None, term: int, now: int) -> None:
        before = open_spans.get(node)
        known = term or (before.term if before is not None else 0)
        if before is not None:
            if (before.role, before.term) == (role, known):
                return  # it became what it was
            del open_spans[node]
            if now > before.begin:
                made.append(before._replace(end=now))
        if role is not None:
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
