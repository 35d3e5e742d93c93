"""Hypothesis strategies: what they draw is valid, and shrinks to what is needed."""

import pytest
import synchrodb as sdb
from hypothesis import HealthCheck, Phase, find, given, settings
from synchrodb import strategies

CALM = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@CALM
@given(strategies.plans(nodes=(1, 5), time=10))
def test_what_is_promised_holds_for_every_plan(plan):
    run = sdb.simulate(plan)
    assert run.verdict != "violation", run.detail


@CALM
@given(strategies.tests(nodes=(1, 5), time_limit=8))
def test_tests_run(test):
    assert test.simulate(1).verdict != "violation"


@CALM
@given(strategies.plans(families=["disk-latency", "loss", "bit-flip"]))
def test_families_and_names_choose(plan):
    assert {action.fault for action in plan.faults} <= {"disk-latency", "loss", "bit-flip"}


@CALM
@given(strategies.faults(nodes=5, until=7))
def test_faults_lie_in_the_faulty_phase(fault):
    assert 0 <= fault.at < 7 and max(fault.nodes) < 5


def smallest(strategy, condition):
    return find(strategy, condition, settings=settings(
        max_examples=2000, deadline=None, derandomize=True,
        phases=[Phase.generate, Phase.shrink]))


def test_plans_shrink_to_the_faults_that_matter():
    plan = smallest(strategies.plans(nodes=(1, 7), clients=(1, 9)), lambda plan: any(
        action.fault == "crash" and action.at >= 5 for action in plan.faults))
    assert [(a.fault, a.at, a.nodes) for a in plan.faults] == [("crash", 5.0, (0,))]
    assert (plan.nodes, plan.workload.clients, plan.seed) == (1, 1, 0)


def test_a_violation_shrinks_to_a_lie_and_a_power_failure():
    plan = smallest(
        strategies.plans(nodes=(1, 3), time=15, families=["lying-sync", "crash", "loss"],
                         workload="append", rate=60),
        lambda plan: sdb.simulate(plan).violated != "")
    assert {action.fault for action in plan.faults} == {"lying-sync", "crash"}
    assert len(plan.faults) == 2 and plan.nodes == 1


def test_bad_input():
    with pytest.raises(ValueError, match="families: 'lightning' is neither"):
        find(strategies.faults(families=["lightning"]), lambda fault: True)
