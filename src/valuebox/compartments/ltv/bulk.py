"""Users and predictions by column, which is read faster where they are many; see `user.User`."""

from typing import TYPE_CHECKING, Final
from uuid import UUID

from pydantic import Field

from valuebox.compartments.ltv.user import User
from valuebox.schemas.by_column import RowsByColumn, by_column
from valuebox.schemas.values import Model

MAX_ROWS: Final = 100_000


class _UserTable(RowsByColumn):
    """Users after four days, by column; one value per user in each, null where it is missing.

    Only `user_id` and `join_date` are required. Columns that are not listed here are kept with
    the rest, up to 65,536 bytes of each user as JSON.
    """

    max_values = 50 * MAX_ROWS


if TYPE_CHECKING:
    UserTable = _UserTable
else:
    UserTable = by_column("UserTable", _UserTable, User, MAX_ROWS)


class PredictionTable(Model):
    """What the model says of the users, by column, in the order sent."""

    model: str = Field(
        description="Tag of the model that predicted.", examples=["ltv:2a4bqzq5x6lzqhqr"]
    )
    user_id: list[int] = Field(
        description="Ids of the users, as sent.", examples=[[1369584, 1369585]]
    )
    prediction: list[float] = Field(
        description="Expected lifetime values, in the currency of `STV`.",
        examples=[[24.81, 6.02]],
    )
    lower: list[float] = Field(
        description="Lower ends of the intervals that hold the realised values of at least 9 "
        "in 10.",
        examples=[[16.277625, 0.3975]],
    )
    upper: list[float] = Field(
        description="Upper ends of the intervals that hold the realised values of at least 9 in "
        "10.",
        examples=[[48.038875, 16.57]],
    )
    prediction_id: list[UUID] = Field(
        description="Ids of the stored predictions.",
        examples=[
            [
                "019c2f4e-6a3b-7c1d-9e2f-3a4b5c000000",
                "019c2f4e-6a3b-7c1d-9e2f-3a4b5c000001",
            ]
        ],
    )
    warnings: list[str] = Field(
        default_factory=list,
        description="What is strange about the columns, in sentences: features that are absent, "
        "columns that are called nearly like one, and amounts beyond those that the model has "
        "learned from. Absent where there is nothing to say; also in the header "
        "`X-Valuebox-Warnings`.",
        examples=[['The column "stv" is not used: is STV meant?']],
    )
