"""Operations, a lane a process: Jepsen's timeline."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..anomaly import anomaly
from .data import end_of, operations
from .shading import shade
from .style import OUTCOME_WORDS, OUTCOMES, lane_axis, legend_below, say_empty, styled, time_axis
from .windows import checked_window

_MOST_WORDS = 90


def timeline(run: Any, ax: Any = None, *, window: Any = None) -> Any:
    """A bar for each operation, from invocation to answer, in its process's lane; what contradicts
    each other is framed. An operation that nobody answered fades out at the end.

    `window`: from and to, in seconds or texts such as `"12.3s"`; without it, where the anomaly is,
    or the whole run.

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.timeline import timeline
    >>> ax = timeline(sdb.Test(nodes=3, time_limit=10).simulate(seed=1), window=(2, "2500ms"))
    >>> ax.get_xlim()
    (2.0, 2.5)
    """
    found = operations(run)
    end = end_of(run)
    wrong = anomaly(run)
    framed = wrong.operations if wrong is not None else ()
    begin, until = checked_window(window, _window(found, framed, end))
    seen = (found.invoked < until) & ~(found.completed < begin)
    processes = _ordered(set(found.process[seen].tolist()))
    with styled(ax, (8.0, 1.5 + 0.3 * max(len(processes), 2))) as ax:
        time_axis(ax, begin, until)
        if seen.any():
            rows = np.flatnonzero(seen)
            lanes = {process: lane for lane, process in enumerate(processes)}
            _draw(ax, found, rows, lanes, end)
            _frame(ax, found, [row for row in framed if seen[row]], lanes, end)
            if len(rows) <= _MOST_WORDS:
                _write(ax, run.history.operations, found, rows, lanes, (begin, until))
            lane_axis(ax, [str(process) for process in processes])
            legend_below(ax, _legend(found.type[rows]))
        else:
            say_empty(ax, "no operation in this window")
        ax.set_ylabel("process")
        shade(ax, run, "Operations of each process")
        return ax


def _window(found: Any, framed: Any, end: float) -> tuple[float, float]:
    if not framed:
        return 0.0, end
    begin = min(found.invoked[row] for row in framed)
    until = max(found.completed[row] if found.completed[row] >= 0 else end for row in framed)
    margin = max(until - begin, 0.002)
    return max(0.0, begin - margin), min(end, until + margin)


def _ordered(processes: set) -> list:
    return sorted(processes, key=lambda process: (isinstance(process, str), process))


def _draw(ax: Any, found: Any, rows: Any, lanes: dict, end: float) -> None:
    for process, lane in lanes.items():
        mine = [row for row in rows.tolist() if found.process[row] == process]
        answered = [row for row in mine if found.completed[row] >= 0]
        colours = [OUTCOMES.get(found.type[row], "#9a9a9a") for row in answered]
        ax.broken_barh([(found.invoked[row], found.latency[row]) for row in answered],
                       (lane - 0.36, 0.72), linewidth=0.3,
                       edgecolors="white" if len(rows) <= _MOST_WORDS else colours,
                       facecolors=colours)
        forever = [row for row in mine if not found.completed[row] >= 0]
        ax.broken_barh([(found.invoked[row], end - found.invoked[row]) for row in forever],
                       (lane - 0.36, 0.72), facecolors="none", edgecolors=OUTCOMES["info"],
                       hatch="////", linewidth=0.6)


def _frame(ax: Any, found: Any, rows: list[int], lanes: dict, end: float) -> None:
    for row in rows:
        until = found.completed[row] if found.completed[row] >= 0 else end
        ax.broken_barh([(found.invoked[row], until - found.invoked[row])],
                       (lanes[found.process[row]] - 0.43, 0.86), facecolors="none",
                       edgecolors="black", linewidth=1.8, zorder=4)


def _write(ax: Any, table: Any, found: Any, rows: Any, lanes: dict,
           window: tuple[float, float]) -> None:
    """The words of an operation: in its bar, or after it where that has no room."""
    keys, values = table["key"], table["value"]
    inches = ax.figure.get_size_inches()[0] * ax.get_position().width
    for row in rows.tolist():
        begin = max(found.invoked[row], window[0])
        until = found.completed[row] if found.completed[row] >= 0 else window[1]
        until = min(until, window[1])
        value = "" if values[row] is None else f" {values[row]}"
        words = f"{found.f[row]}{'' if keys[row] is None else f' {keys[row]}'}{value}"
        room = (until - begin) / (window[1] - window[0]) * inches
        within = room * 15 > len(words)
        if not within and len(rows) > _MOST_WORDS / 3:
            continue
        ax.annotate(words, ((begin + until) / 2 if within else until, lanes[found.process[row]]),
                    (0 if within else 5, 0), textcoords="offset points",
                    ha="center" if within else "left", va="center", fontsize=7, zorder=5,
                    clip_on=True, annotation_clip=True, parse_math=False,
                    color="white" if within and found.completed[row] >= 0 else "black")


def _legend(types: Any) -> list[Any]:
    from matplotlib.patches import Patch

    seen = set(types.tolist())
    return [Patch(facecolor=colour, label=OUTCOME_WORDS[word])
            for word, colour in OUTCOMES.items() if word in seen]
