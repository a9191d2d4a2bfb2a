"""The folder of a service goes with it, also where the service was killed."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from valuebox.worker import shared_folder

_SERVICE = """
import sys
from valuebox.worker import shared_folder
{0}
print(shared_folder.shared_folder(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which services have theirs, and which no other test has."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv(shared_folder.FOLDER_VARIABLE, raising=False)
    return tmp_path


def started(of: Path | None = None) -> "tuple[subprocess.Popen[str], Path]":
    """A service, or a worker of the service that has a folder."""
    code = _SERVICE.format("" if of else "shared_folder.prepare()")
    own = {shared_folder.FOLDER_VARIABLE: str(of)} if of else {}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | own, text=True, **pipes
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def killed(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def test_what_a_killed_service_has_left_goes_once_no_worker_uses_it(temporary: Path) -> None:
    service, folder = started()
    (folder / "counters.db").touch()
    worker, same = started(folder)
    assert same == folder
    shared_folder.sweep()
    killed(service)
    shared_folder.sweep()
    assert (folder / "counters.db").exists()
    killed(worker)
    shared_folder.sweep()
    assert list(temporary.iterdir()) == []


def test_what_may_be_of_somebody_else_stays(temporary: Path) -> None:
    of_others = temporary / "elsewhere"
    of_others.mkdir(mode=0o700)
    (of_others / "in-use").touch()
    (temporary / "valuebox-link").symlink_to(of_others)
    earlier, shared = temporary / "valuebox-earlier", temporary / "valuebox-shared"
    earlier.mkdir(mode=0o700)
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "in-use").touch()
    (temporary / "valuebox-file").touch()
    before = sorted(temporary.rglob("*"))
    shared_folder.sweep()
    assert sorted(temporary.rglob("*")) == before
