"""Rows of data frames, checked by row and column as if they had been sent to the service."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from valuebox.errors import ValueboxError
from valuebox.schemas.by_column import RowsByColumn
from valuebox.schemas.problems import problems_of

Rows = TypeVar("Rows", bound=RowsByColumn)


class BadFrame(ValueboxError):
    """A data frame holds values that a model cannot take."""


def checked(
    columns: Mapping[str, Sequence[Any]], n_rows: int, model: type[Rows], most: int
) -> list[Rows]:
    """Rows as they may be sent, at most so many at once.

    Args:
        columns: Plain values by name.
        n_rows: How many rows there are.
        model: Of rows by column.
        most: Rows that it takes.

    Raises:
        BadFrame: naming the first rows, from 0, and columns that are not as they may be sent.
    """
    problems: list[str] = []
    found: list[Rows] = []
    for first in range(0, n_rows, most):
        part = {name: values[first : first + most] for name, values in columns.items()}
        try:
            found.append(model.model_validate(part))
        except ValidationError as error:
            problems += [
                f"row {first + (one.row or 0)}, {one.field}: {one.message}"
                for one in problems_of(error)
            ]
    if problems:
        raise BadFrame(*problems)
    return found
