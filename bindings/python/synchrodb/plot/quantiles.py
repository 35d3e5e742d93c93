"""Quantiles of latency over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .data import edges, end_of, operations
from .shading import shade
from .style import COLOURS, headroom, say_empty, styled, time_axis

_LINES = (COLOURS["sky"], COLOURS["blue"], COLOURS["orange"], COLOURS["vermillion"])


def quantiles(run: Any, ax: Any = None, *, of: Sequence[float] = (0.5, 0.95, 0.99, 1.0),
              every: float | None = None) -> Any:
    """How long the given shares of operations that are ok took at most, a window each `every`
    seconds; faults shaded. A window in which nothing was ok has a gap.

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.quantiles import quantiles
    >>> ax = quantiles(sdb.Test(nodes=3, time_limit=10).simulate(seed=1), of=[0.5, 1])
    >>> [line.get_label() for line in ax.lines]
    ['median', 'slowest']
    """
    for share in of:
        if not 0 <= share <= 1:
            raise ValueError(f"of: {share!r} is outside 0 to 1")
    with styled(ax) as ax:
        found = operations(run)
        good = found.type == "ok"
        end = end_of(run)
        bounds = edges(end, every)
        window = np.searchsorted(bounds, found.invoked[good], side="right") - 1
        took = found.latency[good] * 1e3
        middles = (bounds[:-1] + bounds[1:]) / 2
        rows = [[np.quantile(mine, share) for share in of] if (mine := took[window == i]).size
                else [np.nan] * len(of) for i in range(len(middles))]
        if good.any():
            for share, line, colour in zip(of, np.transpose(rows), _colours(len(of)), strict=True):
                ax.plot(middles, line, color=colour, marker=".", markersize=3, label=_name(share))
            ax.set_yscale("log")
            headroom(ax, 3)
            ax.legend(loc="upper right", ncols=len(of))
        else:
            say_empty(ax, "no operation was ok")
        ax.set_ylabel("latency (ms)")
        time_axis(ax, 0, end)
        shade(ax, run, f"Quantiles of latency, windows of {bounds[1]:g} s")
        return ax


def _colours(count: int) -> list[str]:
    return [_LINES[i % len(_LINES)] for i in range(count)]


def _name(share: float) -> str:
    return {0.5: "median", 1: "slowest", 0: "fastest"}.get(share, f"{share * 100:g} %")
