"""Reports and tables: they stand alone, say what the run says, and take no text for HTML."""

import base64
import json

import pytest
import synchrodb as sdb
from pages import Page, alone
from synchrodb.checkers import Verdict
from synchrodb.examples.primary_backup import Clients, PrimaryBackup
from synchrodb.report import report, spacetime_html
from synchrodb.report.diagram import diagram, page

HOSTILE = "</script></pre><script>alert(1)</script><img src=x onerror=alert(2)>\"'&$x$"
TEST = sdb.Test(nodes=3, time_limit=10, name="a-name",
                nemesis=sdb.nemesis.partition("halves", at=3, lasting=2))


@pytest.fixture(scope="module")
def run():
    return TEST.simulate(7)


@pytest.fixture(scope="module")
def convicted():
    test = sdb.Test(nodes=3, time_limit=20, protocol=PrimaryBackup, workload=Clients(),
                    nemesis=sdb.nemesis.partition(every=4, lasting=2))
    return next(run for run in map(test.simulate, range(10)) if run.verdict == "violation")


@pytest.fixture(scope="module")
def campaign():
    shape = sdb.PlanShape(time=20, beyond_budget=True, faults=["lying-sync", "crash"])
    return sdb.campaign(shape, range(30), jobs=2)


@pytest.fixture
def hostile():
    """A run all of whose words want to be more."""
    history = sdb.History.from_events([
        {"type": "invoke", "process": HOSTILE, "f": HOSTILE, "key": HOSTILE, "value": HOSTILE,
         "time": 1_000_000},
        {"type": "ok", "process": HOSTILE, "f": HOSTILE, "key": HOSTILE, "value": HOSTILE,
         "time": 2_000_000}])
    return sdb.Run(verdict="violation", violated=HOSTILE, detail=HOSTILE, history=history,
                   reproduce=HOSTILE, checked=Verdict(HOSTILE, False, HOSTILE), world="real",
                   logs={HOSTILE: HOSTILE}, digest=HOSTILE,
                   faults={HOSTILE: {"offered": 1, "applied": 1, "effective": 1}})


def harmless(text):
    parsed = Page(text)
    assert all("onerror" not in each for each in parsed.all("img"))
    assert all(each.get("src", "").startswith("data:") for each in parsed.all("img"))
    assert "alert(1)" in parsed.text
    return parsed


def figures(parsed):
    """The images inside the page, each a PNG."""
    data = [base64.b64decode(each["src"].partition(",")[2]) for each in parsed.all("img")]
    assert all(each.startswith(b"\x89PNG\r\n\x1a\n") and len(each) > 4_000 for each in data)
    assert all(each["alt"] for each in parsed.all("img"))
    return data


def test_the_report_of_a_run_stands_alone_and_says_what_it_is(run):
    parsed = alone(report(run))
    for word in (run.digest, run.reproduce, "partition-halves", "7", "cas-register",
                 f"{run.counts['ok']:,} ok"):
        assert word in parsed.text, word
    assert f"{run.trace['time'][-1] / 1e9:.9f}" in parsed.text  # of the log
    assert len(figures(parsed)) == 8
    assert len(parsed.all("iframe")) == 1
    alone(parsed.all("iframe")[0]["srcdoc"])


def test_the_report_of_a_violation_shows_the_anomaly(convicted):
    text = report(convicted)
    parsed = alone(text)
    assert "violation of linearizability" in parsed.text and "Anomaly" in parsed.text
    assert convicted.detail.splitlines()[0].strip() in parsed.text
    assert "test.simulate(seed=" in parsed.text
    from synchrodb.anomaly import anomaly

    assert text.count("background:#fbe3d5") == len(anomaly(convicted).operations)


def test_the_report_of_a_campaign_lists_its_failures(campaign):
    parsed = alone(report(campaign))
    assert len(figures(parsed)) == 3
    for failure in campaign.failures:
        assert str(failure.seed) in parsed.text
        assert failure.detail[:60].split("\n")[0] in parsed.text
    assert campaign.failures[0].reproduce in parsed.text
    assert repr(campaign.rate()) in parsed.text


