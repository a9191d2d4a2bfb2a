"""Other packages, each asked in the Python that they are installed in; none where they are not."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from benchmarks.recommend.sets import Sessions

from valuebox_training.recommend.judging import Lists
from valuebox_training.recommend.questions import Question

_HERE: Final = Path(__file__).parent
_PYTHON: Final = _HERE.parents[2] / ".contenders" / "recommend" / "bin" / "python"
_NAMES: Final = ("implicit", "wsknn")


def peers(of: Sessions, questions: Sequence[Question]) -> dict[str, Lists]:
    """Lists of each way of each package, by name."""
    return {name: found["lists"] for name, found in asked(of, questions).items()}


def asked(
    of: Sessions, questions: Sequence[Question], names: Sequence[str] = _NAMES
) -> dict[str, dict[str, Any]]:
    """By the name of each way: its lists, and the seconds that each answer took."""
    if not _PYTHON.exists():
        return {}
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        given, answers = Path(name) / "given.npz", Path(name) / "answers.json"
        lengths = [len(one.seen) for one in questions]
        np.savez(
            given,
            sessions=of.sessions,
            items=of.items,
            times=of.times,
            n_items=len(of.ids),
            seen=np.array([item for one in questions for item in one.seen]),
            begins=np.cumsum([0, *lengths]),
        )
        for one in names:
            command = [
                str(_PYTHON),
                "-W",
                "ignore",
                str(_HERE / f"in_{one}.py"),
                str(given),
                str(answers),
            ]
            subprocess.run(command, check=True)
            found |= json.loads(answers.read_text())
    return found
