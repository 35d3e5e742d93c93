"""Runs: what one left, from either world."""

from __future__ import annotations

import hashlib
import os
import shlex
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import _core
from .history import History
from .table import Table

#: What runs are sampled at when samples are asked for afterwards.
SAMPLE_EVERY = 0.1

#: Told of every run that was made, if it is set: for onlookers such as the pytest plugin.
on_run: Callable[[Run], None] | None = None


class Run:
    """What one run left.

    A simulated run records its history at once and the rest when it is asked for: `trace`,
    `samples` and `messages` of a run that was made without them come from running it again, which
    gives the same run.

    >>> import synchrodb as sdb
    >>> run = sdb.Test(nodes=3, time_limit=10).simulate(seed=1)
    >>> run.verdict, run.violated
    ('ok', '')
    >>> len(run.digest), run.samples.columns[:4]
    (16, ('time', 'node', 'running', 'role'))
    """

    #: `"ok"`, `"violation"` or `"unknown"`.
    verdict: str
    #: The property that was violated, kebab case; empty: none.
    violated: str
    #: What was seen, a few lines.
    detail: str
    #: What clients asked and were told.
    history: History
    #: The plan that ran; of a run on real servers, the plan of its faults.
    plan: _core.Plan | None

    def __init__(self, *, verdict: str, violated: str = "", detail: str = "",
                 history: History | None = None, plan: _core.Plan | None = None,
                 result: _core.RunResult | None = None, recorded: dict[str, Any] | None = None,
                 replay: Callable[..., Run] | None = None, reproduce: str = "",
                 test: Any = None, checked: Any = None, world: str = "simulated",
                 logs: dict[str, str] | None = None, digest: str = "",
                 faults: dict[str, dict[str, int]] | None = None,
                 tolerated: dict[str, int] | None = None, script: str = ""):
        self.verdict = verdict
        self.violated = violated
        self.detail = detail
        self.history = history if history is not None else History.from_events([])
        self.plan = plan
        self.result = result
        #: The test that it is a run of, if any.
        self.test = test
        #: The `Verdict` of the test's own checker, if there was one.
        self.checked = checked
        #: `"simulated"` or `"real"`.
        self.world = world
        #: The name of the Python workload whose operations clients performed; empty: the plan's own.
        self.script = script
        #: Of real servers, by name: `"node-1"`.
        self.logs = dict(logs or {})
        self._digest = digest
        self._faults = dict(faults or {})
        self._tolerated = dict(tolerated or {})
        self._recorded = {name: item for name, item in (recorded or {}).items()
                          if item is not None}
        self._replay = replay
        self._log = None  # of C++, for explain()
        # Of a run without a test, but with Python code: what it is under another plan, and at a
        # moment.
        self._other: Callable[[_core.Plan], Run] | None = None
        self._state: Callable[[Any], list] | None = None
        self._reproduce = reproduce

    # ---- What was recorded.

    def _record(self, name: str, **wish: Any) -> Table:
        if name not in self._recorded:
            if self._replay is None:
                raise AttributeError(f"this run recorded no {name}")
            self._recorded[name] = self._again(**wish)._recorded[name]
        return self._recorded[name]

    def _again(self, **wish: Any) -> Run:
        """This run once more, with more recorded."""
        again = self._replay(**wish)
        if again.digest != self.digest:
            raise _core.Error(
                f"the run is not deterministic: digest {self.digest}, then {again.digest}; "
                "does a Python workload look at a clock, or draw elsewhere than from its "
                "context?")
        return again

    @property
    def trace(self) -> Table:
        """The event log: `time` (ns), `node` (index, -1: the world), `event`, `subject`, `term`,
        `index`, `peer`, `extra`."""
        return self._record("trace", trace=True)

    @property
    def samples(self) -> Table:
        """A row a node each `sample_every`: `time` (ns), `node`, `running`, `role`, `term`,
        `leader` (an id: index + 1), `commit`, `applied`, `last`, `clock_error` (ns), `keys`."""
        return self._record("samples", sample_every=SAMPLE_EVERY)

    @property
    def messages(self) -> Table:
        """A row for each message: `id`, `type`, `from`, `to` (ids; clients from 1001), `sent`,
        `delivered` (ns; -1: never), `lost` (ns; -1: not), `why`."""
        return self._record("messages", messages=True)

    def sampled(self, every: float | str) -> Table:
        """`samples`, at another interval.

        >>> import synchrodb as sdb
        >>> run = sdb.Test(nodes=3, time_limit=10).simulate(seed=1)
        >>> len(run.sampled(every=1)) < len(run.samples)
        True
        """
        if self._replay is None:
            raise AttributeError("a run of real servers cannot be sampled again")
        return self._replay(sample_every=every)._recorded["samples"]

    # ---- What it says about itself.

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.verdict == "ok"

    @property
    def digest(self) -> str:
        """16 hex digits: two runs with the same digest are the same run. Empty for real servers."""
        return self.result.digest if self.result is not None else self._digest

    @property
    def seed(self) -> int | None:
        """The seed of its plan."""
        return self.plan.seed if self.plan is not None else None

    @property
    def faults(self) -> dict[str, dict[str, int]]:
        """How often each fault was `offered`, `applied` and `effective`. On real servers nobody
        sees what was effective: that count is 0."""
        return self.result.faults if self.result is not None else self._faults

    @property
    def tolerated(self) -> dict[str, int]:
        """How often each property that its plan tolerates was contradicted. Empty for real
        servers, which no oracle watches.

        >>> import synchrodb as sdb
        >>> test = sdb.Test(nodes=3, time_limit=10, tolerated=["lease-disjointness"])
        >>> test.simulate(seed=1).tolerated
        {'lease-disjointness': 0}
        """
        return self.result.tolerated if self.result is not None else self._tolerated

    @property
    def recorded(self) -> dict[str, Table]:
        """Of `trace`, `samples` and `messages` what this run has at hand."""
        return dict(self._recorded)

    @property
    def repeatable(self) -> bool:
        """Whether it can be run again, which gives the same run."""
        return self.plan is not None and self._replay is not None

    @property
    def intervals(self) -> list[dict[str, Any]]:
        """When what was wrong: a dict for each stroke of a fault, with `fault`, `node` (an index;
        -1: several or none), `begin` and `end` (nanoseconds of the run), by `begin`. What is
        momentary, such as a crash, ends when it begins.

        >>> import synchrodb as sdb
        >>> test = sdb.Test(nodes=3, time_limit=10, nemesis=sdb.nemesis.partition(at=2, lasting=1))
        >>> test.simulate(seed=1).intervals
        [{'fault': 'partition-halves', 'node': -1, 'begin': 2000000000, 'end': 3000000000}]
        """
        from .nemesis import MOMENTARY

        strokes, begun = [], {}
        last = 0
        for row in self.trace:
            last = row["time"]
            key = (row["subject"], row["node"])
            if row["event"] == "fault-begins":
                stroke = {"fault": key[0], "node": key[1], "begin": last,
                          "end": last if key[0] in MOMENTARY else None}
                strokes.append(stroke)
                if stroke["end"] is None:
                    begun.setdefault(key, []).append(stroke)
            elif row["event"] == "fault-ends" and begun.get(key):
                begun[key].pop(0)["end"] = last
        for stroke in strokes:
            if stroke["end"] is None:
                stroke["end"] = last
        return strokes

    @property
    def counts(self) -> dict[str, int]:
        """How many operations ended `ok`, `fail` and `info`."""
        if self.result is not None and self.history.from_core:
            return {name: getattr(self.result, name) for name in ("ok", "fail", "info")}
        # With a Python workload the world counts calls: an operation may be several.
        types = [event["type"] for event in self.history]
        return {name: types.count(name) for name in ("ok", "fail", "info")}

    @property
    def clients(self) -> str:
        """What clients did, in words, where Python code thought that out; empty: the plan says it.

        >>> import synchrodb as sdb
        >>> test = sdb.Test(nodes=3, time_limit=10, workload=sdb.workloads.bank(rate=20, clients=3))
        >>> test.simulate(seed=1).clients
        ... # doctest: +ELLIPSIS
        'bank, in Python: ... read, ... transfer, by 3 clients'
        >>> sdb.Test(nodes=3, time_limit=10).simulate(seed=1).clients
        ''
        """
        if not self.script:
            return ""
        names = sorted(self.history.operations["f"].astype(str).tolist())
        asked = ", ".join(f"{count:,} {name}" for name, count in Counter(names).items())
        many = self.plan.workload.clients if self.plan is not None else 0
        by = f", by {many} client{'s' * (many != 1)}" if many else ""
        return f"{self.script}, in Python: {asked or 'nothing'}{by}"

    @property
    def plain(self) -> bool:
        """Whether its plan alone gives it again, without Python code."""
        return (self.world == "simulated" and self.plan is not None and self._other is None
                and (self.test is None or self.test.plain))

    @property
    def reproduce(self) -> str:
        """What gives this run again: one command, or, where Python code takes part, a call of its
        `test`. A plan that no seed gives is written to a file of the temporary folder for it."""
        if self._reproduce or self.plan is None:
            return self._reproduce
        if self.plain and (self.test is None or self.test.checker is None):
            return reproducing_command(self.plan)
        return self._call_of_test() if self.test is not None else self._call_of_simulate()

    def _call_of_simulate(self) -> str:
        return ("simulate, as before but without nemeses, with "
                f"plan=synchrodb.Plan.from_json(open({str(_plan_file(self.plan))!r}).read())")

    def _call_of_test(self) -> str:
        begun = _core.begun(self.result)
        asked = _without(self.plan, begun)
        call = "test"
        if self.test.live_nemeses and not begun:
            # They did not strike, or were left out since what they would begin is in the plan.
            call = "test.replace(live_nemeses=())"
        elif asked == self.test.plan(asked.seed):
            return f"test.simulate(seed={asked.seed})"
        file = str(_plan_file(asked))
        return f"{call}.simulate(plan=synchrodb.Plan.from_json(open({file!r}).read()))"

    @property
    def plot(self) -> Any:
        """Its figures: `run.plot.latency()`, …"""
        from .plot import Plots

        return Plots(self)

    def spacetime_html(self, path: str | os.PathLike, *, window: Any = None) -> Path:
        """Writes its interactive space-time diagram, see `synchrodb.report.spacetime_html`."""
        from .report import spacetime_html

        return spacetime_html(self, path, window=window)

    # ---- Time travel and shrinking; in full at `synchrodb.travel` and `synchrodb.shrinking`.

    def at(self, time: float | str) -> list[Any]:
        """Every machine at a moment, by replay: its view, and the values that it had applied.

        >>> import synchrodb as sdb
        >>> run = sdb.Test(nodes=3, time_limit=10).simulate(seed=1)
        >>> sum(node.view.role == "leader" for node in run.at("4s"))
        1
        """
        from . import travel

        return travel.at(self, time)

    def branch(self, at: float | str, seeds: Any = range(10)) -> list[Run]:
        """Other futures from the same past: a run for each seed.

        >>> import synchrodb as sdb
        >>> run = sdb.Test(nodes=3, time_limit=10).simulate(seed=1)
        >>> [future.verdict for future in run.branch(at=5, seeds=range(2))]
        ['ok', 'ok']
        """
        from . import travel

        return travel.branch(self, at, seeds)

    def without(self, fault: Any) -> Run:
        """The same run minus a fault: a `FaultAction` of its plan, its position, or a name.

        >>> import synchrodb as sdb
        >>> test = sdb.Test(nodes=3, time_limit=10, nemesis=sdb.nemesis.crash(every=3))
        >>> len(test.simulate(seed=1).without("crash").plan.faults)
        0
        """
        from . import travel

        return travel.without(self, fault)

    def shrink(self, **how: Any) -> Any:
        """The smallest plan that violates the same property, see `synchrodb.shrinking.shrink`."""
        from . import shrinking

        return shrinking.shrink(self, **how)

    def explain(self) -> Any:
        """How it came to the violation: an `Explanation`, see `synchrodb.explaining.explain`."""
        from . import explaining

        return explaining.explain(self)

    def row(self) -> dict[str, Any]:
        """The run as a row of a campaign."""
        import json

        if self.result is None:
            return {"verdict": self.verdict, "violated": self.violated, "detail": self.detail,
                    "operations": self.counts}
        row = json.loads(self.result.to_json(self._reproduce))
        row["operations"] = self.counts
        if self.verdict != row["verdict"]:  # a checker of the test's own
            row.update(verdict=self.verdict, violated=self.violated, detail=self.detail)
        return row

    def __repr__(self) -> str:
        what = f"{self.verdict} of {self.violated}" if self.violated else self.verdict
        seed = "" if self.seed is None else f", seed {self.seed}"
        counts = self.counts
        return (f"<Run: {what}{seed}, {counts['ok']} ok, {counts['fail']} failed, "
                f"{counts['info']} unknown>")

    def _repr_html_(self) -> str:
        from . import markup

        return markup.run(self)


