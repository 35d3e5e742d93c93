"""The package as others get it: installed, typed."""

import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from synchrodb import _core, _net

ROOT = Path(__file__).resolve().parents[2]
STUBS = ROOT / "bindings/python/synchrodb"


@pytest.mark.parametrize("module", [_core, _net], ids=["_core", "_net"])
def test_the_stub_names_what_the_module_has(module):
    text = (STUBS / f"{module.__name__.rpartition('.')[2]}.pyi").read_text()
    stubbed = set(re.findall(r"^(?:class|def) (\w+)", text, re.MULTILINE))
    made = {name for name in vars(module) if not name.startswith("_")}
    assert stubbed == made
    for name in sorted(made):
        value = getattr(module, name)
        if not inspect.isclass(value) or issubclass(value, Exception):
            continue
        body = re.search(rf"^class {name}\b.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL).group()
        members = {m for m in vars(value) if not m.startswith("_")}
        assert set(re.findall(r"    def ([a-z]\w*)", body)) == members, name


def test_the_stub_type_checks(tmp_path):
    if shutil.which("mypy") is None:
        pytest.skip("needs mypy")
    (tmp_path / "use.py").write_text(
        "import synchrodb\nfrom synchrodb import _core\n"
        "plan: _core.Plan = synchrodb.generate_plan(1, synchrodb.PlanShape(nodes=3))\n"
        "events: int = _core.run(plan).result.events\n")
    done = subprocess.run(
        ["mypy", "--python-executable", sys.executable, "--ignore-missing-imports",
         "--follow-imports=silent", "--cache-dir", tmp_path / "cache", "use.py"], cwd=tmp_path,
        env={**os.environ, "MYPYPATH": os.environ["PYTHONPATH"]}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_pip_installs_it_offline(tmp_path):
    # Not the tree itself: building a package leaves files in it.
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("pyproject.toml", "setup.py"):
        shutil.copy2(ROOT / name, tree)
    shutil.copytree(ROOT / "bindings", tree / "bindings",
                    ignore=shutil.ignore_patterns("__pycache__"))
    built = Path(_core.__file__).resolve().parents[2]
    target = tmp_path / "target"
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PYTHONPATH": "",
                   "SYNCHRODB_BUILD": str(built)}
    subprocess.run(
        [sys.executable, "-m", "pip", "install", tree, "--no-build-isolation", "--no-deps",
         "--target", target, "--quiet", "--disable-pip-version-check"],
        check=True, env=environment, capture_output=True)
    code = ("import synchrodb as sdb; "
            "print(sdb.__file__, sdb.Test(nodes=3, time_limit=8).simulate(1).verdict)")
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True,
                          env={**environment, "PYTHONPATH": str(target)}, cwd=tmp_path).stdout
    assert said.split() == [str(target / "synchrodb/__init__.py"), "ok"]
    assert (target / "synchrodb/py.typed").exists() and (target / "synchrodb/_core.pyi").exists()
    assert (target / "synchrodb/workloads").is_dir()
