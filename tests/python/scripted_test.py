"""Python workloads, invariants and nemeses in simulated worlds."""

import random
import time
import traceback

import pytest
import synchrodb as sdb
from synchrodb import generators as gen
from synchrodb import workloads
from synchrodb.scripted import RunRandom, invariant, live_nemesis, simulate, state_at

WORKLOADS = sorted(workloads.ALL)


def plan_of(seed, time=20, **shape):
    return sdb.generate_plan(seed, sdb.PlanShape(time=time, **{"nodes": 5, "clients": 5, **shape}))


def made(name, **arguments):
    scripted = {"scripted": True} if name in ("register", "cas-register") else {}
    return workloads.ALL[name](**scripted, **arguments)


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_correct_engine_passes_every_workload_under_faults(name):
    for seed in range(4):
        run = simulate(plan_of(seed), made(name))
        assert run.result.verdict == "ok", f"seed {seed}: {run.result.violated}: {run.result.detail}"
        assert sum(event["type"] == "ok" for event in run.history) > 50
        assert run.verdict is None or run.verdict.valid


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_same_plan_and_workload_give_the_same_run(name):
    first, second = (simulate(plan_of(11), made(name)) for _ in range(2))
    assert first.result.digest == second.result.digest
    assert first.history == second.history


def test_another_future_shares_the_past_of_the_workload_too():
    plan = plan_of(3)
    run, other = (simulate(p, workloads.bank()) for p in (plan, plan.branch(8, noise_key=1)))
    past = [[e for e in r.history if e["time"] < 8e9] for r in (run, other)]
    assert past[0] == past[1] and len(past[0]) > 100
    assert run.history != other.history


# ---- Checkers convict what is wrong ----------------------------------------------------------


def without_watch(calls):
    """The calls of an operation, none of which watches anything."""
    outcome = None
    while True:
        try:
            call = calls.send(outcome)
        except StopIteration as end:
            return end.value
        outcome = workloads.Outcome("ok", [0]) if call.kind == "watch" else (yield call)


class CarelessBank(workloads.bank):
    def invoke(self, op):
        return (yield from without_watch(super().invoke(op)))


class CarelessQueue(workloads.queue):
    def invoke(self, op):
        return (yield from without_watch(super().invoke(op)))


class CarelessLock(workloads.lock):
    """Deletes the lock, whoever holds it."""

    def invoke(self, op):
        if op["f"] == "release":
            outcome = yield workloads.write("DEL", self.key)
            return workloads.completed(op, outcome)
        return (yield from super().invoke(op))


class ForgetfulSet(workloads.set):
    """Overwrites what it should append to."""

    def invoke(self, op):
        if op["f"] == "add" and 100 <= op["value"] < 110:
            outcome = yield workloads.write("SET", self.key, f"{op['value']} ")
            return workloads.completed(op, outcome)
        return (yield from super().invoke(op))


class DoubleCounter(workloads.counter):
    def invoke(self, op):
        if op["f"] == "add" and op["value"] == 5:
            yield workloads.write("INCRBY", op["key"], 5)
        return (yield from super().invoke(op))


class FracturedRegister(workloads.multi_register):
    """Reads key by key instead of in a transaction."""

    def invoke(self, op):
        if op["f"] == "write":
            return (yield from super().invoke(op))
        seen = []
        for i in range(self.keys):
            outcome = yield workloads.read("GET", f"{op['key']}:{i}")
            if not outcome.ok:
                return workloads.failed(op)
            seen.append(outcome.reply)
        return workloads.completed(op, outcome, value=seen[0], all=seen)


class FracturedLists(workloads.list_append):
    """Each part of a transaction by itself."""

    def invoke(self, op):
        seen = []
        for part in op["value"]:
            done = yield from super().invoke({**op, "value": [part]})
            if done["type"] != "ok":
                return {**op, "type": "info"}
            seen += done["value"]
        return {**op, "type": "ok", "value": seen}


class SwappingRegister(workloads.cas_register):
    """Writes where it should compare first."""

    def invoke(self, op):
        if op["f"] == "cas":
            outcome = yield workloads.write("SET", op["key"], op["value"][1])
            return workloads.completed(op, outcome)
        return (yield from super().invoke(op))


