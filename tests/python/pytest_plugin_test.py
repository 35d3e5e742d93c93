"""The pytest plugin, in pytest runs of their own."""

import re
import subprocess

import pytest
import synchrodb as sdb
from synchrodb.pytest_plugin import parse_seeds

pytest_plugins = ["pytester"]

FAILING = """
import synchrodb as sdb
from synchrodb import nemesis
LIE = sdb.Test(nodes=1, time_limit=10, nemesis=nemesis.lying_sync(ppm=900_000)
               + nemesis.crash(every=2))
FINE = sdb.Test(nodes=3, time_limit=8)
"""


@pytest.fixture
def run(pytester):
    def with_plugin(code, *options):
        pytester.makepyfile(FAILING + code)
        return pytester.runpytest_subprocess(
            "-p", "synchrodb.pytest_plugin", "-p", "no:cacheprovider", *options)

    return with_plugin


def test_a_test_runs_once_for_each_seed(run):
    code = """
def test_it(synchrodb_seed, synchrodb_run):
    assert synchrodb_run(FINE, seed=synchrodb_seed).seed == synchrodb_seed
"""
    run(code).assert_outcomes(passed=10)
    run(code, "--synchrodb-seeds=3..5").assert_outcomes(passed=2)
    run(code, "--synchrodb-seeds==7", "-v").stdout.fnmatch_lines(["*test_it?7? PASSED*"])


def test_a_violation_is_kept_and_says_how_to_repeat_it(run, pytester):
    done = run("""
def test_lies(synchrodb_seed, synchrodb_run):
    synchrodb_run(LIE, seed=synchrodb_seed)
""", "--synchrodb-seeds=6")
    text = done.stdout.str()
    assert done.ret == 1 and "SynchroDB" in text
    kept = re.findall(r"kept in: (\S+)", text)
    lines = re.findall(r"reproduce: (.*)", text)
    assert kept and len(kept) == len(lines)
    entry = sdb.store.Entry(kept[0])
    assert entry.summary["verdict"] == "violation" and "plan.json" in entry.files
    assert str(pytester.path / ".synchrodb") in kept[0]
    sim = str(sdb._core.__file__).replace("python/synchrodb/", "bin/").rpartition("/")[0]
    words = lines[0].split()
    assert words[0] == "synchrodb-sim"
    again = subprocess.run([f"{sim}/synchrodb-sim", *words[1:]], capture_output=True, text=True,
                           check=False)
    assert again.returncode == 1 and entry.summary["violated"] in again.stdout + again.stderr


def test_hypothesis_shrinks_and_the_smallest_plan_is_kept(run):
    done = run("""
from hypothesis import given, settings
from synchrodb import simulate, strategies

@settings(max_examples=300, deadline=None, derandomize=True)
@given(strategies.plans(nodes=(1, 3), time=15, families=["lying-sync", "crash", "loss"],
                        workload="append", rate=60))
def test_nothing_is_lost(plan):
    assert simulate(plan).verdict != "violation"
""")
    text = done.stdout.str()
    done.assert_outcomes(failed=1)
    kept = re.search(r"kept in: (\S+)", text).group(1)
    plan = sdb.Plan.from_json(open(f"{kept}/plan.json").read())
    assert f"plan={plan!r}," in text, "not the example that Hypothesis ended with"
    assert {"lying-sync", "crash"} <= {action.fault for action in plan.faults}
    assert sdb.simulate(plan).verdict == "violation"
    assert re.search(r"reproduce: synchrodb-sim run --plan \S+", text)


def test_the_fixtures_go_with_hypothesis(run):
    run("""
from hypothesis import given, settings
from synchrodb import strategies

@settings(max_examples=5, deadline=None)
@given(plan=strategies.plans(time=5))
def test_it(plan, synchrodb_run, synchrodb_check):
    synchrodb_check(synchrodb_run(plan))
""").assert_outcomes(passed=1)


def test_other_failures_are_left_alone(run):
    done = run("""
def test_it(synchrodb_run):
    synchrodb_run(FINE)
    assert 1 == 2
""")
    done.assert_outcomes(failed=1)
    assert "SynchroDB" not in done.stdout.str()


def test_a_store_elsewhere_or_none(run, tmp_path):
    code = """
def test_lies(synchrodb_run):
    for seed in range(20):
        synchrodb_run(LIE, seed=seed)
"""
    run(code, f"--synchrodb-store={tmp_path / 'mine'}").assert_outcomes(failed=1)
    assert len(sdb.Store(tmp_path / "mine")) == 1
    done = run(code, "--synchrodb-no-store")
    assert "kept in" not in done.stdout.str() and "reproduce: " in done.stdout.str()


def test_seeds_that_make_no_sense(run):
    for text in ("x", "5..2", "-3", "0", ""):
        with pytest.raises(ValueError, match="seeds: "):
            parse_seeds(text)
    done = run("def test_it(synchrodb_seed): pass", "--synchrodb-seeds=many")
    assert done.ret != 0
    done.stdout.fnmatch_lines(["*--synchrodb-seeds: 'many' is neither*"])
