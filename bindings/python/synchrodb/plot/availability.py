"""Availability: what share of operations got an answer in time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .data import edges, end_of, operations
from .shading import shade
from .style import COLOURS, say_empty, styled, time_axis


def availability(run: Any, ax: Any = None, *, within: float = 1.0,
                 every: float | None = None) -> Any:
    """The share of operations, by when they were invoked, that were answered `within` so many
    seconds: ok, or failed for a reason of the data, such as a compare-and-set that found another
    value. Faults are shaded.

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.availability import availability
    >>> availability(sdb.Test(nodes=3, time_limit=10).simulate(seed=1)).get_ylim()
    (0.0, 105.0)
    """
    if not within > 0:
        raise ValueError(f"within: must be more than 0 seconds, not {within!r}")
    with styled(ax) as ax:
        found = operations(run)
        end = end_of(run)
        bounds = edges(end, every)
        served = np.isin(found.type, ("ok", "fail")) & (found.latency <= within)
        asked, _ = np.histogram(found.invoked, bounds)
        answered, _ = np.histogram(found.invoked[served], bounds)
        title = f"Availability: answered within {within:g} s"
        if asked.sum():
            share = np.where(asked > 0, 100 * answered / np.maximum(asked, 1), np.nan)
            ax.stairs(share, bounds, color=COLOURS["blue"], linewidth=1.4)
            ax.stairs(np.nan_to_num(share), bounds, fill=True, color=COLOURS["blue"], alpha=0.18)
            title += f", {100 * served.mean():.2f} % of {len(served):,} operations"
        else:
            say_empty(ax, "no operation was invoked")
        ax.set_ylabel("answered in time (%)")
        ax.set_ylim(0, 105)
        time_axis(ax, 0, end)
        shade(ax, run, title)
        return ax
