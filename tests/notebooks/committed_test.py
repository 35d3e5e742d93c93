"""Notebooks as they are committed: tidy, without what a run leaves in them."""

import re

import nbformat
import pytest
from execute import NOTEBOOKS, all_notebooks

PATHS = all_notebooks()


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return request.param


def notebook(path):
    return nbformat.read(path, as_version=4)


def test_the_file_is_as_nbformat_writes_it(path):
    """So that a change of one word is a change of one line."""
    assert path.read_text() == nbformat.writes(notebook(path)) + "\n"
    nbformat.validate(notebook(path))


def test_nothing_of_a_run_is_in_it(path):
    kept = notebook(path)
    assert set(kept.metadata) == {"kernelspec", "language_info"}
    assert kept.metadata.kernelspec.name == "python3"
    assert kept.metadata.language_info == {"name": "python"}
    for cell in kept.cells:
        assert set(cell.metadata) <= {"tags"}, cell.id
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None, cell.id


def test_it_begins_with_its_title_and_asserts_what_it_claims(path):
    cells = notebook(path).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith(f"# {path.stem[0]}. ")
    assert any("assert " in cell.source for cell in cells if cell.cell_type == "code")
    words = [cell for cell in cells if cell.cell_type == "markdown"]
    assert len(words) * 2 >= len(cells) - 2, "a notebook explains what it runs"


def test_it_needs_nothing_that_typesets_formulae(path):
    """Pages load nothing: a formula is words, italics and superscripts."""
    for cell in notebook(path).cells:
        if cell.cell_type == "markdown":
            assert re.findall(r"\$[^$]+\$|\\\(|\\\[", cell.source) == [], cell.id


def test_links_to_neighbours_lead_somewhere(path):
    for cell in notebook(path).cells:
        for goal in re.findall(r"\]\(([^)]+)\)", cell.source):
            assert goal.startswith("https://") or (NOTEBOOKS / goal).exists(), goal


def test_the_readme_names_every_notebook():
    readme = (NOTEBOOKS / "README.md").read_text()
    assert PATHS and [path.name for path in PATHS if f"({path.name})" not in readme] == []
