"""Failing runs made small: the fewest faults, nodes, clients … that still violate the property.

>>> import synchrodb as sdb
>>> shape = sdb.PlanShape(time=30, beyond_budget=True, faults=["lying-sync", "crash", "loss"])
>>> runs = (sdb.simulate(sdb.generate_plan(seed, shape)) for seed in range(300))
>>> failing = next(run for run in runs if run.verdict == "violation")
>>> shrunk = shrink(failing, max_runs=300)
>>> shrunk.run.violated == failing.violated, shrunk.size["faults"] < len(failing.plan.faults)
(True, True)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import _core
from .run import Run, simulate


@dataclass
class Shrunk:
    """What `shrink` found.

    ``run``: of the smallest plan. ``property``: that it violates. ``runs``: how many it took.
    ``complete``: whether nothing more could be left out; else the budget, or Ctrl-C, ended the
    search. ``before`` and ``size``: how large the plan was, and is. ``path``: triples of what was
    made smaller, after how many runs, and the size then.
    """

    run: Run
    property: str
    runs: int
    complete: bool
    before: dict[str, Any]
    size: dict[str, Any]
    path: list[tuple[str, int, dict]] = field(default_factory=list)

    @property
    def plan(self) -> _core.Plan:
        """The smallest plan."""
        return self.run.plan

    def _repr_html_(self) -> str:
        from . import markup

        return markup.shrunk(self)

    def explain(self) -> Any:
        """How it came to the violation: the `Explanation` of its run."""
        return self.run.explain()


def again(run: Run, plan: _core.Plan) -> Run:
    """The test, or the workload, that a run was of, under another plan.

    >>> import synchrodb as sdb
    >>> run = sdb.simulate(sdb.generate_plan(7, sdb.PlanShape(nodes=3, time=5)))
    >>> again(run, run.plan).digest == run.digest
    True
    """
    if not run.repeatable:
        raise _core.InvalidInput("run: it cannot be repeated: it is one of real servers, or was "
                                 "stored without the Python code that it needs")
    if run._other is not None:
        return run._other(plan)
    if run.test is None:
        return simulate(plan)
    # What live nemeses began is in the plan; they would begin it a second time.
    test = run.test.replace(live_nemeses=()) if run.test.live_nemeses else run.test
    made = test.simulate(plan=plan)
    made.test = run.test
    return made


def shrink(run: Run, *, max_runs: int = 2_000,
           on_progress: Callable[[int, int, str, dict], None] | None = None) -> Shrunk:
    """The smallest plan under which the run's test violates the same property.

    ``on_progress`` is called after each run with how many there were and may be, what is being made
    smaller, and the size of the best plan so far. Ctrl-C keeps that plan. A run that violates
    nothing raises `InvalidInput`.
    """
    if not isinstance(run, Run):
        raise TypeError(f"run: must be a Run, not {type(run).__name__}")

    if not run.repeatable:
        raise _core.InvalidInput("run: it cannot be repeated: it is one of real servers, or was "
                                 "stored without the Python code that it needs")
    told = _core.shrink(run.plan, lambda plan: again(run, plan), max_runs, on_progress)
    path = [(what, runs, _size(size, run)) for what, runs, size in told["path"]]
    before = _size(told["before"], run)
    return Shrunk(again(run, told["plan"]), told["property"], told["runs"], told["complete"],
                  before, path[-1][2] if path else before, path)


def _size(size: dict[str, Any], run: Run) -> dict[str, Any]:
    """Without what only the plan's own workload has, where Python code stands in for it."""
    if not run.script:
        return size
    return {name: much for name, much in size.items() if name not in ("kinds", "keys", "rate")}
