"""Models that are a handful of numbers: saved as JSON, and proved by golden rows when loaded."""

from abc import abstractmethod
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from valuebox.models import golden, registry

_MODEL: Final = "model.json"


class PlainModel(BaseModel):
    """Base of a model that is a handful of numbers; its fields are what it has learned."""

    kind: ClassVar[str]
    """The compartment that the model belongs to."""
    format: ClassVar[int] = 1
    """Which fields there are, and what they mean, by the count of that compartment."""

    trained_by: ClassVar[str | None] = None
    """The command that makes such a model, for whoever has none."""

    tag: str = Field(default="", exclude=True)
    """Exact tag; empty until the model has been saved."""
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC), exclude=True)

    @abstractmethod
    def golden(self) -> NDArray[np.float64]:
        """What the model says of made-up rows, which are always the same."""

    def save(self, name: str, metadata: dict[str, Any]) -> str:
        """Save into the model store, and return the exact tag; see `registry.save`."""
        files = {_MODEL: self.model_dump_json().encode(), **golden.content(self.golden())}
        return registry.save(name, self.kind, self.format, files, {}, metadata)

    @classmethod
    def load(cls, tag: str) -> Self:
        """Load from the model store, and prove that it predicts what it did when it was saved.

        Raises:
            registry.ArtifactMissing: when there is none.
            registry.ArtifactRefused: when it was changed, or predicts something else here.
        """
        return golden.load(
            tag,
            cls.kind,
            (cls.format,),
            cls._read,
            lambda model: model.golden(),
            rtol=1e-5,
            atol=1e-6,
            command=cls.trained_by,
        )

    @classmethod
    def _read(cls, artifact: registry.Artifact) -> Self:
        return cls.model_validate(
            {**artifact.json(_MODEL), "tag": artifact.tag, "created_at": artifact.created_at}
        )
