"""Bins of a table of features, by rows that are spread evenly over it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from valuebox.features.declared.scalars import number, text
from valuebox.features.declared.table_bins import Bins, TableBins, all_numbers
from valuebox_cli.features.pieces import listed
from valuebox_training.features.binning import MOST_VALUES, category_bins, number_bins

SAMPLED: Final = 20_000
"""Rows that are counted; answers that are compared with them are fewer."""
_LEAST: Final = 20
"""Rows that a value takes to have a bin of its own."""


def bins_of(pieces: Iterable[pa.RecordBatch], rows: int, features: Sequence[str]) -> TableBins:
    """How many rows of a table are in each bin of its features.

    Args:
        pieces: The table; it is the same however it is cut.
        rows: Rows of all pieces.
        features: Names of the columns.
    """
    step = max(-(-rows // SAMPLED), 1)
    above, sample = 0, []
    for piece in pieces:
        places = np.arange(-above % step, piece.num_rows, step)
        sample.append(piece.select(list(features)).take(pa.array(places)))
        above += piece.num_rows
    counted = sum(one.num_rows for one in sample)
    return TableBins(rows=counted, features={name: _bins(sample, name) for name in features})


def _bins(sample: Sequence[pa.RecordBatch], name: str) -> Bins:
    values: list[Any] = []
    for one in sample:
        values += listed(one.schema.field(name), one[name])
    there = [one for one in values if one is not None]
    if there and all_numbers(there):
        return number_bins(np.array([_number(one) for one in values], dtype=np.float64))
    texts = [text(one) for one in values]
    counts = Counter(one for one in texts if one is not None).most_common(MOST_VALUES)
    return category_bins(texts, [one for one, count in counts if count >= _LEAST])


def _number(value: Any) -> float:
    found = number(value)
    return np.nan if found is None else found
