"""Protocols in Python under the faults of a simulated world."""

import traceback

import pytest
import synchrodb as sdb
from synchrodb import workloads
from synchrodb.examples.paxos import Paxos, Proposals
from synchrodb.examples.primary_backup import Clients, PrimaryBackup
from synchrodb.protocol import Protocol, answer, ask, plan_for, simulate
from synchrodb.scripted import invariant

SEEDS = range(30)


def verdicts(protocol, workload, seeds=SEEDS, **shape):
    runs = [simulate(protocol, workload, plan_for(seed, time=30, **shape)) for seed in seeds]
    return [run.result.violated for run in runs if run.result.verdict != "ok"]


def test_paxos_passes_all_faults():
    assert verdicts(Paxos, Proposals(), nodes=5) == []


class ForgetfulPaxos(Paxos):
    """Does not wait for its disk."""

    def sync(self):
        pass


class HastyPaxos(Paxos):
    """Takes too few for a majority."""

    @property
    def majority(self):
        return self.nodes // 2


class StubbornPaxos(Paxos):
    """Does not heed what others have accepted."""

    def _on_promise(self, sender, message):
        super()._on_promise(sender, {**message, "accepted": None})


def storm(seed):
    """The one decision is made early: so must be what disturbs it."""
    plan = plan_for(seed, nodes=5, time=30)
    loss = sdb.FaultAction(fault="loss", at=0, lasting=10, parameters={"ppm": 600_000})
    crashes = [sdb.FaultAction(fault="crash", at=at / 10, target="majority")
               for at in range(1, 20, 4)]
    return plan.replace(faults=[*plan.faults, loss, *crashes])


@pytest.mark.parametrize("broken", [ForgetfulPaxos, HastyPaxos, StubbornPaxos])
def test_a_broken_paxos_is_convicted_where_the_true_one_is_not(broken):
    for seed in range(100):
        plan = storm(seed)
        assert simulate(Paxos, Proposals(rate=20), plan).result.verdict == "ok"
        if simulate(broken, Proposals(rate=20), plan).result.violated == "agreement":
            return
    pytest.fail(f"{broken.__name__} passed 100 seeds")


def test_the_primary_backup_is_convicted_and_without_faults_it_is_not():
    assert "linearizability" in verdicts(PrimaryBackup, Clients(), faults=["partition", "crash"])
    assert verdicts(PrimaryBackup, Clients(), seeds=range(5), faults=["none"]) == []


def test_the_same_plan_gives_the_same_run():
    for seed in range(5):
        plan = plan_for(seed, nodes=5, time=20)
        first, second = (simulate(Paxos, Proposals(), plan) for _ in range(2))
        assert first.result.digest == second.result.digest
        assert first.history == second.history


class Asking(workloads.Workload):
    rate = 10
    clients = 2

    def __init__(self, message="hello"):
        self.message = message

    def operations(self):
        return lambda: {"f": "ask", "value": None}

    def invoke(self, op):
        outcome = yield ask(self.message, node=op["client"])
        return workloads.completed(op, outcome, value=answer(outcome))


def test_a_node_knows_itself_its_clocks_and_its_storage():
    seen = []

    class Curious(Protocol):
        def on_start(self):
            self.persist("list", [1, {"two": 2}])
            self.set_timer("once", 1.5)
            seen.append((self.node, self.nodes, self.others, self.majority))
            self.began = self.now

        def on_timer(self, name):
            assert name == "once"
            assert 1.5 <= self.now - self.began < 1.6
            assert 1_767_225_600 < self.wall < 1_767_225_700
            assert 0 <= self.random.random() < 1

        def on_client(self, request, message):
            self.reply(request, [self.storage["list"], message])
            self.reply(request, "a second answer")

    run = simulate(Curious, Asking("hello"), nodes=3, time=10)
    assert sorted(seen) == [(0, 3, [1, 2], 2), (1, 3, [0, 2], 2), (2, 3, [0, 1], 2)]
    values = [event["value"] for event in run.history if event["type"] == "ok"]
    assert values[0] == [[1, {"two": 2}], "hello"]


def test_a_restart_is_a_new_instance_with_the_storage():
    lives = []

    class Counting(Protocol):
        def on_start(self):
            lives.append(("start", self.node, None))
            self.persist("lives", 1)

        def on_restart(self):
            lives.append(("restart", self.node, self.storage.get("lives")))
            assert not hasattr(self, "memory")
            self.persist("lives", (self.storage.get("lives") or 0) + 1)

        def on_client(self, request, message):
            self.memory = True

    faults = [sdb.FaultAction(fault="crash", at=at, nodes=[0]) for at in (3, 6)]
    plan = plan_for(1, faults=["none"], time=20, clients=2)
    plan = plan.replace(faults=[*plan.faults, *faults])
    simulate(Counting, Asking(), plan)
    assert [life for life in lives if life[1] == 0] == [
        ("start", 0, None), ("restart", 0, 1), ("restart", 0, 2)]
    assert [life[0] for life in lives if life[1] == 1] == ["start"]


def test_the_storage_is_what_was_persisted():
    seen = []

    class Careless(Protocol):
        def on_start(self):
            kept = {1: (2, 3)}
            self.persist("kept", kept)
            kept["more"] = "in memory only"
            seen.append(self.storage["kept"])

        def on_restart(self):
            seen.append(self.storage["kept"])

    crash = sdb.FaultAction(fault="crash", at=3, nodes=[0])
    plan = plan_for(1, faults=["none"], time=10, clients=2)
    simulate(Careless, Asking(), plan.replace(faults=[*plan.faults, crash]))
    assert seen == [{"1": [2, 3]}] * 4


