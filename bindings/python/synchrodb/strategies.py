"""Hypothesis strategies: plans, faults and tests that shrink to the smallest that fails.

    from hypothesis import given
    from synchrodb import simulate, strategies

    @given(strategies.plans(nodes=3))
    def test_nothing_is_lost(plan):
        assert simulate(plan).ok, plan

Shrinking leaves out faults first, then makes nodes, clients, rate and time smaller, then moves the
faults that remain to round times. With the plugin (`synchrodb.pytest_plugin`) a failing test prints
the line that reproduces its smallest plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from . import _core, nemesis, workloads
from .test import Test

_FAMILIES = ("network", "clock", "disk", "process", "cluster")
# Drawn only where they are named: a stopped clock breaks leases, and what a node loses for good
# counts against the fault budget of the whole run.
_NAMED_ONLY = {"pause-clock-stopped", "wipe-and-rejoin", "bit-rot", "misdirected-write"}


def _rows(families: Sequence[str]) -> list[dict]:
    rows = _core.fault_table()
    known = {row["family"] for row in rows} | {row["name"] for row in rows}
    for one in families:
        if one not in known:
            raise _core.InvalidInput(f"families: {one!r} is neither a family nor a fault: "
                                     f"{', '.join(sorted(known))}")
    return [row for row in rows
            if row["name"] in families
            or row["family"] in families and row["name"] not in _NAMED_ONLY]


@st.composite
def faults(draw: Any, *, nodes: int = 3, until: float = 20.0,
           families: Sequence[str] = _FAMILIES) -> _core.FaultAction:
    """One fault, within the first `until` seconds of `nodes` nodes, with its parameters as the
    fault table has them. `families`: families of the table, or names. Shrinks to the first of
    these, at the start, on node 0.

    >>> from hypothesis import find
    >>> find(faults(families=["crash"]), lambda fault: True)
    FaultAction(fault='crash', nodes=(0,))
    """
    row = draw(st.sampled_from(_rows(families)))
    at = draw(st.integers(0, max(int(until * 2) - 1, 0))) / 2
    momentary = row["name"] in nemesis.MOMENTARY
    lasting = 0 if momentary else draw(st.integers(1, 10)) / 2
    return _core.FaultAction(fault=row["name"], at=at, lasting=min(lasting, max(until - at, 0.5)),
                             nodes=(draw(st.integers(0, nodes - 1)),))


@st.composite
def plans(draw: Any, *, nodes: int | tuple[int, int] = 3, time: float = 30.0,
          families: Sequence[str] = _FAMILIES, max_faults: int = 12,
          workload: str | Sequence[str] = ("cas-register", "register", "counter", "append"),
          clients: int | tuple[int, int] = (1, 5), rate: float | tuple[float, float] = (10, 100),
          options: dict[str, int] | None = None, defect: str = "") -> _core.Plan:
    """Plans for `synchrodb.simulate`. `nodes`, `clients`, `rate`: a number, or the least and the
    most. `families`: which faults, see `faults`. `workload`: one of `workload_table()`, or several
    to draw from. `options`, `defect`: as of a `Plan`.

    >>> from hypothesis import find
    >>> find(plans(nodes=(1, 5)), lambda plan: plan.nodes >= 3).nodes
    3
    """
    count = draw(_between(nodes, st.integers))
    until = time * 2 / 3
    several = draw(st.lists(faults(nodes=count, until=until, families=families),
                            max_size=max_faults))
    kind = workload if isinstance(workload, str) else draw(st.sampled_from(list(workload)))
    seed = draw(st.integers(0, 2**32 - 1))
    shape = _core.PlanShape(nodes=count, time=time, faults=("none",))
    bits = any(action.fault == "bit-flip" for action in several)
    beyond = {row["name"] for row in _core.fault_table() if row["family"] == "beyond"}
    return _core.Plan(
        seed=seed, noise_key=_core.generate_plan(seed, shape).noise_key, nodes=count, time=time,
        workload=_core.WorkloadPlan(
            name=kind, clients=draw(_between(clients, st.integers)),
            rate=float(draw(_between(rate, st.integers)))),
        faults=several, encode_messages=bits, options=options or {}, defect=defect,
        beyond_budget=any(action.fault in beyond for action in several))


def _between(value: Any, kind: Any) -> Any:
    if isinstance(value, tuple):
        low, high = value
        return kind(int(low), int(high))
    return st.just(value)


@st.composite
def nemeses(draw: Any, *, nodes: int = 3, until: float = 20.0,
            families: Sequence[str] = _FAMILIES, most: int = 3) -> nemesis.Nemesis:
    """Up to `most` nemeses added up, each every few seconds. Shrinks to none.

    >>> from hypothesis import find
    >>> find(nemeses(), lambda stacked: True)
    nothing()
    """
    names = [row["name"] for row in _rows(families)]
    chosen = draw(st.lists(st.sampled_from(names), max_size=most, unique=True))
    stacked = nemesis.nothing()
    for name in chosen:
        stacked = stacked + nemesis.fault(name, every=draw(st.integers(2, 8)))
    return stacked


@st.composite
def tests(draw: Any, *, nodes: int | tuple[int, int] = 3, time_limit: float = 30.0,
          workload: Any = None, families: Sequence[str] = _FAMILIES, **fields: Any) -> Test:
    """Tests: `nodes` as of `plans`; `workload`: a `Workload`, or a strategy of them, or None: a
    register of any kind; the nemesis is drawn; `fields`: the other fields of `Test`.

    >>> from hypothesis import find
    >>> find(tests(), lambda test: True).nemesis
    nothing()
    """
    count = draw(_between(nodes, st.integers))
    if workload is None:
        workload = st.sampled_from([workloads.cas_register, workloads.register]).flatmap(
            lambda make: st.integers(1, 8).map(lambda keys: make(keys=keys)))
    chosen = draw(workload) if isinstance(workload, st.SearchStrategy) else workload
    return Test(nodes=count, time_limit=time_limit, workload=chosen,
                nemesis=draw(nemeses(nodes=count, until=time_limit * 2 / 3, families=families)),
                **fields)


def seeds(most: int = 2**32 - 1) -> Any:
    """Seeds, for `test.simulate(seed)`; they shrink towards 0.

    >>> from hypothesis import find
    >>> find(seeds(), lambda seed: seed > 4)
    5
    """
    return st.integers(0, most)
