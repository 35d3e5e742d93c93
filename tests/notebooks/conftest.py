"""What the tests of the notebooks share."""

import os
import sys
from pathlib import Path

import pytest

# Pages are read alike, whoever made them: tests/python/pages.py.
sys.path.append(str(Path(__file__).resolve().parents[1] / "python"))


@pytest.fixture
def build():
    """The build folder with the package."""
    root = Path(__file__).resolve().parents[2]
    return Path(os.environ.get("SYNCHRODB_BUILD", root / "build" / "release"))
