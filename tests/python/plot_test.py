"""Figures: they show the run's own data, with units, on any axes, without a display."""

import io

import numpy as np
import pytest
import synchrodb as sdb
from matplotlib.colors import to_rgba
from synchrodb import plot
from synchrodb.anomaly import anomaly
from synchrodb.examples.primary_backup import Clients, PrimaryBackup
from synchrodb.lanes import spans
from synchrodb.plot import shading, style
from synchrodb.plot.data import edges, end_of

TEST = sdb.Test(nodes=5, time_limit=30, workload=sdb.workloads.cas_register(keys=4, rate=100),
                nemesis=sdb.nemesis.partition("ring", every=6, lasting=2)
                + sdb.nemesis.crash(at=9) + sdb.nemesis.clock(drift_ppm=300))
CONVICTED = sdb.Test(nodes=3, time_limit=20, protocol=PrimaryBackup, workload=Clients(),
                     nemesis=sdb.nemesis.partition(every=4, lasting=2))
BEYOND = sdb.PlanShape(time=30, beyond_budget=True, faults=["lying-sync", "crash", "loss"])

RUN_FIGURES = {
    "latency": ("time (s)", "latency (ms)"),
    "quantiles": ("time (s)", "latency (ms)"),
    "rate": ("time (s)", "operations per second"),
    "availability": ("time (s)", "answered in time (%)"),
    "roles": ("time (s)", "node"),
    "clocks": ("time (s)", "clock error (ms)"),
    "commit_lag": ("time (s)", "entries behind"),
    "timeline": ("time (s)", "process"),
    "spacetime": ("time (s)", "node"),
}
CAMPAIGN_FIGURES = {
    "verdicts": "seeds", "marks": "seeds that met it (%)",
    "rates": "failing seeds (%), 95 % confidence",
}


@pytest.fixture(scope="module")
def run():
    return TEST.simulate(7)


@pytest.fixture(scope="module")
def convicted():
    found = next(run for run in map(CONVICTED.simulate, range(10)) if run.verdict == "violation")
    assert found.violated == "linearizability"
    return found


@pytest.fixture(scope="module")
def campaign():
    return sdb.campaign(BEYOND, range(40), jobs=2)


@pytest.fixture
def axes():
    return lambda: style.blank()[1]


def pixels(ax):
    """The colours of the drawn figure."""
    file = io.BytesIO()
    ax.figure.savefig(file, format="rgba", dpi=60)
    return np.frombuffer(file.getvalue(), np.uint8).reshape(-1, 4)


def words(ax):
    return [text.get_text() for text in ax.texts]


# ---- All of them.


@pytest.mark.parametrize("name", RUN_FIGURES)
def test_figures_of_a_run_have_an_image_labels_and_units(run, axes, name):
    ax = axes()
    assert getattr(run.plot, name)(ax=ax) is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == RUN_FIGURES[name]
    assert ax.get_title("left")
    drawn = pixels(ax)
    assert (drawn[:, :3] < 250).any(axis=1).mean() > 0.01
    assert len(np.unique(drawn, axis=0)) > 20


@pytest.mark.parametrize("name", CAMPAIGN_FIGURES)
def test_figures_of_a_campaign_have_an_image_labels_and_units(campaign, axes, name):
    ax = axes()
    assert getattr(campaign.plot, name)(ax) is ax
    assert ax.get_xlabel() == CAMPAIGN_FIGURES[name]
    assert (pixels(ax)[:, :3] < 250).any(axis=1).mean() > 0.01


@pytest.mark.parametrize("name", RUN_FIGURES)
def test_a_run_without_data_gives_a_figure_that_says_so(axes, name):
    ax = getattr(plot, name)(sdb.Run(verdict="ok"), axes())
    assert any("no " in text for text in words(ax)), words(ax)
    assert ax.get_xlabel() == "time (s)"
    pixels(ax)


@pytest.mark.parametrize("name", CAMPAIGN_FIGURES)
def test_a_campaign_without_seeds_gives_a_figure_that_says_so(axes, name):
    ax = getattr(plot, name)(sdb.Campaign(None, [], 0.0), axes())
    assert any("no " in text for text in words(ax))
    pixels(ax)


def test_a_run_of_history_alone_is_drawn_without_shading(axes):
    history = sdb.History.from_events([
        {"type": "invoke", "process": "p$1$", "f": "write", "value": "$x", "time": 0},
        {"type": "ok", "process": "p$1$", "f": "write", "value": "$x", "time": 5_000_000},
        {"type": "invoke", "process": "p$1$", "f": "<read>", "value": None, "time": 9_000_000}])
    bare = sdb.Run(verdict="unknown", history=history)
    for name in RUN_FIGURES:
        pixels(getattr(bare.plot, name)(axes()))
    assert "write $x" in words(bare.plot.timeline(axes()))


