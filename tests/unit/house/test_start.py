"""What a server imports before it is ready: nothing that it does not need for that."""

import json
import subprocess
import sys
from typing import NamedTuple

import pytest

LATER = ("alembic", "pandas", "plotly", "pyarrow", "scipy.linalg", "scipy.special", "sklearn")
"""Libraries of reports, of files and of learning, and what migrates a database."""
STARTED = """
import gc, json, sys
sys.orig_argv = ["python", "/somewhere/bin/bentoml", "serve"]
import valuebox.service
from valuebox.models.boosters import xgb
print(json.dumps([list(sys.modules), gc.isenabled(), gc.get_freeze_count()]))
"""


class Started(NamedTuple):
    """A process that has imported the service and what a model needs, as workers do."""

    modules: list[str]
    looks_for_garbage: bool
    frozen: int
    """Objects among which it does not look for any."""


@pytest.fixture(scope="module")
def started() -> Started:
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Started(*json.loads(done.stdout))


@pytest.mark.parametrize("library", LATER)
def test_a_server_starts_without_what_only_some_requests_need(
    started: Started, library: str
) -> None:
    assert library not in started.modules


def test_reports_are_imported_when_they_are_asked_for(started: Started) -> None:
    assert {"valuebox.compartments.growth.api", "xgboost"} <= set(started.modules)
    assert "valuebox.compartments.growth.building" not in started.modules


def test_garbage_is_looked_for_but_not_among_what_is_imported(started: Started) -> None:
    assert started.looks_for_garbage
    assert started.frozen > 100_000
