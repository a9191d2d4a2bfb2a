"""Users and predictions by column, which is read faster where they are many; see `schemas`."""

from collections.abc import Iterator
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    FailFast,
    Field,
    JsonValue,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from valuebox.compartments.ltv.columns import UserColumns
from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.schemas import (
    Category,
    Flag,
    ShortTermValue,
    Target,
    UserId,
)
from valuebox.schemas.moments import JoinDate
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import Model, no_nul, outsized, storable

MAX_ROWS: Final = 100_000


class _FirstAlone(FailFast):
    """Names only the first bad value of a column, as there may be many."""

    # BentoML compares annotations as keys.
    __hash__ = object.__hash__


Flags = Annotated[list[Flag | None], _FirstAlone()]
Categories = Annotated[list[Category | None], _FirstAlone()]
_Storable = Annotated[list[JsonValue], AfterValidator(storable)]


class UserTable(RequestModel, Model):
    """Users after four days, by column; one value per user in each, null where it is missing.

    Only `user_id` and `join_date` are required. Columns that are not listed here are kept with
    the rest, up to 65,536 bytes of each user as JSON.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, _Storable]
    max_values = 50 * MAX_ROWS

    user_id: Annotated[list[UserId], _FirstAlone(), Field(min_length=1, max_length=MAX_ROWS)] = (
        Field(description="Numerical identifiers.", examples=[[1369584, 1369585]])
    )
    join_date: Annotated[list[JoinDate], _FirstAlone()] = Field(
        description="When each user joined.",
        examples=[["2019-08-01 00:00:21", "2019-08-01 00:01:07"]],
    )
    hidden: Flags | None = Field(
        default=None, description="A segment estimated when joining, 0 or 1.", examples=[[0, 1]]
    )
    STV: Annotated[list[ShortTermValue | None], _FirstAlone()] | None = Field(
        default=None,
        description="Amounts spent in the first 4 days.",
        examples=[[16.277625, 0.3975]],
    )
    credit_card_level: Categories | None = Field(
        default=None, description="Kinds of credit card.", examples=[["standard", None]]
    )
    is_lp: Flags | None = Field(
        default=None, description="Traffic source, 0 or 1.", examples=[[0, 0]]
    )
    aff_type: Categories | None = Field(
        default=None,
        description="Traffic sources, by kind of affiliate.",
        examples=[["PPS", "PPL"]],
    )
    is_cancelled: Flags | None = Field(
        default=None,
        description="Whether the subscriptions were cancelled, 0 or 1.",
        examples=[[1, 0]],
    )
    country_segment: Categories | None = Field(
        default=None, description="Countries; ones never seen are welcome.", examples=[["US", "NZ"]]
    )
    target: Annotated[list[Target | None], _FirstAlone()] | None = Field(
        default=None,
        description="Realised values, if known: stored as outcomes, never used to predict.",
        examples=[[None, None]],
    )

    @field_validator("*")
    @classmethod
    def _one_per_user(cls, values: Any, info: ValidationInfo) -> Any:
        users = info.data.get("user_id")
        if values is not None and users is not None and len(values) != len(users):
            raise _uneven(len(users))
        return values

    @model_validator(mode="after")
    def _other_columns_are_storable(self) -> "UserTable":
        for name, values in (self.model_extra or {}).items():
            no_nul(name)
            if len(values) != len(self.user_id):
                raise _uneven(len(self.user_id))
        return self

    def outsized(self) -> Iterator[tuple[str | int, ...]]:
        """Users whose columns of their own are too large, and the largest of these."""
        others = self.model_extra or {}
        for row, values in enumerate(zip(*others.values(), strict=True)):
            if (largest := outsized(dict(zip(others, values, strict=True)))) is not None:
                yield largest, row

    @property
    def n_rows(self) -> int:
        """How many users were sent."""
        return len(self.user_id)

    @property
    def outcomes(self) -> dict[int, float]:
        """The realised values that were sent, by user id."""
        pairs = zip(self.user_id, self.target or (), strict=False)
        return {user_id: target for user_id, target in pairs if target is not None}

    @property
    def columns(self) -> UserColumns:
        """The users as they are predicted and stored."""
        missing: list[Any] = [None] * len(self.user_id)
        others = self.model_extra or {}
        extra: list[dict[str, Any] | None] = missing
        if others:
            extra = [
                dict(zip(others, values, strict=True))
                for values in zip(*others.values(), strict=True)
            ]
        features = {name: getattr(self, name) or missing for name in FEATURES}
        return UserColumns(self.user_id, self.join_date, features, extra)


def _uneven(users: int) -> PydanticCustomError:
    return PydanticCustomError(
        "uneven",
        "Every column should have as many values as `user_id`, which has {users}",
        {"users": users},
    )


class PredictionTable(Model):
    """What the model says of the users, by column, in the order sent."""

    model: str = Field(description="Tag of the model.", examples=["ltv:2a4bqzq5x6lzqhqr"])
    user_id: list[int] = Field(description="As sent.", examples=[[1369584, 1369585]])
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
        description="Upper ends of those intervals.", examples=[[48.038875, 16.57]]
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