def test_they_need_no_display(python):
    python("import os; os.environ.pop('DISPLAY', None); os.environ.pop('MPLBACKEND', None)\n"
           "import synchrodb as sdb\n"
           "run = sdb.Test(nodes=3, time_limit=6).simulate(1)\n"
           "run.plot.latency().figure.savefig('/dev/null', format='png')")


def test_importing_the_package_imports_no_matplotlib(python):
    said = python("import sys, synchrodb as sdb\n"
                  "sdb.Test(nodes=3, time_limit=6).simulate(1)\n"
                  "print('matplotlib' in sys.modules)")
    assert said.strip() == "False"


def test_the_style_is_left_where_it_was(run, axes):
    import matplotlib

    before = matplotlib.rcParams["axes.titleweight"]
    run.plot.latency(axes())
    assert matplotlib.rcParams["axes.titleweight"] == before


def test_axes_that_are_none_are_refused(run):
    with pytest.raises(TypeError, match="ax: must be matplotlib axes, not str"):
        run.plot.latency("here")


@pytest.mark.parametrize(("wrong", "says"), [
    (("5s", "4s"), "window: '5s' is not before '4s'"),
    ("5s", "window: must be a pair"),
    ((1, 2, 3), "window: must be a pair"),
    (("soon", "late"), "soon"),
])
def test_windows_that_make_no_sense_are_refused(run, axes, wrong, says):
    for name in ("timeline", "spacetime"):
        with pytest.raises((TypeError, ValueError), match=says):
            getattr(run.plot, name)(axes(), window=wrong)


def test_a_window_that_would_be_black_is_refused(run, axes):
    with pytest.raises(ValueError, match="take a shorter window, or run.spacetime_html"):
        run.plot.spacetime(axes(), window=(0, 30))


def test_every_node_has_a_line_of_its_own():
    assert len({tuple(style.node_style(node).items()) for node in range(15)}) == 15


def test_colours_differ_for_all_kinds_of_colour_vision():
    """By the simulation of Machado, Oliveira and Fernandes (2009), and without any colour."""
    kinds = {
        "deuteranopia": [[.367322, .860646, -.227968], [.280085, .672501, .047413],
                         [-.011820, .042940, .968881]],
        "protanopia": [[.152286, 1.052583, -.204868], [.114503, .786281, .099216],
                       [-.003882, -.048116, 1.051998]],
    }
    linear = {name: np.array(to_rgba(colour)[:3]) ** 2.2 for name, colour in style.COLOURS.items()}
    for kind, matrix in kinds.items():
        seen = {name: np.clip(np.array(matrix) @ colour, 0, 1) ** (1 / 2.2)
                for name, colour in linear.items()}
        for one in seen:
            for other in seen:
                assert one == other or np.abs(seen[one] - seen[other]).max() > 0.1, (kind, one,
                                                                                      other)


# ---- What each of them shows.


def test_shading_is_where_the_faults_were(run, axes):
    told = shading.strokes(run)
    assert told["partition-ring"] == [(6.0, 8.0), (12.0, 14.0), (18.0, 20.0)]
    ax = run.plot.latency(axes())
    lanes = [c for c in ax.collections if len(c.get_paths()) and not c.get_clip_on()]
    drawn = [sorted((path.vertices[0, 0], path.vertices[-1, 0]) for path in lane.get_paths())
             for lane in lanes]
    assert drawn[list(told).index("partition-ring")] == told["partition-ring"]
    assert set(told) <= set(words(ax))


def test_many_faults_are_shaded_by_family(axes):
    swarm = sdb.simulate(sdb.generate_plan(3, sdb.PlanShape(time=20, faults=["all"])))
    assert len({stroke["fault"] for stroke in swarm.intervals}) > 6
    told = shading.strokes(swarm)
    assert set(told) <= {row["family"] for row in sdb.fault_table()}
    assert len(told) > 1


def test_latency_has_a_dot_for_each_answer(run, axes):
    ax = run.plot.latency(axes())
    dots = np.concatenate([c.get_offsets() for c in ax.collections if len(c.get_offsets()) > 1])
    table = run.history.operations
    answered = table["complete_time"] >= 0
    expected = np.column_stack([
        table["invoke_time"][answered] / 1e9,
        (table["complete_time"] - table["invoke_time"])[answered] / 1e6])
    order = lambda rows: rows[np.lexsort(rows.T)]  # noqa: E731
    np.testing.assert_allclose(order(np.asarray(dots)), order(expected))


