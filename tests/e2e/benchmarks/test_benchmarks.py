import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.services import ROOT

pytestmark = pytest.mark.slow(
    "benchmarks/accuracy/cohort_error.py", "src/valuebox/compartments/ltv"
)

# The ones that need no library beyond the project's own.
LIGHT = "valuebox,linear regression,segment and STV means,segment means,XGBoost"


def run(*arguments: object) -> str:
    command = [sys.executable, "-m", "benchmarks.accuracy.cohort_error", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_cohort_errors_are_measured_in_every_world_and_printed(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    size = ["--users-per-day", 30, "--seeds", 1, "--contenders", LIGHT]
    run("run", results, *size, "--worlds", "new")
    first = results.read_text()
    run("run", results, *size, "--worlds", "new,tiny")
    assert results.read_text().startswith(first), "what was there was run again"
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    assert [(row["world"], row["contender"]) for row in rows] == [
        (world, name) for world in ("new", "tiny") for name in ("oracle", *LIGHT.split(","))
    ]
    found = {row["contender"]: row["parts"]["valid"] for row in rows if row["world"] == "new"}
    assert "CA" in found["oracle"]["month"]
    by_day = {name: sum(errors["day"].values()) for name, errors in found.items()}
    assert by_day["oracle"] < by_day["segment means"]
    assert by_day["valuebox"] < by_day["segment means"]
    inside, total = found["valuebox"]["coverage"]["day all"]
    assert total > 150
    assert 0.8 < inside / total <= 1

    printed = run("tables", results)
    ratio = sum(found["valuebox"]["month"].values()) / sum(found["oracle"]["month"].values())
    by_month = printed.split("### By month")[1].split("###")[0]
    world = next(line for line in by_month.splitlines() if line.startswith("| new |"))
    assert f"{ratio:.2f} / " in world


def test_the_files_of_a_folder_are_compared(data_dir: Path) -> None:
    lines = run("files", data_dir).splitlines()
    assert [line.split(" | ")[0] for line in lines if line.startswith("| ")] == [
        "| ",
        "| ---",
        "| valuebox",
        "| linear regression",
        "| segment and STV means",
        "| segment means",
    ]
