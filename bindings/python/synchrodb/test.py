"""Tests as values: what is run, under what, and who judges it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import _core, scripted, workloads
from .checkers.base import Checker
from .generators import as_generator
from .history import History
from .nemesis import Nemesis, compile, seconds
from .run import Run, from_recording
from .run import made as told
from .run import simulate as simulate_plan


@dataclass(frozen=True)
class Test:
    """A test: a value that runs in the simulator (`simulate`) and on real servers (`on`).

    `nodes`: founding members, 1 to 15. `workload`: of `synchrodb.workloads`, or one's own.
    `nemesis`: of `synchrodb.nemesis`; None: all goes well. `time_limit`: seconds in all; faults
    strike in the first two thirds, then the cluster heals. `generator`, `checker`: instead of the
    workload's own. `options`: knobs by name, see `option_table()`. `invariants` and
    `live_nemeses`: Python functions that watch and strike as they see (`synchrodb.invariant`,
    `synchrodb.live_nemesis`). `protocol`: a `synchrodb.Protocol` whose instances are the nodes,
    instead of SynchroDB's engine; simulated only. `strategy`: which fiber runs next: `"fifo"`,
    `"random"`, `"pct"`.
    `defect`: one of `defect_table()`. `beyond_budget`: faults may exceed what the model promises to
    survive; a nemesis that does says so itself. `tolerated`: names of `property_table()` whose
    contradictions in simulated worlds are counted (`Run.tolerated`), but neither end a run nor are
    its verdict: to see what comes of them.

    >>> import synchrodb as sdb
    >>> test = sdb.Test(nodes=3, time_limit=20, workload=sdb.workloads.cas_register(keys=2),
    ...                 nemesis=sdb.nemesis.partition("halves", every=4))
    >>> run = test.simulate(seed=7)
    >>> run.verdict, run.faults["partition-halves"]["applied"] > 0
    ('ok', True)
    >>> run.digest == test.simulate(seed=7).digest
    True
    """

    __test__ = False  # pytest: this is no test case

    nodes: int = 5
    workload: workloads.Workload = field(default_factory=workloads.cas_register)
    nemesis: Nemesis | None = None
    time_limit: float | str = 60.0
    generator: Any = None
    checker: Checker | None = None
    options: Mapping[str, int] = field(default_factory=dict)
    invariants: tuple = ()
    live_nemeses: tuple = ()
    protocol: type | None = None
    strategy: str = "fifo"
    defect: str = ""
    beyond_budget: bool = False
    tolerated: Iterable[str] = ()
    name: str = ""

    def __post_init__(self):
        if not isinstance(self.workload, workloads.Workload):
            raise TypeError("workload: must be a Workload, such as workloads.register(), not "
                            f"{type(self.workload).__name__}")
        if self.nemesis is not None and not isinstance(self.nemesis, Nemesis):
            raise TypeError("nemesis: must be a Nemesis, such as nemesis.crash(every=5), not "
                            f"{type(self.nemesis).__name__}")
        if self.checker is not None and not isinstance(self.checker, Checker):
            raise TypeError(f"checker: must be a Checker, not {type(self.checker).__name__}")
        if not isinstance(self.options, Mapping):
            raise TypeError(f"options: must be a dict, not {type(self.options).__name__}")
        if self.protocol is not None:
            from .protocol import Protocol

            if not (isinstance(self.protocol, type) and issubclass(self.protocol, Protocol)):
                raise TypeError(f"protocol: must be a subclass of Protocol, not {self.protocol!r}")
            if self.workload.builtin is not None:
                raise _core.InvalidInput(
                    f"workload: {self.workload.name} calls SynchroDB's engine; give one that asks "
                    f"the nodes of {self.protocol.__name__}: its invoke yields protocol.ask(…)")
        for name, kind, maker in (("invariants", scripted.Invariant, "invariant"),
                                  ("live_nemeses", scripted.LiveNemesis, "live_nemesis")):
            object.__setattr__(self, name, _made_by(maker, kind, name, getattr(self, name)))
        as_generator(self.generator)
        object.__setattr__(self, "time_limit", seconds(self.time_limit, "time_limit"))
        # Also refuses what can never run.
        object.__setattr__(self, "tolerated", self.plan(0).tolerated)

    def replace(self, **changes: Any) -> Test:
        """The same test with some fields changed.

        >>> Test(nodes=3).replace(nodes=5).nodes
        5
        """
        for name in changes:
            if name not in self.__dataclass_fields__:
                raise TypeError(f"{name}: Test has no such field")
        return dataclasses.replace(self, **changes)

    @property
    def scripted(self) -> bool:
        """Whether Python code thinks out what clients do, rather than C++."""
        return (self.protocol is not None or self.generator is not None
                or self.workload.builtin is None)

    @property
    def plain(self) -> bool:
        """Whether its plans alone give its runs, without Python code."""
        return not (self.scripted or self.invariants or self.live_nemeses)

    def plan(self, seed: int) -> _core.Plan:
        """What the simulator runs for a seed.

        >>> plan = Test(nodes=3, time_limit=30).plan(seed=7)
        >>> plan.nodes, plan.time, plan.workload.name
        (3, 30.0, 'cas-register')
        """
        time = self.time_limit
        until = time * 2 / 3
        base = _core.PlanShape(nodes=self.nodes, time=time, faults=("none",),
                               options=self.options)
        injected = compile(self.nemesis, nodes=self.nodes, until=until, time=time, seed=seed,
                           options=dict(self.options))
        encoded = any(action.fault == "bit-flip" for action in injected.faults)
        return _core.Plan(
            seed=seed, noise_key=_core.generate_plan(seed, base).noise_key, nodes=self.nodes,
            time=time, faulty_time=until, strategy=self.strategy, encode_messages=encoded,
            options={**injected.options, **self.options}, workload=self._workload_plan(),
            faults=injected.faults, buggify=injected.buggify, defect=self.defect,
            beyond_budget=self.beyond_budget or injected.beyond_budget, tolerated=self.tolerated)

    def _workload_plan(self) -> _core.WorkloadPlan:
        if not self.scripted:
            return _core.WorkloadPlan(**self.workload.builtin)
        return _core.WorkloadPlan(clients=self.workload.clients, rate=self.workload.rate)

    def simulate(self, seed: int = 0, *, plan: _core.Plan | None = None, trace: bool = False,
                 messages: bool = False, sample_every: float | str | None = None) -> Run:
        """Runs it in a simulated world. The same seed gives the same run.

        `plan`: this one instead of `self.plan(seed)`, such as a shrunk one. The others record at
        once what a `Run` else records when it is asked.

        >>> Test(nodes=3, time_limit=10).simulate(seed=1)
        ... # doctest: +ELLIPSIS
        <Run: ok, seed 1, ...>
        """
        plan = self.plan(seed) if plan is None else plan
        wishes = {"trace": trace, "messages": messages, "sample_every": sample_every}
        if self.plain:
            made = self._run_builtin(plan, wishes)
        else:
            made = self._run_scripted(plan, wishes)
        made.test = self
        return told(made)

    def _run_builtin(self, plan: _core.Plan, wishes: dict) -> Run:
        made = simulate_plan(plan, **wishes)
        if self.checker is not None and made.verdict != "violation":
            _judge(made, self.checker)
        return made

    def _run_scripted(self, plan: _core.Plan, wishes: dict) -> Run:
        nodes = None
        if self.protocol is not None:
            from .protocol import Nodes

            nodes = Nodes(self.protocol, plan.nodes)
        done = scripted.simulate(
            plan, self.workload if self.scripted else None, generator=self.generator,
            checker=self.checker, invariants=self.invariants, nemeses=self.live_nemeses,
            nodes=nodes, **wishes)
        own = done.recording.history
        history = History.from_events(done.history) if own is None else History(own)
        made = from_recording(done.recording, done.plan, history,
                              lambda **again: self._run_scripted(plan, again),
                              checked=done.verdict, script=done.script)
        if self.checker is not None and not self.scripted and made.verdict != "violation":
            _judge(made, self.checker)
        return made

    def on(self, cluster: Any, **how: Any) -> Run:
        """Runs it on real servers, such as `synchrodb.LocalCluster(5)`, in real time; `how`: see
        `synchrodb.real.run_on`.

        >>> import synchrodb as sdb
        >>> test = Test(nodes=1, time_limit=1)
        >>> run = test.on(sdb.LocalCluster(1), seed=1)
        >>> run.verdict, run.world
        ('ok', 'real')
        """
        return cluster.run(self, **how)


def _made_by(maker: str, kind: type, argument: str, several: Any) -> tuple:
    if not isinstance(several, Iterable) or isinstance(several, kind):
        raise TypeError(f"{argument}: must be a list, not {type(several).__name__}")
    several = tuple(several)
    for position, each in enumerate(several):
        if not isinstance(each, kind):
            raise TypeError(f"{argument}[{position}]: must be made by synchrodb.{maker}, which "
                            f"says when it is called, not {type(each).__name__}")
    return several


def _judge(made: Run, checker: Checker) -> None:
    made.checked = checker.check(made.history)
    if made.checked.valid is False:
        made.verdict, made.violated = "violation", made.checked.checker
        made.detail = made.checked.detail
    elif made.checked.valid is None and made.verdict == "ok":
        made.verdict, made.detail = "unknown", made.checked.detail
