"""What the test processes of a run make once: whoever needs it first makes it, others take it."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import bentoml

FOLDER: Final = "FOLDER_OF_TEST_RUN"
"""Variable with the folder that all processes of a run share; `tests/conftest.py` sets it."""


def once(name: str, make: Callable[[Path], None]) -> Path:
    """A folder that one process has filled, while the others that need it waited."""
    shared = Path(os.environ[FOLDER])
    made, begun = shared / name, shared / f"{name} begun"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            begun.mkdir()
            make(begun)
            begun.rename(made)
    return made


def learned_once(name: str, learn: Callable[[], str]) -> str:
    """Tag of a model in the store of this process, though another one may have learned it."""

    def make(folder: Path) -> None:
        tag = learn()
        bentoml.models.export_model(tag, str(folder / "model.tar"))
        (folder / "tag").write_text(tag)

    folder = once(name, make)
    tag = (folder / "tag").read_text()
    if tag not in {str(one.tag) for one in bentoml.models.list()}:
        bentoml.models.import_model(str(folder / "model.tar"))
    return tag
