import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.services import ROOT, Service

pytestmark = pytest.mark.slow("src/valuebox/compartments", "tests/support/schemathesis_hooks.py")

HOOKS = ROOT / "tests/support/schemathesis_hooks.py"
# Another one finds other things; with this one they are found again.
SEED = 20190801


def test_what_the_document_allows_is_answered_as_it_says_and_the_rest_refused(
    service: Service, tmp_path: Path, fuzz_examples: int
) -> None:
    before = service.count_rows()
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/docs.json"]
    command += ["--max-examples", str(fuzz_examples), "--seed", str(SEED), "--no-color"]
    # The service that is attacked here is open. NUL characters no schema can keep out of
    # values below unknown columns; the corpus sends them.
    command += ["--exclude-checks", "ignored_auth", "--generation-allow-x00", "false"]
    done = subprocess.run(
        [*command, "--continue-on-failure"],
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    (sent,) = re.findall(r"([\d,]+) generated", done.stdout)
    assert int(sent.replace(",", "")) > 4 * fuzz_examples
    after = service.count_rows()
    assert after["ltv_features"] == after["ltv_predictions"] > before["ltv_predictions"]
    assert after["ltv_outcomes"] > before["ltv_outcomes"]
