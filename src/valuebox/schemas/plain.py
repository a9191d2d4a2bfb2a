"""Values of Python, NumPy and pandas as JSON holds them."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeGuard

from pydantic import BaseModel

from valuebox.errors import ValueboxError

if TYPE_CHECKING:
    import pandas as pd


def is_frame(given: Any) -> "TypeGuard[pd.DataFrame]":
    """Whether something is a data frame, which is asked without importing pandas."""
    return hasattr(given, "iloc") and hasattr(given, "columns")


def columns_of(given: "Mapping[str, Sequence[Any]] | pd.DataFrame") -> dict[str, list[Any]]:
    """Columns of plain values by name.

    Raises:
        ValueboxError: when two columns of a data frame have the same name.
    """
    if is_frame(given):
        names = [str(name) for name in given.columns]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueboxError(f"two columns are called {twice[0]!r}")
        every = [given.iloc[:, place].astype(object).tolist() for place in range(len(names))]
        given = dict(zip(names, every, strict=True))
    return {str(name): [plain(one) for one in values] for name, values in given.items()}


def plain(value: Any) -> Any:
    """A value as JSON holds it: NaN, NaT and NA are null, moments are ISO 8601."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return None if math.isnan(value) else float(value)
        case Mapping():
            return {str(name): plain(one) for name, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case BaseModel():
            return plain(value.model_dump(exclude_unset=True))
        case date():
            # NaT is a moment that equals nothing; every other moment is a date as well.
            return value.isoformat() if value == value else None
        case Decimal():
            return plain(float(value))
    if type(value).__name__ == "NAType":
        return None
    # Numbers and moments of NumPy.
    return plain(value.item()) if hasattr(value, "item") else value
