"""What the experiments share: their command line, processes for their runs, tables and figures.

An experiment is a file whose first line is a question. Its `main` gives an `Experiment` to `play`,
which reads the command line, shows progress, prints the table and writes files where `--out` says.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import multiprocessing
import os
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import synchrodb as sdb

USAGE, FAILED, INTERRUPTED = 2, 4, 130


@dataclass(frozen=True)
class Settings:
    """What the command line asked for."""

    quick: bool
    out: Path | None
    jobs: int
    more: argparse.Namespace


@dataclass
class Table:
    """Rows under columns: printed, and written as CSV and JSON. Numbers keep their digits in the
    files (what is infinite is null in JSON); `digits` says how many are printed."""

    columns: Sequence[str]
    rows: list[Sequence[Any]] = field(default_factory=list)
    title: str = ""
    digits: int = 1

    def add(self, *cells: Any) -> None:
        """One row; None: not known, or it does not apply."""
        if len(cells) != len(self.columns):
            raise ValueError(f"cells: {len(cells)} for {len(self.columns)} columns")
        self.rows.append(cells)

    def _shown(self, cell: Any) -> str:
        if cell is None:
            return "-"
        if isinstance(cell, float):
            return f"{cell:,.{self.digits}f}"
        return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)

    def text(self) -> str:
        """In columns, numbers to the right."""
        lines = [list(self.columns), *([self._shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        numeric = [any(isinstance(row[i], (int, float)) for row in self.rows)
                   for i in range(len(self.columns))]
        shown = ["  ".join(cell.rjust(width) if number else cell.ljust(width)
                           for cell, width, number in zip(line, widths, numeric, strict=True))
                 for line in lines]
        shown.insert(1, "  ".join("-" * width for width in widths))
        head = [self.title, ""] if self.title else []
        return "\n".join([*head, *(line.rstrip() for line in shown)])

    def records(self) -> list[dict[str, Any]]:
        """A dict a row."""
        return [{name: None if isinstance(cell, float) and not math.isfinite(cell) else cell
                 for name, cell in zip(self.columns, row, strict=True)} for row in self.rows]

    def write(self, folder: Path, name: str) -> None:
        """`NAME.csv` and `NAME.json`."""
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(self.columns)
            writer.writerows(self.rows)
        text = json.dumps({"title": self.title, "rows": self.records()}, indent=1)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


@dataclass
class Findings:
    """What an experiment found: tables, by the name of their files, the answer in a sentence, and
    how the figure is drawn (on a matplotlib figure of the given size in inches)."""

    tables: dict[str, Table]
    answer: str
    draw: Callable[[Any], None]
    size: tuple[float, float] = (8.0, 3.6)
    #: What `python3 -m synchrodb run` keeps in its store.
    runs: list[Any] = field(default_factory=list)


# ---- What runs showed between two moments, in seconds.

#: Who waits longer than this for an answer takes the service to be down; our clients go on trying.
PATIENCE = 1.0


def answered(run: Any, begin: float, end: float) -> float:
    """The share of the operations asked then that were answered well within `PATIENCE`."""
    table = run.history.operations
    asked = (begin * 1e9 <= table["invoke_time"]) & (table["invoke_time"] < end * 1e9)
    quick = table["complete_time"] - table["invoke_time"] < PATIENCE * 1e9
    good = asked & quick & (table["type"].astype(str) == "ok")
    return float(good.sum() / asked.sum())


def longest_gap(run: Any, begin: float, end: float) -> float:
    """The longest time then, in seconds, in which no operation was answered well."""
    table = run.history.operations
    good = table["complete_time"][table["type"].astype(str) == "ok"] / 1e9
    moments = [begin, *sorted(at for at in good.tolist() if begin < at < end), end]
    return max(later - earlier for earlier, later in zip(moments, moments[1:], strict=False))


def elections(run: Any, begin: float, end: float) -> int:
    """How many leaders came then. The run has a trace."""
    return sum(row["event"] == "became-leader" and begin <= row["time"] / 1e9 < end
               for row in run.trace)


# ---- What several runs showed: values with `available` (as `answered`) and `verdict`.


def mean(several: Sequence[Any], name: str) -> float:
    """Of what each has under this name."""
    return statistics.fmean(getattr(each, name) for each in several)


def service(several: Sequence[Any]) -> tuple[int, float, float]:
    """How many there are, and the share that was answered in time, in %: the mean and the worst."""
    return (len(several), 100 * mean(several, "available"),
            100 * min(each.available for each in several))


def violations(several: Sequence[Any]) -> int:
    """How many violate something."""
    return sum(each.verdict == "violation" for each in several)


# ---- Runs in processes.


class Progress:
    """A line on standard error that moves, where somebody looks at it; gone at the end."""

    def __init__(self, label: str, total: int):
        self.label, self.total = label, total
        self.began = time.monotonic()
        self.last = 0.0
        self.seen = sys.stderr.isatty()

    def show(self, done: int) -> None:
        """How many are done."""
        now = time.monotonic()
        if not self.seen or (now - self.last < 0.2 and done < self.total):
            return
        self.last = now
        spent = now - self.began
        ahead = spent / done * (self.total - done) if done else 0.0
        bar = "#" * round(24 * done / max(self.total, 1))
        print(f"\r{self.label} [{bar:.<24}] {done:,}/{self.total:,}  {ahead:,.0f} s left \x1b[K",
              end="", file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        self.show(0)
        return self

    def __exit__(self, *_: object) -> None:
        if self.seen:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _pool(jobs: int) -> Any:
    """Processes that leave Ctrl-C to this one, which ends them: from their first moment on. They
    are forked, so that a file which was loaded by its path needs no import; no thread of ours is
    under way then."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        return multiprocessing.get_context("fork").Pool(jobs)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def spread(function: Callable[[Any], Any], items: Iterable[Any], jobs: int,
           label: str = "runs") -> list[Any]:
    """`function` of each item, in their order, over `jobs` processes. `function` is one that a
    module defines; what it raises comes out here."""
    items = list(items)
    done: list[Any] = []
    with Progress(label, len(items)) as progress:
        if jobs == 1 or len(items) < 2:
            for item in items:
                done.append(function(item))
                progress.show(len(done))
            return done
        with _pool(jobs) as pool:  # leaving it, for whatever reason, ends its processes
            chunk = max(1, min(16, len(items) // (jobs * 4)))
            for result in pool.imap(function, items, chunk):
                done.append(result)
                progress.show(len(done))
        return done


def spread_pairs(function: Callable[[Any], Any], ones: Iterable[Any], others: Sequence[Any],
                 seeds: Iterable[int], jobs: int) -> dict[tuple[Any, Any], list[Any]]:
    """`spread` over the seeds, for each pair: what `function` gave of (one, other, seed)."""
    return {(one, other): spread(function, [(one, other, seed) for seed in seeds], jobs,
                                 f"{one}, {other}")
            for one in ones for other in others}


# ---- The command line.


def _jobs(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= 1_024:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes, 1 to 1024")
    return number


def _folder(text: str) -> Path:
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a file; give a folder")
    return path


def command_line(doc: str) -> argparse.ArgumentParser:
    """The options that every experiment has; its file's words are the description."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true",
                        help="fewer runs: seconds rather than minutes")
    parser.add_argument("--out", metavar="FOLDER", type=_folder,
                        help="writes figure (PNG, SVG) and tables (CSV, JSON) there")
    parser.add_argument("--jobs", metavar="N", type=_jobs,
                        default=len(os.sched_getaffinity(0)), help="processes [one a core]")
    return parser


def play(name: str, doc: str, experiment: Callable[[Settings], Findings],
         parser: argparse.ArgumentParser | None = None) -> Any:
    """Reads the command line, does the experiment, shows what it found. Gives its runs, or an exit
    code."""
    asked = (parser or command_line(doc)).parse_args()
    settings = Settings(asked.quick, asked.out, asked.jobs, asked)
    print(doc.strip().splitlines()[0], flush=True)
    try:
        if settings.out is not None:
            settings.out.mkdir(parents=True, exist_ok=True)
        findings = experiment(settings)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except (sdb.InvalidInput, OSError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return USAGE
    for table in findings.tables.values():
        print(f"\n{table.text()}")
    print(f"\n{findings.answer}")
    if settings.out is not None:
        _write(name, findings, settings.out)
    return findings.runs or 0


def _write(name: str, findings: Findings, folder: Path) -> None:
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from synchrodb.plot import STYLE

    for file, table in findings.tables.items():
        table.write(folder, file)
    with style.context(STYLE):
        figure = Figure(figsize=findings.size, layout="constrained")
        FigureCanvasAgg(figure)
        findings.draw(figure)
        for kind in ("png", "svg"):
            figure.savefig(folder / f"{name}.{kind}")
    print(f"written to {folder}/: {name}.png, {name}.svg, "
          + ", ".join(f"{file}.csv, {file}.json" for file in findings.tables))


def leave(result: Any) -> None:
    """Ends the program: with the exit code that `play` gave, or 0."""
    sys.exit(result if isinstance(result, int) else 0)
