"""Campaigns: many seeds of one test, over all cores or many machines."""

from __future__ import annotations

import json
import os
import pickle
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from . import _core
from .described import described
from .explaining import Explanation
from .run import Run, reproducing_command
from .shrinking import Shrunk
from .statistics import Rate
from .test import Test
from .worker import plan_of, run_of

_MOST_JOBS = 1_024
_HEADER = "synchrodb-campaign"


class Result:
    """One seed of a campaign. `run` runs it again, here, which gives the same run.

    >>> import synchrodb as sdb
    >>> first = sdb.campaign(sdb.PlanShape(nodes=3, time=5), seeds=range(2), jobs=1)[0]
    >>> first.seed, first.verdict, first.run.digest == first.row["digest"]
    (0, 'ok', True)
    """

    def __init__(self, row: dict[str, Any], subject: Any):
        #: All that the run said about itself.
        self.row = row
        self._subject = subject
        self._run: Run | None = None

    @property
    def seed(self) -> int:
        """Its seed."""
        return self.row["seed"]

    @property
    def verdict(self) -> str:
        """`"ok"`, `"violation"` or `"unknown"`."""
        return self.row["verdict"]

    @property
    def violated(self) -> str:
        """The property that was violated; `"crash"` where the process died, `"exception"` where
        Python code raised; empty: none."""
        return self.row.get("violated", "")

    @property
    def detail(self) -> str:
        """What was seen."""
        return self.row.get("detail", "")

    @property
    def reproduce(self) -> str:
        """What gives it again, as of a `Run`. Nothing is run for it, since that may end badly."""
        subject = self._subject
        if isinstance(subject, _core.PlanShape):
            return _core.reproduce_command(self.seed, subject)
        if isinstance(subject, Test) and not (subject.plain and subject.checker is None):
            return f"test.simulate(seed={self.seed})"
        return reproducing_command(self.plan)

    @property
    def plan(self) -> _core.Plan:
        """What ran."""
        return plan_of(self._subject, self.seed)

    @property
    def run(self) -> Run:
        """The run itself, made again when it is first asked for."""
        if self._run is None:
            self._run = run_of(self._subject, self.seed)
        return self._run

    def shrink(self, **how: Any) -> Shrunk:
        """The smallest plan that violates the same property, see `synchrodb.shrinking.shrink`."""
        return self.run.shrink(**how)

    def explain(self) -> Explanation:
        """How it came to the violation, see `synchrodb.explaining.explain`."""
        return self.run.explain()

    def __repr__(self) -> str:
        what = f"{self.verdict} of {self.violated}" if self.violated else self.verdict
        return f"<seed {self.seed}: {what}>"


class Campaign:
    """What a campaign found, seed by seed: iterate over it, index it, or ask.

    >>> import synchrodb as sdb
    >>> done = sdb.campaign(sdb.PlanShape(nodes=3, time=5), seeds=range(4), jobs=1)
    >>> len(done), done.failures, done.rate().count
    (4, [], 0)
    """

    def __init__(self, subject: Any, rows: Iterable[dict[str, Any]], wall_seconds: float):
        self.subject = subject
        #: One for each seed, by seed.
        self.results = [Result(row, subject)
                        for row in sorted(rows, key=lambda row: row["seed"])]
        #: How long it took; what was resumed not counted.
        self.wall_seconds = wall_seconds

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, index: int) -> Result:
        return self.results[index]

    @property
    def failures(self) -> list[Result]:
        """The seeds with a violation, by seed."""
        return [result for result in self.results if result.verdict == "violation"]

    @property
    def unknowns(self) -> list[Result]:
        """The seeds of which nothing can be said."""
        return [result for result in self.results if result.verdict == "unknown"]

    @property
    def violated(self) -> dict[str, int]:
        """How many seeds violated which property."""
        counts: dict[str, int] = {}
        for result in self.failures:
            counts[result.violated] = counts.get(result.violated, 0) + 1
        return dict(sorted(counts.items()))

    def rate(self, violated: str | None = None) -> Rate:
        """The share of failing seeds, or of those that violated one property, with its 95 %
        confidence interval."""
        return Rate.of(sum(violated in (None, result.violated) for result in self.failures),
                       len(self.results))

    def to_pandas(self) -> Any:
        """A row a seed, with the operations' counts as columns; what else would nest is left out.

        >>> import synchrodb as sdb
        >>> frame = sdb.campaign(sdb.PlanShape(nodes=3, time=5), range(2), jobs=1).to_pandas()
        >>> frame["verdict"].tolist()
        ['ok', 'ok']
        """
        import pandas as pd

        return pd.DataFrame([
            {name: item for name, item in {**result.row, **result.row.get("operations", {})}.items()
             if not isinstance(item, (dict, list))} for result in self.results])

    @property
    def plot(self) -> Any:
        """Its figures: `campaign.plot.verdicts()`, `.marks()`, `.rates()`."""
        from .plot import CampaignPlots

        return CampaignPlots(self)

    def to_json_lines(self) -> str:
        """The rows, an object a line."""
        return "".join(json.dumps(result.row) + "\n" for result in self.results)

    def __repr__(self) -> str:
        return (f"<Campaign: {len(self):,} seeds in {self.wall_seconds:.1f} s; "
                f"failing {self.rate()}>")

    def _repr_html_(self) -> str:
        from . import markup

        return markup.campaign(self)


