"""The report of a run."""

from __future__ import annotations

from typing import Any

from .. import markup, plot
from ..anomaly import anomaly
from ..lanes import spans
from ..plot.data import operations
from ..plot.spacetime import interesting
from ..plot.style import node_name
from .diagram import diagram, page
from .document import command, document, figure, log, section

_AROUND = 6  # operations before and after the anomaly
_MOST_SHOWN = 60


def report_of_run(run: Any, title: str = "") -> str:
    """The page of a run: what was found and how to see it again, what was injected, the anomaly,
    figures, logs.

    >>> import synchrodb as sdb
    >>> page = report_of_run(sdb.Test(nodes=3, time_limit=8).simulate(seed=1))
    >>> "<h2>Plan</h2>" in page
    True
    """
    name = title or (f"Seed {run.seed}" if run.seed is not None else "A run")
    checked = run.checked if hasattr(run.checked, "facts") else None
    return document(
        f"{name}: {run.verdict}",
        f"<h1>{markup.escaped(name)} {markup.badge(run.verdict, run.violated)}</h1>",
        command(run.reproduce), markup.block(run.detail), markup.run_facts(run),
        section("Checkers", markup.verdict(checked) if checked is not None else ""),
        section("Anomaly", _anomaly(run)),
        section("Plan", markup.plan_facts(run.plan, run.clients) if run.plan is not None else "",
                markup.faults((), run.faults)),
        section("Figures", _figures(run)),
        section("Space and time", _spacetime(run)),
        section("Logs", _logs(run)))


def _anomaly(run: Any) -> str:
    wrong = anomaly(run)
    if wrong is None:
        return ""
    table = run.history.operations
    if wrong.operations:
        first, last = wrong.operations[0], wrong.operations[-1]
    elif wrong.time is not None:
        invoked = table["invoke_time"]
        first = last = int((invoked <= wrong.time).sum()) - 1
    else:
        return ""
    rows = list(range(max(0, first - _AROUND), min(len(table), last + _AROUND + 1)))
    if len(rows) > _MOST_SHOWN:  # far apart: around each alone
        rows = sorted({row for each in wrong.operations
                       for row in range(max(0, each - 2), min(len(table), each + 3))})[:_MOST_SHOWN]
    excerpt = markup.operation_rows(table, rows, wrong.operations)
    return figure(plot.timeline, run, _lane_height(8)) + excerpt


def _figures(run: Any) -> str:
    nodes = len({span.node for span in spans(run)})
    drawn = [figure(draw, run) for draw in (plot.latency, plot.quantiles, plot.rate,
                                            plot.availability)]
    drawn.append(figure(plot.roles, run, _lane_height(nodes)))
    drawn += [figure(draw, run) for draw in (plot.commit_lag, plot.clocks)]
    if run.verdict != "violation":
        processes = len(set(operations(run).process.tolist()))
        drawn.append(figure(plot.timeline, run, _lane_height(min(processes, 24))))
    return "".join(drawn)


def _lane_height(lanes: int) -> float:
    return 1.6 + 0.3 * max(lanes, 2)


def _spacetime(run: Any) -> str:
    try:
        run.messages
    except AttributeError:  # of real servers nobody saw them
        return ""
    begin, end = interesting(run)
    margin = max(end - begin, 0.25)
    shown = page(diagram(run, window=(max(0.0, begin - margin), end + margin)))
    return (f'<iframe sandbox="allow-scripts" title="space-time diagram" loading="lazy" '
            f'srcdoc="{markup.escaped(shown)}"></iframe>')


def _logs(run: Any) -> str:
    parts = [log(name, text) for name, text in sorted(run.logs.items())]
    if not parts:
        lines = list(run.result.last_events) if run.result is not None else []
        parts = [log("last events", "\n".join(lines or _last_of_trace(run)))]
    return "".join(parts)


def _last_of_trace(run: Any) -> list[str]:
    try:
        trace = run.trace
    except AttributeError:
        return []
    first = max(0, len(trace) - 60)
    names = ("time", "node", "event", "subject", "term", "index")
    columns = [trace[name][first:] for name in names]
    return [f"{time / 1e9:14.9f}  {'world' if node < 0 else node_name(node):6} {event} {subject}"
            + (f" term {term}" if term else "") + (f" index {index}" if index else "")
            for time, node, event, subject, term, index in zip(*columns, strict=True)]
