"""Time travel and shrinking of runs."""

import pytest
import synchrodb as sdb
from synchrodb import shrinking, travel
from synchrodb.examples.paxos import Paxos, Proposals


class CarelessCounter(sdb.workloads.counter):
    """Repeats what may have been done: wrong where an answer was lost."""

    def invoke(self, op):
        if op["f"] == "read":
            return (yield from super().invoke(op))
        outcome = yield sdb.workloads.write("INCRBY", op["key"], op["value"])
        if outcome.kind == "unknown":
            outcome = yield sdb.workloads.write("INCRBY", op["key"], op["value"])
        return sdb.workloads.completed(op, outcome)


TEST = sdb.Test(nodes=5, time_limit=40, workload=CarelessCounter(),
                options={"client-timeout-ms": 600},
                nemesis=sdb.nemesis.partition("isolate-leader", every=4)
                + sdb.nemesis.pause(every=5) + sdb.nemesis.crash(every=3))


@pytest.fixture(scope="module")
def failing():
    for seed in range(200):
        run = TEST.simulate(seed=seed)
        if run.verdict == "violation":
            return run
    pytest.fail("no seed convicts the careless counter")


def test_the_state_at_a_moment():
    run = sdb.Test(nodes=3, time_limit=20, workload=sdb.workloads.set()).simulate(seed=1)
    early, late = run.at(2), run.at("12s")
    assert [node.view.index for node in late] == [0, 1, 2, 3, 4]
    assert [node.view.running for node in late] == [True] * 3 + [False] * 2
    first, last = ({int(e) for e in nodes[0].values.get("set", "").split()}
                   for nodes in (early, late))
    assert first < last


def test_the_state_of_a_protocols_nodes():
    run = sdb.Test(nodes=3, time_limit=10, protocol=Paxos, workload=Proposals(nodes=3)).simulate(1)
    chosen = {node.values["chosen"] for node in run.at(8) if node.view.running}
    assert len(chosen) == 1


def test_futures_share_the_past():
    run = sdb.Test(nodes=3, time_limit=20, workload=sdb.workloads.bank()).simulate(seed=4)
    futures = run.branch(at=10, seeds=range(4))
    assert len({future.digest for future in (run, *futures)}) == 5
    for future in futures:
        assert [n.values for n in future.at(10)] == [n.values for n in run.at(10)]
    assert any(node.values for node in run.at(10))


def test_a_run_without_a_fault(failing):
    first = failing.plan.faults[0]
    for fault in (first, 0):
        assert list(failing.without(fault).plan.faults) == list(failing.plan.faults)[1:]
    assert not any(a.fault == "crash" for a in failing.without("crash").plan.faults)


@pytest.mark.parametrize("fault, error, text", [
    ("flood", sdb.InvalidInput, "the plan has no 'flood'; its faults are crash"),
    (10_000, sdb.InvalidInput, "there is no number 10000 among"),
    (1.5, TypeError, "fault: must be a name, a FaultAction or its position, not float"),
])
def test_a_fault_that_is_not_there(failing, fault, error, text):
    with pytest.raises(error, match=text):
        failing.without(fault)


def test_a_failure_is_certain_at_its_end_and_not_before(failing):
    shares = travel.likelihood(failing, times=[0, failing.plan.time * 0.95], futures=5)
    assert shares[1].share == 1
    assert shares[0].futures == 5
    with pytest.raises(ValueError, match="futures: must be an integer of at least 1"):
        travel.likelihood(failing, futures=0)


def test_a_failing_run_shrinks(failing):
    seen = []
    shrunk = failing.shrink(max_runs=150, on_progress=lambda *now: seen.append(now))
    assert shrunk.run.violated == failing.violated == shrunk.property
    assert shrunk.size["faults"] < len(failing.plan.faults) / 2
    assert len(seen) == shrunk.runs - 1
    assert seen[-1][:2] == (shrunk.runs, 150)
    assert shrinking.again(failing, shrunk.plan).digest == shrunk.run.digest
    assert shrunk.explain().violated == failing.violated


def test_ctrl_c_keeps_the_best_so_far(failing):
    calls = []
    workload_run = shrinking.again

    def counted(run, plan):
        calls.append(plan)
        if len(calls) == 20:
            raise KeyboardInterrupt
        return workload_run(run, plan)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shrinking, "again", counted)
        shrunk = failing.shrink()
    assert not shrunk.complete
    assert shrunk.run.violated == failing.violated


def test_what_does_not_fail_does_not_shrink():
    run = sdb.Test(nodes=3, time_limit=10).simulate(seed=1)
    with pytest.raises(sdb.InvalidInput, match="the plan violates nothing"):
        run.shrink()
    with pytest.raises(TypeError, match="run: must be a Run, not int"):
        shrinking.shrink(3)