def test_an_invariant_sees_storages():
    seen = []

    class Keeps(Protocol):
        def on_start(self):
            self.persist("name", f"node {self.node}")

    @invariant(at=[5])
    def look(view):
        seen.extend(view.get(node, "name") for node in range(3))

    simulate(Keeps, Asking(), nodes=3, time=10, invariants=[look])
    assert seen == ['"node 0"', '"node 1"', '"node 2"']


class Mistaken(Protocol):
    def on_client(self, request, message):
        self.a_line_of_the_user()

    def a_line_of_the_user(self):
        raise ZeroDivisionError("mine")


def test_an_exception_keeps_its_traceback():
    for _ in range(3):
        with pytest.raises(ZeroDivisionError, match="mine") as caught:
            simulate(Mistaken, Asking(), nodes=3, time=10)
        lines = "".join(traceback.format_tb(caught.value.__traceback__))
        assert "a_line_of_the_user" in lines
    assert simulate(Protocol, Asking(), nodes=3, time=10).result.verdict == "ok"


@pytest.mark.parametrize("act, error, text", [
    (lambda node: node.send(3, "x"), ValueError, "send: 3 is none of the nodes 0 to 2"),
    (lambda node: node.send("1", "x"), ValueError, "send: '1' is none of the nodes"),
    (lambda node: node.send(1, {1, 2}), TypeError, "set is not JSON serializable"),
    (lambda node: node.set_timer("t", -1), sdb.InvalidInput, "set_timer: seconds: -1"),
    (lambda node: node.set_timer(1, 1), TypeError, "set_timer: name: must be a text, not int"),
    (lambda node: node.reply("x", 1), TypeError, "reply: request: must be an integer, not str"),
])
def test_what_a_node_cannot_do_is_named(act, error, text):
    class Acting(Protocol):
        def on_start(self):
            act(self)

    with pytest.raises(error, match=text):
        simulate(Acting, Asking(), nodes=3, time=10)


def test_what_does_not_suit_a_protocol_is_refused():
    plan = plan_for(1, faults=["none"])
    change = sdb.FaultAction(fault="membership-change", at=1)
    with pytest.raises(sdb.InvalidInput, match="membership-change does not suit a protocol"):
        simulate(Protocol, Asking(), plan.replace(faults=[*plan.faults, change]))
    with pytest.raises(TypeError, match="protocol: must be a subclass of Protocol, not 'Paxos'"):
        simulate("Paxos", Asking())
    with pytest.raises(sdb.InvalidInput, match="node 9 is not one of 0 to 2"):
        class Far(Asking):
            def invoke(self, op):
                yield ask("x", node=9)

        simulate(Protocol, Far(), nodes=3)


class Naming(Protocol):
    """Its messages have all shapes."""

    def on_client(self, request, message):
        for each in ({"type": "prepare", "ballot": 1}, {"beat": 3}, ["vote", 4], 7, [], {},
                     {"type": 5}, {"type": "x" * 100}, "just a text"):
            self.send(1, each)
        self.reply(request, "done")


def test_messages_are_called_what_the_protocol_calls_them():
    test = sdb.Test(nodes=2, time_limit=5, protocol=Naming, workload=Asking())
    run = test.simulate(seed=1)
    between = run.messages["to"] < 1_001
    between &= run.messages["from"] < 1_001
    assert set(run.messages["type"][between].tolist()) == {"prepare", "beat", "vote", "message"}
    paxos = sdb.Test(nodes=5, time_limit=5, protocol=Paxos, workload=Proposals()).simulate(seed=1)
    assert {"prepare", "promise", "accept", "accepted"} <= set(paxos.messages.categories("type"))


def test_a_run_shrinks_although_its_workload_names_nodes():
    """Fewer nodes than it asks are another failure, or none: they are not tried twice."""
    class AskingTheFourth(Asking):
        def invoke(self, op):
            outcome = yield ask("hello", node=3)
            return workloads.completed(op, outcome, value=answer(outcome))

    @invariant(every=1)
    def soon_over(view):
        return "it went on for too long" if view.time >= 2 else None

    test = sdb.Test(nodes=5, time_limit=6, protocol=Naming, workload=AskingTheFourth(),
                    invariants=[soon_over], nemesis=sdb.nemesis.crash(every=2))
    shrunk = test.simulate(seed=1).shrink(max_runs=100)
    assert shrunk.property == "soon-over" and shrunk.plan.nodes >= 4
    assert shrunk.size["faults"] == 0


class Named(Protocol):
    """As `Protocol.on_client` advises."""

    def on_start(self):
        self.persist("lives", self.storage.get("lives", 0) + 1)

    def on_client(self, request, message):
        self.reply(request, [self.node, self.storage["lives"], request])


class Names(workloads.Workload):
    """Asks every node for a name."""

    name, rate, clients = "names", 50, 3

    def operations(self):
        return lambda: {"f": "ask", "value": None}

    def invoke(self, op):
        outcome = yield ask({}, node=op["process"] % 3)
        return workloads.completed(op, outcome, value=answer(outcome))


def test_request_numbers_begin_at_1_at_each_node_in_each_life():
    plan = plan_for(1, time=20, faults=["none"], clients=3)
    crashes = [sdb.FaultAction(fault="crash", at=at, nodes=[at % 3]) for at in range(2, 8)]
    run = simulate(Named, Names(), plan.replace(faults=[*plan.faults, *crashes]))
    names = [tuple(event["value"]) for event in run.history if event["type"] == "ok"]
    lives = {name[:2] for name in names}
    assert len(lives) == 3 + len(crashes)
    for life in lives:
        numbers = [name[2] for name in names if name[:2] == life]
        assert sorted(numbers)[:3] == [1, 2, 3]
    assert len(set(names)) == len(names) > len({number for *_, number in names})
