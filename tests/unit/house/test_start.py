"""What a server imports before it is ready: nothing that it does not need for that."""

import json
import subprocess
import sys

import pytest

LATER = ("alembic", "pandas", "plotly", "pyarrow", "scipy.special", "sklearn")
"""Libraries of reports, of files and of learning, and what migrates a database."""
STARTED = """
import json, sys
sys.orig_argv = ["python", "/somewhere/bin/bentoml", "serve"]
import valuebox.service
from valuebox.models.boosters import xgb
print(json.dumps(list(sys.modules)))
"""


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """Modules of a process that has imported the service and what a model needs, as workers do."""
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("library", LATER)
def test_a_server_starts_without_what_only_some_requests_need(
    imported: set[str], library: str
) -> None:
    assert library not in imported


def test_reports_are_imported_when_they_are_asked_for(imported: set[str]) -> None:
    assert {"valuebox.compartments.growth.api", "xgboost"} <= imported
    assert "valuebox.compartments.growth.building" not in imported
