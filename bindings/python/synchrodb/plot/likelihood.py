"""How likely a failure is, over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..statistics import Rate
from .data import end_of
from .shading import shade
from .style import COLOURS, say_empty, styled, time_axis


def likelihood(told: Sequence[Any], ax: Any = None, *, run: Any = None) -> Any:
    """The share of failing futures over time, with its 95 % confidence band.

    `told`: what `synchrodb.likelihood(run)` returned. `run`: shades that run's faults, and marks
    its anomaly.

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.likelihood import likelihood
    >>> run = sdb.Test(nodes=3, time_limit=10).simulate(seed=1)
    >>> likelihood(sdb.likelihood(run, times=[2, 4], futures=3)).get_ylabel()
    'failing futures (%)'
    """
    with styled(ax) as ax:
        times = [each.time for each in told]
        shares = [Rate.of(each.failing, each.futures) for each in told]
        if told:
            ax.fill_between(times, [100 * rate.low for rate in shares],
                            [100 * rate.high for rate in shares], color=COLOURS["vermillion"],
                            alpha=0.16, linewidth=0, label="95 % confidence")
            ax.plot(times, [100 * rate.value for rate in shares], color=COLOURS["vermillion"],
                    marker="o", markersize=4, label=f"of {told[0].futures} futures each")
        else:
            say_empty(ax, "no moment was asked for")
        ax.set_ylabel("failing futures (%)")
        ax.set_ylim(-3, 103)
        title = "Likelihood of failure, by the moment from which the future is another"
        if run is None:
            time_axis(ax, min(times, default=0.0), max(times, default=1.0))
            ax.set_title(title)
        else:
            time_axis(ax, 0, end_of(run))
            _mark(ax, run)
            shade(ax, run, title)
        if told:
            ax.legend(loc="best")
        return ax


def _mark(ax: Any, run: Any) -> None:
    from ..anomaly import anomaly

    wrong = anomaly(run)
    if wrong is not None and wrong.time is not None:
        ax.axvline(wrong.time / 1e9, color="black", linewidth=1.2, linestyle="--",
                   label="the anomaly")
