"""Medians over rounds, ratios between systems, and the targets that they are held against."""

from dataclasses import dataclass, fields
from statistics import median

from drive import Cell, Figures

OURS = "synchrodb"
CLIENTS = 50  # of the targets


def median_figures(rounds):
    """One Figures of several: each figure's median; errors are added up."""
    middle = Figures(**{
        field.name: _median_or_none([getattr(figures, field.name) for figures in rounds])
        for field in fields(Figures) if field.name not in ("errors", "first_error")
    })
    middle.errors = sum(figures.errors for figures in rounds)
    middle.first_error = next((f.first_error for f in rounds if f.first_error), "")
    return middle


def _median_or_none(values):
    known = [value for value in values if value is not None]
    return median(known) if known else None


def medians(cells):
    """{(system, Cell): [Figures of each round]} to {(system, Cell): Figures}."""
    return {key: median_figures(rounds) for key, rounds in cells.items()}


def ratio(middle, system, other, cell, figure="throughput"):
    """system's figure by the other's, or None where one of them was not measured. etcd speaks no
    RESP: it was measured by synchrodb-load alone."""
    one, two = middle.get((system, cell)), middle.get((other, cell))
    if one is None or two is None or not getattr(two, figure):
        return None
    return getattr(one, figure) / getattr(two, figure)


@dataclass
class Target:
    words: str
    value: float | None  # None: not measured in this run
    bound: float
    at_least: bool
    unit: str = ""

    @property
    def reached(self):
        if self.value is None:
            return None
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def targets(middle, failover, idle):
    """The project's targets, with what this run gave. `failover` maps a system to its gaps in seconds,
    `idle` to (CPU fraction of a node, resident MiB of a node)."""
    def throughput(operation, pipeline, other, bound, driver="load"):
        cell = Cell(driver, operation, CLIENTS, pipeline)
        verb = "writes" if operation == "set" else "linearizable reads"
        return Target(
            f"{verb}, pipeline {pipeline}, by {other}'s ({driver})",
            ratio(middle, OURS, other, cell), bound, True, "x",
        )

    set_cell = Cell("load", "set", CLIENTS, 1)
    found = [
        throughput("set", 1, "etcd", 5),
        Target("p99 of writes, pipeline 1, by etcd's (load)",
               ratio(middle, OURS, "etcd", set_cell, "p99"), 0.5, False, "x"),
        throughput("get", 1, "etcd", 5),
    ]
    for driver in ("load", "redis-benchmark"):
        found += [
            throughput("set", 1, "redis", 0.5, driver),
            throughput("set", 16, "redis", 0.5, driver),
            throughput("get", 1, "redis", 0.85, driver),
            throughput("get", 16, "redis", 0.35, driver),
        ]
    gap = median(failover[OURS]) if failover.get(OURS) else None
    etcd_gap = median(failover["etcd"]) if failover.get("etcd") else None
    cpu, resident = idle.get(OURS, (None, None))
    return found + [
        Target("fail-over, median", gap, 2, False, " s"),
        Target("fail-over, median, by etcd's",
               gap / etcd_gap if gap is not None and etcd_gap else None, 1, False, "x"),
        Target("idle: CPU a node", None if cpu is None else cpu * 100, 1, False, " %"),
        Target("idle: resident a node", resident, 32, False, " MiB"),
    ]


def aligned(rows):
    """Columns of text; the first row is the header. Numbers to the right: all but the first three."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        columns = [
            text.ljust(width) if i < 3 else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths))
        ]
        lines.append("  ".join(columns).rstrip())
    return lines


def _number(value, digits=2):
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.{digits}f}"


def load_lines(middle):
    rows = [("what", "driver", "system", "ops/s", "by redis", "by etcd", "p50 ms", "p99 ms",
             "p99.9 ms", "CPU s/1000", "errors")]
    order = {name: i for i, name in enumerate((OURS, "redis", "redis-unsynced", "etcd"))}
    keys = sorted(middle, key=lambda key: (
        key[1].operation != "set", key[1].pipeline, key[1].clients, key[1].driver, order[key[0]]))
    for system, cell in keys:
        figures = middle[system, cell]
        rows.append((
            f"{cell.operation} {cell.clients} clients, pipeline {cell.pipeline}", cell.driver, system,
            _number(figures.throughput, 0),
            _number(ratio(middle, system, "redis", cell)),
            _number(ratio(middle, system, "etcd", cell)),
            _number(figures.p50), _number(figures.p99), _number(figures.p999),
            _number(figures.cpu_per_1000, 4), str(figures.errors),
        ))
    return aligned(rows)


def failover_lines(failover):
    rows = [("fail-over", "trials", "unit", "least", "median", "most")]
    for system, gaps in failover.items():
        if gaps:
            rows.append((system, str(len(gaps)), "s", _number(min(gaps)), _number(median(gaps)),
                         _number(max(gaps))))
    return aligned(rows)


def idle_lines(idle):
    rows = [("idle", "", "", "CPU % of the busiest node", "MiB of the largest node")]
    for system, (cpu, resident) in idle.items():
        rows.append((system, "", "", _number(cpu * 100), _number(resident, 1)))
    return aligned(rows)


def target_lines(found):
    words = {True: "reached", False: "missed", None: "not measured"}
    rows = [("target", "verdict", "", "this run", "wanted")]
    for target in found:
        value = "-" if target.value is None else _number(target.value) + target.unit
        sign = "at least" if target.at_least else "at most"
        rows.append((target.words, words[target.reached], "", value,
                     f"{sign} {target.bound:g}{target.unit}"))
    return aligned(rows)
