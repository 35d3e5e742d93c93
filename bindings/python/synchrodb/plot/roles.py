"""Roles and terms over time, a lane a node."""

from __future__ import annotations

from typing import Any

from ..lanes import Span, spans
from .data import end_of
from .shading import shade
from .style import ROLES, lane_axis, legend_below, node_name, say_empty, styled, time_axis

_HEIGHT = 0.62


def roles(run: Any, ax: Any = None) -> Any:
    """What each node was, in which term: a lane a node, empty while it is down; faults shaded.

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.roles import roles
    >>> ax = roles(sdb.Test(nodes=3, time_limit=10).simulate(seed=1))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['n1', 'n2', 'n3']
    """
    found = spans(run)
    nodes = sorted({span.node for span in found})
    with styled(ax, (8.0, 1.5 + 0.34 * max(len(nodes), 2))) as ax:
        end = end_of(run)
        time_axis(ax, 0, end)
        if found:
            draw_lanes(ax, found, nodes)
            _write_terms(ax, found, nodes, end)
            lane_axis(ax, [node_name(node) for node in nodes])
            legend_below(ax, _legend(found), 7)
        else:
            say_empty(ax, "no node was seen running")
        ax.set_ylabel("node")
        shade(ax, run, "Roles and terms")
        return ax


def draw_lanes(ax: Any, found: list[Span], nodes: list[int], height: float = _HEIGHT) -> None:
    """The spans as bars."""
    for lane, node in enumerate(nodes):
        mine = [span for span in found if span.node == node]
        # What is short, an election, must not hide below what is long.
        mine.sort(key=lambda span: span.begin - span.end)
        ax.broken_barh([(span.begin / 1e9, (span.end - span.begin) / 1e9) for span in mine],
                       (lane - height / 2, height), zorder=2,
                       facecolors=[ROLES.get(span.role, "#9a9a9a") for span in mine],
                       edgecolors=[ROLES.get(span.role, "#9a9a9a") if span.role != "follower"
                                   else "none" for span in mine], linewidth=0.6)


def _write_terms(ax: Any, found: list[Span], nodes: list[int], end: float) -> None:
    for span in found:
        if span.role == "leader" and (span.end - span.begin) / 1e9 > end / 40:
            ax.text((span.begin + span.end) / 2e9, nodes.index(span.node), f"term {span.term}"
                    if (span.end - span.begin) / 1e9 > end / 14 else str(span.term),
                    ha="center", va="center", color="white", fontsize=7, zorder=3, clip_on=True)


def _legend(found: list[Span]) -> list[Any]:
    from matplotlib.patches import Patch

    seen = {span.role for span in found}
    known = [role for role in ROLES if role in seen] + sorted(seen - set(ROLES))
    return [Patch(facecolor=ROLES.get(role, "#9a9a9a"), label=role) for role in known]
