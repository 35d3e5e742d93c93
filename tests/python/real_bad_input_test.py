"""A run on real servers that goes wrong: an exception, files that stay, no process left."""

import json
import os
import signal
import threading
import time

import pytest
import synchrodb as sdb
from cluster_test import QUICK, servers_in
from synchrodb import nemesis
from synchrodb.examples import paxos
from synchrodb.workloads.base import Workload, completed, write


def on_one(test, folder, nodes=1, **how):
    return test.on(sdb.LocalCluster(nodes, directory=folder, options=QUICK), **how)


class Careless(Workload):
    """Fails in `invoke` after a while."""

    def __init__(self, fault):
        self.fault = fault

    def operations(self):
        return lambda: {"f": "write", "key": "k", "value": 1}

    def invoke(self, op):
        outcome = yield write("SET", op["key"], op["value"])
        if self.fault == "raises":
            raise KeyError("a mistake of the user")
        if self.fault == "returns":
            return None
        if self.fault == "yields":
            yield 7
        return completed(op, outcome)


@pytest.mark.parametrize("fault, error, text", [
    ("raises", KeyError, "a mistake of the user"),
    ("returns", TypeError, "Careless.invoke.* returned None"),
    ("yields", Exception, "")])
def test_a_workload_that_fails(tmp_path, fault, error, text):
    test = sdb.Test(nodes=1, time_limit=10, workload=Careless(fault))
    with pytest.raises(error, match=text) as raised:
        on_one(test, tmp_path / "run")
    if fault == "raises":
        assert raised.traceback[-1].name == "invoke", "the user's own traceback"
    assert raised.value.history[0]["f"] == "write"
    kept = (tmp_path / "run/history.jsonl").read_text().splitlines()
    assert json.loads(kept[0])["type"] == "invoke"
    assert (tmp_path / "run/node-1/log.txt").exists()
    assert servers_in(tmp_path / "run") == []
    assert sdb.Test(nodes=3, time_limit=5).simulate(1).ok, "the interpreter lives"


def test_a_generator_that_fails(tmp_path):
    def broken(context):
        if context.seconds > 1:
            raise ValueError("no more ideas")
        return {"f": "write", "key": "k", "value": 1}

    test = sdb.Test(nodes=1, time_limit=10, generator=sdb.generators.stagger(0.05, broken),
                    workload=sdb.workloads.register())
    with pytest.raises(ValueError, match="no more ideas"):
        on_one(test, tmp_path / "run")
    assert servers_in(tmp_path / "run") == []


def test_a_checker_that_fails(tmp_path):
    class Broken(sdb.checkers.Checker):
        def check(self, history):
            raise RuntimeError("cannot judge")

    test = sdb.Test(nodes=1, time_limit=3, checker=Broken(), workload=sdb.workloads.register())
    with pytest.raises(RuntimeError, match="cannot judge") as raised:
        on_one(test, tmp_path / "run")
    assert len(raised.value.history) > 10 and servers_in(tmp_path / "run") == []


def test_a_server_that_is_killed_by_others(tmp_path):
    cluster = sdb.LocalCluster(3, directory=tmp_path / "run", options=QUICK)
    test = sdb.Test(nodes=3, time_limit=20, workload=sdb.workloads.register())

    def murder():
        while not cluster.started or len(cluster.running()) < 3:
            time.sleep(0.05)
        time.sleep(2)
        os.kill(cluster.nodes[2].process.pid, signal.SIGKILL)

    killer = threading.Thread(target=murder)
    killer.start()
    said = "(?s)node 2 ended with -9.*its last words"
    with pytest.raises(sdb.ClusterError, match=said) as raised:
        test.on(cluster)
    killer.join()
    assert raised.value.history and servers_in(tmp_path / "run") == []
    assert (tmp_path / "run/node-2/log.txt").exists()


def test_ctrl_c(tmp_path):
    test = sdb.Test(nodes=1, time_limit=60, workload=sdb.workloads.register())
    timer = threading.Timer(4, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt) as raised:
        on_one(test, tmp_path / "run")
    assert time.monotonic() - began < 40
    assert len(raised.value.history) > 10 and servers_in(tmp_path / "run") == []


TEST = sdb.Test(nodes=3, time_limit=5, workload=sdb.workloads.register())


@pytest.mark.parametrize("test, how, error, text", [
    (TEST.replace(nodes=5), {}, ValueError, "nodes: the test has 5, the cluster 3"),
    (TEST.replace(nemesis=nemesis.flip_bits() + nemesis.clog() + nemesis.crash(at=1)), {},
     sdb.Unsupported, "cannot do this: bit-flip: .*; clog: .*They can do .*crash"),
    (TEST.replace(nemesis=nemesis.buggify()), {}, sdb.Unsupported, "buggify"),
    (TEST.replace(options={"value-bytes": 100}), {}, sdb.Unsupported, "options: .*value-bytes"),
    (TEST.replace(workload=sdb.workloads.builtin("kv")), {}, sdb.Unsupported, "workload: 'kv'"),
    (TEST.replace(invariants=[sdb.invariant(lambda view: None, every=1)]), {}, sdb.Unsupported,
     "invariants: "),
    (TEST.replace(protocol=paxos.Paxos, workload=paxos.Proposals()), {},
     sdb.Unsupported, "protocol: "),
    (TEST, {"unsupported": "ignore"}, ValueError, "unsupported: 'ignore'"),
    (TEST, {"timeout": 0}, ValueError, "timeout"),
    (TEST, {"sample_every": "x"}, ValueError, "sample_every"),
])
def test_what_cannot_be(test, how, error, text):
    cluster = sdb.LocalCluster(3, options=QUICK)
    with pytest.raises(error, match=text):
        test.on(cluster, **how)
    assert not cluster.started and servers_in(cluster.folder) == []
    cluster.close()


def test_options_of_a_cluster_that_runs_already():
    test = TEST.replace(nodes=1, options={"pre-vote": 0})
    with (sdb.LocalCluster(1, options=QUICK) as cluster,
          pytest.raises(ValueError, match="options: the cluster was started without .*pre-vote")):
        test.on(cluster)


def test_what_cannot_be_is_left_out_on_request(tmp_path):
    test = TEST.replace(nodes=1, nemesis=nemesis.flip_bits() + nemesis.clock(offset_ms=500))
    run = on_one(test, tmp_path / "run", unsupported="skip")
    assert run.verdict == "ok" and "left out: bit-flip" in run.detail
    assert set(run.faults) == {"clock-offset"}
