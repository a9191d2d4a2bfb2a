"""What a table of features holds, by bins: answers of later are compared with it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from valuebox.features.bins import CategoryBins, NumberBins
from valuebox.features.declared.scalars import number, text

Bins = NumberBins | CategoryBins


class TableBins(BaseModel):
    """How many rows of a table are in each bin of each feature."""

    model_config = ConfigDict(frozen=True)

    rows: int = Field(description="Rows of the table that were counted, spread evenly over it.")
    features: dict[str, Bins] = Field(description="Bins of every feature, by its name.")


def all_numbers(values: Sequence[Any]) -> bool:
    """Whether all values are numbers that floats hold; texts and truths are none."""
    return not any(isinstance(one, bool | str) or number(one) is None for one in values)


def counts_of(bins: Bins, values: Sequence[Any]) -> list[int]:
    """How many values are in each bin; None is missing."""
    if isinstance(bins, NumberBins):
        codes = bins.codes([number(one) for one in values])
    else:
        codes = bins.codes([text(one) for one in values])
    found: list[int] = np.bincount(codes, minlength=len(bins.users)).tolist()
    return found


def missing_share(bins: Bins) -> float | None:
    """The share of rows without a value; None without rows."""
    rows = sum(bins.users)
    return bins.users[bins.missing] / rows if rows else None
