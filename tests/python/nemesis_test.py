"""Nemeses: each becomes valid faults, the same for a seed, and bites."""

import pytest
import synchrodb as sdb
from synchrodb import nemesis

TIMED = [row["name"] for row in sdb.fault_table() if row["name"] not in ("buggify", "knobs")]
# A stopped clock breaks leases, which the model does not promise to survive.
OPTIONS = {"pause-clock-stopped": {"lease": 0}}


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("when", [{}, {"every": 3}, {"at": [2, "4s"]}, {"random": 2}])
def test_each_fault_of_the_table_runs_on_each_schedule(name, when):
    test = sdb.Test(nodes=5, time_limit=15, options=OPTIONS.get(name, {}),
                    nemesis=nemesis.fault(name, **when))
    run = test.simulate(seed=1)
    struck = [action for action in run.plan.faults if action.fault == name]
    assert struck
    counts = run.faults.get(name)
    if counts is not None:  # some need company: torn writes need a crash
        assert counts["offered"] >= counts["applied"] >= 0
    assert run.plan.beyond_budget == (name in [row["name"] for row in sdb.fault_table()
                                               if row["family"] == "beyond"])
    if not run.plan.beyond_budget:
        assert run.verdict == "ok", run.detail


@pytest.mark.parametrize("name", ["partition-ring", "crash", "clock-drift", "loss", "disk-stall",
                                  "membership-change", "pause-clock-running", "clog"])
def test_they_bite(name):
    run = sdb.Test(nodes=5, time_limit=30, nemesis=nemesis.fault(name, every=2)).simulate(3)
    assert run.faults[name]["effective"] > 0


def test_the_same_for_a_seed_and_another_for_another():
    stack = nemesis.crash(random=3) + nemesis.partition("halves", random=4) + nemesis.swarm()
    assert stack.faults(5, 30, seed=1) == stack.faults(5, 30, seed=1)
    assert stack.faults(5, 30, seed=1) != stack.faults(5, 30, seed=2)


def test_one_moves_no_other():
    alone = nemesis.crash(random=3).faults(5, 60, seed=1)
    for stack in (nemesis.crash(random=3) + nemesis.loss(random=1),
                  nemesis.loss(random=1) + nemesis.crash(random=3)):
        assert [a for a in stack.faults(5, 60, seed=1) if a.fault == "crash"] == alone
    twice = (nemesis.crash(random=3) + nemesis.crash(random=3)).faults(5, 60, seed=1)
    assert len(twice) > len(alone) and [a for a in twice if a in alone] == alone


def test_schedules():
    def moments(**when):
        return [(a.at, a.lasting) for a in nemesis.loss(**when).faults(3, 10)]

    assert moments() == [(0, 10)]
    assert moments(every=4) == [(4, 2), (8, 2)]
    assert moments(every=4, lasting=3) == [(4, 3), (8, 2)]
    assert moments(at=[7, 1]) == [(1, 9), (7, 3)]
    assert moments(at="500ms", lasting="250ms") == [(0.5, 0.25)]
    assert moments(at=11) == []
    drawn = moments(random=1)
    assert drawn and all(0 < at < 10 and 0 < lasting <= 0.5 for at, lasting in drawn)


def test_targets():
    for target in nemesis.TARGETS:
        run = sdb.Test(nodes=5, time_limit=12,
                       nemesis=nemesis.pause(every=2, targets=target)).simulate(2, trace=True)
        assert run.verdict == "ok", (target, run.detail)
        paused = run.trace.where(event="paused").to_pandas().groupby("time")["node"].nunique()
        most = {"followers": 4, "minority": 2, "majority": 3, "all": 5}.get(target, 1)
        assert paused.max() == most, target
    run = sdb.Test(nodes=5, time_limit=12,
                   nemesis=nemesis.pause(every=2, targets=[1, 3])).simulate(2, trace=True)
    assert set(run.trace.where(event="paused")["node"]) == {1, 3}


def test_the_leader_is_who_is_struck():
    run = sdb.Test(nodes=3, time_limit=15, nemesis=nemesis.pause(at=6, lasting=1, targets="leader")
                   ).simulate(1, trace=True, sample_every=0.5)
    at = run.trace.where(event="paused")
    frame = run.samples.to_pandas()
    before = frame[(frame["time"] < at["time"][0]) & (frame["role"] == "leader")].iloc[-1]
    assert at["node"][0] == before["node"]


def test_damage_stays_within_the_budget():
    stack = nemesis.disk("bit-rot", every=1) + nemesis.disk("misdirected-write", every=2)
    for seed in range(5):
        plan = sdb.Test(nodes=5, time_limit=30, nemesis=stack).plan(seed)
        assert len({node for action in plan.faults for node in action.nodes}) <= 2


def test_a_swarm_is_the_simulators_own():
    run = sdb.Test(nodes=5, time_limit=20, nemesis=nemesis.swarm()).simulate(3)
    assert run.verdict == "ok" and len(run.plan.faults) > 2
    only = nemesis.swarm("process").faults(5, 40, seed=3)
    families = {row["name"]: row["family"] for row in sdb.fault_table()}
    assert {families[a.fault] for a in only} <= {"process", "network", "disk"}
    assert {a.fault for a in only if a.at > 0} <= {n for n, f in families.items() if f == "process"}


def test_buggify_and_knobs_stand_in_the_plan():
    plans = [sdb.Test(nemesis=nemesis.buggify() + nemesis.knobs()).plan(seed) for seed in range(9)]
    assert any(plan.buggify for plan in plans) and any(plan.options for plan in plans)
    fixed = sdb.Test(nemesis=nemesis.knobs(), options={"election-timeout-ms": 321})
    assert all(fixed.plan(seed).options["election-timeout-ms"] == 321 for seed in range(5))


def test_bit_flips_need_bytes():
    assert sdb.Test(nemesis=nemesis.flip_bits()).plan(1).encode_messages
