"""What requests for predictions are answered with, made from whole columns.

As long as the rows of a request are stored, the same bytes can be made of them again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

import msgspec
from starlette.responses import Response

from valuebox.serving.pipeline import warned


class _Row(msgspec.Struct, gc=False):
    """A user's `schemas.Prediction`, of which JSON is made in a third of the time of a dict's."""

    user_id: int
    prediction: float
    lower: float | None
    upper: float | None
    model: str
    prediction_id: str


@dataclass(frozen=True)
class Answer:
    """Predictions of one request: a value per user in every column, in the order sent."""

    user_id: Sequence[int]
    prediction: Sequence[float]
    lower: Sequence[float | None]
    upper: Sequence[float | None]
    prediction_id: Sequence[str]
    model: str

    def by_row(self, warnings: Sequence[str] = ()) -> Response:
        """The answer as `schemas.Predictions`, with what is strange about the users in a header."""
        said = self.user_id, self.prediction, self.lower, self.upper
        rows = map(_Row, *said, repeat(self.model), self.prediction_id)
        return warned(list(rows), warnings)

    def by_column(self, warnings: Sequence[str] = ()) -> Response:
        """The answer as `bulk.PredictionTable`, with what is strange about the users in it."""
        return warned(
            {
                "model": self.model,
                "user_id": self.user_id,
                "prediction": self.prediction,
                "lower": self.lower,
                "upper": self.upper,
                "prediction_id": self.prediction_id,
                # Older clients refuse fields that they do not know.
                **({"warnings": warnings} if warnings else {}),
            },
            warnings,
        )
