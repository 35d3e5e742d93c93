"""Figures of runs and campaigns, with matplotlib: a file a figure, one style.

Each takes `ax`, axes to draw on (without it, a new figure), and returns the axes. All work without
a display, and say so on the figure where there is nothing to show.

>>> import synchrodb as sdb
>>> run = sdb.Test(nodes=3, time_limit=10).simulate(seed=1)
>>> run.plot.latency().get_xlabel()
'time (s)'
"""

from __future__ import annotations

from typing import Any

from .availability import availability
from .clocks import clocks
from .commit_lag import commit_lag
from .latency import latency
from .likelihood import likelihood
from .marks import marks
from .quantiles import quantiles
from .rate import rate
from .rates import rates
from .roles import roles
from .spacetime import spacetime
from .style import COLOURS, STYLE
from .timeline import timeline
from .verdicts import verdicts

__all__ = [
    "COLOURS", "STYLE", "CampaignPlots", "Plots", "availability", "clocks", "commit_lag", "latency",
    "likelihood", "marks", "quantiles", "rate", "rates", "roles", "spacetime", "timeline",
    "verdicts",
]


class _Bound:
    """Functions that draw, with what they draw given already."""

    _figures: tuple[Any, ...] = ()

    def __init__(self, what: Any):
        self._what = what

    def __init_subclass__(cls) -> None:
        for draw in cls._figures:
            setattr(cls, draw.__name__, _bound(draw))

    def __repr__(self) -> str:
        names = ", ".join(draw.__name__ for draw in self._figures)
        return f"<figures: {names}>"


def _bound(draw: Any) -> Any:
    def method(self: _Bound, ax: Any = None, **how: Any) -> Any:
        return draw(self._what, ax, **how)

    method.__name__, method.__doc__ = draw.__name__, draw.__doc__
    return method


class Plots(_Bound):
    """The figures of a run, as `run.plot`: `latency`, `quantiles`, `rate`, `availability`, `roles`,
    `clocks`, `commit_lag`, `timeline`, `spacetime`, `likelihood`. Each is the function of that name
    in this module."""

    _figures = (latency, quantiles, rate, availability, roles, clocks, commit_lag, timeline,
                spacetime)

    def likelihood(self, ax: Any = None, **how: Any) -> Any:
        """The share of failing futures over time: runs many; `how`: of `synchrodb.likelihood`.

        >>> import synchrodb as sdb
        >>> run = sdb.Test(nodes=3, time_limit=10).simulate(seed=1)
        >>> run.plot.likelihood(times=[2, 4], futures=2).get_xlim()[0]
        0.0
        """
        from ..travel import likelihood as told

        return likelihood(told(self._what, **how), ax, run=self._what)


class CampaignPlots(_Bound):
    """The figures of a campaign, as `campaign.plot`: `verdicts`, `marks`, `rates`. Each is the
    function of that name in this module."""

    _figures = (verdicts, marks, rates)
