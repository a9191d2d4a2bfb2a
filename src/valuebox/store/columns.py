"""Columns of tables that hold what callers send, made of the model of a row."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Double, Integer, String
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeEngine

from valuebox.schemas.columns import Amount, Column, Flag, Id, Joined, Kind, Text

_TYPES: Final[dict[type[Kind], Callable[[Any], TypeEngine[Any]]]] = {
    Id: lambda kind: BigInteger(),
    Joined: lambda kind: DateTime(),
    Flag: lambda kind: Integer(),
    Amount: lambda kind: Double(),
    Text: lambda kind: String(kind.longest),
}
AFTER: Final = 1
"""Where the columns of `sent` stand in a table; those of 0 come before them."""


def sent(columns: Iterable[Column]) -> type:
    """A base for a mapped class that has these columns, by their names in small letters.

    All of them may be NULL, where nothing was sent.
    """
    made = {
        column.name.lower(): mapped_column(
            _TYPES[type(column.kind)](column.kind), nullable=True, sort_order=AFTER
        )
        for column in columns
    }
    return type("Sent", (), made)
