"""Tests and plans as values, and what a test makes of its parts."""

import copy
import os
import pickle
import subprocess
from pathlib import Path

import cloudpickle
import pytest
import synchrodb as sdb
from synchrodb import nemesis, workloads
from synchrodb.checkers import Checker, Verdict
from synchrodb.store import load

TEST = sdb.Test(nodes=3, time_limit=12, nemesis=nemesis.crash(every=4))
PLAN = sdb.generate_plan(5, sdb.PlanShape(nodes=5, time=30))
VALUES = [PLAN, PLAN.workload, *PLAN.faults[:3], sdb.PlanShape(nodes=3, faults=["network"]),
          sdb.DrawOverride(purpose="raft", counter=2, value=9),
          PLAN.replace(tolerated=["stale-read", "commit-not-final"])]


@pytest.mark.parametrize("value", VALUES)
def test_plans_and_their_parts_are_values(value):
    assert value == copy.copy(value) == copy.deepcopy(value) == value.replace()
    assert pickle.loads(pickle.dumps(value)) == value
    assert value != type(value)() and value != 3
    assert repr(value).startswith(type(value).__name__ + "(")
    names = {name: getattr(sdb, name) for name in sdb.__all__}
    assert eval(repr(value), names) == value  # noqa: S307


def test_plans_survive_json():
    for seed in range(20):
        plan = sdb.generate_plan(seed, sdb.PlanShape())
        assert sdb.Plan.from_json(plan.to_json()) == plan
        assert sdb.Plan.from_json(plan.to_json()).to_json() == plan.to_json()


def test_what_a_plan_hands_out_cannot_be_changed():
    with pytest.raises(AttributeError):
        PLAN.faults.append(1)
    with pytest.raises(TypeError):
        PLAN.options["lease"] = 1


def test_faults_are_sorted_by_time():
    late, early = (sdb.FaultAction(fault="crash", at=at) for at in (5, 1))
    assert PLAN.replace(faults=[late, early]).faults == (early, late)


def test_times_are_exact():
    action = sdb.FaultAction(fault="crash", at="1234.000000001s")
    assert action.replace(at=action.at).at == action.at
    assert '"1.000000001s"' in PLAN.replace(
        faults=[sdb.FaultAction(fault="crash", at="1.000000001s")]).to_json()


def test_a_test_is_a_value():
    again = cloudpickle.loads(cloudpickle.dumps(TEST))
    assert again == TEST and again.simulate(1).digest == TEST.simulate(1).digest
    assert TEST.replace(nodes=5).nodes == 5 and TEST.nodes == 3

    class Mine(sdb.Test):
        pass

    assert type(Mine(nodes=3).replace(nodes=5)) is Mine
    with pytest.raises(TypeError, match="node: Test has no such field"):
        TEST.replace(node=5)


@pytest.mark.parametrize("name", [row["name"] for row in sdb.workload_table()])
def test_every_builtin_workload_runs(name):
    run = TEST.replace(workload=workloads.builtin(name, keys=3, rate=200)).simulate(2)
    assert run.verdict == "ok" and run.counts["ok"] > 100
    assert sdb.check(run).valid


def test_a_mix_is_kept():
    run = TEST.replace(workload=workloads.builtin("append", mix={"append": 1})).simulate(2)
    # A third of the clients only ever read.
    assert {event["f"] for event in run.history} == {"append", "read"}
    for bad in (lambda: workloads.builtin("nope"), lambda: workloads.builtin(mix={"fly": 1})):
        with pytest.raises(ValueError, match="nope|fly"):
            bad()


def test_a_python_workload_runs_and_can_be_watched():
    run = TEST.replace(workload=workloads.bank(rate=30)).simulate(3)
    assert run.verdict == "ok" and run.checked.valid
    assert {event["f"] for event in run.history} == {"transfer", "read"}
    # An operation is several calls.
    types = run.history.operations["type"].tolist()
    assert run.counts == {name: types.count(name) for name in ("ok", "fail", "info")}
    assert run.row()["operations"] == run.counts and run.result.ok > run.counts["ok"] > 50
    assert len(run.trace) > 0 and len(run.samples) > 0 and len(run.messages) > 0
    assert set(run.history.to_pandas()["type"]) <= {"ok", "fail", "info"}
    again = TEST.replace(workload=workloads.bank(rate=30)).simulate(3)
    assert again.digest == run.digest and again.history == run.history


