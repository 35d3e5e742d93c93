"""What the notebooks stand on: the kernel that they get, and how a failure is told."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from execute import execute
from kernel import PYTHON, environment
from pages import loaded

HERE = Path(__file__).parent


@pytest.fixture
def written(tmp_path):
    """Writes a notebook of some cells."""
    def write(*cells, name="some"):
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells]), path)
        return path

    return write


def test_the_kernel_is_debians_python_with_the_package_as_built(
        written, build, tmp_path, monkeypatch):
    other = tmp_path / "bin" / "python3"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\nexit 9\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", f"{other.parent}:/usr/bin:/bin")
    monkeypatch.setenv("MPLBACKEND", "agg")  # which shows nothing
    seen = execute(written("import sys, synchrodb, matplotlib\n"
                           "print(sys.executable, synchrodb.__file__, matplotlib.get_backend())"),
                   build, tmp_path)
    assert not seen.failure, seen.failure
    assert seen.notebook.cells[0].outputs[0].text.split() == [
        PYTHON, str(build.resolve() / "python/synchrodb/__init__.py"),
        "module://matplotlib_inline.backend_inline"]


def test_a_failing_cell_is_told_with_its_traceback(written, build, tmp_path):
    told = execute(written("seen = 3", "assert seen == 4"), build, tmp_path).failure
    assert told.startswith("cell 2 (") and "    assert seen == 4\n" in told
    assert "AssertionError" in told and "\x1b" not in told


def test_a_kernel_that_dies_is_told(written, build, tmp_path):
    told = execute(written("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), build,
                   tmp_path).failure
    assert "DeadKernelError" in told


def run(*arguments):
    return subprocess.run([sys.executable, "-B", HERE / "execute.py", *arguments],
                          capture_output=True, text=True, timeout=120)


def test_the_command_leaves_copies_and_figures_and_goes_on_after_a_failure(
        written, build, tmp_path):
    bad = written("1 / 0", name="bad")
    good = written("from matplotlib import pyplot\npyplot.plot([1, 2]);", name="good")
    out = tmp_path / "out"
    done = run(bad, good, "--build", build, "--out", out)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "repeat it" in done.stderr and "bad.ipynb" in done.stderr.splitlines()[-2]
    assert "FAILED" in done.stdout and "1 figures" in done.stdout
    for name in ("bad", "good"):
        assert "outputs" in (out / f"{name}.ipynb").read_text()
        assert "<html>" in (out / f"{name}.html").read_text()
    assert [figure.name for figure in (out / "good").iterdir()] == ["figure-01.png"]


@pytest.mark.parametrize(("html", "seen"), [
    ('<a href="https://jepsen.io/">there</a><img src="data:image/png;base64,AA">', []),
    ('<script src="https://cdn.example/MathJax.js"></script>', ["https://cdn.example/MathJax.js"]),
    ('<script src="file:///usr/share/require.js"></script>', ["file:///usr/share/require.js"]),
    ('<link rel="stylesheet" href="http://a.example/b.css">', ["http://a.example/b.css"]),
    ("<style>@import 'https://a.example/b.css'; i { background: url(data:x) }</style>",
     ["https://a.example/b.css"]),
    ('<p style="background: url(\'//a.example/b.png\')">', ["//a.example/b.png"]),
    ('<iframe srcdoc="<img src=\'http://a.example/b.png\'>"></iframe>', ["http://a.example/b.png"]),
    ("<script>fetch('https://a.example/')</script>", ["fetch('https://a.example/')"]),
])
def test_what_a_page_loads_is_seen(html, seen):
    assert loaded(html) == seen


def test_a_notebook_that_is_not_there_is_a_usage_error(build):
    done = run("nowhere.ipynb", "--build", build)
    assert done.returncode == 2
    assert "there is no such notebook" in done.stderr and "1_first_run.ipynb" in done.stderr


def test_without_a_build_it_says_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match="no package in .*; build it: make build"):
        environment(tmp_path, tmp_path)
