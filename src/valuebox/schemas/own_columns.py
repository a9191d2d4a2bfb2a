"""Columns of one's own, beside those that a compartment knows: declared in a file, by name."""

import re
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator, model_validator

from valuebox.schemas.columns import Choice, Flag, Kind, Many, Number, Text, Whole

LONGEST_NAME: Final = 50
LONGEST_TEXT: Final = 100
MOST: Final = 100
_NAME: Final = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST_NAME - 1}}}")
# Beyond these JSON has no whole numbers, and a matrix of float32 no numbers.
_EXACT: Final = 2**53
LARGEST: Final = 1e30


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Own(_Declared):
    about: str = Field(min_length=1, max_length=500, description="What the column holds.")
    missing: bool = Field(
        default=True, description="Whether rows may lack it; without it each row has to have one."
    )


class _Bounded(_Own):
    @model_validator(mode="after")
    def _lie_apart(self) -> Self:
        low, high = self.ends
        if low >= high:
            raise ValueError("`low` has to be less than `high`")
        return self

    @property
    @abstractmethod
    def ends(self) -> tuple[float, float]:
        """The least and the largest value."""


class NumberColumn(_Bounded):
    """A column of numbers."""

    type: Literal["number"]
    low: float = Field(ge=-LARGEST, le=LARGEST, description="The least number.")
    high: float = Field(ge=-LARGEST, le=LARGEST, description="The largest number.")

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest number."""
        return self.low, self.high

    @property
    def kind(self) -> Kind:
        """What its values are."""
        return Number(self.low, self.high)

    @property
    def made_up(self) -> list[Any]:
        """Values that a model proves itself on."""
        return [self.low, self.high, (self.low + self.high) / 2]


class IntegerColumn(_Bounded):
    """A column of whole numbers."""

    type: Literal["integer"]
    low: int = Field(ge=-_EXACT, le=_EXACT, description="The least number.")
    high: int = Field(ge=-_EXACT, le=_EXACT, description="The largest number.")

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest number."""
        return self.low, self.high

    @property
    def kind(self) -> Kind:
        """What its values are."""
        return Whole(self.low, self.high)

    @property
    def made_up(self) -> list[Any]:
        """Values that a model proves itself on."""
        return [self.low, self.high, (self.low + self.high) // 2]


class BooleanColumn(_Own):
    """A column of 0 and 1, or false and true."""

    type: Literal["boolean"]

    @property
    def kind(self) -> Kind:
        """What its values are."""
        return Flag()

    @property
    def made_up(self) -> list[Any]:
        """Values that a model proves itself on."""
        return [0, 1, 1]


class CategoryColumn(_Own):
    """A column of texts of few different values."""

    type: Literal["category"]
    categories: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=1_000,
        description="The texts that are let in; without it any of at most 100 characters are, and "
        "ones that were never learned count as unseen.",
    )

    @field_validator("categories")
    @classmethod
    def _are_texts(cls, texts: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for text in texts or ():
            if not 0 < len(text) <= LONGEST_TEXT or "\0" in text or text == "NA":
                raise ValueError(f"{text!r} is no text of 1 to {LONGEST_TEXT} characters, or NA")
        if texts and len(set(texts)) < len(texts):
            raise ValueError("a category is named twice")
        return texts

    @property
    def kind(self) -> Kind:
        """What its values are."""
        return Choice(LONGEST_TEXT, self.categories) if self.categories else Text(LONGEST_TEXT)

    @property
    def made_up(self) -> list[Any]:
        """Values that a model proves itself on."""
        texts = self.categories or ("never seen",)
        return [texts[0], texts[-1], texts[len(texts) // 2]]


OwnColumn = Annotated[
    NumberColumn | IntegerColumn | BooleanColumn | CategoryColumn, Field(discriminator="type")
]


class OwnColumns(_Declared):
    """Columns of one's own, by name."""

    version: Literal[1] = Field(default=1, description="Of what a declaration may say.")
    columns: dict[str, OwnColumn] = Field(
        default={}, max_length=MOST, description="The columns, by name."
    )

    @field_validator("columns")
    @classmethod
    def _have_plain_names(cls, columns: dict[str, OwnColumn]) -> dict[str, OwnColumn]:
        for name in columns:
            if not _NAME.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no name: a letter, then letters, digits and underscores, at most "
                    f"{LONGEST_NAME}"
                )
        if len({name.lower() for name in columns}) < len(columns):
            raise ValueError("two columns differ in capitals alone")
        return columns


NONE: Final = OwnColumns()
"""No columns of one's own."""


def row_with(row: type[BaseModel], own: OwnColumns) -> type[BaseModel]:
    """The model of a row that has columns of one's own besides; see `columns.columns_of_rows`."""
    fields: dict[str, Any] = {
        name: _field(one.kind, one.about, one.missing, tuple(one.made_up[:2]))
        for name, one in own.columns.items()
    }
    model = create_model(row.__name__, __base__=row, __module__=row.__module__, **fields)
    model.__doc__ = row.__doc__
    return model


def _field(kind: Kind, about: str, missing: bool, examples: tuple[Any, ...]) -> tuple[Any, Any]:
    values: Any = Annotated[str if isinstance(kind, Text) else float, kind]
    each: Any = Annotated[values | None if missing else values, Many(about, examples)]
    told = Field(default=None if missing else ..., description=about, examples=[examples[0]])
    return each, told


def with_known(
    extra: Sequence[dict[str, Any] | None],
    columns: Mapping[str, Sequence[Any]],
    own: Collection[str],
) -> Sequence[dict[str, Any] | None]:
    """What came in columns that nobody knows, with the columns of one's own beside it.

    Args:
        extra: What came, by row.
        columns: Values of columns by name, one for each row.
        own: Names of those that a model brings; what is missing in them is left out.
    """
    if not own:
        return extra
    rows = zip(*(columns[name] for name in own), strict=True)
    known = ({n: v for n, v in zip(own, row, strict=True) if v is not None} for row in rows)
    return [{**(more or {}), **mine} or None for more, mine in zip(extra, known, strict=True)]
