"""python3 -m synchrodb run: what it does with a file, and with nonsense."""

import os
import subprocess
import sys

import pytest
import synchrodb as sdb

FINE = """
import synchrodb as sdb
test = sdb.Test(nodes=3, time_limit=6, nemesis=sdb.nemesis.crash(every=2))
"""
LIES = """
import synchrodb as sdb
test = sdb.Test(nodes=1, time_limit=10, workload=sdb.workloads.set(),
                nemesis=sdb.nemesis.lying_sync(ppm=900_000) + sdb.nemesis.crash(every=2))
"""
MAIN = """
import sys, synchrodb as sdb
def main():
    print("given", sys.argv[1:])
    return [sdb.Test(nodes=3, time_limit=5, name=f"part-{i}").simulate(i) for i in range(2)]
"""
OWN = """
from dataclasses import dataclass
import synchrodb as sdb
from synchrodb.workloads.base import completed, write

@dataclass(frozen=True)
class Mine(sdb.workloads.Workload):
    name: str = "mine"

    def operations(self):
        return lambda: {"f": "write", "key": "k", "value": 1}

    def invoke(self, op):
        return completed(op, (yield write("SET", "k", 1)))

test = sdb.Test(nodes=3, time_limit=5, workload=Mine())
"""


@pytest.fixture
def command(tmp_path):
    def run(*words, code=None, file="mine.py"):
        if code is not None:
            (tmp_path / file).write_text(code)
        return subprocess.run([sys.executable, "-m", "synchrodb", *map(str, words)], cwd=tmp_path,
                              capture_output=True, text=True, timeout=200, check=False,
                              env={**os.environ, "COLUMNS": "100"})

    return run


def test_one_run(command, tmp_path):
    done = command("run", "mine.py", "--seed", 4, "--trace", code=FINE)
    assert done.returncode == 0, done.stderr
    entry = sdb.Store(tmp_path / "store").latest
    assert str(entry.path.relative_to(tmp_path)) in done.stdout
    assert entry.name == "mine" and entry.summary["seed"] == 4 and "trace.npz" in entry.files


def test_a_violation(command, tmp_path):
    done = command("run", "mine.py", "--seeds", 8, "--jobs", 2, code=LIES)
    assert done.returncode == 1 and "violation of" in done.stdout, done
    line = next(line for line in done.stdout.splitlines() if "reproduce: " in line)
    again = command(*line.split("python3 -m synchrodb ")[1].split(), "--no-store")
    assert again.returncode == 1 and "violation of" in again.stdout, again
    assert sdb.Store(tmp_path / "store").latest.kind == "campaign" and len(
        sdb.Store(tmp_path / "store")) == 1


def test_a_campaign_of_code_that_only_the_file_has(command):
    done = command("run", "mine.py", "--seeds", "3..7", "--jobs", 2, code=OWN)
    assert done.returncode == 0 and "4 seeds" in done.stdout, done


def test_on_real_servers(command, tmp_path):
    done = command("run", "mine.py", "--on", "local", "--store", tmp_path / "kept", code=FINE)
    assert done.returncode == 0, done.stdout + done.stderr
    entry = sdb.Store(tmp_path / "kept").latest
    assert entry.summary["world"] == "real" and "logs/node-3.txt" in entry.files
    assert entry.load().history.events[0]["type"] == "invoke"


def test_a_function_main(command, tmp_path):
    done = command("run", "mine.py", "--quick", code=MAIN)
    assert done.returncode == 0 and "given ['--quick']" in done.stdout, done
    assert {entry.name for entry in sdb.Store(tmp_path / "store")} == {"part-0", "part-1"}


@pytest.mark.parametrize("words, code, exit_code, text", [
    (["run", "other.py"], None, 2, "other.py: no such file"),
    (["run", "mine.py"], "x = 1", 2, "defines neither `test`"),
    (["run", "mine.py"], "test = 7", 2, "`test` is a int"),
    (["run", "mine.py", "--bogus"], FINE, 2, "--bogus: no such option"),
    (["run", "mine.py", "--seed", "x"], FINE, 2, "'x' is no number"),
    (["run", "mine.py", "--seeds", "9..2"], FINE, 2, "'9..2' is neither"),
    (["run", "mine.py", "--seed", "1", "--seeds", "2"], FINE, 2, "not allowed"),
    (["run", "mine.py", "--seeds", "2", "--on", "local"], FINE, 2, "--seeds: a campaign"),
    (["run", "mine.py", "--on", "local", "--binary", "/no/such"], FINE, 2, "binary: '/no/such'"),
    (["run", "mine.py", "--on", "local"], FINE.replace("crash", "slow"), 2, "slow-node"),
    (["run", "mine.py", "--seed", "1"], MAIN, 2, "--seed, --seeds and --on are for a `test`"),
    (["run", "mine.py"], "1 / 0", 4, "ZeroDivisionError"),
    (["run", "mine.py"], "import synchrodb as sdb\ntest = sdb.Test(nodes=99)", 2, "nodes: 99"),
    (["report", "nowhere"], None, 2, "nowhere: no such folder"),
    (["serve", "nowhere"], None, 2, "nowhere: no such folder"),
    (["dance"], None, 2, "dance"),
    ([], None, 2, "COMMAND"),
])
def test_nonsense(command, words, code, exit_code, text):
    done = command(*words, code=code)
    assert done.returncode == exit_code and text in done.stderr, done
    assert exit_code == 4 or "Traceback" not in done.stderr
