"""What the tests of the notebooks share."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def build():
    """The build folder with the package."""
    root = Path(__file__).resolve().parents[2]
    return Path(os.environ.get("SYNCHRODB_BUILD", root / "build" / "release"))
