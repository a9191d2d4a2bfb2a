"""The long runs of docs/reliability.md, in short."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.services import ROOT


def run(script: str, *arguments: object) -> str:
    """What a benchmark printed."""
    command = [sys.executable, str(ROOT / "benchmarks" / script), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def figures(markdown: str) -> dict[str, list[str]]:
    lines = re.findall(r"^\| (.+) \|$", markdown, re.MULTILINE)
    return {name: rest for name, *rest in (line.split(" | ") for line in lines)}


@pytest.mark.parametrize("database", ["PostgreSQL", "SQLite"])
def test_every_way_to_be_killed_leaves_each_request_stored_once(
    tmp_path: Path, database: str
) -> None:
    document = tmp_path / "reliability.md"
    document.write_text("# Reliability\n\n### Chaos run\n\nof old\n\n### Soak\n\nstays\n")
    run("chaos.py", "--kills", 3, "--database", database, "--into", document)
    text = document.read_text()
    assert text.startswith("# Reliability\n\n### Chaos run\n")
    assert text.endswith("### Soak\n\nstays\n")
    assert "of old" not in text
    found = {name: value for name, (value, *_) in figures(text).items()}
    assert found["killed, together"] == "3"
    assert found["killed: the whole server, between commit and answer"] == "1"
    assert found["caught between commit and answer, and then answered from the stored rows"] == "1"
    assert found["rows sent to be predicted"] == found["rows in `ltv_features`"] != "0"
    assert found["**lost rows**"] == found["**rows stored twice**"] == "0"


def test_a_busy_service_is_sampled_and_judged(tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    run("soak.py", "--minutes", 0.15, "--into", document)
    text = document.read_text()
    found = figures(text)
    assert found["memory, MiB"][-1] == "too short to say"
    assert float(found["open descriptors"][0]) > 20
    assert int(found["last third"][0].replace(",", "")) > 0
