"""What is told of any saved model, in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from valuebox.models.estimators import told_of

_TITLES: Final = {"booster": "trees", "libraries": "made with"}


class Made(Protocol):
    """A model that was saved."""

    @property
    def tag(self) -> str:
        """Exact tag."""

    @property
    def created_at(self) -> datetime:
        """When the model was made, in UTC."""


def beginning(model: Made) -> dict[str, str]:
    """Which model it is, and when it was made."""
    return {"model": model.tag, "made": f"{model.created_at:%Y-%m-%d %H:%M} UTC"}


def ending(metadata: Mapping[str, Any]) -> dict[str, str]:
    """What the model was made with, as far as it is known."""
    own = {"pipeline": told_of(metadata["pipeline"])} if "pipeline" in metadata else {}
    return own | {
        title: ", ".join(f"{key} {value}" for key, value in metadata[name].items())
        for name, title in _TITLES.items()
        if name in metadata
    }
