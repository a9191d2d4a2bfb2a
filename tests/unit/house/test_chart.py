"""What the chart for Kubernetes says of valuebox; `make test-chart` renders it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from valuebox import __version__
from valuebox.settings import Settings
from valuebox_cli.main import app

CHART = Path(__file__).parents[3] / "ops" / "chart"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())


def test_it_has_the_version_of_what_it_installs() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert [chart["version"], chart["appVersion"]] == [__version__, __version__]


def test_its_settings_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {f"VALUEBOX_{name.upper()}" for name in Settings.model_fields}
    assert set(VALUES["settings"]) <= variables
    for name, value in VALUES["settings"].items():
        monkeypatch.setenv(name, value)
    settings = Settings(database_url=VALUES["database"]["url"])
    assert settings.workers == int(VALUES["settings"]["VALUEBOX_WORKERS"])


@pytest.mark.parametrize("job", VALUES["jobs"])
def test_its_jobs_run_commands_that_need_no_more(job: str) -> None:
    told = CliRunner().invoke(app, [*VALUES["jobs"][job]["command"], "--help"])
    assert told.exit_code == 0, told.output
    assert "[required]" not in told.output