def test_the_same_workload_in_both_languages_finds_the_engine_well():
    for scripted in (False, True):
        run = TEST.replace(workload=workloads.cas_register(keys=2, scripted=scripted)).simulate(4)
        assert run.verdict == "ok" and run.counts["ok"] > 50


class Suspicious(Checker):
    name = "suspicion"

    def __init__(self, valid):
        self.valid = valid

    def check(self, history):
        assert any(event["type"] == "ok" for event in history)
        return Verdict(self.name, self.valid, "I do not like it")


@pytest.mark.parametrize("workload", [workloads.register(), workloads.bank(rate=20)])
def test_a_checker_of_ones_own_convicts(workload):
    run = TEST.replace(workload=workload, checker=Suspicious(False)).simulate(1)
    assert (run.verdict, run.violated, run.detail) == ("violation", "suspicion", "I do not like it")
    assert run.row()["violated"] == "suspicion"
    assert TEST.replace(workload=workload, checker=Suspicious(True)).simulate(1).verdict == "ok"


def test_an_invariant_convicts_in_a_builtin_workload():
    @sdb.invariant(every=1)
    def nobody_leads(view):
        if any(node.role == "leader" for node in view.nodes):
            return "somebody leads"

    run = TEST.replace(invariants=[nobody_leads]).simulate(1)
    assert (run.violated, run.detail) == ("nobody-leads", "somebody leads")
    assert len(run.history) > 0


def test_what_a_live_nemesis_did_stands_in_the_plan():
    @sdb.live_nemesis(at=[4])
    def kill(view):
        return sdb.FaultAction(fault="crash", nodes=[n.index for n in view.nodes
                                                     if n.role == "leader"][:1])

    run = TEST.replace(nemesis=None, live_nemeses=[kill]).simulate(1)
    assert [action.fault for action in run.plan.faults] == ["crash"] and run.verdict == "ok"


def test_a_protocol_of_ones_own():
    from synchrodb.examples.primary_backup import Clients, PrimaryBackup

    run = sdb.Test(nodes=3, time_limit=12, protocol=PrimaryBackup, workload=Clients()).simulate(1)
    assert run.verdict == "ok" and run.checked.valid and run.counts["ok"] > 50
    with pytest.raises(TypeError, match="protocol: must be a subclass of Protocol, not <class 'int"):
        TEST.replace(protocol=int)


@pytest.mark.parametrize("workload, text", [
    (workloads.cas_register(), "workload: cas-register calls SynchroDB's engine; give one that asks "
                               "the nodes of PrimaryBackup"),
    (workloads.builtin("kv"), "workload: kv calls SynchroDB's engine"),
    (workloads.register(scripted=True), "workload: it calls SynchroDB's engine"),
    (workloads.bank(), "workload: it calls SynchroDB's engine"),
])
def test_a_workload_of_the_engine_does_not_suit_a_protocol(workload, text):
    from synchrodb.examples.primary_backup import Clients, PrimaryBackup

    with pytest.raises(sdb.InvalidInput, match=text):
        sdb.Test(nodes=3, time_limit=12, protocol=PrimaryBackup, workload=workload).simulate(1)
    with pytest.raises(sdb.InvalidInput, match="workload: it asks a protocol's nodes"):
        sdb.Test(nodes=3, time_limit=12, workload=Clients()).simulate(1)


def test_an_exception_of_a_workload_shows_its_traceback():
    class Broken(workloads.Workload):
        name = "broken"

        def operations(self):
            return lambda: {"f": "read", "key": "k"}

        def invoke(self, op):
            yield workloads.read("GET", op["key"])
            raise ZeroDivisionError("in the workload")

    with pytest.raises(ZeroDivisionError, match="in the workload"):
        TEST.replace(workload=Broken()).simulate(1)
    assert TEST.simulate(1).verdict == "ok"


def test_reproduce_is_a_command():
    run = TEST.simulate(3)
    command = run.reproduce.split()
    assert command[:3] == ["synchrodb-sim", "run", "--plan"]
    told = subprocess.run([os.environ["SYNCHRODB_SIM"], *command[1:]], capture_output=True,
                          text=True)
    assert f"digest       {run.digest}" in told.stdout


@sdb.live_nemesis(every=3)
def kill_the_leader(view):
    return [sdb.FaultAction(fault="crash", nodes=[n.index])
            for n in view.nodes if n.role == "leader" and n.founder][:1]