def test_quantiles_are_those_of_the_window(run, axes):
    ax = run.plot.quantiles(axes(), of=[0.5, 1.0], every=2.0)
    table = run.history.operations
    mine = ((table["type"] == "ok") & (table["invoke_time"] >= 4e9)
            & (table["invoke_time"] < 6e9))
    took = (table["complete_time"] - table["invoke_time"])[mine] / 1e6
    assert ax.lines[0].get_ydata()[2] == pytest.approx(np.median(took))
    assert ax.lines[1].get_ydata()[2] == pytest.approx(took.max())
    assert ax.lines[0].get_xdata()[2] == 5.0


@pytest.mark.parametrize("by", ["type", "f"])
def test_rates_add_up_to_all_answers(run, axes, by):
    ax = run.plot.rate(axes(), by=by, every=1.0)
    total = 0.0
    for patch in ax.patches:
        if not hasattr(patch, "get_data"):
            continue
        values, bounds, _ = patch.get_data()
        widths = np.minimum(bounds[1:], end_of(run)) - bounds[:-1]
        total += (values * widths).sum()
    table = run.history.operations
    expected = (table["complete_time"] >= 0) if by == "type" else (table["type"] == "ok")
    assert total == pytest.approx(expected.sum())


def test_availability_is_the_share_answered_in_time(run, axes):
    ax = run.plot.availability(axes(), within=0.003, every=3.0)
    values, _, _ = ax.patches[0].get_data()
    table = run.history.operations
    served = (np.isin(table["type"].astype(str), ["ok", "fail"])
              & (table["complete_time"] - table["invoke_time"] <= 3e6)
              & (table["complete_time"] >= 0))
    window = table["invoke_time"] // 3_000_000_000
    expected = [100 * served[window == each].mean() for each in range(window.max() + 1)]
    assert values == pytest.approx(expected) and 5 < min(expected[1:6]) < 95
    assert f"{100 * served.mean():.2f} % of {len(table):,} operations" in ax.get_title("left")


def test_roles_are_those_that_samples_saw(run, axes):
    found_spans = spans(run)

    def role_at(node, now):
        return next((span.role for span in reversed(found_spans) if span.node == node
                     and span.begin <= now <= span.end), "")

    found = [row for row in run.samples if row["time"] % 500_000_000 == 0 and row["node"] < 5]
    assert len(found) > 200
    for row in found:
        expected = role_at(row["node"], row["time"])
        if row["running"] and expected != "recovering":
            assert row["role"] == expected, row
    leaders = [span for span in spans(run) if span.role == "leader"]
    ax = run.plot.roles(axes())
    blue = to_rgba(style.ROLES["leader"])
    bars = [box for c in ax.collections for box, colour in zip(c.get_paths(), c.get_facecolors())
            if tuple(colour) == blue and len(box.vertices) > 3]
    assert sorted(bar.get_extents().x0 for bar in bars) == pytest.approx(
        sorted(span.begin / 1e9 for span in leaders))
    assert {f"term {span.term}" for span in leaders if span.end - span.begin > 3e9} <= set(
        words(ax))


def test_spans_of_samples_alone_agree_with_those_of_the_log(run):
    class Sampled:
        samples = run.samples

        @property
        def trace(self):
            raise AttributeError

    coarse = {(span.node, span.role, span.term) for span in spans(Sampled())
              if span.role == "leader"}
    assert coarse == {(span.node, span.role, span.term) for span in spans(run)
                      if span.role == "leader" and span.end - span.begin > 2e8}


def test_spans_last_until_the_run_is_over():
    trace = sdb.Table({
        "time": np.array([0, 5]), "node": np.array([0, 0]), "term": np.array([0, 3]),
        "event": (np.array([0, 1]), ("started", "became-leader")),
    })
    history = sdb.History.from_events([
        {"type": "invoke", "process": 0, "f": "read", "time": 9}])
    real = sdb.Run(verdict="ok", history=history, recorded={"trace": trace}, world="real")
    assert spans(real) == [(0, "recovering", 0, 0, 5), (0, "leader", 3, 5, 9)]


def test_clocks_and_lags_are_the_samples(run, axes):
    ax = run.plot.clocks(axes())
    line = next(line for line in ax.lines if line.get_label() == "n3")
    mine = run.samples.where(node=2)
    alive = mine["running"]
    np.testing.assert_allclose(line.get_ydata()[alive], mine["clock_error"][alive] / 1e6)
    assert np.isnan(line.get_ydata()[~alive]).all()
    ax = run.plot.commit_lag(axes())
    frame = run.samples.to_pandas()
    frame = frame[frame.running].copy()
    best = frame.groupby("time").commit.max().cummax()
    frame["lag"] = frame.time.map(best) - frame.commit
    for node in range(5):
        line = next(each for each in ax.lines if each.get_label() == f"n{node + 1}")
        drawn = line.get_ydata()[~np.isnan(line.get_ydata())]
        np.testing.assert_array_equal(drawn, frame[frame.node == node].lag)
    assert frame.lag.max() > 10


