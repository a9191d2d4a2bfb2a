"""The benchmarks, run for a short time."""

import os
import re
import subprocess
import sys

from support.services import ROOT


def run(benchmark: str, *arguments: object) -> str:
    """What a benchmark printed."""
    command = [sys.executable, "-m", f"benchmarks.reliability.{benchmark}", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=environment, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def figures(markdown: str) -> dict[str, list[str]]:
    """The rows of its tables, by what they begin with."""
    lines = re.findall(r"^\| (.+) \|$", markdown, re.MULTILINE)
    return {name: rest for name, *rest in (line.split(" | ") for line in lines)}


def assert_stored_once(markdown: str) -> None:
    """A run of the kills, one of each kind on one database, has lost and doubled nothing."""
    found = {name: value for name, (value, *_) in figures(markdown).items()}
    assert found["killed, together"] == "3"
    assert found["killed: the whole server, between commit and answer"] == "1"
    assert found["caught between commit and answer, and then answered from the stored rows"] == "1"
    assert found["rows sent to be predicted"] == found["rows in `ltv_features`"] != "0"
    assert found["**lost rows**"] == found["**rows stored twice**"] == "0"
