"""Every notebook runs from top to bottom on a fresh build, shows what it says it shows, in time.

The environment names the build folder, and one notebook; without that, all are executed:
    SYNCHRODB_NOTEBOOK=1_first_run /usr/bin/python3 -m pytest tests/notebooks/executed_test.py
"""

import base64
import os
from datetime import datetime
from pathlib import Path

import pytest
from execute import LONGEST, ROOT, all_notebooks, execute, figures, page
from pages import loaded

BUILD = Path(os.environ.get("SYNCHRODB_BUILD", ROOT / "build" / "release"))
CHOSEN = os.environ.get("SYNCHRODB_NOTEBOOK", "")
#: What draws; the cell must show it.
DRAWING = (".plot.", "ax.plot(", "likelihood(shares", "rates(")


@pytest.fixture(scope="module", params=[path for path in all_notebooks()
                                        if CHOSEN in ("", path.stem)], ids=lambda path: path.stem)
def executed(request, tmp_path_factory):
    """A notebook, executed once for all tests of it."""
    return execute(request.param, BUILD, tmp_path_factory.mktemp("notebooks"))


def code(executed):
    return [cell for cell in executed.notebook.cells if cell.cell_type == "code"]


def took(cell):
    """How many seconds a cell took, from its start until its last output was there."""
    times = cell.metadata.execution
    begin, end = (datetime.fromisoformat(times[name].replace("Z", "+00:00"))
                  for name in ("iopub.execute_input", "iopub.status.idle"))
    return (end - begin).total_seconds()


def test_no_cell_fails(executed):
    assert not executed.failure, executed.failure


def test_it_is_done_in_time(executed):
    print(f"{executed.seconds:.1f} s")
    assert executed.seconds < LONGEST


def test_it_shows_figures_and_every_cell_that_draws_shows_its_own(executed):
    assert len(figures(executed.notebook)) >= 2
    blank = [cell.source for cell in code(executed)
             if any(word in cell.source for word in DRAWING)
             and not any({"image/png", "text/html"} & set(output.get("data", {}))
                         for output in cell.outputs)]
    assert blank == []


def test_its_page_shows_everything_and_loads_nothing(executed):
    text = page(executed.notebook, "some")
    assert "<title>some</title>" in text and "jp-OutputArea-output" in text
    for figure in figures(executed.notebook):
        assert base64.b64encode(figure).decode() in text.replace("\n", "")
    assert loaded(text) == []


def test_nothing_warns(executed):
    """Nor says anything on standard error."""
    said = [(cell.source, output.text) for cell in code(executed) for output in cell.outputs
            if output.get("name") == "stderr"]
    assert said == []


def test_the_progress_of_a_campaign_is_one_line_that_changes(executed):
    for cell in code(executed):
        if "progress" in cell.metadata.get("tags", ()):
            lines = [output.data["text/plain"] for output in cell.outputs
                     if output.output_type == "display_data"]
            assert len(lines) == 1 and "600/600 seeds" in lines[0]


def test_the_first_verdict_is_there_within_two_seconds(executed):
    first = [cell for cell in code(executed) if "first-verdict" in cell.metadata.get("tags", ())]
    assert len(first) == 1
    shown = str(first[0].outputs)
    assert "ok" in shown or "violation" in shown
    print(f"{took(first[0]):.2f} s")
    assert took(first[0]) < 2
