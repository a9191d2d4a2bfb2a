"""What a mapping says of single tables and columns; `mapping` puts the parts together."""

import codecs
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from valuebox.facts.schemas import Type
from valuebox.schemas.expressions import BadExpression
from valuebox_cli.importing.expressions import parse

ORDINAL: Final = "#"
"""Among the columns of an id: which of several equal ids a row has, from the second on."""
WHITESPACE: Final = "whitespace"
"""The delimiter of files whose fields stand below one another."""
_DELIMITERS: Final = {"tab": "\t", "comma": ",", "semicolon": ";", WHITESPACE: WHITESPACE}


class Part(BaseModel):
    """Base of everything in a mapping: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _delimiter(given: str) -> str:
    found = _DELIMITERS.get(given, given)
    if found != WHITESPACE and (len(found) != 1 or found in '"\r\n' or not found.isascii()):
        raise PydanticCustomError(
            "delimiter", 'Input should be one character such as ";", or "tab" or "whitespace"'
        )
    return found


def _encoding(given: str) -> str:
    try:
        codec = codecs.lookup(given)
        "".encode(codec.name)
    except (LookupError, ValueError):
        raise PydanticCustomError(
            "encoding", 'Input should be an encoding of texts such as "latin-1" or "utf-16"'
        ) from None
    return codec.name


def _expression(given: str) -> str:
    try:
        parse(given)
    except BadExpression as error:
        raise PydanticCustomError("expression", "{why}", {"why": str(error)}) from None
    return given


def _condition(given: str) -> str:
    if not parse(_expression(given)).is_condition:
        raise PydanticCustomError("condition", 'Input should be a condition such as "Quantity > 0"')
    return given


def _named(given: Any) -> Any:
    return {"column": given} if isinstance(given, str) else given


Column = Annotated[str, Field(min_length=1)]
"""A column, or `lookup.column`."""
Condition = Annotated[str, Field(min_length=1), AfterValidator(_condition)]
"""An expression that is true or false for every row."""


class MomentOf(Part):
    """A column of moments."""

    column: Column
    format: str | None = Field(default=None, min_length=1)
    """Format of the moments; None where the column shows it."""


class AmountOf(Part):
    """A column of amounts, or an expression."""

    column: Column
    decimal: Literal[".", ","] | None = None
    """What stands before cents; None where the column shows it."""


class PlainOf(Part):
    """A column of whatever is known, or an expression."""

    column: Column
    is_a: Literal["name", "number"] | None = Field(default=None, alias="as")
    """What the column holds; None where the column shows it."""


Moments = Annotated[MomentOf, BeforeValidator(_named)]
Amounts = Annotated[AmountOf, BeforeValidator(_named)]
Plain = Annotated[PlainOf, BeforeValidator(_named)]


class Always(Part):
    """A value that every row has."""

    always: Type


class Renamed(Part):
    """A column of types, some of which are called something else."""

    column: Column
    names: dict[Type, Type]


class When(Part):
    """Types by conditions, of which the first that holds counts."""

    when: Annotated[list[tuple[Condition, Type]], Field(min_length=1)]
    otherwise: Type


def _kind_of_type(given: Any) -> str:
    if isinstance(given, str):
        return "column"
    return next((one for one in ("always", "when") if one in given), "names")


Types = Annotated[
    Annotated[Always, Tag("always")]
    | Annotated[When, Tag("when")]
    | Annotated[Renamed, Tag("names")]
    | Annotated[Column, Tag("column")],
    Discriminator(_kind_of_type),
]


class RowNumber(Part):
    """The number of the row in its file, where rows have no id of their own."""

    row: Literal[True]


class Table(Part):
    """Where rows come from."""

    table: str | None = Field(default=None, min_length=1)
    """Name of a table of a database, or of a file without its ending."""
    query: str | None = Field(default=None, min_length=1)
    """SQL instead, where the source is a database."""
    delimiter: Annotated[str, AfterValidator(_delimiter)] | None = None
    """What stands between the fields of a CSV file; a comma where nothing is said."""
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    """Encoding of a CSV file; UTF-8 where nothing is said."""
    columns: Annotated[list[Column], Field(min_length=1)] | None = None
    """Names of the columns of a CSV file without a header."""

    @model_validator(mode="after")
    def _is_one(self) -> "Table":
        if self.table and self.query:
            raise PydanticCustomError("both", "Input should have a table or a query, not both")
        if self.columns and len(set(self.columns)) < len(self.columns):
            raise PydanticCustomError("twice", "Input should name each column once")
        return self

    @property
    def called(self) -> str:
        """What messages call the table."""
        return self.table or "the query" if self.query else self.table or "the file"


class Lookup(Table):
    """A table that rows point to."""

    key: Column
    by: Column
    """The column that points to the key."""
    several: Literal["all", "first", "last"] | None = None
    """What to take where a key has several rows; None where a key must not."""
    lookups: dict[str, "Lookup"] = Field(default={})
    """Tables that the rows of this one point to."""
