"""Models of any compartment, for Python programs that predict by themselves."""

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from valuebox.compartments.contract import Artifact
from valuebox.compartments.register import compartments
from valuebox.errors import ValueboxError
from valuebox.models import registry

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LoadedModel:
    """A model of the model store, ready to predict in this process; nothing is stored.

    Attributes:
        tag: Exact tag of the model, `name:version`.
        compartment: Name of the compartment that it belongs to, such as `ltv`.
        artifact: The model itself, as the compartment knows it.
    """

    tag: str
    compartment: str
    artifact: Artifact = field(repr=False)

    def predict(self, frame: "pd.DataFrame", *, intervals: bool = False) -> "pd.DataFrame":
        """Predict every row of a data frame.

        Args:
            frame: Columns as in files of users: of an `ltv` model `STV`, `country_segment` and so
                on. Columns may be missing, and so may values; others are not looked at.
            intervals: Whether the ends of each prediction's interval are told, too.

        Returns:
            `prediction`, and with `intervals` `lower` and `upper`, by the index of `frame`. What is
            strange about the columns is a `UserWarning`.

        Raises:
            ValueboxError: naming row and column, when a value is out of bounds; or when models of
                this compartment do not predict data frames.
        """
        (kind,) = (one.model for one in compartments() if one.name == self.compartment)
        if kind is None or kind.predict_frame is None:
            raise ValueboxError(
                f"{self.tag} predicts no data frame: models of {self.compartment!r} predict from "
                "what is stored; ask a service, with `valuebox.Client`"
            )
        found, told = kind.predict_frame(self.artifact, frame)
        for sentence in told:
            warnings.warn(sentence, UserWarning, stacklevel=2)
        return found if intervals else found[["prediction"]]


def load(tag: str) -> LoadedModel:
    """Load a model from the model store, and check that it predicts as it did when it was saved.

    Args:
        tag: `name:version`, or a name, or `name:latest`, for its newest version.

    Raises:
        ValueboxError: when there is no such model, or it cannot be used.
    """
    try:
        kind = registry.kind_of(tag)
    except registry.ArtifactMissing:
        raise registry.ArtifactMissing(tag, _commands(tag)) from None
    for one in compartments():
        if one.name == kind and one.model is not None:
            artifact = one.model.load(tag)
            return LoadedModel(artifact.tag, one.name, artifact)
    raise registry.ArtifactRefused(f"{tag} is of kind {kind!r}, which no compartment here reads")


def _commands(tag: str) -> list[str]:
    """Commands that make models of a name: that of its compartment, or all where none has it."""
    kinds = [one.model for one in compartments() if one.model is not None]
    named = [one.command for one in kinds if one.newest == tag.partition(":")[0]]
    return named or [one.command for one in kinds]
