"""The run of docs/serving-speed.md, in short, with what needs no other environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.services import ROOT

pytestmark = pytest.mark.slow("benchmarks/serving", "src/valuebox/compartments/ltv")


def test_the_limit_and_ours_are_right_and_measured(model_tag: str, tmp_path: Path) -> None:
    document = tmp_path / "serving-speed.md"
    document.write_text("# Speed\n\n## Figures\n\nof old\n\n## Others\n\nstay\n")
    command = [sys.executable, "-m", "benchmarks.serving", "--short"]
    command += ["--model", model_tag, "--into", str(document)]
    command += ["--only", "the limit", "--only", "the limit, in our tables", "--only", "valuebox"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=environment, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    text = document.read_text()
    assert text.startswith("# Speed\n\n## Figures\n")
    assert text.endswith("## Others\n\nstay\n")
    assert "of old" not in text
    assert "fsync on, synchronous_commit on" in text
    assert "| 1 × 16 | valuebox | no error | 0 | reached |" in text
    overview = text.split("| rows/s ÷ the limit |")[1].splitlines()
    assert overview[2] == "| the limit | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 |"
    for line in overview[3:5]:
        assert all(float(ratio.strip(" |")) > 0 for ratio in line.split(" | ")[1:])
