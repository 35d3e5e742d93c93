"""The house has these wings and no others, and each has its sign: a README of at most a page.

A page is a number of lines, and of words outside tables: sim/README.md must carry the fault table.
"""

import subprocess
from pathlib import Path

TOP_FOLDERS = {
    ".ci", "bindings", "cmd", "consensus", "engine", "experiments", "net", "notebooks", "sim",
    "tests",
}
READMES = [
    "README.md", "bindings/python/README.md", "cmd/README.md", "consensus/README.md",
    "engine/README.md", "experiments/README.md", "net/README.md", "notebooks/README.md",
    "sim/README.md", "tests/README.md",
]
PAGE_LINES = 110
PAGE_WORDS = 800


def tracked_files(root):
    listing = subprocess.run(
        ["git", "-C", str(root), "-c", f"safe.directory={root}", "ls-files", "-z"],
        check=True, capture_output=True, text=True,
    ).stdout
    return [name for name in listing.split("\0") if name]


def check(root, tracked=None):
    tracked = tracked_files(root) if tracked is None else tracked
    problems = []
    for folder in sorted({name.split("/")[0] for name in tracked if "/" in name} - TOP_FOLDERS):
        problems.append(f"{folder}/: not one of the project's top-level folders")
    for name in READMES:
        path = Path(root) / name
        if not path.is_file():
            problems.append(f"{name}: missing")
            continue
        text = path.read_text(encoding="utf-8")
        prose = [line for line in text.splitlines() if not line.startswith("|")]
        lines, words = text.count("\n"), len(" ".join(prose).split())
        if words < 20:
            problems.append(f"{name}: says nothing")
        if name != "README.md" and (lines > PAGE_LINES or words > PAGE_WORDS):
            problems.append(f"{name}: {lines} lines, {words} words: more than a page")
    return problems
