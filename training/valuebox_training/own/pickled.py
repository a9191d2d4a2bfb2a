"""A fitted estimator as a pickle that a service can load, wherever its code was.

What is installed is named in the pickle, and has to be installed where it is loaded. Modules that
are not, such as one in the current folder, travel within it.
"""

import json
import subprocess
import sys
from collections.abc import Container
from importlib.metadata import packages_distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Final

import cloudpickle
import numpy as np

from valuebox.features.encoder import Matrix
from valuebox.models.estimators import Estimator, Pipeline, numbers_of
from valuebox_training.own import fresh
from valuebox_training.own.factory import BadPipeline

_SECONDS: Final = 300
_OURS: Final = ("__main__", "valuebox", "valuebox_training", "valuebox_cli")


def pickled(estimator: Any, factory: str, rows: Matrix) -> tuple[Estimator, list[str]]:
    """An estimator with its pickle, proved in a fresh process.

    That process starts in another folder, without what this one has on its path; there the pickle
    has to load, and to say the same.

    Args:
        estimator: Fitted.
        factory: What made it.
        rows: Rows that it is asked about, `(n_rows, n_columns)`.

    Returns:
        The estimator, and warnings.

    Raises:
        BadPipeline: when it cannot be pickled, or is another one when it is loaded.
    """
    content = _content(estimator)
    with TemporaryDirectory() as folder:
        found = _asked(Path(folder), content, rows, type(estimator).__name__)
    here = numbers_of(estimator, rows)
    if not np.allclose(found["said"], here, rtol=1e-5, atol=1e-5):
        raise BadPipeline(
            f"{type(estimator).__name__} says something else in another process than in this one"
        )
    warnings = []
    if found["printed"]:
        warnings.append(
            f"{type(estimator).__name__}.predict prints, and a service would too, with every "
            f"request: {found['printed'].splitlines()[0]}"
        )
    about = Pipeline(factory=factory, estimator=type(estimator).__name__, needs=found["needs"])
    return Estimator(estimator, content, about), warnings


def _content(estimator: Any) -> bytes:
    installed = {*_OURS, *packages_distributions()}
    travelling = [one for one in list(sys.modules.values()) if _travels(one, installed)]
    for module in travelling:
        cloudpickle.register_pickle_by_value(module)
    try:
        content: bytes = cloudpickle.dumps(estimator)
    except Exception as error:
        raise BadPipeline(
            f"{type(estimator).__name__} cannot be pickled: {type(error).__name__}: {error}"
        ) from error
    finally:
        for module in travelling:
            cloudpickle.unregister_pickle_by_value(module)
    return content


def _travels(module: Any, installed: Container[str]) -> bool:
    """Whether a module lies below the current folder, and belongs to no installed package."""
    if not isinstance(module, ModuleType) or not (file := getattr(module, "__file__", None)):
        return False
    if module.__name__.partition(".")[0] in installed:
        return False
    path = Path(file).resolve()
    return path.is_relative_to(Path.cwd().resolve()) and not path.is_relative_to(sys.prefix)


def _asked(folder: Path, content: bytes, rows: Matrix, name: str) -> dict[str, Any]:
    """What the estimator says in a process of its own; see `fresh`."""
    (folder / fresh.PICKLE).write_bytes(content)
    np.save(folder / fresh.ROWS, rows)
    command = [sys.executable, "-I", "-m", fresh.__name__, str(folder)]
    try:
        ended = subprocess.run(  # noqa: S603
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise BadPipeline(
            f"{name} did not answer for {len(rows):,} rows within {_SECONDS} s, in a process of "
            "its own"
        ) from None
    if ended.returncode:
        why = ended.stderr.strip().splitlines()[-1:] or ["it was killed"]
        raise BadPipeline(
            f"{name} works in this process, and would not in a service: {why[0]}; what it imports "
            "has to be installed, or to lie in the current folder"
        )
    found: dict[str, Any] = json.loads((folder / fresh.ANSWER).read_text())
    return found | {"printed": ended.stdout}
