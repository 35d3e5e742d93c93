"""Verdicts of a campaign."""

from __future__ import annotations

from typing import Any

from .style import VERDICTS, plain, say_empty, styled


def verdicts(campaign: Any, ax: Any = None) -> Any:
    """How many seeds are ok, of which nothing can be said, and which property how many violated.

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.verdicts import verdicts
    >>> done = sdb.campaign(sdb.PlanShape(nodes=3, time=5), seeds=range(4), jobs=1)
    >>> [bar.get_width() for bar in verdicts(done).patches]
    [4]
    """
    rows = [("ok", len(campaign) - len(campaign.failures) - len(campaign.unknowns), "ok"),
            *((name, count, "violation") for name, count in sorted(
                campaign.violated.items(), key=lambda item: -item[1])),
            ("unknown", len(campaign.unknowns), "unknown")]
    rows = [row for row in rows if row[1]]
    with styled(ax, (7.0, 1.1 + 0.34 * max(len(rows), 2))) as ax:
        for place, (_, count, verdict) in enumerate(rows):
            ax.barh(place, count, color=VERDICTS[verdict], height=0.62)
            ax.annotate(f" {count:,}", (count, place), va="center", fontsize=8)
        if rows:
            ax.set_yticks(range(len(rows)), [plain(name) for name, _, _ in rows])
            ax.set_ylim(len(rows) - 0.4, -0.6)
            ax.set_xlim(0, max(count for _, count, _ in rows) * 1.12)
            ax.xaxis.get_major_locator().set_params(integer=True)
            ax.grid(False, axis="y")
        else:
            say_empty(ax, "no seed has run")
        ax.set_xlabel("seeds")
        ax.set_title(f"Verdicts of {len(campaign):,} seeds")
        return ax
