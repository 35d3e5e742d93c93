"""Campaigns: over processes and Dask, whatever dies on the way."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
import synchrodb as sdb
from synchrodb.statistics import Rate

SHAPE = sdb.PlanShape(nodes=3, time=5)
TEST = sdb.Test(nodes=3, time_limit=8, nemesis=sdb.nemesis.crash(every=3))


class Fatal(sdb.Test):
    """Some seeds take their process along, some never end, some raise."""

    def simulate(self, seed=0, **wishes):
        if seed == 3:
            os.kill(os.getpid(), signal.SIGSEGV)
        if seed == 5:
            time.sleep(1_000)
        if seed == 6:
            raise RuntimeError("a defect of the test's own")
        return super().simulate(seed, **wishes)


class Killer(sdb.checkers.Checker):
    def check(self, history):
        os.kill(os.getpid(), signal.SIGKILL)


def rows_of(done):
    return [{**result.row, "wall_seconds": 0} for result in done]


@pytest.mark.parametrize("subject", [SHAPE, TEST, sdb.generate_plan(1, SHAPE)])
def test_as_many_processes_as_one_likes(subject):
    one = sdb.campaign(subject, range(20), jobs=1)
    two = sdb.campaign(subject, range(20), jobs=3)
    assert rows_of(one) == rows_of(two)
    assert [result.seed for result in one] == list(range(20))
    assert len({result.row["digest"] for result in one}) == 20
    assert one[7].run.digest == one[7].row["digest"]


def test_a_python_workload_that_only_this_program_knows(python, tmp_path):
    program = textwrap.dedent("""
        import synchrodb as sdb
        from synchrodb.workloads import Workload, completed, write
        class Mine(Workload):
            name = "mine"
            def operations(self):
                return lambda: {"f": "write", "key": "k", "value": 1}
            def invoke(self, op):
                outcome = yield write("SET", op["key"], op["value"])
                return completed(op, outcome)
        done = sdb.campaign(sdb.Test(nodes=3, time_limit=8, workload=Mine()), range(6), jobs=2)
        print(len(done), done.failures, done[0].row["operations"]["ok"] > 10)
        """)
    script = tmp_path / "program.py"  # without a guard of __main__
    script.write_text(program)
    told = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert told.stdout == "6 [] True\n", told.stderr


def test_what_dies_hangs_or_raises_is_a_failing_seed():
    fatal = Fatal(**{f.name: getattr(TEST, f.name) for f in dataclasses.fields(TEST)})
    done = sdb.campaign(fatal, range(12), jobs=2, watchdog=2)
    assert [result.seed for result in done] == list(range(12))
    assert {result.seed: result.violated for result in done.failures} == {
        3: "crash", 5: "crash", 6: "exception"}
    by_seed = {result.seed: result.detail for result in done.failures}
    assert "SIGSEGV" in by_seed[3] and "2 s" in by_seed[5]
    assert "a defect of the test's own" in by_seed[6]
    assert done.violated == {"crash": 2, "exception": 1}
    assert done.rate("crash").count == 2


def test_results_as_they_like():
    done = sdb.campaign(SHAPE, range(6), jobs=2)
    frame = done.to_pandas()
    assert frame["seed"].tolist() == list(range(6)) and (frame["verdict"] == "ok").all()
    assert frame["ok"].min() > 0
    assert len(done.to_json_lines().splitlines()) == 6
    assert "6 seeds" in repr(done) and "6 seeds" in done._repr_html_()
    assert done[0].reproduce.startswith("synchrodb-sim run --seed 0")


def test_the_first_failure_shrinks():
    majority = {"targets": "majority"}
    test = sdb.Test(nodes=3, time_limit=10, nemesis=sdb.nemesis.crash(every=3, **majority)
                    + sdb.nemesis.lying_sync(ppm=900_000, **majority))
    failing = sdb.campaign(test, range(4), jobs=2).failures[0]
    assert failing.shrink(max_runs=10).property == failing.violated


def test_results_say_how_they_are_made_again():
    """Without being run: what killed its process would kill this one."""
    killer = TEST.replace(checker=Killer())
    done = sdb.campaign(killer, range(2), jobs=1)
    assert [result.violated for result in done] == ["crash", "crash"]
    assert done[1].reproduce == "test.simulate(seed=1)"
    plain = sdb.campaign(TEST, range(2), jobs=1)[1]
    assert plain.reproduce == plain.run.reproduce
    assert sdb.campaign(TEST.plan(1), range(2), jobs=1)[1].reproduce.split()[:3] == [
        "synchrodb-sim", "run", "--plan"]


def test_a_file_is_continued(tmp_path):
    out = tmp_path / "rows.jsonl"
    first = sdb.campaign(TEST, range(5), jobs=1, out=out)
    with out.open("a") as file:
        file.write('{"seed": 5, "verd')  # the writer died
    again = sdb.campaign(TEST, range(10), jobs=2, out=out, resume=True)
    assert rows_of(again)[:5] == rows_of(first)
    assert [r.row["wall_seconds"] for r in again][:5] == [r.row["wall_seconds"] for r in first]
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert sorted(line["seed"] for line in lines[1:]) == list(range(10))
    untouched = out.read_text()
    assert len(sdb.campaign(TEST, range(10), out=out, resume=True)) == 10
    assert out.read_text() == untouched
    with pytest.raises(sdb.InvalidInput, match="another test"):
        sdb.campaign(SHAPE, range(10), out=out, resume=True)
    (tmp_path / "other").write_text("hello\n")
    with pytest.raises(sdb.InvalidInput, match="no campaign"):
        sdb.campaign(SHAPE, range(10), out=tmp_path / "other", resume=True)


def test_ctrl_c_keeps_what_was_done_and_leaves_no_process(tmp_path, eventually):
    out = tmp_path / "rows.jsonl"
    slow = sdb.PlanShape(nodes=5, time=500)

    def interrupt():
        eventually(lambda: out.exists() and out.read_text().count("\n") > 3)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        sdb.campaign(slow, range(100_000), jobs=2, out=out)
    thread.join()
    assert 3 <= len(caught.value.campaign) < 100_000
    children = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "args="],
                              capture_output=True, text=True).stdout
    assert "synchrodb.worker" not in children


def test_what_workers_print_does_no_harm():
    class Loud(sdb.Test):
        def simulate(self, seed=0, **wishes):
            print("hello from", seed, flush=True)
            os.write(1, b"and from below\n" * 1_000)
            return super().simulate(seed, **wishes)

    loud = Loud(nodes=3, time_limit=8)
    assert len(sdb.campaign(loud, range(6), jobs=2)) == 6


@pytest.fixture(scope="module")
def dask():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None,
                                  silence_logs=50) as cluster:
        yield cluster


def test_the_same_on_dask(dask):
    here = sdb.campaign(TEST, range(40), jobs=2)
    there = sdb.campaign(TEST, range(40), scheduler=dask.scheduler_address)
    assert rows_of(here) == rows_of(there)


def test_a_dask_worker_that_dies_is_a_failing_seed(dask):
    import distributed

    class FatalOnDask(sdb.Test):
        def simulate(self, seed=0, **wishes):
            if seed == 3:
                os._exit(1)
            return super().simulate(seed, **wishes)

    with distributed.Client(dask.scheduler_address, set_as_default=False) as client:
        client.run_on_scheduler(
            lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 1))
        done = sdb.campaign(FatalOnDask(nodes=3, time_limit=8), range(8), scheduler=client)
    assert [result.seed for result in done] == list(range(8))
    assert {result.seed: result.violated for result in done.failures} == {3: "crash"}


def test_wilson():
    # R: binom::binom.wilson(10, 100)
    rate = Rate.of(10, 100)
    assert abs(rate.low - 0.0552291) < 1e-6 and abs(rate.high - 0.1743657) < 1e-6
    assert Rate.of(0, 10).low == 0 and Rate.of(10, 10).high == 1
