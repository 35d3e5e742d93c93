"""Latency of every operation."""

from __future__ import annotations

from typing import Any

from .data import end_of, operations
from .shading import shade
from .style import OUTCOME_WORDS, OUTCOMES, headroom, say_empty, styled, time_axis

_MARKS = {"ok": ".", "fail": "x", "refused": "v", "info": "^"}


def latency(run: Any, ax: Any = None) -> Any:
    """A dot for each answered operation: when it was invoked, how long it took; faults shaded.

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.latency import latency
    >>> latency(sdb.Test(nodes=3, time_limit=10).simulate(seed=1)).get_ylabel()
    'latency (ms)'
    """
    with styled(ax) as ax:
        found = operations(run)
        for word, colour in OUTCOMES.items():
            mine = (found.type == word) & (found.latency >= 0)
            if mine.any():
                ax.scatter(found.invoked[mine], found.latency[mine] * 1e3, s=9, linewidths=0.8,
                           marker=_MARKS[word], color=colour, alpha=0.55, rasterized=True,
                           label=f"{OUTCOME_WORDS[word]} ({mine.sum():,})",
                           edgecolors="none" if word == "ok" else None)
        ax.set_ylabel("latency (ms)")
        time_axis(ax, 0, end_of(run))
        if ax.collections:
            ax.set_yscale("log")
            headroom(ax, 4)
            ax.legend(loc="upper right", ncols=4, markerscale=2)
        else:
            say_empty(ax, "no operation was answered")
        shade(ax, run, "Latency of operations")
        return ax
