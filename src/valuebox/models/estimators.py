"""Estimators of one's own in the place of the house's trees: pickled, and so code.

Loading a pickle runs what its maker wrote. Nothing is loaded unless `VALUEBOX_TRUST_PIPELINES` says
that whoever can write into the model store is trusted like whoever writes the service's own code.
"""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.errors import ValueboxError
from valuebox.features.encoder import Matrix
from valuebox.models import boosters
from valuebox.models.registry import Artifact, ArtifactRefused, as_json
from valuebox.models.regressors import BOOSTER, Regressor, Trees
from valuebox.settings import load_settings, variable
from valuebox.statistics.arrays import Floats

ESTIMATOR: Final = "estimator.pickle"
_ABOUT: Final = "pipeline.json"


class BadEstimator(ValueboxError):
    """An estimator cannot be used: what it says of rows is no finite number for each of them."""


class Pipeline(BaseModel):
    """Which estimator it is, and what it needs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    factory: str = Field(description="What made it, as `module:factory`.")
    estimator: str = Field(description="Name of its class.")
    needs: dict[str, str] = Field(
        description="Packages beyond those of the service that it is imported from, with the "
        "versions it was made with."
    )


@dataclass(frozen=True)
class Estimator:
    """An estimator of one's own, fitted."""

    estimator: Any
    content: bytes
    """Its pickle."""
    about: Pipeline

    def predict(self, matrix: Matrix) -> Floats:
        """What the estimator says of each row, `(n_rows,)`.

        Raises:
            BadEstimator: when it is no finite number for each row.
        """
        return numbers_of(self.estimator, matrix)

    def files(self) -> dict[str, bytes]:
        """The pickle, and what it is."""
        return {ESTIMATOR: self.content, _ABOUT: as_json(self.about.model_dump())}

    @classmethod
    def of(cls, artifact: Artifact) -> "Estimator":
        """The estimator of an artifact, where the settings allow to load one.

        Raises:
            ArtifactRefused: when they do not, a package is missing, or it cannot be loaded.
        """
        about = Pipeline.model_validate(artifact.json(_ABOUT))
        if not load_settings().trust_pipelines:
            raise ArtifactRefused(
                f"{artifact.tag} holds a pipeline of {about.factory}, which is code: set "
                f"{variable('trust_pipelines')}=1 where everybody who can write into the model "
                "store may run code here"
            )
        if lacking := [f"{name} {one}" for name, one in about.needs.items() if _lacks(name)]:
            raise ArtifactRefused(
                f"{artifact.tag} needs what is not installed here: {', '.join(lacking)}"
            )
        content = artifact.read(ESTIMATOR)
        try:
            # The digest was compared; whom it comes from, the setting vouches for.
            estimator = pickle.loads(content)  # noqa: S301
        except Exception as error:
            raise ArtifactRefused(
                f"{artifact.tag} cannot be read: {type(error).__name__}: {error}"
            ) from None
        return cls(estimator, content, about)


def regressor_of(artifact: Artifact) -> Regressor:
    """The trees of an artifact, or the estimator of one's own that it has in their place.

    Raises:
        ArtifactRefused: when that may not be loaded here, or cannot.
    """
    if ESTIMATOR in artifact.files:
        return Estimator.of(artifact)
    return Trees(boosters.booster_of(artifact.read(BOOSTER)))


def told_of(pipeline: Mapping[str, Any]) -> str:
    """Which estimator a model has and what it needs, of the fields of `Pipeline`, for people."""
    needs = ", ".join(f"{name} {one}" for name, one in pipeline["needs"].items())
    told = f"{pipeline['factory']} ({pipeline['estimator']})"
    return f"{told}, needs {needs}" if needs else told


def numbers_of(estimator: Any, matrix: Matrix) -> Floats:
    """What an estimator says of each row, as an array of numbers.

    Args:
        estimator: Has `predict`, and is given a copy, which it may change.
        matrix: `(n_rows, n_columns)`.

    Returns:
        `(n_rows,)`; a data frame or an array with one column is taken as well.

    Raises:
        BadEstimator: when it is no finite number for each row.
    """
    name, rows = type(estimator).__name__, len(matrix)
    if rows == 0:
        return np.empty(0)
    said = estimator.predict(matrix.copy())
    try:
        found: Floats = np.asarray(said, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadEstimator(f"{name}.predict returns {type(said).__name__}, no numbers") from None
    if found.shape not in {(rows,), (rows, 1)}:
        raise BadEstimator(
            f"{name}.predict returns an array of shape {found.shape} for {rows:,} rows, instead of "
            f"({rows},)"
        )
    found = found.reshape(rows)
    if bad := int(np.count_nonzero(~np.isfinite(found))):
        raise BadEstimator(f"{name}.predict returns no finite number for {bad:,} of {rows:,} rows")
    return found


def _lacks(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return True
    return False
