"""The tutorial of lifetime values, command by command, as somebody would who reads it."""

import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.services import ROOT

from valuebox_cli.server import serving

GUIDE = ROOT / "docs" / "ltv.md"
ADDRESS = "http://127.0.0.1:3000"


@pytest.mark.slow
def test_every_command_does_what_the_tutorial_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/valuebox.db")
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "bentoml"))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    (tmp_path / "data").symlink_to(ROOT / "data")
    commands = re.findall(r"^    (.+)$", GUIDE.read_text(), re.MULTILINE)
    assert {one.split()[0] for one in commands} == {"valuebox", "bentoml", "curl"}
    said = {}
    with ExitStack() as stack:
        for command in commands:
            if command == "bentoml serve":
                address = stack.enter_context(serving(".", ROOT, {}))
                monkeypatch.setenv("VALUEBOX_URL", address)
                continue
            done = subprocess.run(
                ["sh", "-ec", command.replace(ADDRESS, address if "curl" in command else "")],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode in ((0, 1, 3) if "monitor" in command else (0,)), done.stderr
            said[command.split()[1] if "curl" not in command else "curl"] = done.stdout
    assert '"prediction"' in said["curl"]
    assert "base" in said["train"]
    assert (tmp_path / "valid.html").stat().st_size > 10_000