@pytest.mark.parametrize("workload, property", [
    (CarelessBank(rate=200), "bank"),
    (CarelessQueue(rate=200), "queue"),
    (CarelessLock(rate=200), "lock"),
    (ForgetfulSet(), "set"),
    (DoubleCounter(), "counter"),
    (FracturedRegister(rate=400, groups=1), "unfractured"),
    (SwappingRegister(scripted=True), "linearizability"),
    (FracturedLists(rate=400, keys=2), "strict-serializable"),
    (workloads.monotonic(consistency="stale", rate=400), "monotonic"),
])
def test_a_broken_client_is_convicted(workload, property):
    run = None
    for seed in range(10):
        run = simulate(plan_of(seed), workload)
        if run.result.verdict == "violation":
            break
    assert (run.result.verdict, run.result.violated) == ("violation", property)
    assert run.verdict.valid is False and run.verdict.detail == run.result.detail


# ---- Invariants and nemeses ------------------------------------------------------------------


def test_an_invariant_sees_all_nodes_and_changes_nothing():
    times = []

    @invariant(every=1, at=[2.5])
    def watch(view):
        times.append(view.time)
        assert len(view.nodes) == 7
        assert view.get(0, "nothing") is None
        view.keys(0)

    plan = plan_of(5)
    run = simulate(plan, workloads.bank(), invariants=[watch])
    assert run.result.digest == simulate(plan, workloads.bank()).result.digest
    assert times[:4] == [1, 2, 2.5, 3]
    once = []
    simulate(plan, invariants=[invariant(lambda view: once.append(view.time), at="1500ms")])
    assert once == [1.5]


def test_what_an_invariant_finds_is_the_verdict():
    @invariant(every=0.5)
    def no_leader_after_ten(view):
        if view.time >= 10 and any(node.role == "leader" for node in view.nodes):
            return f"leader at {view.time}"

    run = simulate(plan_of(5), invariants=[no_leader_after_ten])
    assert (run.result.verdict, run.result.violated) == ("violation", "no-leader-after-ten")
    assert run.result.detail.startswith("leader at 10")


def test_a_view_does_not_outlive_its_call():
    kept = []
    simulate(plan_of(5), invariants=[invariant(kept.append, at=[1])])
    with pytest.raises(sdb.InvalidInput, match="as long as the call"):
        kept[0].nodes  # noqa: B018


def test_a_nemesis_strikes_and_its_plan_gives_the_same_run():
    @live_nemesis(every=3)
    def hunt(view):
        leaders = [node.index for node in view.nodes if node.role == "leader" and node.founder]
        return [sdb.FaultAction(fault="crash", nodes=leaders[:1])] if leaders else None

    plan = plan_of(2, time=30)
    run = simulate(plan, workloads.set(), nemeses=[hunt])
    assert len(run.plan.faults) > len(plan.faults) + 2
    assert simulate(run.plan, workloads.set()).history == run.history


def test_a_nemesis_that_strikes_what_is_not_there_is_named():
    wrong = live_nemesis(lambda view: sdb.FaultAction(fault="crash", nodes=[9]), at=[1])
    with pytest.raises(sdb.InvalidInput, match="9 is no founding member"):
        simulate(plan_of(2), nemeses=[wrong])
    odd = live_nemesis(lambda view: ["crash"], at=[1])
    with pytest.raises(TypeError, match="FaultAction or a list of them, not str"):
        simulate(plan_of(2), nemeses=[odd])
    with pytest.raises(sdb.InvalidInput, match="nemesis: give every= or at="):
        simulate(plan_of(2), nemeses=[live_nemesis(lambda view: None)])


def test_the_state_at_a_moment_is_what_was_written_until_then():
    plan = plan_of(6, faults=["none"])
    run = simulate(plan, workloads.set())
    acknowledged = [e["value"] for e in run.history
                    if e["f"] == "add" and e["type"] == "ok" and e["time"] < 10e9]
    states = state_at(plan, 10, workloads.set())
    leader, = [values for view, values in states if view.role == "leader"]
    assert set(acknowledged) <= {int(word) for word in leader["set"].split()}


# ---- Exceptions ------------------------------------------------------------------------------


class Mistaken(workloads.set):
    def invoke(self, op):
        if op["value"] >= 50:
            return self.a_line_of_the_user()
        return (yield from super().invoke(op))

    def a_line_of_the_user(self):
        raise ZeroDivisionError("mine")


def test_an_exception_of_a_workload_keeps_its_traceback_and_the_history():
    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        simulate(plan_of(1), Mistaken())
    assert "a_line_of_the_user" in "".join(traceback.format_tb(caught.value.__traceback__))
    assert len(caught.value.history) > 30
    assert simulate(plan_of(1), workloads.set()).result.verdict == "ok"


