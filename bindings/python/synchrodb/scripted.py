"""Runs Python workloads, invariants and nemeses in simulated worlds.

`simulate` is what `synchrodb.Test` stands on; use that, unless a plan and a workload are all that
there is.

>>> import synchrodb as sdb
>>> plan = sdb.generate_plan(1, sdb.PlanShape(nodes=3, time=10, faults=["none"], clients=3))
>>> run = simulate(plan, sdb.workloads.bank(rate=20))
>>> run.result.verdict, run.verdict.valid, run.history[0]["f"]
('ok', True, 'read')
"""

from __future__ import annotations

import random as _random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from . import _core
from .checkers.base import Checker, Verdict
from .interpreter import Interpreter
from .nemesis.arguments import listed
from .workloads.base import Workload


class RunRandom(_random.Random):
    """A run's random numbers, from the world's own stream: another future of the run (a plan's
    branches) is another future of these too.

    >>> numbers = iter([1 << 63, 0])
    >>> RunRandom(lambda: next(numbers)).random()
    0.5
    """

    def __new__(cls, draw):
        return super().__new__(cls)

    def __init__(self, draw: Callable[[], int]):
        self._draw = draw
        super().__init__()

    def seed(self, *_, **__):
        """Nothing: the numbers are the run's."""

    def random(self):
        """In [0, 1)."""
        return (self._draw() >> 11) * 2.0**-53

    def getrandbits(self, k):
        """So many bits."""
        if k <= 64:
            return self._draw() >> (64 - k) if k else 0
        bits = 0
        for _ in range(-(-k // 64)):
            bits = bits << 64 | self._draw()
        return bits & ((1 << k) - 1)


class Invariant(NamedTuple):
    """A function that looks at all nodes (`synchrodb.WorldView`) ``every`` so many seconds, or
    ``at`` the given times, and returns None, or what is wrong: a text, or a pair of the property
    and a text."""

    check: Callable[[Any], Any]
    every: Any = None
    at: Iterable[Any] = ()
    name: str = ""


class LiveNemesis(NamedTuple):
    """A function that looks at all nodes and returns the `FaultAction` that begins now, or a list
    of them, or None."""

    strike: Callable[[Any], Any]
    every: Any = None
    at: Iterable[Any] = ()


def invariant(function: Callable | None = None, *, every: Any = None, at: Any = (),
              name: str = ""):
    """Makes a function an `Invariant`; also as a decorator.

    >>> @invariant(every=0.5)
    ... def one_leader(view):
    ...     leaders = [n for n in view.nodes if n.role == "leader" and n.running]
    ...     if len({n.term for n in leaders}) < len(leaders):
    ...         return f"two leaders of one term: {leaders}"
    >>> one_leader.name
    'one-leader'
    """
    if function is None:
        return lambda decorated: invariant(decorated, every=every, at=at, name=name)
    if not callable(function):
        raise TypeError(f"invariant: {function!r} is no function")
    chosen = name or getattr(function, "__name__", "invariant").replace("_", "-")
    return Invariant(function, every, tuple(listed(at)), chosen)


def live_nemesis(function: Callable | None = None, *, every: Any = None, at: Any = ()):
    """Makes a function a `LiveNemesis`; also as a decorator.

    >>> @live_nemesis(every=5)
    ... def hunt(view):
    ...     leaders = [n.index for n in view.nodes if n.role == "leader" and n.founder]
    ...     if leaders:
    ...         return _core.FaultAction(fault="crash", nodes=leaders[:1])
    >>> hunt.every
    5
    """
    if function is None:
        return lambda decorated: live_nemesis(decorated, every=every, at=at)
    if not callable(function):
        raise TypeError(f"nemesis: {function!r} is no function")
    return LiveNemesis(function, every, tuple(listed(at)))


@dataclass
class ScriptedRun:
    """What `simulate` leaves.

    ``recording``: what C++ kept; its ``result`` is the world's own verdict (the judgement of the
    workload's checker is part of it).
    ``history``: events, as `Interpreter.history`. ``verdict``: the checker's, None without one.
    ``plan``: what ran, with the actions that nemeses began: without them it gives this run again.
    ``script``: the Python workload's name; empty: the plan's own workload ran.
    ``again``: plays another plan, or this one with other wishes, without the nemeses; ``state``:
    what `state_at` says of it.

    >>> import synchrodb as sdb
    >>> plan = sdb.generate_plan(1, sdb.PlanShape(nodes=3, time=5, faults=["none"], clients=2))
    >>> done = simulate(plan, sdb.workloads.bank(rate=20))
    >>> founders = [node.view.index for node in done.at(4) if node.view.founder]
    >>> founders, len(done.branch(at=2, seeds=range(2)))
    ([0, 1, 2], 2)
    """

    recording: Any
    plan: Any
    history: list[dict] = field(default_factory=list)
    verdict: Verdict | None = None
    script: str = ""
    again: Callable[..., ScriptedRun] | None = field(default=None, repr=False)
    state: Callable[[Any], list] | None = field(default=None, repr=False)

    @property
    def result(self) -> Any:
        """The world's own verdict."""
        return self.recording.result

    @property
    def run(self) -> Any:
        """As a `synchrodb.Run`: figures, time travel, shrinking, explaining."""
        from .history import History
        from .run import from_recording

        own = self.recording.history
        history = History.from_events(self.history) if own is None else History(own)
        made = from_recording(self.recording, self.plan, history,
                              lambda **wishes: self.again(self.plan, **wishes).run,
                              checked=self.verdict, script=self.script)
        made._other = lambda plan: self.again(plan).run
        made._state = self.state
        return made

    def at(self, time: float | str) -> list[Any]:
        """Every machine at a moment, as `Run.at`."""
        return self.run.at(time)

    def branch(self, at: float | str, seeds: Iterable[int] = range(10)) -> list[Any]:
        """Other futures from the same past, as `Run.branch`."""
        return self.run.branch(at, seeds)

    def without(self, fault: Any) -> Any:
        """The same run minus a fault, as `Run.without`."""
        return self.run.without(fault)

    def shrink(self, **how: Any) -> Any:
        """The smallest plan that violates the same property, as `Run.shrink`."""
        return self.run.shrink(**how)

    def explain(self) -> Any:
        """How it came to the violation, as `Run.explain`."""
        return self.run.explain()


class _Script:
    """What the world asks: an interpreter that comes into being when the run begins."""

    def __init__(self, workload, generator, checker):
        self.workload = workload
        self.generator = generator
        self.checker = checker
        self.interpreter = None
        self.verdict = None
        self.now = 0

    def start(self, clients, draw):
        self.interpreter = Interpreter(self.workload, clients, RunRandom(draw), self.generator)

    def next(self, now):
        self.now = now
        return self.interpreter.next(now)

    def completed(self, client, outcome, now):
        self.now = now
        return self.interpreter.completed(client, outcome, now)

    def final_phase(self, now):
        self.interpreter.final_phase(now)

    def judge(self):
        self.interpreter.give_up(self.now)
        if self.checker is None:
            return []
        self.verdict = self.checker.check(self.interpreter.history)
        if self.verdict.valid is not False:
            return []
        return [(self.verdict.checker, self.verdict.detail)]

    @property
    def history(self):
        return [] if self.interpreter is None else self.interpreter.history


def simulate(plan, workload: Workload | None = None, *, generator: Any = None,
             checker: Checker | None = None, invariants: Iterable[Invariant] = (),
             nemeses: Iterable[LiveNemesis] = (), nodes: Any = None,
             **wishes: Any) -> ScriptedRun:
    """Runs a plan with a Python workload (None: the plan's own).

    How many clients there are is the plan's affair. ``generator`` and ``checker`` replace the
    workload's own. ``nodes``: a protocol's (`synchrodb.protocol`), instead of the engine's.
    ``wishes``: ``trace``, ``messages`` and ``sample_every``, as of `synchrodb.simulate`. What the
    workload, an invariant or a nemesis raises comes out of here, with its traceback; the history up
    to then is its attribute ``history``.
    """
    if workload is not None and not isinstance(workload, Workload):
        raise TypeError(f"workload: must be a Workload, not {type(workload).__name__}")
    script = None
    if workload is not None:
        chosen = workload.checker() if checker is None else checker
        script = _Script(workload, generator, chosen)
    invariants = tuple(invariants)
    watched = [(each.every, each.at, _named(each)) for each in invariants]
    striking = [(each.every, each.at, each.strike) for each in nemeses]
    try:
        recording = _core.run_script(plan, script, watched, striking, nodes=nodes, **wishes)
    except BaseException as error:
        if script is not None:
            error.history = script.history
        raise
    plan = plan.replace(faults=[*plan.faults, *_core.begun(recording.result)])
    history = [] if script is None else script.history

    def again(other, **more):
        return simulate(other, workload, generator=generator, checker=checker,
                        invariants=invariants, nodes=_fresh(nodes, other), **more)

    def state(time):
        return state_at(plan, time, workload, generator=generator, nodes=_fresh(nodes, plan))

    return ScriptedRun(recording, plan, history, None if script is None else script.verdict,
                       "" if workload is None else workload.name, again, state)


def _fresh(nodes, plan):
    return None if nodes is None else nodes.fresh(plan.nodes)


def _named(each: Invariant):
    def check(view):
        said = each.check(view)
        return (each.name, said) if isinstance(said, str) else said

    return check


def state_at(plan, at, workload: Workload | None = None, *, generator: Any = None,
             nodes: Any = None) -> list[tuple[Any, dict[str, str]]]:
    """Every machine at a moment, by replay: its `NodeView`, and all keys that it has applied.

    >>> import synchrodb as sdb
    >>> plan = sdb.generate_plan(1, sdb.PlanShape(nodes=3, time=10, faults=["none"]))
    >>> [view.index for view, values in state_at(plan, 5) if view.running]
    [0, 1, 2]
    """
    script = None if workload is None else _Script(workload, generator, None)
    return _core.contents(_core.run_script(plan, script, stop_at=at, nodes=nodes).result)
