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


def test_a_nemesis_of_ones_own_strikes_the_same_in_every_process(python):
    program = """if True:
        import synchrodb as sdb
        class Mine(sdb.nemesis.Nemesis):
            def inject(self, setting, rng):
                return sdb.nemesis.Injection([sdb.FaultAction(fault="crash", at=rng.uniform(1, 5))])
        kept = [Mine() for _ in range(9)]
        print(*{each.faults(nodes=3, until=10, seed=1)[0].at for each in kept})
        """
    first, second = python(program), python(program)
    assert first == second and len(first.split()) == 1


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


def lost(run, begin, end):
    """The types of the messages of that time that vanished, and to whom."""
    frame = run.messages.to_pandas()
    frame = frame[(frame["lost"] >= 0) & (frame["sent"] > begin) & (frame["sent"] < end)]
    return set(frame["type"]), set(frame["to"])


@pytest.mark.parametrize("kind", ["append-request", "heartbeat", "append-reply"])
def test_messages_of_one_type_to_some(kind):
    target = "leader" if kind == "append-reply" else "follower"
    test = sdb.Test(nodes=5, time_limit=12, nemesis=nemesis.drop_messages(
        kind, inbound=1, targets=target, at=4, lasting=2))
    run = test.simulate(1, messages=True)
    types, victims = lost(run, 4e9, 6e9)
    assert types == {kind}
    assert len(victims) == 1


def test_message_types_go_by_the_numbers_that_the_simulator_knows():
    described = next(row for row in sdb.fault_table() if row["name"] == "message-type-loss")
    assert len(nemesis.MESSAGE_TYPES) == 10
    for number, name in enumerate(nemesis.MESSAGE_TYPES):
        if not name.startswith("pre-vote"):
            plural = name.replace("-", " ").replace("reply", "replie").replace("timeout now", "")
            assert f"{number} {plural}" in described["description"], name


def test_a_bridge_is_who_was_asked_for():
    test = sdb.Test(nodes=5, time_limit=12, nemesis=nemesis.partition("bridge", targets=(3,), at=2))
    run = test.simulate(1, messages=True)
    frame = run.messages.to_pandas()
    frame = frame[(frame["sent"] > 2.2e9) & (frame["sent"] < 8e9) & (frame["from"] < 6)
                  & (frame["to"] < 6)]
    heard = frame[frame["delivered"] >= 0].groupby("to")["from"].nunique()
    assert heard.idxmax() == 4 and heard[4] >= 2
    assert 4 not in set(frame[frame["lost"] >= 0][["from", "to"]].to_numpy().flatten())


def test_delays_between_two_nodes_are_exact():
    away = nemesis.link_bias(min_us=20_000, max_us=20_000, among=1, targets=(0, 1))
    alone = nemesis.pause("stopped", targets=(1, 2), at=0, lasting=2)  # so node 0 leads
    run = sdb.Test(nodes=3, time_limit=12, nemesis=nemesis.network(100, 0) + away + alone,
                   options={"lease": 0}).simulate(1, messages=True)
    frame = run.messages.to_pandas()
    frame = frame[(frame["delivered"] >= 0) & (frame["sent"] > 3e9) & (frame["sent"] < 7e9)]
    took = (frame["delivered"] - frame["sent"]) / 1e3
    between = frame["from"].isin([1, 2]) & frame["to"].isin([1, 2])
    assert between.any() and (took[between] == 20_100).all()
    assert (took[~between] == 100).all()


def test_damage_stays_within_the_budget():
    stack = nemesis.disk("bit-rot", every=1) + nemesis.disk("misdirected-write", every=2)
    for seed in range(5):
        plan = sdb.Test(nodes=5, time_limit=30, nemesis=stack).plan(seed)
        assert 1 <= len({node for action in plan.faults for node in action.nodes}) <= 2


def test_a_swarm_is_the_simulators_own():
    run = sdb.Test(nodes=5, time_limit=20, nemesis=nemesis.swarm()).simulate(3)
    assert run.verdict == "ok" and len(run.plan.faults) > 2
    only = nemesis.swarm("process").faults(5, 40, seed=3)
    families = {row["name"]: row["family"] for row in sdb.fault_table()}
    assert {families[a.fault] for a in only} <= {"process", "network", "disk"}
    struck = {a.fault for a in only if a.at > 0}
    assert struck and struck <= {n for n, f in families.items() if f == "process"}


def test_buggify_and_knobs_stand_in_the_plan():
    plans = [sdb.Test(nemesis=nemesis.buggify() + nemesis.knobs()).plan(seed) for seed in range(9)]
    assert any(plan.buggify for plan in plans) and any(plan.options for plan in plans)
    fixed = sdb.Test(nemesis=nemesis.knobs(), options={"election-timeout-ms": 321})
    assert all(fixed.plan(seed).options["election-timeout-ms"] == 321 for seed in range(5))


def test_bit_flips_need_bytes():
    assert sdb.Test(nemesis=nemesis.flip_bits()).plan(1).encode_messages