def test_reports_of_what_the_store_has(run, campaign, tmp_path):
    store = sdb.Store(tmp_path)
    kept, done = store.save(run), store.save(campaign, "many")
    assert run.digest in alone(report(kept.path)).text
    assert run.digest in alone(report(str(kept.path))).text
    assert f"{len(campaign)} seeds" in alone(report(done)).text
    listed = Page(report(tmp_path))
    assert sorted(listed.addresses) == sorted(
        f"{entry.name}/{entry.path.name}/" for entry in store)
    for entry in store:
        assert entry.name in listed.text and entry.summary["time"] in listed.text
        assert entry.summary["verdict"] in listed.text
    assert "Nothing is here" in Page(report(sdb.Store(tmp_path / "new"))).text


def test_reports_of_nothing_are_refused(tmp_path):
    with pytest.raises(TypeError, match="what: must be a Run, a Campaign, a Store"):
        report(7)
    with pytest.raises(sdb.NotFound, match="no folder of a run or campaign"):
        report(tmp_path / "never")


def test_hostile_words_stay_words(hostile, tmp_path):
    parsed = harmless(report(hostile))
    assert parsed.all("script") == []
    store = sdb.Store(tmp_path)
    hostile.logs = {"node-1": HOSTILE}  # a file's name
    entry = store.save(hostile)
    assert harmless(report(entry.path)).all("script") == []
    assert Page(report(store)).all("script") == []
    rows = [{"seed": 1, "verdict": "violation", "violated": HOSTILE, "detail": HOSTILE,
             "reproduce": HOSTILE, "marks": [HOSTILE],
             "faults": {HOSTILE: {"offered": 1, "applied": 0, "effective": 0}}}]
    assert harmless(report(sdb.Campaign(None, rows, 1.0))).all("script") == []


def test_hostile_words_in_a_diagram_stay_words(hostile):
    text = page(diagram(hostile))
    parsed = alone(text)
    assert [each.get("type") for each in parsed.all("script")] == ["application/json", None]
    assert "alert(1)" not in parsed.text
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    assert data["detail"] == HOSTILE and HOSTILE in data["operations"][0]["words"]


def test_tables_for_notebooks(run, convicted, campaign, hostile):
    shrunk = campaign.failures[0].run.shrink(max_runs=20)
    for thing in (run, run.plan, run.history, campaign, convicted, sdb.check(run.history), shrunk,
                  convicted.plan):
        text = thing._repr_html_()
        Page(text)
        assert "<script" not in text and len(text) < 40_000
    assert "violation of linearizability" in Page(convicted._repr_html_()).text
    assert "partition-halves" in Page(run.plan._repr_html_()).text
    assert f"History of {len(run.history.operations):,} operations" in Page(
        run.history._repr_html_()).text
    assert str(campaign.failures[0].seed) in Page(campaign._repr_html_()).text
    for thing in (hostile, hostile.history, hostile.checked):
        harmless(thing._repr_html_())


def test_texts_are_as_good(run, convicted):
    assert repr(run).startswith("<Run: ok, seed 7")
    assert "invalid" in repr(convicted.checked) and "read" in repr(convicted.checked)
    assert "seed=7" in repr(run.plan)


def test_a_diagram_has_all_that_happened_in_its_window(run):
    data = diagram(run, window=(3, 4))
    table = run.messages
    import numpy as np

    over = np.maximum(table["delivered"], table["lost"])
    mine = (table["sent"] <= 4e9) & ((over >= 3e9) | (over < 0))
    assert len(data["messages"]["sent"]) == mine.sum() > 100
    lost = [fate for fate in data["messages"]["fate"] if fate > 0]
    assert len(lost) == (mine & (table["lost"] >= 0)).sum() > 0
    assert {data["fates"][fate] for fate in lost} == {"partition"}
    assert data["messages"]["sent"] == sorted(data["messages"]["sent"])
    assert [fault["fault"] for fault in data["faults"]] == ["partition-halves"]
    assert [lane["name"] for lane in data["lanes"][:3]] == ["n1", "n2", "n3"]
    assert data["anomaly"] is None


def test_an_operation_stands_in_the_lane_of_its_client(convicted):
    data = diagram(convicted)
    names = {lane["id"] for lane in data["lanes"]}
    assert {operation["node"] for operation in data["operations"]} <= names
    clients = convicted.plan.workload.clients
    assert len([name for name in names if name > 1000]) == clients
    assert sum(operation["wrong"] for operation in data["operations"]) >= 2


def test_the_page_is_one_file(run, tmp_path):
    path = run.spacetime_html(tmp_path / "page.html", window=("3s", "4s"))
    alone(path.read_text())
    with pytest.raises(ValueError, match="window"):
        spacetime_html(run, tmp_path / "none.html", window=(4, 3))
