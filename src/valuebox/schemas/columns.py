"""Columns of rows that callers send: described once, in the model of a row.

The annotation of a field tells what its values are (`Kind`), and how the field is described where
rows come by column (`Many`). Requests by row and by column, the decoder of either, tables, encoders
and the checks of files are all made of these.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal, get_args, get_type_hints

from msgspec import Meta
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError

from valuebox.schemas.moments import JoinDate, JoinDates, plain_times
from valuebox.schemas.values import MAX_USER_ID, NO_NUL, no_nul


def _no_text(value: Any) -> Any:
    # Pydantic would take "1" for a number, as it does not where it is strict.
    if isinstance(value, str):
        raise PydanticCustomError("flag", "Input should be 0 or 1")
    return value


def _whole_alone(value: Any) -> Any:
    if isinstance(value, str | bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


_FLAG: Final = Annotated[
    int,
    Field(ge=0, le=1),
    BeforeValidator(_no_text),
    WithJsonSchema({"type": ["integer", "boolean"], "minimum": 0, "maximum": 1}),
]


@dataclass(frozen=True)
class Kind(ABC):
    """What the values of a column are; in an annotation it also bounds them."""

    @property
    @abstractmethod
    def accepts(self) -> Any:
        """The type by which pydantic checks a value."""

    @property
    def decodes(self) -> Any:
        """The type by which msgspec checks a value: it accepts nothing that `accepts` refuses.

        None where there is no such type; the models then check all that comes.
        """
        return None

    def settled(self, values: list[Any]) -> Sequence[Any]:
        """What `accepts` makes of the values of all rows, which msgspec has decoded.

        Raises:
            ValueError: when that is in doubt.
        """
        return values

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return handler.generate_schema(self.accepts)


@dataclass(frozen=True)
class Id(Kind):
    """Numerical identifiers, which no row lacks."""

    @property
    def accepts(self) -> Any:
        """Whole numbers that fit into 63 bits."""
        return Annotated[int, Field(strict=True, ge=0, le=MAX_USER_ID)]

    @property
    def decodes(self) -> Any:
        """Whole numbers, within the same bounds."""
        return Annotated[int, Meta(ge=0, le=MAX_USER_ID)]


@dataclass(frozen=True)
class Joined(Kind):
    """JoinDates on the site's own clock, which no row lacks."""

    @property
    def accepts(self) -> Any:
        """Dates and moments in ISO 8601."""
        return JoinDate

    @property
    def decodes(self) -> Any:
        """Texts, of which `settled` makes moments."""
        return str

    def settled(self, values: list[Any]) -> Sequence[Any]:
        """The moments of all rows."""
        return JoinDates(plain_times(values))


@dataclass(frozen=True)
class Flag(Kind):
    """0 or 1."""

    @property
    def accepts(self) -> Any:
        """0, 1, and what JSON calls false and true."""
        return _FLAG

    @property
    def decodes(self) -> Any:
        """0, 1, false and true."""
        return Annotated[int, Meta(ge=0, le=1)] | bool

    def settled(self, values: list[Any]) -> Sequence[Any]:
        """0 and 1, and None where it is missing."""
        if bool not in set(map(type, values)):
            return values
        return [None if value is None else int(value) for value in values]


@dataclass(frozen=True)
class Amount(Kind):
    """Amounts of money, from `low` to `high`."""

    low: float
    high: float

    @property
    def accepts(self) -> Any:
        """Numbers within the bounds."""
        return Annotated[float, Field(strict=True, ge=self.low, le=self.high)]

    @property
    def decodes(self) -> Any:
        """Numbers within the same bounds."""
        return Annotated[float, Meta(ge=self.low, le=self.high)]


@dataclass(frozen=True)
class Text(Kind):
    """Texts of few different values, of at most `longest` characters."""

    longest: int

    @property
    def accepts(self) -> Any:
        """Texts without NUL."""
        schema = {"type": "string", "maxLength": self.longest, "pattern": NO_NUL}
        return Annotated[
            str,
            StringConstraints(max_length=self.longest),
            AfterValidator(no_nul),
            WithJsonSchema(schema),
        ]

    @property
    def decodes(self) -> Any:
        """Texts of the same length; bodies with NUL are not decoded by these types."""
        return Annotated[str, Meta(max_length=self.longest)]


@dataclass(frozen=True)
class Number(Amount):
    """Numbers that are no amounts of money, from `low` to `high`."""


@dataclass(frozen=True)
class Whole(Number):
    """Whole numbers, from `low` to `high`."""

    @property
    def accepts(self) -> Any:
        """Whole numbers within the bounds, also where they are written as 3.0."""
        return Annotated[
            int, Field(ge=int(self.low), le=int(self.high)), BeforeValidator(_whole_alone)
        ]

    @property
    def decodes(self) -> Any:
        """Whole numbers within the same bounds."""
        return Annotated[int, Meta(ge=int(self.low), le=int(self.high))]


@dataclass(frozen=True)
class Choice(Text):
    """Texts of a few that are known."""

    among: tuple[str, ...]

    @property
    def accepts(self) -> Any:
        """A text of those that are known."""
        return Literal[self.among]

    @property
    def decodes(self) -> Any:
        """A text of those that are known."""
        return Literal[self.among]


@dataclass(frozen=True)
class Many:
    """How a field is described where rows come by column."""

    about: str
    examples: tuple[Any, ...]
    """Values of a few rows."""


@dataclass(frozen=True)
class Column:
    """A field of the model of a row, as a column."""

    name: str
    annotation: Any
    """The annotation of the field."""
    kind: Kind
    many: Many
    required: bool
    """Whether every row has a value."""


@cache
def columns_of_rows(model: type[BaseModel]) -> Mapping[str, Column]:
    """The columns of rows, by name, in the order of the model's fields.

    Raises:
        TypeError: when a field has no `Kind` or no `Many` in its annotation.
    """
    annotations = get_type_hints(model, include_extras=True)
    return {
        name: Column(
            name,
            annotations[name],
            _found(annotations[name], Kind, name),
            _found(annotations[name], Many, name),
            field.is_required(),
        )
        for name, field in model.model_fields.items()
    }


def _found(annotation: Any, wanted: type[Any], name: str) -> Any:
    waiting = [annotation]
    while waiting:
        one = waiting.pop()
        if isinstance(one, wanted):
            return one
        waiting += get_args(one)
    raise TypeError(f"{name} has no {wanted.__name__} in its annotation")