def campaign(subject: Test | _core.Plan | _core.PlanShape, seeds: Iterable[int] = range(1_000), *,
             jobs: int | None = None, out: str | os.PathLike | None = None, resume: bool = False,
             progress: bool = True, scheduler: Any = None, watchdog: float = 300) -> Campaign:
    """Runs many seeds, each in a process that may die without harm to the rest.

    `subject`: a `Test`; a `Plan`, each seed of which is another fate; or a `PlanShape`, of which
    each seed makes a plan. `jobs`: processes, one a core without it. `out`: a file of JSON lines, a
    row a seed as it comes; `resume` continues one: seeds that it has are skipped. `progress`: a
    line on standard error, if that is a terminal or a notebook. `scheduler`: a Dask scheduler's
    address or a `distributed.Client`, instead of processes here. `watchdog`: seconds of wall time
    after which a run counts as crashed (not on Dask).

    Ctrl-C ends it: the exception's attribute `campaign` has what was done, and so has `out`.

    >>> import synchrodb as sdb
    >>> test = sdb.Test(nodes=3, time_limit=10, nemesis=sdb.nemesis.crash(every=3))
    >>> sdb.campaign(test, seeds=range(8), jobs=2).rate().total
    8
    """
    if not isinstance(subject, (Test, _core.Plan, _core.PlanShape)):
        raise TypeError("subject: must be a Test, a Plan or a PlanShape, not "
                        f"{type(subject).__name__}")
    wanted = _checked_seeds(seeds)
    workers = _checked_jobs(jobs, len(wanted))
    if resume and out is None:
        raise _core.InvalidInput("resume: needs out, the file to continue")
    output = None if out is None else _Output(Path(out), subject, resume)
    rows = [] if output is None else [row for row in output.rows if row["seed"] in wanted]
    done = {row["seed"] for row in rows}
    left = [seed for seed in wanted if seed not in done]
    payload = _pickled(subject)
    if scheduler is None:
        from .pool import run_in_processes

        stream = run_in_processes(payload, left, workers, watchdog)
    else:
        from .distribution import run_on_dask

        stream = run_on_dask(payload, left, scheduler)
    began = time.monotonic()
    line = _Progress(len(left), progress)
    try:
        for row in stream:
            rows.append(row)
            if output is not None:
                output.add(row)
            line.add(row)
    except KeyboardInterrupt as interrupt:
        interrupt.campaign = Campaign(subject, rows, time.monotonic() - began)
        raise
    finally:
        stream.close()
        line.end()
        if output is not None:
            output.close()
    return Campaign(subject, rows, time.monotonic() - began)