def reproducing_command(plan: _core.Plan) -> str:
    """The command that runs a plan, which is written to a file of the temporary folder for it.

    >>> reproducing_command(_core.Plan())
    ... # doctest: +ELLIPSIS
    'synchrodb-sim run --plan ...json'
    """
    return f"synchrodb-sim run --plan {shlex.quote(str(_plan_file(plan)))}"


def _without(plan: _core.Plan, actions: list[_core.FaultAction]) -> _core.Plan:
    faults = list(plan.faults)
    for action in actions:
        faults.remove(action)
    return plan.replace(faults=faults)


def _plan_file(plan: _core.Plan) -> Path:
    text = plan.to_json()
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"synchrodb-plans-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} is somebody else's: plans would be theirs to change; "
                              "set TMPDIR to a folder of your own")
    path = folder / f"{name}.json"
    if not path.exists():
        # All at once: others may be about to read it.
        beside = folder / f"{name}.{os.getpid()}.part"
        beside.write_text(text)
        beside.replace(path)
    return path


def simulate(plan: _core.Plan, *, trace: bool = False, messages: bool = False,
             sample_every: float | str | None = None, check: bool = True) -> Run:
    """Runs a plan with the workload that it names.

    `trace`, `messages` and `sample_every` (seconds, or a text such as `"200ms"`) record at once
    what a `Run` else records when it is asked. `check=False` leaves the history unjudged. The
    interpreter's lock is free meanwhile; Ctrl-C ends the run.

    >>> import synchrodb as sdb
    >>> run = sdb.simulate(sdb.generate_plan(7, sdb.PlanShape(nodes=3, time=5)), trace=True)
    >>> run.verdict, len(run.trace) > 20
    ('ok', True)
    """
    return _simulate(plan, check, trace=trace, messages=messages, sample_every=sample_every)


