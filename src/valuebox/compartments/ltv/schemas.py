"""What comes in and goes out over HTTP; a user is in `user`.

Amounts (`STV`, `target`, `prediction`) are in the site's currency; moments without a zone are
the site's own clock, moments with one are converted to UTC.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue, RootModel

from valuebox.compartments.ltv.bulk import UserTable
from valuebox.compartments.ltv.uncertainty import Uncertainty
from valuebox.compartments.ltv.user import MAX_TEXT as MAX_TEXT
from valuebox.compartments.ltv.user import Category as Category
from valuebox.compartments.ltv.user import Target, UserId
from valuebox.compartments.ltv.user import User as User
from valuebox.models.contributions import Contributions
from valuebox.schemas import decoding
from valuebox.schemas.by_row import RowsByRow
from valuebox.schemas.moments import JoinDate, StoredMoment
from valuebox.schemas.own_columns import OwnColumns
from valuebox.schemas.paging import After, OfRequest, PageSize
from valuebox.schemas.requests import Decoded, RequestModel
from valuebox.schemas.values import Model
from valuebox.statistics.paid import Paid

MAX_ROWS: Final = 10_000

_EXAMPLE_TAG = "ltv:2a4bqzq5x6lzqhqr"
_EXAMPLE_ID = "019c2f4e-6a3b-7c1d-9e2f-3a4b5c000000"


class Users(RowsByRow, RootModel[Annotated[list[User], Field(min_length=1, max_length=MAX_ROWS)]]):
    """The users to predict, at most 10,000."""

    max_values = 50 * MAX_ROWS
    table = UserTable


class Prediction(Model):
    """What the model says of one user."""

    user_id: int = Field(description="Id of the user, as sent.", examples=[1369584])
    prediction: float = Field(
        description="Expected lifetime value, in the currency of `STV`.", examples=[24.81]
    )
    lower: float = Field(
        description="Lower end of the interval that holds the realised value of at least 9 in 10.",
        examples=[16.277625],
    )
    upper: float = Field(
        description="Upper end of the interval that holds the realised value of at least 9 in 10.",
        examples=[48.038875],
    )
    model: str = Field(description="Tag of the model that predicted.", examples=[_EXAMPLE_TAG])
    prediction_id: UUID = Field(description="Id of the stored prediction.", examples=[_EXAMPLE_ID])


class Predictions(RootModel[list[Prediction]]):
    """One prediction per user, in the order sent."""


class PredictionSearch(Model, RequestModel):
    """Which stored predictions to return; conditions that are given must all hold."""

    max_values = 2 * MAX_ROWS

    user_ids: Annotated[list[UserId], Field(max_length=MAX_ROWS)] | None = Field(
        default=None, description="Only predictions of these users.", examples=[[1369584]]
    )
    request_id: OfRequest = None
    joined_from: JoinDate | None = Field(
        default=None,
        description="Only predictions of users who joined at this moment or later.",
        examples=["2019-08-01"],
    )
    joined_before: JoinDate | None = Field(
        default=None,
        description="Only predictions of users who joined before this moment.",
        examples=["2019-09-01"],
    )
    page_size: PageSize = 100
    after: After = None


class StoredPrediction(Prediction):
    """A prediction as it was stored, with what it was made for and what came true."""

    lower: float | None = Field(  # type: ignore[assignment]
        description="Lower end of the interval, as answered; null for predictions stored before "
        "there were intervals."
    )
    upper: float | None = Field(  # type: ignore[assignment]
        description="Upper end of the interval, as answered; null for predictions stored before "
        "there were intervals."
    )

    request_id: UUID = Field(description="Id of the request that asked for the prediction.")
    predicted_at: AwareDatetime = Field(description="When the prediction was made, in UTC.")
    join_date: StoredMoment = Field(description="When the user joined, in UTC if sent with a zone.")
    country_segment: str | None = Field(description="Country segment of the user, as sent.")
    target: float | None = Field(description="Realised value, where it has been reported.")


class PredictionPage(Model):
    """Stored predictions, newest first."""

    predictions: list[StoredPrediction] = Field(
        description="The predictions of this page, newest first."
    )
    next_page: UUID | None = Field(
        description="Text to send as `after` for the next page; null on the last page."
    )


class Outcome(Model):
    """What a user really spent."""

    user_id: UserId = Field(description="Id of the user, as in predictions.", examples=[1369584])
    target: Target = Field(
        description="Realised value, in the currency of `STV`.", examples=[32.157750]
    )


class Outcomes(
    RequestModel, RootModel[Annotated[list[Outcome], Field(min_length=1, max_length=MAX_ROWS)]]
):
    """Realised values, at most 10,000; of a user sent twice the last one counts."""

    max_values = 10 * MAX_ROWS

    @classmethod
    def read(cls, body: bytes) -> "Self | Decoded":
        """As `RequestModel.read`; decoded where that is certain to hold the same."""
        rows = decoding.plain_rows(cls, body)
        return (
            cls.model_validate_json(body) if rows is None else Decoded.of(_values(rows), len(rows))
        )

    @property
    def columns(self) -> Mapping[int, float]:
        """The values by user."""
        return _values(self.root)


def _values(rows: Sequence[Any]) -> dict[int, float]:
    return {row.user_id: row.target for row in rows}


class OutcomesStored(Model):
    """What the sent outcomes changed."""

    received: int = Field(
        description="Number of different users sent: the sum of the counts below."
    )
    added: int = Field(description="Users whose value was not known before.")
    corrected: int = Field(description="Users whose value was another one before.")
    unchanged: int = Field(description="Users whose value was already known.")


class ModelCard(Model):
    """The model that answers, and how it was made."""

    model: str = Field(description="Tag of the model.", examples=[_EXAMPLE_TAG])
    kind: Literal["ltv"] = Field(description="Name of the compartment that the model belongs to.")
    created_at: AwareDatetime = Field(description="When the model was trained, in UTC.")
    metadata: dict[str, JsonValue] = Field(
        description="Training window, rows, library versions, features and validation figures."
    )
    baseline: dict[str, JsonValue] = Field(
        description="Training means by segment and STV, to compare predictions with."
    )
    uncertainty: Uncertainty = Field(
        description="What intervals are made of: how users scatter, levels move, segments differ."
    )
    contributions: Contributions = Field(
        description="How far each feature shifts predictions from the average."
    )
    columns: OwnColumns = Field(
        default_factory=OwnColumns,
        description="Columns that users have besides, for this model alone, as declared. Absent "
        "where there are none.",
        # Older clients refuse fields that they do not know.
        exclude_if=lambda own: not own.columns,
    )
    paid: Paid = Field(
        default_factory=Paid,
        description="Between which amounts of `STV` the model has learned, and how much of these "
        "users keep paid.",
    )
