"""Rates of a campaign's failures, with their uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..statistics import Rate
from .style import COLOURS, plain, say_empty, styled


def rates(campaign: Any, ax: Any = None) -> Any:
    """The share of seeds that failed, in all and for each property, with its 95 % confidence
    interval.

    Also of a dict of campaigns, or of `Rate`s, by name: to compare.

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.rates import rates
    >>> ax = rates({"with pre-vote": sdb.Rate.of(1, 1_000), "without": sdb.Rate.of(9, 1_000)})
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['with pre-vote', 'without']
    """
    shown = _named(campaign)
    with styled(ax, (7.0, 1.2 + 0.36 * max(len(shown), 2))) as ax:
        for place, (_, rate) in enumerate(shown):
            middle = 100 * rate.count / rate.total
            around = [[max(0.0, middle - 100 * rate.low)], [max(0.0, 100 * rate.high - middle)]]
            ax.errorbar([middle], [place], xerr=around, fmt="o", capsize=3, markersize=5,
                        color=COLOURS["vermillion" if rate.count else "blue"])
            ax.annotate(f"{rate.count:,} of {rate.total:,}", (100 * rate.high, place), (6, 0),
                        textcoords="offset points", va="center", fontsize=7, color="#505050")
        if shown:
            ax.set_yticks(range(len(shown)), [plain(name) for name, _ in shown])
            ax.set_ylim(len(shown) - 0.4, -0.6)
            ax.set_xlim(0, max(100 * rate.high for _, rate in shown) * 1.25)
            ax.grid(False, axis="y")
        else:
            say_empty(ax, "no seed has run")
        ax.set_xlabel("failing seeds (%), 95 % confidence")
        ax.set_title("Rates of failure")
        return ax


def _named(given: Any) -> list[tuple[str, Rate]]:
    if isinstance(given, Mapping):
        named = [(str(name), each if isinstance(each, Rate) else each.rate())
                 for name, each in given.items()]
    else:
        named = [("any property", given.rate()),
                 *((name, given.rate(name)) for name in given.violated)]
    return [(name, rate) for name, rate in named if rate.total]
