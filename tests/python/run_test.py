"""Runs from Python: the same as those of the command line, watched without being changed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import pytest
import synchrodb as sdb
from synchrodb import _core

SIM = os.environ.get("SYNCHRODB_SIM", "build/release/bin/synchrodb-sim")


def plan_of(seed, **shape):
    return sdb.generate_plan(seed, sdb.PlanShape(**{"nodes": 5, "time": 15, **shape}))


@pytest.mark.parametrize("seed", range(6))
def test_the_same_run_as_the_command_line(seed, tmp_path):
    plan = plan_of(seed)
    file = tmp_path / "plan.json"
    file.write_text(plan.to_json())
    run = sdb.simulate(plan)
    told = subprocess.run([SIM, "run", "--plan", file, "--json", "--history", tmp_path / "h"],
                          capture_output=True, text=True, check=True)
    row = json.loads(told.stdout)
    assert row["digest"] == run.digest
    assert (row["verdict"], row["events"]) == (run.verdict, run.result.events)
    assert (tmp_path / "h").read_text() == run.history.to_json_lines()
    mine = {**run.row(), "reproduce": "", "wall_seconds": 0}
    assert mine == {**row, "reproduce": "", "wall_seconds": 0}


@pytest.mark.parametrize("seed", range(12))
def test_who_is_watched_does_the_same(seed):
    plan = plan_of(seed)
    alone = sdb.simulate(plan)
    watched = sdb.simulate(plan, trace=True, messages=True, sample_every="50ms")
    assert watched.digest == alone.digest
    assert watched.row() | {"wall_seconds": 0} == alone.row() | {"wall_seconds": 0}
    assert watched.history.to_json_lines() == alone.history.to_json_lines()


def test_a_seed_on_another_thread_is_the_same_run():
    plans = [plan_of(seed) for seed in range(4)]
    alone = [sdb.simulate(plan).digest for plan in plans]
    found = {}
    threads = [threading.Thread(target=lambda i=i: found.update({i: sdb.simulate(plans[i]).digest}))
               for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(4)] == alone


def test_the_trace_is_that_of_the_command_line(tmp_path):
    plan = plan_of(3)
    (tmp_path / "plan.json").write_text(plan.to_json())
    told = subprocess.run([SIM, "run", "--plan", tmp_path / "plan.json", "--trace", "--json"],
                          capture_output=True, text=True, check=True)
    lines = [line for line in told.stderr.splitlines() if line.strip()]
    trace = sdb.simulate(plan, trace=True).trace
    assert len(lines) == len(trace)
    words = [line.split()[2] for line in lines]
    assert words == list(trace["event"])
    frame = trace.to_pandas()
    assert list(frame.columns) == list(trace.columns)
    assert frame["event"].dtype.name == "category"


def test_columns_are_shared_and_cannot_be_written():
    run = sdb.simulate(plan_of(1), trace=True)
    time_column = run.trace["time"]
    assert not time_column.flags.writeable and not time_column.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        time_column[0] = 1
    frame = run.trace.to_pandas()
    assert np.shares_memory(frame["time"].to_numpy(), time_column)
    copy = time_column.copy()
    del run, frame  # the array keeps its memory alive
    assert (time_column == copy).all()


def test_samples_show_each_node_at_each_moment():
    plan = plan_of(2, nodes=3, faults=["none"], options={"election-timeout-ms": 300})
    samples = sdb.simulate(plan, sample_every=0.25).samples
    frame = samples.to_pandas()
    founders = frame[frame["node"] < 3]
    times = np.unique(founders["time"])
    assert times[0] == 0 and set(np.diff(times)) == {250_000_000}
    late = founders[founders["time"] > 5e9]
    assert (late.groupby("time")["role"].apply(lambda roles: (roles == "leader").sum()) == 1).all()
    assert (late["applied"] <= late["commit"]).all() and (late["commit"] <= late["last"]).all()
    assert late["running"].all() and late["keys"].max() > 0
    assert set(late["leader"]) == {int(late[late["role"] == "leader"]["node"].iloc[0]) + 1}
    assert (late["clock_error"] == 0).all()


def test_samples_show_wrong_clocks():
    plan = plan_of(2, nodes=3, faults=["none"])
    offset = sdb.FaultAction(fault="clock-offset", at=1, lasting=4, nodes=[1],
                             parameters={"offset-ms": 700})
    frame = sdb.simulate(plan.replace(faults=[*plan.faults, offset]),
                         sample_every=1).samples.to_pandas()
    wrong = frame[frame["clock_error"] != 0]
    assert set(wrong["node"]) == {1} and set(wrong["clock_error"]) == {700_000_000}
    assert wrong["time"].min() >= 1e9 and wrong["time"].max() <= 5e9


def test_messages_are_sent_before_they_arrive():
    plan = plan_of(5, faults=["loss", "duplication", "partition-halves"])
    run = sdb.simulate(plan, messages=True)
    frame = run.messages.to_pandas()
    came = frame[frame["delivered"] >= 0]
    assert (came["delivered"] >= came["sent"]).all()
    lost = frame[frame["lost"] >= 0]
    assert not set(lost["id"]) & set(came["id"]) and (lost["why"] != "").all()
    assert {"append-request", "append-reply", "request", "reply"} <= set(frame["type"])
    assert (frame["id"] == np.arange(len(frame))).all()
    assert frame["from"].max() >= 1001  # clients


def test_what_was_not_recorded_is_when_it_is_asked_for():
    run = sdb.simulate(plan_of(4))
    assert len(run.trace) > 0 and len(run.samples) > 0 and len(run.messages) > 0


def test_history_events_match_its_operations():
    run = sdb.simulate(plan_of(3, workload="kv"))
    frame = run.history.to_pandas()
    assert len(frame) == sum(event["type"] == "invoke" for event in run.history)
    assert (frame["type"] == "ok").sum() == run.counts["ok"]
    assert [event["index"] for event in run.history] == list(range(len(run.history)))
    again = sdb.History.parse(run.history.to_json_lines())
    assert again.to_edn() == run.history.to_edn()
    assert sdb.check(again).valid


def test_ctrl_c_ends_a_run_and_leaves_the_interpreter_well():
    plan = plan_of(3, time=100_000)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        sdb.simulate(plan)
    assert time.monotonic() - began < 3
    assert sdb.simulate(plan_of(1)).digest == sdb.simulate(plan_of(1)).digest


def test_other_threads_go_on_during_a_run():
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.wait(0.005):
            ticks.append(time.monotonic())

    thread = threading.Thread(target=tick)
    thread.start()
    began = time.monotonic()
    sdb.simulate(plan_of(3, time=3_000))
    took = time.monotonic() - began
    stop.set()
    thread.join()
    assert took > 0.05 and len(ticks) > took / 0.005 / 10


def test_a_run_within_a_run_is_refused():
    plan = plan_of(1)

    @sdb.invariant(at=[1])
    def nested(view):
        sdb.simulate(plan)

    with pytest.raises(sdb.Error, match="another run"):
        sdb.Test(nodes=3, time_limit=10, invariants=[nested]).simulate(1)


def test_importing_is_quick_and_imports_nothing_heavy():
    heavy = ["numpy", "pandas", "matplotlib", "distributed", "IPython"]
    code = ("import sys, time; t = time.monotonic(); import synchrodb; "
            "print(time.monotonic() - t, *[m for m in %r if m in sys.modules])" % heavy)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, *loaded = said.stdout.split()
    assert loaded == [] and float(seconds) < 0.3


def test_python_adds_little():
    """Only a loose bound here; tests/bench/python_overhead.py measures."""
    plan = plan_of(3, time=2_000)
    began = time.monotonic()
    run = sdb.simulate(plan)
    whole = time.monotonic() - began
    assert whole < run.result.wall_seconds * 1.3 + 0.2


def test_errors_are_pythons_own_kinds_too():
    assert issubclass(sdb.AssertionFailed, AssertionError)
    assert issubclass(sdb.InvalidInput, (ValueError, sdb.Error))


def test_options_reach_the_world():
    with pytest.raises(sdb.InvalidInput, match="heartbeat-ms"):
        plan_of(1).replace(options={"heartbeat-ms": 5_000, "election-timeout-ms": 100})
    assert _core.seconds("1.5s") == 1.5


def test_plans_are_not_written_where_somebody_else_may_change_them(tmp_path, monkeypatch):
    (tmp_path / "theirs").mkdir()
    (tmp_path / f"synchrodb-plans-{os.getuid()}").symlink_to(tmp_path / "theirs")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run = sdb.simulate(sdb.Plan())
    run._reproduce = ""
    with pytest.raises(PermissionError, match="somebody else's"):
        _ = run.reproduce
    assert not list((tmp_path / "theirs").iterdir())
