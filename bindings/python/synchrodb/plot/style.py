"""What all figures share: one style, colours that everybody can tell apart, empty figures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import matplotlib
    from matplotlib import style
    from matplotlib.axes import Axes
except ImportError as error:
    raise ImportError("figures need matplotlib: apt install python3-matplotlib, or "
                      "pip install 'synchrodb[plots]'") from error

#: Matplotlib's own file for the style; `matplotlib.style.use(STYLE)` makes it everybody's.
STYLE = str(Path(__file__).with_name("synchrodb.mplstyle"))

#: Okabe and Ito's colours, by name.
COLOURS = {
    "blue": "#0072B2", "vermillion": "#D55E00", "green": "#009E73", "purple": "#CC79A7",
    "orange": "#E69F00", "sky": "#56B4E9", "black": "#000000", "yellow": "#F0E442",
}
#: What became of an operation.
OUTCOMES = {"ok": COLOURS["blue"], "fail": COLOURS["orange"], "refused": COLOURS["purple"],
            "info": COLOURS["vermillion"]}
#: The same, in words for a legend.
OUTCOME_WORDS = {"ok": "ok", "fail": "failed", "refused": "refused", "info": "unknown"}
#: Of a run, a seed or a checker.
VERDICTS = {"ok": COLOURS["blue"], "violation": COLOURS["vermillion"], "unknown": "#8c8c8c"}
#: What a node is.
ROLES = {"leader": COLOURS["blue"], "candidate": COLOURS["vermillion"],
         "pre-candidate": COLOURS["orange"], "follower": "#c9d6df", "learner": COLOURS["green"],
         "recovering": COLOURS["yellow"], "running": "#c9d6df"}

_LINES = ("-", "--", ":")


def node_style(node: int) -> dict[str, str]:
    """The line of a node: every one of the first 21 has another.

    >>> node_style(0), node_style(7)
    ({'color': '#0072B2', 'linestyle': '-'}, {'color': '#0072B2', 'linestyle': '--'})
    """
    colours = [colour for name, colour in COLOURS.items() if name != "yellow"]
    return {"color": colours[node % len(colours)],
            "linestyle": _LINES[node // len(colours) % len(_LINES)]}


def node_name(node: int) -> str:
    """As traces name it.

    >>> node_name(0)
    'n1'
    """
    return f"n{node + 1}"


@contextlib.contextmanager
def styled(ax: Any, size: tuple[float, float] = (8.0, 3.4)) -> Iterator[Axes]:
    """Axes to draw on, in our style: those given, or those of a new figure of `size` inches."""
    if ax is not None and not isinstance(ax, Axes):
        raise TypeError(f"ax: must be matplotlib axes, not {type(ax).__name__}")
    if ax is None:
        from matplotlib import pyplot

        # Loads the backend if none is loaded: what that sets for good, such as that notebooks show
        # figures, the style's end would undo.
        pyplot.draw_if_interactive()
    with style.context(STYLE):
        if ax is None:
            _, ax = pyplot.subplots(figsize=size, layout="constrained")
        yield ax


def blank(width: float = 8.0, height: float = 3.4) -> tuple[Any, Axes]:
    """A figure and its axes that pyplot knows nothing of: nobody has to close it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style.context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        return figure, figure.add_subplot()


def plain(words: str) -> str:
    """Words that somebody else chose, as they are: matplotlib reads dollars as mathematics.

    >>> plain("$1")
    '\\\\$1'
    """
    return words.replace("$", r"\$")


def say_empty(ax: Axes, words: str) -> None:
    """Says on the figure that there is nothing to see, and why."""
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", color="#707070",
            fontsize=10, style="italic")
    ax.set_yticks([])
    ax.grid(False)


def time_axis(ax: Axes, begin: float, end: float) -> None:
    """The horizontal axis of a run, in seconds."""
    ax.set_xlabel("time (s)")
    ax.set_xlim(begin, end if end > begin else begin + 1)
    ax.xaxis.set_major_formatter(matplotlib.ticker.ScalarFormatter(useOffset=False))


def headroom(ax: Axes, factor: float) -> None:
    """Room above the data for a legend: the upper limit, times the factor."""
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * factor)


def legend_below(ax: Axes, handles: list, columns: int = 6) -> None:
    """A legend below the label of the horizontal axis."""
    lower = matplotlib.transforms.ScaledTranslation(0, -32 / 72, ax.figure.dpi_scale_trans)
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=columns,
              bbox_transform=ax.transAxes + lower, handlelength=1.4)


def lane_axis(ax: Axes, names: list[str]) -> None:
    """The vertical axis of lanes: the first at the top."""
    ax.set_yticks(range(len(names)), [plain(name) for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.grid(False)
    ax.spines["left"].set_visible(False)
