"""What requests for predictions are answered with, made from whole columns.

As long as the rows of a request are stored, the same bytes can be made of them again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from valuebox.serving.pipeline import warned


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
        rows = zip(
            self.user_id, self.prediction, self.lower, self.upper, self.prediction_id, strict=True
        )
        return warned(
            [
                {
                    "user_id": user_id,
                    "prediction": prediction,
                    "lower": lower,
                    "upper": upper,
                    "model": self.model,
                    "prediction_id": prediction_id,
                }
                for user_id, prediction, lower, upper, prediction_id in rows
            ],
            warnings,
        )

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
