"""Nemesis shading: what was wrong when, so that cause and effect show at once."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.transforms import ScaledTranslation

from .style import COLOURS

_TINTS = ("vermillion", "purple", "green", "orange", "sky", "blue", "black")
_MOST_LANES = 6
_LANE_POINTS = 9.5  # the height of one


def strokes(run: Any) -> dict[str, list[tuple[float, float]]]:
    """When each fault was under way, in seconds; what overlaps is one.

    Of many faults the families are told instead.

    >>> import synchrodb as sdb
    >>> test = sdb.Test(nodes=3, time_limit=10, nemesis=sdb.nemesis.partition(at=2, lasting=1))
    >>> strokes(test.simulate(seed=1))
    {'partition-halves': [(2.0, 3.0)]}
    """
    try:
        intervals = run.intervals
    except AttributeError:  # a run that recorded no trace
        return {}
    found = _merged((each["fault"], each["begin"] / 1e9, each["end"] / 1e9) for each in intervals)
    if len(found) <= _MOST_LANES:
        return found
    from .. import _core

    family = {row["name"]: row["family"] for row in _core.fault_table()}
    return _merged((family.get(each["fault"], each["fault"]), each["begin"] / 1e9,
                    each["end"] / 1e9) for each in intervals)


def _merged(intervals: Any) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for name, begin, end in sorted(intervals, key=lambda each: each[1]):
        mine = found.setdefault(name, [])
        if mine and begin <= mine[-1][1]:
            mine[-1] = (mine[-1][0], max(mine[-1][1], end))
        else:
            mine.append((begin, end))
    return found


def shade(ax: Axes, run: Any, title: str) -> None:
    """Shades the axes, puts a lane for each fault above them, and the title above all.

    Call it last, when the horizontal limits stand.
    """
    low, high = ax.get_xlim()
    shown = {name: [(max(begin, low), min(end, high)) for begin, end in several
                    if end >= low and begin <= high] for name, several in strokes(run).items()}
    shown = {name: several for name, several in shown.items() if several}
    least = (high - low) / 300  # a fault of a moment is seen too
    for number, (name, several) in enumerate(shown.items()):
        tint = COLOURS[_TINTS[number % len(_TINTS)]]
        for begin, end in several:
            ax.axvspan(begin, max(end, begin + least / 3), color=tint, alpha=0.07, linewidth=0,
                       zorder=0)
        points = _LANE_POINTS * (len(shown) - number) - 2
        raised = ScaledTranslation(0, points / 72, ax.figure.dpi_scale_trans)
        lane = LineCollection([[(begin, 1), (max(end, begin + least), 1)]
                               for begin, end in several], colors=tint, linewidths=5,
                              transform=ax.get_xaxis_transform() + raised, clip_on=False)
        ax.add_collection(lane, autolim=False)
        ax.text(1.008, 1, name, transform=ax.transAxes + raised, color=tint, fontsize=7,
                va="center", ha="left", clip_on=False)
    ax.set_title(title, pad=6 + _LANE_POINTS * len(shown))
