"""`valuebox recommend plan`."""

import json
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from valuebox_cli.recommend.planning import plan


def told(*options: str) -> Result:
    app = typer.Typer()
    app.command()(plan)
    return CliRunner().invoke(app, options)


def test_it_says_how_many_sessions_and_days_it_takes() -> None:
    found = told("0.036", "--margin", "0.05", "--sessions-a-day", "20000")
    assert found.exit_code == 0
    assert found.stdout.startswith("132,4")
    assert "14 days" in found.stdout


def test_the_guide_shows_what_it_says() -> None:
    guide = (Path(__file__).parents[4] / "docs" / "recommend-proof.md").read_text()
    shown = re.search(r"^    (.*)\n\n```text\n([^`]*)```", guide, re.MULTILINE)
    assert shown is not None
    command, printed = shown.groups()
    options = command.removeprefix("valuebox recommend plan ").split()
    assert told(*options).stdout.replace("\N{NO-BREAK SPACE}", " ") == printed
    for sessions, asked in (("7,420", ["0.4"]), ("11,129", ["4", "--deviation", "6"])):
        assert told(*asked).stdout.startswith(f"{sessions} sessions")
        assert sessions in guide


def test_programs_read_it_as_json() -> None:
    found = json.loads(told("4", "--deviation", "5.5", "--json").stdout)
    assert found["sessions"] > 5_000
    assert found["days"] is None


@pytest.mark.parametrize("options", [("4",), ("0.1", "--margin", "2")])
def test_a_plan_that_cannot_be_is_bad_input(options: tuple[str, ...]) -> None:
    assert told(*options).exit_code == 2
