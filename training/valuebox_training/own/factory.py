"""A factory of estimators, named as `module:factory`: imported, called, and fitted."""

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, Final

from valuebox.errors import ValueboxError
from valuebox.features.encoder import Matrix
from valuebox.models.estimators import BadEstimator, numbers_of
from valuebox.statistics.arrays import Floats

_NAME: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_METHODS: Final = ("fit", "predict")


class BadPipeline(ValueboxError):
    """A pipeline of one's own cannot be learned, kept or served; the message says why."""


@contextmanager
def current_folder_first() -> Iterator[None]:
    """In the block, modules of the current folder can be imported, as by `python -m`."""
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def made_by(factory: str) -> Any:
    """An unfitted estimator of a factory.

    Args:
        factory: `module:factory`; the module is installed, or lies in the current folder.

    Raises:
        BadPipeline: when there is no such factory, or it makes no estimator.
    """
    if not _NAME.fullmatch(factory):
        raise BadPipeline(f"{factory!r} is not of the form module:factory, such as mine:ridge")
    name, _, attribute = factory.partition(":")
    with _told(f"{name} cannot be imported"):
        module = importlib.import_module(name)
    make = getattr(module, attribute, None)
    if not callable(make):
        what = f"is no function, but {type(make).__name__}" if make is not None else "is not there"
        raise BadPipeline(f"{factory}: {attribute} {what}, in {module.__file__ or name}")
    with _told(f"{factory} cannot be called without arguments"):
        estimator = make()
    if isinstance(estimator, type):
        raise BadPipeline(
            f"{factory} returns the class {estimator.__name__}, instead of an estimator"
        )
    if lacking := [one for one in _METHODS if not callable(getattr(estimator, one, None))]:
        raise BadPipeline(
            f"{factory} returns {type(estimator).__name__}, which has no {' and no '.join(lacking)}"
        )
    return estimator


def fitted(estimator: Any, matrix: Matrix, target: Floats) -> Any:
    """The estimator, once it has learned, and predicts by one thread where it can be told to.

    A service answers requests side by side: threads of each would be in the way of the others.

    Args:
        estimator: Unfitted.
        matrix: What an encoder makes of rows, `(n_rows, n_columns)`; NaN is a missing number.
        target: What came true, `(n_rows,)`.

    Raises:
        BadPipeline: when it cannot learn, or what it then says of the same rows is no number for
            each, or another one when it is asked again.
    """
    name = type(estimator).__name__
    advice = "; NaN stands for a missing number: begin a pipeline with an imputer"
    with _told(f"{name}.fit fails", lambda error: advice if "NaN" in str(error) else ""):
        estimator.fit(matrix, target)
    if callable(parameters := getattr(estimator, "get_params", None)):
        alone = {one: 1 for one in parameters() if one.rpartition("__")[2] == "n_jobs"}
        with _told(f"{name} does not take {', '.join(alone)} = 1"):
            estimator.set_params(**alone)
    with _told(f"{name}.predict fails"):
        first, second = numbers_of(estimator, matrix), numbers_of(estimator, matrix)
    if (first != second).any():
        raise BadPipeline(f"{name}.predict says something else each time it is asked the same")
    return estimator


@contextmanager
def _told(what: str, advice: Callable[[BaseException], str] = lambda error: "") -> Iterator[None]:
    """Whatever fails in code of others is told in a line; what this code prints goes to stderr."""
    try:
        with redirect_stdout(sys.stderr):
            yield
    except BadEstimator as error:
        raise BadPipeline(str(error)) from None
    except (Exception, SystemExit) as error:
        line = next(iter(str(error).splitlines()), "")
        raise BadPipeline(f"{what}: {type(error).__name__}: {line}{advice(error)}") from error
