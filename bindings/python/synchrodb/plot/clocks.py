"""Clock error of each node."""

from __future__ import annotations

from typing import Any

import numpy as np

from .data import end_of, samples
from .shading import shade
from .style import node_name, node_style, say_empty, styled, time_axis


def clocks(run: Any, ax: Any = None) -> Any:
    """By how much each node's clock is ahead of true time; faults shaded.

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.clocks import clocks
    >>> clocks(sdb.Test(nodes=3, time_limit=10).simulate(seed=1)).get_ylabel()
    'clock error (ms)'
    """
    with styled(ax) as ax:
        found = samples(run, "clock_error")
        for node, mine in found.items():
            error = mine.rows["clock_error"] / 1e6
            ax.plot(mine.time, np.where(mine.rows["running"], error, np.nan),
                    label=node_name(node), **node_style(node))
        ax.axhline(0, color="#808080", linewidth=0.7, zorder=1)
        ax.set_ylabel("clock error (ms)")
        time_axis(ax, 0, end_of(run))
        if found:
            ax.legend(loc="upper left", ncols=8)
        else:
            say_empty(ax, "no node was seen running")
        shade(ax, run, "Clocks against true time")
        return ax
