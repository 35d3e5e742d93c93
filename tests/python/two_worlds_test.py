"""One test, two worlds: the same object in the simulator and on real servers."""

import itertools

import pytest
import synchrodb as sdb
from synchrodb import generators as gen
from synchrodb import nemesis
from synchrodb.real_faults import SUPPORTED
from synchrodb.workloads.register import Register

QUICK = {"election_timeout_ms": 400, "wal_segment_mb": 1}
STRIKES = (nemesis.crash(every=3, down_ms=500)
           + nemesis.partition("isolate-leader", every=4, lasting=1.5))


def on_three(test, folder, seed=1, **how):
    return test.on(sdb.LocalCluster(test.nodes, directory=folder, options=QUICK), seed=seed, **how)


def both(test, folder, seed=1):
    return test.simulate(seed), on_three(test, folder, seed)


def assert_comparable(simulated, real):
    """The same shape of everything that plots, reports and checkers look at."""
    assert simulated.world == "simulated" and real.world == "real"
    assert real.plan == simulated.plan
    assert set(real.faults) <= set(simulated.faults)
    assert {event["f"] for event in real.history} == {event["f"] for event in simulated.history}
    assert real.history.operations.columns == simulated.history.operations.columns
    assert real.trace.columns == simulated.trace.columns
    assert real.samples.columns == simulated.samples.columns
    # Faults at the plan's times: a busy machine comes late, never early.
    planned = sorted((round(action.at * 1e9), action.fault) for action in real.plan.faults)
    done = sorted((stroke["begin"], stroke["fault"]) for stroke in real.intervals)
    assert [name for _, name in done] == [name for _, name in planned]
    for (begun, _), (due, _) in zip(done, planned, strict=True):
        assert 0 <= begun - due < 3e9
    # Both are busy from the first moment to the last tenth.
    for run in (simulated, real):
        times = run.history.operations["invoke_time"]
        assert times[0] < 3e9 and times[-1] > 0.7 * run.plan.time * 1e9


def test_a_cas_register_under_kills_and_partitions(tmp_path):
    test = sdb.Test(nodes=3, time_limit=15, nemesis=STRIKES,
                    workload=sdb.workloads.cas_register(keys=4, rate=100))
    simulated, real = both(test, tmp_path / "run")
    assert (simulated.verdict, real.verdict) == ("ok", "ok"), (simulated.detail, real.detail)
    assert_comparable(simulated, real)
    assert real.counts["ok"] > 200
    assert real.faults["crash"]["applied"] == 3
    assert any(event == "became-leader" for event in real.trace["event"])
    assert set(real.samples["role"]) >= {"leader", "follower"}
    assert set(real.logs) == {"node-1", "node-2", "node-3"}
    assert "--on local" in real.reproduce or "LocalCluster(3), seed=1" in real.reproduce
    with pytest.raises(ValueError, match="cannot be repeated"):
        real.at(3)


class Readers(Register):
    """Two write, the others read what their node happens to know: a partition shows."""

    def operations(self):
        values = itertools.count(1)

        def written(context):
            return {"f": "write", "key": self._key(context), "value": next(values)}

        return gen.reserve(2, written, self._read)


def stale_reads(consistency="stale"):
    return sdb.Test(
        nodes=3, time_limit=15, nemesis=nemesis.partition("isolate-one", every=3, lasting=2.5),
        workload=Readers(keys=2, rate=150, clients=6, consistency=consistency, scripted=True))


def test_stale_reads_are_convicted_in_both(tmp_path):
    test = stale_reads()
    simulated, real = both(test, tmp_path / "run")
    for run in (simulated, real):
        assert (run.verdict, run.violated) == ("violation", "linearizability"), run
        assert "read returned" in run.detail
    assert_comparable(simulated, real)
    # The folder is kept, since somebody will want to look.
    assert (tmp_path / "run/node-1/log.txt").exists()
    # The verdict is the history's: anybody can judge it again.
    assert sdb.check(real.history, model="register", dialect="jepsen-log").valid is False


def test_the_same_reads_asked_properly_are_not(tmp_path):
    """Otherwise the conviction would prove nothing."""
    test = stale_reads("linearizable")
    simulated, real = both(test, tmp_path / "run")
    assert (simulated.verdict, real.verdict) == ("ok", "ok"), (simulated.detail, real.detail)


def test_transactions_and_final_reads(tmp_path):
    for workload in (sdb.workloads.bank(rate=60), sdb.workloads.set(rate=60)):
        test = sdb.Test(nodes=3, time_limit=8, workload=workload,
                        nemesis=nemesis.crash(every=2, down_ms=400, targets="leader"))
        simulated, real = both(test, tmp_path / workload.name)
        assert (simulated.verdict, real.verdict) == ("ok", "ok"), (simulated.detail, real.detail)
        assert real.checked.facts.keys() == simulated.checked.facts.keys()
        # The final read came after all was healed.
        healed = [row["time"] for row in real.trace if row["event"] == "faulty-phase-ends"]
        assert real.history.events[-1]["time"] > healed[0]
        assert real.history.events[-1]["type"] == "ok"


