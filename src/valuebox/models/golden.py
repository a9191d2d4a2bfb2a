"""Artifacts with golden rows: made-up rows, and what the model said of them when it was saved.

A processor or a library that predicts something else is found when a model is loaded, and not when
its predictions have been stored.
"""

import json
from collections.abc import Callable, Collection
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from valuebox.models import registry

FILE: Final = "golden.json"
Loaded = TypeVar("Loaded")


def content(predicted: NDArray[np.float64]) -> dict[str, bytes]:
    """The file of an artifact that holds what is predicted of the golden rows."""
    return {FILE: json.dumps(predicted.tolist()).encode()}


def load(
    tag: str,
    kind: str,
    formats: Collection[int],
    read: Callable[[registry.Artifact], Loaded],
    predict: Callable[[Loaded], NDArray[Any]],
    rtol: float,
    atol: float,
    command: str | None = None,
) -> Loaded:
    """Load a model from the store and prove that it predicts what it did when it was saved.

    Args:
        tag: See `registry.load`.
        kind: What the caller can read.
        formats: Formats of it that the caller can read.
        read: Function that makes the model of its files.
        predict: Function that returns what the model says of the golden rows.
        rtol: How far that may be off, as a share: summing trees may differ in the last float32
            bits between processors.
        atol: How far it may be off besides.
        command: What makes such a model, for whoever has none.

    Raises:
        registry.ArtifactMissing: when there is none.
        registry.ArtifactOutdated: when another version has saved it, in a format unknown here.
        registry.ArtifactRefused: when it was changed, or predicts something else here.
    """
    try:
        artifact = registry.load(tag, kind, formats)
    except registry.ArtifactMissing:
        raise registry.ArtifactMissing(tag, [command] if command else []) from None
    try:
        model = read(artifact)
        golden = np.array(artifact.json(FILE))
    # What XGBoost raises is a ValueError.
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise registry.ArtifactRefused(f"{artifact.tag} cannot be read: {error}") from None
    if not np.allclose(predict(model), golden, rtol=rtol, atol=atol):
        raise registry.ArtifactRefused(
            f"{artifact.tag} does not predict here what it did when it was saved"
        )
    return model
