"""Whatever is passed: an exception that names the argument, and an interpreter that lives."""

import pytest
import synchrodb as sdb
from synchrodb import nemesis

PLAN = sdb.generate_plan(1, sdb.PlanShape(nodes=3, time=5))
EVENTS = [{"type": "invoke", "process": 0, "f": "read"}]
FAULT = sdb.FaultAction(fault="crash", at=1)

# What is done, the exception, what its text must name.
BAD = [
    # Plans.
    (lambda: sdb.Plan(nodes="three"), TypeError, "nodes: must be an integer, not str"),
    (lambda: sdb.Plan(nodes=True), TypeError, "nodes"),
    (lambda: sdb.Plan(nodes=2.5), TypeError, "nodes"),
    (lambda: sdb.Plan(nodes=0), ValueError, "nodes: 0 is outside 1 to 15"),
    (lambda: sdb.Plan(nodes=-1), ValueError, "nodes"),
    (lambda: sdb.Plan(nodes=10**30), ValueError, "nodes"),
    (lambda: sdb.Plan(node=3), TypeError, "node: Plan has no such field"),
    (lambda: sdb.Plan(seed=-1), ValueError, "seed"),
    (lambda: sdb.Plan(time="ten"), ValueError, "time"),
    (lambda: sdb.Plan(time="10"), ValueError, "time"),
    (lambda: sdb.Plan(time=float("nan")), ValueError, "time"),
    (lambda: sdb.Plan(time=float("inf")), ValueError, "time"),
    (lambda: sdb.Plan(time=-1), ValueError, "time"),
    (lambda: sdb.Plan(time=None), TypeError, "time"),
    (lambda: sdb.Plan(time=10, faulty_time=20), ValueError, "faulty_time"),
    (lambda: sdb.Plan(strategy="lifo"), ValueError, "strategy"),
    (lambda: sdb.Plan(strategy=1), TypeError, "strategy"),
    (lambda: sdb.Plan(encode_messages=1), TypeError, "encode_messages"),
    (lambda: sdb.Plan(options={"no-such": 1}), ValueError, "no-such"),
    (lambda: sdb.Plan(options={"lease": "x"}), TypeError, "options.lease"),
    (lambda: sdb.Plan(options=[1]), TypeError, "options"),
    (lambda: sdb.Plan(options={"lease": 3}), ValueError, "lease"),
    (lambda: sdb.Plan(workload="register"), TypeError, "workload: must be a WorkloadPlan"),
    (lambda: sdb.Plan(workload=sdb.WorkloadPlan(name="nope")), ValueError, "nope"),
    (lambda: sdb.Plan(workload=sdb.WorkloadPlan(clients=0)), ValueError, "clients"),
    (lambda: sdb.Plan(workload=sdb.WorkloadPlan(rate=-5)), ValueError, "rate"),
    (lambda: sdb.WorkloadPlan(rate="fast"), TypeError, "rate"),
    (lambda: sdb.Plan(faults=FAULT), TypeError, "faults"),
    (lambda: sdb.Plan(faults=["crash"]), TypeError, r"faults\[0\]"),
    (lambda: sdb.Plan(faults=[FAULT.replace(fault="krash")]), ValueError, "krash"),
    (lambda: sdb.Plan(faults=[FAULT.replace(at=1e5)]), ValueError, r"faults\[0\].at"),
    (lambda: sdb.Plan(faults=[FAULT.replace(nodes=[7])]), ValueError, r"faults\[0\].nodes"),
    (lambda: sdb.Plan(faults=[FAULT.replace(target="boss")]), ValueError, "boss"),
    (lambda: sdb.Plan(faults=[FAULT.replace(parameters={"x": 1})]), ValueError, "x"),
    (lambda: sdb.FaultAction(nodes=["a"]), TypeError, r"nodes\[0\]"),
    (lambda: sdb.FaultAction(nodes=3), TypeError, "nodes"),
    (lambda: sdb.Plan(defect="no-such-defect"), ValueError, "defect"),
    (lambda: PLAN.replace(nodes=99), ValueError, "nodes"),
    (lambda: setattr(PLAN, "nodes", 3), AttributeError, "set"),
    (lambda: PLAN.options.__setitem__("lease", 1), (TypeError, AttributeError), "setitem"),
    (lambda: sdb.Plan.from_json("{"), ValueError, ""),
    (lambda: sdb.Plan.from_json('{"version": 99}'), ValueError, "version"),
    (lambda: sdb.PlanShape(faults=["zz"]), ValueError, "faults: unknown fault"),
    (lambda: sdb.PlanShape(faults=3), TypeError, "faults"),
    (lambda: sdb.generate_plan("7", sdb.PlanShape()), TypeError, "seed"),
    (lambda: sdb.generate_plan(7, 3), TypeError, "shape: must be a PlanShape"),
    # Runs.
    (lambda: sdb.simulate(7), TypeError, "plan: must be a Plan, not int"),
    (lambda: sdb.simulate(PLAN, trace=1), TypeError, "trace"),
    (lambda: sdb.simulate(PLAN, sample_every="x"), ValueError, "sample_every"),
    (lambda: sdb.simulate(PLAN, sample_every=-1), ValueError, "sample_every"),
    # Histories and checkers.
    (lambda: sdb.check(3), TypeError, "history"),
    (lambda: sdb.check("{:process"), ValueError, "history"),
    (lambda: sdb.check([{"f": "read"}]), ValueError, r"events\[0\].type"),
    (lambda: sdb.check(EVENTS, model="stack"), ValueError, "model: unknown model"),
    (lambda: sdb.check(EVENTS, dialect="x"), ValueError, "dialect"),
    (lambda: sdb.check(EVENTS, steps=0), ValueError, "steps"),
    (lambda: sdb.History.parse("", "xml"), ValueError, "format"),
    (lambda: sdb.History.parse(3), TypeError, "history"),
    (lambda: sdb.checkers.BankChecker(10) + 3, TypeError, "unsupported operand"),
    # Tests and workloads.
    (lambda: sdb.Test(invariants=[len]), TypeError,
     r"invariants\[0\]: must be made by synchrodb.invariant, .* not builtin_function"),
    (lambda: sdb.Test(invariants=sdb.invariant(len, every=1)), TypeError,
     "invariants: must be a list, not Invariant"),
    (lambda: sdb.Test(live_nemeses=[sdb.invariant(len, every=1)]), TypeError, "live_nemesis"),
    (lambda: sdb.Test(generator=3), TypeError, "3 is no generator"),
    (lambda: sdb.workloads.bank(accounts=1), ValueError, "accounts: 1 is less than 2"),
    (lambda: sdb.workloads.counter(keys=0), ValueError, "keys: 0 is less than 1"),
    (lambda: sdb.workloads.builtin("kv", keys=0), ValueError, "keys: 0 is less than 1"),
    (lambda: sdb.workloads.set(rate=0), ValueError, "rate: 0 is no positive number"),
    (lambda: sdb.workloads.set(rate=float("nan")), ValueError, "rate: nan is no positive"),
    # Nemeses.
    (lambda: nemesis.fault("los"), ValueError, "did you mean 'loss'"),
    (lambda: nemesis.fault(3), TypeError, "name"),
    (lambda: nemesis.partition("thirds"), ValueError, "kind: 'thirds' is none of"),
    (lambda: nemesis.crash(every=5, lasting=2), ValueError, "lasting: crash .*down_ms"),
    (lambda: nemesis.crash(every=0), ValueError, "every"),
    (lambda: nemesis.crash(every=-1), ValueError, "every"),
    (lambda: nemesis.crash(every="often"), ValueError, "every"),
    (lambda: nemesis.crash(every=3, at=4), ValueError, "every or at"),
    (lambda: nemesis.crash(targets="boss"), ValueError, "targets: 'boss' is none of"),
    (lambda: nemesis.crash(targets=-1), ValueError, "targets"),
    (lambda: nemesis.crash(targets=[]), ValueError, "targets"),
    (lambda: nemesis.crash(targets=1.5), TypeError, "targets"),
    (lambda: nemesis.crash(down_minutes=1), TypeError, "down_minutes: crash has no such"),
    (lambda: nemesis.crash(down_ms=0), ValueError, "down_ms"),
    (lambda: nemesis.crash(down_ms="1"), TypeError, "down_ms"),
    (lambda: nemesis.clock(), TypeError, "clock"),
    (lambda: nemesis.clock(period_ms=3), ValueError, "period_ms"),
    (lambda: nemesis.pause("sideways"), ValueError, "clock"),
    (lambda: nemesis.membership("double"), ValueError, "change"),
    (lambda: nemesis.drop_messages("hello"), ValueError, "type"),
    (lambda: nemesis.swarm("zz"), ValueError, "faults"),
    (lambda: nemesis.fault("knobs"), ValueError, "nemesis.knobs"),
    (lambda: nemesis.crash() + 3, TypeError, ""),
    # Tests.
    (lambda: sdb.Test(nodes=0), ValueError, "nodes"),
    (lambda: sdb.Test(nodes="x"), TypeError, "nodes"),
    (lambda: sdb.Test(workload="register"), TypeError, "workload"),
    (lambda: sdb.Test(nemesis="ring"), TypeError, "nemesis"),
    (lambda: sdb.Test(checker=3), TypeError, "checker"),
    (lambda: sdb.Test(time_limit="x"), ValueError, "time_limit"),
    (lambda: sdb.Test(options={"nope": 1}), ValueError, "nope"),
    (lambda: sdb.Test(options=3), TypeError, "options"),
    (lambda: sdb.Test(nodes=3, nemesis=nemesis.crash(at=1, targets=3)), ValueError, "nodes"),
    (lambda: sdb.Test(nodes=1, nemesis=nemesis.disk("bit-rot")), ValueError, "nodes"),
    (lambda: sdb.Test(nodez=3), TypeError, "nodez"),
    (lambda: sdb.Test().replace(nodez=3), TypeError, "nodez"),
    (lambda: sdb.Test().simulate(seed="7"), TypeError, "seed"),
    # Campaigns.
    (lambda: sdb.campaign("test"), TypeError, "subject"),
    (lambda: sdb.campaign(PLAN, seeds=3), TypeError, "seeds"),
    (lambda: sdb.campaign(PLAN, seeds=["1"]), TypeError, "seeds"),
    (lambda: sdb.campaign(PLAN, seeds=[-1]), ValueError, "seeds"),
    (lambda: sdb.campaign(PLAN, seeds=[1], jobs=0), ValueError, "jobs"),
    (lambda: sdb.campaign(PLAN, seeds=[1], jobs="2"), TypeError, "jobs"),
    (lambda: sdb.campaign(PLAN, seeds=[1], resume=True), ValueError, "resume"),
    (lambda: sdb.campaign(PLAN, seeds=[1], scheduler=3), TypeError, "scheduler"),
    (lambda: sdb.campaign(PLAN, seeds=[1], out="/no/such/folder/x"), OSError, "/no/such/folder"),
    # The package.
    (lambda: sdb.no_such_name, AttributeError, "no_such_name"),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_input(number):
    act, kind, names = BAD[number]
    with pytest.raises(kind, match=names) as caught:
        act()
    assert isinstance(caught.value, Exception)


def test_every_error_of_ours_is_an_error():
    with pytest.raises(sdb.Error):
        sdb.Plan(nodes=99)
