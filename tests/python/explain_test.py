"""Explanations of failing runs: C++'s, in Python's words."""

import json
import os
import subprocess

import pytest
import synchrodb as sdb
from pages import Page
from synchrodb.examples.primary_backup import Clients, PrimaryBackup

SIM = os.environ.get("SYNCHRODB_SIM", "build/release/bin/synchrodb-sim")


def failing(runs):
    return next(run for run in runs if run.verdict == "violation")


@pytest.fixture(scope="module")
def run():
    """Judged by the world."""
    shape = sdb.PlanShape(time=30, beyond_budget=True, faults=["lying-sync", "crash"])
    return failing(sdb.simulate(sdb.generate_plan(seed, shape)) for seed in range(200))


@pytest.fixture(scope="module")
def convicted():
    """A protocol's, judged by a checker over a Python workload."""
    test = sdb.Test(nodes=3, time_limit=20, protocol=PrimaryBackup, workload=Clients(),
                    nemesis=sdb.nemesis.partition(every=4, lasting=2))
    return failing(map(test.simulate, range(10)))


@pytest.fixture(params=["run", "convicted"])
def story(request):
    return request.getfixturevalue(request.param).explain()


def test_it_tells_what_the_command_tells(run, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(run.plan.to_json())
    done = subprocess.run([SIM, "explain", "--plan", plan], capture_output=True, text=True,
                          check=True)
    told, _, _ = done.stdout.partition("\nreproduce")
    assert run.explain().text.startswith(told)
    assert str(run.explain()) == run.explain().text


def test_each_step_happens_before_the_next(story):
    assert len(story.chain) > 2
    for before, step in zip(story.chain, story.chain[1:], strict=False):
        assert before.end <= step.begin
        assert step.by_real_time or before.to == step.from_
    assert story.chain[-1].end <= story.anomaly["time"]


def test_contradicting_operations_are_in_the_chain(convicted):
    words = "\n".join(step.words for step in convicted.explain().chain)
    assert words.count(" is answered: ") >= 2 and words.count(" asks: ") >= 2
    assert any(step.by_real_time for step in convicted.explain().chain)


def test_the_files(story, tmp_path):
    page = story.html(tmp_path / "a.html").read_text()
    assert all(json.dumps(step.words, ensure_ascii=False)[1:-1] in page for step in story.chain)
    log = story.shiviz(tmp_path / "a.log").read_text().splitlines()
    assert log[0].startswith("(?<time>") and log[1] == "" and len(log) % 2 == 0
    trace = json.loads(story.perfetto(tmp_path / "a.json").read_text())
    names = {event["args"]["name"] for event in trace["traceEvents"]
             if event["name"] == "process_name"}
    assert {"n1", "n2", "n3", "client 0", "faults", "causal chain"} <= names


def test_a_notebook_shows_it(story):
    shown = Page(story._repr_html_())
    assert story.violated in shown.text
    assert all(step.words in shown.text for step in story.chain)
    assert len(shown.all("iframe")) == 1


def test_it_says_what_a_script_did_and_not_what_the_plans_workload_would_have(convicted, run):
    story = convicted.explain()
    fs = convicted.history.operations["f"].astype(str).tolist()
    said = (f"primary-backup, in Python: {fs.count('read')} read, {fs.count('write')} write, "
            "by 5 clients")
    assert convicted.clients == said == story.facts["script"]
    assert f"\n  clients: {said}\n" in story.text
    head = next(line for line in story.text.splitlines() if line.startswith("The plan: "))
    assert head.endswith(", 3 nodes, 5 clients, 20s"), head
    # Where the plan's workload ran, it is told as ever.
    head = next(line for line in run.explain().text.splitlines() if line.startswith("The plan: "))
    assert head.endswith("op/s") or "option" in head
    assert "script" not in run.explain().facts and run.clients == ""


def test_pages_say_what_a_script_did(convicted, run, tmp_path):
    from synchrodb.report import report
    from synchrodb.store import load

    for shown in (report(convicted), convicted.shrink(max_runs=20)._repr_html_(),
                  report(load(sdb.Store(tmp_path).save(convicted).path))):
        assert "primary-backup, in Python: " in shown
        assert "cas-register" not in shown and "operations per second" not in shown
    assert f"{run.plan.workload.name}: " in report(run)


def test_a_run_without_a_test_says_what_its_script_did():
    plan = sdb.generate_plan(1, sdb.PlanShape(nodes=3, time=10, faults=["none"], clients=2))
    done = sdb.scripted.simulate(plan, sdb.workloads.bank(rate=20))
    assert done.run.clients.startswith("bank, in Python: ") and ", by 2 clients" in done.run.clients
    watched = sdb.scripted.simulate(plan, invariants=[sdb.invariant(lambda view: None, every=1)])
    assert watched.run.clients == ""


def test_a_shrunk_run_is_explained(run):
    shrunk = run.shrink(max_runs=150)
    story = shrunk.explain()
    assert story.violated == run.violated
    assert json.loads(shrunk.plan.to_json()) == story.facts["plan"]
    assert repr(story) == f"<Explanation of {run.violated}: {len(story.chain)} steps>"


def test_explaining_changes_nothing(convicted):
    digest = convicted.digest
    assert convicted.explain().text == convicted.explain().text
    assert convicted.digest == digest


@pytest.mark.parametrize("what, error, text", [
    (3, TypeError, "run: must be a Run, not int"),
    (sdb.Run(verdict="ok"), sdb.InvalidInput, "there is nothing to explain: its verdict is ok"),
    (sdb.Run(verdict="violation", violated="x", world="real"), sdb.InvalidInput,
     "cannot be repeated"),
])
def test_bad_input(what, error, text):
    with pytest.raises(error, match=text):
        sdb.explain(what)
