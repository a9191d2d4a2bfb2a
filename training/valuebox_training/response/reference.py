"""Customers whom a response model was trained on, by what is known of them and predicted."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from valuebox.compartments.response.known import NUMBERS, Known, known_of
from valuebox.compartments.response.model import ResponseModel
from valuebox.facts.reading import FactColumns
from valuebox.facts.windows import Floats, joined, there
from valuebox.features.bins import SHARE_EDGES, Reference, prediction_codes
from valuebox_training.features.binning import category_bins, counted, number_bins

MOST_CUSTOMERS: Final = 10_000
"""Customers that are counted at most; of more, some are drawn by chance."""


def fit_reference(
    model: ResponseModel, facts: FactColumns, end: np.datetime64, seed: int = 0
) -> Reference:
    """Count customers as they were when training ended, as those of the days after it will be.

    Args:
        model: Which has learned from these facts.
        facts: What happened.
        end: When the last month that was learned from ended, UTC.
        seed: Of the customers that are drawn.
    """
    watched = there(facts, end - np.timedelta64(model.days, "D"), model.days)
    sources = np.unique(facts.customers.source.codes[watched])
    chosen = np.flatnonzero(joined(facts, end) & np.isin(facts.customers.source.codes, sources))
    if len(chosen) > MOST_CUSTOMERS:
        rng = np.random.default_rng(seed)
        chosen = np.sort(rng.choice(chosen, MOST_CUSTOMERS, replace=False))
    attributes = model.encoder.attributes
    known = known_of(attributes, facts, end, chosen)
    said = model.predict(facts, end, chosen)
    return Reference(
        numbers={
            name: number_bins(_numbers(known, name)) for name in (*attributes.numbers, *NUMBERS)
        },
        categories={
            name: category_bins(_values(known, name), values)
            for name, values in attributes.values.items()
            if name not in NUMBERS
        },
        predictions=counted(prediction_codes(said.ravel(), SHARE_EDGES), len(SHARE_EDGES) + 1),
    )


def _numbers(known: Sequence[Known], name: str) -> Floats:
    return np.array(_values(known, name), dtype=np.float64)


def _values(known: Sequence[Known], name: str) -> list[Any]:
    return [one[name] for one in known]
