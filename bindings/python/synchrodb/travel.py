"""Time travel: a run at a moment, other futures of it, and the same run without a fault.

>>> import synchrodb as sdb
>>> run = sdb.Test(nodes=3, time_limit=12, nemesis=sdb.nemesis.crash(every=3)).simulate(seed=2)
>>> [len(node.values) > 0 for node in at(run, "5s") if node.view.role == "leader"]
[True]
>>> futures = branch(run, at=6, seeds=range(3))
>>> {future.verdict for future in futures}, len({future.digest for future in futures})
({'ok'}, 3)
>>> len(without(run, "crash").plan.faults) < len(run.plan.faults)
True
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from . import _core, scripted
from .protocol import Nodes
from .run import Run
from .shrinking import again


class NodeAt(NamedTuple):
    """One machine at a moment: its `NodeView`, and what it had applied, by key (a protocol's node:
    its storage)."""

    view: _core.NodeView
    values: dict[str, str]


def _plan_of(run: Run) -> _core.Plan:
    if not isinstance(run, Run):
        raise TypeError(f"run: must be a Run, not {type(run).__name__}")
    if not run.repeatable:
        raise _core.InvalidInput("run: it cannot be repeated: it is one of real servers, or was "
                                 "stored without the Python code that it needs")
    return run.plan


def at(run: Run, time: float | str) -> list[NodeAt]:
    """Every machine at a moment, by replay up to it: founding members first.

    ``time``: seconds from the start of the run, or a text such as ``"12.3s"``.
    """
    plan, test = _plan_of(run), run.test
    if run._state is not None:
        return [NodeAt(view, values) for view, values in run._state(time)]
    workload = generator = nodes = None
    if test is not None and test.scripted:
        workload, generator = test.workload, test.generator
    if test is not None and test.protocol is not None:
        nodes = Nodes(test.protocol, plan.nodes)
    seen = scripted.state_at(plan, time, workload, generator=generator, nodes=nodes)
    return [NodeAt(view, values) for view, values in seen]


def branch(run: Run, at: float | str, seeds: Iterable[int] = range(10)) -> list[Run]:
    """Other futures from the same past: up to ``at`` the very same run, then, for each seed, other
    delays, losses, crashes while writing … The plan's faults stay."""
    plan = _plan_of(run)
    return [again(run, plan.branch(at, seed)) for seed in seeds]


def without(run: Run, fault: Any) -> Run:
    """The same run minus a fault: a `FaultAction` of its plan, its position there, or a fault's
    name, for all of that name. Whatever does not depend on it stays as it was."""
    plan = _plan_of(run)
    faults = list(plan.faults)
    if isinstance(fault, str):
        kept = [action for action in faults if action.fault != fault]
    elif isinstance(fault, _core.FaultAction):
        kept = [action for action in faults if action != fault]
    elif isinstance(fault, int) and not isinstance(fault, bool):
        if not -len(faults) <= fault < len(faults):
            raise _core.InvalidInput(f"fault: there is no number {fault} among {len(faults)}")
        kept = [action for action in faults if action is not faults[fault]]
    else:
        raise TypeError("fault: must be a name, a FaultAction or its position, not "
                        f"{type(fault).__name__}")
    if len(kept) == len(faults):
        names = ", ".join(sorted({action.fault for action in faults})) or "none"
        raise _core.InvalidInput(f"fault: the plan has no {fault!r}; its faults are {names}")
    return again(run, plan.replace(faults=kept))


class Likelihood(NamedTuple):
    """Of the futures from a moment, how many violated a property."""

    time: float
    failing: int
    futures: int

    @property
    def share(self) -> float:
        """The share of failing futures."""
        return self.failing / self.futures


def likelihood(run: Run, times: Iterable[float] | None = None, futures: int = 20) -> list[Likelihood]:
    """The share of failing futures over time: when the failure became certain.

    ``times``: from which moments; ten of the run by default. A failing run has a share of 1 from
    the moment on that decided it.

    >>> import synchrodb as sdb
    >>> run = sdb.Test(nodes=3, time_limit=10).simulate(seed=1)
    >>> [each.share for each in likelihood(run, times=[2, 4], futures=3)]
    [0.0, 0.0]
    """
    plan = _plan_of(run)
    if isinstance(futures, bool) or not isinstance(futures, int) or futures < 1:
        raise ValueError(f"futures: must be an integer of at least 1, not {futures!r}")
    end = min(plan.time, run.result.virtual_seconds)
    moments = [end * i / 10 for i in range(10)] if times is None else list(times)
    return [
        Likelihood(moment, sum(each.verdict == "violation"
                               for each in branch(run, moment, range(1, futures + 1))), futures)
        for moment in moments
    ]
