"""Coverage of marks: which rare situations a campaign met."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .style import COLOURS, plain, say_empty, styled


def coverage(campaign: Any) -> dict[str, int]:
    """In how many seeds each mark was met, the rarest first.

    >>> import synchrodb as sdb
    >>> done = sdb.campaign(sdb.PlanShape(nodes=3, time=5), seeds=range(4), jobs=1)
    >>> coverage(done)["a node became leader"]
    4
    """
    counts = Counter(mark for result in campaign for mark in result.row.get("marks", ()))
    return dict(sorted(counts.items(), key=lambda item: (item[1], item[0])))


def marks(campaign: Any, ax: Any = None, *, most: int = 40) -> Any:
    """The share of seeds that met each mark, the rarest first, at most so many.

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.marks import marks
    >>> done = sdb.campaign(sdb.PlanShape(nodes=3, time=5), seeds=range(4), jobs=1)
    >>> marks(done).get_xlabel()
    'seeds that met it (%)'
    """
    met = coverage(campaign)
    shown = list(met.items())[:most]
    with styled(ax, (8.0, 1.1 + 0.19 * max(len(shown), 5))) as ax:
        for place, (_, count) in enumerate(shown):
            share = 100 * count / len(campaign)
            ax.plot([0.008, share], [place, place], color="#c9d6df", linewidth=1.4, zorder=1)
            ax.plot(share, place, "o", color=COLOURS["blue"], markersize=4)
        if shown:
            ax.set_xscale("log")
            ax.set_xlim(min(50 / len(campaign), 1), 130)
            ax.xaxis.set_major_formatter("{x:g}")
            ax.set_yticks(range(len(shown)), [plain(name) for name, _ in shown], fontsize=7)
            ax.set_ylim(len(shown) - 0.4, -0.6)
            ax.grid(False, axis="y")
        else:
            say_empty(ax, "no mark was met")
        ax.set_xlabel("seeds that met it (%)")
        which = "" if len(shown) == len(met) else f", the {len(shown)} rarest"
        ax.set_title(f"{len(met)} marks met in {len(campaign):,} seeds{which}")
        return ax