BANK = TEST.replace(workload=workloads.bank(rate=30))
HUNTED = BANK.replace(nemesis=None, live_nemeses=[kill_the_leader])


@pytest.mark.parametrize("test, run, line", [
    (BANK, BANK.simulate(3), "test.simulate(seed=3)"),
    (BANK, BANK.simulate(3).without(0), "test.simulate(plan=synchrodb.Plan.from_json(open("),
    (HUNTED, HUNTED.simulate(3), "test.simulate(seed=3)"),
    (HUNTED, HUNTED.simulate(3).without(0), "test.replace(live_nemeses=()).simulate(plan="),
    (HUNTED, HUNTED.simulate(3).without("crash"), "test.replace(live_nemeses=()).simulate(plan="),
    (HUNTED, HUNTED.simulate(plan=HUNTED.plan(3).with_noise(8)),
     "test.simulate(plan=synchrodb.Plan.from_json(open("),
])
def test_reproduce_calls_a_test_with_python_code(test, run, line):
    assert run.reproduce.startswith(line)
    again = eval(run.reproduce, {"test": test, "synchrodb": sdb})  # noqa: S307
    assert again.digest == run.digest and again.history == run.history


def test_reproduce_gives_the_verdict_of_a_checker_too():
    test = TEST.replace(checker=Suspicious(False))
    assert test.simulate(3).reproduce == "test.simulate(seed=3)"


def test_runs_show_themselves():
    run = TEST.simulate(1)
    assert "ok" in repr(run) and "<table" in run._repr_html_()
    assert "rows of" in repr(run.trace) and "<table" in run.trace._repr_html_()
    assert "<table" in run.history._repr_html_()


SLOW_LEADER = sdb.Test(
    nodes=5, time_limit=12, options={"lease": 2, "clock-drift-bound-ppm": 0}, beyond_budget=True,
    workload=workloads.builtin("register", keys=1, rate=500, clients=20,
                               mix={"lease-read": 6, "write": 1}),
    nemesis=nemesis.fault("clock-drift", ppm=-200_000, targets="leader", at=3, lasting=4)
    + nemesis.partition("isolate-leader", at=5, lasting=3))


def test_what_is_tolerated_is_counted_and_the_run_goes_on(tmp_path):
    strict = next(run for run in map(SLOW_LEADER.simulate, range(20)) if run.violated)
    assert strict.violated == "lease-disjointness" and strict.tolerated == {}
    test = SLOW_LEADER.replace(tolerated=["lease-disjointness", "stale-read"])
    run = test.simulate(strict.seed, trace=True)
    assert run.tolerated["lease-disjointness"] > 0 and run.tolerated["stale-read"] >= 0
    assert run.violated in ("", "linearizability")
    assert len(run.history) > len(strict.history)
    assert run.row()["tolerated"] == run.tolerated
    marks = [row["subject"] for row in run.trace if row["event"] == "tolerated"]
    assert marks.count("lease-disjointness") == run.tolerated["lease-disjointness"]
    assert "lease-disjointness, stale-read" in run.plan._repr_html_()
    assert load(sdb.Store(tmp_path).save(run).path).tolerated == run.tolerated
    # The command that gives it again knows what to tolerate.
    plan = sdb.Plan.from_json(Path(run.reproduce.split()[-1]).read_text())
    assert plan.tolerated == test.tolerated == ("lease-disjointness", "stale-read")
    assert sdb.simulate(plan).digest == run.digest


@pytest.mark.parametrize(("names", "said"), [
    (["rain"], r'tolerated\[0\]: unknown property "rain"; `synchrodb-sim list properties`'),
    (["stale-read"] * 2, r'tolerated\[1\]: "stale-read" is named twice'),
])
def test_what_cannot_be_tolerated_is_named(names, said):
    with pytest.raises(sdb.InvalidInput, match=said):
        TEST.replace(tolerated=names)
    with pytest.raises(sdb.InvalidInput, match=said):
        PLAN.replace(tolerated=names)


def test_the_names_of_properties_must_be_texts():
    with pytest.raises(TypeError, match=r"tolerated\[0\]: .*int"):
        TEST.replace(tolerated=[3])
    with pytest.raises(TypeError, match="tolerated: must be a list of texts, not int"):
        TEST.replace(tolerated=3)