@pytest.mark.parametrize("place", ["generator", "checker", "invariant", "nemesis"])
def test_an_exception_anywhere_ends_the_run_cleanly(place):
    def fail(*_):
        raise KeyError(place)

    class Failing(workloads.set):
        def operations(self):
            return fail if place == "generator" else super().operations()

        def checker(self):
            class Judge(sdb.checkers.Checker):
                check = fail

            return Judge() if place == "checker" else None

    watched = [invariant(fail, at=[5])] if place == "invariant" else []
    striking = [live_nemesis(fail, at=[5])] if place == "nemesis" else []
    for _ in range(3):
        with pytest.raises(KeyError, match=place):
            simulate(plan_of(1), Failing(), invariants=watched, nemeses=striking)


def test_ctrl_c_comes_out_of_a_run():
    class Interrupted(workloads.set):
        def invoke(self, op):
            if op["value"] >= 20:
                raise KeyboardInterrupt
            return (yield from super().invoke(op))

    with pytest.raises(KeyboardInterrupt):
        simulate(plan_of(1), Interrupted())


class Yields(workloads.Workload):
    def __init__(self, call):
        self.call = call

    def operations(self):
        return lambda: {"f": "x"}

    def invoke(self, op):
        yield self.call
        return {**op, "type": "ok"}


@pytest.mark.parametrize("call, error, text", [
    ("GET k", TypeError, r"what a workload's invoke yields: must be a call: read\(…\).* not str"),
    (workloads.Call("get", (("GET", "k"),)), sdb.InvalidInput, '"get" is none of read, write'),
    (workloads.Call("read", (("GET", 3),)), TypeError, "a word of a command: must be a text or"),
    (workloads.Call("read", ()), sdb.InvalidInput, "one command of at least one word"),
    (workloads.Call("read", (("GET", "k"),), "eventual"), sdb.InvalidInput, '"eventual" is none'),
])
def test_a_call_that_is_none_is_named(call, error, text):
    with pytest.raises(error, match=text):
        simulate(plan_of(1), Yields(call))


def test_an_operation_must_end_with_a_type():
    class Endless(workloads.set):
        def invoke(self, op):
            yield workloads.read("GET", "k")

    with pytest.raises(TypeError, match=r'Endless.invoke.*returned None; it must return the op'):
        simulate(plan_of(1), Endless())


def test_what_a_generator_gives_stays_its_own():
    given = {"f": "x", "client": 0, "time": 0}

    class Giving(gen.Generator):
        def op(self, context):
            return given, None

    simulate(plan_of(1), Yields(workloads.read("GET", "k")), generator=Giving())
    assert given == {"f": "x", "client": 0, "time": 0}


def test_a_generator_that_waits_for_ever_is_named():
    class Stuck(workloads.set):
        def generator(self):
            return gen.mapped(dict, Stuck.Never())

        class Never(gen.Generator):
            def op(self, context):
                return gen.PENDING, self

    with pytest.raises(RuntimeError, match="it would wait for ever"):
        simulate(plan_of(1), Stuck())
    with pytest.raises(TypeError, match="workload: must be a Workload, not str"):
        simulate(plan_of(1), "bank")


# ---- Speed and random numbers ----------------------------------------------------------------


def test_fifty_virtual_seconds_a_wall_second():
    plan = plan_of(7, time=60)
    began = time.perf_counter()
    run = simulate(plan, workloads.counter(rate=100))
    assert run.result.virtual_seconds / (time.perf_counter() - began) > 50


def test_random_numbers_are_drawn_from_the_run():
    stream = random.Random(3)
    numbers = RunRandom(lambda: stream.getrandbits(64))
    assert all(0 <= numbers.randrange(10) < 10 for _ in range(1000))
    assert numbers.getrandbits(130) < 1 << 130
    assert sorted(numbers.sample(range(5), 5)) == [0, 1, 2, 3, 4]


def test_a_scripted_run_travels_shrinks_and_explains():
    from synchrodb.examples.primary_backup import Clients, PrimaryBackup
    from synchrodb.protocol import plan_for
    from synchrodb.protocol import simulate as simulate_protocol

    runs = (simulate_protocol(PrimaryBackup, Clients(),
                              plan_for(seed, time=20, faults=["partition"])) for seed in range(20))
    done = next(run for run in runs if run.result.verdict == "violation")
    assert [node.view.index for node in done.at("5s") if node.view.founder] == [0, 1, 2]
    assert len({future.digest for future in done.branch(at=5, seeds=range(2))}) == 2
    shrunk = done.shrink(max_runs=60)
    assert shrunk.property == done.result.violated
    assert shrunk.size["faults"] <= len(done.plan.faults)
    assert shrunk.explain().violated == done.explain().violated == done.result.violated
    assert "plan=synchrodb.Plan.from_json(" in done.run.reproduce
    assert done.run.messages.categories("type")