def test_timeline_has_a_bar_for_each_operation_and_frames_the_contradiction(convicted, axes):
    wrong = anomaly(convicted)
    assert len(wrong.operations) >= 2
    ax = convicted.plot.timeline(axes())
    begin, end = ax.get_xlim()
    table = convicted.history.operations
    for row in wrong.operations:
        assert begin <= table["invoke_time"][row] / 1e9 <= end
    bars = [c for c in ax.collections if c.get_linewidths()[0] == 1.8]
    framed = sorted(c.get_paths()[0].get_extents().x0 for c in bars)
    assert framed == pytest.approx(sorted(table["invoke_time"][list(wrong.operations)] / 1e9))
    whole = convicted.plot.timeline(axes(), window=(0, 20))
    drawn = sum(len(c.get_paths()) for c in whole.collections
                if c.get_linewidths()[0] in (0.3, 0.6) and c.get_clip_on())
    assert drawn == len(table)


def test_spacetime_has_a_line_for_each_message_and_a_cross_for_each_loss(run, axes):
    ax = run.plot.spacetime(axes(), window=(12, 12.3))
    table = run.messages
    over = np.maximum(table["delivered"], table["lost"])
    mine = ((table["sent"] <= 12.3e9) & (over >= 12e9) & (table["from"] < 1_001)
            & (table["to"] < 1_001))
    lost = mine & (table["lost"] >= 0)
    assert mine.sum() > 50 and lost.sum() > 5
    lines = [c for c in ax.collections if c.get_zorder() == 3]
    assert sum(len(c.get_paths()) for c in lines) == mine.sum()
    crosses = [c for c in ax.collections if c.get_zorder() == 5]
    assert len(crosses[0].get_offsets()) == lost.sum()
    assert f"{mine.sum():,} messages, {lost.sum():,} lost" in ax.get_title("left")
    starts = sorted(path.vertices[0, 0] for c in lines for path in c.get_paths())
    assert starts == pytest.approx(sorted(table["sent"][mine] / 1e9))


def test_spacetime_shows_where_a_property_was_violated(axes):
    runs = (sdb.simulate(sdb.generate_plan(seed, BEYOND)) for seed in range(100))
    bad = next(run for run in runs if run.verdict == "violation")
    wrong = anomaly(bad)
    assert wrong.time == bad.trace.where(event="violation")["time"][0]
    ax = bad.plot.spacetime(axes())
    assert bad.violated in words(ax)
    assert ax.get_xlim()[0] <= wrong.time / 1e9 <= ax.get_xlim()[1]


def test_verdicts_rates_and_marks_are_the_campaigns(campaign, axes):
    assert campaign.failures
    ax = campaign.plot.verdicts(axes())
    shown = dict(zip([label.get_text() for label in ax.get_yticklabels()],
                     [bar.get_width() for bar in ax.patches], strict=True))
    assert {name: shown[name] for name in campaign.violated} == campaign.violated
    assert sum(shown.values()) == len(campaign)
    ax = campaign.plot.rates(axes())
    rate = campaign.rate()
    low, high = ax.containers[0].lines[2][0].get_segments()[0][:, 0]
    assert (low, high) == (pytest.approx(100 * rate.low), pytest.approx(100 * rate.high))
    ax = campaign.plot.marks(axes(), most=10)
    name = ax.get_yticklabels()[0].get_text()
    met = sum(name in result.row["marks"] for result in campaign)
    assert ax.lines[1].get_xdata()[0] == pytest.approx(100 * met / len(campaign))
    assert len(ax.get_yticklabels()) == 10


def test_likelihood_is_the_share_of_failing_futures(convicted, axes):
    told = sdb.likelihood(convicted, times=[0, 9], futures=4)
    ax = plot.likelihood(told, axes(), run=convicted)
    assert ax.lines[0].get_ydata().tolist() == [100 * each.share for each in told]
    assert ax.get_ylabel() == "failing futures (%)"
    pixels(plot.likelihood([], axes()))


def test_windows_of_any_run_are_round():
    for end in (0.003, 0.5, 7, 61, 3600, 1e5):
        bounds = edges(end)
        assert bounds[0] == 0 and bounds[-1] >= end * (1 - 1e-9) and 30 <= len(bounds) <= 130
    with pytest.raises(ValueError, match="every: must be more than 0"):
        edges(10, 0)
