"""What is handed out to test processes, and handed out anew where one of them crashes."""

import os
import subprocess
import sys
from pathlib import Path

from support.services import ROOT

PASSES = "def test_{}(): ...\n"
CRASHES = "import os\ndef test_crash(): os._exit(1)\n"
FILES = {
    "test_done.py": PASSES.format("one") + PASSES.format("two"),
    "test_crashing.py": PASSES.format("before") + CRASHES + PASSES.format("after"),
    "test_alone.py": PASSES.format("one"),
    "test_last.py": PASSES.format("one"),
}


def test_what_a_crashed_process_has_left_is_run_and_what_crashed_it_is_not_run_again(
    tmp_path: Path,
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    plugins = ("-p", "xdist", "-p", "support.scheduling", "-p", "no:cacheprovider")
    files = [tmp_path / name for name in FILES]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "--numprocesses", "1", "-rA", *files],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": f"{ROOT}/tests"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "1 failed, 6 passed" in ended.stdout, ended.stdout + ended.stderr
    assert ended.stdout.count("FAILED test_crashing.py::test_crash") == 1
