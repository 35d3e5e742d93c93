"""The space-time diagram: messages between the lanes of nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..anomaly import anomaly
from ..lanes import spans
from .data import end_of
from .roles import draw_lanes
from .shading import shade
from .style import COLOURS, ROLES, lane_axis, legend_below, node_name, say_empty, styled, time_axis
from .windows import checked_window

FIRST_CLIENT = 1_001
_MOST_MESSAGES = 4_000

#: The colour of a message, by the first word of its type that is here.
TYPES = {"vote": COLOURS["vermillion"], "pre-vote": COLOURS["orange"],
         "append": COLOURS["blue"], "heartbeat": COLOURS["sky"], "snapshot": COLOURS["purple"],
         "request": COLOURS["green"], "reply": COLOURS["green"]}
_MARKS = {"became-leader": "*", "became-candidate": "o", "became-pre-candidate": "o",
          "killed": "X", "power-lost": "X", "started": ">"}


def type_colour(name: str) -> str:
    """The colour of a type of messages.

    >>> type_colour("append-reply") == type_colour("append-request")
    True
    """
    family = next((word for word in sorted(TYPES, key=len, reverse=True)
                   if name.startswith(word)), "")
    return TYPES.get(family, "#6f6f6f")


def spacetime(run: Any, ax: Any = None, *, window: Any = None, clients: bool = False) -> Any:
    """Lanes of nodes, time to the right, and an arrow for each message from when it was sent to
    when it arrived; a cross where it was lost. Lanes have the colours of roles.

    `window`: from and to, in seconds or texts such as `"12.3s"`; without it, around the anomaly,
    or around the last election. `clients`: their messages too, in one lane. For more than a moment,
    `run.spacetime_html(path)` has an interactive page.

    >>> import synchrodb as sdb
    >>> from synchrodb.plot.spacetime import spacetime
    >>> ax = spacetime(sdb.Test(nodes=3, time_limit=10).simulate(seed=1), window=(3, 3.1))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['n1', 'n2', 'n3']
    """
    begin, until = checked_window(window, interesting(run))
    found = spans(run)
    messages = in_window(run, begin, until, clients)
    nodes = sorted({span.node for span in found} | {
        number - 1 for name in ("from", "to") for number in messages[name].tolist()
        if number < FIRST_CLIENT})
    lanes = {node + 1: lane for lane, node in enumerate(nodes)}
    with styled(ax, (9.0, 1.6 + 0.55 * max(len(nodes) + clients, 2))) as ax:
        time_axis(ax, begin, until)
        ax.hlines(range(len(nodes) + clients), begin, until, color="#c0c0c0", linewidth=0.6,
                  linestyle=":", zorder=1)
        draw_lanes(ax, [span for span in found if span.begin / 1e9 < until
                        and span.end / 1e9 > begin], nodes, 0.16)
        handles = _draw_messages(ax, messages, lanes, len(nodes), until)
        _draw_events(ax, run, nodes, begin, until)
        if nodes or clients:
            lane_axis(ax, [node_name(node) for node in nodes] + ["clients"] * clients)
        else:
            say_empty(ax, "no node was seen in this window")
        if handles:
            legend_below(ax, handles)
        ax.set_ylabel("node")
        shade(ax, run, _title(run, messages))
        return ax


def _title(run: Any, messages: dict) -> str:
    if not hasattr(run, "messages"):
        return "Space and time; nobody recorded messages"
    count, lost = len(messages["sent"]), int((messages["lost"] >= 0).sum())
    return f"Space and time: {count:,} messages, {lost:,} lost"


def interesting(run: Any) -> tuple[float, float]:
    """The window to look at first, in seconds: around the anomaly or the last election."""
    end = end_of(run)
    wrong = anomaly(run)
    if wrong is not None and wrong.time is not None:
        begin, until = wrong.begin / 1e9, wrong.time / 1e9
        margin = max((until - begin) * 0.3, 0.02)
        return max(0.0, begin - margin), min(until + margin, max(end, until + margin / 10))
    try:
        elections = run.trace.where(event="became-leader")
    except AttributeError:
        return 0.0, min(end, 0.2)
    if not len(elections):
        return 0.0, min(end, 0.2) or 0.2
    won, node = int(elections["time"][-1]), int(elections["node"][-1])
    began = [now for word in ("became-pre-candidate", "became-candidate")
             for now in run.trace.where(event=word, node=node)["time"].tolist()
             if won - 100_000_000 < now <= won]
    begin, until = min(began, default=won) / 1e9, won / 1e9
    margin = max((until - begin) * 0.6, 0.002 if hasattr(run, "messages") else 1.0)
    return max(0.0, begin - margin), until + margin


def in_window(run: Any, begin: float, until: float, clients: bool) -> dict[str, Any]:
    """The messages under way in a window, as columns."""
    try:
        table = run.messages
    except AttributeError:
        return {name: np.array([], dtype) for name, dtype in (
            ("from", int), ("to", int), ("sent", int), ("delivered", int), ("lost", int),
            ("type", object))}
    sent = table["sent"]
    over = np.maximum(table["delivered"], table["lost"])
    kept = (sent <= until * 1e9) & ((over < 0) | (over >= begin * 1e9))
    kept &= (sent >= (begin - 5) * 1e9)  # what is lost without a word is not under way for ever
    if not clients:
        kept &= (table["from"] < FIRST_CLIENT) & (table["to"] < FIRST_CLIENT)
    rows = np.flatnonzero(kept)
    if len(rows) > _MOST_MESSAGES:
        raise ValueError(
            f"window: {len(rows):,} messages in {until - begin:g} s would be one black patch, more "
            f"than {_MOST_MESSAGES:,} are; take a shorter window, or run.spacetime_html(path)")
    return {name: table[name][rows]
            for name in ("from", "to", "sent", "delivered", "lost", "type")}


def _draw_messages(ax: Any, messages: dict, lanes: dict[int, int], last: int,
                   until: float) -> list[Any]:
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    kinds: dict[str, tuple[list, list]] = {}
    ends: dict[str, list] = {}
    crosses = []
    for origin, to, sent, delivered, lost, kind in zip(*(
            messages[name].tolist() for name in ("from", "to", "sent", "delivered", "lost",
                                                 "type")), strict=True):
        start = (sent / 1e9, lanes.get(origin, last))
        goal = lanes.get(to, last)
        whole, cut = kinds.setdefault(kind, ([], []))
        if lost >= 0:
            # It is not known how far it came: it ends half-way.
            x, y = max(lost, sent) / 1e9, (start[1] + goal) / 2
            cut.append([start, (x, y)])
            crosses.append((x, y))
        elif delivered < 0:  # under way when the run ended
            cut.append([start, (until, (start[1] + goal) / 2)])
        else:
            arrival = (delivered / 1e9, goal)
            whole.append([start, arrival])
            ends.setdefault(kind, []).append(arrival)
    handles = []
    thin = max(0.35, min(1.1, 30 / (1 + len(messages["sent"]) ** 0.5)))
    for kind in sorted(kinds):
        colour = type_colour(kind)
        whole, cut = kinds[kind]
        dashed = "--" if kind.endswith("reply") else "-"
        ax.add_collection(LineCollection(whole, colors=colour, linewidths=thin, zorder=3,
                                         linestyles=dashed))
        ax.add_collection(LineCollection(cut, colors=colour, linewidths=thin, zorder=3,
                                         linestyles=":"))
        if kind in ends:
            ax.scatter(*zip(*ends[kind], strict=True), s=9 * thin, color=colour, zorder=4,
                       linewidths=0)
        handles.append(Line2D([], [], color=colour, linestyle=dashed, label=kind))
    if crosses:
        ax.scatter(*zip(*crosses, strict=True), marker="x", s=16, color="black", zorder=5,
                   linewidths=0.9)
        handles.append(Line2D([], [], color="black", marker="x", linestyle="", label="lost"))
    return handles


def _draw_events(ax: Any, run: Any, nodes: list[int], begin: float, until: float) -> None:
    """Elections, crashes and starts on their lanes, and the moment of the violation."""
    try:
        trace = run.trace
    except AttributeError:
        return
    over = _draw_violation(ax, run, begin, until)
    written: dict[int, list[float]] = {}
    near = (until - begin) / 7
    for now, node, word, term in _events(trace, begin, until):
        if node not in nodes or (word == "killed" and now >= over):
            continue
        lane, role = nodes.index(node), word.removeprefix("became-")
        ax.scatter([now], [lane], marker=_MARKS[word], s=62, color=ROLES.get(role, "black"),
                   zorder=6, edgecolors="white", linewidths=0.6)
        level = sum(now - before < near for before in written.get(lane, ()))
        written.setdefault(lane, []).append(now)
        ax.annotate(f"{role}, term {term}" if term else role, (now, lane), (5, 6 + 9 * level),
                    textcoords="offset points", fontsize=7, zorder=7, clip_on=True,
                    bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "alpha": 0.75,
                          "linewidth": 0})


def _events(trace: Any, begin: float, until: float) -> list[tuple[float, int, str, int]]:
    found = []
    for word in _MARKS:
        rows = trace.where(event=word)
        found += [(now / 1e9, node, word, term) for now, node, term in zip(
                      *(rows[name].tolist() for name in ("time", "node", "term")), strict=True)
                  if begin <= now / 1e9 <= until]
    return sorted(found)


def _draw_violation(ax: Any, run: Any, begin: float, until: float) -> float:
    """Gives from when on nodes die because the run is over."""
    wrong = anomaly(run)
    if wrong is None or wrong.time is None:
        return until
    now = wrong.time / 1e9
    if begin <= now <= until:
        ax.axvline(now, color=COLOURS["vermillion"], linewidth=1.6, zorder=6)
        ax.annotate(run.violated, (now, -0.42), (-4, 0), fontsize=8, textcoords="offset points",
                    color=COLOURS["vermillion"], ha="right", va="center", weight="bold", zorder=7,
                    parse_math=False)
    at_once = len(run.trace.where(event="violation")) > 0
    return now if at_once else until
