#!/usr/bin/python3
"""Executes notebooks headless: `make notebooks`.

For each, the executed copy is left in --out, as a notebook and as a page (HTML), and its figures in
a folder of its name. Exit code 0: all went well; 1: a cell failed, which is shown; 2: usage.
"""

import argparse
import base64
import os
import re
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from kernel import environment
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
#: No notebook takes longer, in seconds.
LONGEST = 120
#: nbconvert's page without what it would load: require.js is for widgets and MathJax for formulae, of
#: which the notebooks have none.
_PAGE = """{% extends 'lab/index.html.j2' %}
{% block html_head_js %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}"""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Executed(NamedTuple):
    """A notebook with its outputs, and how long it took (seconds), the kernel's start included.
    `failure`: the cell and its traceback; empty: none."""

    notebook: Any
    seconds: float
    failure: str


def all_notebooks() -> list[Path]:
    """Those of the product, in their order."""
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def execute(path: Path, build: Path, folder: Path) -> Executed:
    """Executes a notebook with the package of the build folder `build`, in the notebook's own
    folder. `folder`: what the kernel needs is kept there, so that nobody's own settings count."""
    os.environ.update(environment(build, folder / "jupyter"), IPYTHONDIR=str(folder / "ipython"))
    os.environ.pop("MPLBACKEND", None)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=LONGEST, kernel_name="python3", record_timing=True,
                            resources={"metadata": {"path": str(path.parent)}})
    start, failure = time.monotonic(), ""
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        failure = _told(notebook, error)
    return Executed(notebook, time.monotonic() - start, failure)


def _told(notebook: Any, error: Exception) -> str:
    """The cell that failed, and why, without colours."""
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                source = "\n".join(f"    {line}" for line in cell.source.splitlines())
                traceback = _COLOURS.sub("", "\n".join(output.traceback))
                return f"cell {number} ({cell.id}):\n{source}\n\n{traceback}"
    return _COLOURS.sub("", f"{type(error).__name__}: {error}")


def figures(notebook: Any) -> list[bytes]:
    """The images that its cells made (PNG), in their order."""
    return [base64.b64decode(output.data["image/png"]) for cell in notebook.cells
            for output in cell.get("outputs", ()) if "image/png" in output.get("data", {})]


def page(notebook: Any, name: str) -> str:
    """The notebook as a page (HTML) that loads nothing: it is whole where there is no network."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(raw_template=_PAGE)
    return exporter.from_notebook_node(notebook, {"metadata": {"name": name}})[0]


def leave(executed: Executed, name: str, out: Path) -> int:
    """Leaves the executed copy, its page and its figures; how many figures there are."""
    nbformat.write(executed.notebook, out / f"{name}.ipynb")
    (out / f"{name}.html").write_text(page(executed.notebook, name), encoding="utf-8")
    images = figures(executed.notebook)
    folder = out / name
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    for number, image in enumerate(images, 1):
        (folder / f"figure-{number:02}.png").write_bytes(image)
    return len(images)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of notebooks/")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release",
                        help="the build folder with the package (default: build/release)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "notebooks",
                        help="where executed copies go (default: build/notebooks)")
    chosen = parser.parse_args()
    for path in chosen.notebooks:
        if not path.is_file():
            parser.error(f"{path}: there is no such notebook; there are "
                         f"{', '.join(each.name for each in all_notebooks())}")
    out = chosen.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    failed = []
    for path in chosen.notebooks or all_notebooks():
        print(f"{path.stem:<32}", end="", flush=True)
        executed = execute(path.resolve(), chosen.build, out)
        count = leave(executed, path.stem, out)
        print(f"{executed.seconds:6.1f} s  {count:2} figures"
              f"{'  FAILED' if executed.failure else ''}", flush=True)
        if executed.failure:
            failed.append(path)
            again = f"tests/notebooks/execute.py {os.path.relpath(path.resolve(), ROOT)}"
            print(f"\n{executed.failure}\n\nrepeat it, from {ROOT}: {again}\n", file=sys.stderr)
    print(f"executed copies and figures: {out}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
