"""`valuebox demo --all`: every compartment shows itself with the commands that anybody types."""

import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from support import warm
from support.dashboards import HTML
from support.services import ROOT

from valuebox.compartments.register import compartments
from valuebox_cli.demo.walk import Walk
from valuebox_cli.terminal.console import Unreachable

KEPT = "the service stays up until Ctrl-C: "
SHOWN = [one for one in compartments() if one.demo is not None]


def test_every_question_that_is_answered_is_shown() -> None:
    asked = {"ltv", "growth", "response", "handle", "offers", "recommend"}
    assert {one.name for one in SHOWN} == asked
    for one in SHOWN:
        module, _, name = str(one.demo).partition(":")
        assert callable(getattr(import_module(module), name))


def test_what_a_command_complains_of_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/valuebox.db"}
    walking = Walk(ROOT / "data", tmp_path, settings, warm.Popen)
    missing = tmp_path / "missing.toml"
    with pytest.raises(Unreachable) as failed:
        walking.valuebox("features", "check", missing)
    assert "`valuebox features` failed" in failed.value.args[0]
    assert any("missing.toml" in line for line in failed.value.args[1:])
    assert "$ valuebox features check missing.toml" in capsys.readouterr().out


@pytest.mark.slow("cli/valuebox_cli", "training")
def test_it_ends_with_a_line_for_each_question_and_a_page_that_tells_of_them(
    tmp_path: Path,
) -> None:
    # As a terminal that is wide enough for a row to be a line.
    environment = {**os.environ, "TMPDIR": str(tmp_path), "COLUMNS": "400"}
    # What is set for a service of one's own is of no account.
    environment |= {"VALUEBOX_MODEL": "ltv:elsewhere", "VALUEBOX_ACCESS": "keys"}
    command = [Path(sys.executable).with_name("valuebox"), "demo", "--all", "--keep"]
    with (tmp_path / "errors").open("w+") as errors:
        demo = warm.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        with demo:
            printed = ""
            for line in demo.stdout:
                printed += line
                if KEPT in line:
                    page = httpx.get(line.split()[-1], headers=HTML).text
                    demo.send_signal(signal.SIGINT)
        assert demo.returncode == 0, (tmp_path / "errors").read_text()
    for told in ("smaller error", "times as often", "better than its baseline"):
        assert told in page
    assert "monitored just now" in page
    before, table = printed.split("What each compartment answers, and whether it is worth it")
    rows = {line.split()[0]: line for line in table.splitlines() if line.strip()}
    for one in SHOWN:
        assert one.question in rows[one.name]
        assert before.count(f"{one.name}: {one.question}") == 2
    assert "by a table of means" in rows["ltv"]
    assert "beyond chance" in rows["growth"]
    assert "were expected" in rows["response"]
    assert "fresh with the feed, degraded once it was killed" in rows["handle"]
    assert "by random choice" in rows["offers"]
    assert "with popular items" in rows["recommend"]
    assert "the service has stopped" in table
    assert not list(tmp_path.glob("valuebox-demo-*"))
