"""Data that is not ours to ship, where it is there."""

import os
from pathlib import Path

import pytest

VARIABLE = "REAL_DATA"
"""Names the folder; `.ci/run` sets it where there is one."""


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder; without it the test is skipped."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        pytest.skip(f"{VARIABLE} names no folder with real data")
    return Path(folder)
