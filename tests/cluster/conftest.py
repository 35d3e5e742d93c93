"""pytest tests/cluster --server … --cli … --sim …: the binaries of build/release/bin if not said."""

import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from local_cluster import Binaries, LocalCluster  # noqa: E402

# Elections as quick as a busy machine permits: most tests want many of them.
QUICK = {"election-timeout-ms": 400, "wal-segment-mb": 1}


def pytest_addoption(parser):
    for name in ("server", "cli", "sim"):
        parser.addoption(f"--{name}", default=None)
    parser.addoption("--seed", type=int, default=None, help="of faults and clients")


def pytest_configure():
    # ctest's time-out and `kill` end a run in good order too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


@pytest.fixture(scope="session")
def binaries(request):
    return Binaries(*(request.config.getoption(f"--{name}") for name in ("server", "cli", "sim")))


@pytest.fixture
def seed(request):
    """Another in every run; printed with a failure."""
    chosen = request.config.getoption("--seed")
    if chosen is None:
        chosen = int.from_bytes(os.urandom(4), "big")
    print(f"seed: {chosen} (repeat the faults, though not the timing, with --seed {chosen})")
    return chosen


@pytest.fixture
def cluster_of(binaries):
    def make(nodes, fault_injection=True, **options):
        named = {name.replace("_", "-"): value for name, value in options.items()}
        return LocalCluster(nodes, binaries, {**QUICK, **named}, fault_injection)

    return make
