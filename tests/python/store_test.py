"""The store: whole entries or none, found again, and read back as they were."""

import json
import os
import threading

import pytest
import synchrodb as sdb
from synchrodb import nemesis
from synchrodb.store import Entry, load, write

TEST = sdb.Test(nodes=3, time_limit=8, nemesis=nemesis.crash(every=2), name="crashes")


@pytest.fixture
def store(tmp_path):
    return sdb.Store(tmp_path / "store")


@pytest.mark.parametrize("workload", [
    sdb.workloads.cas_register(), sdb.workloads.cas_register(scripted=True), sdb.workloads.bank(),
    sdb.workloads.list_append(), sdb.workloads.set(), sdb.workloads.multi_register(),
    sdb.workloads.builtin("kv")], ids=lambda w: f"{w.name}-{type(w).__name__}")
def test_a_run_comes_back_as_it_was(store, workload):
    run = TEST.replace(workload=workload).simulate(2, trace=True, messages=True, sample_every=0.5)
    again = store.save(run).load()
    assert (again.verdict, again.violated, again.detail) == (run.verdict, run.violated, run.detail)
    assert (again.digest, again.faults, again.counts) == (run.digest, run.faults, run.counts)
    assert again.plan == run.plan and again.reproduce == run.reproduce
    assert json.loads(json.dumps(again.history.events, default=str)) is not None
    if run.history.from_core:
        assert again.history.to_json_lines() == run.history.to_json_lines()
    else:
        assert again.history.events == json.loads(json.dumps(run.history.events))
    for table in ("trace", "messages", "samples"):
        assert getattr(again, table).to_pandas().equals(getattr(run, table).to_pandas()), table
    if run.checked is not None:
        assert (again.checked.checker, again.checked.valid) == (
            run.checked.checker, run.checked.valid)
    assert sdb.check(again).valid == sdb.check(run).valid if workload.name == "cas-register" else 1


def test_what_was_not_recorded_comes_from_running_it_again(store):
    run = TEST.simulate(2)
    again = store.save(run).load()
    assert again.recorded == {} and len(again.trace) == len(run.trace)


def test_a_run_that_needs_its_code_is_not_repeated(store):
    again = store.save(TEST.replace(workload=sdb.workloads.bank()).simulate(1)).load()
    with pytest.raises(AttributeError, match="recorded no trace"):
        again.trace  # noqa: B018
    with pytest.raises(ValueError, match="cannot be repeated"):
        again.shrink()


def test_the_files_are_for_other_tools_too(store, tmp_path):
    entry = store.save(TEST.simulate(2))
    assert {"entry.json", "plan.json", "history.jsonl", "history.edn",
            "verdict.json"} <= set(entry.files)
    plan = sdb.Plan.from_json((entry.path / "plan.json").read_text())
    assert sdb.simulate(plan).digest == entry.summary["digest"]
    for name in ("history.jsonl", "history.edn"):
        text = (entry.path / name).read_text()
        assert sdb.check(text, model="cas-register", dialect="jepsen-log").valid is True, name


def test_the_newest_comes_first_and_latest_points_to_it(store):
    assert store.latest is None and len(store) == 0
    saved = [store.save(TEST.simulate(seed)) for seed in range(4)]
    saved.append(store.save(TEST.simulate(9), name="an other / name"))
    assert [entry.path for entry in store] == [entry.path for entry in reversed(saved)]
    assert store.latest.path == saved[-1].path and saved[-1].name == "an-other-name"
    assert os.path.realpath(store.folder / "latest") == str(saved[-1].path.resolve())
    assert os.path.realpath(store.folder / "crashes/latest") == str(saved[3].path.resolve())
    # What `latest` points to is no other entry.
    assert len(store) == 5


def test_campaigns(store):
    done = sdb.campaign(TEST, seeds=range(5), jobs=1, progress=False)
    entry = store.save(done)
    again = entry.load()
    assert entry.kind == "campaign" and entry.summary["seeds"] == 5
    assert [r.row for r in again] == [r.row for r in done]
    assert again.rate() == done.rate()


def test_threads_save_at_the_same_time(store):
    run = TEST.simulate(1)
    threads = [threading.Thread(target=store.save, args=(run,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store) == 16 and all(entry.load().ok for entry in store)


def test_nothing_half_made_is_ever_seen(store, monkeypatch):
    store.save(TEST.simulate(1))
    run = TEST.simulate(2)
    run.logs = {"node-1": 7}  # cannot be written
    with pytest.raises(TypeError):
        store.save(run)
    assert len(store) == 1 and store.latest.summary["seed"] == 1
    assert [p.name for p in (store.folder / "crashes").iterdir() if "making" in p.name] == []


def test_values_that_json_does_not_know(store):
    history = sdb.History.from_events([
        {"type": "invoke", "process": 0, "f": "add", "value": {1, 2}},
        {"type": "ok", "process": 0, "f": "add", "value": b"bytes"}])
    run = sdb.Run(verdict="ok", history=history)
    assert len(store.save(run).load().history) == 2


def test_bad_input(store, tmp_path):
    with pytest.raises(TypeError, match="what: must be a Run or a Campaign, not int"):
        store.save(7)
    with pytest.raises(sdb.NotFound, match="no entry.json"):
        load(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="folder: .*file is no folder"):
        sdb.Store(tmp_path / "file")
    write(TEST.simulate(1), tmp_path)
    (tmp_path / "entry.json").write_text('{"version": 99}')
    with pytest.raises(sdb.Unsupported, match="version 99"):
        Entry(tmp_path)
    (tmp_path / "entry.json").write_text("[")
    with pytest.raises(sdb.Corrupt, match="entry.json"):
        Entry(tmp_path)
