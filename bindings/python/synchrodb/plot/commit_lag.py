"""How far nodes are behind what is committed."""

from __future__ import annotations

from typing import Any

import numpy as np

from .data import end_of, samples
from .shading import shade
from .style import node_name, node_style, say_empty, styled, time_axis


def commit_lag(run: Any, ax: Any = None) -> Any:
    """How many entries each node's commit index is behind the highest of all; faults shaded. A node
    that is down has a gap.

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.commit_lag import commit_lag
    >>> commit_lag(sdb.Test(nodes=3, time_limit=10).simulate(seed=1)).get_ylabel()
    'entries behind'
    """
    with styled(ax) as ax:
        for node, (time, lag) in lags(run).items():
            ax.plot(time, lag, label=node_name(node), drawstyle="steps-post", **node_style(node))
        ax.set_ylabel("entries behind")
        time_axis(ax, 0, end_of(run))
        if ax.lines:
            ax.set_yscale("symlog", linthresh=10)
            ax.set_ylim(bottom=0)
            ax.yaxis.set_major_formatter("{x:,.0f}")
            ax.legend(loc="upper right", ncols=8)
        else:
            say_empty(ax, "no node was seen running")
        shade(ax, run, "Commit index behind the highest")
        return ax


def lags(run: Any) -> dict[int, tuple[Any, Any]]:
    """For each node the moments (seconds) and how many entries it is behind; NaN while down."""
    found = samples(run, "commit")
    highest: dict[float, int] = {}
    for mine in found.values():
        for now, commit in zip(mine.time.tolist(), mine.rows["commit"].tolist(), strict=True):
            highest[now] = max(highest.get(now, 0), commit)
    best = 0
    for now in sorted(highest):  # what is committed stays so, even while those who knew are down
        best = highest[now] = max(best, highest[now])
    return {node: (mine.time, np.where(
                mine.rows["running"],
                np.array([highest[now] for now in mine.time.tolist()]) - mine.rows["commit"],
                np.nan))
            for node, mine in found.items()}