def test_a_lost_write_is_convicted(tmp_path):
    """A disk that lies on all nodes, and a power failure: acknowledged elements are gone."""
    lie = nemesis.lying_sync(targets="all") + nemesis.crash(at=5, targets="all", down_ms=300)
    test = sdb.Test(nodes=3, time_limit=9, workload=sdb.workloads.set(rate=80), nemesis=lie)
    run = on_three(test, tmp_path / "run")
    assert (run.verdict, run.violated) == ("violation", "set"), run
    assert "the last to miss it" in run.detail


def test_the_nature_of_the_network_stays_when_faults_heal(tmp_path):
    test = sdb.Test(nodes=3, time_limit=6, nemesis=nemesis.network(mean_us=60_000),
                    workload=sdb.workloads.register(rate=20))
    run = on_three(test, tmp_path / "run")
    assert run.verdict == "ok" and run.intervals == []
    rows = run.history.operations
    late = rows["invoke_time"] > 4.5e9  # the last third, in which all is healed
    assert sorted((rows["complete_time"] - rows["invoke_time"])[late])[late.sum() // 2] > 60e6


def test_a_cluster_is_healed_when_a_run_on_it_fails():
    def fails(context):
        assert context.seconds < 2
        return {"f": "read", "key": "k", "value": None}

    strikes = (nemesis.partition("isolate-leader", at=0.5) + nemesis.pause(at=1, lasting=9)
               + nemesis.crash(at=1.5, targets="all", down_ms=60_000))
    test = sdb.Test(nodes=3, time_limit=30, nemesis=strikes, workload=sdb.workloads.register(),
                    generator=gen.stagger(0.05, fails))
    with sdb.LocalCluster(3, options=QUICK) as cluster:
        with pytest.raises(AssertionError):
            test.on(cluster, timeout=1)
        assert len(cluster.running()) == 3
        cluster.wait_until_serving()


def test_a_run_on_a_cluster_that_was_there_already():
    test = sdb.Test(nodes=3, time_limit=5, workload=sdb.workloads.counter(rate=50))
    with sdb.LocalCluster(3, options=QUICK) as cluster:
        assert test.on(cluster).verdict == "ok"
        assert cluster.started and len(cluster.running()) == 3


def test_processes_that_do_not_know_get_new_names(tmp_path):
    test = sdb.Test(nodes=3, time_limit=8, workload=sdb.workloads.register(rate=200),
                    nemesis=nemesis.pause(every=2, lasting=1, targets="majority"))
    run = on_three(test, tmp_path / "run", timeout=0.5)
    assert run.verdict == "ok", run.detail
    unknown = [event["process"] for event in run.history if event["type"] == "info"]
    assert unknown and max(event["process"] for event in run.history) >= 5
    for process in unknown:  # it was its last operation
        own = [event for event in run.history if event["process"] == process]
        assert own[-1]["type"] == "info"


def test_a_node_restarts_with_another_configuration(tmp_path):
    test = sdb.Test(nodes=3, time_limit=9, workload=sdb.workloads.register(rate=50),
                    options={"election-timeout-ms": 500},
                    nemesis=nemesis.reconfigure(at=[1, 3], timeout_percent=200, targets=[1]))
    cluster = sdb.LocalCluster(3, directory=tmp_path / "run", options=QUICK)
    assert test.on(cluster).verdict == "ok"
    words = cluster.nodes[2].process.command
    assert words[words.index("--election-timeout-ms") + 1] == "1000"


def test_a_node_that_lost_its_data_is_no_voter_under_its_old_name(tmp_path):
    """Real servers survive what Raft does not promise: they refuse the node, which leaves."""
    test = sdb.Test(nodes=3, time_limit=6, workload=sdb.workloads.register(rate=50),
                    nemesis=nemesis.wipe_under_old_name(at=2, targets=[1]))
    cluster = sdb.LocalCluster(3, directory=tmp_path / "run", options=QUICK)
    run = test.on(cluster)
    assert run.verdict == "ok", run.detail
    assert "node 2 has another data folder than before" in cluster.logs()["node-1"]
    assert sorted(cluster.nodes) == [1, 3]


def test_every_fault_that_there_is_on_real_servers(tmp_path):
    """All at once, for a short while: none may break the run, or the cluster for good."""
    stacked = nemesis.nothing()
    for number, name in enumerate(sorted(SUPPORTED)):
        if name in ("lying-sync", "wiped-under-old-name"):
            continue  # they break promises
        if name in nemesis.MOMENTARY:
            stacked = stacked + nemesis.fault(name, every=4 + number % 3)
        else:
            stacked = stacked + nemesis.fault(name, every=1.5 + number % 4, lasting=0.7)
    test = sdb.Test(nodes=5, time_limit=18, workload=sdb.workloads.register(rate=50),
                    nemesis=stacked)
    run = on_three(test, tmp_path / "run", timeout=2)
    assert run.verdict == "ok", run.detail
    offered = {name for name, count in run.faults.items() if count["offered"]}
    assert offered == {action.fault for action in run.plan.faults}
    assert run.history.operations["complete_time"][-1] > 0
