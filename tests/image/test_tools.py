"""The image of the command line, which jobs beside the service run."""

import subprocess
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from support.containers import docker
from support.services import ROOT

from valuebox import __version__

IMAGE = "valuebox-tools:test"
Told = tuple[int, str]


@pytest.fixture(scope="module")
def command() -> Iterator[Callable[..., Told]]:
    """Runs a command as a job does, as nobody and on a file system of its own volume."""
    subprocess.run(
        ["make", "image-tools", f"TOOLS_IMAGE={IMAGE}"], cwd=ROOT, check=True, timeout=900
    )
    volume = f"valuebox-{uuid4().hex}"

    def run(*arguments: str) -> Told:
        alone = ("--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp")
        stored = (
            "--volume",
            f"{volume}:/data",
            "--env",
            "DATABASE_URL=sqlite:////data/valuebox.db",
        )
        done = subprocess.run(
            ["docker", "run", *alone, *stored, IMAGE, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    yield run
    docker("volume", "rm", "--force", volume)


def test_it_migrates_watches_and_tidies(command: Callable[..., Told]) -> None:
    assert command("--version") == (0, f"valuebox {__version__}\n")
    code, told = command("db", "upgrade")
    assert code == 0, told
    code, told = command("db", "check")
    assert code == 0, told
    # Nothing is stored yet, so that whether users have drifted is not known.
    code, told = command("monitor")
    assert code == 3, told
    code, told = command("keys", "create", "nightly-scoring", "--scope", "predict")
    assert code == 0, told
