"""Rate of operations over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .data import edges, end_of, operations
from .shading import shade
from .style import COLOURS, OUTCOME_WORDS, OUTCOMES, headroom, say_empty, styled, time_axis


def rate(run: Any, ax: Any = None, *, by: str = "type", every: float | None = None) -> Any:
    """Answers a second, a window each `every` seconds; faults shaded.

    `by`: a line for each `"type"` (ok, failed, unknown) or each `"f"` (read, write, …; what is ok).

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.rate import rate
    >>> rate(sdb.Test(nodes=3, time_limit=10).simulate(seed=1)).get_ylabel()
    'operations per second'
    """
    if by not in ("type", "f"):
        raise ValueError(f"by: must be 'type' or 'f', not {by!r}")
    with styled(ax) as ax:
        found = operations(run)
        end = end_of(run)
        bounds = edges(end, every)
        widths = np.diff(np.minimum(bounds, max(end, bounds[1] / 2)))
        for words, colour, mine in _lines(found, by):
            counts, _ = np.histogram(found.completed[mine & ~np.isnan(found.completed)], bounds)
            ax.stairs(counts / widths, bounds, color=colour, label=words, linewidth=1.3)
        if ax.patches:
            ax.legend(loc="upper right", ncols=6)
            ax.set_ylim(bottom=0)
            headroom(ax, 1.15)
        else:
            say_empty(ax, "no operation was answered")
        ax.set_ylabel("operations per second")
        time_axis(ax, 0, end)
        shade(ax, run, f"Rate of answers, windows of {bounds[1]:g} s")
        return ax


def _lines(found: Any, by: str) -> list[tuple[str, str, np.ndarray]]:
    answered = ~np.isnan(found.completed)
    if by == "type":
        several = [(OUTCOME_WORDS[word], colour, found.type == word)
                   for word, colour in OUTCOMES.items()]
    else:
        colours = [colour for name, colour in COLOURS.items() if name != "yellow"]
        words = sorted(set(found.f.tolist()))
        several = [(word, colours[i % len(colours)], (found.f == word) & (found.type == "ok"))
                   for i, word in enumerate(words)]
    return [(words, colour, mine) for words, colour, mine in several if (mine & answered).any()]
