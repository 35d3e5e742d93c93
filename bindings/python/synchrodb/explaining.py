"""Failing runs told as a story: the plan, the anomaly, and the chain of messages that leads to it.

>>> import synchrodb as sdb
>>> shape = sdb.PlanShape(time=30, beyond_budget=True, faults=["lying-sync", "crash"])
>>> runs = (sdb.simulate(sdb.generate_plan(seed, shape)) for seed in range(300))
>>> story = next(run for run in runs if run.verdict == "violation").explain()
>>> len(story.chain) > 1 and story.chain[-1].end <= story.anomaly["time"]
True
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from . import _core
from .anomaly import anomaly
from .run import Run

_FIRST_CLIENT = 1_001
_LARGEST_PAGE = 4 << 20


class Step(NamedTuple):
    """What happened: an event of one place, or a message from one to another.

    `begin`, `end`: nanoseconds of the run, of a message when it was sent and arrived. `from_`,
    `to`: `"n1"`, `"client 0"`, `"world"`; of an event the same. `by_real_time`: it followed the
    step before it in real time alone, as an operation that began when another one was over.
    """

    begin: int
    end: int
    from_: str
    to: str
    words: str
    by_real_time: bool = False


class Explanation:
    """How it came to a violation.

    `print(story)` tells it; a notebook shows it with its space-time diagram.

    >>> import tempfile
    >>> from synchrodb.examples.primary_backup import Clients, PrimaryBackup
    >>> from synchrodb import Test, nemesis
    >>> test = Test(nodes=3, protocol=PrimaryBackup, workload=Clients(), time_limit=20,
    ...             nemesis=nemesis.partition("isolate-one", every=3))
    >>> runs = (test.simulate(seed) for seed in range(50))
    >>> story = next(run for run in runs if run.verdict == "violation").explain()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = [story.html(f"{folder}/story.html"), story.shiviz(f"{folder}/story.log"),
    ...                story.perfetto(f"{folder}/story.json")]
    ...     [path.stat().st_size > 1_000 for path in written]
    [True, True, True]
    """

    def __init__(self, core: _core.Explanation):
        self._core = core
        self._facts = json.loads(core.json())

    @property
    def text(self) -> str:
        """The story for people: what was seen, the plan, the chain, and what went on meanwhile."""
        return self._core.text()

    @property
    def facts(self) -> dict[str, Any]:
        """All of it as JSON's values, as `synchrodb-sim explain --json` prints them."""
        return self._facts

    @property
    def violated(self) -> str:
        """The property that was violated."""
        return self._facts["property"]

    @property
    def anomaly(self) -> dict[str, Any]:
        """Where it shows: `time` and `begin` in nanoseconds, `node` an index; None: unknown."""
        return self._facts["anomaly"]

    @property
    def chain(self) -> list[Step]:
        """The causal chain: each step happened before the next; the last one shows the anomaly."""
        return [_step(told) for told in self._facts["chain"]]

    @property
    def meanwhile(self) -> list[Step]:
        """What else happened that tells something, elsewhere."""
        return [_step(told) for told in self._facts["meanwhile"]]

    def html(self, path: str | os.PathLike) -> Path:
        """Writes the interactive space-time diagram, with the chain in it. Gives the path."""
        return _written(path, self._core.html())

    def shiviz(self, path: str | os.PathLike) -> Path:
        """Writes a log for ShiViz: upload it at https://bestchai.bitbucket.io/shiviz/."""
        return _written(path, self._core.shiviz())

    def perfetto(self, path: str | os.PathLike) -> Path:
        """Writes a trace for https://ui.perfetto.dev and chrome://tracing."""
        return _written(path, self._core.perfetto())

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Explanation of {self.violated}: {len(self._facts['chain'])} steps>"

    def _repr_html_(self) -> str:
        from . import markup

        page = self._core.html()
        return markup.explanation(self, page if len(page) <= _LARGEST_PAGE else "")


def explain(run: Run) -> Explanation:
    """The story of a run that violates something; it is run once more for it.

    >>> import synchrodb as sdb
    >>> explain(sdb.Test(nodes=3, time_limit=10).simulate(seed=1))
    Traceback (most recent call last):
    synchrodb.InvalidInput: run: there is nothing to explain: its verdict is ok
    """
    if not isinstance(run, Run):
        raise TypeError(f"run: must be a Run, not {type(run).__name__}")
    if run.verdict != "violation":
        raise _core.InvalidInput(
            f"run: there is nothing to explain: its verdict is {run.verdict}")
    if not run.repeatable:
        raise _core.InvalidInput("run: it cannot be repeated: it is one of real servers, or was "
                                 "stored without the Python code that it needs")
    log = run._again(log=True)._log
    operations = run.history._core if run.history.from_core else _operations(run)
    return Explanation(_core.explain(run.plan, run.violated, run.detail, run.reproduce, log,
                                     operations, run.clients))


def _operations(run: Run) -> list[tuple]:
    """What C++ asks to know of operations that Python code thought out."""
    table = run.history.operations
    found = anomaly(run)
    wrong = set(found.operations) if found is not None else set()
    columns = (table[name].tolist() for name in ("invoke_time", "complete_time", "process", "type",
                                                 "f", "key", "value", "result"))
    clients = run.plan.workload.clients
    told = []
    for row, (begin, end, process, kind, *asked, result) in enumerate(zip(*columns, strict=True)):
        if not isinstance(process, int):
            continue
        question = " ".join(str(part) for part in asked if part is not None)
        told.append((_FIRST_CLIENT + process % clients, begin, end if end >= 0 else None,
                     str(kind), question, "" if result is None else str(result), row in wrong))
    return told


def _step(told: dict[str, Any]) -> Step:
    return Step(told["begin"], told["end"], told["from"], told["to"], told["words"],
                told.get("by_real_time", False))


def _written(path: str | os.PathLike, text: str) -> Path:
    made = Path(path)
    made.write_text(text, encoding="utf-8")
    return made
