"""The pytest plugin: seeds for tests, and the line that reproduces a failing run.

It is there wherever the package is installed; elsewhere: `pytest -p synchrodb.pytest_plugin`.

- A test with the argument `synchrodb_seed` runs once for each seed: `--synchrodb-seeds=100` for 0
  to 99, or `40..60` (the end not included), or a single one as `=7`. Without the option: 10.
- `synchrodb_check(run)` fails the test unless the run is ok; `synchrodb_run(test_or_plan, seed)`
  runs and checks in one. Whatever violates is kept as a folder in `--synchrodb-store` (by default
  `.synchrodb` beside pytest's root), with its plan.
- After a failure, also of a test that Hypothesis shrank, the report names the last violating run of
  the test: its verdict, the plan's file, and the line that reproduces it.

    def test_registers_are_linearizable(synchrodb_seed, synchrodb_run):
        synchrodb_run(TEST, seed=synchrodb_seed)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from . import _core

_DEFAULT_SEEDS = "10"


def pytest_addoption(parser: Any) -> None:
    """The options."""
    group = parser.getgroup("synchrodb")
    group.addoption("--synchrodb-seeds", default=_DEFAULT_SEEDS, metavar="N|A..B|=N",
                    help="seeds of tests with synchrodb_seed: 0 to N-1, A to B-1, or only N")
    group.addoption("--synchrodb-store", default=None, metavar="FOLDER",
                    help="where violating runs are kept (default: .synchrodb of the root)")
    group.addoption("--synchrodb-no-store", action="store_true", help="keep none")


def parse_seeds(text: str) -> range:
    """`"5"`: 0 to 4; `"3..6"`: 3 to 5; `"=3"`: 3.

    >>> parse_seeds("3..6"), parse_seeds("=3")
    (range(3, 6), range(3, 4))
    """
    try:
        if text.startswith("="):
            only = int(text[1:])
            chosen = range(only, only + 1)
        elif ".." in text:
            first, last = text.split("..")
            chosen = range(int(first), int(last))
        else:
            chosen = range(int(text))
        if len(chosen) and chosen[0] >= 0:
            return chosen
    except ValueError:
        pass
    raise _core.InvalidInput(f"seeds: {text!r} is neither a count such as 100, nor 40..60, nor =7")


def pytest_generate_tests(metafunc: Any) -> None:
    """A test a seed."""
    if "synchrodb_seed" not in metafunc.fixturenames:
        return
    try:
        chosen = parse_seeds(metafunc.config.getoption("--synchrodb-seeds"))
    except _core.InvalidInput as error:
        raise pytest.UsageError(f"--synchrodb-{error}") from None
    metafunc.parametrize("synchrodb_seed", chosen)


class Violations:
    """The violating runs of one pytest item; the last is what Hypothesis shrank to."""

    def __init__(self):
        self.last: Any = None

    def saw(self, run: Any) -> None:
        """Notes a run."""
        if run.verdict == "violation":
            self.last = run

    def check(self, run: Any) -> Any:
        """Fails unless the run is ok; returns it."""
        __tracebackhide__ = True
        self.saw(run)
        if run.verdict == "violation":
            pytest.fail(f"{run!r}\n{run.detail}", pytrace=False)
        if run.verdict != "ok":
            pytest.fail(f"{run!r}: nothing can be said\n{run.detail}", pytrace=False)
        return run

    def run(self, what: Any, seed: int = 0) -> Any:
        """Simulates a `Test` for a seed, or a `Plan`, and checks it."""
        __tracebackhide__ = True
        from .run import simulate

        return self.check(simulate(what) if isinstance(what, _core.Plan) else what.simulate(seed))


_violations = pytest.StashKey[Violations]()
_current: Violations | None = None


# Of the whole session: Hypothesis runs a test many times, and has no patience with fixtures that
# are not made anew.


@pytest.fixture(scope="session")
def synchrodb_check() -> Any:
    """`synchrodb_check(run)`: fails the test unless the run is ok; returns the run."""
    return lambda run: _current.check(run)


@pytest.fixture(scope="session")
def synchrodb_run() -> Any:
    """`synchrodb_run(test, seed=…)` or `synchrodb_run(plan)`: simulates, and checks."""
    return lambda what, seed=0: _current.run(what, seed)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: Any) -> Any:
    """Notes violating runs, also those that a test looks at itself (`assert simulate(plan).ok`)."""
    global _current
    from . import run as runs

    _current = item.stash[_violations] = Violations()
    runs.on_run = _current.saw
    try:
        yield
    finally:
        _current = runs.on_run = None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Any:
    """Adds to a failure how to reproduce it."""
    outcome = yield
    report = outcome.get_result()
    violations = item.stash.get(_violations, None)
    if call.when != "call" or not report.failed or violations is None or violations.last is None:
        return
    run = violations.last
    lines = [repr(run)]
    if not item.config.getoption("--synchrodb-no-store"):
        lines.append(f"kept in: {_kept(item, run)}")
    if run.reproduce:
        lines.append(f"reproduce: {run.reproduce}")
    report.sections.append(("SynchroDB", "\n".join(lines)))


def _kept(item: Any, run: Any) -> Path:
    from .store import Store

    chosen = item.config.getoption("--synchrodb-store")
    folder = Path(chosen) if chosen else Path(item.config.rootpath) / ".synchrodb"
    return Store(folder).save(run, name=item.name).path
