"""Histories: events and operations, EDN and JSON lines, and the verdict on them."""

import json
import os
import random
import signal
import subprocess
import threading
import time

import pytest
import synchrodb as sdb

EVENTS = [
    {"type": "invoke", "process": 0, "f": "write", "key": "x", "value": 1, "time": 5},
    {"type": "invoke", "process": 1, "f": "read", "key": "x", "value": None, "time": 6},
    {"type": "ok", "process": 0, "f": "write", "key": "x", "value": 1, "time": 7},
    {"type": "info", "process": 1, "f": "read", "key": "x", "value": None, "time": 8},
    {"type": "invoke", "process": 2, "f": "cas", "key": "x", "value": [1, 2], "time": 9},
    {"type": "fail", "process": 2, "f": "cas", "key": "x", "value": [1, 2], "time": 10},
    {"type": "invoke", "process": 0, "f": "read", "key": "x", "value": None, "time": 11},
]


def test_operations_pair_invocations_with_completions():
    frame = sdb.History.from_events(EVENTS).to_pandas()
    assert frame["type"].tolist() == ["ok", "info", "fail", "info"]
    assert frame["complete_time"].tolist() == [7, 8, 10, -1]
    assert frame["value"].tolist() == [1, None, [1, 2], None]
    assert frame["f"].tolist() == ["write", "read", "cas", "read"]


def test_both_kinds_of_history_write_the_same():
    """Recorded by Python, and read by C++."""
    python = sdb.History.from_events(EVENTS)
    cpp = sdb.History.parse(python.to_json_lines())
    assert [json.loads(line) for line in python.to_json_lines().splitlines()] == [
        json.loads(line) for line in cpp.to_json_lines().splitlines()[1:]]
    assert python.to_edn().splitlines() == cpp.to_edn().splitlines()[1:]
    assert list(cpp.operations) == list(python.operations)
    assert list(cpp) == list(python)


def test_edn_of_what_only_python_knows():
    history = sdb.History.from_events([
        {"type": "invoke", "process": 0, "f": "transfer", "value": {"from": "a", "amount": 2}}])
    assert history.to_edn() == ('{:index 0, :time 0, :type :invoke, :process 0, :f :transfer, '
                                ':value {"from" "a", "amount" 2}}\n')


def test_the_verdict_of_the_command_line():
    data = os.path.join(os.path.dirname(__file__), "..", "data", "histories")
    sim = os.environ["SYNCHRODB_SIM"]
    judged = 0
    for folder, _, names in os.walk(data):
        for name in sorted(names)[:6]:
            path = os.path.join(folder, name)
            told = subprocess.run([sim, "check", path, "--json"], capture_output=True, text=True)
            if told.returncode == 2:
                continue
            with open(path, "rb") as file:
                mine = sdb.check(file.read())
            theirs = json.loads(told.stdout)
            assert mine.word == theirs["verdict"], path
            assert mine.facts["steps"] == theirs["steps"], path
            if "contradiction" in theirs:
                assert mine.detail == theirs["contradiction"]["words"], path
            judged += 1
    assert judged > 5


def test_the_smallest_contradiction_is_shown():
    lines = [(p, "write", p) for p in range(5)] + [(9, "read", 77)]
    events = []
    for process, f, value in lines:
        for kind in ("invoke", "ok"):
            events.append({"type": kind, "process": process, "f": f,
                           "value": None if (f, kind) == ("read", "invoke") else value})
    verdict = sdb.check(events, model="register", dialect="jepsen-log")
    assert verdict.valid is False and not verdict
    assert len(verdict.facts["contradiction"]["operations"]) == 1
    assert "read returned 77" in verdict.detail
    assert ":value 77" in verdict.facts["contradiction"]["edn"]


def test_initial_values_and_dialects():
    read_zero = ("{:process 0 :type :invoke :f :read :value nil}"
                 "{:process 0 :type :ok :f :read :value 0}")
    assert sdb.check(read_zero, dialect="knossos").valid
    assert sdb.check(read_zero, dialect="jepsen-log").valid is False


def hard_history():
    """Which of these increments add up to 12,345? None do, but that takes all of 2 ** 48 sums."""
    numbers = random.Random(1)
    events = [{"type": "invoke", "process": process, "f": "increment", "key": "k",
               "value": 2 * numbers.randrange(1, 1 << 50)} for process in range(48)]
    return [*events, {"type": "invoke", "process": 99, "f": "read", "key": "k", "value": None},
            {"type": "ok", "process": 99, "f": "read", "key": "k", "value": 12345}]


def test_a_limit_makes_it_unknown():
    verdict = sdb.check(hard_history(), model="kv", dialect="jepsen-log", steps=10)
    assert verdict.valid is None and verdict.word == "unknown" and verdict.detail == "steps"


def test_ctrl_c_ends_a_check():
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            sdb.check(hard_history(), model="kv", dialect="jepsen-log", steps=10**15,
                      memory_mib=512)
    finally:
        assert time.monotonic() - began < 2


def test_bytes_that_are_no_utf8_survive():
    text = b'{:process 0 :type :invoke :f :write :key "\xff" :value "a"}'
    history = sdb.History.parse(text)
    assert history[0]["key"] == "\udcff"
    assert history.to_edn().encode("utf-8", "surrogateescape").count(b"\xff") == 1
