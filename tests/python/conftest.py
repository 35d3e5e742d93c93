"""What the tests of the Python package share."""

import subprocess
import sys
import time

import hypothesis
import pytest

# No folder beside the sources that remembers failures.
hypothesis.settings.register_profile("here", database=None)
hypothesis.settings.load_profile("here")


@pytest.fixture
def python():
    """Runs a program in a process of its own; gives its output."""
    def run(code, **how):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                              timeout=120, **how)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def eventually():
    """Waits until something is so."""
    def wait(condition, seconds=20):
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, "it did not come to be so"
            time.sleep(0.02)

    return wait