def _simulate(plan: _core.Plan, check: bool, **wishes: Any) -> Run:
    recording = _core.run(plan, check=check, **wishes)
    return made(from_recording(recording, plan, History(recording.history),
                               lambda **again: _simulate(plan, check, **again)))


def made(run: Run) -> Run:
    """Tells `on_run` of a run; returns it."""
    if on_run is not None:
        on_run(run)
    return run


def from_recording(recording: Any, plan: _core.Plan, history: History,
                   replay: Callable[..., Run], **more: Any) -> Run:
    """A `Run` of what C++ recorded."""
    result = recording.result
    tables = {"trace": recording.trace, "samples": recording.samples}
    recorded = {name: Table(columns) for name, columns in tables.items() if columns is not None}
    if recording.messages is not None:
        recorded["messages"] = _messages(recording.messages)
    run = Run(verdict=result.verdict, violated=result.violated, detail=result.detail,
              history=history, plan=plan, result=result, recorded=recorded, replay=replay, **more)
    run._log = recording.log
    return run


def _messages(events: dict[str, Any]) -> Table:
    """Sendings, deliveries and losses as a row a message. What arrives a second time, a duplicate,
    has a row of its own, sent when its original was."""
    import numpy as np

    codes, words = events["event"]
    kind_of = {word: code for code, word in enumerate(words)}
    sent = np.flatnonzero(codes == kind_of.get("sent", -1))
    keys = [tuple(key) for key in zip(events["from"].tolist(), events["to"].tolist(),
                                      events["number"].tolist(), strict=True)]
    row_of = {keys[at]: row for row, at in enumerate(sent.tolist())}
    origin = sent.tolist()
    delivered = [-1] * len(origin)
    lost = [-1] * len(origin)
    why = [-1] * len(origin)
    times = events["time"].tolist()
    reasons = events["why"][0].tolist()
    for at in np.flatnonzero(codes != kind_of.get("sent", -1)).tolist():
        row = row_of[keys[at]]
        if delivered[row] >= 0 or lost[row] >= 0:
            origin.append(origin[row])
            row = len(delivered)
            for column in (delivered, lost, why):
                column.append(-1)
        if codes[at] == kind_of.get("delivered", -1):
            delivered[row] = times[at]
        else:
            lost[row] = times[at]
            why[row] = reasons[at]
    reason_words = events["why"][1]
    nothing = reason_words.index("") if "" in reason_words else len(reason_words)
    if nothing == len(reason_words):
        reason_words = (*reason_words, "")
    return Table({
        "id": np.arange(len(origin)),
        "type": (events["type"][0][origin], events["type"][1]),
        "from": events["from"][origin],
        "to": events["to"][origin],
        "sent": events["time"][origin],
        "delivered": np.array(delivered, np.int64),
        "lost": np.array(lost, np.int64),
        "why": (np.array([nothing if w < 0 else w for w in why], np.int16), reason_words),
    })