def _checked_seeds(seeds: Iterable[int]) -> dict[int, None]:
    if isinstance(seeds, (str, bytes)) or not isinstance(seeds, Iterable):
        raise TypeError(f"seeds: must be integers, such as range(1000), not {seeds!r}")
    wanted: dict[int, None] = {}
    for seed in seeds:
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            raise TypeError(f"seeds: must be integers, not {seed!r}")
        number = seed.__index__()
        if not 0 <= number < 1 << 64:
            raise _core.InvalidInput(f"seeds: {number} is outside 0 to 2**64 - 1")
        wanted[number] = None
    return wanted


def _checked_jobs(jobs: int | None, seeds: int) -> int:
    if jobs is None:
        jobs = len(os.sched_getaffinity(0))
    if isinstance(jobs, bool) or not isinstance(jobs, int):
        raise TypeError(f"jobs: must be an integer, not {type(jobs).__name__}")
    if not 1 <= jobs <= _MOST_JOBS:
        raise _core.InvalidInput(f"jobs: {jobs} is outside 1 to {_MOST_JOBS}")
    return max(1, min(jobs, seeds))


def _pickled(subject: Any) -> bytes:
    # Takes along by value what a notebook or a script defines, which other processes cannot import.
    try:
        import cloudpickle

        return cloudpickle.dumps(subject)
    except ImportError:
        return pickle.dumps(subject)


def _fingerprint(subject: Any) -> str:
    return subject.to_json() if isinstance(subject, _core.Plan) else described(subject)


class _Output:
    """The file of rows. A line that was torn when the writer died is dropped."""

    def __init__(self, path: Path, subject: Any, resume: bool):
        self.rows: list[dict[str, Any]] = []
        fingerprint = _fingerprint(subject)
        if resume and path.exists():
            self._read(path, fingerprint)
            lines = [json.dumps(row) for row in self.rows]
        else:
            lines = []
        header = json.dumps({_HEADER: {"version": 1, "subject": fingerprint}})
        beside = path.with_name(path.name + ".part")
        beside.write_text("\n".join([header, *lines, ""]))
        beside.replace(path)
        self._file = path.open("a")

    def _read(self, path: Path, fingerprint: str) -> None:
        whole = path.read_text(errors="replace").split("\n")[:-1]
        try:
            header = json.loads(whole[0])[_HEADER]["subject"] if whole else None
        except (ValueError, KeyError, TypeError):
            header = None
        if header is None:
            raise _core.InvalidInput(f"out: {path} is no campaign's file")
        if header != fingerprint:
            raise _core.InvalidInput(f"out: {path} is of another test; give it another name, or "
                                     "resume=False to begin anew")
        for number, text in enumerate(whole[1:], 2):
            try:
                row = json.loads(text)
                row["seed"], row["verdict"]
            except (ValueError, KeyError, TypeError) as error:
                raise _core.InvalidInput(f"out: {path}, line {number}: no row") from error
            self.rows.append(row)

    def add(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class _Progress:
    """One line on standard error, five times a second."""

    def __init__(self, total: int, wanted: bool):
        self.total = total
        self.shown = wanted and total > 0 and (sys.stderr.isatty() or "ipykernel" in sys.modules)
        self.began = self.last = time.monotonic()
        self.done = self.failed = 0

    def add(self, row: dict[str, Any]) -> None:
        self.done += 1
        self.failed += row["verdict"] == "violation"
        now = time.monotonic()
        if self.shown and now - self.last > 0.2:
            self.last = now
            self._print(now)

    def _print(self, now: float) -> None:
        rate = self.done / max(now - self.began, 1e-9)
        ahead = (self.total - self.done) / rate if rate else 0
        bar = "█" * round(24 * self.done / self.total)
        print(f"\r{bar:░<24} {self.done:,}/{self.total:,} seeds  {rate:,.0f}/s  "
              f"{ahead:,.0f} s left  {self.failed:,} failing \x1b[K", end="", file=sys.stderr,
              flush=True)

    def end(self) -> None:
        if self.shown:
            self._print(time.monotonic())
            print(file=sys.stderr)
